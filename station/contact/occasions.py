"""Birthdays and family occasions: what may be kept of one, and what is none."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from station.errors import BadValueError

LEAP_YEAR, MONTHS, LUNAR_DAYS = 2000, 12, 30
FIRST_YEAR, LONGEST_NOTE = 1900, 200


class OccasionKind(StrEnum):
    """What is remembered."""

    BIRTHDAY = "birthday"
    WEDDING = "wedding"
    CHILD_EXAM = "child_exam"
    PARENTS_BIRTHDAY = "parents_birthday"
    BEREAVEMENT = "bereavement"
    OTHER = "other"


class Calendar(StrEnum):
    """By which calendar a day comes round."""

    SOLAR = "solar"
    LUNAR = "lunar"


@dataclass(frozen=True, slots=True)
class Occasion:
    """A day of a customer's family; 0 is a year that nobody knows.

    A year is of its own calendar. `in_leap_month` is of the moon's calendar only.

    Raises:
        BadValueError: there is no such day in its calendar.
    """

    kind: OccasionKind
    month: int
    day: int
    year: int = 0
    calendar: Calendar = Calendar.SOLAR
    note: str = ""
    in_leap_month: bool = False

    def __post_init__(self) -> None:
        if len(self.note) > LONGEST_NOTE:
            raise BadValueError("error.note_too_long", limit=LONGEST_NOTE)
        if self.year and not FIRST_YEAR <= self.year <= date.max.year:
            raise BadValueError("occasions.no_day")
        if not 1 <= self.month <= MONTHS or not self._has_day():
            raise BadValueError("occasions.no_day")

    def _has_day(self) -> bool:
        if self.calendar is Calendar.LUNAR:
            return 1 <= self.day <= LUNAR_DAYS
        try:
            date(self.year or LEAP_YEAR, self.month, self.day)
        except ValueError:
            return False
        return not self.in_leap_month
