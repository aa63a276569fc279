"""From the best checkpoint to a model folder: half precision, calibration, settings, card, ONNX graph.

Beside what :mod:`~whyshare.models.settings` needs, a folder holds ``validation.csv``, what the model says of its validation
posts, and, unless it is a mean, ``log.jsonl``, how its training went: a line for every few steps with the loss and the rate
of the head since the line before, and one for every epoch with the scores on the validation posts as they were then.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from ..data.annotated import Annotated
from ..data.errors import InputError
from ..data.fingerprints import file_fingerprint
from ..data.language import detect_language
from ..data.motives import MOTIVES
from ..data.results import PROBABILITY_COLUMNS, VALIDATION_FILE
from ..data.writing import open_writer
from ..models.calibration import calibrated
from ..models.export import GRAPH_FILE, export_onnx
from ..models.settings import SETTINGS_FILE, WEIGHTS_FILE, ModelSettings
from .calibrate import (
    DEFAULT_THRESHOLD,
    MIN_POSTS,
    FloatArray,
    fit_bias,
    fit_temperatures,
    uncertainty_threshold,
)
from .card import write_card
from .finetune_config import FinetuneConfig
from .outputs import RECIPE
from .scores import VALIDATION, scores_by_language

HISTORY_FILE = "log.jsonl"
_LOGGED = {  # what the Trainer calls it -> what a line calls it
    "step": "step", "epoch": "epoch", "loss": "loss", "learning_rate": "learning_rate", "eval_loss": "validation_loss",
    "eval_macro_f1": "validation_macro_f1", "eval_accuracy": "validation_accuracy",
}  # fmt: skip


def half_precision(model: PreTrainedModel) -> PreTrainedModel:
    """Round the weights to what will be saved, in place, so that every later number is the shipped model's."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.half().float())
    return model


def head_of(model: PreTrainedModel) -> torch.nn.Linear:
    """Find the last layer of a classifier, which gives the logits; in some kinds its modules come before the encoder's.

    :raises InputError: If there is none with a bias for each motive.
    """
    for module in reversed(list(model.modules())):
        if isinstance(module, torch.nn.Linear) and module.out_features == len(MOTIVES) and module.bias is not None:
            return module
    raise InputError(
        f"a {model.config.model_type} has no head whose bias can be fitted; take another base, such as a BERT or RoBERTa"
    )


def move_bias(model: PreTrainedModel, logits: FloatArray, posts: Sequence[Annotated]) -> FloatArray:
    """Move the bias of the head, in place, to where :func:`~.calibrate.fit_bias` finds it on the validation posts.

    :param logits: Of these posts, shape (posts, 8).
    :return: The logits as they are then.
    """
    head = head_of(model)
    before = head.bias.detach().clone()
    moved = fit_bias(logits, np.array([post.label.position for post in posts]))
    with torch.no_grad():
        head.bias.copy_((before + torch.from_numpy(moved).to(before)).half().float())
    return logits + (head.bias.detach() - before).cpu().numpy()


def settings_from_validation(
    config: FinetuneConfig, posts: Sequence[Annotated], logits: NDArray[np.float32]
) -> tuple[ModelSettings, NDArray[np.floating]]:
    """Calibrate on the validation posts, and score what comes out.

    :return: The settings, and the calibrated probabilities of the validation posts, shape (posts, 8).
    """
    languages = [detect_language(post.cleaned) for post in posts]
    label_ids = np.array([post.label.position for post in posts])
    temperatures = {
        language: round(value, 4) for language, value in fit_temperatures(logits, label_ids, languages).items()
    }
    probs = calibrated(logits, languages, temperatures)
    threshold, target = DEFAULT_THRESHOLD, 0.0  # a handful of posts would put it anywhere
    if len(posts) >= MIN_POSTS:
        threshold, target = uncertainty_threshold(probs, label_ids, config.target_accuracy), config.target_accuracy
    origins = [Path(location) for location in config.origins().values()]
    known = [settings_of(origin) for origin in origins]
    data: dict[str, str] = {}
    for origin_settings in known:
        data = _with_files(data, origin_settings.data)
    files = {path: file_fingerprint(Path(path)) for path in (*config.train, *config.extra)}
    settings = ModelSettings(
        max_length=config.max_length,
        temperature=temperatures,
        uncertain_below=round(threshold, 4),
        target_accuracy=target,
        data=_with_files(data, files),
        scores={VALIDATION: scores_by_language(label_ids, probs.argmax(axis=1), languages)},
        recipe=_recipe(config, known[0]) | {"files": files} | _taught_by(config, known) | _pretraining(origins[0]),
    )
    return settings, probs


def write_validation(folder: Path, posts: Sequence[Annotated], probs: NDArray[np.floating]) -> None:
    """Write what the model says of its validation posts, without their texts: what is known of its errors."""
    with open_writer(folder / VALIDATION_FILE, ["id", "language", "label", "motive", *PROBABILITY_COLUMNS]) as writer:
        for post, row in zip(posts, probs.round(4), strict=True):
            language = detect_language(post.cleaned)  # as whyshare label writes it, whatever the file says
            given = {"id": post.id, "language": language, "label": str(post.label)}
            said = {"motive": str(MOTIVES[row.argmax()])}
            writer.write(given | said | dict(zip(PROBABILITY_COLUMNS, row.tolist(), strict=True)))


def write_history(folder: Path, history: Sequence[Mapping[str, float]]) -> None:
    """Write how the training went, one JSON object a line."""
    lines = [{name: entry[key] for key, name in _LOGGED.items() if key in entry} for entry in history]
    told = [json.dumps(line) for line in lines if {"loss", "validation_loss"} & line.keys()]
    (folder / HISTORY_FILE).write_text("".join(f"{line}\n" for line in told), encoding="utf-8")


def save_folder(
    folder: Path, config: FinetuneConfig, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase,
    settings: ModelSettings,
) -> None:  # fmt: skip
    """Write everything that a model folder holds."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in (SETTINGS_FILE, GRAPH_FILE):  # a stop from here on leaves no folder that could be taken for a model
        (folder / stale).unlink(missing_ok=True)
    model.half().save_pretrained(folder)
    # The file is half precision, the arithmetic is not: fp16 on a CPU is slow and less exact.
    model.config.dtype = torch.float32
    model.config.save_pretrained(folder)
    shutil.copymode(folder / "config.json", folder / WEIGHTS_FILE)  # transformers lets nobody else read the weights
    tokenizer.save_pretrained(folder)
    export_onnx(folder)
    write_card(folder, config.name, settings)
    settings.save(folder)


def settings_of(base: Path) -> ModelSettings:
    """Load the settings of a base that was fine-tuned; empty ones of an encoder."""
    return ModelSettings.load(base) if (base / SETTINGS_FILE).is_file() else ModelSettings()


def _with_files(known: Mapping[str, str], files: Mapping[str, str]) -> dict[str, str]:
    """Add files by the last part of their paths; where another file has that name, as ``train.csv (2)``.

    :param known: Name -> fingerprint.
    :param files: Path -> fingerprint.
    """
    data = dict(known)
    for path, digest in files.items():
        last = name = Path(path).name
        number = 1
        while data.setdefault(name, digest) != digest:
            number += 1
            name = f"{last} ({number})"
    return data


def _recipe(config: FinetuneConfig, origin: ModelSettings) -> dict[str, Any]:
    """Give the keys of a recipe; the base of a mean is that of its models."""
    base = origin.recipe.get("base", config.base) if config.average else config.base
    return asdict(config) | {"base": base}


def _taught_by(config: FinetuneConfig, origins: Sequence[ModelSettings]) -> dict[str, Any]:
    """Name the teachers' files that a model has learnt from, itself or before."""
    files = [file for settings in origins for file in settings.recipe.get("taught_by", ())]
    files = list(dict.fromkeys([*files, *config.pseudo]))
    return {"taught_by": files} if files else {}


def _pretraining(base: Path) -> dict[str, Any]:
    stages = pretraining_stages(base)
    return {"pretraining": stages} if stages else {}


def pretraining_stages(base: Path, later: Sequence[Path] = ()) -> list[dict[str, Any]]:
    """Give the recipes of the stages in which whyshare pretrained a base, the first one first.

    :param later: The folders of the stages that came after it.
    :raises InputError: If one of them is the base itself.
    """
    if base.resolve() in later:
        raise InputError(f"base {base} was pretrained from itself, as its recipe.json says; give another one")
    if (base / RECIPE).is_file():
        recipe = json.loads((base / RECIPE).read_text(encoding="utf-8"))
        return [*pretraining_stages(Path(recipe["base"]), (*later, base.resolve())), recipe]
    if (base / SETTINGS_FILE).is_file():  # a model folder, whose encoder was trained on
        known = json.loads((base / SETTINGS_FILE).read_text(encoding="utf-8"))["recipe"].get("pretraining", [])
        return [known] if isinstance(known, dict) else known  # the first models knew of one stage only
    return []
