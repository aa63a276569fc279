"""How good a model is on its validation posts, and whether it is better than what costs no training."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, f1_score

from ..data.annotated import Annotated
from ..data.motives import MOTIVES
from ..models.settings import SETTINGS_FILE
from .predict import model_probabilities

log = logging.getLogger(__name__)

Scores = dict[str, dict[str, Any]]  # language -> posts, macro-F1, accuracy
IntArray = NDArray[np.int64]

FEW = 30  # validation posts below which a language gets no score of its own, and chance chooses the checkpoint
VALIDATION = "validation"
BEFORE = f"{VALIDATION}, before training"


def scores_by_language(label_ids: IntArray, guesses: IntArray, languages: Sequence[str]) -> Scores:
    """Score all posts, and those of each language that has enough of them; all three of shape (posts,)."""
    tags = np.array(languages)
    own = {language: tags == language for language in sorted(set(languages))}
    return {"all": _score(label_ids, guesses)} | {
        language: _score(label_ids[rows], guesses[rows]) for language, rows in own.items() if rows.sum() >= FEW
    }


def scores_without_training(
    base: Path | None, posts: Sequence[Annotated], held: Sequence[Annotated]
) -> dict[str, Scores]:
    """Score on the validation posts what a training must surpass: its base, and the commonest motive said of every post.

    :param base: The folder of the base; one that is no model yet cannot be scored.
    :param posts: The training posts.
    :param held: The validation posts.
    """
    label_ids = np.array([post.label.position for post in held])
    scores = {}
    if base and (base / SETTINGS_FILE).is_file():
        probs = model_probabilities(base, [post.cleaned for post in held])
        scores[BEFORE] = {"all": _score(label_ids, probs.argmax(axis=1))}
    commonest = int(np.bincount([post.label.position for post in posts]).argmax())
    scores[f"{VALIDATION}, always {MOTIVES[commonest]}"] = {
        "all": _score(label_ids, np.full_like(label_ids, commonest))
    }
    return scores


def warn_if_worse(scores: Mapping[str, Scores]) -> None:
    """Say so where a trained model is worse than one of :func:`scores_without_training`.

    One motive said of every post has next to no macro-F1: against that, accuracy counts.
    """
    for split, languages in scores.items():
        key, name = ("macro_f1", "macro-F1") if split == BEFORE else ("accuracy", "accuracy")
        own, other = scores[VALIDATION]["all"][key], languages["all"][key]
        if own < other:
            log.warning(
                "the trained model is worse than %s: %s %.3f against %.3f on the validation posts; annotate more, or "
                "change the recipe", split.removeprefix(f"{VALIDATION}, "), name, own, other,
            )  # fmt: skip


def _score(label_ids: IntArray, guesses: IntArray) -> dict[str, Any]:
    return {
        "posts": len(label_ids),
        "macro_f1": round(f1_score(label_ids, guesses, average="macro", zero_division=0), 4),
        "accuracy": round(accuracy_score(label_ids, guesses), 4),
    }
