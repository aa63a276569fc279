"""``whyshare runs FILE``: list the evaluations in a run log, the best first, and say which are worse beyond chance.

Yardsticks that several evaluations have in common are listed once.
"""

import argparse
import json
from pathlib import Path

from ..console import print_table
from ..data.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("file", type=Path, help="run log that whyshare eval --runs wrote")
    parser.add_argument("--annotated", metavar="NAME", dest="measured_on", help="only runs on this annotated file")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print the leaderboard."""
    from ..eval.intervals import Estimate
    from ..eval.runs import YARDSTICKS, against_best, read_runs

    runs = read_runs(options.file)
    if options.measured_on:
        files = ", ".join(sorted({one["annotated"] for one in runs}))
        runs = [one for one in runs if one["annotated"] == Path(options.measured_on).name]
        if not runs:
            raise InputError(f"{options.file} has no run on {options.measured_on}; it has runs on {files}")
    runs = list(
        {
            (one["annotated"], one["name"], one["gold"], one["predicted"])
            if one["name"] in YARDSTICKS and "gold" in one
            else position: one
            for position, one in enumerate(runs)
        }.values()
    )
    runs.sort(key=lambda one: (one["annotated"], -one["metrics"]["macro-F1"][0]))
    compared = against_best(runs)
    if options.json:
        kept = [{key: value for key, value in one.items() if key not in ("gold", "predicted")} for one in runs]
        for position, comparison in compared.items():
            kept[position]["against_best"] = comparison.as_json()
        print(json.dumps(kept))
        return
    rows = []
    for position, one in enumerate(runs):
        scores = [Estimate.from_json(one["metrics"][name]) for name in ("macro-F1", "accuracy")]
        other = compared.get(position)
        behind = (f"{other.macro_f1.value:.3f}", f"{other.adjusted:.2g}") if other else ("", "")
        when = one["time"][:16].replace("T", " ")  # to the minute
        rows.append((one["name"], one["annotated"], when, one["posts"], *scores, *behind))
    headings = ("model", "annotated file", "time (UTC)", "posts", "macro-F1", "accuracy", "best is ahead by", "p")
    print_table(headings, rows, left=3)
    if compared:
        print("\nbest is ahead by: difference in macro-F1; p: that it is none in accuracy (McNemar, Holm-corrected for every "
              "two runs of a file, as the best was picked among them)\n"
              "p takes every post for itself; whyshare compare gives two runs' difference its interval, by authors or sources")  # fmt: skip
