"""Run a classifier over token ids with torch, in the order they are given."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedModel

from ..data.motives import MOTIVES

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
