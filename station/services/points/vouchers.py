"""One way to change a coupon: in the turn to write, once for each key, from a state to the next."""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from station.archive.customers.book import CODE_SIGNS
from station.archive.database import Connection
from station.archive.points import chain, offers, used
from station.archive.points.offers import Act, Coupon, NewCoupon
from station.archive.points.used import Used
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
    if before.account != ask.scope.account:
        raise KeyReusedError("points.key_of_another")
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
    told = _told(use, desk.at, desk.day) if state is CouponState.USED else {}
    offers.change(desk.conn, coupon.id, state, told)
    return state


def _told(use: Use, at: int, day: int) -> dict[str, object]:
    """Return what a coupon says of its use."""
    return {
        "used_station_id": use.station_id,
        "used_at": at,
        "used_day": day,
        "amount_minor": use.amount_minor,
        "off_minor": use.off_minor,
        "receipt": use.receipt,
    }


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


def come(conn: Connection, ask: Ask, batch_id: int, after_id: int) -> int:
    """Return how many coupons are used again, as what they were used for came in again.

    To be called in the write that brings an import's sales in, all those after a line.
    """
    return _follow(conn, ask, used.come_again(conn, batch_id, after_id))


def taken_back(conn: Connection, ask: Ask, reversal_ids: "list[int]") -> int:
    """Return how many coupons can be used again, as all they were used for was taken back.

    To be called in the write that brings reversals in. A coupon keeps its last day; where only a
    part of its purchase came back, it stays used.
    """
    return _follow(conn, ask, used.reversed_by(conn, reversal_ids))


def undo(conn: Connection, ask: Ask, batch_id: int) -> int:
    """Return how many coupons follow an import that counts no more, in the write that undoes it.

    What was used for its sales can be used again, and what its reversals gave back is used.
    """
    return _follow(conn, ask, used.of_batch(conn, batch_id))


def _follow(conn: Connection, ask: Ask, touched: Sequence[Used]) -> int:
    """Return how many coupons came into another state, so that each is as its purchases are."""
    for one in touched:
        is_standing = used.stands(conn, one)
        if is_standing is not None:
            used.mark(conn, one, gone=not is_standing)
    if not touched:
        return 0
    desk = booking.desk_of(conn, ask)
    return sum(_settled(desk, coupon_id) for coupon_id in sorted({u.coupon_id for u in touched}))


def _settled(desk: Desk, coupon_id: int) -> int:
    """Return how often a coupon changes until it is as its purchases are.

    One that was used elsewhere meanwhile, or withdrawn, stays so; `used.astray` tells of it.
    """
    coupon, uses = offers.by_id(desk.conn, coupon_id), used.of_coupon(desk.conn, coupon_id)
    changed = 0
    if coupon.state is CouponState.USED and any(one.gone and _is_for(coupon, one) for one in uses):
        key = f"back:{coupon_id}:{offers.acts_of(desk.conn, coupon_id)}"
        by_itself(desk, coupon, CouponAct.REFUND, key)
        note(desk.conn, desk.ask, coupon, CouponAct.REFUND, coupon.used_station_id)
        coupon, changed = offers.by_id(desk.conn, coupon_id), 1
    again = next((one for one in uses if not one.gone), None)
    if coupon.state is CouponState.ISSUED and again and _has_room(desk, coupon, again):
        _use_again(desk, coupon, again)
        changed += 1
    return changed


def _is_for(coupon: Coupon, one: Used) -> bool:
    """Return whether a coupon is used for a purchase now."""
    now = (coupon.used_station_id, coupon.receipt, coupon.used_day)
    return now == (one.station_id, one.receipt, one.day)


def _has_room(desk: Desk, coupon: Coupon, one: Used) -> bool:
    return offers.has_room(desk.conn, coupon, one.station_id, one.off_minor)


def _use_again(desk: Desk, coupon: Coupon, one: Used) -> None:
    """Let a coupon be used for what it was used for before."""
    key = f"again:{coupon.id}:{offers.acts_of(desk.conn, coupon.id)}"
    use = Use(one.station_id, one.amount_minor, one.off_minor, one.receipt)
    told = _told(use, one.used_at, one.day)
    offers.change(desk.conn, coupon.id, coupons.after(coupon.state, CouponAct.USE), told)
    offers.note(desk.conn, _act(desk, coupon, CouponAct.USE, key, use))
    note(desk.conn, desk.ask, coupon, CouponAct.USE, one.station_id)


def refuse_taken(conn: Connection, coupon: Coupon, station_id: int, receipt: str, day: int) -> None:
    """Refuse a receipt for which another coupon was used that day.

    Raises:
        PointsError: one was.
    """
    other = used.of_receipt(conn, station_id, receipt, day)
    if other is not None and other.coupon_id != coupon.id:
        raise PointsError("coupons.receipt_taken", receipt=receipt)


def by_hand(conn: Connection, coupon: Coupon) -> None:
    """Let a coupon that somebody gives back have been used for nothing: its receipt may take one.

    No file tells of it, so no file takes it back.
    """
    for one in used.of_coupon(conn, coupon.id):
        if _is_for(coupon, one):
            used.drop(conn, one)


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
