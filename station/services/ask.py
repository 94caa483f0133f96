"""What every service is handed first: the archive, the rules, who asks, and as of which day."""

from dataclasses import dataclass
from datetime import date

from station.archive.database import Database as Database  # noqa: PLC0414 - faces name it
from station.config import Settings
from station.model import Scope


@dataclass(frozen=True, slots=True)
class Ask:
    """The first argument of every service."""

    db: Database
    settings: Settings
    scope: Scope
    as_of: date
