"""Transactions of points, one after the other: booked once, chained, and found by their key."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, select, update

from station.archive.points.tables import point_entries, point_lots, point_transactions
from station.archive.rows import slices
from station.archive.tables import meta
from station.model import PointDraft, PointMove

LAST = "points_last"
"""The counter of the archive that says how long the chain is: a cut end would leave a sound one."""
BY_CALLER = "key:"
"""How callers' keys begin in the ledger, so that none stands in the way of an earning's."""
UNSOUND = "points_unsound"
"""Stands among the counters from a proof that failed until one that did not."""


@dataclass(frozen=True, slots=True)
class Posting:
    """A draft with all that is booked beside it; `balance` is what the member is told."""

    key: str
    request_hash: str
    draft: PointDraft
    customer_id: int
    at: int
    day: int
    account: str
    balance: int = 0
    station_id: int | None = None
    closes: int | None = None
    until_at: int | None = None


class Booked(NamedTuple):
    """A transaction as it stands in the ledger."""

    id: int
    key: str
    request_hash: str
    move: PointMove
    customer_id: int
    station_id: int | None
    points: int
    balance: int
    closes: int | None
    until_at: int | None
    account: str
    at: int
    day: int
    hash: str


class Head(NamedTuple):
    """The end of the chain, and whether the ledger may be spent from.

    `id` is the number that the newest transaction has, or had if it was cut off; `lot_id` is the
    newest lot.
    """

    id: int = 0
    hash: str = ""
    at: int = 0
    day: int = 0
    is_sound: bool = True
    lot_id: int = 0


def _counter(name: str) -> ColumnElement[int]:
    return select(meta.c.value).where(meta.c.name == name).scalar_subquery()


# Made once: what a redemption asks is asked again and again, and making a question takes longer.
_COUNTERS = (
    _counter(LAST).label("last"),
    _counter(UNSOUND).label("unsound"),
    select(func.max(point_lots.c.id)).scalar_subquery().label("lot_id"),
)
_BOOKED = select(*(point_transactions.c[name] for name in Booked._fields))
_HEAD = (
    select(*(point_transactions.c[name] for name in ("id", "hash", "at", "day")), *_COUNTERS)
    .order_by(point_transactions.c.id.desc())
    .limit(1)
)
_BY = {
    name: _BOOKED.where(point_transactions.c[name] == bindparam("wanted"))
    for name in ("id", "key", "closes")
}
_ADD = {table: insert(table) for table in (point_transactions, point_lots, point_entries)}
_COUNT = update(meta).where(meta.c.name == LAST).values(value=bindparam("number"))


def head(conn: Connection) -> Head:
    """Return the end of the chain."""
    row = conn.execute(_HEAD).first()
    if row is None:
        counted, unsound, lot_id = conn.execute(select(*_COUNTERS)).one()
        return Head(counted or 0, is_sound=unsound is None, lot_id=lot_id or 0)
    return Head(
        id=max(row.id, row.last or 0),
        hash=row.hash,
        at=row.at,
        day=row.day,
        is_sound=row.unsound is None,
        lot_id=row.lot_id or 0,
    )


def end(conn: Connection) -> tuple[int, str]:
    """Return number and hash of the newest transaction, 0 and nothing where there is none."""
    newest = head(conn)
    return newest.id, newest.hash


def hash_at(conn: Connection, number: int) -> str | None:
    """Return the hash of a transaction, none where there is no such."""
    booked = find(conn, number)
    return booked.hash if booked else None


def append(conn: Connection, postings: Sequence[Posting]) -> list[Booked]:
    """Return the transactions, booked in this order; call it in the write that drew them."""
    newest = head(conn)
    before, number, lot_id = newest.hash, newest.id, newest.lot_id
    booked, lots, entries = [], [], []
    for posting in postings:
        number += 1
        new_lots = list(_lots(posting, number, lot_id))
        new_entries = list(_entries(posting, number, lot_id))
        lot_id += len(new_lots)
        facts = _facts(posting, number)
        before = link(before, facts, new_lots, new_entries)
        booked.append(_booked((*facts, before)))
        lots += new_lots
        entries += new_entries
    for table, rows in ((point_transactions, booked), (point_lots, lots), (point_entries, entries)):
        if rows:
            conn.execute(_ADD[table], [row._asdict() for row in rows])
    _count(conn, number)
    return booked


class NewLot(NamedTuple):
    """A lot as it is opened."""

    id: int
    customer_id: int
    transaction_id: int
    points: int
    expires_day: int | None


class NewEntry(NamedTuple):
    """An entry as it is booked."""

    transaction_id: int
    place: int
    account: str
    lot_id: int
    points: int


def _lots(posting: Posting, number: int, last_id: int) -> Iterator[NewLot]:
    for at, lot in enumerate(posting.draft.opened, start=1):
        yield NewLot(last_id + at, lot.customer_id, number, lot.points, lot.expires_day)


def _entries(posting: Posting, number: int, last_id: int) -> Iterator[NewEntry]:
    """Yield the entries; -1 stands for the first lot that the draft opens, -2 for the next."""
    for place, entry in enumerate(posting.draft.entries):
        lot_id = entry.lot_id if entry.lot_id > 0 else last_id - entry.lot_id
        yield NewEntry(number, place, entry.account.value, lot_id, entry.points)


def _facts(posting: Posting, number: int) -> tuple[Any, ...]:
    """Return what stands in a transaction's row before its hash."""
    return (
        number,
        posting.key,
        posting.request_hash,
        posting.draft.move.value,
        posting.customer_id,
        posting.station_id,
        posting.draft.points,
        posting.balance,
        posting.closes,
        posting.until_at,
        posting.account,
        posting.at,
        posting.day,
    )


def link(
    before: str,
    facts: Sequence[Any],
    lots: Sequence[Sequence[Any]],
    entries: Sequence[Sequence[Any]],
) -> str:
    """Return the hash of a transaction that follows one with the hash `before`."""
    words = json.dumps([before, facts, lots, entries], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(words.encode()).hexdigest()


def _count(conn: Connection, number: int) -> None:
    if not conn.execute(_COUNT, {"number": number}).rowcount:
        conn.execute(insert(meta).values(name=LAST, value=number))


def mark(conn: Connection, *, is_sound: bool) -> None:
    """Note whether the ledger was proved sound; nothing is spent from one that was not."""
    conn.execute(delete(meta).where(meta.c.name == UNSOUND))
    if not is_sound:
        conn.execute(insert(meta).values(name=UNSOUND, value=1))


def by_key(conn: Connection, key: str) -> Booked | None:
    """Return the transaction under a key, none if there is none."""
    return _one(conn, "key", key)


def known(conn: Connection, keys: Sequence[str]) -> set[str]:
    """Return which of these keys stand in the ledger."""
    key = point_transactions.c.key
    return {
        one
        for some in slices(keys)
        for one in conn.execute(select(key).where(key.in_(some))).scalars()
    }


def of_keys(conn: Connection, keys: Sequence[str]) -> dict[str, Booked]:
    """Return the transactions under these keys, by their keys."""
    found = (
        _booked(row)
        for some in slices(keys)
        for row in conn.execute(_BOOKED.where(point_transactions.c.key.in_(some)))
    )
    return {one.key: one for one in found}


def find(conn: Connection, number: int) -> Booked | None:
    """Return a transaction, none if there is none."""
    return _one(conn, "id", number)


def sure(conn: Connection, number: int) -> Booked:
    """Return a transaction of which it is known that there is one.

    Raises:
        LookupError: there is none after all.
    """
    booked = find(conn, number)
    if booked is None:
        raise LookupError(number)
    return booked


def closing(conn: Connection, number: int) -> Booked | None:
    """Return the transaction that closed a hold or reversed a redemption, none if none did."""
    return _one(conn, "closes", number)


def _one(conn: Connection, column: str, wanted: object) -> Booked | None:
    row = conn.execute(_BY[column], {"wanted": wanted}).first()
    return _booked(row) if row else None


def _booked(row: Sequence[Any]) -> Booked:
    one = Booked(*row)
    return one._replace(move=PointMove(one.move))
