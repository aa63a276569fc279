"""The mean of several models' weights: as good as their ensemble at the cost of one (Wortsman et al., 2022)."""

from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification, PreTrainedModel

from ..data.errors import InputError
from ..data.fingerprints import file_fingerprint
from ..models.settings import ModelSettings


def common_max_length(folders: Sequence[str]) -> int:
    """Give the ``max_length`` of model folders that are to be averaged.

    :raises InputError: If one is no model folder, or they do not read a text as the same tokens.
    """
    readings = [_reading(Path(folder)) for folder in folders]
    for folder, own in zip(folders, readings, strict=True):
        if differing := [name for name in own if own[name] != readings[0][name]]:
            raise InputError(
                f"{folder} and {folders[0]} differ in {' and '.join(differing)}; average models that read alike"
            )
    return int(readings[0]["max_length"])


def _reading(folder: Path) -> dict[str, int | str]:
    settings = ModelSettings.load(folder)  # from_pretrained would ask the hub for what is not there
    return {"max_length": settings.max_length, "tokenizer.json": file_fingerprint(folder / "tokenizer.json")}


def average_models(folders: Sequence[str]) -> PreTrainedModel:
    """Load model folders that were fine-tuned from one base with one ``init_seed``, and average their weights.

    :raises InputError: If they are not of one architecture, or their weights not of the same shapes.
    """
    models = [AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32) for folder in folders]
    states = [model.state_dict() for model in models]
    shapes = [{name: tensor.shape for name, tensor in state.items()} for state in states]
    for folder, model, own in zip(folders, models, shapes, strict=True):
        if type(model) is not type(models[0]) or own != shapes[0]:
            raise InputError(f"{folder} and {folders[0]} have weights of other shapes; average models of one base")
    mean = {name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]}
    models[0].load_state_dict(mean)
    return models[0]
