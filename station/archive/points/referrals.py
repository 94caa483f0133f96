"""Who brought whom, and what became of it: one row a new member."""

from collections.abc import Collection
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    delete,
    insert,
    or_,
    select,
    update,
)

from station.archive.rows import slices
from station.archive.tables import Id, metadata

referrals = Table(
    "referrals",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, unique=True),
    Column("referred_by", ForeignKey("customers.id"), nullable=False, index=True),
    Column("station_id", ForeignKey("stations.id")),
    Column("state", String(10), nullable=False),  # waiting, rewarded, closed, merged
    Column("sale_id", ForeignKey("sales.id")),  # the first fill, once it was rewarded
    Column("rewarded_day", Integer),
    Column("made_day", Integer, nullable=False),
    Column("account", String(80), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    CheckConstraint("customer_id <> referred_by", name="ck_referrals_himself"),
    CheckConstraint("state <> 'rewarded' OR sale_id IS NOT NULL", name="ck_referrals_sale"),
    Index("ix_referrals_sale_id", "sale_id"),
)
"""A member is brought once, by one other."""


class State(StrEnum):
    """What became of a referral: nothing yet, points were given, or none will be.

    A merged one waits for the merge to be undone: the member is one with somebody for whom others
    are given points, or with whoever brought him.
    """

    WAITING = "waiting"
    REWARDED = "rewarded"
    CLOSED = "closed"
    MERGED = "merged"


class Referral(NamedTuple):
    """A new member and who brought him; `sale_id` is the fill for which that was rewarded."""

    customer_id: int
    referred_by: int
    station_id: int | None
    state: State
    sale_id: int | None
    rewarded_day: int | None
    made_day: int
    account: str
    made_at: int


_ROW = select(*(referrals.c[name] for name in Referral._fields))


def add(conn: Connection, new: Referral) -> None:
    """Write down who brought a new member."""
    conn.execute(insert(referrals).values(new._asdict()))


def waiting(conn: Connection, customer_ids: Collection[int]) -> list[Referral]:
    """Return the referrals of these new members of which nothing became yet."""
    mine = [one for one in _of(conn, "customer_id", customer_ids) if one.state is State.WAITING]
    return sorted(mine, key=lambda one: one.customer_id)


def of_sales(conn: Connection, sale_ids: Collection[int]) -> list[Referral]:
    """Return the referrals that were rewarded for one of these sales."""
    return _of(conn, "sale_id", sale_ids)


def brought(conn: Connection, customer_ids: Collection[int]) -> list[Referral]:
    """Return whom these records of one member brought."""
    return _of(conn, "referred_by", customer_ids)


def of_members(conn: Connection, customer_ids: Collection[int]) -> list[Referral]:
    """Return by whom these records of one member were brought."""
    return _of(conn, "customer_id", customer_ids)


def _of(conn: Connection, column: str, values: Collection[int]) -> list[Referral]:
    return [
        Referral(*row)._replace(state=State(row.state))
        for some in slices(sorted(set(values)))
        for row in conn.execute(_ROW.where(referrals.c[column].in_(some)).order_by(referrals.c.id))
    ]


def settle(
    conn: Connection,
    customer_id: int,
    state: State,
    *,
    sale_id: int | None = None,
    day: int | None = None,
) -> None:
    """Note what became of the referral of a new member."""
    mine = update(referrals).where(referrals.c.customer_id == customer_id)
    conn.execute(mine.values(state=state.value, sale_id=sale_id, rewarded_day=day))


def forget(conn: Connection, customer_id: int) -> None:
    """Forget who brought a person, and whom he brought."""
    either = or_(referrals.c.customer_id == customer_id, referrals.c.referred_by == customer_id)
    conn.execute(delete(referrals).where(either))
