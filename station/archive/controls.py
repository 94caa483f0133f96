"""What tills say they sold in a day, and what the archive holds of it."""

from collections.abc import Collection, Sequence

import pandas as pd
from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select

from station.archive.batches import DONE
from station.archive.rows import frame
from station.archive.tables import batches, control_totals, products, sales
from station.archive.views import visible
from station.model import DAY_S, ControlTotal, Fuel, TotalKind

Key = tuple[str, str, int]
"""Kind, name and business day of a total."""


def put(conn: Connection, batch_id: int, station_id: int, totals: Sequence[ControlTotal]) -> None:
    """Keep the totals of a batch; what a broken-off run of it had kept goes."""
    mine = control_totals.c.batch_id == batch_id
    conn.execute(delete(control_totals).where(mine))
    rows = [
        {
            "batch_id": batch_id,
            "station_id": station_id,
            "business_day": total.business_day,
            "kind": total.kind.value,
            "name": total.name,
            "quantity_milli": total.quantity_milli,
            "amount_minor": total.amount_minor,
        }
        for total in totals
    ]
    if rows:
        conn.execute(insert(control_totals), rows)


def standing(conn: Connection, station_id: int, days: Collection[int]) -> dict[Key, ControlTotal]:
    """Return the totals that count on these days: those that came last."""
    if not days:
        return {}
    found = newest(conn, [station_id], min(days), max(days)).to_dict("records")
    totals = [
        ControlTotal(
            TotalKind(row["kind"]),
            str(row["name"]),
            int(row["business_day"]),
            int(row["quantity_milli"]),
            int(row["amount_minor"]),
        )
        for row in found
    ]
    return {(total.kind.value, total.name, total.business_day): total for total in totals}


def newest(
    conn: Connection, station_ids: Collection[int], from_day: int, to_day: int
) -> pd.DataFrame:
    """Return the totals that count from one business day to another, each as it came last."""
    query = (
        select(
            control_totals.c.station_id,
            control_totals.c.business_day,
            control_totals.c.kind,
            control_totals.c.name,
            control_totals.c.quantity_milli,
            control_totals.c.amount_minor,
        )
        .join(batches)
        .where(
            batches.c.status == DONE,
            control_totals.c.station_id.in_(station_ids),
            control_totals.c.business_day.between(from_day, to_day),
        )
        .order_by(control_totals.c.batch_id)
    )
    rows = frame(conn, query)
    return rows.drop_duplicates(["station_id", "business_day", "kind", "name"], keep="last")


def in_days(from_day: int, to_day: int) -> ColumnElement[bool]:
    """Tell the sales of these business days, of whose times the index knows.

    A business day begins and ends within a day of the calendar's.
    """
    return and_(
        sales.c.local_at >= (from_day - 1) * DAY_S,
        sales.c.local_at < (to_day + 2) * DAY_S,
        sales.c.business_day.between(from_day, to_day),
        visible(),
    )


def sold(
    conn: Connection, station_ids: Collection[int], from_day: int, to_day: int
) -> pd.DataFrame:
    """Return what the archive holds of fuel, by station, business day, product and nozzle."""
    by = (sales.c.station_id, sales.c.business_day, products.c.code, sales.c.nozzle)
    query = (
        select(
            *by,
            func.sum(sales.c.quantity_milli).label("quantity_milli"),
            func.sum(sales.c.amount_minor).label("amount_minor"),
        )
        .join(products)
        .where(
            sales.c.station_id.in_(station_ids),
            in_days(from_day, to_day),
            products.c.fuel != Fuel.NONE.value,
        )
        .group_by(*by)
    )
    return frame(conn, query.order_by(*by))


def lines(
    conn: Connection, station_ids: Collection[int], from_day: int, to_day: int
) -> pd.DataFrame:
    """Return the sold lines of these days with their running numbers and meter readings.

    Reversals are left out: the fuel of what they take back did flow.
    """
    query = (
        select(
            sales.c.id,
            sales.c.station_id,
            sales.c.business_day,
            sales.c.sold_at,
            sales.c.local_at,
            sales.c.key_kind,
            sales.c.natural_key,
            sales.c.nozzle,
            sales.c.receipt_no,
            sales.c.serial_no,
            sales.c.meter_from_milli,
            sales.c.meter_to_milli,
            sales.c.quantity_milli,
            (products.c.fuel != Fuel.NONE.value).label("is_fuel"),
        )
        .join(products)
        .where(
            sales.c.station_id.in_(station_ids),
            in_days(from_day, to_day),
            sales.c.reverses.is_(None),
        )
    )
    return frame(conn, query.order_by(sales.c.station_id, sales.c.sold_at, sales.c.id))
