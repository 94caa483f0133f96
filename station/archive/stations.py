"""The stations of the archive, by their code, and the history of their settings."""

from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection, RowMapping, Select, insert, select, update

from station.archive.people.accounts import raise_rights_version
from station.archive.rows import frame
from station.archive.tables import accounts, station_changes, stations
from station.errors import NotFoundError
from station.model import Station, StationKind

NOT_OF_THE_SITE = ("id", "archivist_id")
"""Columns of a station's row that its record leaves out."""
ARCHIVIST = "archivist"
NUMBERS = frozenset({"day_starts_at_min", "night_ends_at_min", "calls_per_week", ARCHIVIST})
"""Settings that are whole numbers; the history writes them as text, nobody as nothing."""
OF_RIGHTS = frozenset({"region", ARCHIVIST})
"""Settings on which somebody's rights rest."""


@dataclass(frozen=True, slots=True)
class Change:
    """A setting's new value from a day on; `id` is 0 until it is written."""

    station_id: int
    field: str
    old: str
    new: str
    from_day: int
    id: int = 0


_CODES = select(stations.c.code, stations.c.id).order_by(stations.c.id)


def ids(conn: Connection) -> dict[str, int]:
    """Return the id of every station by its code."""
    rows = conn.execute(_CODES)
    return {str(code): int(station_id) for code, station_id in rows}


def everything(conn: Connection) -> dict[int, Station]:
    """Return every station by its id, in the order in which they were added."""
    rows = conn.execute(select(stations).order_by(stations.c.id)).mappings()
    return {row["id"]: _station(row) for row in rows}


def kept_by(conn: Connection, account_id: int) -> frozenset[int]:
    """Return the stations whose customer archive an account keeps."""
    mine = select(stations.c.id).where(stations.c.archivist_id == account_id)
    return frozenset(conn.execute(mine).scalars())


def add(conn: Connection, station: Station) -> int:
    """Return the id of a new station; its code must not be taken."""
    added = conn.execute(insert(stations).values(values_of(station)).returning(stations.c.id))
    return int(added.scalar_one())


def find(conn: Connection, code: str) -> tuple[int, Station]:
    """Return the id and the record of the station with this code.

    Raises:
        NotFoundError: there is none.
    """
    row = conn.execute(select(stations).where(stations.c.code == code)).mappings().first()
    if row is None:
        raise NotFoundError("archive.no_station", code=code)
    return row["id"], _station(row)


def values_of(station: Station) -> dict[str, str | int]:
    """Return the columns of a station's row that its record settles, in files, too."""
    return {
        "code": station.code,
        "name": station.name,
        "region": station.region,
        "kind": station.kind.value,
        "zone": station.zone,
        "currency": station.currency,
        "province": station.province,
        "day_starts_at_min": station.day_starts_at_min,
        "night_ends_at_min": station.night_ends_at_min,
    }


def _station(row: RowMapping) -> Station:
    fields = {str(name): value for name, value in row.items() if name not in NOT_OF_THE_SITE}
    return Station(**fields | {"kind": StationKind(row["kind"])})


def listing(conn: Connection) -> pd.DataFrame:
    """Return every column of every station, and the name of its `archivist`."""
    query = select(stations, accounts.c.name.label(ARCHIVIST)).outerjoin(
        accounts, accounts.c.id == stations.c.archivist_id
    )
    return frame(conn, query.order_by(stations.c.code))


def put_change(conn: Connection, change: Change, *, account: str, now_s: int, reason: str) -> None:
    """Write down that a setting changes; it is `apply_due` that changes it."""
    values = {name: getattr(change, name) for name in ("station_id", "field", "old", "new")}
    values |= {"from_day": change.from_day, "account": account, "reason": reason}
    conn.execute(insert(station_changes).values(values | {"written_at": now_s}))


def changes(conn: Connection, station_id: int | None = None) -> pd.DataFrame:
    """Return the history of one station's settings or of all, the latest day first."""
    query = _dated(station_id).order_by(None)
    newest = (station_changes.c.from_day.desc(), station_changes.c.id.desc())
    return frame(conn, query.order_by(*newest))


def _dated(station_id: int | None) -> Select[*tuple[object, ...]]:
    """Return the query of changes in the order in which they hold."""
    query = select(station_changes).order_by(station_changes.c.from_day, station_changes.c.id)
    return query if station_id is None else query.where(station_changes.c.station_id == station_id)


def value_on(conn: Connection, station_id: int, field: str, day: int) -> str:
    """Return a setting as of a day: what the last change up to then says, as text."""
    history = conn.execute(_dated(station_id).where(station_changes.c.field == field)).all()
    if not history:
        return _standing(conn, station_id, field)
    before = [change for change in history if change.from_day <= day]
    return str(before[-1].new if before else history[0].old)


def _standing(conn: Connection, station_id: int, field: str) -> str:
    column = stations.c[_column(field)]
    value = conn.execute(select(column).where(stations.c.id == station_id)).scalar_one()
    return "" if value is None else str(value)


def _column(field: str) -> str:
    return "archivist_id" if field == ARCHIVIST else field


def due(conn: Connection, day: int) -> list[Change]:
    """Return the changes that should hold by a day and do not yet, in the order of their days."""
    waiting = station_changes.c.applied_at.is_(None), station_changes.c.from_day <= day
    names = ("station_id", "field", "old", "new", "from_day", "id")
    query = select(*[station_changes.c[name] for name in names]).where(*waiting)
    rows = conn.execute(query.order_by(station_changes.c.from_day, station_changes.c.id))
    return [Change(*row) for row in rows]


def apply_due(conn: Connection, day: int, now_s: int) -> list[Change]:
    """Let every change hold whose day has come and return them; doing it twice changes nothing.

    One that is dated before a later one stands in the history and changes nothing today.
    """
    found = due(conn, day)
    for station_id, field in {(change.station_id, change.field) for change in found}:
        value = value_on(conn, station_id, field, day)
        kept = (int(value) if value else None) if field in NUMBERS else value
        changed = update(stations).where(stations.c.id == station_id)
        conn.execute(changed.values({_column(field): kept}))
        if field in OF_RIGHTS:
            raise_rights_version(conn)
    done = [change.id for change in found]
    applied = update(station_changes).where(station_changes.c.id.in_(done))
    conn.execute(applied.values(applied_at=now_s))
    return found
