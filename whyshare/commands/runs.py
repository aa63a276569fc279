"""``whyshare runs FILE``: list the evaluations in a run log, the best first."""

import argparse
from pathlib import Path

from ..console import print_table

METRICS = ("macro-F1", "accuracy")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("file", type=Path, help="run log that whyshare eval --runs wrote")
    parser.add_argument("--annotated", metavar="NAME", help="only runs on this annotated file")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print the leaderboard."""
    from ..eval.runs import read_runs

    runs = [one for one in read_runs(options.file) if options.annotated in (None, one["annotated"])]
    rows = [
        (*(one[key] for key in ("name", "annotated", "time", "posts")), *(_with_interval(one, m) for m in METRICS))
        for one in sorted(runs, key=lambda one: (one["annotated"], -one["metrics"]["macro-F1"][0]))
    ]
    print_table(("model", "annotated file", "time (UTC)", "posts", "macro-F1", "accuracy"), rows, left=3)


def _with_interval(one: dict, name: str) -> str:
    value, low, high = one["metrics"][name]
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"
