"""How many points were given, spent and lost, where and of which month? Sums over the ledger."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, FromClause, and_, case, func, or_, select

from station.archive.points import chain
from station.archive.points.tables import point_entries, point_lots, point_transactions
from station.archive.rows import frame
from station.model import day_date, day_number

EPOCH_YEAR, MONTHS = 1970, 12
NOWHERE, FOREVER = -1, -1
"""Stands for no station, and for no last day."""
_WHERE = ("lot_station_id", "lot_month", "expires_day")
MOVED = ("station_id", "account", "is_out", *_WHERE, "points")
OPENED = ("lot_station_id", "expires_day", "points")
PEOPLE = ("station_id", "members")
_opening = point_transactions.alias("opening")
_entry, _lot, _done = point_entries.c, point_lots.c, point_transactions.c


@dataclass(frozen=True, slots=True)
class Stretch:
    """The transactions of one calendar month: numbered from `first` to `last`."""

    month: int
    first: int
    last: int


def month_of(day: int) -> int:
    """Return the months from January 1970 to the month of a day."""
    told = day_date(day)
    return (told.year - EPOCH_YEAR) * MONTHS + told.month - 1


def last_number(conn: Connection, day: int) -> int:
    """Return the number of the last transaction up to a day, 0 before the first.

    The ledger's day never runs backwards, so that it is found by halving.
    """
    low, high = 0, chain.head(conn).id
    while low < high:
        middle = (low + high + 1) // 2
        if _day(conn, middle) <= day:
            low = middle
        else:
            high = middle - 1
    return low


def _day(conn: Connection, number: int) -> int:
    query = select(point_transactions.c.day).where(point_transactions.c.id == number)
    return int(conn.execute(query).scalar_one())


def stretches(conn: Connection, day: int) -> list[Stretch]:
    """Return the months of the ledger up to a day, the oldest first; the last may go on."""
    last, told = last_number(conn, day), list[Stretch]()
    while last:
        month = month_of(_day(conn, last))
        before = last_number(conn, _first_day(month) - 1)
        told.append(Stretch(month, before + 1, last))
        last = before
    return told[::-1]


def _first_day(month: int) -> int:
    year, of_year = divmod(month, MONTHS)
    return day_number(date(EPOCH_YEAR + year, of_year + 1, 1))


def moved(conn: Connection, stretch: Stretch, known: Sequence[Stretch]) -> pd.DataFrame:
    """Return the points that a month's transactions moved, lot by lot in sum.

    Columns: station_id (where it happened, else where the points had been given), account, is_out
    (below 0), lot_station_id and lot_month (where and when they had been given), expires_day and
    points. `known` are all months of the ledger.
    """
    keys = [
        func.coalesce(_done.station_id, _opening.c.station_id, NOWHERE).label("station_id"),
        _entry.account,
        case((_entry.points < 0, 1), else_=0).label("is_out"),
        *_of_lot(known),
    ]
    query = (
        select(*keys, func.sum(_entry.points).label("points"))
        .select_from(_entries_of_lots())
        .where(_within(stretch))
        .group_by(*keys)
    )
    return _numbers(frame(conn, query), "account")


def opened(conn: Connection, stretch: Stretch) -> pd.DataFrame:
    """Return lot_station_id, expires_day and points of the lots that a month opened."""
    keys = [
        func.coalesce(_done.station_id, NOWHERE).label("lot_station_id"),
        func.coalesce(_lot.expires_day, FOREVER).label("expires_day"),
    ]
    query = (
        select(*keys, func.sum(_lot.points).label("points"))
        .join_from(point_lots, point_transactions, _done.id == _lot.transaction_id)
        .where(_lot.transaction_id.between(stretch.first, stretch.last))
        .group_by(*keys)
    )
    return _numbers(frame(conn, query))


def people(conn: Connection, stretch: Stretch) -> pd.DataFrame:
    """Return station_id and members: whose points a month's transactions moved there."""
    where = func.coalesce(_done.station_id, _opening.c.station_id, NOWHERE).label("station_id")
    query = (
        select(where, func.count(_lot.customer_id.distinct()).label("members"))
        .select_from(_entries_of_lots())
        .where(_within(stretch))
        .group_by(where)
    )
    return _numbers(frame(conn, query))


def holders(conn: Connection, station_ids: Collection[int] | None) -> int:
    """Return how many customers hold points now that these stations had given; None: all."""
    is_open = or_(_lot.left > 0, _lot.held > 0)
    query = (
        select(func.count(_lot.customer_id.distinct()))
        .join_from(point_lots, point_transactions, _done.id == _lot.transaction_id)
        .where(is_open)
    )
    if station_ids is not None:
        query = query.where(_done.station_id.in_(station_ids))
    return int(conn.execute(query).scalar_one())


def ending(
    conn: Connection, from_day: int, to_day: int, station_ids: Collection[int] | None
) -> pd.DataFrame:
    """Return customer_id, expires_day and points that run out in these days, the nearest first.

    Only points that these stations had given; None: all.
    """
    total = func.sum(_lot.left).label("points")
    query = (
        select(_lot.customer_id, _lot.expires_day, total)
        .join_from(point_lots, point_transactions, _done.id == _lot.transaction_id)
        .where(_lot.left > 0, _lot.expires_day.between(from_day, to_day))
        .group_by(_lot.customer_id, _lot.expires_day)
        .order_by(_lot.expires_day, total.desc(), _lot.customer_id)
    )
    if station_ids is not None:
        query = query.where(_done.station_id.in_(station_ids))
    return _numbers(frame(conn, query))


def who(
    conn: Connection, stretch: Stretch, moves: Collection[str], station_ids: Collection[int] | None
) -> set[int]:
    """Return the customers of a month's transactions of these kinds at these stations."""
    is_one = and_(_done.id.between(stretch.first, stretch.last), _done.move.in_(moves))
    query = select(_done.customer_id).where(is_one).distinct()
    if station_ids is not None:
        query = query.where(_done.station_id.in_(station_ids))
    return set(conn.execute(query).scalars())


def _of_lot(known: Sequence[Stretch]) -> "list[ColumnElement[Any]]":
    """Return where and when a lot's points had been given, and their last day."""
    month = case(*((_lot.transaction_id <= one.last, one.month) for one in known), else_=0)
    return [
        func.coalesce(_opening.c.station_id, NOWHERE).label("lot_station_id"),
        month.label("lot_month"),
        func.coalesce(_lot.expires_day, FOREVER).label("expires_day"),
    ]


def _entries_of_lots() -> FromClause:
    return (
        point_entries.join(point_transactions, _done.id == _entry.transaction_id)
        .join(point_lots, _lot.id == _entry.lot_id)
        .join(_opening, _opening.c.id == _lot.transaction_id)
    )


def _within(stretch: Stretch) -> "ColumnElement[bool]":
    return _entry.transaction_id.between(stretch.first, stretch.last)


def _numbers(rows: pd.DataFrame, *words: str) -> pd.DataFrame:
    """Return an answer with whole numbers in all columns but these; sums come back as decimals."""
    return rows.astype({name: "int64" for name in rows.columns if name not in words})
