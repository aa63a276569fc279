"""Label chunks of texts into parts, and read parts back as labels."""

import threading
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from ..data.cleaning import clean
from ..models.settings import ModelSettings
from .engines import Engine, FloatArray
from .labelled import Labelled
from .labeller import Labeller, make_labelled
from .parts import KEY, MILLION, Part, Parts, text_key

WINDOW = 4  # chunks that are batched together: among 512 posts, one in ten is alone with its length
REMEMBERED = 100_000  # distinct texts whose result is kept, for posts that are forwarded again and again


Chunk = tuple[int, list[str]]  # its number and its texts


class Stopped(Exception):
    """The job was stopped while a chunk was being labelled."""


class _CountingEngine:
    """An engine that counts what it computes, and gives up at the next batch once a job is stopped."""

    def __init__(self, engine: Engine) -> None:
        self.threads = engine.threads
        self.stop = threading.Event()
        self.posts = 0
        self._engine = engine
        self._lock = threading.Lock()

    def logits(self, input_ids: NDArray[np.int64]) -> FloatArray:
        if self.stop.is_set():
            raise Stopped
        logits = self._engine.logits(input_ids)
        self.count(len(input_ids))
        return logits

    def count(self, posts: int) -> None:
        with self._lock:
            self.posts += posts


class ChunkLabeller:
    """Labels chunks, from several threads at once; each distinct cleaned text is computed once."""

    def __init__(self, labeller: Labeller) -> None:
        self._engine = _CountingEngine(labeller.engine)
        self._labeller = Labeller(labeller.settings, labeller.encoder, self._engine)
        self._known: dict[bytes, Labelled] = {}

    @property
    def posts(self) -> int:
        """The posts labelled so far, those of unfinished chunks among them."""
        return self._engine.posts

    def stop(self) -> None:
        """Let all threads end with :class:`Stopped` at their next batch."""
        self._engine.stop.set()

    def label_window(self, chunks: Sequence[Chunk]) -> list[tuple[int, Part]]:
        """Label the raw texts of some chunks together."""
        whole, start, parts = self.label([text for _, texts in chunks for text in texts]), 0, []
        for number, texts in chunks:
            parts.append((number, whole[start : start + len(texts)]))
            start += len(texts)
        return parts

    def label(self, texts: Sequence[str]) -> Part:
        """Label raw texts."""
        cleaned = [clean(text) for text in texts]
        keys = [blake2b(text.encode(), digest_size=16).digest() for text in cleaned]
        found = {key: self._known.get(key) for key in keys}
        new = {key: text for key, text in zip(keys, cleaned, strict=True) if found[key] is None}
        computed = dict(zip(new, self._labeller.label_clean(list(new.values())), strict=True))
        results = [found[key] or computed[key] for key in keys]
        self._remember(computed)
        self._engine.count(len(texts) - sum(one.motive is not None for one in computed.values()))  # needed no model
        return Part(
            np.array([text_key(text) for text in texts], dtype=KEY),
            np.rint([[p * MILLION for p in one.probabilities.values()] for one in results]).astype(np.int32),
            np.array([one.language for one in results]),
            np.array([one.truncated for one in results]),
        )

    def _remember(self, computed: dict[bytes, Labelled]) -> None:
        if len(self._known) + len(computed) > REMEMBERED:
            self._known = {}  # a new dictionary: another thread may be reading the old one
        self._known.update(computed)


def windows(chunks: Iterator[Chunk], left: int, workers: int) -> Iterator[list[Chunk]]:
    """Group chunks, of which ``left`` are left.

    The first group is one chunk, so that a run that is killed early has saved something; the last groups are small, so that
    all workers end together.
    """
    size = 1
    while window := list(islice(chunks, max(1, min(size, -(-left // workers))))):
        yield window
        left -= len(window)
        size = WINDOW


def labelled_posts(parts: Parts, posts: int, chunk: int, settings: ModelSettings) -> Iterator[tuple[bytes, Labelled]]:
    """Read all parts back, one label after another, each with the key of its text."""
    for number in range(-(-posts // chunk)):
        part = parts.load(number)
        columns = part.keys.tolist(), part.probs / MILLION, part.languages.tolist(), part.truncated.tolist()
        for key, probs, language, truncated in zip(*columns, strict=True):
            yield key, make_labelled(probs, language, truncated, settings.uncertain_below)
