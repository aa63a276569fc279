"""The motive mix of a campaign: shares of the motives, in groups and over time, with honest error bars."""

import datetime
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..data.errors import InputError
from ..data.motives import MOTIVES, Motive
from .comparison import holm
from .intervals import Estimate
from .prevalence import (
    KnownErrors,
    Shares,
    counted,
    difference_p_values,
    error_corrected,
    prediction_powered,
    recalibrate,
    saerens,
    shift_p_value,
)

Every = Literal["day", "week", "month"]

EVERYTHING = "all"  # the name of all posts among the groups
FEW_POSTS = 100  # below this, the intervals are too wide to say much
FEW_TO_TEST = 10  # below this, a group is not tested against the others
FEW_CHECKED = 50
UNLIKE = 0.001
SIGNIFICANT = 0.05
RESAMPLES = 500

_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?!\d)")
_MONTH = re.compile(r"(\d{4})\s*[-/年]\s*(\d{1,2})月?")
_NO_YEAR = re.compile(r"(\d{1,2})[-月](\d{1,2})日?(\s*\d{1,2}:\d{2}.*)?")


@dataclass(frozen=True)
class Checked:
    """A random sample that a person checked: positions among all posts, labels, and posts each stands for."""

    positions: NDArray[np.int64]
    gold: NDArray[np.int64]
    weights: NDArray[np.float64]


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
    matrix; ``counted`` are the raw shares, ``em`` those of Saerens' expectation-maximisation. ``p_values`` (8,) say of
    a group how likely chance alone would set it so far apart from all other posts, after Holm's correction for all
    groups and motives.
    """

    name: str
    posts: int
    checked: int
    method: str
    best: Shares
    counted: Shares
    em: NDArray[np.float64]
    cautions: Sequence[Caution] = ()
    p_values: NDArray[np.float64] | None = None

    def of(self, motive: Motive) -> Estimate:
        """Give the best estimate of a motive's share."""
        return self.best.estimate(motive.position)

    def differs(self, motive: Motive) -> bool:
        """Tell whether a motive's share differs from that of all other posts beyond chance."""
        return self.p_values is not None and bool(self.p_values[motive.position] < SIGNIFICANT)


@dataclass(frozen=True)
class Posts:
    """Labelled posts as arrays: ``predicted`` (posts,), ``probs`` (posts, 8), ``languages`` (posts,)."""

    predicted: NDArray[np.int64]
    probs: NDArray[np.float64]
    languages: NDArray[np.str_]


def measure_mix(
    posts: Posts, groups: Sequence[str], known: KnownErrors, checked: Checked | None = None, seed: int = 0
) -> list[GroupMix]:
    """Estimate the mix of all posts and of every group.

    :param groups: The group of each post; ``""`` leaves it out of all groups.
    :return: All posts first, then the groups in order of their names, where there are two or more.
    """
    everything = _mix(EVERYTHING, np.full(len(groups), True), posts, known, checked, seed)
    return [everything, *_compared(posts, groups, known, checked, seed)]


def measure_course(
    posts: Posts, periods: Sequence[str], known: KnownErrors, checked: Checked | None = None, seed: int = 0
) -> list[GroupMix]:
    """Estimate the mix of every period, in order; ``""`` is a post without a date.

    :return: Nothing where there are fewer than two periods.
    """
    return _compared(posts, periods, known, checked, seed)


def periods_of(values: Sequence[Any], every: Every) -> tuple[list[str], list[str]]:
    """Name the day, ISO week or month of every date of a column; ``""`` where it cannot be read.

    ``2018-04-22 12:30``, ``2018/4/22``, ``2018年4月22日``, ``22/04/2018``, ``20180422``, ``Sun, 22 Apr 2018 12:30:00 GMT``,
    seconds or milliseconds since 1970, Excel's dates. The whole column tells whether the day or the month comes first.
    Without a year (``04-22 12:30``), a date is the latest that is not after the newest full one, or today.

    :return: The periods, and a line for each thing that was taken for granted.
    :raises InputError: If the day comes first in one date and the month in another.
    """
    dates = [v if isinstance(v, datetime.date) else str("" if v is None else v).strip() for v in values]
    day_first, notes = _order([date for date in dates if isinstance(date, str)])
    days = [_day(date, day_first, every) for date in dates]
    newest = max((day for day in days if day), default=datetime.date.today())
    dateless = [k for k, day in enumerate(days) if day is None]
    for k in dateless:
        days[k] = _without_year(str(dates[k]), newest)
    if short := sum(days[k] is not None for k in dateless):
        notes.append(f"{short} dates have no year; each is taken for the latest that is not after {newest}")
    return [_period(day, every) if day else "" for day in days], notes


def _order(dates: Sequence[str]) -> tuple[bool, list[str]]:
    """Tell whether the day comes first in dates such as 03/04/2024, and say so where they leave it open."""
    found = [match for match in map(_YEAR_LAST.match, dates) if match]
    day_first = next((match[0] for match in found if int(match[1]) > 12 >= int(match[3])), None)
    month_first = next((match[0] for match in found if int(match[3]) > 12 >= int(match[1])), None)
    if day_first and month_first:
        raise InputError(
            f"the day comes first in the date {day_first!r}, the month in {month_first!r}; write all of them one way"
        )
    if not found or day_first or month_first:
        return bool(day_first), []
    if found[0][2] == ".":  # 03.04.2024 is written where the day comes first
        return True, []
    return False, [f"the dates do not tell day from month; {found[0][0]!r} is read with the month first"]


def _day(date: datetime.date | str, day_first: bool, every: Every) -> datetime.date | None:
    if isinstance(date, datetime.date):
        return date.date() if isinstance(date, datetime.datetime) else date
    try:
        if re.fullmatch(r"1\d{9}(\.\d+)?|1\d{12}", date):
            seconds = float(date) / (1000 if len(date) == 13 else 1)
            return datetime.datetime.fromtimestamp(seconds, datetime.UTC).date()
        if re.fullmatch(r"(3[6-9]|4\d|5[0-4])\d{3}(\.\d+)?", date):  # Excel's: days since 1899-12-30; here 1998 to 2050
            return datetime.date(1899, 12, 30) + datetime.timedelta(days=int(float(date)))
        if re.fullmatch(r"(19|20)\d{6}(\d{4}|\d{6})?", date):
            return datetime.datetime.strptime(date[:8], "%Y%m%d").date()
        if found := _YEAR_FIRST.match(date):
            return datetime.date(*map(int, found.groups()))
        if every == "month" and (found := _MONTH.fullmatch(date)):
            return datetime.date(int(found[1]), int(found[2]), 1)
        if found := _YEAR_LAST.match(date):
            day, month = (found[1], found[3]) if day_first else (found[3], found[1])
            return datetime.date(int(found[4]), int(month), int(day))
        for form in ("%d %b %Y", "%b %d, %Y"):
            with suppress(ValueError):
                return datetime.datetime.strptime(date, form).date()
        return parsedate_to_datetime(date).date()  # of e-mail, and of Weibo: Sun Apr 22 09:00:00 +0800 2018
    except (ValueError, OverflowError, OSError):
        return None


def _without_year(date: str, newest: datetime.date) -> datetime.date | None:
    if found := _NO_YEAR.fullmatch(date):
        for year in range(newest.year, newest.year - 9, -1):  # far enough back for a 29 February
            with suppress(ValueError):
                day = datetime.date(year, int(found[1]), int(found[2]))
                if day <= newest:
                    return day
    return None


def _period(day: datetime.date, every: Every) -> str:
    if every == "week":
        return "{}-W{:02d}".format(*day.isocalendar()[:2])
    return day.isoformat() if every == "day" else f"{day:%Y-%m}"


def known_errors(rows: Sequence[Mapping[str, Any]], probs: NDArray[np.float64], file: str) -> KnownErrors:
    """Read what a model said of its validation posts.

    :raises InputError: If there are too few posts, or a motive is missing.
    """
    gold = np.array([MOTIVES.index(row["label"]) for row in rows])
    missing = [str(motive) for motive in MOTIVES if motive.position not in gold]
    if len(rows) < FEW_POSTS or missing:
        lacks = f", none of them {', '.join(missing)}" if missing else ""
        raise InputError(f"{file} has {len(rows)} posts{lacks}: too few to know a model's errors from")
    languages = np.array([str(row["language"]) for row in rows])
    return KnownErrors(gold, probs, languages)


def _compared(
    posts: Posts, groups: Sequence[str], known: KnownErrors, checked: Checked | None, seed: int
) -> list[GroupMix]:
    """Estimate the mix of every group, and test it against all other posts where neither are too few.

    :return: Nothing where there is only one group.
    """
    tags = np.array(groups)
    names = sorted({name for name in groups if name})
    if len(names) < 2:
        return []
    mixes = [_mix(name, tags == name, posts, known, checked, seed) for name in names]
    tested = [k for k, mix in enumerate(mixes) if FEW_TO_TEST <= mix.posts <= len(tags) - FEW_TO_TEST]
    rests = [_best(tags != names[k], posts, known, checked, seed)[0] for k in tested]
    tests = [difference_p_values(mixes[k].best, rest) for k, rest in zip(tested, rests, strict=True)]
    for k, own in zip(tested, np.reshape(holm(np.ravel(tests).tolist()), (-1, len(MOTIVES))), strict=True):
        mixes[k] = replace(mixes[k], p_values=own)
    for k in set(range(len(mixes))) - set(tested):
        mixes[k] = replace(mixes[k], cautions=[*mixes[k].cautions, Caution("not_tested", mixes[k].posts)])
    return mixes


def _best(
    own: NDArray[np.bool_], posts: Posts, known: KnownErrors, checked: Checked | None, seed: int
) -> tuple[Shares, Checked | None]:
    """Estimate the mix of some posts: by those of them that were checked, where they are enough, else by known errors.

    :return: The shares, and the checked posts that they come from.
    """
    probs, sample = posts.probs[own], checked and _of_group(checked, own)
    if sample and len(sample.gold) >= FEW_CHECKED:
        return prediction_powered(probs, sample.positions, sample.gold, sample.weights), sample
    weights = known.weights_for(posts.languages[own])
    return error_corrected(probs, known, weights, RESAMPLES, np.random.default_rng(seed)), None


def _mix(
    name: str, own: NDArray[np.bool_], posts: Posts, known: KnownErrors, checked: Checked | None, seed: int
) -> GroupMix:
    predicted, probs = posts.predicted[own], posts.probs[own]
    weights = known.weights_for(posts.languages[own])
    best, sample = _best(own, posts, known, checked, seed)
    number = 0 if checked is None else int(own[checked.positions].sum())
    cautions = [Caution("few_posts", len(probs))] if len(probs) < FEW_POSTS else []
    if sample is None:
        if number:
            cautions.append(Caution("few_checked", number))
        if shift_p_value(probs, best.values, known, weights) < UNLIKE:
            cautions.append(Caution("unlike_validation", len(probs)))
    return GroupMix(
        name=name,
        posts=len(predicted),
        checked=number,
        method="checked sample" if sample else "error matrix",
        best=best,
        counted=counted(predicted, RESAMPLES, np.random.default_rng(seed)),
        em=saerens(*recalibrate(probs, known, weights)),
        cautions=cautions,
    )


def _of_group(checked: Checked, own: NDArray[np.bool_]) -> Checked:
    inside = own[checked.positions]
    place = np.cumsum(own) - 1  # position among the posts of the group
    return Checked(place[checked.positions[inside]], checked.gold[inside], checked.weights[inside])
