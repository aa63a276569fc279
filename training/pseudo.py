"""Label posts with teachers, for a student to learn from: ``whyshare pseudo RECIPE -o FILE``.

The teachers are fine-tuned models, whose probabilities are averaged: models that err on different posts are better
together, and a student that has read the corpus with such labels keeps much of that (Hinton et al., 2015). No teacher may
have seen the validation posts of the student, so all share one split.
"""

import logging
import math
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..data.errors import InputError
from ..data.language import in_languages
from ..data.results import PROBABILITY_COLUMNS
from ..data.writing import open_writer
from .corpus import held_out_fingerprints, read_corpus, read_texts
from .predict import model_probabilities
from .settings import check_languages

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PseudoConfig:
    """Which texts are labelled, and by which teachers."""

    corpora: tuple[str, ...]
    posts: tuple[int, ...]  # of each corpus
    teachers: tuple[str, ...]  # model folders
    held_out: tuple[str, ...] = ()
    min_characters: int = 8
    languages: tuple[str, ...] = ()  # of the texts; all of them without it
    bfloat16: bool = False  # the models' arithmetic: less exact, and faster where the processor knows it
    seed: int = 13

    def __post_init__(self) -> None:
        if len(self.posts) != len(self.corpora):
            raise ValueError(f"posts names {len(self.posts)} numbers for {len(self.corpora)} corpora; give one each")
        if min(self.posts, default=1) < 1:
            raise ValueError(f"posts is {list(self.posts)}; at least 1 of each corpus is needed")
        if not self.teachers:
            raise ValueError("teachers is empty; name at least one model folder")
        check_languages(self.languages)


def pseudo_label(config: PseudoConfig, path: Path) -> None:
    """Write texts with the mean probabilities of the teachers.

    :raises InputError: If a corpus or a teacher cannot be read, or no text is to be labelled.
    """
    texts = _sample(config)
    probs: list[NDArray[np.floating]] = []
    for folder in config.teachers:
        probs.append(model_probabilities(Path(folder), texts, config.bfloat16))
        log.info("%s has labelled %d texts", folder, len(texts))
    mean: NDArray[np.float64] = np.stack(probs).mean(axis=0, dtype=np.float64)
    with open_writer(path, ["text", *PROBABILITY_COLUMNS]) as writer:
        for text, row in zip(texts, mean.round(4).tolist(), strict=True):
            writer.write({"text": text, **dict(zip(PROBABILITY_COLUMNS, row, strict=True))})


def read_pseudo(path: Path) -> tuple[list[str], NDArray[np.float32]]:
    """Read texts and probabilities, shape (texts, 8), that :func:`pseudo_label` wrote.

    :raises InputError: Where a row lacks the text or a probability, with its number.
    """
    texts: list[str] = []
    rows: list[list[float]] = []
    for text, row in read_texts(path):
        given = {"text": text} | {column: row.values.get(column) for column in PROBABILITY_COLUMNS}
        if missing := [name for name, value in given.items() if value in (None, "")]:
            raise InputError(f"{path} row {row.number} lacks {', '.join(missing)}; give a file of whyshare pseudo")
        try:
            probs = [float(str(given[column])) for column in PROBABILITY_COLUMNS]
        except ValueError:
            probs = [math.nan]
        if not all(0 <= probability <= 1 for probability in probs):  # NaN neither
            raise InputError(f"{path} row {row.number} has a probability that is no number from 0 to 1; mend it")
        texts.append(text)
        rows.append(probs)
    return texts, np.array(rows, dtype=np.float32)


def _sample(config: PseudoConfig) -> list[str]:
    held_out = held_out_fingerprints([Path(file) for file in config.held_out])
    rng = random.Random(config.seed)
    sample = []
    for path, count in zip(config.corpora, config.posts, strict=True):
        texts = [
            item.text
            for item in read_corpus(Path(path), held_out)
            if item.kind == "post"
            and len(item.text) >= config.min_characters
            and in_languages(item.text, config.languages)
        ]
        sample.extend(rng.sample(texts, min(count, len(texts))))
    if not sample:
        where = f" in {', '.join(config.languages)}" if config.languages else ""
        raise InputError(
            f"{', '.join(config.corpora)}: no post{where} of {config.min_characters} characters or more; lower "
            "min_characters, or give another corpus"
        )
    return sample
