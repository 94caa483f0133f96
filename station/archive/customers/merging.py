"""Which customer was found to be which other: entries that are made and taken back."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from station.archive.customers.book import same
from station.archive.customers.tables import merges, strangers
from station.archive.rows import slices
from station.archive.tables import customers


@dataclass(frozen=True, slots=True)
class MergeRules:
    """For how long a merge can be taken back."""

    undo_days: int = 30


class Merge(NamedTuple):
    """One entry: `gone_id` was found to be `kept_id`; nothing of either was moved."""

    id: int
    kept_id: int
    gone_id: int
    account: str
    merged_at: int
    reason: str
    undone_at: int | None
    undone_by: str


def add(conn: Connection, *, kept_id: int, gone_id: int, account: str, at: int, reason: str) -> int:
    """Return the id of a new entry; from now on both are one customer."""
    rows = [*same(conn, kept_id), *same(conn, gone_id)]
    entry = {
        "kept_id": kept_id,
        "gone_id": gone_id,
        "account": account,
        "merged_at": at,
        "reason": reason,
        "undone_by": "",
    }
    made = conn.execute(insert(merges).values(entry).returning(merges.c.id)).scalar_one()
    _settle(conn, rows)
    return int(made)


def take_back(conn: Connection, merge: Merge, *, account: str, at: int) -> None:
    """Take an entry back; whatever names either side is where it was."""
    rows = same(conn, merge.kept_id)
    undone = {"undone_at": at, "undone_by": account}
    conn.execute(update(merges).where(merges.c.id == merge.id).values(undone))
    _settle(conn, rows)


def dissolve(conn: Connection, customer_ids: Collection[int]) -> None:
    """Forget every entry that names one of these customers: each is again by himself."""
    rows = {row for customer_id in customer_ids for row in same(conn, customer_id)}
    names = or_(merges.c.kept_id.in_(customer_ids), merges.c.gone_id.in_(customer_ids))
    conn.execute(delete(merges).where(names))
    pairs = or_(strangers.c.low_id.in_(customer_ids), strangers.c.high_id.in_(customer_ids))
    conn.execute(delete(strangers).where(pairs))
    _settle(conn, rows)


def find(conn: Connection, merge_id: int) -> Merge | None:
    """Return an entry, none if there is none."""
    row = conn.execute(select(merges).where(merges.c.id == merge_id)).first()
    return _merge(row) if row else None


def naming(conn: Connection, customer_ids: Collection[int]) -> list[Merge]:
    """Return every entry that names one of these customers, the newest first."""
    names = or_(merges.c.kept_id.in_(customer_ids), merges.c.gone_id.in_(customer_ids))
    return [_merge(row) for row in conn.execute(select(merges).where(names).order_by(*_NEWEST))]


def since(conn: Connection, at: int) -> list[Merge]:
    """Return the entries made from an instant on, the newest first."""
    query = select(merges).where(merges.c.merged_at >= at).order_by(*_NEWEST)
    return [_merge(row) for row in conn.execute(query)]


_NEWEST = (merges.c.merged_at.desc(), merges.c.id.desc())


def _merge(row: Any) -> Merge:
    return Merge(*(getattr(row, name) for name in Merge._fields))


def _settle(conn: Connection, customer_ids: Collection[int]) -> None:
    """Point each of these customers, all of whole trees, to the one that stands for him now."""
    into: dict[int, int] = {}
    held: dict[int, int | None] = {}
    for some in slices(sorted(set(customer_ids))):
        edges = select(merges.c.gone_id, merges.c.kept_id).where(
            merges.c.gone_id.in_(some), merges.c.undone_at.is_(None)
        )
        into |= {int(gone): int(kept) for gone, kept in conn.execute(edges)}
        query = select(customers.c.id, customers.c.merged_into).where(customers.c.id.in_(some))
        held |= {int(row.id): row.merged_into for row in conn.execute(query)}
    ends = {one: _end(one, into) for one in held}
    news = [
        {"its_id": one, "new_end": None if end == one else end}
        for one, end in ends.items()
        if held[one] != (None if end == one else end)
    ]
    if news:
        change = update(customers).where(customers.c.id == bindparam("its_id"))
        conn.execute(change.values(merged_into=bindparam("new_end")), news)


def _end(customer_id: int, into: dict[int, int]) -> int:
    """Return where the entries lead from a customer."""
    while customer_id in into:
        customer_id = into[customer_id]
    return customer_id
