"""``whyshare eval ANNOTATED``: measure models, predictions and baselines against an annotated set."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..console import print_table
from ..data.errors import InputError, needs
from ..data.motives import MOTIVES
from ..eval.clusters import LEAST_CLUSTERS
from ..options import add_columns
from ..shells import typed

if TYPE_CHECKING:
    from ..data.annotated import Annotated
    from ..eval.evaluation import Evaluation
    from ..eval.metrics import Judged


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_inputs(parser)
    parser.add_argument("--report", type=Path, metavar="DIR", help="write report.html and its data there")
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the report")
    parser.add_argument("--runs", type=Path, metavar="FILE", help="append the scores to a run log (JSONL)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """Declare what is evaluated, and against what."""
    parser.add_argument("annotated", type=Path, help="annotated file; text,label are enough")
    parser.add_argument("--model", type=Path, action="append", default=[], metavar="FOLDER",
                        help="may be repeated; the bundled model without it and without --predictions")  # fmt: skip
    parser.add_argument("--predictions", type=Path, action="append", default=[], metavar="FILE",
                        help="labelled file, of any model; may be repeated")  # fmt: skip
    parser.add_argument("--baseline", type=Path, metavar="FILE", action="append", default=[],
                        help="annotated file to train the n-gram baseline on; may be repeated")  # fmt: skip
    add_columns(parser)
    parser.add_argument("--resamples", type=int, default=1000, metavar="N", help="for the intervals; default 1000")
    parser.add_argument("--cluster", metavar="COLUMN",
                        help="draw resamples by author or source, whose posts are alike; default: such a column with "
                        f"{LEAST_CLUSTERS} values or more, if there is one; 'posts' draws posts")  # fmt: skip


def run(options: argparse.Namespace) -> None:
    """Evaluate, print, and write what was asked for."""
    from ..eval.evaluation import evaluate, spread
    from ..eval.judging import judge_chance, judge_majority
    from ..eval.pages import check_folder
    from ..eval.runs import CHANCE, MAJORITY
    from ..eval.sampling import sampling_of

    posts = load_posts(options)
    unit, clusters = clusters_of(posts, options.cluster)
    languages, sampling = [post.language for post in posts], sampling_of(posts)
    if options.runs and not options.runs.parent.is_dir():
        raise InputError(f"cannot write the run log {options.runs}: there is no folder {options.runs.parent}")
    if options.report:
        check_folder(options.report)
    judgements = judge_all(options, posts)
    yardsticks = [(MAJORITY, judge_majority(posts)), (CHANCE, judge_chance(posts))]
    if options.baseline:  # a yardstick too, not one of the seeds that mean and spread are taken over
        yardsticks.append(judgements.pop())
    evaluations, measures = (
        [evaluate(name, judged, languages, clusters, options.resamples, sampling=sampling) for name, judged in some]
        for some in (judgements, yardsticks)
    )
    one_recipe = _of_one_recipe(options)
    if options.report:
        from ..eval.report import write_report

        about = (_provenance(options), unit, options.resamples, options.lang, one_recipe)
        page = write_report(options.report, evaluations, measures, judgements[0][1], posts, *about)
    if options.runs:
        from ..eval.runs import append_runs

        runs = zip(evaluations + measures, [judged for _, judged in judgements + yardsticks], strict=True)
        append_runs(options.runs, runs, str(options.annotated), dict(_provenance(options)))
    if options.json:
        print(json.dumps([one.as_json() for one in evaluations + measures]))
        return
    _print(evaluations, measures, unit, options.resamples)
    if one_recipe:
        found = spread(evaluations, {})
        print(f"\nmacro-F1 over {len(evaluations)} models of one recipe, mean ± standard deviation: {found}")
    if options.report:
        print(f"\nreport: {page}")


def load_posts(options: argparse.Namespace) -> list["Annotated"]:
    """Load the annotated posts, and refuse what nothing can be measured on."""
    from ..data.annotated import load_annotated_set, parse_label_map
    from ..eval.judging import check_classes
    from ..eval.sampling import sampling_of

    if options.resamples < 1:
        raise InputError(f"--resamples is {options.resamples}; at least 1 is needed")
    if any(path.resolve() == options.annotated.resolve() for path in options.baseline):
        raise InputError(f"--baseline {options.annotated} is the file to measure on; train the baseline on other posts")
    label_map = parse_label_map(options.label_map)
    found = load_annotated_set(options.annotated, options.text_column, options.label_column, label_map)
    posts = found.posts
    if found.unlabelled:
        left_out = f"{found.unlabelled} rows have no motive (blank, or null) and are left out"
        print(f"whyshare: {left_out}; scores are of posts like those that have one", file=sys.stderr)
    check_classes(posts, str(options.annotated))
    if sampling_of(posts):
        note = "the posts were drawn by groups of different sizes; each counts for as many as it stands for (column weight)"
        print(f"whyshare: {note}", file=sys.stderr)
    return posts


def judge_all(options: argparse.Namespace, posts: Sequence["Annotated"]) -> list[tuple[str, "Judged"]]:
    """Judge every model, file of predictions and baseline that was asked for; the bundled model without any."""
    from ..data.fingerprints import file_fingerprint
    from ..data.tables import unique_names
    from ..eval.judging import judge_file, judge_probabilities
    from ..eval.runs import NGRAMS
    from ..inference.labeller import Labeller

    judgements = []
    texts = [post.text for post in posts]
    file = file_fingerprint(options.annotated)
    for folder in _models(options):
        labeller = Labeller.load(folder)
        if file in labeller.settings.data.values():
            note = f"{folder.name} was trained on {options.annotated.name}, which it is measured on: it looks too good"
            print(f"whyshare: {note}", file=sys.stderr)
        judgements.append((folder.name, judge_probabilities(posts, labeller.probabilities(texts))))
    judgements.extend((path.name, judge_file(path, posts, options.text_column)) for path in options.predictions)
    if options.baseline:
        judgements.append((NGRAMS, _judge_baseline(options, posts)))
    names = unique_names([name for name, _ in judgements])
    return [(name, judged) for name, (_, judged) in zip(names, judgements, strict=True)]


def _models(options: argparse.Namespace) -> list[Path]:
    from ..models.settings import BUNDLED

    return options.model or ([] if options.predictions else [BUNDLED])


def _of_one_recipe(options: argparse.Namespace) -> bool:
    """Tell whether all that is evaluated are models of one recipe, which differ by name and seeds at most."""
    from ..models.settings import ModelSettings

    recipes = [
        {key: value for key, value in ModelSettings.load(folder).recipe.items() if key != "name" and "seed" not in key}
        for folder in options.model
    ]
    return (
        len(recipes) > 1 and not options.predictions and bool(recipes[0]) and all(one == recipes[0] for one in recipes)
    )


def _judge_baseline(options: argparse.Namespace, posts: Sequence["Annotated"]) -> "Judged":
    """Train the n-grams and judge them; say so where they have seen some of the texts."""
    with needs("train"):
        import jieba  # noqa: F401
    from ..data.annotated import load_annotated, parse_label_map
    from ..data.reading import open_table
    from ..eval.judging import judge_probabilities
    from ..models.baseline import Baseline

    training = []
    for path in options.baseline:
        there = open_table(path).columns  # where a column has its usual name, that will do
        text = options.text_column if set(options.text_column or ()) <= set(there) else None
        label = options.label_column if options.label_column in there else None
        training += load_annotated(path, text, label, parse_label_map(options.label_map))
    try:
        baseline = Baseline.train([post.text for post in training], [post.label for post in training])
    except ValueError:
        files = ", ".join(map(str, options.baseline))
        raise InputError(
            f"no baseline can be learnt from {files}: the posts have one motive only, or share no words; give more posts"
        ) from None
    known = {post.cleaned for post in training}
    seen = sum(post.cleaned in known for post in posts)
    if seen:
        note = f"the baseline was trained on {seen} of the {len(posts)} texts that it is measured on: it looks too good"
        print(f"whyshare: {note}", file=sys.stderr)
    return judge_probabilities(posts, baseline.probabilities([post.text for post in posts]))


def clusters_of(posts: Sequence["Annotated"], column: str | None) -> tuple[str, list[str] | None]:
    """Name what resamples are drawn by, and give the author or source of each post; None where that is the post.

    :param column: What ``--cluster`` names, if anything.
    """
    from ..eval.clusters import AUTHORS, SOURCES, choose_clusters, cluster_columns, cluster_of

    def values(name: str) -> list[str]:
        return [cluster_of(post.fields.get(name)) for post in posts]

    columns = list(dict.fromkeys(name for post in posts for name in post.fields))
    return choose_clusters(cluster_columns(columns, column, AUTHORS + SOURCES), values, column)


def _provenance(options: argparse.Namespace) -> list[tuple[str, str]]:
    from .. import __version__
    from ..data.copies import named
    from ..data.fingerprints import file_fingerprint
    from ..models.settings import WEIGHTS_FILE

    def about(path: Path) -> str:
        return f"{Path(named(str(path))).name} {file_fingerprint(path)[:16]}"

    pairs = [("annotated file", about(options.annotated))]
    pairs += [("model", f"{folder.name} {file_fingerprint(folder / WEIGHTS_FILE)[:16]}") for folder in _models(options)]
    pairs += [("predictions", about(path)) for path in options.predictions]
    command = typed(Path(word).name if "/" in word else word for word in options.words)
    return [*pairs, ("command", f"whyshare {command}"), ("whyshare", __version__)]


def _print(evaluations: Sequence["Evaluation"], yardsticks: Sequence["Evaluation"], unit: str, resamples: int) -> None:
    from ..eval.evaluation import FEW
    from ..eval.pages import words_in
    from ..eval.report import few_clusters_in, left_out_in

    first = evaluations[0]
    print(f"{first.name}: {first.posts} posts; brackets: 95% bootstrap intervals, {resamples} resamples by {unit}")
    if few := few_clusters_in("en", first, unit):
        print(few)
    print()
    headings = ("", "all", *first.languages)
    rows = [
        (name, estimate, *(metrics[name] for metrics in first.languages.values()))
        for name, estimate in first.metrics.items()
    ]
    print_table(headings, rows)
    if others := first.posts - sum(first.language_posts.values()):
        print(f"\n{others} posts are in languages with fewer than {FEW} posts, which are not shown by themselves")
    if 0.6 in first.coverage:
        print(f"\naccuracy of the most certain 60% of posts: {first.coverage[0.6]}")
        print(f"ECE that a perfectly calibrated model would show by chance: {first.chance_ece:.3f}")
    else:
        print("\nno probabilities were given: top-2, log loss, Brier score and calibration are left out")
    print()
    class_rows = [(motive.both, s.support, s.precision, s.recall, s.f1) for motive, s in first.classes.items()]
    print_table(("motive", "posts", "precision", "recall", "F1"), class_rows)
    print("\nannotated (rows) by predicted (columns)")
    names = [str(motive)[:4] for motive in MOTIVES]
    print_table(("", *names), [(motive, *row) for motive, row in zip(MOTIVES, first.confusion.tolist(), strict=True)])
    print()
    leaders = [
        (one.name, one.metrics["macro-F1"], *(own["macro-F1"] for own in one.languages.values()),
         one.metrics["accuracy"])
        for one in [*sorted(evaluations, key=lambda one: -one.metrics["macro-F1"].value), *yardsticks]
    ]  # fmt: skip
    print_table(("model", "macro-F1", *(f"{tag} macro-F1" for tag in first.languages), "accuracy"), leaders)
    if any(one.shows_unbounded for one in [*evaluations, *yardsticks]):
        print(f"\n{words_in('en')['unbounded']}")
    for line in left_out_in("en", evaluations, yardsticks):
        print(f"\n{line}")
