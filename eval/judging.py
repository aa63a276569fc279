"""What is measured: the motives that a model, a labelled file, the n-grams or a yardstick gives to annotated posts."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..data.annotated import Annotated, parse_motive
from ..data.cleaning import clean
from ..data.columns import TextColumn
from ..data.errors import InputError, shown
from ..data.motives import MOTIVES, Motive
from ..data.predictions import Prediction, read_predictions
from .evaluation import Evaluation, evaluate
from .intervals import RESAMPLES
from .metrics import Judged


def judge(
    posts: Sequence[Annotated], predicted: Sequence[str | Motive], probs: NDArray[np.float64] | None = None
) -> Judged:
    """Put predictions beside the annotators' labels, as column numbers.

    :param predicted: One motive for each post, by any of its names.
    :param probs: Their probabilities, shape (posts, 8), where there are any.
    :raises ValueError: If there are not as many predictions as posts, or one is no motive.
    """
    if len(predicted) != len(posts):
        raise ValueError(f"there are {len(predicted)} predictions for {len(posts)} posts; one for each is needed")
    motives = [parse_motive(one) for one in predicted]
    if None in motives:
        raise ValueError(f"prediction {motives.index(None)} is no motive; every post needs one")
    secondary = [post.secondary.position if post.secondary else -1 for post in posts]
    return Judged(
        np.array([post.label.position for post in posts], dtype=np.int64),
        np.array([motive.position for motive in motives if motive], dtype=np.int64),
        probs,
        np.array(secondary) if any(post.secondary for post in posts) else None,
    )


def judge_probabilities(posts: Sequence[Annotated], probs: NDArray[np.float64]) -> Judged:
    """Judge what a model says by the probabilities that it gives, shape (posts, 8)."""
    if probs.shape != (len(posts), len(MOTIVES)):
        raise ValueError(f"the probabilities have the shape {probs.shape}; {(len(posts), len(MOTIVES))} is needed")
    return judge(posts, [MOTIVES[column] for column in probs.argmax(axis=1)], probs)


def evaluate_predictions(
    posts: Sequence[Annotated],
    predictions: Sequence[str | Motive] | NDArray[np.float64],
    name: str = "predictions",
    clusters: Sequence[str | None] | None = None,
    resamples: int = RESAMPLES,
    sampling: Sequence[float] | None = None,
) -> Evaluation:
    """Measure predictions of any model against annotated posts, as ``whyshare eval`` does.

    :param posts: What :func:`whyshare.load_annotated` reads.
    :param predictions: A motive for each post, or their probabilities, shape (posts, 8), columns in label order.
    :param clusters: Author or source of each post, where posts of one are alike; a post without one is its own.
    :param sampling: How many posts each stands for, where they were not drawn with equal chances (:func:`~.sampling.sampling_of`).
    :raises ValueError: If the predictions do not fit the posts.
    """
    if isinstance(predictions, np.ndarray) and predictions.ndim == 2:
        judged = judge_probabilities(posts, predictions)
    else:
        judged = judge(posts, list(predictions))
    return evaluate(name, judged, [post.language for post in posts], clusters, resamples, sampling=sampling)


def judge_file(path: Path, posts: Sequence[Annotated], text_column: TextColumn = None) -> Judged:
    """Judge the predictions in a labelled file.

    :param text_column: Column of the texts, in which they may be in the file too.
    :raises InputError: If a post has no prediction, or one without a motive.
    """
    chosen = predictions_of(path, posts, text_column)
    for one in chosen:
        if one.motive is None:
            raise InputError(f"{path} row {one.row}: no motive; every annotated post needs one")
    probs = [one.probs for one in chosen if one.probs is not None]
    motives = [one.motive for one in chosen if one.motive is not None]
    return judge(posts, motives, np.stack(probs) if len(probs) == len(chosen) else None)


def judge_majority(posts: Sequence[Annotated]) -> Judged:
    """Judge the commonest motive, given to every post: the score to beat."""
    gold = [post.label for post in posts]
    return judge(posts, [max(MOTIVES, key=gold.count)] * len(posts))


def judge_chance(posts: Sequence[Annotated], seed: int = 0) -> Judged:
    """Judge the annotators' motives, given to the posts at random: in their true shares."""
    return judge(posts, [posts[k].label for k in np.random.default_rng(seed).permutation(len(posts))])


def check_classes(posts: Sequence[Annotated], file: str) -> None:
    """Refuse a set that nothing can be measured on.

    :raises InputError: If all posts have one label, or there is one post.
    """
    if len(posts) < 2:
        raise InputError(f"{file} has {len(posts)} labelled post; at least 2 are needed to measure anything")
    if len({post.label for post in posts}) < 2:
        raise InputError(
            f"every post of {file} is {posts[0].label}; at least two motives are needed to measure anything"
        )


def predictions_of(path: Path, posts: Sequence[Annotated], text_column: TextColumn = None) -> list[Prediction]:
    """Read the prediction of each post from a labelled file: by id, or by text where the ids do not match.

    :raises InputError: If an id stands twice, posts have no prediction, or a prediction is of another text.
    """
    ids, texts = [post.id for post in posts], [post.cleaned for post in posts]
    wanted_ids, wanted_texts = set(ids), set(texts)
    predictions: list[Prediction] = []
    said_of: list[str] = []
    for one in read_predictions(path, text_column, may_lack=True):  # of a file that may be much longer
        text = clean(one.text)
        if one.id in wanted_ids or text in wanted_texts:
            predictions.append(one)
            said_of.append(text)
    (commonest, times), *_ = Counter(one.id for one in predictions).most_common(1) or [("", 0)]
    if times > 1:
        raise InputError(f"{path} has two predictions for id {shown(commonest)}; one for each post is needed")
    by_id = (ids, [one.id for one in predictions])
    for wanted, keys in (by_id, (texts, said_of)) if any(said_of) else (by_id,):
        places = {key: position for position, key in enumerate(keys)}
        missing = [post.text for key, post in zip(wanted, posts, strict=True) if key not in places]
        if not missing:
            found = [places[key] for key in wanted]
            # Files without ids are matched by row number: the texts must be the same, where there are any.
            if all(said_of[place] in ("", text) for place, text in zip(found, texts, strict=True)):
                return [predictions[place] for place in found]
    raise InputError(
        f"{path} has no prediction for {len(missing)} of {len(posts)} annotated posts, such as "
        f"{shown(missing[0])}; label the annotated file itself"
    )
