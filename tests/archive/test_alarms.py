"""Alarm dates are kept by their day, and a day's list is a look-up."""

import pandas as pd
import pytest
from archive.shop import Shop
from makers import make_key
from sqlalchemy import select

from station.archive import alarms
from station.archive.database import Database
from station.archive.tables import vehicle_keys
from station.archive.vehicles import labels, without_owner

DAY = 20_700


@pytest.fixture
def vehicles(db: Database) -> list[int]:
    """Three vehicles; stations are 1 and 2."""
    with db.writing() as conn:
        shop = Shop(conn)
        shop.keys.ids(conn, [make_key(f"粤B1234{n}") for n in range(3)])
        key = vehicle_keys.c
        return list(conn.execute(select(key.vehicle_id).order_by(key.text)).scalars())


def rows(vehicles: list[int], *alarm_days: int, worth: float = 100.0) -> pd.DataFrame:
    """Return an alarm of each vehicle at station 1, each worth more than the one before."""
    return pd.DataFrame(
        [
            (vehicle, 1, day - 30, day, day + 60, "active", worth * number)
            for number, (vehicle, day) in enumerate(zip(vehicles, alarm_days, strict=False), 1)
        ],
        columns=list(alarms.COLUMNS),
    )


def put(db: Database, given: pd.DataFrame) -> int:
    with db.writing(changes_figures=False) as conn:
        return alarms.put(conn, 1, given)


def look(db: Database, day: int = DAY, days: int = 7, station_id: int = 1) -> list[int]:
    with db.reading() as conn:
        found = alarms.overdue(conn, [station_id], day, since_day=day - days + 1, limit=10)
    return found["vehicle_id"].tolist()


def test_a_days_list_has_the_alarms_of_the_week_the_most_worth_first(
    db: Database, vehicles: list[int]
) -> None:
    put(db, rows(vehicles, DAY, DAY - 6, DAY + 1))

    assert look(db) == [vehicles[1], vehicles[0]]
    assert look(db, days=1) == [vehicles[0]]
    assert look(db, station_id=2) == []


def test_the_same_alarms_again_change_nothing(db: Database, vehicles: list[int]) -> None:
    given = rows(vehicles, DAY, DAY - 6)

    assert [put(db, given), put(db, given)] == [2, 0]


def test_a_later_visit_moves_the_alarm(db: Database, vehicles: list[int]) -> None:
    put(db, rows(vehicles, DAY, DAY - 6))

    put(db, rows(vehicles, DAY + 30, DAY - 6))

    assert look(db) == [vehicles[1]]


def test_who_is_no_regular_any_more_has_no_alarm(db: Database, vehicles: list[int]) -> None:
    put(db, rows(vehicles, DAY, DAY - 6))

    put(db, rows(vehicles, DAY))

    assert look(db) == [vehicles[0]]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # PostgreSQL reads a row as it is
def test_the_look_goes_by_the_index_of_days(db: Database, vehicles: list[int]) -> None:
    put(db, rows(vehicles, DAY))
    plan = "EXPLAIN QUERY PLAN SELECT * FROM alarms WHERE station_id IN (1) AND alarm_day <= 9"

    with db.reading() as conn:
        told = " ".join(str(row) for row in conn.exec_driver_sql(plan))

    assert "ix_alarms_alarm_day" in told


def test_vehicles_are_named_by_their_plates(db: Database, vehicles: list[int]) -> None:
    with db.reading() as conn:
        shown = labels(conn, vehicles)
        ended = without_owner(conn, DAY)

    assert [shown[v][0] for v in vehicles] == ["粤B12340", "粤B12341", "粤B12342"]
    assert ended.empty
