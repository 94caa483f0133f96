"""What time is it at a station? Calls are made by its own clock."""

from dataclasses import dataclass
from datetime import UTC, datetime
from datetime import time as time_of_day
from time import time
from zoneinfo import ZoneInfo

from station.model import DAY_S, day_date, day_number

MINUTE_S, HOUR_MIN, DAY_MIN = 60, 60, 1440


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant, and the day and the minute of the day where it is asked for."""

    at: int
    day: int
    at_min: int

    @property
    def midnight(self) -> int:
        """The instant at which this day began there."""
        return self.at - self.at % MINUTE_S - self.at_min * MINUTE_S


def moment(zone: str, at: int | None = None) -> Moment:
    """Return an instant, or now, as the clock of a zone shows it."""
    second = int(time()) if at is None else at
    there = datetime.fromtimestamp(second, UTC).astimezone(ZoneInfo(zone))
    return Moment(second, day_number(there.date()), there.hour * HOUR_MIN + there.minute)


def instant(zone: str, day: int, at_min: int) -> int:
    """Return when a minute of a day is, by the clock of a zone."""
    hour, minute = divmod(at_min, HOUR_MIN)
    there = datetime.combine(day_date(day), time_of_day(hour, minute), ZoneInfo(zone))
    return int(there.timestamp())


def days_before(at: int, days: int) -> int:
    """Return the instant that lies so many days before another."""
    return at - days * DAY_S
