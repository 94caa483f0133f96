"""Who works when at a station, who is away, and which season it has."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from station.archive.calls.roster_tables import absences, seasons, shifts
from station.archive.rows import slices


@dataclass(frozen=True, slots=True)
class Hours:
    """When somebody works on a weekday from a day on, and how many minutes of it are for calls."""

    account_id: int
    station_id: int
    weekday: int
    from_day: int
    minutes: int
    from_min: int
    to_min: int
    made_by: str
    made_at: int


class Absence(NamedTuple):
    """Somebody is not there, from a day to a last one."""

    account_id: int
    from_day: int
    to_day: int
    id: int = 0


class Season(NamedTuple):
    """What a station has from a day on: its peak or its slack; an empty law is the chain's."""

    station_id: int
    from_day: int
    season: str
    law: str


def put_hours(conn: Connection, hours: Hours) -> None:
    """Let these be somebody's hours on a weekday from a day on."""
    same = (
        shifts.c.account_id == hours.account_id,
        shifts.c.station_id == hours.station_id,
        shifts.c.weekday == hours.weekday,
        shifts.c.from_day == hours.from_day,
    )
    conn.execute(delete(shifts).where(*same))
    conn.execute(insert(shifts).values(asdict(hours)))


def hours_of(conn: Connection, station_id: int) -> list[Hours]:
    """Return everybody's hours at a station as they were ever written, the oldest first."""
    query = select(shifts).where(shifts.c.station_id == station_id)
    rows = conn.execute(query.order_by(shifts.c.from_day, shifts.c.id))
    return [Hours(**{name: getattr(row, name) for name in Hours.__slots__}) for row in rows]


def add_absence(conn: Connection, absence: Absence, *, made_by: str, made_at: int) -> None:
    """Write down that somebody is not there."""
    values = absence._asdict() | {"made_by": made_by, "made_at": made_at}
    values.pop("id")
    conn.execute(insert(absences).values(values))


def drop_absences(conn: Connection, account_id: int, from_day: int) -> int:
    """Return how many absences are over from a day on: whoever was away is back."""
    mine = absences.c.account_id == account_id
    gone = conn.execute(delete(absences).where(mine, absences.c.from_day >= from_day)).rowcount
    cut = update(absences).where(mine, absences.c.to_day >= from_day)
    return int(gone + conn.execute(cut.values(to_day=from_day - 1)).rowcount)


def absences_of(conn: Connection, account_ids: Collection[int], from_day: int) -> list[Absence]:
    """Return the absences of accounts that are not over before a day, the earliest first."""
    found = []
    for some in slices(sorted(account_ids)):
        query = select(absences).where(
            absences.c.account_id.in_(some), absences.c.to_day >= from_day
        )
        found += [
            Absence(row.account_id, row.from_day, row.to_day, row.id) for row in conn.execute(query)
        ]
    return sorted(found, key=lambda one: (one.from_day, one.account_id, one.id))


def put_season(conn: Connection, season: Season, *, made_by: str, made_at: int) -> None:
    """Let this be a station's season from a day on."""
    same = seasons.c.station_id == season.station_id, seasons.c.from_day == season.from_day
    conn.execute(delete(seasons).where(*same))
    conn.execute(
        insert(seasons).values(season._asdict() | {"made_by": made_by, "made_at": made_at})
    )


def seasons_of(conn: Connection, station_id: int) -> list[Season]:
    """Return every season that was ever set at a station, the newest first."""
    query = select(seasons).where(seasons.c.station_id == station_id)
    rows = conn.execute(query.order_by(seasons.c.from_day.desc()))
    return [_season(row) for row in rows]


def _season(row: Any) -> Season:
    return Season(row.station_id, row.from_day, row.season, row.law)
