"""``whyshare pretrain RECIPE -o FOLDER``: continue pretraining an encoder on unlabelled posts."""

import argparse
from pathlib import Path

from ..console import show_log
from ..data.errors import needs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("recipe", type=Path, help="TOML file; see training/recipes/")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, help="folder for the encoder; a stopped run goes on there"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Pretrain, or go on where a run was stopped."""
    with needs("train"):
        from ..training.pretrain import pretrain
        from ..training.pretrain_config import PretrainConfig
    from ..training.settings import read_recipe

    config = read_recipe(options.recipe, PretrainConfig)
    if config.new_vocabulary:
        with needs("vectors"):
            import gensim  # noqa: F401

    show_log()
    pretrain(config, options.output)
