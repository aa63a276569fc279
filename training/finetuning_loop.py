"""The loop of fine-tuning: the Hugging Face ``Trainer``, its layer-wise rates, and the checkpoints that it goes on from."""

import logging
import math
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from sklearn.metrics import accuracy_score, f1_score
from torch.utils.data import Sampler
from transformers import (
    DataCollatorWithPadding,
    EarlyStoppingCallback,
    EvalPrediction,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)
from transformers.trainer_pt_utils import LengthGroupedSampler
from transformers.trainer_utils import get_last_checkpoint

from ..data.whole_files import write_json
from .finetune_config import FinetuneConfig
from .machine import best_device
from .optimizer import decay_groups
from .outputs import RECIPE, SAVE_SECONDS, check_same_run
from .settings import input_fingerprints

log = logging.getLogger(__name__)

LOG_STEPS = 50  # between two lines of the log; an epoch of fewer steps has one
_WHOLE = "trainer_state.json"  # what the Trainer writes last into a checkpoint


def checkpoints_of(folder: Path) -> Path:
    """Name the folder of checkpoints beside that of the model."""
    return folder.with_name(folder.name + ".checkpoints")


def recipe_with_files(config: FinetuneConfig) -> dict[str, Any]:
    """Give what checkpoints are made by: the recipe, and the fingerprints of its files and of what it starts from."""
    names = (*config.train, *config.extra, *config.validation, *config.pseudo)
    return asdict(config) | {"files": input_fingerprints(names, config.origins())}


def check_unfinished(folder: Path, made_by: Mapping[str, Any]) -> None:
    """Refuse to drop what a stopped training has done.

    :param made_by: What is to be trained now, of :func:`recipe_with_files`.
    :raises InputError: If the checkpoints there are of another recipe, or of files or a base that have changed since.
    """
    check_same_run(folder, made_by, [f"checkpoint-*/{_WHOLE}"])


def open_checkpoints(folder: Path, made_by: Mapping[str, Any]) -> None:
    """Make the folder of checkpoints, or take up one that :func:`check_unfinished` lets pass."""
    if last_checkpoint(folder) is None:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / RECIPE, made_by)


def last_checkpoint(folder: Path) -> str | None:
    """Find the newest checkpoint; a torso that a stop left is removed."""
    for torso in (path for path in folder.glob("checkpoint-*") if not (path / _WHOLE).is_file()):
        shutil.rmtree(torso)
    return get_last_checkpoint(folder) if folder.is_dir() else None


def train_stage(trainer: Trainer) -> list[dict[str, float]]:
    """Train, or go on from the last checkpoint.

    :return: What was logged on the way, in order.
    """
    last = last_checkpoint(Path(str(trainer.args.output_dir)))
    if last:
        log.info("going on from %s", last)
    trainer.train(resume_from_checkpoint=last)
    # It has wrapped the model's forward in autocast: what is measured from here on would be of bfloat16.
    trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
    return trainer.state.log_history


def freeze(model: PreTrainedModel, layers: int) -> None:
    """Keep the embeddings and the lowest layers of a classifier as they are, in place; nothing where ``layers`` is 0."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not layers or _height(name, layers) > layers)


def make_trainer(
    config: FinetuneConfig, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase,
    datasets: dict[str, Dataset], checkpoints: Path,
) -> Trainer:  # fmt: skip
    """Set up the ``Trainer``: soft cross-entropy, layer-wise rates, early stopping on macro-F1."""

    def loss(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(outputs.logits.float(), labels)

    def metrics(prediction: EvalPrediction) -> dict[str, float]:
        gold = np.asarray(prediction.label_ids).argmax(-1)
        guess = np.asarray(prediction.predictions).argmax(-1)
        return {"macro_f1": f1_score(gold, guess, average="macro"), "accuracy": accuracy_score(gold, guess)}

    arguments = TrainingArguments(
        output_dir=str(checkpoints),
        num_train_epochs=config.epochs,
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=64,
        learning_rate=config.learning_rate,
        warmup_steps=config.warmup_share,
        lr_scheduler_type="linear",
        restore_callback_states_from_checkpoint=True,  # or patience would be counted from 0 again
        metric_for_best_model="macro_f1",
        logging_steps=min(LOG_STEPS, math.ceil(len(datasets["training"]) / config.batch_size)),
        seed=config.seed,
        data_seed=config.seed,
        label_names=["labels"],
        **common_arguments(),
    )
    optimizer = torch.optim.AdamW(layerwise_rates(model, config), fused=True)
    return EpochTrainer(
        model=model,
        args=arguments,
        train_dataset=datasets["training"],
        eval_dataset=datasets["validation"],
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=metrics,
        compute_loss_func=loss,
        optimizers=(optimizer, None),
        callbacks=[EarlyStoppingCallback(config.patience), SaveBetweenEpochs()],
    )


def common_arguments() -> dict[str, Any]:
    """Give the arguments of the ``Trainer`` for any task: posts of like length together, the best epoch kept."""
    return {
        "bf16": True,
        "train_sampling_strategy": "group_by_length",
        "length_column_name": "length",
        "eval_strategy": "epoch",
        "save_strategy": "epoch",
        "save_total_limit": 1,
        "load_best_model_at_end": True,
        "use_cpu": best_device() == "cpu",
        "dataloader_pin_memory": best_device() == "cuda",
        "report_to": "none",
    }


class EpochSampler(Sampler[int]):
    """Deal the posts anew in every epoch, by seed and epoch alone: a run that was stopped within one goes on in its order."""

    def __init__(self, sampler: LengthGroupedSampler, state: Callable[[], TrainerState], seed: int) -> None:
        self.sampler, self.state, self.seed = sampler, state, seed

    def __len__(self) -> int:
        return len(self.sampler)

    def __iter__(self) -> Iterator[int]:
        epoch = int(self.state().epoch or 0)  # a checkpoint's stands within one
        mixed = np.random.SeedSequence([self.seed, epoch]).generate_state(1, np.uint64)  # no sum: 13 + 1 is 14 + 0
        self.sampler.generator = torch.Generator().manual_seed(int(mixed[0]))
        return iter(self.sampler)


class EpochTrainer(Trainer):
    """The ``Trainer``, but for the order of the posts."""

    def _get_train_sampler(self, *args: Any, **kwargs: Any) -> EpochSampler:
        sampler = super()._get_train_sampler(*args, **kwargs)
        assert isinstance(sampler, LengthGroupedSampler)  # as train_sampling_strategy says
        return EpochSampler(sampler, lambda: self.state, self.args.seed)


class SaveBetweenEpochs(TrainerCallback):
    """Save every :data:`SAVE_SECONDS` within an epoch; its end, where the model is measured, is saved anyway."""

    saved = 0.0

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        """Start the clock."""
        self.saved = time.monotonic()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> TrainerControl:
        """Ask for a checkpoint where it is time."""
        within = state.global_step % (state.max_steps // int(args.num_train_epochs))
        if within and time.monotonic() - self.saved >= SAVE_SECONDS:
            control.should_save = True
        return control

    def on_save(self, *_: Any, **__: Any) -> None:
        """Start the clock anew."""
        self.saved = time.monotonic()


def layerwise_rates(model: PreTrainedModel, config: FinetuneConfig) -> list[dict[str, Any]]:
    """Give every parameter its rate and its decay: the head the full rate, each layer below less, the embeddings the least.

    The head comes first, since the Trainer logs the rate of the first group.
    """
    depth = int(model.config.num_hidden_layers)
    groups: dict[int, list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups.setdefault(_height(name, depth), []).append(parameter)
    return [
        group | {"lr": config.learning_rate * config.layer_decay ** (depth + 1 - height)}
        for height, parameters in sorted(groups.items(), reverse=True)
        for group in decay_groups(parameters, config.weight_decay)
    ]


def _height(name: str, depth: int) -> int:
    """Tell where a parameter lies: 0 in the embeddings, 1 in the lowest layer, ``depth`` + 1 in the head."""
    layer = re.search(r"\blayers?\.(\d+)\.", name)
    if layer:
        return int(layer[1]) + 1
    return 0 if "embed" in name or "relative_attention_bias" in name else depth + 1  # the latter is MPNet's
