"""On which day of the sun's calendar does a day of the moon's fall?"""

from datetime import date
from functools import lru_cache

from borax.calendars.lunardate import InvalidLunarDateError, LCalendars, LunarDate

FIRST_YEAR, LAST_YEAR = 1900, 2099
"""The moon's years that are known."""


@lru_cache(maxsize=4096)
def falls_on(year: int, month: int, day: int, *, in_leap_month: bool = False) -> date | None:
    """Return the day on which a day of the moon's year `year` falls; none outside the known years.

    A leap month follows the month of its number. What is of a leap month falls into it where the
    year has it, else into the month itself; what is of no leap month never falls into one. In a
    month of 29 days the 30th is the last.
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    is_leap = in_leap_month and LCalendars.leap_month(year) == month
    for last in (day, day - 1):
        try:
            found: date = LunarDate(year, month, last, int(is_leap)).to_solar_date()
        except InvalidLunarDateError:
            continue
        return found
    return None
