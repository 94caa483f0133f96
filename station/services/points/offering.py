"""What may a member have for his points, what does he hold, and what is done with it?"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from station.archive import stations
from station.archive.customers import book
from station.archive.database import Connection
from station.archive.points import offers as store
from station.archive.points.offers import Act, Coupon, Gone, Limits, NewCoupon
from station.errors import BadValueError, NotFoundError, PointsError
from station.ingest import products
from station.loyalty import coupons, earning, ledger
from station.loyalty.coupons import Case, Refusal
from station.loyalty.earning import Line
from station.loyalty.ledger import Purse
from station.loyalty.programme import Offer, Version, word
from station.model import DAY_S, CouponAct, CouponState, Fuel, Unit
from station.services import trail
from station.services.access import right
from station.services.ask import Ask
from station.services.customers import contacts, naming
from station.services.points import booking, correcting, grading, members, rules, vouchers
from station.services.points.booking import Desk, Order
from station.services.points.grading import Graded
from station.services.points.members import Named
from station.services.points.vouchers import Slip, Turn, Use, Wanted

PAID = "offer:"
"""How the key of a redemption begins that pays for an offer."""
MOST_MINOR = 10**12
"""More than any purchase costs."""
HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Choice:
    """An offer of today, how many are left (none: no limit), and why a member cannot have it.

    `refusal` is none if he can.
    """

    name: str
    zh: str
    en: str
    points: int
    is_coupon: bool
    off_minor: int
    off_percent: int
    most_off_minor: int | None
    least_minor: int
    valid_days: int
    currency: str
    left: int | None
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class Held:
    """A coupon or reward that somebody has or had; his name is masked."""

    number: int
    code: str
    name: str
    offer: str
    zh: str
    en: str
    is_coupon: bool
    off_minor: int
    off_percent: int
    most_off_minor: int | None
    least_minor: int
    currency: str
    state: CouponState
    last_day: int


@dataclass(frozen=True, slots=True)
class Purchase:
    """What a coupon is used for; what conditions do not ask for may be left out.

    `product` is called as the till calls it, and tells the fuel.
    """

    amount_minor: int
    receipt: str = ""
    product: str = ""
    fuel: Fuel = Fuel.NONE
    card: str = ""
    currency: str = ""


NOTHING = Purchase(0)


@right("points.read")
def offers(ask: Ask, *, member: Named, station: str) -> list[Choice]:
    """Return the offers of today with what stands in the way of each for a member.

    Raises:
        NotFoundError: member or station are not there, or not in sight; both answer alike.
        PointsError: several members are known by that.
    """
    with ask.db.reading() as conn:
        station_id = booking.station_of(conn, ask, station)
        purse = booking.seen_now(conn, ask, members.found(conn, ask, member))
        version = booking.rules_on(conn, ask, purse.day)
        if version is None:
            return []
        desk = Desk(conn, ask, booking.now(), purse.day)
        return [
            _choice(case, purse, version, offer)
            for offer, case in _cases(desk, version, purse, station_id).items()
        ]


def _choice(case: Case, purse: Purse, version: Version, offer: Offer) -> Choice:
    told = asdict(offer)
    names = ("name", "points", "off_minor", "off_percent", "most_off_minor", "least_minor")
    return Choice(
        **{name: told[name] for name in (*names, "valid_days")},
        zh=word(offer, "zh"),
        en=word(offer, "en"),
        is_coupon=offer.is_coupon,
        currency=version.currency,
        left=_left(case, offer),
        refusal=_grant_refusal(case, purse, offer),
    )


def _left(case: Case, offer: Offer) -> int | None:
    """Return how many of an offer are left at a station, none where nothing limits it."""
    limits = ((offer.stock, case.taken), (offer.stock_station, case.taken_here))
    return min((most - taken for most, taken in limits if most is not None), default=None)


def _grant_refusal(case: Case, purse: Purse, offer: Offer) -> Refusal | None:
    """Return why a member cannot have an offer; nothing is given on a lost card."""
    return Refusal("points.frozen", {}) if purse.is_frozen else coupons.grant_refusal(case, offer)


def _cases(desk: Desk, version: Version, purse: Purse, station_id: int) -> Mapping[Offer, Case]:
    """Return how each offer of a version stands for a member at a station."""
    gone = store.gone(desk.conn, version.name, station_id)
    had = store.had(desk.conn, version.name, book.same(desk.conn, purse.customer_id))
    facts = _facts(desk, purse.customer_id, station_id, NOTHING)
    return {
        offer: Case(
            facts=facts,
            balance=purse.balance,
            **gone.get(offer.name, Gone())._asdict(),
            taken_member=had.get(offer.name, 0),
        )
        for offer in version.offers
    }


def _facts(desk: Desk, customer_id: int, station_id: int, bought: Purchase) -> dict[str, Any]:
    """Return what conditions may ask of a member and a purchase, by the station's clock."""
    station = stations.everything(desk.conn)[station_id]
    zone = ZoneInfo(station.zone)
    clock = datetime.fromtimestamp(desk.at, UTC).astimezone(zone).replace(tzinfo=UTC)
    product = products.product_of(bought.product) if bought.product else None
    local_s = int(clock.timestamp())
    line = Line(
        sale_id=0,
        day=local_s // DAY_S,
        hour=local_s % DAY_S // HOUR_S,
        product=product.code if product else "",
        fuel=product.fuel if product else bought.fuel,
        unit=Unit.LITRE,
        quantity_milli=0,
        amount_minor=bought.amount_minor,
        currency=bought.currency,
        station=station.code,
        card=bought.card,
    )
    return earning.facts_of(line, _who(desk, customer_id))


def _who(desk: Desk, customer_id: int) -> earning.Member:
    """Return what conditions may ask of a member."""
    wanted = (customer_id, desk.day)
    graded = grading.graded(desk.conn, desk.ask, [wanted]).get(wanted, Graded())
    return earning.Member(level=graded.level, grade=graded.grade, birthday=graded.birthday)


@right("points.redeem")
def take(ask: Ask, *, key: str, member: Named, offer: str, station: str) -> Slip:
    """Return what is told of an offer that a member takes; its points are redeemed with it.

    Raises:
        NotFoundError: member or station are not there, or not in sight; both answer alike.
        PointsError: there is no such offer, he may not have it, or nothing may be spent now.
        KeyReusedError: the key stood for something else.
    """
    facts = {"member": member.mark(ask), "offer": offer, "station": station}

    def do(turn: Turn) -> Act:
        desk = turn.desk
        station_id = desk.station(station)
        purse = desk.purse(members.found(desk.conn, ask, member))
        version, chosen = _offered(desk, offer)
        case = _cases(desk, version, purse, station_id)[chosen]
        _refuse(_grant_refusal(case, purse, chosen))
        return _given(turn, purse, station_id, version, chosen)

    return vouchers.done(ask, Wanted(key, CouponAct.ISSUE, facts), do)


def _offered(desk: Desk, name: str) -> tuple[Version, Offer]:
    """Return an offer of today by its name."""
    version = rules.keep(desk.conn, desk.ask).on(desk.day)
    for offer in version.offers if version else ():
        if version and offer.name == name:
            return version, offer
    raise PointsError("coupons.no_offer")


def _refuse(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise PointsError(refusal.key, **refusal.facts)


def _given(turn: Turn, purse: Purse, station_id: int, version: Version, offer: Offer) -> Act:
    """Return the act by which an offer is given, paid for in the same breath."""
    desk, balance, number = turn.desk, purse.balance, None
    store.prepare(desk.conn, station_id, _limits(version, offer))
    if offer.points:
        order = Order(purse, ledger.redeem(purse, offer.points), station_id)
        paid = desk.post(order, PAID + turn.wanted.key, turn.wanted.mark(turn.desk.ask))
        balance, number = paid.balance, paid.number
    new = NewCoupon(
        code=vouchers.new_code(),
        customer_id=purse.customer_id,
        version=version.name,
        offer=offer.name,
        station_id=station_id,
        points=offer.points,
        redemption_id=number,
        issued_at=desk.at,
        issued_day=desk.day,
        last_day=coupons.last_day(offer, desk.day),
    )
    return vouchers.give(turn, new, balance)


def _limits(version: Version, offer: Offer) -> Limits:
    return Limits(
        version.name, offer.name, offer.stock, offer.stock_station, offer.budget_station_minor
    )


@right("points.read")
def held(ask: Ask, *, member: Named) -> list[Held]:
    """Return the coupons and rewards that a member can still use, the next to run out first.

    Raises:
        NotFoundError: nobody is known by that, or not in sight; both answer alike.
        PointsError: several are.
    """
    with ask.db.reading() as conn:
        customer_id = members.found(conn, ask, member)
        day = booking.seen_now(conn, ask, customer_id).day
        his = store.of_customers(conn, book.same(conn, customer_id))
        told = [_held(conn, ask, one, day) for one in his]
    live = [one for one in told if one.state is CouponState.ISSUED]
    return sorted(live, key=lambda one: (one.last_day, one.number))


@right("points.read")
def find(ask: Ask, *, code: str) -> Held:
    """Return the coupon or reward with a code, of whichever member of the chain.

    Raises:
        NotFoundError: there is no such code.
        LimitReachedError: too many codes were nobody's today.
    """
    with ask.db.writing(changes_figures=False) as conn:
        coupon = vouchers.looked_up(conn, ask, code)
        if coupon is not None:
            day = booking.desk_of(conn, ask).day
            return _held(conn, ask, coupon, day)
    raise NotFoundError("coupons.no_code")


def _held(conn: Connection, ask: Ask, coupon: Coupon, day: int) -> Held:
    version, offer = vouchers.rule(conn, ask, coupon)
    whose = coupon.customer_id
    names = naming.at_counter(conn, ask, [whose], far=[whose])
    is_over = coupon.state is CouponState.ISSUED and coupon.last_day < day
    return Held(
        number=coupon.id,
        code=coupon.code,
        name=names[whose],
        offer=offer.name,
        zh=word(offer, "zh"),
        en=word(offer, "en"),
        is_coupon=offer.is_coupon,
        off_minor=offer.off_minor,
        off_percent=offer.off_percent,
        most_off_minor=offer.most_off_minor,
        least_minor=offer.least_minor,
        currency=version.currency,
        state=CouponState.LAPSED if is_over else coupon.state,
        last_day=coupon.last_day,
    )


@right("points.redeem")
def use(ask: Ask, *, key: str, code: str, station: str, purchase: Purchase) -> Slip:
    """Return what a coupon takes off a purchase; it is used by that, at this station, once.

    Raises:
        NotFoundError: there is no such code, or the station is not there or not in sight.
        BadValueError: it was used, has run out or was withdrawn, the amount cannot be, or no
            receipt is named.
        PointsError: it is not for this purchase, the receipt had one, or the station's budget is
            spent.
        LimitReachedError: too many codes were nobody's today.
        KeyReusedError: the key stood for something else.
    """
    if not 0 < purchase.amount_minor <= MOST_MINOR:
        raise BadValueError("coupons.bad_amount")
    receipt = purchase.receipt.strip()
    if not receipt:
        raise BadValueError("coupons.receipt_needed")
    if len(receipt) > vouchers.LONGEST_RECEIPT:
        raise BadValueError("coupons.long_receipt", most=vouchers.LONGEST_RECEIPT)

    def do(turn: Turn, coupon: Coupon) -> Act:
        station_id, purse = turn.desk.station(station), _usable(turn.desk, coupon)
        version, offer = vouchers.rule(turn.desk.conn, ask, coupon)
        if not offer.is_coupon:
            raise PointsError("coupons.is_reward")
        if purchase.currency not in {"", version.currency}:
            raise PointsError("coupons.not_for_this")
        vouchers.refuse_taken(turn.desk.conn, coupon, station_id, receipt, turn.desk.day)
        facts = _facts(turn.desk, coupon.customer_id, station_id, purchase)
        off = _off(turn.desk, station_id, version, offer, facts, purchase.amount_minor)
        used = Use(station_id, purchase.amount_minor, off, receipt)
        return vouchers.move(turn, coupon, used, purse.balance)

    told = {"code": vouchers.tidy(code), "station": station, "purchase": asdict(purchase)}
    return vouchers.done_with(ask, Wanted(key, CouponAct.USE, told), code, do)


def _usable(desk: Desk, coupon: Coupon) -> Purse:
    """Return what the owner of a coupon holds that may be used today.

    Raises:
        BadValueError: it was used, has run out, or was withdrawn.
        PointsError: its owner's card was reported lost.
    """
    coupons.after(coupon.state, CouponAct.USE)
    if coupon.last_day < desk.day:
        raise BadValueError("coupons.is_lapsed")
    purse = desk.purse(coupon.customer_id)
    if purse.is_frozen:
        raise PointsError("points.frozen")
    return purse


def _off(
    desk: Desk,
    station_id: int,
    version: Version,
    offer: Offer,
    facts: Mapping[str, Any],
    amount_minor: int,
) -> int:
    """Return what a coupon takes off an amount at a station whose budget allows it."""
    store.prepare(desk.conn, station_id, _limits(version, offer))
    spent = store.gone(desk.conn, version.name, station_id)[offer.name].spent_here_minor
    case = Case(facts=facts, spent_here_minor=spent, amount_minor=amount_minor)
    _refuse(coupons.use_refusal(case, offer))
    off = coupons.off_minor(offer, amount_minor)
    if not off:
        raise PointsError("coupons.too_small")
    return off


@right("points.redeem")
def hand_out(ask: Ask, *, key: str, code: str, station: str) -> Slip:
    """Return what is told of a reward that is handed over at a station, once.

    Raises:
        NotFoundError: there is no such code, or the station is not there or not in sight.
        BadValueError: it was handed over, has run out, or was withdrawn.
        PointsError: it is a coupon, or not for this time or place.
        LimitReachedError: too many codes were nobody's today.
        KeyReusedError: the key stood for something else.
    """

    def do(turn: Turn, coupon: Coupon) -> Act:
        station_id, purse = turn.desk.station(station), _usable(turn.desk, coupon)
        version, offer = vouchers.rule(turn.desk.conn, ask, coupon)
        if offer.is_coupon:
            raise PointsError("coupons.is_coupon")
        store.prepare(turn.desk.conn, station_id, _limits(version, offer))
        facts = _facts(turn.desk, coupon.customer_id, station_id, NOTHING)
        _refuse(coupons.use_refusal(Case(facts=facts, amount_minor=offer.least_minor), offer))
        return vouchers.move(turn, coupon, Use(station_id), purse.balance)

    told = {"code": vouchers.tidy(code), "station": station, "hand_out": True}
    return vouchers.done_with(ask, Wanted(key, CouponAct.USE, told), code, do)


@right("points.reverse")
def refund(ask: Ask, *, key: str, code: str, back_minor: int, reason: str) -> Slip:
    """Return what is told of a used coupon that can be used again, until the last day it had.

    `back_minor` is how much of the purchase was taken back: it must be all of it, before the coupon
    took anything off. A reward that is brought back has cost 0.

    Raises:
        NotFoundError: there is no such code, or it was not used in sight; both answer alike.
        PointsError: only a part was taken back.
        BadValueError: it is not used, or no reason is given or it names him.
        LimitReachedError: too many codes were nobody's today.
        KeyReusedError: the key stood for something else.
    """

    def do(turn: Turn, coupon: Coupon) -> Act:
        _refuse_unseen(turn.desk, coupon)
        correcting.refuse_names(turn.desk, reason, coupon.customer_id)
        coupons.after(coupon.state, CouponAct.REFUND)
        if back_minor != coupon.amount_minor:
            raise PointsError("coupons.partly")
        vouchers.by_hand(turn.desk.conn, coupon)
        return vouchers.move(turn, coupon, Use(coupon.used_station_id or coupon.station_id))

    told = {"code": vouchers.tidy(code), "back_minor": back_minor}
    wanted = Wanted(key, CouponAct.REFUND, told, trail.needed(reason))
    return vouchers.done_with(ask, wanted, code, do)


@right("points.reverse")
def withdraw(ask: Ask, *, key: str, code: str, reason: str) -> Slip:
    """Return what is told of a coupon or reward that is taken back: its points and its place too.

    Raises:
        NotFoundError: there is no such code, or it is not in sight; both answer alike.
        PointsError: its points were spent too long ago.
        BadValueError: it was used, has run out or was withdrawn before, or no reason is given or
            it names him.
        LimitReachedError: too many codes were nobody's today.
        KeyReusedError: the key stood for something else.
    """

    def do(turn: Turn, coupon: Coupon) -> Act:
        _refuse_unseen(turn.desk, coupon)
        correcting.refuse_names(turn.desk, reason, coupon.customer_id)
        coupons.after(coupon.state, CouponAct.WITHDRAW)
        balance = turn.desk.purse(coupon.customer_id).balance
        if coupon.redemption_id is not None:
            order = correcting.undone(turn.desk, coupon.redemption_id)
            balance = turn.desk.post(
                order, PAID + turn.wanted.key, turn.wanted.mark(turn.desk.ask)
            ).balance
        return vouchers.move(turn, coupon, Use(coupon.station_id), balance)

    wanted = Wanted(key, CouponAct.WITHDRAW, {"code": vouchers.tidy(code)}, trail.needed(reason))
    return vouchers.done_with(ask, wanted, code, do)


def _refuse_unseen(desk: Desk, coupon: Coupon) -> None:
    """Refuse whoever sees neither where a coupon was given or used nor whose it is."""
    if {coupon.station_id, coupon.used_station_id} & desk.ask.scope.station_ids:
        return
    try:
        contacts.in_sight(desk.conn, desk.ask, coupon.customer_id)
    except NotFoundError as error:
        raise NotFoundError("coupons.no_code") from error


@right("archive.keep")
def lapse(ask: Ask, *, now_s: int | None = None) -> int:
    """Return how many coupons were let run out; doing it twice changes nothing.

    None waits for it: a coupon whose last day is over is refused, whether this has run or not.
    """
    total = 0
    while True:
        with ask.db.writing(changes_figures=False) as conn:
            number = vouchers.lapse_some(booking.desk_of(conn, ask, now_s=now_s))
        total += number
        if not number:
            return total
