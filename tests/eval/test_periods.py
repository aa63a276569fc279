import datetime

import pytest

from whyshare.data.errors import InputError
from whyshare.eval.periods import empty_before, periods_of


@pytest.mark.parametrize(
    ("value", "week"),
    [
        ("2018-04-22 12:30", "2018-04-16"),
        ("2018/4/22", "2018-04-16"),
        ("2018年4月22日 09:00", "2018-04-16"),
        ("20180422", "2018-04-16"),
        (1524355200, "2018-04-16"),
        ("1524355200000", "2018-04-16"),
        (43212, "2018-04-16"),
        ("Sun Apr 22 09:00:00 +0000 2018", "2018-04-16"),
        ("Sun, 22 Apr 2018 12:30:00 GMT", "2018-04-16"),
        ("20180422123000", "2018-04-16"),
        ("22/04/2018 09:00", "2018-04-16"),
        ("4/22/2018 3:05 PM", "2018-04-16"),
        ("22.4.2018", "2018-04-16"),
        ("18-4-22", ""),  # or 2022-04-18
        ("18年4月22日 09:00", "2018-04-16"),
        ("22-Apr-2018 09:15AM", "2018-04-16"),
        ("22-Apr-18", "2018-04-16"),
        ("4/22/18 8:00 AM", "2018-04-16"),
        ("22.4.18", ""),  # or 2022-04-18
        ("Apr 22, 2018 · 8:00 PM UTC", "2018-04-16"),
        ("Apr 22, 2018, 8:00 AM", "2018-04-16"),
        ("22 April 2018 20:00", "2018-04-16"),
        ("22 Apr 18:00", ""),
        ("22-Foo-2018", ""),
        ("编辑于 2018-04-22", "2018-04-16"),
        ("发布于2018-04-22 上海", "2018-04-16"),
        ("1.5244E+12", ""),
        ("yesterday", ""),
        ("今天 12:30", ""),
        ("昨天 08:00", ""),
        ("5分钟前", ""),
        (None, ""),
        ("2018-13-45", ""),
        (10000, ""),
        (99999, ""),
    ],
)
def test_dates_in_many_forms(value, week):
    is_utc = str(value).startswith("152") or "+0000" in str(value) or "GMT" in str(value) or "UTC" in str(value)
    assert periods_of([value], "week") == ([week], [("utc", {"date": str(value)})] if is_utc else [])
    if week:
        assert periods_of([value], "day")[0] == ["2018-04-22"]
        assert periods_of([value], "month")[0] == ["2018-04"]


def test_the_column_tells_day_from_month():
    assert periods_of(["03/04/2024", "25/12/2024"], "day") == (["2024-04-03", "2024-12-25"], [])
    assert periods_of(["03/04/2024", "12/25/2024 3:05 PM"], "day") == (["2024-03-04", "2024-12-25"], [])
    assert periods_of(["03.04.2024"], "day") == (["2024-04-03"], [])
    periods, [note] = periods_of(["03/04/2024", "05/06/2024"], "day")
    assert periods == ["2024-03-04", "2024-05-06"]
    assert note == ("month_first", {"date": "03/04/2024"})
    with pytest.raises(InputError, match="day comes first in the date '25/12/2024', the month in '12/25/2024'"):
        periods_of(["25/12/2024", "12/25/2024"], "day")


def test_dates_without_a_year_or_a_day():
    periods, [note] = periods_of(["05-01 12:30", "5月1日 12:30", "12-30", "2024-06-01", "02-30"], "day")
    assert periods == ["2024-05-01", "2024-05-01", "2023-12-30", "2024-06-01", ""]
    assert note == ("no_year", {"count": 3, "newest": datetime.date(2024, 6, 1)})
    today = datetime.date.today()
    assert periods_of([f"{today:%m-%d} 00:00"], "day")[0] == [today.isoformat()]
    assert periods_of(["2024-05", "2024年5月"], "month") == (["2024-05", "2024-05"], [])
    assert periods_of(["2024-05"], "week") == ([""], [])  # which week, it does not say


def test_a_short_year_comes_first_where_a_date_shows_it():
    assert periods_of(["24-3-5 12:30", "24-03-11"], "day") == (["2024-03-05", "2024-03-11"], [])
    assert periods_of(["24-03-31", "24-03-05"], "day")[0] == ["2024-03-31", "2024-03-05"]
    assert periods_of(["24-03-05"], "day")[0] == [""]
    assert periods_of(["5-3-24", "15-3-24", "15-3-2"], "day")[0] == ["", "", ""]


def test_a_short_year_comes_last_where_a_date_shows_it():
    periods, [note] = periods_of(["5/1/24 8:00 AM", "12/3/24 8:00 AM"], "day")
    assert periods == ["2024-05-01", "2024-12-03"]
    assert note == ("month_first", {"date": "5/1/24"})
    assert periods_of(["05/01/24", "05/31/24"], "day") == (["2024-05-01", "2024-05-31"], [])
    assert periods_of(["5/1/24", "25/12/24"], "day") == (["2024-01-05", "2024-12-25"], [])
    assert periods_of(["5.1.24"], "day") == (["2024-01-05"], [])
    assert periods_of(["05/01/24", "06/01/24"], "day")[0] == ["", ""]  # or of 2005 and 2006
    with pytest.raises(InputError, match="day comes first in the date '25/12/24', the month in '5/31/24'"):
        periods_of(["25/12/24", "5/31/24"], "day")


def test_places_and_slashes_in_dates_without_a_year():
    full = "2024-06-01"
    assert periods_of(["03-05 上海", "发布于 03-06 12:30 上海", full], "day")[0] == ["2024-03-05", "2024-03-06", full]
    periods, notes = periods_of(["03/05 12:30", full], "day")
    assert periods == ["2024-03-05", full]
    assert notes[0] == ("month_first", {"date": "03/05 12:30"})
    assert periods_of(["03/05", "25/05", full], "day")[0] == ["2024-05-03", "2024-05-25", full]


def test_times_of_utc_are_said_to_be():
    for date in ("2024-03-05T20:00:00Z", "2024-03-05 20:00:00+00:00"):
        assert periods_of([date], "day") == (["2024-03-05"], [("utc", {"date": date})])
    moment = datetime.datetime(2024, 3, 5, 20, tzinfo=datetime.UTC)
    assert periods_of([moment], "day") == (["2024-03-05"], [("utc", {"date": str(moment)})])
    assert periods_of(["2024-03-05T20:00:00+08:00"], "day") == (["2024-03-05"], [])


def test_a_week_is_named_by_its_monday():
    assert periods_of(["2024-03-04", "2024-03-10", "2020-12-31", "2021-01-03"], "week")[0] == [
        "2024-03-04",
        "2024-03-04",
        "2020-12-28",
        "2020-12-28",
    ]


def test_empty_periods_are_counted():
    weeks = ["2020-12-28", "2021-01-04", "2021-05-03"]
    assert empty_before(weeks, "week") == {"2021-05-03": 16}
    assert empty_before(["2023-12", "2024-01", "2024-03"], "month") == {"2024-03": 1}
    assert empty_before(["2024-02-28", "2024-03-01", "2024-03-02"], "day") == {"2024-03-01": 1}
