"""Read the dates of a column, however they are written, and name the day, week or month of each; a week by its Monday."""

import datetime
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any, Literal

from ..data.errors import InputError

Every = Literal["day", "week", "month"]
ShortYear = Literal["first", "last"] | None  # where dates such as 24-3-5 have their year; None if nobody can tell
Note = tuple[str, Mapping[str, object]]  # the key of a text in ``words_mix.py``, and what fills it in

_SAID_BEFORE = re.compile(r"(编辑|发布|发表|更新)于\s*[:：]?\s*")
_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?!\d)")
_YEAR_SHORT = re.compile(r"(\d\d)年(\d{1,2})月(\d{1,2})日?(?!\d)")
_SHORT = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)")  # with the year first or last
_NAMED = (
    re.compile(r"(?P<day>\d{1,2})(?:-|\s+)(?P<month>[A-Za-z]{3,9})(?:-|\s+)(?P<year>\d{4}|(?<=-)\d\d)(?!\d)"),
    re.compile(r"(?P<month>[A-Za-z]{3,9})\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4})(?!\d)"),
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = re.compile(r"(\d{4})\s*[-/年]\s*(\d{1,2})月?")
_SECONDS = re.compile(r"1\d{9}(\.\d+)?|1\d{12}")  # since 1970, or thousandths of them
_UTC = re.compile(r".*\d:\d\d.*(Z|UTC|GMT|[+-]00:?00)(\s+\d{4})?")
_REST = r"(?:\s*\d{1,2}:\d{2}.*|\s+(?!\d).*)?"  # time, place
_NO_YEAR = re.compile(rf"(\d{{1,2}})[-月](\d{{1,2}})日?{_REST}")
_SLASH = re.compile(rf"(\d{{1,2}})(/)(\d{{1,2}}){_REST}")


def periods_of(values: Sequence[Any], every: Every) -> tuple[list[str], list[Note]]:
    """Name the day, week (by its Monday) or month of every date of a column; ``""`` where it cannot be read.

    ``2018-04-22 12:30``, ``2018/4/22``, ``2018年4月22日``, ``22/04/2018``, ``20180422``, ``22-Apr-18``, ``Apr 22, 2018, 8:00 AM``,
    ``Sun, 22 Apr 2018 12:30:00 GMT``, seconds or milliseconds since 1970, Excel's dates, ``编辑于 2018-04-22``. The whole column
    tells whether the day or the month comes first, and whether ``18-4-22`` begins or ends with the year. Without a year
    (``04-22 12:30``, ``04-22 上海``), a date is the latest that is not after the newest full one, or today.

    :return: The periods, and a note of each thing that was taken for granted.
    :raises InputError: If the day comes first in one date and the month in another.
    """
    dates = [v if isinstance(v, datetime.date) else _bare(v) for v in values]
    written = [date for date in dates if isinstance(date, str)]
    short = _short_year(written)
    day_first, notes = _order(written, short)
    days = [_day(date, day_first, short, every) for date in dates]
    if utc := next((date for date, day in zip(dates, days, strict=True) if day and _is_utc(date)), None):
        notes.append(("utc", {"date": str(utc)}))
    newest = max((day for day in days if day), default=datetime.date.today())
    dateless = [k for k, day in enumerate(days) if day is None]
    for k in dateless:
        days[k] = _without_year(str(dates[k]), day_first, newest)
    if count := sum(days[k] is not None for k in dateless):
        notes.append(("no_year", {"count": count, "newest": newest}))
    return [_period(day, every) if day else "" for day in days], notes


def empty_before(periods: Sequence[str], every: Every) -> dict[str, int]:
    """Count the periods that are missing before each of some: weeks ``2024-01-01, 2024-01-22 -> {"2024-01-22": 2}``."""
    empty = {second: _number(second, every) - _number(first, every) - 1 for first, second in pairwise(periods)}
    return {period: count for period, count in empty.items() if count}


def _bare(value: Any) -> str:
    return _SAID_BEFORE.sub("", str("" if value is None else value).strip(), count=1)


def _order(dates: Sequence[str], short: ShortYear) -> tuple[bool, list[Note]]:
    """Tell whether the day comes first in dates such as 03/04/2024, and say so where they leave it open."""
    found = [match for match in (_year_last(date, short) or _SLASH.fullmatch(date) for date in dates) if match]
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
    return False, [("month_first", {"date": found[0][0]})]


def _short_year(dates: Sequence[str]) -> ShortYear:
    """Tell where dates such as 24-3-5 have their year: one of them shows it, and none shows the contrary."""
    found = [match for match in map(_SHORT.match, dates) if match]
    first = any(_is_no_year(match[4]) for match in found)
    last = any(_is_no_year(match[1]) or int(match[3]) > 12 for match in found)  # no month follows the first number
    if first == last:
        return None
    return "first" if first else "last"


def _is_no_year(number: str) -> bool:
    return len(number) == 1 or int(number) > datetime.date.today().year % 100  # to come


def _year_last(date: str, short: ShortYear) -> re.Match[str] | None:
    return _YEAR_LAST.match(date) or (_SHORT.match(date) if short == "last" else None)


def _is_utc(date: datetime.date | str) -> bool:
    """Tell whether a date is a moment of UTC, whose day may be another one where the post was written."""
    if isinstance(date, str):
        return bool(_SECONDS.fullmatch(date) or _UTC.fullmatch(date))
    return isinstance(date, datetime.datetime) and date.utcoffset() == datetime.timedelta(0)


def _day(date: datetime.date | str, day_first: bool, short: ShortYear, every: Every) -> datetime.date | None:
    if isinstance(date, datetime.date):
        return date.date() if isinstance(date, datetime.datetime) else date
    try:
        return _from_number(date) or _from_parts(date, day_first, short, every) or _from_words(date)
    except (ValueError, OverflowError, OSError):
        return None


def _from_number(date: str) -> datetime.date | None:
    if _SECONDS.fullmatch(date):
        seconds = float(date) / (1000 if len(date) == 13 else 1)
        return datetime.datetime.fromtimestamp(seconds, datetime.UTC).date()
    if re.fullmatch(r"(3[6-9]|4\d|5[0-4])\d{3}(\.\d+)?", date):  # Excel's: days since 1899-12-30; here 1998 to 2050
        return datetime.date(1899, 12, 30) + datetime.timedelta(days=int(float(date)))
    if re.fullmatch(r"(19|20)\d{6}(\d{4}|\d{6})?", date):
        return datetime.datetime.strptime(date[:8], "%Y%m%d").date()
    return None


def _from_parts(date: str, day_first: bool, short: ShortYear, every: Every) -> datetime.date | None:
    if found := _YEAR_FIRST.match(date):
        return datetime.date(*map(int, found.groups()))
    if every == "month" and (found := _MONTH.fullmatch(date)):
        return datetime.date(int(found[1]), int(found[2]), 1)
    if found := _year_last(date, short):
        day, month = (found[1], found[3]) if day_first else (found[3], found[1])
        return datetime.date(_year(found[4]), int(month), int(day))
    if found := _YEAR_SHORT.match(date):
        return datetime.date(_year(found[1]), int(found[2]), int(found[3]))
    if short == "first" and (found := _SHORT.match(date)):
        return datetime.date(_year(found[1]), int(found[3]), int(found[4]))
    return None


def _from_words(date: str) -> datetime.date:
    for form in _NAMED:
        if found := form.match(date):
            month = _MONTHS.index(found["month"][:3].lower()) + 1
            return datetime.date(_year(found["year"]), month, int(found["day"]))
    return parsedate_to_datetime(date).date()  # of e-mail, and of Weibo: Sun Apr 22 09:00:00 +0800 2018


def _year(number: str) -> int:
    return int(number) + (2000 if len(number) == 2 else 0)


def _without_year(date: str, day_first: bool, newest: datetime.date) -> datetime.date | None:
    if found := _NO_YEAR.fullmatch(date):
        month, day = int(found[1]), int(found[2])
    elif found := _SLASH.fullmatch(date):
        first, last = int(found[1]), int(found[3])
        month, day = (last, first) if day_first else (first, last)
    else:
        return None
    for year in range(newest.year, newest.year - 9, -1):  # far enough back for a 29 February
        with suppress(ValueError):
            if (one := datetime.date(year, month, day)) <= newest:
                return one
    return None


def _period(day: datetime.date, every: Every) -> str:
    if every == "week":
        day -= datetime.timedelta(days=day.weekday())
    return f"{day:%Y-%m}" if every == "month" else day.isoformat()


def _number(period: str, every: Every) -> int:
    """Give a period a number, so that neighbours differ by 1."""
    if every == "month":
        return 12 * int(period[:4]) + int(period[5:])
    day = datetime.date.fromisoformat(period).toordinal()
    return day // 7 if every == "week" else day
