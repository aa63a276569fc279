"""The recipe of fine-tuning: what ``whyshare train`` reads, with its defaults and ranges."""

import math
from dataclasses import dataclass

from ..models.bases import MINI, base_location
from .settings import check_languages, check_ranges

RANGES = {
    **dict.fromkeys(("epochs", "patience", "batch_size"), (1, math.inf)),
    **dict.fromkeys(("split_seed", "init_seed", "seed"), (0, 2**32 - 1)),
    **dict.fromkeys(("layers", "frozen_layers"), (0, math.inf)),
    **dict.fromkeys(("weight_decay", "class_weight_power"), (0, math.inf)),
    **dict.fromkeys(("dropout", "attention_dropout", "target_accuracy", "teacher_share", "additions_share"), (0, 1)),
    **dict.fromkeys(("learning_rate", "layer_decay"), (1e-9, 1)),
    "warmup_share": (0, 0.99),  # 1 would be taken for one step
}


@dataclass(frozen=True)
class FinetuneConfig:
    """The recipe of one model."""

    train: tuple[str, ...]  # annotated files
    extra: tuple[str, ...] = ()  # annotated files that are only trained on: no post of theirs is kept for validation
    repeats: tuple[int, ...] = ()  # how often an epoch goes through each of all these; once if nothing is said
    validation: tuple[str, ...] = ()  # annotated files that are validated on, in the place of a share of train
    text_column: tuple[str, ...] = ()  # of all these files, where it has an unusual name; several are read together
    label_column: str = ""
    label_map: tuple[str, ...] = ()  # other names of the motives, as "theirs=ours"
    name: str = "my-model"
    base: str = MINI  # the bundled model, a package, a folder or a hub name
    languages: tuple[str, ...] = ()  # of the posts that are learnt from and validated on; all of them without it
    layers: int = 0  # the base's lowest layers that are kept, for a smaller and faster model; all of them without it
    frozen_layers: int = 0  # the lowest of these, and the embeddings, stay as they are, which saves their backward pass
    validation_share: float = 0.1
    max_length: int = 128  # tokens, special ones included
    epochs: int = 5
    patience: int = 2  # epochs without a better macro-F1 on validation before it stops
    batch_size: int = 32
    learning_rate: float = 1e-4
    layer_decay: float = 0.9  # each layer learns slower than the one above it by this factor
    warmup_share: float = 0.1
    weight_decay: float = 0.01
    dropout: float = 0.1
    attention_dropout: float | None = None  # of the weights of attention; as dropout without it
    class_weight_power: float = 0.5  # 0: classes as they are, 1: all count the same
    secondary_share: float = 0.15  # what a second motive takes from the first
    target_accuracy: float = 0.85  # of the posts that are not marked uncertain
    additions_share: float = 0.0  # of the training posts, which get what is no part of them: hashtags, a date, counts
    pseudo: tuple[str, ...] = ()  # files that whyshare pseudo wrote, learnt from beside the annotated posts
    teacher_share: float = 0.5  # of the target of an annotated post that is in these files too
    split_seed: int = 13  # seeds the validation split, which teachers and students must share
    init_seed: int = 13  # seeds the new head; models with the same one can be averaged
    seed: int = 13  # seeds the order of the posts, their additions and dropout
    average: tuple[str, ...] = ()  # nothing is trained: the weights, but for the head's bias, are these folders' mean

    def __post_init__(self) -> None:
        if self.attention_dropout is None:
            object.__setattr__(self, "attention_dropout", self.dropout)  # what is written down is what is done
        check_ranges(self, RANGES)
        check_languages(self.languages)
        if self.max_length < 8:
            raise ValueError(f"max_length is {self.max_length}; at least 8 tokens are needed")
        if not 0 < self.validation_share < 0.5:
            raise ValueError(f"validation_share is {self.validation_share}; a share below 0.5 is needed")
        if not 0 <= self.secondary_share < 0.5:
            raise ValueError(f"secondary_share is {self.secondary_share}; less than 0.5 can go to the second motive")
        if not self.train:
            raise ValueError("train names no file; give at least one annotated file")
        if "-" in self.train + self.extra + self.validation:
            raise ValueError("standard input (-) cannot be read again when a run goes on; save it to a file first")
        if self.repeats and (len(self.repeats) != len(self.train + self.extra) or min(self.repeats) < 1):
            raise ValueError(
                f"repeats is {list(self.repeats)}; give one whole number from 1 on for each file of train and extra"
            )

    def origins(self) -> dict[str, str]:
        """Give what the weights start from, the base or the models that are averaged: its name here -> where it lies.

        :raises InputError: If there is no such base.
        """
        return {name: name for name in self.average} or {self.base: base_location(self.base)}
