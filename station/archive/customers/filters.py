"""Who has a field, a keeper; and the filters that people have saved."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from station.archive.customers.stands import stands
from station.archive.customers.tables import customer_fields, saved_filters
from station.archive.tables import accounts, customers


@dataclass(frozen=True, slots=True)
class Saved:
    """A filter as somebody saved it; `conditions` is JSON."""

    id: int
    account: str
    name: str
    is_shared: bool
    conditions: str


def values_of(
    conn: Connection, name: str, values: Collection[str] | None = None
) -> list[tuple[int, str]]:
    """Return (customer, value) of an open field, only of these values if any are named."""
    field = customer_fields.c
    query = select(field.customer_id, field.value).where(field.field == name, field.value != "")
    if values is not None:
        query = query.where(field.value.in_(values))
    return [(int(row.customer_id), str(row.value)) for row in conn.execute(query)]


def kept_by(conn: Connection, names: Collection[str]) -> set[int]:
    """Return the customers in the care of these accounts."""
    query = select(customers.c.id).join(accounts, accounts.c.id == customers.c.keeper_id)
    return set(conn.execute(query.where(accounts.c.name.in_(names))).scalars())


def registered(conn: Connection, station_ids: Collection[int]) -> set[int]:
    """Return the customers that stand of whom a record is registered at one of these stations."""
    query = select(stands()).where(customers.c.station_id.in_(station_ids))
    return set(conn.execute(query).scalars())


def keepers(conn: Connection, station_ids: Collection[int]) -> list[str]:
    """Return the accounts that have customers registered at these stations in their care."""
    query = (
        select(accounts.c.name)
        .join(customers, customers.c.keeper_id == accounts.c.id)
        .where(customers.c.station_id.in_(station_ids))
        .distinct()
    )
    return sorted(conn.execute(query).scalars())


def listing(conn: Connection, account: str) -> list[Saved]:
    """Return the filters of an account, then those that others share, each in order of names."""
    mine = saved_filters.c.account == account
    query = select(saved_filters).where(or_(mine, saved_filters.c.is_shared == 1))
    rows = conn.execute(query.order_by(mine.desc(), saved_filters.c.name, saved_filters.c.id))
    return [_saved(row) for row in rows]


def find(conn: Connection, filter_id: int) -> Saved | None:
    """Return a filter, none if there is none."""
    row = conn.execute(select(saved_filters).where(saved_filters.c.id == filter_id)).first()
    return _saved(row) if row else None


def _saved(row: Any) -> Saved:
    values = {name: getattr(row, name) for name in ("id", "account", "name", "conditions")}
    return Saved(**values, is_shared=bool(row.is_shared))


def named(conn: Connection, account: str, name: str) -> int | None:
    """Return the filter that an account has under a name, none if it has none."""
    its = saved_filters.c
    query = select(its.id).where(its.account == account, func.lower(its.name) == name.lower())
    return conn.execute(query).scalar()


def add(conn: Connection, account: str, name: str, conditions: str, now_s: int) -> int:
    """Return the id of a new filter, which its owner alone sees."""
    values = {"account": account, "name": name, "conditions": conditions, "made_at": now_s}
    new = insert(saved_filters).values(**values, is_shared=0).returning(saved_filters.c.id)
    return int(conn.execute(new).scalar_one())


def change(conn: Connection, filter_id: int, **values: str | int) -> None:
    """Give a filter another name, other conditions, or share it."""
    conn.execute(update(saved_filters).where(saved_filters.c.id == filter_id).values(values))


def remove(conn: Connection, filter_id: int) -> None:
    """Forget a filter."""
    conn.execute(delete(saved_filters).where(saved_filters.c.id == filter_id))
