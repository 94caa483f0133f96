"""Is the ledger of points sound: its chain, the sum of each transaction, the sums of each lot?"""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select

from station.archive.points import chain
from station.archive.points.chain import Booked, NewEntry, NewLot
from station.archive.points.tables import point_entries, point_lots, point_transactions
from station.model import PointAccount, PointMove

IN_SLICES = 10_000
CLOSED_BY = {
    PointMove.CONFIRM: (PointMove.HOLD,),
    PointMove.RELEASE: (PointMove.HOLD,),
    PointMove.REVERSE: (PointMove.REDEEM, PointMove.CONFIRM),
}
"""What each move closes; no other closes anything."""


def queries() -> dict[str, Select[Any]]:
    """Return the queries that find the number of a bad transaction or lot each."""
    return {"points_sums": _unbalanced(), "points_lots": _drifted(), "points_closes": _odd_closes()}


def _unbalanced() -> Select[Any]:
    """Find a transaction whose entries do not sum to nothing."""
    entry = point_entries.c
    return (
        select(entry.transaction_id)
        .group_by(entry.transaction_id)
        .having(func.sum(entry.points) != 0)
    )


def _drifted() -> Select[Any]:
    """Find a lot whose cached sums are not those of its entries."""
    entry, lot = point_entries.c, point_lots.c
    taken = and_(entry.account == PointAccount.ISSUED.value, entry.points > 0)
    sums = {
        lot.left: _sum(entry.account == PointAccount.MEMBER.value),
        lot.held: _sum(entry.account == PointAccount.HELD.value),
        lot.owed: -_sum(entry.account == PointAccount.DEBT.value),
        lot.lapsed: _sum(entry.account == PointAccount.EXPIRED.value),
        lot.taken: _sum(taken),
    }
    found = select(
        entry.lot_id, *(one.label(column.name) for column, one in sums.items())
    ).group_by(entry.lot_id)
    summed = found.subquery()
    differs = or_(*(column != func.coalesce(summed.c[column.name], 0) for column in sums))
    return (
        select(lot.id)
        .outerjoin_from(point_lots, summed, summed.c.lot_id == lot.id)
        .where(or_(differs, lot.left < 0, lot.held < 0, lot.owed < 0))
    )


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, point_entries.c.points), else_=0))


def _odd_closes() -> Select[Any]:
    """Find a transaction that closes what it may not, or nothing where it should."""
    closed = point_transactions.alias()
    move = point_transactions.c.move
    fits = or_(
        *(
            and_(move == closer.value, closed.c.move.in_([one.value for one in closes]))
            for closer, closes in CLOSED_BY.items()
        ),
        and_(move.not_in([one.value for one in CLOSED_BY]), closed.c.id.is_(None)),
    )
    return (
        select(point_transactions.c.id)
        .outerjoin(closed, closed.c.id == point_transactions.c.closes)
        .where(~func.coalesce(fits, False))
    )


def first_broken(conn: Connection) -> str:
    """Return the number of the first transaction that does not follow from those before."""
    before, number = "", 0
    for row, lots, entries in _whole(conn):
        number += 1
        if row[0] != number or row[-1] != chain.link(before, row[:-1], lots, entries):
            return str(row[0])
        before = row[-1]
    return "" if chain.head(conn).id == number else str(number + 1)


Rows = list[tuple[Any, ...]]


def _whole(conn: Connection) -> Iterator[tuple[tuple[Any, ...], Rows, Rows]]:
    """Yield each transaction with the lots that it opened and its entries."""
    booked = point_transactions
    facts = select(*(booked.c[name] for name in Booked._fields)).order_by(booked.c.id)
    opened = select(*(point_lots.c[name] for name in NewLot._fields))
    opened = opened.order_by(point_lots.c.transaction_id, point_lots.c.id)
    moved = select(*(point_entries.c[name] for name in NewEntry._fields))
    moved = moved.order_by(point_entries.c.transaction_id, point_entries.c.place)
    lots = _Beside(conn, opened, itemgetter(NewLot._fields.index("transaction_id")))
    entries = _Beside(conn, moved, itemgetter(NewEntry._fields.index("transaction_id")))
    for row in _rows(conn, facts):
        yield row, lots.of(row[0]), entries.of(row[0])


class _Beside:
    """Rows in the order of their transactions, handed out transaction by transaction."""

    def __init__(self, conn: Connection, query: Select[Any], number: "itemgetter[Any]") -> None:
        self._groups = groupby(_rows(conn, query), key=number)
        self._next = next(self._groups, None)

    def of(self, number: int) -> Rows:
        """Return the rows of a transaction; later numbers only."""
        if self._next is None or self._next[0] != number:
            return []
        rows = list(self._next[1])
        self._next = next(self._groups, None)
        return rows


def _rows(conn: Connection, query: Select[Any]) -> Iterator[tuple[Any, ...]]:
    result = conn.execute(query.execution_options(yield_per=IN_SLICES))
    for some in result.partitions():
        yield from map(tuple, some)
