"""Batches for masked-language training: many texts in one flat array, masked by whole words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from ..data.whole_files import written_whole


@dataclass(frozen=True)
class PackedTexts:
    """The token ids of many texts in one array, which a laptop can hold.

    ``ids`` and ``starts`` have shape (tokens,); ``starts`` is true where a word begins; text ``i`` is
    ``ids[offsets[i] : offsets[i + 1]]``. ``weak`` has shape (texts,): the number of the text's weak label, or -1.
    """

    ids: NDArray[np.int32]
    starts: NDArray[np.bool_]
    offsets: NDArray[np.int64]
    weak: NDArray[np.int32]

    @classmethod
    def pack(cls, texts: Iterable[tuple[list[int], list[bool], int]]) -> Self:
        """Pack token ids, word starts and the number of the weak label."""
        ids, starts = [np.empty(0, np.int32)], [np.empty(0, np.bool_)]  # there may be no text
        lengths, weak = [0], []
        for token_ids, word_starts, weak_label in texts:
            ids.append(np.array(token_ids, dtype=np.int32))
            starts.append(np.array(word_starts, dtype=np.bool_))
            lengths.append(len(token_ids))
            weak.append(weak_label)
        return cls(
            np.concatenate(ids), np.concatenate(starts), np.cumsum(lengths, dtype=np.int64), np.array(weak, np.int32)
        )

    def save(self, path: Path) -> None:
        """Save to a NumPy archive, whole or not at all."""
        with written_whole(path) as temporary, temporary.open("wb") as file:
            np.savez(file, ids=self.ids, starts=self.starts, offsets=self.offsets, weak=self.weak)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Load what :meth:`save` wrote."""
        with np.load(path) as arrays:
            return cls(arrays["ids"], arrays["starts"], arrays["offsets"], arrays["weak"])

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each text, shape (texts,)."""
        return np.diff(self.offsets)

    @property
    def tokens(self) -> int:
        """Tokens of all texts."""
        return len(self.ids)

    def frequencies(self, vocabulary_size: int) -> NDArray[np.float32]:
        """Share of each id among the tokens, add-one smoothed; shape (vocabulary,)."""
        counts = np.bincount(self.ids, minlength=vocabulary_size) + 1.0
        return (counts / counts.sum()).astype(np.float32)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __iter__(self) -> Iterator[list[int]]:
        for start, end in zip(self.offsets[:-1], self.offsets[1:], strict=True):
            yield self.ids[start:end].tolist()


@dataclass(frozen=True)
class TokenIds:
    """What masking must know of a vocabulary: the ids of padding and of the mask, and all ids that are not special."""

    pad: int
    mask: int
    ordinary: NDArray[np.int64]

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerBase) -> Self:
        """Read them from a tokenizer."""
        ordinary = np.setdiff1d(np.arange(len(tokenizer)), tokenizer.all_special_ids)
        return cls(int(tokenizer.pad_token_id), int(tokenizer.mask_token_id), ordinary)


@dataclass(frozen=True)
class MaskedBatch:
    """``input_ids`` and ``attention_mask`` (texts, length), ``chosen`` likewise, ``targets`` (chosen tokens,)."""

    input_ids: NDArray[np.int64]
    attention_mask: NDArray[np.int64]
    chosen: NDArray[np.bool_]
    targets: NDArray[np.int64]


def token_budget_batches(
    lengths: NDArray[np.int64], indices: NDArray[np.int64], batch_tokens: int, rng: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Cut shuffled texts into batches of like lengths that hold at most ``batch_tokens`` with their padding.

    Texts are sorted by length only within pools of about 64 batches, so the order stays random.
    """
    shuffled = rng.permutation(indices)
    pool_size = max(1, int(64 * batch_tokens / max(1.0, float(lengths[indices].mean()))))
    batches = []
    for start in range(0, len(shuffled), pool_size):
        pool = shuffled[start : start + pool_size]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batch: list[int] = []
        for index in pool:
            if batch and (len(batch) + 1) * lengths[index] > batch_tokens:  # sorted: this text is the longest
                batches.append(np.array(batch))
                batch = []
            batch.append(index)
        batches.append(np.array(batch))
    return [batches[number] for number in rng.permutation(len(batches))]


def mask_batch(
    packed: PackedTexts, indices: NDArray[np.int64], mask_share: float, token_ids: TokenIds, rng: np.random.Generator
) -> MaskedBatch:
    """Choose whole words and hide them: 80% become the mask, 10% a random piece, 10% stay (Devlin et al., 2019).

    Special tokens are never chosen and never drawn.
    """
    longest = int(packed.lengths[indices].max())
    input_ids = np.full((len(indices), longest), token_ids.pad, dtype=np.int64)
    starts = np.zeros((len(indices), longest), dtype=np.bool_)
    for row, index in enumerate(indices):
        begin, end = packed.offsets[index], packed.offsets[index + 1]
        input_ids[row, : end - begin] = packed.ids[begin:end]
        starts[row, : end - begin] = packed.starts[begin:end]
    words = np.cumsum(starts, axis=1, dtype=np.int64)  # (texts, length): which word of its text a token belongs to
    drawn = rng.random((len(indices), longest + 1)) < mask_share
    ordinary = np.isin(input_ids, token_ids.ordinary, kind="table")
    chosen = drawn[np.arange(len(indices))[:, None], words] & ordinary
    if not chosen.any():
        chosen = ordinary
    targets = input_ids[chosen]
    fate = rng.random(len(targets))
    replaced = np.where(fate < 0.8, token_ids.mask, targets)
    any_piece = token_ids.ordinary[rng.integers(len(token_ids.ordinary), size=len(targets))]
    replaced = np.where(fate >= 0.9, any_piece, replaced)
    attention_mask = (input_ids != token_ids.pad).astype(np.int64)
    input_ids[chosen] = replaced
    return MaskedBatch(input_ids, attention_mask, chosen, targets)
