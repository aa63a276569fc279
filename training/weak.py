"""Weak labels of a corpus as many small tasks, learnt beside the masked words.

Sources brought labels of their own: a subreddit, an emotion, a crisis category, rumour or not. None is a motive, but
what tells them apart often tells motives apart too. Each source is one task: its labels compete with each other only.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import torch

from .corpus import CorpusText


@dataclass(frozen=True)
class WeakTasks:
    """The classes of all tasks in one list: pairs of source and label."""

    classes: tuple[tuple[str, str], ...]

    @classmethod
    def count(cls, texts: Iterable[CorpusText], min_texts: int) -> Self:
        """Take the labels that at least ``min_texts`` texts carry, of sources that then tell two or more apart."""
        counts = Counter((text.source, text.weak_label) for text in texts if text.weak_label is not None)
        kept = [(source, label) for (source, label), n in counts.items() if n >= min_texts and label is not None]
        choices = Counter(source for source, _ in kept)
        return cls(tuple(sorted(pair for pair in kept if choices[pair[0]] > 1)))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Load what :meth:`save` wrote."""
        return cls(tuple((source, label) for source, label in json.loads(path.read_text(encoding="utf-8"))))

    def save(self, path: Path) -> None:
        """Save as JSON."""
        path.write_text(json.dumps(self.classes, ensure_ascii=False, indent=0), encoding="utf-8")

    def numbers(self) -> dict[tuple[str, str | None], int]:
        """Give the class number of a source and a label."""
        return {pair: number for number, pair in enumerate(self.classes)}

    def rivals(self) -> torch.Tensor:
        """Give which classes share a task; shape (classes, classes), boolean."""
        sources = {source: number for number, source in enumerate(dict.fromkeys(source for source, _ in self.classes))}
        tasks = torch.tensor([sources[source] for source, _ in self.classes])
        return tasks[:, None] == tasks[None, :]


def weak_loss(logits: torch.Tensor, class_ids: torch.Tensor, rivals: torch.Tensor) -> torch.Tensor:
    """Give the mean cross-entropy within each text's own task, in nats.

    :param logits: Shape (texts, classes).
    :param class_ids: Shape (texts,).
    :param rivals: What :meth:`WeakTasks.rivals` gave.
    """
    return torch.nn.functional.cross_entropy(logits.masked_fill(~rivals[class_ids], -torch.inf), class_ids)
