"""Where an encoder or a model may be written, checked before any work: never where something else would be lost."""

import json
from pathlib import Path

from ..data.errors import InputError
from ..models.settings import SETTINGS_FILE

RECIPE = "recipe.json"  # in a folder of checkpoints, and in that of an encoder


def check_model_folder(folder: Path, checkpoints: Path) -> None:
    """Refuse an output folder for a model in which something would be lost; a training that was stopped may go on.

    :param checkpoints: The folder of its checkpoints, which is removed in the end.
    :raises InputError: If it is a file, or holds a trained model or something else, or the checkpoints' holds other files.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; give a folder for the model")
    if (folder / SETTINGS_FILE).exists():
        raise InputError(
            f"folder {folder} holds a trained model; choose another --output, or delete it to train that one again"
        )
    if checkpoints.exists() and not _is_of_training(checkpoints):
        raise InputError(f"{checkpoints} holds something else than checkpoints; move it or choose another --output")
    if folder.is_dir() and any(folder.iterdir()) and not checkpoints.exists():
        raise InputError(f"folder {folder} holds something else than a model; choose another --output")


def _is_of_training(checkpoints: Path) -> bool:
    """Tell a folder of checkpoints by its recipe; a kill may have come before that was written."""
    if not checkpoints.is_dir():
        return False
    try:
        return "files" in json.loads((checkpoints / RECIPE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return all(path.name.startswith(".") for path in checkpoints.iterdir())
    except (ValueError, TypeError):
        return False


def check_encoder_folder(folder: Path) -> None:
    """Refuse an output folder in which something would be lost; one of an earlier encoder, which has a recipe, will do.

    :raises InputError: If it is a file, or holds a trained model or something else than an encoder.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; give a folder for the encoder")
    if (folder / SETTINGS_FILE).exists():
        raise InputError(f"folder {folder} holds a trained model; choose another --output")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / RECIPE).is_file():
        raise InputError(f"folder {folder} holds something else than an encoder; choose another --output")
