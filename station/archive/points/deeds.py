"""What did members do on which day? The sales that were judged for points, all over the chain.

Each sale counts for whom it was judged, at the day of the programme, net of what was taken back;
a customer stands for all his records. Nothing that anybody spends is among it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Column, ColumnElement, Connection, Select, and_, func, select

from station.archive.customers.stands import merged, stands
from station.archive.points.tables import point_awards
from station.archive.rows import frame, slices
from station.archive.tables import customers, products, sales
from station.archive.views import visible
from station.model import DAY_S, Fuel, Unit

COLUMNS = ("customer_id", "day", "amount")
_back = sales.alias("back")


@dataclass(frozen=True, slots=True)
class Days:
    """From which day to which, both included."""

    first: int
    last: int


def fills(conn: Connection, days: Days, customer_ids: Sequence[int] | None = None) -> pd.DataFrame:
    """Return COLUMNS: at how many stations each customer filled up on each day.

    Two lines at one station on one day are one fill, so splitting a purchase gains nothing.
    """
    asked = _Asked(days, customer_ids, "quantity_milli", _fuels(conn))
    told = _net(conn, asked, sales.c.station_id)
    by = told[told["amount"] > 0].groupby(["customer_id", "day"])
    return by.size().rename("amount").reset_index()


def litres(conn: Connection, days: Days, customer_ids: Sequence[int] | None = None) -> pd.DataFrame:
    """Return COLUMNS: the thousandths of a litre of fuel."""
    fuel = _fuels(conn, Unit.LITRE)
    return _net(conn, _Asked(days, customer_ids, "quantity_milli", fuel))


def money(
    conn: Connection, days: Days, currency: str, customer_ids: Sequence[int] | None = None
) -> pd.DataFrame:
    """Return COLUMNS: what was paid in a currency, in its smallest unit."""
    in_it = sales.c.currency == currency
    return _net(conn, _Asked(days, customer_ids, "amount_minor", in_it))


def points(conn: Connection, days: Days, customer_ids: Sequence[int] | None = None) -> pd.DataFrame:
    """Return COLUMNS: the points that count for a level."""
    query = _query(days, point_awards.c.base_points).where(visible())
    return _of_some(conn, query, customer_ids).astype("int64")


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whose lines of which days, what of them is added up, and which of them count."""

    days: Days
    customer_ids: Sequence[int] | None
    column: str
    counts: ColumnElement[bool]


def _fuels(conn: Connection, unit: Unit | None = None) -> ColumnElement[bool]:
    """Return the condition that a line is of fuel, told by the few products there are."""
    fuel = select(products.c.id).where(products.c.fuel != Fuel.NONE.value)
    ids = conn.execute(fuel.where(products.c.unit == unit.value) if unit else fuel).scalars().all()
    return sales.c.product_id.in_(ids)


def _net(conn: Connection, asked: _Asked, *by: Column[int]) -> pd.DataFrame:
    """Return what was sold less what was taken back of it, at the day of the sale."""
    sold = _query(asked.days, sales.c[asked.column], *by)
    back = _query(asked.days, _back.c[asked.column], *by)
    back = back.join(_back, and_(_back.c.reverses == sales.c.id, _back.c.voided == 0))
    parts = [
        _of_some(conn, query.where(asked.counts, visible()), asked.customer_ids)
        for query in (sold, back)
    ]
    told = pd.concat(parts).astype("int64")
    keys = [name for name in told.columns if name != "amount"]
    return told.groupby(keys)["amount"].sum().reset_index()


def _query(days: Days, amount: ColumnElement[int], *by: Column[int]) -> Select[*tuple[object, ...]]:
    """Find a customer, a day, what else is asked, and the sum of an amount."""
    award = point_awards.c
    keys = (stands(), award.day, *by)
    query = select(
        stands().label("customer_id"), award.day, *by, func.sum(amount).label("amount")
    ).join_from(point_awards, sales, sales.c.id == award.sale_id)
    query = query.join(customers, customers.c.id == award.customer_id)
    return query.where(award.day.between(days.first, days.last)).group_by(*keys)


def _of_some(
    conn: Connection, query: Select[*tuple[object, ...]], customer_ids: Sequence[int] | None
) -> pd.DataFrame:
    if customer_ids is None:
        return frame(conn, query)
    mine = point_awards.c.customer_id
    parts = [frame(conn, query.where(mine.in_(some))) for some in slices(customer_ids)]
    return pd.concat(parts) if parts else frame(conn, query.where(mine < 0))


def seen_at(conn: Connection, station_ids: Collection[int], days: Days) -> set[int]:
    """Return the customers who are registered at these stations, or of whom sales there counted."""
    began = sales.c.local_at >= (days.first - 1) * DAY_S
    came = (
        select(point_awards.c.customer_id)
        .join_from(sales, point_awards, point_awards.c.sale_id == sales.c.id)
        .where(sales.c.station_id.in_(station_ids), began)
        .distinct()
    )
    theirs = select(customers.c.id).where(customers.c.station_id.in_(station_ids))
    found = {int(one) for query in (came, theirs) for one in conn.execute(query).scalars()}
    gone = merged(conn)
    return {gone.get(one, one) for one in found}


def members(conn: Connection) -> list[int]:
    """Return the customers who stand, for all their records, and were not erased."""
    query = select(customers.c.id).where(
        customers.c.merged_into.is_(None), customers.c.erased_at.is_(None)
    )
    return [int(one) for one in conn.execute(query.order_by(customers.c.id)).scalars()]
