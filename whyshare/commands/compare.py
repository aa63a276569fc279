"""``whyshare compare ANNOTATED --model A --model B``: is one better, or is it luck?"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..console import print_table
from ..data.errors import InputError
from . import evaluate

if TYPE_CHECKING:
    from ..data.annotated import Annotated
    from ..eval.metrics import Judged


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options: what to compare is named as for ``whyshare eval``."""
    evaluate.add_inputs(parser)
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write the posts that flipped (two models)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Compare every two, print, and list the posts that flipped."""
    from ..eval.comparison import compare

    posts = evaluate.load_posts(options)
    judgements = evaluate.judge_all(options, posts)
    if len(judgements) < 2:
        raise InputError("two models are needed; name them with --model, --predictions and --baseline")
    if options.output and len(judgements) > 2:
        raise InputError(f"-o lists the posts that flipped between two models, not {len(judgements)}; name two")
    comparisons = compare(judgements, evaluate.clusters_of(posts, options.cluster), options.resamples)
    if options.output:
        flips = _write_flipped(options, posts, judgements)
    if options.json:
        print(json.dumps([one.as_json() for one in comparisons], ensure_ascii=False))
        return
    print(f"{len(posts)} posts; differences are first minus second, brackets are 95 % intervals\n")
    rows = [
        (f"{c.first} - {c.second}", c.macro_f1, c.accuracy, c.only_first, c.only_second, f"{c.adjusted:.2g}")
        for c in comparisons
    ]
    headings = ("", "macro-F1", "accuracy", "only first right", "only second right", "p (McNemar, Holm)")
    print_table(headings, rows)
    if len(comparisons) == 1:
        print()
        only = comparisons[0]
        class_rows = [
            (f"{motive} {motive.zh}", difference, f"{only.class_p_values[motive]:.2g}")
            for motive, difference in only.classes.items()
        ]
        print_table(("motive", "F1", "p of its recall (McNemar, Holm)"), class_rows)
    if options.output:
        print(f"\n{flips} posts flipped -> {options.output}")


def _write_flipped(
    options: argparse.Namespace, posts: Sequence["Annotated"], judgements: Sequence[tuple[str, "Judged"]]
) -> int:
    """Write the posts that two models label differently; give their number."""
    from ..data.cleaning import clean
    from ..data.motives import MOTIVES
    from ..data.writing import check_output, open_writer
    from ..eval.comparison import flipped

    check_output(options.output, [options.annotated])
    (first, one), (second, other) = judgements
    rows = flipped(one, other)
    with open_writer(options.output, ["id", "text", "label", first, second]) as writer:
        for row in rows:
            said = {name: str(MOTIVES[j.predicted[row]]) for name, j in ((first, one), (second, other))}
            post = posts[row]
            writer.write({"id": post.id, "text": clean(post.text), "label": str(post.label), **said})
    return len(rows)
