"""On which days does a country not drive as usual?"""

from datetime import date, timedelta

import holidays
import pandas as pd

from station.model import day_date, day_number

FESTIVAL, HOLIDAY = "festival", "holiday"
NEW_YEAR = "Chinese New Year (Spring Festival)"


def feast_days(
    country: str, first_day: int, last_day: int, *, before: int, after: int
) -> pd.DataFrame:
    """Return day, cause and window (a number) of the days that are no usual ones.

    Spring Festival is felt for `before` days ahead of its first day and `after` days beyond it;
    another public holiday on its own days. Days next to each other are one window.
    """
    known = _public(country, day_date(first_day), day_date(last_day))
    causes = dict.fromkeys((day_number(day) for day in known), HOLIDAY)
    for day, name in known.items():
        if name == NEW_YEAR and day - timedelta(days=1) not in _named(known, NEW_YEAR):
            span = range(day_number(day) - before, day_number(day) + after + 1)
            causes |= dict.fromkeys(span, FESTIVAL)
    rows = [(day, cause) for day, cause in sorted(causes.items()) if first_day <= day <= last_day]
    frame = pd.DataFrame(rows, columns=["day", "cause"]).astype({"day": "int64"})
    opens = (frame["day"].diff() != 1) | (frame["cause"] != frame["cause"].shift())
    return frame.assign(window=opens.cumsum())


def _public(country: str, first: date, last: date) -> dict[date, str]:
    """Return the public holidays of a country and a month on either side; none if unknown."""
    if country not in holidays.list_supported_countries():
        return {}
    years = range((first - timedelta(days=31)).year, (last + timedelta(days=31)).year + 1)
    language = "en_US" if country == "CN" else None
    return dict(holidays.country_holidays(country, years=years, language=language).items())


def _named(known: dict[date, str], name: str) -> set[date]:
    return {day for day, named in known.items() if named == name}
