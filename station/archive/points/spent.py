"""What was spent lately: at a station, and by a member."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select, text

from station.archive.points.chain import Booked
from station.archive.points.tables import SPENT, point_transactions
from station.model import PointMove

TAKING = tuple(
    move.value for move in (PointMove.REDEEM, PointMove.HOLD, PointMove.CONFIRM, PointMove.TRANSFER)
)
"""What takes of what a member may spend because somebody decided so."""
_ROWS = select(*(point_transactions.c[name] for name in Booked._fields))
_HIS = point_transactions.c.customer_id.in_(bindparam("ids", expanding=True))
_NEWEST_FIRST = point_transactions.c.id.desc()
_LAST = _ROWS.where(_HIS).order_by(_NEWEST_FIRST).limit(1)
_LAST_TAKING = (
    _ROWS.where(_HIS, point_transactions.c.move.in_(TAKING)).order_by(_NEWEST_FIRST).limit(1)
)
_OF_DAY = _ROWS.where(text(SPENT), point_transactions.c.day == bindparam("day"))


def newest(conn: Connection, customer_ids: Collection[int]) -> Booked | None:
    """Return what was last taken of what these customers hold, none if nothing was."""
    row = conn.execute(_LAST_TAKING, {"ids": list(customer_ids)}).first()
    return _booked(row) if row else None


def last(conn: Connection, customer_ids: Collection[int]) -> Booked | None:
    """Return the newest transaction of these customers, none if there is none."""
    row = conn.execute(_LAST, {"ids": list(customer_ids)}).first()
    return _booked(row) if row else None


def of_customers(conn: Connection, customer_ids: Collection[int], day: int) -> list[Booked]:
    """Return what these customers spent on a day, the newest first."""
    query = _OF_DAY.where(_HIS).order_by(_NEWEST_FIRST)
    rows = conn.execute(query, {"ids": list(customer_ids), "day": day})
    return [_booked(row) for row in rows]


def at_station(conn: Connection, station_id: int, day: int, limit: int) -> list[Booked]:
    """Return what was spent at a station on a day, the newest first."""
    query = _OF_DAY.where(point_transactions.c.station_id == station_id)
    rows = conn.execute(query.order_by(_NEWEST_FIRST).limit(limit), {"day": day})
    return [_booked(row) for row in rows]


def undone(conn: Connection, numbers: Collection[int]) -> set[int]:
    """Return which of these redemptions were reversed."""
    closes = point_transactions.c.closes
    reverses = point_transactions.c.move == PointMove.REVERSE.value
    return set(conn.execute(select(closes).where(closes.in_(numbers), reverses)).scalars())


def _booked(row: Sequence[Any]) -> Booked:
    one = Booked(*row)
    return one._replace(move=PointMove(one.move))
