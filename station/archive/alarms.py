"""When each regular becomes overdue, kept by its day so that a day's list is a look-up."""

from collections.abc import Collection
from typing import Any

import pandas as pd
from sqlalchemy import Connection, delete, insert, select

from station.archive.rows import frame, slices
from station.archive.tables import alarms

COLUMNS = ("vehicle_id", "station_id", "last_day", "alarm_day", "lost_day", "state", "worth")


def put(conn: Connection, station_id: int, rows: pd.DataFrame) -> int:
    """Let `rows` (COLUMNS) be all alarms of a station; return how many differ from before."""
    here = select(*[alarms.c[name] for name in COLUMNS]).where(alarms.c.station_id == station_id)
    return _exchange(conn, {tuple(row) for row in conn.execute(here)}, rows)


def put_of(conn: Connection, vehicle_ids: Collection[int], rows: pd.DataFrame) -> int:
    """Let `rows` be all alarms of a few vehicles, at every station; return how many differ."""
    told = select(*[alarms.c[name] for name in COLUMNS])
    old = {
        tuple(row)
        for some in slices(sorted(set(vehicle_ids)))
        for row in conn.execute(told.where(alarms.c.vehicle_id.in_(some)))
    }
    return _exchange(conn, old, rows)


def _exchange(conn: Connection, old: set[tuple[Any, ...]], rows: pd.DataFrame) -> int:
    new = set(rows[list(COLUMNS)].itertuples(index=False, name=None))
    gone, added = old - new, new - old
    for station_id in {row[1] for row in gone}:
        for some in slices(sorted(row[0] for row in gone if row[1] == station_id)):
            theirs = delete(alarms).where(alarms.c.vehicle_id.in_(some))
            conn.execute(theirs.where(alarms.c.station_id == station_id))
    if added:
        conn.execute(insert(alarms), [dict(zip(COLUMNS, row, strict=True)) for row in added])
    return len(gone) + len(added)


def overdue(
    conn: Connection, station_ids: Collection[int], day: int, *, since_day: int, limit: int
) -> pd.DataFrame:
    """Return COLUMNS of whose alarm day lies in [since_day, day], the most worth a call first."""
    query = select(*[alarms.c[name] for name in COLUMNS]).where(
        alarms.c.station_id.in_(station_ids),
        alarms.c.alarm_day <= day,
        alarms.c.alarm_day >= since_day,
    )
    most = query.order_by(alarms.c.worth.desc(), alarms.c.vehicle_id, alarms.c.station_id)
    return frame(conn, most.limit(limit))


def of_vehicles(
    conn: Connection,
    vehicle_ids: Collection[int],
    station_ids: Collection[int],
    day: int,
    *,
    since_day: int,
) -> pd.DataFrame:
    """Return the same of a few vehicles."""
    query = select(*[alarms.c[name] for name in COLUMNS]).where(
        alarms.c.vehicle_id.in_(list(vehicle_ids)),
        alarms.c.station_id.in_(station_ids),
        alarms.c.alarm_day <= day,
        alarms.c.alarm_day >= since_day,
    )
    return frame(conn, query.order_by(alarms.c.worth.desc(), alarms.c.vehicle_id))
