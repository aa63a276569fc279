"""The loop of masked-language training, beside which replaced tokens and the weak labels of the posts are learnt.

Masks are drawn anew at every step, and batches hold a number of tokens, not of posts. It runs on a GPU or on two CPU
cores, in bfloat16 on either, and goes on where it was stopped.
"""

import json
import logging
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.tensorboard import SummaryWriter
from transformers import BertForPreTraining

from ..data.whole_files import written_whole
from .masking import PackedTexts, TokenIds, mask_batch, token_budget_batches
from .optimizer import decay_groups
from .outputs import SAVE_SECONDS
from .pretrain_config import PretrainConfig
from .replaced import REPLACED, ReplacedTokens, draw
from .weak import weak_loss

log = logging.getLogger(__name__)


def train(
    config: PretrainConfig, model: BertForPreTraining, packed: PackedTexts, token_ids: TokenIds,
    rivals: torch.Tensor, folder: Path, checkpoint: Path,
) -> None:  # fmt: skip
    """Pass once over the texts; a hundredth of them is kept for validation."""
    rng = np.random.default_rng(config.seed)
    order = rng.permutation(len(packed))
    validation, training = order[: len(order) // 100], order[len(order) // 100 :]
    batches = token_budget_batches(packed.lengths, training, config.batch_tokens, rng)
    groups = decay_groups(model.parameters(), config.weight_decay)
    optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.98), fused=True)
    warmup = max(1, int(config.warmup_share * len(batches)))
    cooldown = max(1, len(batches) - warmup)  # a small corpus is a single batch
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warmup, max(0.0, (len(batches) - step) / cooldown))
    )
    first = 0
    if checkpoint.is_file():
        state = torch.load(checkpoint, map_location=model.device, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        first = state["step"]
    weights = {"loss": 1.0, "replaced_loss": config.replaced_weight, "weak_loss": config.weak_weight}
    model.train()
    _cut_log(folder / "log.jsonl", first)
    writer = SummaryWriter(str(folder / "tensorboard"), purge_step=first + 1)
    started = saved = time.monotonic()
    seen = 0
    losses: list[dict[str, float]] = []
    for step in range(first, len(batches)):
        batch_rng = np.random.default_rng((config.seed, step))  # masks do not depend on where a run was resumed
        batch = batch_losses(model, packed, batches[step], config.mask_share, token_ids, batch_rng, rivals)
        torch.stack([weights[name] * loss for name, loss in batch.items()]).sum().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        schedule.step()
        losses.append({name: loss.item() for name, loss in batch.items()})
        seen += int(packed.lengths[batches[step]].sum())
        if (step + 1) % 50 == 0 or step + 1 == len(batches):
            rate = seen / (time.monotonic() - started)
            entry = {"step": step + 1, "of": len(batches), **_mean_losses(losses), "tokens_per_s": round(rate)}
            _record(folder / "log.jsonl", writer, entry)
            losses.clear()
        if time.monotonic() - saved > SAVE_SECONDS:
            _save_checkpoint(checkpoint, model, optimizer, schedule, step + 1)
            saved = time.monotonic()
    _save_checkpoint(checkpoint, model, optimizer, schedule, len(batches))
    scores = validate(config, model, packed, token_ids, rivals, validation)
    entry = {"step": len(batches), **{f"validation_{name}": value for name, value in scores.items()}}
    _record(folder / "log.jsonl", writer, entry)
    writer.close()


def batch_losses(
    model: BertForPreTraining, packed: PackedTexts, indices: NDArray[np.int64], mask_share: float,
    token_ids: TokenIds, rng: np.random.Generator, rivals: torch.Tensor,
) -> dict[str, torch.Tensor]:  # fmt: skip
    """Mask a batch and give the mean cross-entropy, in nats, of its masked tokens and of its weak labels.

    A model with :class:`ReplacedTokens` lets its generator fill these in, and reads what comes of it.
    """
    batch = mask_batch(packed, indices, mask_share, token_ids, rng)
    device = model.device
    input_ids = torch.from_numpy(batch.input_ids).to(device)
    attention_mask = torch.from_numpy(batch.attention_mask).to(device)
    chosen = torch.from_numpy(batch.chosen).to(device)
    targets = torch.from_numpy(batch.targets).to(device)
    weak = torch.from_numpy(packed.weak[indices].astype(np.int64)).to(device)
    labelled = weak >= 0
    detector: ReplacedTokens | None = getattr(model, REPLACED, None)
    with torch.autocast(device.type, torch.bfloat16):
        output = (detector.generator if detector else model.bert)(input_ids, attention_mask=attention_mask)
        logits = model.cls.predictions(output.last_hidden_state[chosen])  # only masked tokens pay for the softmax
        losses = {"loss": torch.nn.functional.cross_entropy(logits, targets)}
        if detector:
            drawn = draw(logits, int(rng.integers(2**63)))
            replaced = chosen.masked_scatter(chosen, drawn != targets)
            filled_in = input_ids.masked_scatter(chosen, drawn)
            output = model.bert(filled_in, attention_mask=attention_mask)
            losses["replaced_loss"] = detector.loss(output.last_hidden_state, replaced, attention_mask)
        losses["weak_loss"] = losses["loss"].new_zeros(())
        if labelled.any():
            said = model.cls.seq_relationship(output.pooler_output[labelled])
            losses["weak_loss"] = weak_loss(said, weak[labelled], rivals)
    return losses


@torch.no_grad()
def validate(
    config: PretrainConfig, model: BertForPreTraining, packed: PackedTexts, token_ids: TokenIds,
    rivals: torch.Tensor, indices: NDArray[np.int64],
) -> dict[str, float]:  # fmt: skip
    """Give the losses on texts that were not trained on."""
    model.eval()
    rng = np.random.default_rng(config.seed)
    batches = token_budget_batches(packed.lengths, indices, config.batch_tokens, rng)
    losses = [batch_losses(model, packed, batch, config.mask_share, token_ids, rng, rivals) for batch in batches]
    return _mean_losses([{name: loss.item() for name, loss in batch.items()} for batch in losses])


def _mean_losses(losses: list[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([batch[name] for batch in losses])) for name in losses[0]}


def _save_checkpoint(
    path: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LambdaLR, step: int,
) -> None:  # fmt: skip
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()}
    with written_whole(path) as temporary:
        torch.save(state | {"step": step}, temporary)


def _cut_log(path: Path, step: int) -> None:
    """Take out of the log what comes again: whatever a run wrote behind its last checkpoint, and the validation."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.is_file() else []
    whole = [(line, json.loads(line)) for line in lines if line.endswith("\n")]  # a kill may leave half of the last
    kept = "".join(line for line, entry in whole if "of" in entry and entry["step"] <= step)
    with written_whole(path) as temporary:
        temporary.write_text(kept, encoding="utf-8")


def _record(path: Path, writer: SummaryWriter, entry: dict[str, float]) -> None:
    log.info(
        " ".join(f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}" for key, value in entry.items())
    )
    with path.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(entry) + "\n")
    for key, value in entry.items():
        if key not in {"step", "of"}:
            writer.add_scalar(f"pretrain/{key}", value, entry["step"])
