"""The evaluation report: a folder of ``report.html``, ``metrics.json``, ``predictions.parquet`` and ``errors.csv``."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..data.annotated import Annotated
from ..data.cleaning import excerpt
from ..data.motives import MOTIVES, Motive
from ..data.results import PROBABILITY_COLUMNS
from ..data.whole_files import write_json
from ..data.writing import open_writer
from .charts import bars, coverage_plot, heat_map, reliability_plot
from .evaluation import Evaluation, spread
from .metrics import Judged
from .pages import (
    COLOURS,
    METRICS,
    NO_BREAK,
    PageLanguage,
    make_folder,
    motive_name,
    percent,
    words_in,
    write_page,
)
from .sampling import sampling_of

ERRORS_SHOWN = 20
TEXT_SHOWN = 160  # characters of a post


@dataclass(frozen=True)
class Error:
    """A post on which model and annotators differ, and the probabilities that it gave their motives, if any."""

    post: Annotated
    gold: Motive
    predicted: Motive
    confidence: float | None = None
    gold_probability: float | None = None


def write_report(
    folder: Path,
    evaluations: Sequence[Evaluation],
    yardsticks: Sequence[Evaluation],
    judged: Judged,
    posts: Sequence[Annotated],
    provenance: Sequence[tuple[str, str]],
    interval_unit: str,
    resamples: int,
    language: PageLanguage = "en",
    one_recipe: bool = False,
) -> Path:
    """Write the report of the first evaluation, with the others beside it.

    :param yardsticks: What is reached more simply: by the commonest motive (first), chance, n-grams.
    :param judged: Gold labels and predictions of the first evaluation, in the order of ``posts``.
    :param provenance: Names and values for the last section: files, fingerprints, command.
    :param interval_unit: What was resampled: posts, or a column's name.
    :param one_recipe: Whether the evaluations are of runs of one recipe, of which mean and deviation say something.
    :return: The path of ``report.html``.
    """
    make_folder(folder)
    errors = find_errors(judged, posts)
    evaluation = evaluations[0]
    metrics = {"models": [one.as_json() for one in [*evaluations, *yardsticks]], "provenance": dict(provenance)}
    write_json(folder / METRICS, metrics)
    drawn_by = [interval_unit] if interval_unit != "posts" else []
    if is_weighed := sampling_of(posts) is not None:
        drawn_by += ["post", "weight"]
    _write_predictions(folder / "predictions.parquet", judged, posts, drawn_by)
    _write_errors(folder / "errors.csv", errors)
    words = words_in(language)
    unit = words.get(f"unit_{interval_unit}", interval_unit)
    values = {
        "evaluation": evaluation,
        "others": [*evaluations, *yardsticks],
        "spread": words["spread_note"].format(count=len(evaluations), spread=spread(evaluations, words))
        if one_recipe
        else "",
        "answer": answer(evaluation, yardsticks[0], language),
        "count_of": ("（{}）" if language == "zh" else " ({})").format,
        "name_of": lambda name: words.get(name, name),
        "own_names": {one.name for one in evaluations},
        "left_out": left_out_in(language, evaluations, yardsticks),
        "interval_note": words["interval_note"].format(unit=unit, resamples=resamples),
        "weighted": words["weighted"] if is_weighed else "",
        "few_clusters": few_clusters_in(language, evaluation, unit),
        "names": {motive: motive_name(motive, language) for motive in MOTIVES},
        "gains": {motive: motive.gain_zh if language == "zh" else motive.gain_en for motive in MOTIVES},
        "provenance": provenance,
        **_shown_errors(errors, bool(evaluation.reliability), words),
        **_charts(evaluation, words, language),
    }
    return write_page(folder, "evaluation.html", language, values)


def answer(first: Evaluation, majority: Evaluation, language: PageLanguage) -> str:
    """Say the result in one or two sentences."""
    words = words_in(language)
    accuracy = first.metrics["accuracy"]
    sentence = words["answer"].format(
        name=first.name,
        posts=first.posts,
        accuracy=percent(accuracy, NO_BREAK),
        macro_f1=first.metrics["macro-F1"],
        majority=f"{majority.metrics['macro-F1'].value:.3f}",
    )
    if 0.6 in first.coverage:
        sentence += words["space"] + words["answer_coverage"].format(accuracy=percent(first.coverage[0.6], NO_BREAK))
    return sentence


def few_clusters_in(language: PageLanguage, evaluation: Evaluation, unit: str) -> str:
    """Say what to think of intervals where authors or sources are few; nothing where they are not.

    :param unit: What is few, in words.
    """
    words = words_in(language)
    counts = words["comma"].join(f"{words.get(part, part)} {count}" for part, count in evaluation.few_clusters.items())
    return words["few_clusters"].format(unit=unit, counts=counts) if counts else ""


def left_out_in(
    language: PageLanguage, evaluations: Sequence[Evaluation], yardsticks: Sequence[Evaluation]
) -> list[str]:
    """Say what macro-F1 averages over where that is not all motives, and for which of the models if not for all."""
    words = words_in(language)
    lines = []
    for part in ("all", *evaluations[0].languages):
        models: dict[tuple[Motive, ...], list[str]] = {}
        for one in evaluations:
            models.setdefault(one.left_out[part], []).append(one.name)
        for one in yardsticks:
            models.setdefault(one.left_out[part], []).append(words.get(one.name, one.name))
        for motives, names in models.items():
            if motives:
                values = {
                    "part": words.get(part, part),
                    "models": "".join(words["semicolon"] + name for name in names) if len(models) > 1 else "",
                    "count": len(MOTIVES) - len(motives),
                    "motives": words["comma"].join(motives if language == "en" else [one.zh for one in motives]),
                }
                lines.append(words["left_out"].format(**values))
    return lines


def find_errors(judged: Judged, posts: Sequence[Annotated]) -> list[Error]:
    """List the posts on which model and annotators differ, the most certain first where there are probabilities."""
    errors = []
    for row in np.flatnonzero(judged.gold != judged.predicted).tolist():
        gold, predicted = judged.gold[row], judged.predicted[row]
        given = () if judged.probs is None else (float(judged.probs[row, predicted]), float(judged.probs[row, gold]))
        errors.append(Error(posts[row], MOTIVES[gold], MOTIVES[predicted], *given))
    return sorted(errors, key=lambda error: -(error.confidence or 0.0))


def _shown_errors(errors: Sequence[Error], is_sure: bool, words: dict[str, str]) -> dict[str, object]:
    """Give the errors that the page shows, of posts with the same text the first, and what is said of them."""
    by_text: dict[str, Error] = {}
    for error in errors:
        if len(by_text) < ERRORS_SHOWN:
            by_text.setdefault(error.post.cleaned, error)
    key = "errors" if is_sure else "errors_alone"
    return {
        "errors": [_shown(error) for error in by_text.values()],
        "errors_title": words[key],
        "errors_note": words[f"{key}_note"].format(count=len(by_text), total=len(errors)),
    }


def _shown(error: Error) -> dict[str, object]:
    return {
        "text": excerpt(error.post.text, TEXT_SHOWN),
        "gold": error.gold,
        "predicted": error.predicted,
        "confidence": "" if error.confidence is None else f"{error.confidence:.2f}",
        "gold_probability": "" if error.gold_probability is None else f"{error.gold_probability:.2f}",
    }


def _charts(evaluation: Evaluation, words: dict[str, str], language: PageLanguage) -> dict[str, object]:
    """Draw the charts, each with its numbers as a table for those who cannot see it."""
    rows = [
        (motive_name(motive, language), s.f1.value, s.f1.low, s.f1.high, COLOURS[motive])
        for motive, s in evaluation.classes.items()
        if s.f1.value == s.f1.value
    ]
    names = [str(motive) if language == "en" else motive.zh for motive in MOTIVES]
    counts = evaluation.confusion.tolist()
    corner = f"{words['gold']} ↓ {words['predicted']} →"
    charts: dict[str, object] = {
        "class_chart": bars(rows, words["class_chart"]),
        "confusion_chart": heat_map(counts, names, words["confusion"], words["gold"], words["predicted"]),
        "confusion_numbers": {"headings": [corner, *names], "rows": list(zip(names, counts, strict=True))},
    }
    if evaluation.reliability:
        charts |= _confidence_charts(evaluation, words)
    return charts


def _confidence_charts(evaluation: Evaluation, words: dict[str, str]) -> dict[str, object]:
    sure, right, coverage = words["confidence"], words["accuracy"], list(evaluation.coverage.items())
    points = [(f"{one.confidence:.0%}", [percent(one.accuracy), one.posts]) for one in evaluation.reliability]
    return {
        "reliability_chart": reliability_plot(evaluation.reliability, words["reliability"], sure, right),
        "reliability_numbers": {"headings": [sure, right, words["posts"]], "rows": points},
        "reliability_note": words["reliability_note"].format(
            posts=round(evaluation.posts / len(evaluation.reliability)), chance=f"{evaluation.chance_ece:.3f}"
        ),
        "coverage_chart": coverage_plot(coverage, words["coverage"], words["coverage_axis"], right),
        "coverage_numbers": {
            "headings": [words["coverage_axis"], right],
            "rows": [(f"{share:.0%}", [percent(accuracy)]) for share, accuracy in coverage],
        },
    }


def _write_predictions(path: Path, judged: Judged, posts: Sequence[Annotated], drawn_by: Sequence[str]) -> None:
    """Write what the model said, with what a comparison of reports needs: what resamples and the posts were drawn by."""
    columns = ["id", "language", "text", "label", "motive", *(PROBABILITY_COLUMNS if judged.probs is not None else ())]
    more = [name for name in drawn_by if name not in columns]
    with open_writer(path, columns + more) as writer:
        for row, post in enumerate(posts):
            values: dict[str, object] = {name: post.fields.get(name) for name in more}
            values |= {"id": post.id, "language": post.language, "text": post.cleaned}
            values["label"], values["motive"] = str(post.label), str(MOTIVES[judged.predicted[row]])
            if judged.probs is not None:
                values |= dict(zip(PROBABILITY_COLUMNS, judged.probs[row].tolist(), strict=True))
            writer.write(values)


def _write_errors(path: Path, errors: Sequence[Error]) -> None:
    columns = ["id", "row", "text", "label", "secondary", "motive", "confidence", "label_probability"]
    with open_writer(path, columns) as writer:
        for error in errors:
            writer.write(
                {
                    "id": error.post.id,
                    "row": error.post.row,
                    "text": error.post.cleaned,
                    "label": str(error.gold),
                    "secondary": str(error.post.secondary or ""),
                    "motive": str(error.predicted),
                    "confidence": error.confidence,
                    "label_probability": error.gold_probability,
                }
            )
