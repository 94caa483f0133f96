"""What was given to members for something else than a sale, and how often?"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, exists, func, literal, select

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


def first_fill(conn: Connection, customer_ids: Sequence[int]) -> tuple[int, int] | None:
    """Return number and day of the first fill that earned these records points, none without."""
    award = point_awards.c
    query = (
        select(award.sale_id, award.day)
        .join_from(point_awards, sales, sales.c.id == award.sale_id)
        .join(products)
        .where(award.customer_id.in_(customer_ids), award.points > 0, visible())
        .where(products.c.fuel != Fuel.NONE.value)
        .order_by(award.day, award.sale_id)
        .limit(1)
    )
    row = conn.execute(query).first()
    return (int(row.sale_id), int(row.day)) if row else None
