"""Who proposed that a customer is in another stage, and who decided it?"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from station.archive.customers.mark_tables import stage_proposals


@dataclass(frozen=True, slots=True)
class Proposal:
    """Somebody says with a reason that a customer is in another stage; a second person decides."""

    customer_id: int
    stage: str
    reason: str
    proposed_by: str
    proposer: str
    proposed_at: int
    decided_by: str = ""
    decided_at: int | None = None
    is_approved: bool = False
    id: int = 0


NAMES = tuple(name for name in Proposal.__dataclass_fields__ if name != "id")


def add(conn: Connection, new: Proposal) -> int:
    """Return the id of a new proposal."""
    values = {name: getattr(new, name) for name in NAMES} | {"is_approved": int(new.is_approved)}
    added = insert(stage_proposals).values(values).returning(stage_proposals.c.id)
    return int(conn.execute(added).scalar_one())


def still_open(conn: Connection, customer_ids: Collection[int] | None = None) -> list[Proposal]:
    """Return what waits for a second person, the oldest first."""
    query = select(stage_proposals).where(stage_proposals.c.decided_at.is_(None))
    if customer_ids is not None:
        query = query.where(stage_proposals.c.customer_id.in_(customer_ids))
    return [_proposal(row) for row in conn.execute(query.order_by(stage_proposals.c.id))]


def find(conn: Connection, proposal_id: int) -> Proposal | None:
    """Return a proposal, none if there is none."""
    query = select(stage_proposals).where(stage_proposals.c.id == proposal_id)
    row = conn.execute(query).first()
    return _proposal(row) if row else None


def decide(
    conn: Connection, proposal_id: int, *, decided_by: str, decided_at: int, is_approved: bool
) -> None:
    """Write down what a second person decided."""
    values = {"decided_by": decided_by, "decided_at": decided_at, "is_approved": int(is_approved)}
    mine = update(stage_proposals).where(stage_proposals.c.id == proposal_id)
    conn.execute(mine.values(values))


def of_customers(conn: Connection, customer_ids: Collection[int]) -> list[Proposal]:
    """Return what was ever proposed of these records, the oldest first."""
    mine = stage_proposals.c.customer_id.in_(customer_ids)
    query = select(stage_proposals).where(mine).order_by(stage_proposals.c.id)
    return [_proposal(row) for row in conn.execute(query)]


def _proposal(row: Any) -> Proposal:
    told = {name: getattr(row, name) for name in (*NAMES, "id")}
    return Proposal(**told | {"is_approved": bool(row.is_approved)})
