"""Run a classifier with torch: over token ids in the order they are given, or a model folder over texts."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModelForSequenceClassification, PreTrainedModel

from ..data.language import detect_language
from ..data.motives import MOTIVES
from ..models.calibration import calibrated
from ..models.encoding import Encoder
from ..models.settings import ModelSettings
from .machine import best_attention, best_device, keep_few_kernels

BATCH = 64


@torch.no_grad()
def predict_logits(model: PreTrainedModel, input_ids: Sequence[list[int]]) -> NDArray[np.float32]:
    """Give the logits of posts in their order and in single precision, shape (posts, 8).

    ``Trainer.predict`` would shuffle them: it groups by length here too.
    """
    model.eval()
    order = sorted(range(len(input_ids)), key=lambda k: len(input_ids[k]))
    logits = np.zeros((len(input_ids), len(MOTIVES)), dtype=np.float32)
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        rows = [torch.tensor(input_ids[k]) for k in chosen]
        ids = pad_sequence(rows, batch_first=True, padding_value=model.config.pad_token_id or 0)
        mask = pad_sequence([torch.ones_like(row) for row in rows], batch_first=True)
        answer = model(input_ids=ids.to(model.device), attention_mask=mask.to(model.device)).logits
        logits[chosen] = answer.float().cpu().numpy()
    return logits


def model_probabilities(folder: Path, texts: Sequence[str], bfloat16: bool = False) -> NDArray[np.floating]:
    """Give what a model folder says of clean texts, calibrated, shape (texts, 8).

    :param bfloat16: Half precision, which is faster and less exact.
    """
    keep_few_kernels()
    settings = ModelSettings.load(folder)
    encoded = Encoder.load(folder, settings.max_length).encode_clean(texts)
    device = best_device()
    model = AutoModelForSequenceClassification.from_pretrained(
        folder, attn_implementation=best_attention(), dtype=torch.float32
    ).to(device)
    with torch.autocast(device, dtype=torch.bfloat16, enabled=bfloat16):
        logits = predict_logits(model, [item.ids for item in encoded])
    return calibrated(logits, [detect_language(text) for text in texts], settings.temperature)
