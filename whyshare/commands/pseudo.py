"""``whyshare pseudo RECIPE -o FILE``: label posts with teachers, for a student to learn from."""

import argparse
from pathlib import Path

from ..console import show_log


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("recipe", type=Path, help="TOML file; see training/recipes/")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        help="jsonl, csv or any other table, to name under pseudo in a recipe",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Label and write."""
    from ..data.errors import needs
    from ..data.writing import check_output

    with needs("train"):
        from ..training.pseudo import PseudoConfig, pseudo_label
    from ..training.settings import read_recipe

    config = read_recipe(options.recipe, PseudoConfig)
    check_output(options.output, [options.recipe, *map(Path, (*config.corpora, *config.held_out))])
    show_log()
    pseudo_label(config, options.output)
