"""What pages ask of sales directly: a vehicle's lines, first and last day, how many."""

from collections.abc import Collection

import pandas as pd
from sqlalchemy import Column, ColumnElement, Connection, and_, func, select

from station.archive.batches import OPEN
from station.archive.keys import borne, named
from station.archive.rows import frame
from station.archive.tables import batches, products, sales, stations, vehicle_keys
from station.model import DAY_S, Fuel


def visible() -> ColumnElement[bool]:
    """Tell the sales that count: not voided, and not of a whole-file batch still under way."""
    hidden = select(batches.c.id).where(batches.c.whole_file == 1, batches.c.status == OPEN)
    return and_(sales.c.voided == 0, sales.c.batch_id.not_in(hidden))


def by_key(column: Column[int]) -> ColumnElement[int]:
    """Return a column of sales under which no index is sought: the few lines of a key are at hand.

    SQLite would take the one by station and time, and read all that was sold there.
    """
    return column + 0


def lines_of_vehicle(
    conn: Connection,
    vehicle_id: int,
    station_ids: Collection[int],
    as_of_day: int,
    limit: int,
) -> pd.DataFrame:
    """Return a vehicle's lines at these stations up to a local day, the newest first."""
    shown = (
        "id",
        "station_id",
        "key_id",
        "card_no",
        "sold_at",
        "local_at",
        "has_time",
        "business_day",
        "quantity_milli",
        "amount_minor",
        "currency",
        "receipt_no",
        "nozzle",
        "reverses",
    )
    columns = [sales.c[name] for name in shown]
    query = (
        select(*columns, products.c.code.label("product"), products.c.fuel, products.c.unit)
        .join(products)
        .join(named, named.c.id == sales.c.key_id)
        .join(vehicle_keys, borne(sales.c.local_at))
        .where(
            vehicle_keys.c.vehicle_id == vehicle_id,
            by_key(sales.c.station_id).in_(station_ids),
            by_key(sales.c.local_at) < (as_of_day + 1) * DAY_S,
            visible(),
        )
    )
    newest = query.order_by(sales.c.local_at.desc(), sales.c.natural_key).limit(limit)
    return frame(conn, newest)


def days(conn: Connection, station_ids: Collection[int]) -> tuple[int, int] | None:
    """Return the first and the last local day with a sale, none if there is no sale."""
    ends = [_end(conn, station_id) for station_id in station_ids]
    known = [end for end in ends if end is not None]
    if not known:
        return None
    return min(first for first, _ in known) // DAY_S, max(last for _, last in known) // DAY_S


def taken(conn: Connection) -> dict[int, int]:
    """Return how many lines each import of sales that stands has taken, by its id."""
    query = select(batches.c.id, batches.c.accepted).where(
        batches.c.kind == "sales", batches.c.status != "undone"
    )
    return {int(number): int(lines) for number, lines in conn.execute(query)}


def counts(conn: Connection) -> dict[str, int]:
    """Return how many stations, vehicles and standing sales there are."""
    asked = {
        "stations": select(func.count()).select_from(stations),
        "vehicles": select(func.count(vehicle_keys.c.vehicle_id.distinct())),
        "sales": select(func.count()).select_from(sales).where(visible()),
    }
    return {name: conn.execute(query).scalar_one() for name, query in asked.items()}


def _end(conn: Connection, station_id: int) -> tuple[int, int] | None:
    """Return the first and last local moment of a station, each by one step into the index."""
    mine = select(sales.c.local_at).where(sales.c.station_id == station_id, visible()).limit(1)
    first = conn.execute(mine.order_by(sales.c.local_at)).scalar()
    if first is None:
        return None
    last = conn.execute(mine.order_by(sales.c.local_at.desc())).scalar_one()
    return int(first), int(last)


def capture(
    conn: Connection, station_ids: Collection[int], as_of_day: int, days: int
) -> pd.DataFrame:
    """Return station_id, nozzle, fuel lines and how many of them carry a vehicle.

    Counts the `days` up to a local day; reversals and lines without a nozzle are left out.
    """
    end = (as_of_day + 1) * DAY_S
    query = (
        select(
            sales.c.station_id,
            sales.c.nozzle,
            func.count().label("lines"),
            func.count(sales.c.key_id).label("with_plate"),
        )
        .join(products)
        .where(
            sales.c.station_id.in_(station_ids),
            sales.c.local_at >= end - days * DAY_S,
            sales.c.local_at < end,
            sales.c.reverses.is_(None),
            sales.c.nozzle != "",
            products.c.fuel != Fuel.NONE.value,
            visible(),
        )
        .group_by(sales.c.station_id, sales.c.nozzle)
    )
    return frame(conn, query.order_by(sales.c.station_id, sales.c.nozzle))


def products_known(conn: Connection) -> pd.DataFrame:
    """Return product_id, code and fuel of every product."""
    columns = (products.c.id.label("product_id"), products.c.code, products.c.fuel)
    return frame(conn, select(*columns).order_by(products.c.id))
