"""``whyshare compare RUN RUN`` or ``ANNOTATED --model A --model B``: is one better, or is it luck?"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..console import print_table
from ..data.errors import InputError
from . import evaluate

PREDICTIONS_FILE = "predictions.parquet"  # of a report

if TYPE_CHECKING:
    from ..data.annotated import Annotated
    from ..eval.comparison import Comparison
    from ..eval.metrics import Judged


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options: what to compare is named as for ``whyshare eval``."""
    evaluate.add_inputs(parser)
    parser.add_argument("reports", type=Path, nargs="*", metavar="RUN",
                        help="compare runs instead: folders that whyshare eval --report wrote, two or more")  # fmt: skip
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write the posts that flipped (two models)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Compare every two, print, and list the posts that flipped."""
    from ..data.writing import check_output
    from ..eval.comparison import compare
    from ..eval.sampling import sampling_of

    if options.output:
        runs = map(_predictions_in, [options.annotated, *options.reports])
        check_output(options.output, [*runs, *options.predictions, *options.baseline])
    if options.reports:
        posts, judgements = _load_runs(options)
    elif options.annotated.is_dir():
        raise InputError(f"{options.annotated} is one report; name two or more, or an annotated file and two models")
    else:
        posts = evaluate.load_posts(options)
        judgements = evaluate.judge_all(options, posts)
    if len(judgements) < 2:
        raise InputError("two models are needed; name them with --model, --predictions and --baseline")
    if options.output and len(judgements) > 2:
        raise InputError(f"-o lists the posts that flipped between two models, not {len(judgements)}; name two")
    unit, clusters = evaluate.clusters_of(posts, options.cluster)
    comparisons = compare(judgements, clusters, options.resamples, sampling=sampling_of(posts))
    if options.output:
        flips = _write_flipped(options, posts, judgements)
    if options.json:
        print(json.dumps([one.as_json() for one in comparisons]))
        return
    drawn = f"95% bootstrap intervals, {options.resamples} resamples by {unit}"
    print(f"{len(posts)} posts; differences are first minus second, brackets: {drawn}; p takes every post for itself\n")
    _print(comparisons)
    if options.output:
        print(f"\n{flips} posts flipped -> {options.output}")


def _print(comparisons: Sequence["Comparison"]) -> None:
    """Print every two models in a row, and of a single pair its motives too."""
    from ..eval.pages import words_in

    rows = [
        (f"{c.first} - {c.second}", c.macro_f1, c.accuracy, c.only_first, c.only_second, f"{c.adjusted:.2g}")
        for c in comparisons
    ]
    headings = ("", "macro-F1", "accuracy", "only first right", "only second right", "p (McNemar, Holm)")
    print_table(headings, rows)
    differences = [one.macro_f1 for one in comparisons]
    if len(comparisons) == 1:
        print()
        [only] = comparisons
        class_rows = [
            (motive.both, difference, f"{only.class_p_values[motive]:.2g}")
            for motive, difference in only.classes.items()
        ]
        print_table(("motive", "F1", "p of its recall (McNemar, Holm)"), class_rows)
        differences += only.classes.values()
    if any(one.is_unbounded for one in differences):
        print(f"\n{words_in('en')['unbounded']}")


def _load_runs(options: argparse.Namespace) -> tuple[list["Annotated"], list[tuple[str, "Judged"]]]:
    """Read the predictions of reports, which must be of the same posts with the same labels."""
    from ..data.annotated import load_annotated
    from ..data.tables import unique_names
    from ..eval.judging import judge_file

    if options.model or options.predictions or options.baseline:
        raise InputError("RUN RUN compares reports as they are; to compare models, name one annotated file")
    if options.text_column or options.label_column or options.label_map:
        raise InputError(
            "RUN RUN compares reports, which have their columns; the options of columns are for annotated files"
        )
    folders = [options.annotated, *options.reports]
    files = [_predictions_in(folder) for folder in folders]
    posts = load_annotated(files[0])
    labels = {post.id: post.label for post in posts}
    for file in files[1:]:
        if {post.id: post.label for post in load_annotated(file)} != labels:
            raise InputError(f"{file} is of other posts or labels than {files[0]}; evaluate both on one annotated file")
    names = unique_names([folder.name for folder in folders])
    return posts, [(name, judge_file(file, posts)) for name, file in zip(names, files, strict=True)]


def _predictions_in(run: Path) -> Path:
    return run / PREDICTIONS_FILE if run.is_dir() else run


def _write_flipped(
    options: argparse.Namespace, posts: Sequence["Annotated"], judgements: Sequence[tuple[str, "Judged"]]
) -> int:
    """Write the posts that two models label differently; give their number."""
    from ..data.motives import MOTIVES
    from ..data.writing import open_writer
    from ..eval.comparison import flipped

    (first, one), (second, other) = judgements
    rows = flipped(one, other)
    with open_writer(options.output, ["id", "text", "label", first, second]) as writer:
        for row in rows:
            said = {name: str(MOTIVES[j.predicted[row]]) for name, j in ((first, one), (second, other))}
            post = posts[row]
            writer.write({"id": post.id, "text": post.cleaned, "label": str(post.label), **said})
    return len(rows)
