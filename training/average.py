"""The mean of several models' weights: as good as their ensemble at the cost of one (Wortsman et al., 2022)."""

from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification, PreTrainedModel

from ..data.errors import InputError
from ..models.settings import ModelSettings


def average_models(folders: Sequence[str]) -> PreTrainedModel:
    """Load model folders that were fine-tuned from one base with one ``init_seed``, and average their weights.

    :raises InputError: If one is no model folder, or their weights are not of the same shapes.
    """
    for folder in folders:
        ModelSettings.load(Path(folder))  # from_pretrained would ask the hub for what is not there
    models = [AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32) for folder in folders]
    states = [model.state_dict() for model in models]
    shapes = [{name: tensor.shape for name, tensor in state.items()} for state in states]
    for folder, own in zip(folders, shapes, strict=True):
        if own != shapes[0]:
            raise InputError(f"{folder} and {folders[0]} have weights of other shapes; average models of one base")
    mean = {name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]}
    models[0].load_state_dict(mean)
    return models[0]
