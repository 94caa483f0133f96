"""Until which day do points count? Days end at midnight of the programme's zone."""

import calendar
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from station.loyalty.programme import ExpiryRules, Life
from station.model import day_date, day_number

MONTHS = 12
MONTH_DAY = "%m-%d"
SECOND = timedelta(seconds=1)
START = datetime(1970, 1, 1, tzinfo=UTC)


def day_at(instant_s: int, zone: str) -> int:
    """Return the calendar day that an instant (seconds since 1970 UTC) falls on in a zone."""
    return day_number((START + instant_s * SECOND).astimezone(ZoneInfo(zone)).date())


def ends_at(day: int, zone: str) -> int:
    """Return the first instant at which a day is over in a zone."""
    midnight = datetime.combine(day_date(day + 1), time(), ZoneInfo(zone))
    return (midnight.astimezone(UTC) - START) // SECOND


def expires_day(day: int, joined_day: int, rules: ExpiryRules) -> int | None:
    """Return the last day on which points earned on a day count; none is for ever.

    `joined_day` is that of the member, by which anniversaries come round.
    """
    return LIVES[rules.life](day_date(day), day_date(joined_day), rules)


def renewed_day(expires: int | None, active_day: int, rules: ExpiryRules) -> int | None:
    """Return until when points count whose member earned again; what is dead stays dead."""
    if expires is None or not rules.renewed or expires < active_day:
        return expires
    renewed = expires_day(active_day, active_day, rules)
    return renewed if renewed is None else max(expires, renewed)


def expiring(lots: Iterable[tuple[int | None, int]], day: int, days: int) -> dict[int, int]:
    """Return what expires on which of the next days, of every lot (last day, points left)."""
    soon: dict[int, int] = {}
    for last, left in lots:
        if last is not None and day <= last < day + days and left:
            soon[last] = soon.get(last, 0) + left
    return dict(sorted(soon.items()))


def months_later(day: date, months: int) -> date:
    """Return the same day of a later month, or the last of a month that is too short."""
    year, month = divmod(day.year * MONTHS + day.month - 1 + months, MONTHS)
    return date(year, month + 1, min(day.day, _length(year, month + 1)))


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _never(day: date, joined: date, rules: ExpiryRules) -> None:
    del day, joined, rules


def _rolling(day: date, joined: date, rules: ExpiryRules) -> int:
    del joined
    last = months_later(day, rules.months)
    if rules.month_end:
        last = last.replace(day=_length(last.year, last.month))
    return day_number(last)


def _on_dates(day: date, joined: date, rules: ExpiryRules) -> int:
    del joined
    return _first_after(day, rules.dates, rules.months)


def _on_anniversary(day: date, joined: date, rules: ExpiryRules) -> int:
    return _first_after(day, (joined.strftime(MONTH_DAY),), rules.months)


def _first_after(day: date, dates: Iterable[str], months: int) -> int:
    """Return the first of some days of the year after a day, and no sooner than `months` later.

    What is earned on such a day lives to the next one: nothing expires on the day it was earned.
    """
    sooner = months_later(day, months)
    years = range(sooner.year, sooner.year + 2)
    all_days = sorted(
        _in_year(year, *map(int, text.split("-"))) for year in years for text in dates
    )
    return day_number(next(found for found in all_days if found >= sooner and found > day))


def _in_year(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, _length(year, month)))


LIVES: Mapping[Life, Callable[[date, date, ExpiryRules], int | None]] = {
    Life.NEVER: _never,
    Life.ROLLING: _rolling,
    Life.DATES: _on_dates,
    Life.ANNIVERSARY: _on_anniversary,
}
