"""``whyshare train``: fine-tune a model on an annotated set."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..console import print_table, show_log
from ..data.errors import InputError, needs
from ..options import add_columns


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "source", type=Path, nargs="+", help="a TOML recipe (see training/recipes/), or annotated files with text,label"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the model")
    parser.add_argument("--base", help="encoder to start from, a folder or a hub name; whyshare-mini without it")
    parser.add_argument("--seed", type=int, help="seed of the order of the posts and of dropout")
    add_columns(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Train, and print the validation scores."""
    with needs("train"):
        from ..training.finetune import finetune
        from ..training.finetune_config import FinetuneConfig
    from ..training.settings import build_config, read_recipe

    if options.output.name in ("", ".."):
        options.output = options.output.resolve()
    if not options.output.absolute().parent.is_dir():
        raise InputError(f"no folder {options.output.absolute().parent}; make it first or choose another --output")
    recipes = [path for path in options.source if path.suffix == ".toml"]
    if recipes:
        if len(options.source) > 1:
            raise InputError("give one recipe, or annotated files; a recipe names its own files under train")
        config = read_recipe(recipes[0], FinetuneConfig)
    else:
        values = {"train": [str(path) for path in options.source], "name": options.output.name}
        config = build_config(FinetuneConfig, values, "options")
    try:
        config = replace(config, **_given(options))
    except ValueError as error:
        raise InputError(f"options: {error}") from None
    show_log()
    try:
        settings = finetune(config, options.output)
    except KeyboardInterrupt:
        print("whyshare: stopped; run the same command again to go on from its last checkpoint", file=sys.stderr)
        return 130
    rows = [
        (f"{measured}, {language}", score["posts"], f"{score['macro_f1']:.3f}", f"{score['accuracy']:.3f}")
        for measured, scores in settings.scores.items()
        for language, score in scores.items()
    ]
    print_table(("measured on", "posts", "macro-F1", "accuracy"), rows)
    print(f"wrote {options.output}")
    return 0


def _given(options: argparse.Namespace) -> dict[str, Any]:
    """Give the options that stand in the place of a recipe's keys; lists are tuples there."""
    values = {name: getattr(options, name) for name in ("base", "seed", "text_column", "label_column", "label_map")}
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in values.items()
        if value not in (None, [])
    }
