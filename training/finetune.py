"""Fine-tune an encoder on annotated posts into a model folder: ``whyshare train RECIPE -o FOLDER``.

Here are the recipe and its steps. What it learns from is in ``examples.py``; the loop, in ``finetuning_loop.py``; what
turns the best checkpoint into a model folder, in ``folder.py``.
"""

import logging
import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    set_seed,
)

from ..data.annotated import Annotated
from ..data.errors import InputError
from ..data.fingerprints import file_fingerprint
from ..data.motives import MOTIVES
from ..models.bases import MINI, base_location, loading
from ..models.encoding import Encoder
from ..models.settings import ModelSettings, encoder_positions
from .average import average_models
from .examples import split_posts, training_examples, validation_examples
from .finetuning_loop import checkpoints_of, freeze, make_trainer, open_checkpoints, train_stage
from .folder import half_precision, move_bias, save_folder, settings_from_validation, settings_of, write_validation
from .machine import best_attention, keep_freed_memory
from .predict import predict_logits
from .settings import check_languages, check_ranges

log = logging.getLogger(__name__)

RANGES = {
    **dict.fromkeys(("epochs", "patience", "batch_size"), (1, math.inf)),
    **dict.fromkeys(("split_seed", "init_seed", "seed"), (0, 2**32 - 1)),
    **dict.fromkeys(("layers", "frozen_layers"), (0, math.inf)),
    **dict.fromkeys(("weight_decay", "class_weight_power"), (0, math.inf)),
    **dict.fromkeys(("warmup_share", "dropout", "target_accuracy", "teacher_share"), (0, 1)),
    **dict.fromkeys(("learning_rate", "layer_decay"), (1e-9, 1)),
}


@dataclass(frozen=True)
class FinetuneConfig:
    """The recipe of one model."""

    train: tuple[str, ...]  # annotated files
    extra: tuple[str, ...] = ()  # annotated files that are only trained on: no post of theirs is kept for validation
    repeats: tuple[int, ...] = ()  # how often an epoch goes through each of all these; once if nothing is said
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
    class_weight_power: float = 0.5  # 0: classes as they are, 1: all count the same
    secondary_share: float = 0.15  # what a second motive takes from the first
    target_accuracy: float = 0.85  # of the posts that are not marked uncertain
    pseudo: tuple[str, ...] = ()  # files that whyshare pseudo wrote, learnt from beside the annotated posts
    teacher_share: float = 0.5  # of the target of an annotated post that is in these files too
    split_seed: int = 13  # seeds the validation split, which teachers and students must share
    init_seed: int = 13  # seeds the new head; models with the same one can be averaged
    seed: int = 13  # seeds the order of the posts and dropout
    average: tuple[
        str, ...
    ] = ()  # nothing is trained: the weights, but for the head's bias, are the mean of these folders'

    def __post_init__(self) -> None:
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
        if "-" in self.train + self.extra:
            raise ValueError("train names standard input, which cannot be read again when a run goes on; save it first")
        if self.repeats and (len(self.repeats) != len(self.train + self.extra) or min(self.repeats) < 1):
            raise ValueError(
                f"repeats is {list(self.repeats)}; give one whole number from 1 on for each file of train and extra"
            )


def finetune(config: FinetuneConfig, folder: Path) -> ModelSettings:
    """Run the recipe and write the model folder.

    :param folder: Receives the model; checkpoints lie in ``FOLDER.checkpoints`` beside it until it is written. A run of
        the same recipe on the same files goes on from there.
    :return: The settings written, with the validation scores.
    :raises InputError: If a file or the base cannot be read, or there are too few posts.
    """
    keep_freed_memory()
    set_seed(config.init_seed)
    location = base_location(config.base)
    with loading(config.base):
        _check_base(config, AutoConfig.from_pretrained(location))
    posts, held = split_posts(config)
    _check_labels(posts)
    _warn_of_seen(config, Path(location))
    with loading(config.base):
        if config.average:
            model = average_models(config.average)
        else:
            model = freeze(load_classifier(location, config.dropout, config.layers), config.frozen_layers)
        tokenizer = AutoTokenizer.from_pretrained(config.average[0] if config.average else location)
    encoder = Encoder(tokenizer.backend_tokenizer, config.max_length)
    datasets = {"validation": validation_examples(held, encoder, config)}
    if not config.average:
        datasets["training"] = training_examples(posts, held, encoder, config)
        log.info("%d posts to train on, %d to validate on", len(datasets["training"]), len(held))
        checkpoints = open_checkpoints(checkpoints_of(folder), config)
        train_stage(make_trainer(config, model, tokenizer, datasets, checkpoints))
    half_precision(model)  # the trainer has put the best checkpoint back into it
    logits = move_bias(model, predict_logits(model, datasets["validation"]["input_ids"]), held)
    settings, probs = settings_from_validation(config, held, logits)
    save_folder(folder, config, model, tokenizer, settings)
    write_validation(folder, held, probs)
    shutil.rmtree(checkpoints_of(folder), ignore_errors=True)
    return settings


def _warn_of_seen(config: FinetuneConfig, base: Path) -> None:
    """Say so where the base has learnt posts that are validated on here: it was trained on them with another split."""
    known = settings_of(base)
    own = {Path(path).name: file_fingerprint(Path(path)) for path in config.train}
    theirs = {Path(path).name for path in known.recipe.get("train", ())}
    split = [known.recipe.get(key) for key in ("split_seed", "validation_share")]
    same = theirs == set(own) and split == [config.split_seed, config.validation_share]
    seen = [name for name, digest in own.items() if digest in known.data.values()]
    if seen and not same:
        log.warning(
            "%s was trained on posts of %s, of which some are validated on here: the scores and the confidence will look "
            "too good; start from an encoder instead", config.base, ", ".join(seen),
        )  # fmt: skip


def load_classifier(location: str, dropout: float, layers: int = 0) -> PreTrainedModel:
    """Load an encoder, or its lowest layers, under a head of eight named motives; a new one if it has none."""
    config = AutoConfig.from_pretrained(
        location,
        id2label={number: str(motive) for number, motive in enumerate(MOTIVES)},
        label2id={str(motive): number for number, motive in enumerate(MOTIVES)},
    )
    config.problem_type = "single_label_classification"
    if layers:
        config.num_hidden_layers = layers
        if getattr(config, "layer_types", None):  # of ModernBERT, one for each layer
            config.layer_types = config.layer_types[:layers]
    for name in ("hidden_dropout_prob", "mlp_dropout", "classifier_dropout"):
        if hasattr(config, name):
            setattr(config, name, dropout)
    return AutoModelForSequenceClassification.from_pretrained(
        location, config=config, attn_implementation=best_attention(), dtype=torch.float32, ignore_mismatched_sizes=True
    )  # the head of another task is left


def _check_base(config: FinetuneConfig, base: PreTrainedConfig) -> None:
    if config.layers > base.num_hidden_layers:
        raise InputError(f"layers is {config.layers}; base {config.base} has {base.num_hidden_layers}")
    kept = config.layers or base.num_hidden_layers
    if config.frozen_layers > kept:
        raise InputError(f"frozen_layers is {config.frozen_layers}; the model has {kept}")
    positions = encoder_positions(base.to_dict())
    if positions is not None and config.max_length > positions:
        raise InputError(
            f"max_length is {config.max_length}, base {config.base} has positions for {positions} tokens; lower it, or "
            "take another base"
        )


def _check_labels(posts: Sequence[Annotated]) -> None:
    missing = [str(motive) for motive in MOTIVES if motive not in {post.label for post in posts}]
    if len(missing) == len(MOTIVES) - 1:
        raise InputError("all training posts have the same motive; at least two are needed to learn a difference")
    if missing:
        log.warning("no training post has the motive %s; the model will hardly ever say so", ", ".join(missing))
