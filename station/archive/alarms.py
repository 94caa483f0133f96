"""When each regular becomes overdue, kept by its day so that a day's list is a look-up."""

from collections.abc import Collection

import pandas as pd
from sqlalchemy import Connection, delete, insert, select

from station.archive.rows import frame, slices
from station.archive.tables import alarms

COLUMNS = ("vehicle_id", "station_id", "last_day", "alarm_day", "lost_day", "state", "worth")


def put(conn: Connection, rows: pd.DataFrame) -> int:
    """Let `rows` (COLUMNS) be all alarms there are; return how many differ from before."""
    old = frame(conn, select(*[alarms.c[name] for name in COLUMNS]))
    keys = ["vehicle_id", "station_id"]
    both = rows[list(COLUMNS)].merge(
        old.astype(rows[list(COLUMNS)].dtypes.to_dict()),
        on=list(COLUMNS),
        how="outer",
        indicator="side",
    )
    gone = both.loc[both["side"] == "right_only", keys]
    new = both.loc[both["side"] == "left_only", list(COLUMNS)]
    for station_id, part in gone.groupby("station_id")["vehicle_id"]:
        for some in slices(part.tolist()):
            theirs = delete(alarms).where(alarms.c.vehicle_id.in_(some))
            conn.execute(theirs.where(alarms.c.station_id == station_id))
    if len(new):
        told = [dict(zip(COLUMNS, row, strict=True)) for row in new.itertuples(index=False)]
        conn.execute(insert(alarms), told)
    return len(gone) + len(new)


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
