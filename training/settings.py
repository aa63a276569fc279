"""Recipes: one frozen dataclass per stage, read from TOML, where an unknown key is an error."""

import dataclasses
import math
import tomllib
import types
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from ..data.errors import InputError, shown
from ..data.fingerprints import file_fingerprint
from ..data.language import Language
from ..models.settings import WEIGHTS_FILE, encoder_positions

Config = TypeVar("Config")


def read_recipe(path: Path, config: type[Config]) -> Config:
    """Read a TOML recipe into the configuration of a stage.

    Paths in a recipe are taken from the working folder.

    :raises InputError: For a missing file, bad TOML, an unknown key, or a value of the wrong type or range.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read recipe {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid TOML: {error}") from None
    return build_config(config, values, str(path))


def build_config(config: type[Config], values: dict[str, Any], name: str) -> Config:
    """Build a configuration from plain values; nested tables become nested dataclasses."""
    hints = get_type_hints(config)
    known = {field.name for field in dataclasses.fields(config)}  # type: ignore[arg-type]
    for key in values:
        if key not in known:
            raise InputError(f"{name}: unknown key {key!r}; known are {', '.join(sorted(known))}")
    for field in dataclasses.fields(config):  # type: ignore[arg-type]
        if field.name not in values and field.default is field.default_factory is dataclasses.MISSING:
            raise InputError(f"{name} lacks the key {field.name!r}, which has no default; add it")
    checked = {key: _convert(value, hints[key], f"{name}: {key}") for key, value in values.items()}
    try:
        return config(**checked)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: {error}") from None


def input_fingerprints(files: Iterable[str], origins: Mapping[str, str]) -> dict[str, str]:
    """Take the fingerprints of a stage's files, and of the weights that it starts from where these lie in a folder.

    :param origins: What a recipe calls a base or a model -> where it lies.
    """
    weights = {name: Path(location) / WEIGHTS_FILE for name, location in origins.items()}
    own = {name: file_fingerprint(path) for name, path in weights.items() if path.is_file()}
    return own | {file: file_fingerprint(Path(file)) for file in files}


def check_ranges(config: Any, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Check numbers of a configuration against the least and the most that each may be.

    :raises ValueError: At the first that is out of its range.
    """
    for name, (least, most) in ranges.items():
        value = getattr(config, name)
        if not least <= value <= most:
            needed = f"at least {least:.10g}" if math.isinf(most) else f"{least:.10g} to {most:.10g}"
            raise ValueError(f"{name} is {value}; {needed} is needed")


def check_positions(max_length: int, base: str, base_config: Mapping[str, Any]) -> None:
    """Check that a base can read texts of a recipe's ``max_length``.

    :param base_config: The contents of its ``config.json``.
    :raises InputError: If it has positions for fewer tokens.
    """
    positions = encoder_positions(base_config)
    if positions is not None and max_length > positions:
        raise InputError(
            f"max_length is {max_length}, base {base} has positions for {positions} tokens; lower it, or take another base"
        )


def check_languages(languages: Sequence[str]) -> None:
    """Check the names of languages.

    :raises ValueError: At the first that posts are never said to be in.
    """
    known = get_args(Language)
    for language in languages:
        if language not in known:
            raise ValueError(f"languages names {shown(language)}; known are {', '.join(known)}")


def _convert(value: Any, hint: Any, name: str) -> Any:
    if isinstance(hint, types.UnionType):  # with None, which is no value in TOML
        hint = get_args(hint)[0]
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        return build_config(hint, value, name)  # type: ignore[arg-type]
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if getattr(hint, "__origin__", None) is tuple:
        if not isinstance(value, list):
            raise InputError(f"{name} is {shown(value)}; a list is needed, in square brackets")
        return tuple(_convert(item, hint.__args__[0], name) for item in value)
    if isinstance(hint, type) and (not isinstance(value, hint) or (hint is int and isinstance(value, bool))):
        raise InputError(f"{name} is {shown(value)}; a value of type {hint.__name__} is needed")
    return value
