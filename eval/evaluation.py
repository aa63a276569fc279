"""Evaluate predictions against an annotated set: every number with its interval, per class and per language."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.cleaning import clean
from ..data.errors import InputError, shown
from ..data.motives import MOTIVES, Motive
from .intervals import RESAMPLES, Estimate, estimate, resample_weights
from .metrics import (
    Judged,
    confusion,
    coverage_accuracy,
    precision_recall_f1,
    reliability,
    summary_metrics,
)

COVERAGES = tuple(round(0.05 * step, 2) for step in range(1, 21))
FEW = 30  # posts of a language below which no scores of its own are given


@dataclass(frozen=True)
class ClassScores:
    """Scores of one motive."""

    precision: Estimate
    recall: Estimate
    f1: Estimate
    support: int


@dataclass(frozen=True)
class ReliabilityPoint:
    """Posts of like confidence: how sure the model was, and how often it was right."""

    confidence: float
    accuracy: Estimate
    posts: int


@dataclass(frozen=True)
class Evaluation:
    """Everything that the report shows of one model.

    ``metrics`` holds the named metrics of all posts; ``languages`` the same for each language with enough posts;
    ``confusion`` is (8, 8), gold by predicted. ``left_out`` names, for ``all`` posts and each language, the motives that
    none of the posts is annotated or predicted as: macro-F1 averages over the others. What needs probabilities is
    missing where only labels were given.
    """

    name: str
    posts: int
    metrics: Mapping[str, Estimate]
    classes: Mapping[Motive, ClassScores]
    languages: Mapping[str, Mapping[str, Estimate]]
    language_posts: Mapping[str, int]
    confusion: NDArray[np.int64]
    left_out: Mapping[str, tuple[Motive, ...]]
    reliability: Sequence[ReliabilityPoint] = ()
    coverage: Mapping[float, Estimate] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Give plain values for ``metrics.json``."""

        def plain(values: Mapping[str, Estimate]) -> dict[str, Any]:
            return {name: estimate.as_json() for name, estimate in values.items()}

        return {
            "name": self.name,
            "posts": self.posts,
            "metrics": plain(self.metrics),
            "classes": {
                str(motive): plain({"precision": s.precision, "recall": s.recall, "f1": s.f1}) | {"support": s.support}
                for motive, s in self.classes.items()
            },
            "languages": {
                language: {"posts": self.language_posts[language], **plain(metrics)}
                for language, metrics in self.languages.items()
            },
            "confusion": self.confusion.tolist(),
            "coverage": {str(share): accuracy.as_json() for share, accuracy in self.coverage.items()},
            "reliability": [
                {"confidence": round(point.confidence, 5), "accuracy": point.accuracy.as_json(), "posts": point.posts}
                for point in self.reliability
            ],
        }


def judge(
    gold: Sequence[Motive],
    predicted: Sequence[Motive],
    probs: NDArray[np.float64] | None = None,
    secondary: Sequence[Motive | None] | None = None,
) -> Judged:
    """Turn labels into column numbers.

    :raises ValueError: If lengths differ or there are no posts.
    """
    if not len(gold) or len(gold) != len(predicted) or (probs is not None and len(probs) != len(gold)):
        raise ValueError(
            f"{len(gold)} gold labels and {len(predicted)} predictions; equally many, at least one, are needed"
        )
    second = None if secondary is None else np.array([-1 if one is None else one.position for one in secondary])
    columns = [np.array([one.position for one in labels], dtype=np.int64) for labels in (gold, predicted)]
    return Judged(columns[0], columns[1], probs, second)


def evaluate(
    name: str,
    judged: Judged,
    languages: Sequence[str],
    clusters: Sequence[str] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Evaluation:
    """Measure predictions.

    :param languages: Language of each post.
    :param clusters: Author or source of each post, when posts of one are alike.
    """
    weights = resample_weights(len(judged), clusters, resamples, seed)
    tags = np.array(languages)
    named = [tag for tag in sorted(set(languages)) if (tags == tag).sum() >= FEW]
    has_probs = judged.probs is not None
    parts = {"all": judged, **{tag: judged.select(tags == tag) for tag in named}}
    return Evaluation(
        name=name,
        posts=len(judged),
        metrics=_with_intervals(judged, weights),
        classes=_class_scores(judged, weights),
        languages={tag: _with_intervals(parts[tag], weights[:, tags == tag]) for tag in named},
        language_posts={tag: int((tags == tag).sum()) for tag in named},
        confusion=confusion(judged, np.ones((1, len(judged))))[0].astype(np.int64),
        left_out={tag: _left_out(part) for tag, part in parts.items()},
        reliability=_reliability(judged, weights) if has_probs else (),
        coverage=_coverage(judged, weights) if has_probs else {},
    )


def align(
    gold_ids: Sequence[str], predicted_ids: Sequence[str], name: str, gold_texts: Sequence[str], texts: Sequence[str]
) -> list[int]:
    """Find the prediction of each annotated post: by id, or by text where the ids do not match.

    :return: For each gold post, the position of its prediction.
    :raises InputError: If an id stands twice, posts have no prediction, or a prediction is of another text.
    """
    if len(set(predicted_ids)) < len(predicted_ids):
        twice = Counter(predicted_ids).most_common(1)[0][0]
        raise InputError(f"{name} has two predictions for id {shown(twice)}; one for each post is needed")
    gold_clean, clean_texts = ([clean(text) for text in some] for some in (gold_texts, texts))
    for gold_keys, keys in ((gold_ids, predicted_ids), (gold_clean, clean_texts)):
        places = {key: position for position, key in enumerate(keys)}
        missing = [text for key, text in zip(gold_keys, gold_texts, strict=True) if key not in places]
        if not missing:
            found = [places[key] for key in gold_keys]
            # Files without ids are matched by row number: the texts must be the same, where there are any.
            if all(clean_texts[k] in ("", text) for k, text in zip(found, gold_clean, strict=True)):
                return found
    raise InputError(
        f"{name} has no prediction for {len(missing)} of {len(gold_texts)} annotated posts, such as "
        f"{shown(missing[0])}; label the annotated file itself"
    )


def check_classes(gold: Sequence[Motive], file: str) -> None:
    """Refuse a set that nothing can be measured on.

    :raises InputError: If all posts have one label, or there is one post.
    """
    if len(gold) < 2:
        raise InputError(f"{file} has {len(gold)} labelled post; at least 2 are needed to measure anything")
    if len(set(gold)) < 2:
        raise InputError(f"every post of {file} is {gold[0]}; at least two motives are needed to measure anything")


def majority(gold: Sequence[Motive]) -> list[Motive]:
    """Give every post the commonest motive: the score to beat."""
    commonest = max(MOTIVES, key=list(gold).count)
    return [commonest] * len(gold)


def chance(gold: Sequence[Motive], seed: int = 0) -> list[Motive]:
    """Give the motives in their true shares to posts at random."""
    return [gold[k] for k in np.random.default_rng(seed).permutation(len(gold))]


def spread(evaluations: Sequence[Evaluation], metric: str = "macro-F1") -> str:
    """Give mean and standard deviation of a metric over models, such as seeds: ``0.62 ± 0.01 (en 0.61 ± 0.01, ...)``."""

    def shown(estimates: Sequence[Estimate]) -> str:
        scores = np.array([one.value for one in estimates])
        return f"{scores.mean():.3f} ± {scores.std(ddof=1):.3f}"

    languages = [
        f"{tag} {shown([one.languages[tag][metric] for one in evaluations])}" for tag in evaluations[0].languages
    ]
    return shown([one.metrics[metric] for one in evaluations]) + (f" ({', '.join(languages)})" if languages else "")


def _left_out(judged: Judged) -> tuple[Motive, ...]:
    present = {*judged.gold.tolist(), *judged.predicted.tolist()}
    return tuple(motive for motive in MOTIVES if motive.position not in present)


def _with_intervals(judged: Judged, weights: NDArray[np.float64]) -> dict[str, Estimate]:
    drawn = weights.sum(axis=1) > 0
    points = summary_metrics(judged, np.ones((1, len(judged))))
    resampled = summary_metrics(judged, weights[drawn])
    if "ECE" in points:  # a resample has fewer different posts, which makes its ECE too large: take that bias off
        bias = resampled["ECE"].mean() - points["ECE"][0]
        resampled["ECE"] = np.maximum(resampled["ECE"] - bias, 0.0)
    return {name: estimate(points[name][0], resampled[name]) for name in points}


def _reliability(judged: Judged, weights: NDArray[np.float64]) -> list[ReliabilityPoint]:
    confidence, points, posts = reliability(judged, np.ones((1, len(judged))))
    _, resampled, _ = reliability(judged, weights)
    return [
        ReliabilityPoint(float(confidence[k]), estimate(points[0, k], resampled[:, k]), int(posts[k]))
        for k in range(len(posts))
    ]


def _coverage(judged: Judged, weights: NDArray[np.float64]) -> dict[float, Estimate]:
    points = coverage_accuracy(judged, COVERAGES, np.ones((1, len(judged))))[0]
    resampled = coverage_accuracy(judged, COVERAGES, weights)
    return {share: estimate(points[k], resampled[:, k]) for k, share in enumerate(COVERAGES)}


def _class_scores(judged: Judged, weights: NDArray[np.float64]) -> dict[Motive, ClassScores]:
    counts = confusion(judged, np.ones((1, len(judged))))
    points = precision_recall_f1(counts)
    resampled = precision_recall_f1(confusion(judged, weights))
    support = counts[0].sum(axis=1)
    scores = {}
    for k, motive in enumerate(MOTIVES):
        precision, recall, f1 = (estimate(p[0, k], r[:, k]) for p, r in zip(points, resampled, strict=True))
        scores[motive] = ClassScores(precision, recall, f1, int(support[k]))
    return scores
