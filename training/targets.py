"""What the classifier should answer: soft targets that carry a second motive and the annotator's doubt."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..data.annotated import Annotated
from ..data.errors import InputError
from ..data.motives import MOTIVES

FloatArray = NDArray[np.float32]

DOUBT = {3: 0.02, 2: 0.06, 1: 0.2}  # certainty -> share spread evenly over all motives
ENOUGH = 0.9  # of the validation posts that were asked for: with so many the rounded shares stay as they are


def soft_targets(posts: Sequence[Annotated], secondary_share: float) -> FloatArray:
    """Give the target distribution of each post, shape (posts, 8), rows sum to 1.

    :param secondary_share: What the second motive takes from the first, where there is one; 0 to 0.5.
    """
    targets = np.zeros((len(posts), len(MOTIVES)), dtype=np.float32)
    for row, post in enumerate(posts):
        share = secondary_share if post.secondary else 0.0
        targets[row, post.label.position] = 1.0 - share
        if post.secondary:
            targets[row, post.secondary.position] += share
        doubt = DOUBT.get(post.certainty, DOUBT[3])
        targets[row] = (1.0 - doubt) * targets[row] + doubt / len(MOTIVES)
    return targets


def class_weights(label_ids: NDArray[np.int64], power: float) -> FloatArray:
    """Weigh rare motives up: inverse frequency to a power, mean 1 over the posts; shape (8,).

    :param power: 0 leaves the classes as they are, 1 makes them count the same. One without posts, which teachers may teach,
        weighs as it would at 0.
    """
    counts = np.bincount(label_ids, minlength=len(MOTIVES)).astype(np.float64)
    weights = np.where(counts > 0, (len(label_ids) / np.maximum(counts, 1)) ** power, 1.0)
    return (weights / np.average(weights, weights=counts)).astype(np.float32)


def split_validation(
    posts: Sequence[Annotated], share: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split into training and validation indices, alike in language and label; repeated texts stay together.

    Each language and label gives its rounded share. Where many are so small that this comes to less than
    :data:`ENOUGH` of the share of all texts, those that were rounded down most give one text more.

    :raises InputError: If nothing would be left on one side.
    """
    rng = np.random.default_rng(seed)
    strata: dict[tuple[str, str], dict[str, list[int]]] = {}
    home: dict[str, tuple[str, str]] = {}  # a text's stratum is that of its first post
    for index, post in enumerate(posts):
        stratum = home.setdefault(post.text, (post.language, post.label))
        strata.setdefault(stratum, {}).setdefault(post.text, []).append(index)
    every = [list(strata[stratum].values()) for stratum in sorted(strata)]
    training: list[int] = []
    validation: list[int] = []
    for groups, held in zip(every, _held(list(map(len, every)), share, seed), strict=True):
        for position, group in enumerate(rng.permutation(len(groups))):
            (validation if position < held else training).extend(groups[group])
    if not training or not validation:
        raise InputError(f"{len(posts)} posts are too few to keep a share of {share} for validation; annotate more")
    return np.array(sorted(training)), np.array(sorted(validation))


def _held(sizes: Sequence[int], share: float, seed: int) -> list[int]:
    """Give how many texts of each stratum are validated on."""
    held = [round(share * size) for size in sizes]
    goal = max(1, round(share * sum(sizes)))
    if sum(held) < ENOUGH * goal:
        left = [round(share * size - own, 9) for size, own in zip(sizes, held, strict=True)]  # 9: 0.1 * 3 is 0.3
        draw = np.random.default_rng((seed, 1)).permutation(len(sizes))  # not the generator that draws the posts
        first = sorted(range(len(sizes)), key=lambda stratum: (-left[stratum], draw[stratum]))
        for stratum in first[: goal - sum(held)]:
            held[stratum] += 1
    return held


def split_with_extra(
    posts: Sequence[Annotated], splittable: int, share: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split the first posts into training and validation, and train on the others; never on a text of validation.

    Texts that differ before they are cleaned may fall on both sides: then validation keeps its own.

    :param splittable: How many posts come first.
    :return: Training and validation indices.
    """
    training, validation = split_validation(posts[:splittable], share, seed)
    held = {posts[index].cleaned for index in validation}
    candidates = [*training.tolist(), *range(splittable, len(posts))]
    return np.array([index for index in candidates if posts[index].cleaned not in held], dtype=np.int64), validation
