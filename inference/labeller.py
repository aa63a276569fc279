"""``Labeller``: from texts to labels, one or a million, the same for each text whatever stands beside it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, tee
from os import PathLike
from pathlib import Path
from typing import Any, Self, overload

import numpy as np
from numpy.typing import NDArray

from ..data.cleaning import clean, has_text
from ..data.errors import InputError, shown
from ..data.language import Language, detect_language
from ..data.motives import MOTIVES
from ..data.posts import Post
from ..models.calibration import calibrated
from ..models.encoding import Encoded, Encoder
from ..models.settings import BUNDLED, ModelSettings
from .batching import equal_length_batches
from .engines import Engine, FloatArray, load_engine
from .labelled import Labelled

WINDOW = 8192  # posts that are batched together
FIRST_WINDOW = 64  # of a stream, whose first labels should not wait; each window is twice the one before
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
        self._loaded: tuple[Path, str, int | None] | None = None

    @classmethod
    def load(cls, folder: str | PathLike[str] | None = None, device: str = "auto", threads: int | None = None) -> Self:
        """Load a model folder; without one, the model that comes with whyshare. Needs no network.

        :param device: ``auto`` (a GPU when there is one), ``cpu``, ``cuda``, or ``torch-cpu``.
        :param threads: Batches that are computed at a time on a CPU; one for each core without it.
        :raises InputError: If the folder is no model, or the device is not to be had.
        :raises TypeError: If the folder is no path.
        :raises ValueError: If ``threads`` is no number from 1 up.
        """
        if not isinstance(folder, str | PathLike | None):
            raise TypeError(f"load takes the path of a model folder, not {shown(folder)}")
        if threads is not None and not (isinstance(threads, int) and threads >= 1):
            raise ValueError(f"threads is {shown(threads)}; a whole number from 1 up is needed")
        path = BUNDLED if folder is None else Path(folder)
        settings = ModelSettings.load(path)
        labeller = cls(settings, Encoder.load(path, settings.max_length), load_engine(path, device, threads))
        labeller._loaded = (path, device, threads)
        return labeller

    def __repr__(self) -> str:
        if self._loaded is None:
            return object.__repr__(self)
        folder, device, threads = self._loaded
        return f"Labeller.load({str(folder)!r}, device={device!r}, threads={threads})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Let another process load the same folder."""
        if self._loaded is None:
            raise TypeError("a Labeller that load did not make cannot be copied; load it where it is needed")
        return type(self).load, self._loaded

    @overload  # a text is a sequence of texts to a type checker, though not to us
    def label(self, texts: str) -> Labelled: ...  # type: ignore[overload-overlap]

    @overload
    def label(self, texts: Collection[str]) -> list[Labelled]: ...  # type: ignore[overload-overlap]

    @overload
    def label(self, texts: Iterable[str]) -> Iterator[Labelled]: ...

    def label(self, texts: str | Iterable[str]) -> Labelled | list[Labelled] | Iterator[Labelled]:
        """Label a text, a collection of texts such as a list or a column of pandas, or a stream of them.

        :return: Of a text its label; of what has a length, a list; of any other iterable, such as a generator, an
            iterator that reads ahead by 64 texts at first and by up to 8,192 later.
        :raises TypeError: If something else is given, or is among the texts, such as None for an empty cell.
        """
        if isinstance(texts, str):
            return self._label_window([texts], 0)[0]
        if hasattr(texts, "columns"):
            raise TypeError(f"label takes texts, not a table; give the column that holds them, not {shown(texts)}")
        if isinstance(texts, bytes | bytearray | Mapping) or not isinstance(texts, Iterable):
            raise TypeError(f"label takes a text or an iterable of texts, not {shown(texts)}")
        if hasattr(texts, "__len__"):
            return list(self._label_stream(iter(texts), WINDOW))
        return self._label_stream(iter(texts), FIRST_WINDOW)

    def label_posts(self, posts: Iterable[Post]) -> Iterator[tuple[Post, Labelled]]:
        """Label posts as :func:`whyshare.read_posts` gives them, a post and its label at a time."""
        ahead, texts = tee(posts)
        return zip(texts, self._label_stream((post.text for post in ahead), FIRST_WINDOW), strict=True)

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
        present = [position for position, text in enumerate(texts) if has_text(text)]
        encoded = self.encoder.encode_clean([texts[position] for position in present])
        languages = [detect_language(texts[position]) for position in present]
        found = dict(zip(present, self._decide(encoded, languages), strict=True))
        return [found[position] if position in found else no_text() for position in range(len(texts))]

    def _label_stream(self, texts: Iterator[str], size: int) -> Iterator[Labelled]:
        start = 0
        while window := list(islice(texts, size)):
            yield from self._label_window(window, start)
            start, size = start + len(window), min(2 * size, WINDOW)

    def _label_window(self, texts: list[str], start: int) -> list[Labelled]:
        for position, text in enumerate(texts, start):
            if not isinstance(text, str):
                raise TypeError(f"text {position} is {shown(text)}, which is no text; give '' where there is none")
        return self.label_clean([clean(text) for text in texts])

    def _decide(self, encoded: Sequence[Encoded], languages: Sequence[Language]) -> list[Labelled]:
        def compute(batch: list[int]) -> FloatArray:
            return self.engine.logits(np.array([encoded[position].ids for position in batch], dtype=np.int64))

        logits = np.zeros((len(encoded), len(MOTIVES)))
        batches = list(equal_length_batches([len(item.ids) for item in encoded], self.batch_tokens))
        computed = _map_on_threads(min(self.engine.threads, len(batches)), compute, batches)
        for batch, rows in zip(batches, computed, strict=True):
            logits[batch] = rows
        if not np.isfinite(logits).all():
            raise InputError(
                "the model gives no numbers for some texts, so its weights are damaged; copy or train it again"
            )
        probs = calibrated(logits, languages, self.settings.temperature).round(DIGITS)
        return [
            make_labelled(row, language, item.truncated, self.settings.uncertain_below)
            for row, item, language in zip(probs, encoded, languages, strict=True)
        ]


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


def _map_on_threads(
    threads: int, compute: Callable[[list[int]], FloatArray], batches: list[list[int]]
) -> list[FloatArray]:
    """Compute on threads of its own, so that a text does not wait behind the thousands of another call."""
    if threads <= 1:
        return list(map(compute, batches))
    with ThreadPoolExecutor(threads) as pool:
        try:
            computed: Iterator[FloatArray] = pool.map(compute, batches)
        except RuntimeError:  # the program is ending, and no thread is to be had
            computed = map(compute, batches)
        return list(computed)
