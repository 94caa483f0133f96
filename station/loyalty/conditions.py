"""Does a rule concern this line and this member? One table of conditions tells."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from station.model import Fuel, day_date, day_number

YEAR_DAYS = 365
WEEK_REACH_DAYS = 3
MONTHS_TO_NUMBER = 100
"""A birthday is one number: 0229 is 229; 0 is a birthday that nobody knows."""
LEAP_BIRTHDAY, ITS_STAND_IN = 229, 228


class Weekday(StrEnum):
    """A day of the week, Monday first."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class Birthday(StrEnum):
    """How near a member's birthday must be."""

    DAY = "day"
    WEEK = "week"  # three days before it to three days after it
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class When:
    """What must hold for a rule; what is not named is not asked.

    `words` are parts of a product's name, `hours` the first hour and the one at which it ends (from
    22 to 6 goes over midnight), `starts` and `ends` the first and the last day.
    """

    fuels: tuple[Fuel, ...] = ()
    products: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()
    cards: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    weekdays: tuple[Weekday, ...] = ()
    month_days: tuple[int, ...] = ()
    hours: tuple[int, ...] = ()
    birthday: Birthday | None = None
    starts: date | None = None
    ends: date | None = None


def _among(wanted: tuple[str, ...], value: str) -> bool:
    return value in wanted


def _speaks_of(words: tuple[str, ...], product: str) -> bool:
    return any(word.casefold() in product.casefold() for word in words)


def _on_weekday(wanted: tuple[Weekday, ...], day: int) -> bool:
    return tuple(Weekday)[day_date(day).weekday()] in wanted


def _on_month_day(wanted: tuple[int, ...], day: int) -> bool:
    return day_date(day).day in wanted


def _in_hours(hours: tuple[int, ...], hour: int) -> bool:
    first, end = hours
    if hour < 0:
        return False
    return first <= hour < end if first < end else hour >= first or hour < end


def _near_birthday(wanted: Birthday, day: int, birthday: int) -> bool:
    return birthday > 0 and NEAR[wanted](day_date(day), birthday)


def _is_birthday(today: date, birthday: int) -> bool:
    return today == _birthday_in(today.year, birthday)


def _is_birthday_week(today: date, birthday: int) -> bool:
    years = (today.year - 1, today.year, today.year + 1)
    return any(abs((today - _birthday_in(y, birthday)).days) <= WEEK_REACH_DAYS for y in years)


def _is_birthday_month(today: date, birthday: int) -> bool:
    return today.month == birthday // MONTHS_TO_NUMBER


def _birthday_in(year: int, birthday: int) -> date:
    """Return the day on which a birthday is kept; 29 February is the 28th in a common year."""
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    kept = ITS_STAND_IN if birthday == LEAP_BIRTHDAY and not is_leap else birthday
    return date(year, *divmod(kept, MONTHS_TO_NUMBER))


NEAR: Mapping[Birthday, Callable[[date, int], bool]] = {
    Birthday.DAY: _is_birthday,
    Birthday.WEEK: _is_birthday_week,
    Birthday.MONTH: _is_birthday_month,
}
CONDITIONS: Mapping[str, tuple[tuple[str, ...], Callable[..., bool]]] = {
    "fuels": (("fuel",), _among),
    "products": (("product",), _among),
    "words": (("product",), _speaks_of),
    "stations": (("station",), _among),
    "cards": (("card",), _among),
    "levels": (("level",), _among),
    "grades": (("grade",), _among),
    "weekdays": (("day",), _on_weekday),
    "month_days": (("day",), _on_month_day),
    "hours": (("hour",), _in_hours),
    "birthday": (("day", "birthday"), _near_birthday),
    "starts": (("day",), lambda first, day: day >= day_number(first)),
    "ends": (("day",), lambda last, day: day <= day_number(last)),
}
"""Each condition, the facts that it asks for, and how it is judged."""


OF_MEMBER = frozenset({"levels", "grades", "birthday", "starts", "ends"})
"""Conditions that can be judged before anything is bought."""


@lru_cache(maxsize=1_000)
def _named(when: When) -> tuple[tuple[str, tuple[str, ...], Callable[..., bool], Any], ...]:
    """Return the conditions that are named: their names, what they ask, and what they want."""
    return tuple(
        (name, asked, test, getattr(when, name))
        for name, (asked, test) in CONDITIONS.items()
        if getattr(when, name)
    )


def holds(when: When, facts: Mapping[str, Any], names: Collection[str] = CONDITIONS.keys()) -> bool:
    """Return whether every condition that is named holds (of those in `names`)."""
    return all(
        test(wanted, *(facts[fact] for fact in asked))
        for name, asked, test, wanted in _named(when)
        if name in names
    )


def mask(when: When, lines: pd.DataFrame) -> np.ndarray:
    """Return for each row whether every condition holds; each value is judged once."""
    held = np.ones(len(lines), dtype=bool)
    for _, asked, test, wanted in _named(when):
        held &= _judged(lines, asked, test, wanted)
    return held


def _judged(
    lines: pd.DataFrame, asked: tuple[str, ...], test: Callable[..., bool], wanted: Any
) -> np.ndarray:
    groups = lines.groupby(list(asked), sort=False)
    values = groups.size().index
    rows = values if len(asked) > 1 else [(value,) for value in values]
    verdicts = np.array([test(wanted, *row) for row in rows], dtype=bool)
    return verdicts[groups.ngroup().to_numpy()] if len(lines) else np.ones(0, dtype=bool)
