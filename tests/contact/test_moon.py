"""The moon's calendar: its feasts against another library's tables, leap months, short months."""

from datetime import date, timedelta

import holidays
import pytest
from holidays.calendars.chinese import _ChineseLunisolar as Tables
from hypothesis import given
from hypothesis import strategies as st

from station.contact import moon

years = st.integers(moon.FIRST_YEAR, moon.LAST_YEAR)
months, days = st.integers(1, 12), st.integers(1, 30)
FEASTS = {
    "LUNAR_NEW_YEAR_DATES": (1, 1),
    "DRAGON_BOAT_DATES": (5, 5),
    "MID_AUTUMN_DATES": (8, 15),
    "DOUBLE_NINTH_DATES": (9, 9),
}
UNSURE = {("LUNAR_NEW_YEAR_DATES", 1916), ("MID_AUTUMN_DATES", 2089)}
"""New moons so near to midnight that the two libraries tell them a day apart."""


@pytest.mark.parametrize("feast", FEASTS)
def test_feasts_fall_where_another_library_says(feast: str) -> None:
    told = {
        year: date(year, *day)
        for year, day in getattr(Tables, feast).items()
        if moon.FIRST_YEAR <= year <= moon.LAST_YEAR and (feast, year) not in UNSURE
    }

    assert {year: moon.falls_on(year, *FEASTS[feast]) for year in told} == told


def test_public_holidays_of_a_country_agree() -> None:
    told = holidays.country_holidays("CN", years=range(2008, 2051), language="en_US")
    autumn = {day for day, name in told.items() if "Mid-Autumn" in name}

    assert {moon.falls_on(year, 8, 15) for year in range(2008, 2051)} <= autumn


@pytest.mark.parametrize(
    ("year", "in_leap_month", "day"),
    [
        (2025, True, date(2025, 7, 30)),  # the sixth month came twice in 2025
        (2025, False, date(2025, 6, 30)),
        (2026, True, date(2026, 7, 19)),  # and once in 2026
        (2026, False, date(2026, 7, 19)),
    ],
)
def test_a_birthday_of_a_leap_month_is_in_the_month_itself_where_the_year_has_none(
    year: int, in_leap_month: bool, day: date
) -> None:
    assert moon.falls_on(year, 6, 6, in_leap_month=in_leap_month) == day


@given(years, months, st.booleans())
def test_a_thirtieth_is_the_last_of_its_month(year: int, month: int, is_leap: bool) -> None:
    last = moon.falls_on(year, month, 30, in_leap_month=is_leap)
    before = moon.falls_on(year, month, 29, in_leap_month=is_leap)

    assert last is not None
    assert before is not None
    assert last - before in {timedelta(0), timedelta(days=1)}


@given(st.integers(moon.FIRST_YEAR, moon.LAST_YEAR - 1), months, days, st.booleans())
def test_a_birthday_comes_back_once_in_each_year_of_the_moon(
    year: int, month: int, day: int, is_leap: bool
) -> None:
    this, following = (
        moon.falls_on(one, month, day, in_leap_month=is_leap) for one in (year, year + 1)
    )

    assert this is not None
    assert following is not None
    assert 324 <= (following - this).days <= 414  # 12 or 13 months, and a leap month's shift


@pytest.mark.parametrize("year", [1899, 2100])
def test_of_years_that_are_not_known_nothing_is_told(year: int) -> None:
    assert moon.falls_on(year, 1, 1) is None
