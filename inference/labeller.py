"""``Labeller``: from texts to labels, one or a million, the same for each text whatever stands beside it."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Self, overload

import numpy as np
from numpy.typing import NDArray

from ..data.cleaning import clean
from ..data.errors import InputError, shown
from ..data.language import Language, detect_language
from ..data.motives import MOTIVES
from ..models.encoding import Encoded, Encoder
from ..models.settings import BUNDLED, ModelSettings
from .batching import equal_length_batches
from .engines import Engine, FloatArray, load_engine
from .labelled import Labelled

WINDOW = 8192  # posts that are batched together
BATCH_TOKENS = 1024  # more does not fit into the processor's cache and is slower
DIGITS = 6  # of every probability; what lies beyond differs between machines


class Labeller:
    """Labels posts with the motive they were shared for.

    >>> labeller = Labeller.load()
    >>> print(labeller.label("姐妹们注意，这种二维码千万别扫"))
    warning 危机预警 0.98
    """

    def __init__(self, settings: ModelSettings, encoder: Encoder, engine: Engine) -> None:
        self.settings = settings
        self.encoder = encoder
        self.engine = engine
        self.batch_tokens = BATCH_TOKENS
        self._pool: ThreadPoolExecutor | None = None
        self._process = os.getpid()

    @classmethod
    def load(cls, folder: str | PathLike[str] | None = None, device: str = "auto", threads: int | None = None) -> Self:
        """Load a model folder; without one, the model that comes with whyshare. Needs no network.

        :param device: ``auto`` (a GPU when there is one), ``cpu``, ``cuda``, or ``torch-cpu``.
        :param threads: Batches that are computed at a time on a CPU; one for each core without it.
        :raises InputError: If the folder is no model, or the device is not to be had.
        :raises TypeError: If the folder is no path.
        :raises ValueError: If ``threads`` is below 1.
        """
        if not isinstance(folder, str | PathLike | None):
            raise TypeError(f"load takes the path of a model folder, not {shown(folder)}")
        if threads is not None and threads < 1:
            raise ValueError(f"threads is {threads}; at least 1 is needed")
        path = BUNDLED if folder is None else Path(folder)
        settings = ModelSettings.load(path)
        return cls(settings, Encoder.load(path, settings.max_length), load_engine(path, device, threads))

    @overload  # a text is a sequence of texts to a type checker, though not to us
    def label(self, texts: str) -> Labelled: ...  # type: ignore[overload-overlap]

    @overload
    def label(self, texts: Sequence[str]) -> list[Labelled]: ...  # type: ignore[overload-overlap]

    @overload
    def label(self, texts: Iterable[str]) -> Iterator[Labelled]: ...

    def label(self, texts: str | Iterable[str]) -> Labelled | list[Labelled] | Iterator[Labelled]:
        """Label a text, a list of texts, or any iterable of them (lazily, a window at a time).

        :raises TypeError: If something else is given, or is among the texts, such as None for an empty cell.
        """
        if isinstance(texts, str):
            return self._label_window([texts])[0]
        if (
            isinstance(texts, bytes | bytearray | Mapping)
            or hasattr(texts, "columns")
            or not isinstance(texts, Iterable)
        ):
            raise TypeError(f"label takes a text or an iterable of texts, not {shown(texts)}")
        if isinstance(texts, Sequence):
            return list(self._label_stream(iter(texts)))
        return self._label_stream(iter(texts))

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Give calibrated probabilities, shape (posts, 8), columns in label order; zeros where there is no text.

        :raises TypeError: As :meth:`label` does, and for a single text: give a list of one.
        """
        if isinstance(texts, str):
            raise TypeError(f"probabilities takes a list of texts, not {shown(texts)}")
        rows = [list(labelled.probabilities.values()) for labelled in self.label(texts)]
        return np.array(rows).reshape(len(rows), len(MOTIVES))

    def label_clean(self, texts: Sequence[str]) -> list[Labelled]:
        """Label texts that are clean already; where a job has cleaned them to tell which are the same."""
        present = [position for position, text in enumerate(texts) if text]
        encoded = self.encoder.encode_clean([texts[position] for position in present])
        languages = [detect_language(texts[position]) for position in present]
        found = dict(zip(present, self._decide(encoded, languages), strict=True))
        return [found[position] if text else no_text() for position, text in enumerate(texts)]

    def _label_stream(self, texts: Iterator[str]) -> Iterator[Labelled]:
        while window := list(islice(texts, WINDOW)):
            yield from self._label_window(window)

    def _label_window(self, texts: list[str]) -> list[Labelled]:
        for text in texts:
            if not isinstance(text, str):
                raise TypeError(f"{shown(text)} is among the texts and is no text; give '' where there is none")
        return self.label_clean([clean(text) for text in texts])

    def _decide(self, encoded: Sequence[Encoded], languages: Sequence[Language]) -> list[Labelled]:
        def compute(batch: list[int]) -> FloatArray:
            return self.engine.logits(np.array([encoded[position].ids for position in batch], dtype=np.int64))

        logits = np.zeros((len(encoded), len(MOTIVES)))
        batches = list(equal_length_batches([len(item.ids) for item in encoded], self.batch_tokens))
        for batch, rows in zip(batches, self._threads().map(compute, batches), strict=True):
            logits[batch] = rows
        if not np.isfinite(logits).all():
            raise InputError(
                "the model gives no numbers for some texts, so its weights are damaged; copy or train it again"
            )
        temperatures = np.array([self.settings.temperature_of(language) for language in languages])
        probs = _softmax(logits / temperatures[:, None]).round(DIGITS)
        return [
            make_labelled(row, language, item.truncated, self.settings.uncertain_below)
            for row, item, language in zip(probs, encoded, languages, strict=True)
        ]

    def _threads(self) -> ThreadPoolExecutor:
        """Give the threads that all calls share; a forked process has none of its parent's and starts its own."""
        if self._pool is None or self._process != os.getpid():
            self._pool, self._process = ThreadPoolExecutor(self.engine.threads), os.getpid()
        return self._pool


def no_text() -> Labelled:
    """Give the label of a post without text."""
    return Labelled(None, 0.0, None, dict.fromkeys(MOTIVES, 0.0), "other", truncated=False, uncertain=False)


def make_labelled(probs: NDArray[np.float64], language: Language, truncated: bool, uncertain_below: float) -> Labelled:
    """Decide from the probabilities of one post, shape (8,); all zeros stand for no text."""
    if not probs.any():
        return no_text()
    first, second = np.argsort(-probs, kind="stable")[:2]
    return Labelled(
        motive=MOTIVES[first],
        confidence=float(probs[first]),
        runner_up=MOTIVES[second],
        probabilities=dict(zip(MOTIVES, probs.tolist(), strict=True)),
        language=language,
        truncated=truncated,
        uncertain=bool(probs[first] < uncertain_below),
    )


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    return shifted / shifted.sum(axis=1, keepdims=True)
