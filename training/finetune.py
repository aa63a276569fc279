"""Fine-tune an encoder on annotated posts into a model folder: ``whyshare train RECIPE -o FOLDER``.

Here are its steps. The recipe is in ``finetune_config.py``; what it learns from, in ``examples.py``; the loop, in
``finetuning_loop.py``; what turns the best checkpoint into a model folder, in ``folder.py``.
"""

import logging
import shutil
from collections.abc import Sequence
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
from ..models.bases import base_location, loading
from ..models.encoding import Encoder
from ..models.settings import ModelSettings
from .average import average_models
from .examples import split_posts, training_examples, validation_examples
from .finetune_config import FinetuneConfig
from .finetuning_loop import checkpoints_of, freeze, make_trainer, open_checkpoints, train_stage
from .folder import FEW, half_precision, move_bias, save_folder, settings_from_validation, settings_of, write_validation
from .machine import best_attention, keep_freed_memory
from .predict import predict_logits
from .settings import check_positions

log = logging.getLogger(__name__)


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
    _warn_of_seen(config, config.base, Path(location), "start from an encoder instead")
    for averaged in config.average:
        _warn_of_seen(config, averaged, Path(averaged), "average models with this recipe's split instead")
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
        if len(held) < FEW:
            log.warning(
                "%d posts to validate on are so few that the checkpoint is chosen by chance; annotate more", len(held)
            )
        checkpoints = open_checkpoints(checkpoints_of(folder), config)
        train_stage(make_trainer(config, model, tokenizer, datasets, checkpoints))
    half_precision(model)  # the trainer has put the best checkpoint back into it
    logits = move_bias(model, predict_logits(model, datasets["validation"]["input_ids"]), held)
    settings, probs = settings_from_validation(config, held, logits)
    save_folder(folder, config, model, tokenizer, settings)
    write_validation(folder, held, probs)
    shutil.rmtree(checkpoints_of(folder), ignore_errors=True)
    return settings


def _warn_of_seen(config: FinetuneConfig, name: str, model: Path, instead: str) -> None:
    """Say so where a model has learnt posts that are validated on here: it was trained on them with another split.

    :param model: The folder of the base, or of one of the models that are averaged.
    :param instead: What to do about it.
    """
    known = settings_of(model)
    own = {Path(path).name: file_fingerprint(Path(path)) for path in config.train}
    theirs = {Path(path).name for path in known.recipe.get("train", ())}
    split = [known.recipe.get(key) for key in ("split_seed", "validation_share")]
    same = theirs == set(own) and split == [config.split_seed, config.validation_share]
    seen = [name for name, digest in own.items() if digest in known.data.values()]
    if seen and not same:
        log.warning(
            "%s was trained on posts of %s, of which some are validated on here: the scores and the confidence will look "
            "too good; %s", name, ", ".join(seen), instead,
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
    check_positions(config.max_length, config.base, base.to_dict())


def _check_labels(posts: Sequence[Annotated]) -> None:
    missing = [str(motive) for motive in MOTIVES if motive not in {post.label for post in posts}]
    if len(missing) == len(MOTIVES) - 1:
        raise InputError("all training posts have the same motive; at least two are needed to learn a difference")
    if missing:
        log.warning("no training post has the motive %s; the model will hardly ever say so", ", ".join(missing))
