"""Transactions of points, one after the other: booked once, chained, and found by their key."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from station.archive.points.tables import point_entries, point_lots, point_transactions
from station.archive.rows import slices
from station.archive.tables import meta
from station.model import PointDraft, PointMove

LAST = "points_last"
"""The counter of the archive that says how long the chain is: a cut end would leave a sound one."""
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

    `id` is the number that the newest transaction has, or had if it was cut off.
    """

    id: int = 0
    hash: str = ""
    at: int = 0
    day: int = 0
    is_sound: bool = True


def head(conn: Connection) -> Head:
    """Return the end of the chain."""
    newest, counters = point_transactions.c, _counters(conn)
    query = select(newest.id, newest.hash, newest.at, newest.day)
    row = conn.execute(query.order_by(newest.id.desc()).limit(1)).first()
    found = Head(*row) if row else Head()
    return found._replace(id=max(found.id, counters.get(LAST, 0)), is_sound=UNSOUND not in counters)


def end(conn: Connection) -> tuple[int, str]:
    """Return number and hash of the newest transaction, 0 and nothing where there is none."""
    newest = head(conn)
    return newest.id, newest.hash


def hash_at(conn: Connection, number: int) -> str | None:
    """Return the hash of a transaction, none where there is no such."""
    booked = find(conn, number)
    return booked.hash if booked else None


def append(
    conn: Connection, postings: Sequence[Posting], after: Head | None = None
) -> list[Booked]:
    """Return the transactions, booked in this order; call it in the write that drew them.

    `after` is the chain's end, where the caller has just read it.
    """
    newest = after or head(conn)
    before, number = newest.hash, newest.id
    lot_id = int(conn.execute(select(func.max(point_lots.c.id))).scalar() or 0)
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
    conn.execute(insert(point_transactions), [one._asdict() for one in booked])
    for table, rows in ((point_lots, lots), (point_entries, entries)):
        if rows:
            conn.execute(insert(table), [row._asdict() for row in rows])
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


def _counters(conn: Connection) -> dict[str, int]:
    query = select(meta.c.name, meta.c.value).where(meta.c.name.in_((LAST, UNSOUND)))
    return {str(name): int(value) for name, value in conn.execute(query)}


def _count(conn: Connection, number: int) -> None:
    noted = update(meta).where(meta.c.name == LAST).values(value=number)
    if not conn.execute(noted).rowcount:
        conn.execute(insert(meta).values(name=LAST, value=number))


def counted(conn: Connection) -> int:
    """Return how many transactions there should be."""
    return _counters(conn).get(LAST, 0)


def mark(conn: Connection, *, is_sound: bool) -> None:
    """Note whether the ledger was proved sound; nothing is spent from one that was not."""
    conn.execute(delete(meta).where(meta.c.name == UNSOUND))
    if not is_sound:
        conn.execute(insert(meta).values(name=UNSOUND, value=1))


def by_key(conn: Connection, key: str) -> Booked | None:
    """Return the transaction under a key, none if there is none."""
    return _one(conn, point_transactions.c.key == key)


def known(conn: Connection, keys: Sequence[str]) -> set[str]:
    """Return which of these keys stand in the ledger."""
    key = point_transactions.c.key
    return {
        one
        for some in slices(keys)
        for one in conn.execute(select(key).where(key.in_(some))).scalars()
    }


def find(conn: Connection, number: int) -> Booked | None:
    """Return a transaction, none if there is none."""
    return _one(conn, point_transactions.c.id == number)


def closing(conn: Connection, number: int) -> Booked | None:
    """Return the transaction that closed a hold or reversed a redemption, none if none did."""
    return _one(conn, point_transactions.c.closes == number)


def _one(conn: Connection, condition: Any) -> Booked | None:
    columns = [point_transactions.c[name] for name in Booked._fields]
    row = conn.execute(select(*columns).where(condition)).first()
    return _booked(row) if row else None


def _booked(row: Sequence[Any]) -> Booked:
    one = Booked(*row)
    return one._replace(move=PointMove(one.move))
