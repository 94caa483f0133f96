"""One way to change a coupon: in the turn to write, once for each key, from a state to the next."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from station.archive.customers.book import CODE_SIGNS
from station.archive.database import Connection
from station.archive.points import chain, offers
from station.archive.points.offers import Act, Coupon, NewCoupon
from station.errors import BadValueError, KeyReusedError, NotFoundError, PointsError
from station.loyalty import coupons
from station.loyalty.programme import Offer, Version, word
from station.model import Act as Deed
from station.model import CouponAct, CouponState
from station.services import guessing, trail
from station.services.access import acting
from station.services.ask import Ask
from station.services.personal import sealing
from station.services.points import booking, rules
from station.services.points.booking import Desk

CODE_LENGTH = 10
LONGEST_RECEIPT = 60
IN_ONE_WRITE = 100
"""Coupons that run out in one turn: others wait meanwhile."""


@dataclass(frozen=True, slots=True)
class Slip:
    """What is told of something done with a coupon or reward; asked again it is the same.

    `off_minor` is what was taken off `amount_minor`, `balance` what the member could spend then.
    """

    act: CouponAct
    number: int
    code: str
    offer: str
    zh: str
    en: str
    is_coupon: bool
    points: int
    balance: int
    amount_minor: int
    off_minor: int
    currency: str
    last_day: int
    at: int

    @property
    def due_minor(self) -> int:
        """What is still to be paid."""
        return self.amount_minor - self.off_minor


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody would do with a coupon under a key; `facts` are the same if it comes again."""

    key: str
    act: CouponAct
    facts: Mapping[str, object] = field(default_factory=dict)
    reason: str = ""

    def mark(self, ask: Ask) -> str:
        """Return what is kept of it beside the key; nobody can try receipts by it."""
        words = json.dumps(["coupon", self.act, self.facts], sort_keys=True, ensure_ascii=False)
        return sealing.code_index(ask.db, words)


@dataclass(frozen=True, slots=True)
class Use:
    """For what a coupon is used: where, for how much, and what it takes off."""

    station_id: int
    amount_minor: int = 0
    off_minor: int = 0
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One act under way: what is wanted, and the desk at which it is done."""

    desk: Desk
    wanted: Wanted

    @property
    def key(self) -> str:
        """How the caller's key stands in the archive."""
        return chain.BY_CALLER + self.wanted.key


Do = Callable[[Turn], Act]
DoWith = Callable[[Turn, Coupon], Act]


def done(ask: Ask, wanted: Wanted, do: Do) -> Slip:
    """Return what is told of an act; the same again under its key changes nothing.

    Raises:
        BadValueError: the key is none.
        KeyReusedError: the key stood for something else.
    """
    with acting(ask) as conn:
        return _before(conn, ask, wanted) or slip(conn, ask, do(_turn(conn, ask, wanted)))


def done_with(ask: Ask, wanted: Wanted, code: str, do: DoWith) -> Slip:
    """Return what is told of an act on the coupon with a code; a wrong code counts as a guess.

    Raises:
        NotFoundError: there is no such coupon.
        LimitReachedError: too many codes were nobody's today.
        KeyReusedError: the key stood for something else.
    """
    with acting(ask) as conn:
        before = _before(conn, ask, wanted)
        if before is not None:
            return before
        coupon = looked_up(conn, ask, code)
        if coupon is not None:
            return slip(conn, ask, do(_turn(conn, ask, wanted), coupon))
    raise NotFoundError("coupons.no_code")


def _turn(conn: Connection, ask: Ask, wanted: Wanted) -> Turn:
    return Turn(booking.desk_of(conn, ask, spends=wanted.act is CouponAct.ISSUE), wanted)


def _before(conn: Connection, ask: Ask, wanted: Wanted) -> Slip | None:
    """Return what was told under a key, none if nothing was."""
    if not booking.KEY.fullmatch(wanted.key):
        raise BadValueError("points.bad_key")
    before = offers.act_by_key(conn, chain.BY_CALLER + wanted.key)
    if before is None:
        return None
    if before.request_hash != wanted.mark(ask):
        raise KeyReusedError("points.key_reused")
    return slip(conn, ask, before)


def looked_up(conn: Connection, ask: Ask, code: str) -> Coupon | None:
    """Return the coupon with a code; that there is none is written down as a guess.

    Raises:
        LimitReachedError: too many codes were nobody's today.
    """
    guessing.refuse(conn, ask)
    coupon = offers.find(conn, tidy(code))
    if coupon is None:
        guessing.missed(ask, f"coupon/{tidy(code)}")
    return coupon


def tidy(code: str) -> str:
    """Return a code as it is kept, however it was typed."""
    return "".join(sign for sign in code.upper() if sign.isalnum())[: CODE_LENGTH + 1]


def new_code() -> str:
    """Return a code that nobody can guess, of signs that nobody confuses."""
    return "".join(secrets.choice(CODE_SIGNS) for _ in range(CODE_LENGTH))


def give(turn: Turn, new: NewCoupon, balance: int) -> Act:
    """Return the act by which a coupon is given; its points are paid already."""
    coupon = offers.add(turn.desk.conn, new)
    return _noted(turn, coupon, CouponAct.ISSUE, Use(new.station_id), balance)


def move(turn: Turn, coupon: Coupon, use: Use, balance: int = 0) -> Act:
    """Return the act by which a coupon comes into its next state.

    Raises:
        BadValueError: nothing of the kind can be done with it any more.
    """
    _change(turn.desk, coupon, turn.wanted.act, use)
    return _noted(turn, coupon, turn.wanted.act, use, balance)


def _change(desk: Desk, coupon: Coupon, act: CouponAct, use: Use) -> CouponState:
    state = coupons.after(coupon.state, act)
    told = {
        "used_station_id": use.station_id,
        "used_at": desk.at,
        "used_day": desk.day,
        "amount_minor": use.amount_minor,
        "off_minor": use.off_minor,
        "receipt": use.receipt,
    }
    offers.change(desk.conn, coupon.id, state, told if state is CouponState.USED else {})
    return state


def _noted(turn: Turn, coupon: Coupon, act: CouponAct, use: Use, balance: int) -> Act:
    """Return what was done, now written down."""
    desk, wanted = turn.desk, turn.wanted
    told = _act(desk, coupon, act, turn.key, use)
    told = told._replace(request_hash=wanted.mark(desk.ask), balance=balance)
    offers.note(desk.conn, told)
    note(desk.conn, desk.ask, coupon, act, use.station_id, reason=wanted.reason)
    return told


def _act(desk: Desk, coupon: Coupon, act: CouponAct, key: str, use: Use | None = None) -> Act:
    is_use = act is CouponAct.USE and use is not None
    return Act(
        key=key,
        request_hash="",
        coupon_id=coupon.id,
        act=act.value,
        state=(CouponState.ISSUED if act is CouponAct.ISSUE else coupons.after(coupon.state, act)),
        station_id=use.station_id if use else None,
        account=desk.ask.scope.account,
        at=desk.at,
        day=desk.day,
        amount_minor=use.amount_minor if use and is_use else 0,
        off_minor=use.off_minor if use and is_use else 0,
    )


def note(
    conn: Connection,
    ask: Ask,
    coupon: Coupon,
    act: CouponAct,
    station_id: int | None,
    *,
    reason: str = "",
) -> None:
    """Write down in the audit log what was done with a coupon, by its number, not its code."""
    what = f"coupon:{coupon.id}:{act}"
    trail.note(conn, ask.scope, Deed.CHANGE, what, station_id=station_id, reason=reason)


def by_itself(desk: Desk, coupon: Coupon, act: CouponAct, key: str) -> None:
    """Bring a coupon into its next state for a cause that names its own key."""
    _change(desk, coupon, act, Use(coupon.station_id))
    offers.note(desk.conn, _act(desk, coupon, act, key))


def unpaid(desk: Desk, redemption_id: int) -> None:
    """Withdraw what a redemption paid for, as its points go back; nothing if it paid for none.

    Raises:
        PointsError: it was used, has run out, or was withdrawn before.
    """
    coupon = offers.paid_by(desk.conn, redemption_id)
    if coupon is None:
        return
    if coupon.state is not CouponState.ISSUED:
        raise PointsError(f"coupons.is_{coupon.state}")
    by_itself(desk, coupon, CouponAct.WITHDRAW, f"reverse:{redemption_id}")


def taken_back(conn: Connection, ask: Ask, reversal_ids: "list[int]") -> int:
    """Return how many coupons can be used again, as all they were used for was taken back.

    To be called in the write that brings reversals in. A coupon keeps its last day; where only a
    part of its purchase came back, it stays used.
    """
    back = offers.used_for(conn, reversal_ids)
    if not back:
        return 0
    desk = booking.desk_of(conn, ask)
    for coupon in back:
        key = f"back:{coupon.id}:{max(reversal_ids)}"
        by_itself(desk, coupon, CouponAct.REFUND, key)
        note(conn, ask, coupon, CouponAct.REFUND, coupon.used_station_id)
    return len(back)


def close(conn: Connection, ask: Ask, customer_id: int) -> None:
    """Let all that a record has and did not use run out, of somebody who leaves for good."""
    desk = booking.desk_of(conn, ask)
    for coupon in offers.still_open(conn, customer_id):
        by_itself(desk, coupon, CouponAct.LAPSE, f"lapse:{coupon.id}")
    offers.forget_receipts(conn, customer_id)


def lapse_some(desk: Desk) -> int:
    """Return how many coupons whose last day is over were let run out, a hundred at most."""
    over = offers.overdue(desk.conn, desk.day, limit=IN_ONE_WRITE)
    for coupon in over:
        by_itself(desk, coupon, CouponAct.LAPSE, f"lapse:{coupon.id}")
    return len(over)


def rule(conn: Connection, ask: Ask, coupon: Coupon) -> tuple[Version, Offer]:
    """Return the version and the offer that a coupon was given by.

    Raises:
        PointsError: the programme knows them no more, or its past was changed.
    """
    version = rules.read(conn, ask).named(coupon.version)
    for offer in version.offers if version else ():
        if version and offer.name == coupon.offer:
            return version, offer
    raise PointsError("coupons.no_rule")


def slip(conn: Connection, ask: Ask, act: Act) -> Slip:
    """Return what is told of an act."""
    coupon = offers.by_id(conn, act.coupon_id)
    version, offer = rule(conn, ask, coupon)
    return Slip(
        act=CouponAct(act.act),
        number=coupon.id,
        code=coupon.code,
        offer=coupon.offer,
        zh=word(offer, "zh"),
        en=word(offer, "en"),
        is_coupon=offer.is_coupon,
        points=coupon.points,
        balance=act.balance,
        amount_minor=act.amount_minor,
        off_minor=act.off_minor,
        currency=version.currency,
        last_day=coupon.last_day,
        at=act.at,
    )
