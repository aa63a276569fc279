"""``whyshare label IN... -o OUT``: label files of posts."""

import argparse
import json
import os
import sys
from dataclasses import asdict
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from ..data.errors import InputError, needs
from ..data.motives import MOTIVES
from ..options import add_text_column

if TYPE_CHECKING:
    from ..inference.outputs import Summary


SHOWN = 60  # characters of a post that --show prints


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "input",
        nargs="+",
        help="files or folders: csv, tsv, jsonl, json, parquet, xlsx[::SHEET], txt, db[::TABLE], -; "
        "here, or at an address such as s3://BUCKET/posts/*.parquet",
    )
    parser.add_argument(
        "-o", "--output", required=True,
        help="csv, tsv, jsonl, json, parquet or xlsx; FOLDER/ for a file of its own for each input",
    )  # fmt: skip
    add_text_column(parser)
    parser.add_argument("--model", type=Path, metavar="FOLDER", help="model folder; default: the bundled model")
    parser.add_argument(
        "--device", default="auto", help="auto (a GPU if there is one), cpu, cuda or torch-cpu; default auto"
    )
    parser.add_argument("--workers", type=int, metavar="N", help="threads, or with --ray processes; one for each core")
    parser.add_argument("--ray", nargs="?", const="local", metavar="ADDRESS",
                        help="label on a Ray cluster: its address, or auto; without either, this machine's cores; give it after the inputs")  # fmt: skip
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N posts")
    parser.add_argument("--restart", action="store_true", help="discard unfinished work on this output")
    parser.add_argument(
        "--show",
        type=int,
        nargs="?",
        const=40,
        metavar="N",
        help="print the first N labelled posts, 40 without N; give it after the inputs",
    )
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Label, with progress; exit code 1 tells that some rows could not be read."""
    from ..console import progress_bar, show_log
    from ..inference.job import Job, run_job
    from ..models.settings import BUNDLED

    if options.show is not None and options.show < 1:
        raise InputError(f"--show is {options.show}; at least 1 is needed")
    output = Path(options.output)
    if output.name in ("", ".."):  # the folder where one is
        output = output.resolve()
    job = Job(
        inputs=tuple(options.input),
        output=output,
        one_each=options.output.endswith(("/", os.sep)) or output.is_dir(),
        model=options.model or BUNDLED,
        text_column=options.text_column,
        limit=options.limit,
        device=options.device,
        workers=options.workers,
        restart=options.restart,
        ray=options.ray,
    )
    if options.ray:
        with needs("ray"):
            import ray.data  # noqa: F401
    try:
        with progress_bar("labelling", "posts", quiet=options.quiet or options.json) as progress:
            if not options.quiet:
                show_log()  # above the bar
            summary = run_job(job, progress)
    except KeyboardInterrupt:
        print("whyshare: stopped; run the same command again to go on where it was", file=sys.stderr)
        return 130
    if options.json:
        print(json.dumps(asdict(summary) | {"output": options.output}))
    elif not options.quiet:
        if options.show:
            _print_posts(summary.outputs, options.text_column, options.show)
        _print_summary(summary, output)
    return 1 if summary.rejected else 0


def _print_posts(outputs: list[str], text_column: list[str] | None, count: int) -> None:
    from ..console import print_table
    from ..data.cleaning import excerpt
    from ..data.predictions import read_predictions

    rows = []
    posts = chain.from_iterable(read_predictions(Path(output), text_column) for output in outputs)
    for post in islice(posts, count):
        label = (post.motive.both, f"{post.confidence:.2f}") if post.motive else ("", "")
        rows.append((*label, excerpt(post.text, SHOWN)))
    print_table(("motive", "conf.", "post"), rows, left=3)
    print()


def _print_summary(summary: "Summary", output: Path) -> None:
    from ..console import print_table, print_unread

    labelled = max(1, sum(summary.motives.values()))
    rows = [
        (motive.both, summary.motives[motive], f"{summary.motives[motive] / labelled:.1%}")
        for motive in sorted(MOTIVES, key=lambda motive: -summary.motives[motive])
    ]
    print_table(("motive", "posts", "share"), rows)
    asides = {
        "uncertain (let a person look)": summary.uncertain,
        "longer than the model reads": summary.truncated,
        "without text (none, deleted, reposts without words, links alone)": summary.no_text,
        f"rows rejected, see {output.name}.rejects.jsonl": summary.rejected,
        "cells cut to fit Excel": summary.shortened_cells,
        "posts labelled in an earlier run": summary.resumed_posts,
    }
    print()
    for name, count in asides.items():
        if count or name.startswith("uncertain"):
            print(f"{count} {name}")
    print_unread(summary.unread_sheets)
    rate = (summary.posts - summary.resumed_posts) / max(summary.seconds, 1e-9)
    print(f"{summary.posts} posts in {summary.seconds:.1f} s ({rate:.0f} posts/s) -> {output}")
