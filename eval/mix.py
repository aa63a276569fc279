"""The motive mix of a campaign: shares of the motives, in groups and over time, with honest error bars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import cycle
from pathlib import Path
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from ..data.annotated import parse_motive
from ..data.errors import InputError
from ..data.motives import MOTIVES, Motive
from ..data.results import VALIDATION_FILE
from .comparison import holm
from .design_effect import Clusters
from .intervals import Estimate
from .labelled_file import LabelledFile, Posts, numbered
from .periods import Note
from .prediction_powered import prediction_powered
from .prevalence import (
    KnownErrors,
    Shares,
    counted,
    difference_p_values,
    error_corrected,
    recalibrate,
    saerens,
    shift_p_value,
)

EVERYTHING = "all"  # the name of all posts among the groups
FEW_POSTS = 100  # below this, the intervals are too wide to say much
FEW_TO_TEST = 10  # below this, a group is not tested against the others
FEW_CHECKED = 50
UNLIKE = 0.001
SIGNIFICANT = 0.05
RESAMPLES = 500


@dataclass(frozen=True)
class Checked:
    """A random sample that a person checked: positions among all posts, labels, and posts each stands for.

    ``gold`` is -1 for a post without a motive: left blank, or said to be no post. ``by_text`` counts the posts that were
    found by their text, since they stand in another row than when they were drawn.
    """

    positions: NDArray[np.int64]
    gold: NDArray[np.int64]
    weights: NDArray[np.float64]
    by_text: int = 0

    @property
    def blank(self) -> int:
        """How many posts were given no motive."""
        return len(self.gold) - self.filled

    @property
    def filled(self) -> int:
        """How many posts were given a motive."""
        return int((self.gold >= 0).sum())


@dataclass(frozen=True)
class Caution:
    """Something to be careful about in a group: the key of a text in ``words_mix.py``, and the posts it is about."""

    key: Literal["few_posts", "not_tested", "few_checked", "unlike_validation"]
    posts: int


# What fills in ``{limit}`` in the texts of the cautions.
LIMITS = {"few_posts": FEW_POSTS, "not_tested": FEW_TO_TEST, "few_checked": FEW_CHECKED, "unlike_validation": UNLIKE}


@dataclass(frozen=True)
class GroupMix:
    """The mix of one group of posts.

    ``best`` is what to report: prediction-powered where enough of the group is checked, else corrected by the error
    matrix of the model ``errors_of``; ``counted`` are the raw shares, ``em`` those of Saerens'
    expectation-maximisation. ``p_values`` (8,) say of a group how likely chance alone would set it so far apart from
    all other posts, after Holm's correction for all groups and motives.
    """

    name: str
    posts: int
    checked: int
    method: str
    best: Shares
    counted: Shares
    em: NDArray[np.float64]
    errors_of: str
    cautions: Sequence[Caution] = ()
    p_values: NDArray[np.float64] | None = None

    def of(self, motive: Motive) -> Estimate:
        """Give the best estimate of a motive's share."""
        return self.best.estimate(motive.position)

    def differs(self, motive: Motive) -> bool:
        """Tell whether a motive's share differs from that of all other posts beyond chance."""
        return self.p_values is not None and bool(self.p_values[motive.position] < SIGNIFICANT)


@dataclass(frozen=True)
class Findings:
    """All that is reported of a campaign.

    ``groups`` and the periods of the ``course`` in their order, none where there are fewer than two; ``gaps``, by the name
    of a period, how many without posts precede it; ``notes``, what was taken for granted, and which posts are in no group
    or period; ``unit``, what intervals are drawn by: posts, or a column's name.
    """

    overall: GroupMix
    groups: Sequence[GroupMix]
    course: Sequence[GroupMix]
    gaps: Mapping[str, int]
    notes: Sequence[Note]
    unit: str


@dataclass(frozen=True)
class Campaign:
    """The posts of a campaign, and what their mix is estimated from.

    ``authors`` (posts,) numbers their authors, or what else makes posts alike, as :func:`~.design_effect.number_clusters`
    does; None takes each post for itself.
    """

    posts: Posts
    known: KnownErrors
    checked: Checked | None = None
    authors: NDArray[np.int64] | None = None
    seed: int = 0

    def overall(self) -> GroupMix:
        """Estimate the mix of all posts."""
        return _mix(EVERYTHING, self)

    def compared(self, groups: Sequence[str]) -> list[GroupMix]:
        """Estimate the mix of every group or period, and test it against all other posts where neither are too few.

        :param groups: The group of each post; ``""`` leaves it out of all groups.
        :return: The groups in order of their names; nothing where there is only one.
        """
        names, numbers = numbered(groups)
        if len(names) < 2:
            return []
        return _tested([_mix(name, self.part(numbers == k)) for k, name in enumerate(names)], numbers, self)

    def part(self, own: NDArray[np.bool_]) -> Self:
        """Give some of the posts, with those of them that were checked."""
        return replace(
            self,
            posts=self.posts.select(own),
            checked=self.checked and _of_group(self.checked, own),
            authors=None if self.authors is None else self.authors[own],
        )

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """Of the validation posts, so that their languages are mixed as here."""
        return self.known.weights_for(self.posts.languages)

    @cached_property
    def clusters(self) -> Clusters | None:
        """The posts of each author together."""
        return None if self.authors is None else Clusters.of(self.authors)


def load_errors(path: Path) -> KnownErrors:
    """Load what is known of a model's errors: what it said of posts whose motive was known.

    :param path: A model folder, which holds its validation posts, or a labelled file with the column ``label`` as well.
    :raises InputError: If a column is missing, a label is no motive, there are too few posts, or a motive is missing.
    """
    file = path / VALIDATION_FILE if path.is_dir() else path
    if path.is_dir() and not file.is_file():
        raise InputError(
            f"{path} has no {VALIDATION_FILE}; give a folder that whyshare train wrote, or a labelled file"
        )
    labelled = LabelledFile.read(file, columns=["label"])
    if not (len(labelled.posts.probs) and any(labelled.posts.languages != "other")):
        raise InputError(f"{file} needs the columns label, language, motive and eight probabilities")
    gold = np.full(len(labelled), -1)
    for place, label in enumerate(labelled.columns["label"]):
        try:
            motive = parse_motive(label)
        except ValueError as error:
            raise InputError(f"{file} row {labelled.rows[place]}: {error}") from None
        if motive:
            gold[place] = motive.position
    posts = labelled.posts.select(gold >= 0)
    missing = [str(motive) for motive in MOTIVES if motive.position not in gold]
    if len(posts.predicted) < FEW_POSTS or missing:
        lacks = f", none of them {', '.join(missing)}" if missing else ""
        raise InputError(
            f"{file} has {len(posts.predicted)} posts{lacks}: too few to know a model's errors from; check a sample in their "
            "place (whyshare sample, then --checked)"
        )
    return KnownErrors(gold[gold >= 0], posts.probs, posts.languages, path.absolute().name)


def _tested(mixes: list[GroupMix], numbers: NDArray[np.int32], campaign: Campaign) -> list[GroupMix]:
    """Test every group against all other posts where neither are too few.

    :param numbers: The place of each post's group among the mixes, -1 where it is in none; shape (posts,).
    """
    tested = [k for k, mix in enumerate(mixes) if FEW_TO_TEST <= mix.posts <= len(numbers) - FEW_TO_TEST]
    tests = []
    for k in tested:
        by_sample = mixes[k].method == "checked sample"
        rest, sample = _best(campaign.part(numbers != k), by_sample)
        # Both by one method: two methods that are off by different amounts would pass for two groups that differ.
        same = by_sample == (sample is not None)
        own = mixes[k].best if same else _best(campaign.part(numbers == k), by_sample=False)[0]
        tests.append(difference_p_values(own, rest))
    if len(mixes) == 2 and (numbers >= 0).all():  # each is the other's rest: one test, not two
        tests = tests[:1]
    adjusted = np.reshape(holm(np.ravel(tests).tolist()), (-1, len(MOTIVES)))
    for k, own_p in zip(tested, cycle(adjusted), strict=False):
        mixes[k] = replace(mixes[k], p_values=own_p)
    for k in set(range(len(mixes))) - set(tested):
        mixes[k] = replace(mixes[k], cautions=[*mixes[k].cautions, Caution("not_tested", mixes[k].posts)])
    return mixes


def _best(part: Campaign, by_sample: bool = True) -> tuple[Shares, Checked | None]:
    """Estimate the mix by the posts that were checked, where they are enough and wanted, else by known errors.

    :return: The shares, and the checked posts that they come from.
    """
    probs, sample = part.posts.probs, part.checked if by_sample else None
    if sample and sample.filled >= min(FEW_CHECKED, len(probs)):  # of a small group all posts will do
        return prediction_powered(probs, sample.positions, sample.gold, sample.weights, part.authors), sample
    rng = np.random.default_rng(part.seed)
    return error_corrected(probs, part.known, part.weights, RESAMPLES, rng, part.clusters), None


def _mix(name: str, part: Campaign) -> GroupMix:
    known, predicted, probs, checked = part.known, part.posts.predicted, part.posts.probs, part.checked
    best, sample = _best(part)
    cautions = [Caution("few_posts", len(probs))] if len(probs) < FEW_POSTS else []
    if sample is None:
        if checked is not None:
            cautions.append(Caution("few_checked", checked.filled))
        if shift_p_value(probs, best.values, known, part.weights, part.clusters) < UNLIKE:
            cautions.append(Caution("unlike_validation", len(probs)))
    return GroupMix(
        name=name,
        posts=len(predicted),
        checked=checked.filled if checked else 0,
        method="checked sample" if sample else "error matrix",
        best=best,
        counted=counted(predicted, part.clusters),
        em=saerens(*recalibrate(probs, known, part.weights)),
        errors_of=known.model,
        cautions=cautions,
    )


def _of_group(checked: Checked, own: NDArray[np.bool_]) -> Checked:
    inside = own[checked.positions]
    place = np.cumsum(own) - 1  # position among the posts of the group
    return Checked(place[checked.positions[inside]], checked.gold[inside], checked.weights[inside])
