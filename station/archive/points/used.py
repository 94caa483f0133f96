"""For which purchases were coupons used, and which of those stand?"""

from collections.abc import Collection, Iterator, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    delete,
    false,
    func,
    or_,
    select,
    text,
    update,
)

from station.archive.points.offer_tables import coupon_receipts, coupons
from station.archive.rows import slices
from station.archive.tables import sales
from station.model import CouponState

MOST = 500
"""Uses that are told at once: whoever looks begins with the newest."""
_used, _back = coupon_receipts.c, sales.alias("back")


class Used(NamedTuple):
    """A purchase that a coupon was used for; `gone` tells that it was taken back or undone."""

    station_id: int
    receipt: str
    day: int
    coupon_id: int
    used_at: int
    amount_minor: int
    off_minor: int
    gone: int

    def fits(self, paid_minor: int | None) -> bool:
        """Return whether a receipt cost what the coupon was used for, or what that left."""
        return paid_minor in {self.amount_minor, self.amount_minor - self.off_minor}


_ROW = select(*(_used[name] for name in Used._fields))
_SAME = and_(
    sales.c.station_id == _used.station_id,
    sales.c.receipt_no == _used.receipt,
    sales.c.reverses.is_(None),
)
_NEAR = and_(_SAME, sales.c.business_day.between(_used.day - 1, _used.day + 1))


def of_receipt(conn: Connection, station_id: int, receipt: str, day: int) -> Used | None:
    """Return what a coupon was used for, by its receipt; none if none was."""
    here = and_(_used.station_id == station_id, _used.receipt == receipt, _used.day == day)
    return next(_rows(conn, _ROW.where(here)), None)


def of_coupon(conn: Connection, coupon_id: int) -> list[Used]:
    """Return the purchases that a coupon was used for, the first one first."""
    mine = _ROW.where(_used.coupon_id == coupon_id)
    return list(_rows(conn, mine.order_by(_used.used_at, _used.receipt)))


def reversed_by(conn: Connection, reversal_ids: Collection[int]) -> list[Used]:
    """Return the purchases with a coupon of which these reversals may take something back."""
    query = _ROW.join(sales, _NEAR).join(_back, _back.c.reverses == sales.c.id).distinct()
    return [
        one
        for some in slices(sorted(reversal_ids))
        for one in _rows(conn, query.where(_back.c.id.in_(some)))
    ]


def of_batch(conn: Connection, batch_id: int) -> list[Used]:
    """Return the purchases with a coupon that an import may have brought or taken back."""
    brought = _ROW.join(sales, _NEAR).where(sales.c.batch_id == batch_id)
    back = _ROW.join(sales, _NEAR).join(_back, _back.c.reverses == sales.c.id)
    found = [*_rows(conn, brought), *_rows(conn, back.where(_back.c.batch_id == batch_id))]
    return sorted(set(found))


def come_again(conn: Connection, batch_id: int, after_id: int) -> list[Used]:
    """Return the purchases that were gone and may have come with an import's sales since a line."""
    query = _ROW.join(sales, _NEAR).where(
        text("coupon_receipts.gone = 1"),  # spelled as in the index, so that the index serves
        sales.c.id > after_id,
        sales.c.batch_id == batch_id,
    )
    return list(_rows(conn, query.distinct()))


def mark(conn: Connection, used: Used, *, gone: bool) -> None:
    """Note whether a purchase is gone."""
    conn.execute(update(coupon_receipts).where(_is(used)).values(gone=int(gone)))


def drop(conn: Connection, used: Used) -> None:
    """Let a receipt be as if no coupon had been used for it: another may be."""
    conn.execute(delete(coupon_receipts).where(_is(used)))


def _is(used: Used) -> ColumnElement[bool]:
    return and_(*(_used[name] == getattr(used, name) for name in Used._fields[:3]))


def _rows(conn: Connection, query: Select[Any]) -> Iterator[Used]:
    return (Used(*row) for row in conn.execute(query))


# --- what stands of it ----------------------------------------------------------------------------


class Paid(NamedTuple):
    """What a receipt of a day cost, and what was given back of it (none: nothing was)."""

    minor: int
    back_minor: int | None

    @property
    def is_back(self) -> bool:
        """Whether all of it was given back."""
        return self.back_minor is not None and self.minor + self.back_minor == 0


def stands(conn: Connection, used: Used) -> bool | None:
    """Return whether a purchase stands; none where that is not known, or only in part.

    On the day of the use whatever the receipt cost is the purchase; on the days beside it, where a
    till may begin its numbers anew, only what cost as much.
    """
    paid, days = paid_for(conn, used), _days(conn, used)
    if any(not one.is_back and (day == used.day or used.fits(one.minor)) for day, one in paid):
        return True
    if any(one.is_back and used.fits(one.minor) for _, one in paid):
        return False
    known = {day for day, _ in paid}
    voided = select(sales.c.business_day, func.sum(sales.c.amount_minor)).where(
        *_lines(used, days - known), sales.c.voided == 1
    )
    found = conn.execute(voided.group_by(sales.c.business_day, sales.c.batch_id))
    return False if any(used.fits(int(minor)) for _, minor in found) else None


def paid_for(conn: Connection, used: Used) -> list[tuple[int, Paid]]:
    """Return what receipts of this number cost that stand, by day: of the use, and beside it."""
    returned = (
        select(func.sum(_back.c.amount_minor))
        .where(_back.c.reverses == sales.c.id, _back.c.voided == 0)
        .correlate(sales)
        .scalar_subquery()
    )
    query = (
        select(sales.c.business_day, func.sum(sales.c.amount_minor), func.sum(returned))
        .where(*_lines(used, _days(conn, used)), sales.c.voided == 0)
        .group_by(sales.c.business_day)
    )
    return [
        (int(day), Paid(int(minor), None if back is None else int(back)))
        for day, minor, back in conn.execute(query)
    ]


def _days(conn: Connection, used: Used) -> set[int]:
    """Return the days on which a purchase may stand; not those of another coupon's receipt."""
    beside = {used.day - 1, used.day + 1}
    here = and_(_used.station_id == used.station_id, _used.receipt == used.receipt)
    query = select(_used.day).where(here, _used.day.in_(beside))
    return {used.day, *beside} - set(conn.execute(query).scalars())


def _lines(used: Used, days: Collection[int]) -> Sequence[ColumnElement[bool]]:
    """Tell the lines of receipts of a number on these days."""
    return (
        sales.c.station_id == used.station_id,
        sales.c.receipt_no == used.receipt,
        sales.c.business_day.in_(days),
        sales.c.reverses.is_(None),
    )


# --- what never came ------------------------------------------------------------------------------


class Why(StrEnum):
    """Why a coupon is worth a look."""

    MISSING = "missing"  # no such receipt came in
    PRICE = "price"  # it came, and cost otherwise
    TWICE = "twice"  # the purchase stands, and the coupon was used elsewhere or given back since


class Astray(NamedTuple):
    """A use of a coupon that no purchase bears out, and of which offer it is."""

    used: Used
    version: str
    offer: str
    why: Why


_IS_FOR = and_(
    coupons.c.state == CouponState.USED.value,
    coupons.c.used_station_id == _used.station_id,
    coupons.c.receipt == _used.receipt,
    coupons.c.used_day == _used.day,
)


def _is_paid() -> ColumnElement[bool]:
    """Tell the uses whose receipt came in, of their day and price: most of them all."""
    there = and_(_SAME, sales.c.business_day == _used.day, sales.c.voided == 0)
    query = select(func.sum(sales.c.amount_minor)).where(there)
    paid = query.correlate(coupon_receipts).scalar_subquery()
    fits = or_(paid == _used.amount_minor, paid == _used.amount_minor - _used.off_minor)
    return func.coalesce(fits, false())


def astray(
    conn: Connection, station_ids: Collection[int], days: range, due_day: int
) -> list[Astray]:
    """Return the uses of these days that no purchase bears out, the newest first.

    A receipt is missed from `due_day` back; younger ones may still come.
    """
    is_loose = and_(~_IS_FOR, coupons.c.state != CouponState.LAPSED.value)
    is_missed = and_(_IS_FOR, _used.day <= due_day, ~_is_paid())
    query = (
        select(*_ROW.selected_columns, coupons.c.version, coupons.c.offer, _IS_FOR)
        .join_from(coupon_receipts, coupons)
        .where(
            _used.gone == 0,
            _used.station_id.in_(station_ids),
            _used.day.between(days.start, days.stop - 1),
            or_(is_loose, is_missed),
        )
        .order_by(_used.day.desc(), _used.used_at.desc(), _used.receipt)
        .limit(MOST)
    )
    found = ((Used(*row[:-3]), *row[-3:-1], bool(row[-1])) for row in conn.execute(query).all())
    told = (
        Astray(one, version, offer, why)
        for one, version, offer, is_its in found
        if (why := _why(conn, one) if is_its else Why.TWICE)
    )
    return list(told)


def _why(conn: Connection, used: Used) -> Why | None:
    """Return why no purchase bears a use out; none if one of the day beside does."""
    paid = paid_for(conn, used)
    if any(used.fits(one.minor) for _, one in paid):
        return None
    return Why.PRICE if any(day == used.day for day, _ in paid) else Why.MISSING
