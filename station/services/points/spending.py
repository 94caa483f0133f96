"""Points are spent: at once, or set apart first and then confirmed or released."""

from dataclasses import dataclass, replace

from station.archive.customers import book
from station.archive.database import Connection
from station.archive.points import lots
from station.errors import PointsError
from station.loyalty import coupons, ledger
from station.loyalty.coupons import Wish
from station.loyalty.ledger import Purse
from station.loyalty.programme import RedeemRules, Worth
from station.model import PointAccount, PointMove, day_date, day_number
from station.services.access import right
from station.services.ask import Ask
from station.services.points import booking, members
from station.services.points.booking import Desk, Order, Receipt, Request
from station.services.points.members import Named

MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Terms:
    """What a member may redeem now: from `least` on, in steps of `step`, up to `most` points.

    `most` is 0 if nothing can be. `worth` is none, and `currency` empty, while no version of the
    programme says what points are worth.
    """

    balance: int
    least: int
    step: int
    most: int
    is_frozen: bool
    worth: Worth | None
    currency: str

    @property
    def worth_minor(self) -> int:
        """What the most that can be redeemed is worth, in the smallest unit of money."""
        return self.minor_of(self.most)

    def minor_of(self, points: int) -> int:
        """Return what so many points are worth, in the smallest unit of money."""
        if self.worth is None:
            return 0
        return coupons.worth_minor(points, RedeemRules(worth=self.worth))


@right("points.read")
def terms(ask: Ask, *, member: Named, station: str) -> Terms:
    """Return what a member of the chain may redeem now at a station.

    Raises:
        NotFoundError: member or station are not there, or not in sight; both answer alike.
        PointsError: several members are known by that.
    """
    with ask.db.reading() as conn:
        booking.station_of(conn, ask, station)
        customer_id = members.found(conn, ask, member)
        purse = booking.seen_now(conn, ask, customer_id)
        version = booking.rules_on(conn, ask, purse.day)
        rules = version.redeeming if version else RedeemRules()
        wish = _wish(conn, purse, rules, now_s=booking.now())
    reach = min(wish.balance, ask.settings.ledger.most_points)
    return Terms(
        balance=purse.balance,
        least=rules.least,
        step=rules.step,
        most=0 if purse.is_frozen else coupons.most(replace(wish, balance=reach), rules),
        is_frozen=purse.is_frozen,
        worth=version.redeeming.worth if version else None,
        currency=version.currency if version else "",
    )


def _wish(
    conn: Connection, purse: Purse, rules: RedeemRules, *, now_s: int, points: int = 0
) -> Wish:
    """Return what somebody would redeem, beside what he has and what he redeemed already."""
    if rules.most_day is None and rules.most_month is None:
        return Wish(points, purse.balance)
    rows = book.same(conn, purse.customer_id)
    month_day = day_number(day_date(purse.day).replace(day=1))
    done = lots.redeemed(conn, rows, day=purse.day, month_day=month_day, now_s=now_s)
    return Wish(points, purse.balance, redeemed_day=done.day, redeemed_month=done.month)


def _refuse_unruly(desk: Desk, purse: Purse, points: int) -> None:
    """Refuse what the rules of the day do not allow: too few, an odd step, or over a limit.

    Raises:
        PointsError: they do not allow it.
    """
    version = booking.rules_on(desk.conn, desk.ask, desk.day)
    if version is not None:
        rules = version.redeeming
        _refuse(_wish(desk.conn, purse, rules, now_s=desk.at, points=points), rules)


def _refuse(wish: Wish, rules: RedeemRules) -> None:
    refusal = coupons.wish_refusal(wish, rules)
    if refusal is not None:
        raise PointsError(refusal.key, **refusal.facts)


@right("points.redeem")
def redeem(ask: Ask, *, key: str, member: Named, points: int, station: str) -> Receipt:
    """Return the receipt of a redemption; the same again under its key is the same redemption.

    Raises:
        NotFoundError: member or station are not there, or not in sight; both answer alike.
        PointsError: there are not so many points, the rules of the day allow no such number, or
            none may be spent now.
        KeyReusedError: the key stood for something else.
    """
    return _take(ask, Request(key, PointMove.REDEEM), member, points, station)


@right("points.redeem")
def hold(
    ask: Ask, *, key: str, member: Named, points: int, station: str, latest_at: int | None = None
) -> Receipt:
    """Return the receipt of points set apart, until they are confirmed, released, or time is over.

    Nothing new is set apart after the instant `latest_at`: who asked then has left.

    Raises:
        NotFoundError: member or station are not there, or not in sight; both answer alike.
        PointsError: there are not so many points, the rules of the day allow no such number, none
            may be spent now, or it is too late.
        KeyReusedError: the key stood for something else.
    """
    return _take(ask, Request(key, PointMove.HOLD), member, points, station, latest_at)


def _take(
    ask: Ask,
    request: Request,
    member: Named,
    points: int,
    station: str,
    latest_at: int | None = None,
) -> Receipt:
    """Return the receipt of points that leave what a member may spend."""
    points = booking.possible(points, ask.settings.ledger)
    is_hold = request.move is PointMove.HOLD

    def draw(desk: Desk) -> Order:
        if latest_at is not None and desk.at > latest_at:
            raise PointsError("till.reserve_over")
        purse = desk.purse(members.found(desk.conn, ask, member))
        draft = ledger.hold(purse, points) if is_hold else ledger.redeem(purse, points)
        _refuse_unruly(desk, purse, points)
        until_at = desk.at + ask.settings.ledger.hold_min * MINUTE_S if is_hold else None
        return Order(purse, draft, desk.station(station), until_at=until_at)

    facts = {"member": member.mark(ask), "points": points, "station": station}
    return booking.book(ask, replace(request, facts=facts), draw)


@right("points.redeem")
def confirm(ask: Ask, *, key: str, number: int, points: int) -> Receipt:
    """Return the receipt of a redemption of what was set apart, or of less; the rest goes back.

    Raises:
        NotFoundError: there is no such hold in sight.
        PointsError: it was closed before, its time is over, it held less, or the rules of the day
            allow no such part.
        KeyReusedError: the key stood for something else.
    """

    def draw(desk: Desk) -> Order:
        held = desk.transaction(number, PointMove.HOLD)
        desk.refuse_closed(number)
        if held.until_at is not None and held.until_at <= desk.at:
            raise PointsError("points.hold_over", number=number)
        parts = lots.parts(desk.conn, number, PointAccount.HELD)
        draft = ledger.confirm(desk.purses(parts), parts, points)
        _refuse_odd_part(desk, points, held.points)
        return Order(desk.purse(held.customer_id), draft, held.station_id, closes=number)

    return booking.book(
        ask, Request(key, PointMove.CONFIRM, {"of": number, "points": points}), draw
    )


def _refuse_odd_part(desk: Desk, points: int, held: int) -> None:
    """Refuse a part of what was set apart that nobody could have redeemed by itself."""
    version = booking.rules_on(desk.conn, desk.ask, desk.day)
    if version is not None and points < held:
        rules = replace(version.redeeming, most_day=None, most_month=None)
        _refuse(Wish(points, held), rules)


@right("points.redeem")
def release(ask: Ask, *, key: str, number: int) -> Receipt:
    """Return the receipt of points that were set apart and go back.

    Raises:
        NotFoundError: there is no such hold in sight.
        PointsError: it was closed before.
        KeyReusedError: the key stood for something else.
    """

    def draw(desk: Desk) -> Order:
        held = desk.transaction(number, PointMove.HOLD)
        desk.refuse_closed(number)
        parts = lots.parts(desk.conn, number, PointAccount.HELD)
        draft = ledger.release(desk.purses(parts), parts)
        return Order(desk.purse(held.customer_id), draft, held.station_id, closes=number)

    return booking.book(ask, Request(key, PointMove.RELEASE, {"of": number}), draw)
