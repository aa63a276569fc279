"""The yardstick: word and character n-grams (jieba, TF-IDF) with logistic regression, one model per language."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline, make_union

from ..data.cleaning import clean
from ..data.errors import InputError
from ..data.language import detect_language
from ..data.motives import MOTIVES

MIN_POSTS = 50  # a language with fewer posts is learnt together with the other


def words_of(text: str) -> list[str]:
    """Cut a text into words with jieba: ``"今天 so happy" -> ["今天", "so", "happy"]``."""
    import jieba

    jieba.setLogLevel("ERROR")
    return [word for word in jieba.lcut(text.lower()) if not word.isspace()]


class Baseline:
    """TF-IDF with logistic regression; the same interface as the labeller's where they are compared."""

    def __init__(self, pipelines: dict[str, Pipeline]) -> None:
        self._pipelines = pipelines

    @classmethod
    def train(cls, texts: Sequence[str], labels: Sequence[str]) -> Self:
        """Fit on raw texts and their motives.

        :raises ValueError: If there are fewer than two different labels.
        """
        texts = [clean(text) for text in texts]
        sides = [_side(text) for text in texts]
        pipelines = {}
        for side in ("zh", "en"):
            own = [index for index, other in enumerate(sides) if other == side]
            if len(own) < MIN_POSTS or len({labels[index] for index in own}) < 2:
                own = list(range(len(texts)))
            pipelines[side] = _pipeline().fit([texts[index] for index in own], [labels[index] for index in own])
        return cls(pipelines)

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Give the probabilities of raw texts, shape (posts, 8), in label order; 0 for a motive never seen."""
        texts = [clean(text) for text in texts]
        sides = np.array([_side(text) for text in texts])
        probs = np.zeros((len(texts), len(MOTIVES)))
        for side, pipeline in self._pipelines.items():
            own = np.flatnonzero(sides == side)
            if len(own):
                columns = np.array([MOTIVES.index(label) for label in pipeline.classes_])
                probs[own[:, None], columns] = pipeline.predict_proba([texts[index] for index in own])
        return probs


def out_of_fold(texts: Sequence[str], labels: Sequence[str], folds: int = 5, seed: int = 0) -> NDArray[np.float64]:
    """Give each post the probabilities of a baseline trained on the other folds, shape (posts, 8).

    :raises InputError: If there are fewer posts than folds.
    """
    if len(texts) < folds:
        raise InputError(f"{len(texts)} posts are too few to split into {folds} folds; annotate more")
    fold = np.random.default_rng(seed).permutation(len(texts)) % folds
    probs = np.zeros((len(texts), len(MOTIVES)))
    for held in range(folds):
        inside, outside = np.flatnonzero(fold != held).tolist(), np.flatnonzero(fold == held).tolist()
        baseline = Baseline.train([texts[k] for k in inside], [labels[k] for k in inside])
        probs[outside] = baseline.probabilities([texts[k] for k in outside])
    return probs


def _side(text: str) -> str:
    return "zh" if detect_language(text) in {"zh", "mixed"} else "en"


def _pipeline() -> Pipeline:
    features = make_union(
        TfidfVectorizer(analyzer="char", ngram_range=(1, 4), min_df=2, sublinear_tf=True, max_features=200_000),
        TfidfVectorizer(analyzer=words_of, min_df=2, sublinear_tf=True),
    )
    return make_pipeline(features, LogisticRegression(C=5.0, class_weight="balanced", max_iter=1000))
