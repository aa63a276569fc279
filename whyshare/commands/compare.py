"""``whyshare compare ANNOTATED --model A --model B``: is one better, or is it luck?"""

import argparse
from pathlib import Path

from ..console import print_table
from ..data.errors import InputError
from . import evaluate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options: what to compare is named as for ``whyshare eval``."""
    evaluate.add_inputs(parser)
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write the posts that flipped (two models)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Compare every two, print, and list the posts that flipped."""
    from ..eval.comparison import compare, flipped

    posts = evaluate.load_posts(options)
    judgements = evaluate.judge_all(options, posts)
    if len(judgements) < 2:
        raise InputError("two models are needed; name them with --model, --predictions and --baseline")
    comparisons = compare(judgements, options.resamples)
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
        print_table(("motive", "F1"), [(f"{motive} {motive.zh}", e) for motive, e in only.classes.items()])
    if options.output:
        from ..data.cleaning import clean
        from ..data.motives import MOTIVES
        from ..data.writing import check_output, open_writer

        check_output(options.output, [options.annotated])
        (first, one), (second, other) = judgements[:2]
        rows_flipped = flipped(one, other)
        with open_writer(options.output, ["id", "text", "label", first, second]) as writer:
            for row in rows_flipped:
                said = {name: str(MOTIVES[j.predicted[row]]) for name, j in ((first, one), (second, other))}
                post = posts[row]
                writer.write({"id": post.id, "text": clean(post.text), "label": str(post.label), **said})
        print(f"\n{len(rows_flipped)} posts flipped -> {options.output}")
