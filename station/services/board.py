"""What the visits say: every analysis on one frame, and the pictures drawn from it."""

from collections.abc import Sequence
from datetime import date

import pandas as pd

from station.archive import lake, stations, views
from station.model import day_date, day_number
from station.services.access import right, stations_in_sight
from station.services.ask import Ask

NO_SALES_DAY = date(1970, 1, 1)


@right("board.read")
def last_day(ask: Ask) -> date:
    """Return the last local day with a sale in sight; 1970-01-01 while there is none."""
    with ask.db.reading() as conn:
        ends = views.days(conn, ask.scope.station_ids)
    return day_date(ends[1]) if ends else NO_SALES_DAY


@right("board.read")
def is_empty(ask: Ask) -> bool:
    """Return whether no sale is in sight."""
    return last_day(ask) == NO_SALES_DAY


@right("board.read")
def stations_known(ask: Ask) -> pd.DataFrame:
    """Return station_id, code, name, region, kind, zone and currency of each station in sight."""
    with ask.db.reading() as conn:
        known = stations.everything(conn)
    rows = [
        {
            "station_id": station_id,
            "code": station.code,
            "name": station.name or station.code,
            "region": station.region,
            "kind": station.kind.value,
            "zone": station.zone,
            "currency": station.currency,
        }
        for station_id, station in known.items()
        if station_id in ask.scope.station_ids
    ]
    columns = ["station_id", "code", "name", "region", "kind", "zone", "currency"]
    return pd.DataFrame(rows, columns=columns)
