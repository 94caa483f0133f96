"""Coupons and rewards: who has which, what was done with each, and how many are gone."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    case,
    delete,
    exists,
    false,
    func,
    insert,
    or_,
    select,
    update,
)

from station.archive.points.offer_tables import (
    coupon_acts,
    coupon_receipts,
    coupons,
    offer_counts,
    offer_station_counts,
)
from station.archive.points.tables import point_transactions
from station.model import CouponState, PointMove

UNUSED: Mapping[str, Any] = {
    "used_station_id": None,
    "used_at": None,
    "used_day": None,
    "amount_minor": 0,
    "off_minor": 0,
    "receipt": "",
}
"""What a coupon says of its use as long as there is none."""


class NewCoupon(NamedTuple):
    """A coupon or reward as it is given; `redemption_id` is what paid for it."""

    code: str
    customer_id: int
    version: str
    offer: str
    station_id: int
    points: int
    redemption_id: int | None
    issued_at: int
    issued_day: int
    last_day: int


class Coupon(NamedTuple):
    """A coupon or reward; `amount_minor`, `off_minor` and `receipt` are of its use."""

    id: int
    code: str
    customer_id: int
    version: str
    offer: str
    station_id: int
    points: int
    redemption_id: int | None
    issued_at: int
    issued_day: int
    last_day: int
    state: CouponState
    used_station_id: int | None
    used_at: int | None
    used_day: int | None
    amount_minor: int
    off_minor: int
    receipt: str


class Act(NamedTuple):
    """What was done with a coupon; `state` is where it left it, `balance` what was told then."""

    key: str
    request_hash: str
    coupon_id: int
    act: str
    state: str
    station_id: int | None
    account: str
    at: int
    day: int
    amount_minor: int = 0
    off_minor: int = 0
    balance: int = 0


class Limits(NamedTuple):
    """How many of an offer there are, in all and at a station, and what may be taken off there."""

    version: str
    offer: str
    most: int | None
    most_here: int | None
    budget_here_minor: int | None


class Gone(NamedTuple):
    """How many of an offer are gone, in all and at a station, and what was taken off there."""

    taken: int = 0
    taken_here: int = 0
    spent_here_minor: int = 0


_COUPON = select(*(coupons.c[name] for name in Coupon._fields))
_ACT = select(*(coupon_acts.c[name] for name in Act._fields))


def prepare(conn: Connection, station_id: int, limits: Limits) -> None:
    """Let there be counts of an offer; the limits of a version that holds never change."""
    offer = {"version": limits.version, "offer": limits.offer}
    _put(conn, offer_counts, offer, {"most": limits.most})
    here = {"most": limits.most_here, "budget_minor": limits.budget_here_minor}
    _put(conn, offer_station_counts, offer | {"station_id": station_id}, here)


def _put(conn: Connection, table: Table, key: Mapping[str, Any], limits: Mapping[str, Any]) -> None:
    same = [table.c[name] == value for name, value in key.items()]
    if conn.execute(select(table.c.taken).where(*same)).first() is None:
        conn.execute(insert(table).values(**key, **limits))


def gone(conn: Connection, version: str, station_id: int) -> dict[str, Gone]:
    """Return what is gone of each offer of a version of which anything ever was asked for."""
    here = offer_station_counts
    query = select(
        offer_counts.c.offer,
        offer_counts.c.taken,
        func.coalesce(here.c.taken, 0),
        func.coalesce(here.c.spent_minor, 0),
    ).outerjoin_from(
        offer_counts,
        here,
        and_(
            here.c.version == offer_counts.c.version,
            here.c.offer == offer_counts.c.offer,
            here.c.station_id == station_id,
        ),
    )
    rows = conn.execute(query.where(offer_counts.c.version == version))
    return {offer: Gone(*numbers) for offer, *numbers in rows}


def had(conn: Connection, version: str, customer_ids: Collection[int]) -> dict[str, int]:
    """Return how often these customers had each offer of a version; what was withdrawn is not."""
    query = (
        select(coupons.c.offer, func.count())
        .where(
            coupons.c.version == version,
            coupons.c.customer_id.in_(customer_ids),
            coupons.c.state != CouponState.WITHDRAWN.value,
        )
        .group_by(coupons.c.offer)
    )
    return {str(offer): int(number) for offer, number in conn.execute(query)}


def add(conn: Connection, new: NewCoupon) -> Coupon:
    """Return a coupon, now given; more than there are cannot be."""
    conn.execute(insert(coupons).values(new._asdict()))
    return _sure(conn, coupons.c.code == new.code)


def change(conn: Connection, coupon_id: int, state: CouponState, use: Mapping[str, Any]) -> None:
    """Let a coupon be in another state; `use` says for what it was used, if it was.

    The archive refuses a state that does not follow, and what goes over a station's budget.
    """
    values = {**UNUSED, **use, "state": state.value}
    conn.execute(update(coupons).where(coupons.c.id == coupon_id).values(values))


def note(conn: Connection, act: Act) -> None:
    """Write down what was done with a coupon."""
    conn.execute(insert(coupon_acts).values(act._asdict()))


def act_by_key(conn: Connection, key: str) -> Act | None:
    """Return what was done under a key, none if nothing was."""
    row = conn.execute(_ACT.where(coupon_acts.c.key == key)).first()
    return Act(*row) if row else None


def find(conn: Connection, code: str) -> Coupon | None:
    """Return the coupon with a code, none if there is none."""
    return _one(conn, coupons.c.code == code)


def by_id(conn: Connection, coupon_id: int) -> Coupon:
    """Return a coupon of which it is known that there is one."""
    return _sure(conn, coupons.c.id == coupon_id)


def paid_by(conn: Connection, redemption_id: int) -> Coupon | None:
    """Return the coupon that a redemption paid for, none if it paid for none."""
    return _one(conn, coupons.c.redemption_id == redemption_id)


def of_customers(conn: Connection, customer_ids: Collection[int]) -> list[Coupon]:
    """Return the coupons of these customers, the newest first."""
    query = _COUPON.where(coupons.c.customer_id.in_(customer_ids)).order_by(coupons.c.id.desc())
    return [_coupon(row) for row in conn.execute(query)]


def still_open(conn: Connection, customer_id: int) -> list[Coupon]:
    """Return what a record has and did not use."""
    return [one for one in of_customers(conn, [customer_id]) if one.state is CouponState.ISSUED]


def overdue(conn: Connection, day: int, *, limit: int) -> list[Coupon]:
    """Return coupons whose last day was before a day, the oldest first."""
    over = and_(coupons.c.state == CouponState.ISSUED.value, coupons.c.last_day < day)
    return [
        _coupon(row)
        for row in conn.execute(_COUPON.where(over).order_by(coupons.c.id).limit(limit))
    ]


def forget_receipts(conn: Connection, customer_id: int) -> None:
    """Let nothing tell any more for which purchases somebody used coupons."""
    his = select(coupons.c.id).where(coupons.c.customer_id == customer_id)
    conn.execute(delete(coupon_receipts).where(coupon_receipts.c.coupon_id.in_(his)))
    conn.execute(update(coupons).where(coupons.c.customer_id == customer_id).values(receipt=""))


def has_room(conn: Connection, coupon: Coupon, station_id: int, off_minor: int) -> bool:
    """Return whether a station's budget has room for what a coupon takes off."""
    here = offer_station_counts.c
    query = select(here.budget_minor - here.spent_minor).where(
        here.version == coupon.version,
        here.offer == coupon.offer,
        here.station_id == station_id,
    )
    room = conn.execute(query).scalar()
    return room is None or int(room) >= off_minor


def acts_of(conn: Connection, coupon_id: int) -> int:
    """Return how often something was done with a coupon."""
    query = select(func.count()).where(coupon_acts.c.coupon_id == coupon_id)
    return int(conn.execute(query).scalar_one())


def _one(conn: Connection, wanted: ColumnElement[bool]) -> Coupon | None:
    row = conn.execute(_COUPON.where(wanted)).first()
    return _coupon(row) if row else None


def _sure(conn: Connection, wanted: ColumnElement[bool]) -> Coupon:
    return _coupon(conn.execute(_COUPON.where(wanted)).one())


def _coupon(row: Sequence[Any]) -> Coupon:
    one = Coupon(*row)
    return one._replace(state=CouponState(one.state))


# --- proofs ---------------------------------------------------------------------------------------


def queries() -> dict[str, Select[Any]]:
    """Return the queries that find a bad coupon, or an offer whose counts are not its coupons'."""
    return {
        "offers_taken": _miscounted(),
        "offers_station": _miscounted_here(),
        "coupons_acts": _odd_state(),
        "coupons_paid": _odd_payment(),
        "coupons_receipts": _unreceipted(),
    }


def _unreceipted() -> Select[Any]:
    """Find a coupon that is used for a receipt of which that is not noted, or as gone."""
    used = coupon_receipts.c
    noted = exists().where(
        used.coupon_id == coupons.c.id,
        used.station_id == coupons.c.used_station_id,
        used.receipt == coupons.c.receipt,
        used.day == coupons.c.used_day,
        used.gone == 0,
    )
    is_used = coupons.c.state == CouponState.USED.value
    return select(coupons.c.id).where(is_used, coupons.c.receipt != "", ~noted)


_STANDS = case((coupons.c.state != CouponState.WITHDRAWN.value, 1), else_=0)


def _of(table: Table) -> ColumnElement[bool]:
    return and_(coupons.c.version == table.c.version, coupons.c.offer == table.c.offer)


def _sum(what: ColumnElement[int], where: ColumnElement[bool]) -> ColumnElement[int]:
    return select(func.coalesce(func.sum(what), 0)).where(where).scalar_subquery()


def _miscounted() -> Select[Any]:
    """Find an offer of which other than its count were taken, or more than there are."""
    counted = offer_counts.c
    bad = or_(counted.taken != _sum(_STANDS, _of(offer_counts)), counted.taken > counted.most)
    return select(counted.offer).where(bad)


def _miscounted_here() -> Select[Any]:
    """Find the same at a station, and one whose coupons took off other than is told."""
    counted = offer_station_counts.c
    taken = and_(_of(offer_station_counts), coupons.c.station_id == counted.station_id)
    used = and_(_of(offer_station_counts), coupons.c.used_station_id == counted.station_id)
    bad = or_(
        counted.taken != _sum(_STANDS, taken),
        counted.taken > counted.most,
        counted.spent_minor != _sum(coupons.c.off_minor, used),
        counted.spent_minor > counted.budget_minor,
    )
    return select(counted.offer).where(bad)


def _odd_state() -> Select[Any]:
    """Find a coupon that is not where the last thing done with it left it."""
    other = coupon_acts.alias("other")
    last = select(func.max(other.c.id)).where(other.c.coupon_id == coupons.c.id).scalar_subquery()
    agrees = and_(
        coupon_acts.c.state == coupons.c.state,
        coupon_acts.c.off_minor == coupons.c.off_minor,
        coupon_acts.c.amount_minor == coupons.c.amount_minor,
    )
    return (
        select(coupons.c.id)
        .outerjoin_from(coupons, coupon_acts, coupon_acts.c.id == last)
        .where(~func.coalesce(agrees, false()))
    )


def _odd_payment() -> Select[Any]:
    """Find a coupon that was paid otherwise than it says, or whose points are back too early."""
    paid, undone = point_transactions.alias("paid"), point_transactions.alias("undone")
    is_gone = coupons.c.state == CouponState.WITHDRAWN.value
    fits = or_(
        coupons.c.points == 0,
        and_(
            paid.c.move == PointMove.REDEEM.value,
            paid.c.points == coupons.c.points,
            is_gone == undone.c.id.is_not(None),
        ),
    )
    return (
        select(coupons.c.id)
        .outerjoin_from(coupons, paid, paid.c.id == coupons.c.redemption_id)
        .outerjoin(undone, undone.c.closes == paid.c.id)
        .where(~func.coalesce(fits, false()))
    )
