"""Where an encoder may be written, checked before any work: neither over a trained model, nor among other files."""

from pathlib import Path

from ..data.errors import InputError
from ..models.settings import SETTINGS_FILE


def check_encoder_folder(folder: Path) -> None:
    """Refuse an output folder in which something would be lost; one of an earlier encoder, which has a recipe, will do.

    :raises InputError: If it is a file, or holds a trained model or something else than an encoder.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; give a folder for the encoder")
    if (folder / SETTINGS_FILE).exists():
        raise InputError(f"folder {folder} holds a trained model; choose another --output")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "recipe.json").is_file():
        raise InputError(f"folder {folder} holds something else than an encoder; choose another --output")
