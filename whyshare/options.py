"""Options that several commands have."""

import argparse


def add_text_column(parser: argparse.ArgumentParser) -> None:
    """Let the user name the column of the texts, or several, which are read together."""
    parser.add_argument(
        "--text-column", metavar="NAME", action="append",
        help="column of the texts, if it has an unusual name; may be repeated, as for a title and its text",
    )  # fmt: skip
