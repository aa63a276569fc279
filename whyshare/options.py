"""Options that several commands have."""

import argparse


def add_text_column(parser: argparse.ArgumentParser) -> None:
    """Let the user name the column of the texts, or several, which are read together."""
    parser.add_argument(
        "--text-column", metavar="NAME", action="append",
        help="column of the texts, if it has an unusual name; may be repeated, as for a title and its text; OUTER.INNER of nested JSON",
    )  # fmt: skip


def add_columns(parser: argparse.ArgumentParser) -> None:
    """Declare where texts and labels stand in an annotated file, and what the labels are called."""
    add_text_column(parser)
    parser.add_argument("--label-column", metavar="NAME", help="column of the labels, if it is not label or motive")
    parser.add_argument("--label-map", nargs="+", default=[], metavar="THEIRS=OURS",
                        help="other names of the motives; give it last, or before another option")  # fmt: skip
