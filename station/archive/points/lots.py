"""What customers hold: their lots, what of them was moved by what, and who is frozen."""

from collections.abc import Collection
from typing import NamedTuple

import pandas as pd
from sqlalchemy import BindParameter, Connection, and_, bindparam, case, exists, func, or_, select

from station.archive.points import chain
from station.archive.points.chain import Booked
from station.archive.points.tables import point_entries, point_lots, point_transactions
from station.archive.rows import frame, slices
from station.model import Lot, LotPart, PointAccount, PointMove

FROST = (PointMove.FREEZE.value, PointMove.THAW.value)
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_closer = point_transactions.alias("closer")
_OPEN = and_(
    point_transactions.c.until_at.is_not(None),
    ~exists().where(_closer.c.closes == point_transactions.c.id),
)
_LOTS = select(*(point_lots.c[name] for name in Lot.__slots__)).where(
    point_lots.c.customer_id.in_(_IDS)
)
_HOLDS = (
    select(point_transactions.c.id)
    .where(_OPEN, point_transactions.c.customer_id.in_(_IDS))
    .order_by(point_transactions.c.id)
)
_OVER = _HOLDS.where(point_transactions.c.until_at <= bindparam("now"))
_SPENT = (PointMove.REDEEM.value, PointMove.CONFIRM.value)
_CALLED = point_transactions.c.key.startswith(chain.BY_CALLER, autoescape=True)
_DONE = and_(
    point_transactions.c.move.in_(_SPENT), point_transactions.c.day >= bindparam("month_day")
)
_SET_APART = and_(
    point_transactions.c.move == PointMove.HOLD.value,
    point_transactions.c.until_at > bindparam("now"),
)
_TODAY = or_(_SET_APART, point_transactions.c.day >= bindparam("today"))
_REDEEMED = select(
    func.coalesce(func.sum(case((_TODAY, point_transactions.c.points), else_=0)), 0),
    func.coalesce(func.sum(point_transactions.c.points), 0),
).where(
    point_transactions.c.customer_id.in_(_IDS),
    _CALLED,
    or_(_DONE, _SET_APART),
    ~exists().where(_closer.c.closes == point_transactions.c.id),
)
_LAST_WORD = (
    select(point_transactions.c.move)
    .where(point_transactions.c.customer_id.in_(_IDS), point_transactions.c.move.in_(FROST))
    .order_by(point_transactions.c.id.desc())
    .limit(1)
)


class Redeemed(NamedTuple):
    """How many points were redeemed for money in a day and in its month, open holds included."""

    day: int
    month: int


def of_customers(conn: Connection, customer_ids: Collection[int]) -> tuple[Lot, ...]:
    """Return all lots of these customers."""
    return tuple(
        Lot(*row)
        for some in slices(sorted(customer_ids))
        for row in conn.execute(_LOTS, {"ids": some})
    )


def sums(conn: Connection, customer_ids: Collection[int], day: int) -> list[tuple[int, int, int]]:
    """Return of each of these customers who has lots: what counts on a day, and what he owes."""
    lot = point_lots.c
    counts = or_(lot.expires_day.is_(None), lot.expires_day >= day)
    query = select(
        lot.customer_id,
        func.sum(case((counts, lot.left), else_=0)),
        func.sum(lot.owed),
    ).group_by(lot.customer_id)
    return [
        (int(customer_id), int(left), int(owed))
        for some in slices(sorted(customer_ids))
        for customer_id, left, owed in conn.execute(query.where(lot.customer_id.in_(some)))
    ]


def owners(conn: Connection, lot_ids: Collection[int]) -> list[int]:
    """Return the customers whose lots these are, the oldest record first."""
    query = select(point_lots.c.customer_id).where(point_lots.c.id.in_(lot_ids)).distinct()
    return sorted(conn.execute(query).scalars())


def opened_by(conn: Connection, transaction_id: int) -> list[int]:
    """Return the lots that a transaction opened."""
    query = select(point_lots.c.id).where(point_lots.c.transaction_id == transaction_id)
    return list(conn.execute(query.order_by(point_lots.c.id)).scalars())


def opened_by_many(conn: Connection, transaction_ids: Collection[int]) -> dict[int, int]:
    """Return the lot that each of these earnings opened, by the transaction."""
    query = select(point_lots.c.transaction_id, point_lots.c.id)
    return {
        int(number): int(lot_id)
        for some in slices(sorted(transaction_ids))
        for number, lot_id in conn.execute(query.where(point_lots.c.transaction_id.in_(some)))
    }


def standing(conn: Connection, transaction_ids: Collection[int]) -> dict[int, int]:
    """Return how many points of each of these earnings were not taken back."""
    lot = point_lots.c
    query = select(lot.transaction_id, lot.points - lot.taken)
    found = conn.execute(query.where(lot.transaction_id.in_(transaction_ids)))
    return {int(number): int(points) for number, points in found}


def yielded(conn: Connection, transaction_ids: Collection[int]) -> int:
    """Return how many points these earnings gave in all."""
    lot = point_lots.c
    query = select(func.coalesce(func.sum(lot.points), 0))
    return int(conn.execute(query.where(lot.transaction_id.in_(transaction_ids))).scalar_one())


def taken_by(conn: Connection, transaction_ids: Collection[int], keys: str) -> int:
    """Return how many points of these earnings went back under keys that begin so."""
    query = (
        select(func.coalesce(func.sum(point_entries.c.points), 0))
        .join_from(point_lots, point_entries, point_entries.c.lot_id == point_lots.c.id)
        .join(point_transactions, point_transactions.c.id == point_entries.c.transaction_id)
        .where(
            point_lots.c.transaction_id.in_(transaction_ids),
            point_entries.c.account == PointAccount.ISSUED.value,
            point_transactions.c.move == PointMove.REFUND.value,
            point_transactions.c.key.startswith(keys, autoescape=True),
        )
    )
    return int(conn.execute(query).scalar_one())


def last_day_of(conn: Connection, transaction_id: int) -> int | None:
    """Return the last day on which the points of an earning count, none if they stay."""
    query = select(point_lots.c.expires_day).where(point_lots.c.transaction_id == transaction_id)
    return conn.execute(query).scalar()


def parts(conn: Connection, transaction_id: int, account: PointAccount) -> list[LotPart]:
    """Return which parts of which lots a transaction put on an account."""
    entry = point_entries.c
    mine = and_(entry.transaction_id == transaction_id, entry.account == account.value)
    query = select(entry.lot_id, entry.points).where(mine).order_by(entry.place)
    return [LotPart(*row) for row in conn.execute(query)]


def is_frozen(conn: Connection, customer_ids: Collection[int]) -> bool:
    """Return whether the last word on these customers' points was to freeze them."""
    return conn.execute(_LAST_WORD, {"ids": customer_ids}).scalar() == FROST[0]


def open_holds(conn: Connection, customer_ids: Collection[int]) -> list[int]:
    """Return the holds of these customers that are still open."""
    return list(conn.execute(_HOLDS, {"ids": customer_ids}).scalars())


def holds_over(conn: Connection, customer_ids: Collection[int], now_s: int) -> list[int]:
    """Return those of them whose time is over."""
    return list(conn.execute(_OVER, {"ids": customer_ids, "now": now_s}).scalars())


def redeemed(
    conn: Connection, customer_ids: Collection[int], *, day: int, month_day: int, now_s: int
) -> Redeemed:
    """Return what these customers redeemed on a day and since the first of its month.

    What was reversed is left out, and so is what was paid for an offer; a hold counts while it is
    open, whenever it was made.
    """
    asked = {"ids": customer_ids, "today": day, "month_day": month_day, "now": now_s}
    return Redeemed(*map(int, conn.execute(_REDEEMED, asked).one()))


def overdue_holds(conn: Connection, now_s: int) -> list[int]:
    """Return all open holds whose time is over."""
    query = select(point_transactions.c.id).where(_OPEN, point_transactions.c.until_at <= now_s)
    return list(conn.execute(query.order_by(point_transactions.c.id)).scalars())


def with_lapsed(conn: Connection, day: int) -> list[int]:
    """Return the customers who have points left that count no more."""
    over = and_(point_lots.c.expires_day < day, point_lots.c.left > 0)
    query = select(point_lots.c.customer_id).where(over).distinct()
    return sorted(conn.execute(query).scalars())


def history(conn: Connection, customer_ids: Collection[int], *, limit: int) -> pd.DataFrame:
    """Return what moved these customers' points, the newest first: id to account, and the effect.

    `member`, `held` and `debt` are what it did to each.
    """
    mine = and_(
        point_entries.c.lot_id == point_lots.c.id, point_lots.c.customer_id.in_(customer_ids)
    )
    moved = select(point_entries).join(point_lots, mine).subquery()
    booked = point_transactions.c
    shown = [booked[name] for name in Booked._fields if name not in {"request_hash", "hash"}]
    sums = [
        func.coalesce(
            func.sum(case((moved.c.account == account.value, moved.c.points), else_=0)), 0
        ).label(account.value)
        for account in (PointAccount.MEMBER, PointAccount.HELD, PointAccount.DEBT)
    ]
    query = (
        select(*shown, *sums)
        .outerjoin_from(point_transactions, moved, moved.c.transaction_id == booked.id)
        .where(or_(booked.customer_id.in_(customer_ids), moved.c.lot_id.is_not(None)))
        .group_by(*shown)
        .order_by(booked.id.desc())
        .limit(limit)
    )
    return frame(conn, query)
