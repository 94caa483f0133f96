"""Who stood still for too long, who was told, and what was decided about it?"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, func, insert, select, update

from station.archive.customers.mark_tables import stalls
from station.archive.customers.stands import stands
from station.archive.customers.tables import prospects
from station.archive.rows import frame, slices
from station.archive.tables import accounts, customers

OPEN, MOVED = "", "moved"
"""What stands for a decision: none yet, and that he moved on before there was one."""


@dataclass(frozen=True, slots=True)
class Stall:
    """A customer stood still in a stage; `account_id` looked after him when that was told."""

    customer_id: int
    stage: str
    since_day: int
    due_day: int
    account_id: int | None
    opened_at: int
    id: int = 0
    decision: str = OPEN
    reason: str = ""
    until_day: int | None = None
    decided_by: str = ""
    decided_at: int | None = None


def open_new(conn: Connection, new: Sequence[Stall]) -> None:
    """Write down that these stand still; of nobody is one open already."""
    rows = [{name: v for name, v in asdict(one).items() if name != "id"} for one in new]
    if rows:
        conn.execute(insert(stalls), rows)


def still_open(conn: Connection) -> pd.DataFrame:
    """Return id, customer_id (who stands), stage and since_day of all that wait for a decision."""
    query = (
        select(stalls.c.id, stands().label("customer_id"), stalls.c.stage, stalls.c.since_day)
        .join_from(stalls, customers, customers.c.id == stalls.c.customer_id)
        .where(stalls.c.decided_at.is_(None))
    )
    return frame(conn, query)


def close(conn: Connection, stall_ids: Collection[int], **values: object) -> None:
    """Write down what was decided about these, or that it is over."""
    for some in slices(sorted(stall_ids)):
        conn.execute(update(stalls).where(stalls.c.id.in_(some)).values(values))


def listing(conn: Connection, customer_ids: Collection[int] | None = None) -> pd.DataFrame:
    """Return id, customer_id, stage, since_day, due_day, opened_at and keeper of those open.

    The keeper is who looks after the customer now; whom nobody does is not told of.
    """
    query = (
        select(
            *(stalls.c[name] for name in ("id", "stage", "since_day", "due_day", "opened_at")),
            stands().label("customer_id"),
            accounts.c.name.label("keeper"),
        )
        .join_from(stalls, customers, customers.c.id == stalls.c.customer_id)
        .join(accounts, accounts.c.id == _keeper())
        .where(stalls.c.decided_at.is_(None))
        .order_by(stalls.c.due_day, stalls.c.id)
    )
    if customer_ids is None:
        return frame(conn, query)
    wanted = sorted(set(customer_ids))
    parts = [frame(conn, query.where(stands().in_(some))) for some in slices(wanted)]
    return pd.concat(parts, ignore_index=True) if parts else frame(conn, query.limit(0))


def _keeper() -> Any:
    first = customers.alias("first")
    found = select(first.c.keeper_id).where(first.c.id == stands())
    return found.correlate(customers).scalar_subquery()


def find(conn: Connection, stall_id: int) -> Stall | None:
    """Return a stall, none if there is none."""
    row = conn.execute(select(stalls).where(stalls.c.id == stall_id)).mappings().first()
    return Stall(**row) if row else None


def of_customers(conn: Connection, customer_ids: Collection[int]) -> list[Stall]:
    """Return every stall of these records, the newest first."""
    query = select(stalls).where(stalls.c.customer_id.in_(customer_ids))
    rows = conn.execute(query.order_by(stalls.c.id.desc())).mappings()
    return [Stall(**row) for row in rows]


def decided(conn: Connection) -> pd.DataFrame:
    """Return customer_id, stage, since_day, decision, until_day and decided_at of the last of each.

    One row a customer, stage and stay: the decision that holds.
    """
    names = ("stage", "since_day", "decision", "until_day", "decided_at")
    last = (
        select(func.max(stalls.c.id))
        .where(stalls.c.decided_at.is_not(None), stalls.c.decision != MOVED)
        .group_by(stalls.c.customer_id, stalls.c.stage, stalls.c.since_day)
    )
    query = (
        select(stands().label("customer_id"), *(stalls.c[name] for name in names))
        .join_from(stalls, customers, customers.c.id == stalls.c.customer_id)
        .where(stalls.c.id.in_(last))
        .order_by(stalls.c.id)
    )
    return frame(conn, query)


def resting(conn: Connection, day: int) -> set[int]:
    """Return the customers of whom, as prospects, somebody decided to wait or to give up."""
    given_up = prospects.c.standing == "given_up"
    paused = (prospects.c.standing == "paused") & (prospects.c.pause_until_day > day)
    query = select(stands()).join_from(
        prospects, customers, customers.c.id == prospects.c.customer_id
    )
    return set(conn.execute(query.where(given_up | paused)).scalars())
