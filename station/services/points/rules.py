"""Which rules of points hold on a day? Those of config.yaml, as long as their past stands."""

from dataclasses import dataclass, replace
from time import time

from station.archive.database import Connection
from station.archive.points import awards
from station.errors import PointsError
from station.loyalty import programme
from station.loyalty.expiry import day_at
from station.loyalty.programme import Programme, Version
from station.model import day_date, day_number
from station.services.ask import Ask


@dataclass(frozen=True, slots=True)
class Rules:
    """The versions that were found sound; none are held where points are switched off."""

    programme: Programme
    today: int

    @property
    def since_day(self) -> int | None:
        """The first day on which sales earn, none where none ever do."""
        days = [day_number(version.starts) for version in self.programme.versions]
        return min(days, default=None)

    def on(self, day: int) -> Version | None:
        """Return the version that holds on a day, none before the first."""
        return programme.at(self.programme, day)

    def named(self, name: str) -> Version | None:
        """Return the version of a name, none where points were switched off since."""
        return next((one for one in self.programme.versions if one.name == name), None)


def read(conn: Connection, ask: Ask) -> Rules:
    """Return the rules of all days.

    Raises:
        PointsError: what the rules said while they held was changed.
    """
    return _sound(conn, ask)[0]


def told(conn: Connection, ask: Ask) -> Programme:
    """Return the programme as it stands in this archive: to be shown, not to give by it."""
    written = ask.settings.programme
    return _begun(conn, written) if written.versions else written


def keep(conn: Connection, ask: Ask) -> Rules:
    """Return the rules of all days, to give points by them: from now on their past is kept.

    Raises:
        PointsError: what the rules said while they held was changed.
    """
    rules, known = _sound(conn, ask)
    told = programme.marks(rules.programme, rules.today)
    new = {name: mark for name, mark in told.items() if name not in known}
    awards.keep_marks(conn, new, int(time()))
    return rules


def _sound(conn: Connection, ask: Ask) -> tuple[Rules, dict[str, str]]:
    told = ask.settings.programme
    today = day_at(int(time()), told.zone)
    if not told.versions:  # switched off: nothing is told otherwise than it was
        return Rules(told, today), {}
    rules, known = Rules(_begun(conn, told), today), awards.marks(conn)
    for name in programme.rewritten(rules.programme, known, today):
        raise PointsError("programme.past", name=name)
    return rules, known


def _begun(conn: Connection, told: Programme) -> Programme:
    """Return the programme; in a demo archive its first version starts with the demo."""
    day, first = awards.demo_day(conn), told.versions[0]
    if day is None or day_number(first.starts) <= day:
        return told
    return replace(told, versions=(replace(first, starts=day_date(day)), *told.versions[1:]))
