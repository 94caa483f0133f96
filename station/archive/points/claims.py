"""Which purchases were claimed by their receipts, for whom, and who did it?"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import Column, Connection, ForeignKey, Index, Integer, String, Table, func, select

from station.archive.points.tables import point_awards
from station.archive.rows import put
from station.archive.tables import Id, metadata

point_claims = Table(
    "point_claims",
    metadata,
    Column("sale_id", ForeignKey("sales.id"), primary_key=True, autoincrement=False),
    Column("receipt", Id, nullable=False),  # the first of the lines that were claimed together
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("account", String(80), nullable=False),
    Column("day", Integer, nullable=False),  # on which it was claimed, by the programme's calendar
    Index("ix_point_claims_customer_id", "customer_id", "day"),
    Index("ix_point_claims_account", "account", "day"),
)
"""One row a line that earned by its receipt and not by its plate or card."""


class Claim(NamedTuple):
    """A line that was claimed; those of one receipt name the same first line."""

    sale_id: int
    receipt: int
    customer_id: int
    account: str
    day: int


def add(conn: Connection, claims: Sequence[Claim]) -> None:
    """Write down what was claimed."""
    put(conn, point_claims, Claim._fields, claims)


def of_member(conn: Connection, customer_ids: Collection[int], day: int) -> int:
    """Return how many receipts these records of a member claimed on a day."""
    claim = point_claims.c
    query = select(func.count(claim.receipt.distinct()))
    mine = query.where(claim.customer_id.in_(customer_ids), claim.day == day)
    return int(conn.execute(mine).scalar_one())


def by_account(conn: Connection, account: str, day: int) -> int:
    """Return how many receipts an account claimed for members on a day."""
    claim = point_claims.c
    query = select(func.count(claim.receipt.distinct()))
    return int(conn.execute(query.where(claim.account == account, claim.day == day)).scalar_one())


def days(conn: Connection, customer_ids: Collection[int]) -> list[tuple[int, int, int]]:
    """Return of each line that a member claimed: the day, the day of the purchase, the points."""
    claim, award = point_claims.c, point_awards.c
    query = (
        select(claim.day, award.day, award.first_points)
        .join(point_awards, award.sale_id == claim.sale_id)
        .where(claim.customer_id.in_(customer_ids))
        .order_by(claim.sale_id)
    )
    return [(int(on), int(of), int(points)) for on, of, points in conn.execute(query)]
