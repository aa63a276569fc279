"""Where an encoder or a model may be written, checked before any work: never where something else would be lost."""

import errno
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from ..data.errors import DISK_FULL, InputError, shown
from ..data.locks import locked
from ..models.settings import SETTINGS_FILE, WEIGHTS_FILE

RECIPE = "recipe.json"  # in a folder of checkpoints, and in that of an encoder
TOKENS, CHECKPOINT = "tokens.npz", "checkpoint.pt"  # of a pretraining, in the folder of its encoder
SAVE_SECONDS = 300  # between two checkpoints of any training
_TOLD = 3  # differences between two recipes
_NO_ROOM = ("inline_container.cc", *(f"os error {code}" for code in DISK_FULL))  # how torch and safetensors put it


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
    if checkpoints.exists() and not _is_of(checkpoints, "train"):
        raise InputError(f"{checkpoints} holds something else than checkpoints; move it or choose another --output")
    if folder.is_dir() and any(folder.iterdir()) and not checkpoints.exists():
        raise InputError(f"folder {folder} holds something else than a model; choose another --output")


@contextmanager
def encoder_folder(folder: Path, made_by: Mapping[str, Any]) -> Iterator[None]:
    """Keep a folder for one encoder: off other runs, and off whatever would be lost there.

    :param made_by: As for :func:`check_same_run`.
    :raises InputError: If it is a file, holds a trained model, something else than an encoder or what another recipe has
        made, or another run is writing there.
    """
    folder.absolute().parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.resolve(), folder), full_disk_as_oserror(folder):
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{folder} is a file; give a folder for the encoder")
        if (folder / SETTINGS_FILE).exists():
            raise InputError(f"folder {folder} holds a trained model; choose another --output")
        if folder.exists() and not _is_of(folder, "corpora"):
            raise InputError(f"folder {folder} holds something else than an encoder; choose another --output")
        check_same_run(folder, made_by, (TOKENS, CHECKPOINT, WEIGHTS_FILE))
        yield


@contextmanager
def full_disk_as_oserror(folder: Path) -> Iterator[None]:
    """Raise what torch and safetensors say where a file has no room as what it is.

    :raises OSError: In its place, with the name of ``folder``.
    """
    try:
        yield
    except (RuntimeError, SafetensorError) as error:
        if any(sign in str(error) for sign in _NO_ROOM):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder)) from error
        raise


def check_same_run(folder: Path, made_by: Mapping[str, Any], kept: Sequence[str]) -> None:
    """Refuse to drop what a run has done: one may go on that is of the same recipe, on the same files.

    :param made_by: The recipe of the run that is to be; under ``files``, where there are any, their fingerprints.
    :param kept: Patterns of the files that are worth something; where there is none nothing is lost.
    :raises InputError: If the recipe in the folder has other values, or a file or the base has changed since.
    """
    if not any(found for pattern in kept for found in folder.glob(pattern)):
        return
    now = json.loads(json.dumps(made_by))
    before = json.loads((folder / RECIPE).read_text(encoding="utf-8"))
    files = before.get("files", {})
    changed = [
        f"{key} {shown(before.get(key))} (now {shown(value)})"
        for key, value in now.items()
        if key != "files" and before.get(key) != value
    ] + [
        f"other contents of {name}"
        for name, digest in now.get("files", {}).items()
        if files.get(name, digest) != digest
    ]
    if changed:
        told = changed[:_TOLD] + ["more"] * (len(changed) > _TOLD)
        raise InputError(
            f"{folder} holds a run with {' and '.join(told)}; run the same command as then to go on, remove that folder "
            "to begin anew, or choose another --output"
        )


def _is_of(folder: Path, key: str) -> bool:
    """Tell a folder by its recipe, which has a key; a kill may have come before that was written."""
    if not folder.is_dir():
        return False
    try:
        return key in json.loads((folder / RECIPE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return all(path.name.startswith(".") for path in folder.iterdir())
    except (ValueError, TypeError):
        return False
