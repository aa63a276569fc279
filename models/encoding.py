"""From raw text to token ids: the one path that training and inference share."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tokenizers import Tokenizer

from ..data.cleaning import clean
from .settings import loading_model


@dataclass(frozen=True, slots=True)
class Encoded:
    """One text as the model reads it: at most ``max_length`` ids, special ones included."""

    ids: list[int]
    truncated: bool


class Encoder:
    """Clean and tokenise; a long text keeps its head and its tail, where posts put the point and the call.

    :param tokenizer: Must add the model's special tokens by itself, one before and one after the text.
    :param max_length: In tokens, special ones included.
    """

    def __init__(self, tokenizer: Tokenizer, max_length: int) -> None:
        self.tokenizer = tokenizer
        self.max_length = max_length
        tokenizer.no_truncation()
        tokenizer.no_padding()

    @classmethod
    def load(cls, folder: Path, max_length: int) -> Self:
        """Load ``tokenizer.json`` of a model folder.

        :raises InputError: If it is damaged.
        """
        with loading_model(folder):
            return cls(Tokenizer.from_file(str(folder / "tokenizer.json")), max_length)

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode raw texts; see :meth:`encode_clean`."""
        return self.encode_clean([clean(text) for text in texts])

    def encode_clean(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode texts that :func:`~whyshare.data.cleaning.clean` has cleaned, in parallel."""
        keep = 20 * self.max_length  # characters at each end; what lies between is cut before it costs time
        shortened = [text if len(text) <= 2 * keep else f"{text[:keep]} {text[-keep:]}" for text in texts]
        encodings = self.tokenizer.encode_batch_fast(shortened)
        return [
            Encoded(self._ends(encoding.ids), truncated=len(encoding.ids) > self.max_length or len(text) > 2 * keep)
            for text, encoding in zip(texts, encodings, strict=True)
        ]

    def _ends(self, ids: list[int]) -> list[int]:
        if len(ids) <= self.max_length:
            return ids
        head = (self.max_length + 1) // 2
        return ids[:head] + ids[head - self.max_length :]
