"""Alarm dates are kept by their day."""

import pandas as pd
import pytest
from archive.shop import Shop
from makers import make_key

from station.archive import alarms, stations
from station.archive.database import Database
from station.archive.vehicles import labels_of

DAY = 20_700


@pytest.fixture
def ids(db: Database) -> tuple[int, list[int]]:
    """A station with three vehicles."""
    with db.writing() as conn:
        shop = Shop(conn)
        keys = [shop.keys.find(conn, make_key(f"粤B1234{n}")) for n in range(3)]
        return next(iter(stations.ids(conn).values())), [vehicle_of(conn, key) for key in keys]


def vehicle_of(conn: object, key_id: int) -> int:
    del conn
    return key_id


def rows(station_id: int, *alarm_days: int, first: int = 1) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (first + n, station_id, day - 30, day, day + 60, "active", 100.0 * (n + 1))
            for n, day in enumerate(alarm_days)
        ],
        columns=list(alarms.COLUMNS),
    )


def look(db: Database, station_id: int, day: int, days: int = 7) -> list[int]:
    with db.reading() as conn:
        found = alarms.overdue(conn, [station_id], day, since_day=day - days + 1, limit=10)
    return found["vehicle_id"].tolist()
