"""What was agreed with a customer or offered to him, from when to when; kept when it is over."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, func, insert, select, update

from station.archive.customers.book import FOREVER
from station.archive.customers.stands import stands
from station.archive.customers.tables import agreements
from station.archive.rows import frame
from station.archive.tables import customers
from station.model import AgreementKind


@dataclass(frozen=True, slots=True)
class Agreement:
    """One agreement; `to_day` is the first day on which it no longer holds, none: until further."""

    customer_id: int
    kind: AgreementKind
    from_day: int
    to_day: int | None
    account: str
    written_at: int
    terms_sealed: bytes | None = None
    id: int = 0


COLUMNS = tuple(name for name in Agreement.__dataclass_fields__ if name != "id")


def add(conn: Connection, agreement: Agreement) -> int:
    """Return the id of a new agreement."""
    values = {name: getattr(agreement, name) for name in COLUMNS}
    values |= {"kind": agreement.kind.value}
    added = insert(agreements).values(values).returning(agreements.c.id)
    return int(conn.execute(added).scalar_one())


def find(conn: Connection, agreement_id: int) -> Agreement | None:
    """Return an agreement, none if there is none."""
    row = conn.execute(select(agreements).where(agreements.c.id == agreement_id)).first()
    return None if row is None else _agreement(row)


def end(conn: Connection, agreement_id: int, to_day: int) -> None:
    """Let an agreement no longer hold from a day on."""
    change = update(agreements).where(agreements.c.id == agreement_id)
    conn.execute(change.values(to_day=to_day))


def of_customers(conn: Connection, customer_ids: Collection[int]) -> list[Agreement]:
    """Return the agreements of a customer, the newest first."""
    query = select(agreements).where(agreements.c.customer_id.in_(customer_ids))
    order = (agreements.c.from_day.desc(), agreements.c.id.desc())
    return [_agreement(row) for row in conn.execute(query.order_by(*order))]


def _agreement(row: Any) -> Agreement:
    values = {name: getattr(row, name) for name in ("id", *COLUMNS)}
    return Agreement(**values | {"kind": AgreementKind(row.kind)})


def ending(conn: Connection, *, after_day: int, to_day: int) -> pd.DataFrame:
    """Return id, customer_id, organisation_name, kind and to_day of those that end in between.

    One that the customer has agreed anew, of the same kind and for longer, is left out.
    """
    found = frame(
        conn,
        select(
            agreements.c.id,
            stands().label("customer_id"),
            agreements.c.kind,
            agreements.c.from_day,
            func.coalesce(agreements.c.to_day, FOREVER).label("to_day"),
        ).join(customers, customers.c.id == agreements.c.customer_id),
    )
    last = found.groupby(["customer_id", "kind"])["to_day"].transform("max")
    ends = found[(found["to_day"] > after_day) & (found["to_day"] <= to_day)]
    ends = ends[ends["to_day"] == last[ends.index]].drop_duplicates(["customer_id", "kind"])
    names = frame(conn, select(customers.c.id.label("customer_id"), customers.c.organisation_name))
    told = ends.merge(names, on="customer_id")
    return told.sort_values(["to_day", "customer_id", "kind"], ignore_index=True)


def credit(conn: Connection) -> pd.DataFrame:
    """Return customer_id, from_day and to_day of every agreement on credit."""
    query = (
        select(
            stands().label("customer_id"),
            agreements.c.from_day,
            func.coalesce(agreements.c.to_day, FOREVER).label("to_day"),
        )
        .join(customers, customers.c.id == agreements.c.customer_id)
        .where(agreements.c.kind == AgreementKind.CREDIT.value)
    )
    return frame(conn, query).astype("int64")
