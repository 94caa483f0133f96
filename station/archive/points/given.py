"""What was given to members for something else than a sale, and how often?"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, exists, func, literal, select

from station.archive.points.claims import point_claims
from station.archive.points.tables import point_awards, point_transactions
from station.archive.rows import slices
from station.archive.tables import customers, products, sales
from station.archive.views import visible
from station.model import Fuel


class Kind(NamedTuple):
    """How the causes of gifts of a kind begin, and before it the keys by which they are booked."""

    begins: str
    earned: str
    undone: str


def times(
    conn: Connection, customer_ids: Collection[int], kind: Kind, *, first: int, last: int
) -> dict[int, int]:
    """Return how often each of these records was given something on these days, and kept it."""
    booked, undone = point_transactions.c, point_transactions.alias("undone")
    cause = func.substr(booked.key, len(kind.earned) + 1)
    is_undone = exists().where(undone.c.key == literal(kind.undone).concat(cause))
    query = select(booked.customer_id, func.count()).where(
        booked.key.startswith(kind.earned + kind.begins, autoescape=True),
        booked.day.between(first, last),
        ~is_undone,
    )
    return {
        int(one): int(number)
        for some in slices(sorted(customer_ids))
        for one, number in conn.execute(
            query.where(booked.customer_id.in_(some)).group_by(booked.customer_id)
        )
    }


def begun(conn: Connection, customer_ids: Collection[int]) -> Mapping[int, tuple[int | None, ...]]:
    """Return when each of these records was made, and since which day it says he is known."""
    query = select(customers.c.id, customers.c.made_at, customers.c.since_day)
    return {
        int(one): (made_at, since_day)
        for some in slices(sorted(customer_ids))
        for one, made_at, since_day in conn.execute(query.where(customers.c.id.in_(some)))
    }


class Fill(NamedTuple):
    """A day at a station on which somebody filled up; `sale_id` is the first of its lines."""

    sale_id: int
    day: int
    station_id: int


def _fills(customer_ids: Collection[int]) -> Select[Any]:
    """Return the query of the fills that earned these records points, claimed ones left out."""
    award, back = point_awards.c, sales.alias("back")
    returned = (
        select(func.coalesce(func.sum(back.c.amount_minor), 0))
        .where(back.c.reverses == sales.c.id, back.c.voided == 0)
        .scalar_subquery()
    )
    is_claimed = exists().where(point_claims.c.sale_id == award.sale_id)
    return (
        select(
            func.min(award.sale_id).label("sale_id"),
            award.day,
            sales.c.station_id,
            func.sum(sales.c.amount_minor + returned).label("amount_minor"),
        )
        .join_from(point_awards, sales, sales.c.id == award.sale_id)
        .join(products)
        .where(award.customer_id.in_(customer_ids), award.points > 0, visible(), ~is_claimed)
        .where(products.c.fuel != Fuel.NONE.value)
        .group_by(award.day, sales.c.station_id)
    )


def first_fill(conn: Connection, customer_ids: Collection[int], least_minor: int) -> Fill | None:
    """Return the first fill of these records that earned and still costs so much, none without."""
    fills = _fills(customer_ids).subquery()
    query = (
        select(fills.c.sale_id, fills.c.day, fills.c.station_id)
        .where(fills.c.amount_minor >= least_minor)
        .order_by(fills.c.day, fills.c.sale_id)
        .limit(1)
    )
    row = conn.execute(query).first()
    return Fill(*map(int, row)) if row else None


def still_costs(conn: Connection, customer_ids: Collection[int], sale_id: int) -> int:
    """Return what is left of the fill of a line, 0 if these records have none there that day."""
    query = _fills(customer_ids).where(
        select(sales.c.station_id).where(sales.c.id == sale_id).scalar_subquery()
        == sales.c.station_id,
        select(point_awards.c.day).where(point_awards.c.sale_id == sale_id).scalar_subquery()
        == point_awards.c.day,
    )
    row = conn.execute(query).first()
    return int(row.amount_minor) if row else 0
