"""``whyshare data check|detach|hydrate``: look after annotated sets."""

import argparse
from collections import Counter
from pathlib import Path

from ..console import print_table
from ..data.errors import InputError
from ..data.motives import MOTIVES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the sub-commands."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser("check", help="list every row of an annotated set that is wrong")
    check.add_argument("file", type=Path)
    check.add_argument("--text-column", metavar="NAME")
    check.add_argument("--label-column", metavar="NAME")
    check.add_argument("--label-map", nargs="+", default=[], metavar="THEIRS=OURS", help="other names of the motives")
    check.set_defaults(run=run_check)
    detach = actions.add_parser("detach", help="write the labels without the texts, to share them")
    detach.add_argument("file", type=Path)
    detach.add_argument("-o", "--output", type=Path, required=True)
    detach.set_defaults(run=run_detach)
    hydrate = actions.add_parser("hydrate", help="join labels without texts with texts that you have")
    hydrate.add_argument("file", type=Path)
    hydrate.add_argument("--texts", nargs="+", required=True, metavar="FILE", help="files or folders of posts")
    hydrate.add_argument("--text-column", metavar="NAME")
    hydrate.add_argument("-o", "--output", type=Path, required=True)
    hydrate.set_defaults(run=run_hydrate)


def run_check(options: argparse.Namespace) -> int:
    """Print the problems and the counts; exit code 2 when there are errors."""
    from ..data.annotated import check_annotated, parse_label_map

    found = check_annotated(options.file, options.text_column, options.label_column, parse_label_map(options.label_map))
    if found.problems:
        rows = [(p.row or "", "error" if p.is_error else "warning", p.reason) for p in found.problems]
        print_table(("row", "", "problem"), rows, left=3)
        print()
    counts = Counter((post.label, post.language) for post in found.posts)
    languages = sorted({post.language for post in found.posts})
    rows = [(f"{motive} {motive.zh}", *(counts[motive, language] for language in languages)) for motive in MOTIVES]
    print_table(("motive", *languages), rows)
    errors = sum(problem.is_error for problem in found.problems)
    print(f"\n{len(found.posts)} posts, {found.unlabelled} without a label, {errors} errors, "
          f"{len(found.problems) - errors} warnings")  # fmt: skip
    return 2 if errors or not found.posts else 0


def run_detach(options: argparse.Namespace) -> None:
    """Write the stand-off file."""
    from ..data.standoff import detach
    from ..data.writing import check_output, open_writer

    check_output(options.output, [options.file])
    rows = list(detach(options.file))
    with open_writer(options.output, list(rows[0])) as writer:
        for row in rows:
            writer.write(row)
    print(f"{len(rows)} labels without texts -> {options.output}")


def run_hydrate(options: argparse.Namespace) -> None:
    """Join, and say what is missing."""
    from ..data.standoff import hydrate
    from ..data.writing import check_output, open_writer

    check_output(options.output, [options.file, *map(Path, options.texts)])
    result = hydrate(options.file, options.texts, options.text_column)
    missing = sum(result.missing.values())
    if not result.rows:
        raise InputError(f"none of the {missing} texts of {options.file} is in {', '.join(options.texts)}")
    with open_writer(options.output, list(result.rows[0])) as writer:
        for row in result.rows:
            writer.write(row)
    if missing:
        print_table(("source", "texts missing"), result.missing.most_common())
        print()
    print(f"{len(result.rows)} of {len(result.rows) + missing} texts found -> {options.output}")
