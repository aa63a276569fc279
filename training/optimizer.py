"""Which parameters weight decay draws to zero, in every training."""

from collections.abc import Iterable
from typing import Any

from torch.nn import Parameter


def decay_groups(parameters: Iterable[Parameter], weight_decay: float) -> list[dict[str, Any]]:
    """Group parameters for AdamW: matrices decay, biases and norms, which have one dimension, do not."""
    decayed: list[Parameter] = []
    spared: list[Parameter] = []
    for parameter in parameters:
        (decayed if parameter.ndim > 1 else spared).append(parameter)
    groups: list[dict[str, Any]] = [
        {"params": decayed, "weight_decay": weight_decay},
        {"params": spared, "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]
