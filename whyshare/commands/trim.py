"""``whyshare trim RECIPE -o FOLDER``: cut a multilingual encoder down to Chinese and English posts."""

import argparse
from pathlib import Path

from ..console import show_log
from ..data.errors import needs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("recipe", type=Path, help="TOML file; see training/recipes/")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the encoder")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Trim."""
    with needs("train"):
        from ..training.trim import TrimConfig, trim
    from ..training.settings import read_recipe

    config = read_recipe(options.recipe, TrimConfig)
    show_log()
    trim(config, options.output)
