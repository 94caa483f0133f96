"""What every service is handed first: the archive, the rules, who asks, and as of which day."""

from dataclasses import dataclass
from datetime import date

from station.archive.database import Database as Database  # noqa: PLC0414 - faces name it
from station.config import Settings
from station.model import Scope, day_number


@dataclass(frozen=True, slots=True)
class Ask:
    """The first argument of every service."""

    db: Database
    settings: Settings
    scope: Scope
    as_of: date

    def from_day(self, days: int) -> int | None:
        """Return the first of the `days` up to as-of; none, that is from the start, for 0."""
        return day_number(self.as_of) - days + 1 if days else None
