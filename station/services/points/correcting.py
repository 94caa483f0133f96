"""What was booked is put right: reversed once, refunded, corrected by two people, passed on."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from time import time

from station.archive.customers import book
from station.archive.database import Connection
from station.archive.people import requests
from station.archive.points import chain, lots
from station.archive.points.chain import Booked
from station.errors import (
    KeyReusedError,
    LimitReachedError,
    NotAllowedError,
    NotFoundError,
    PointsError,
)
from station.loyalty import ledger
from station.model import DAY_S, PointAccount, PointMove, day_number
from station.services import trail
from station.services.access import MINUTE_S, acting, right
from station.services.ask import Ask
from station.services.customers import contacts
from station.services.people import asking
from station.services.people.asking import Effect, Payload
from station.services.points import booking, members, vouchers
from station.services.points.booking import Desk, Order, Receipt, Request
from station.services.points.members import Named

ADJUSTMENT = "points"


@right("points.reverse")
def reverse(
    ask: Ask, *, key: str, number: int, reason: str, own_within_s: int | None = None
) -> Receipt:
    """Return the receipt of a redemption undone: each point is where it was, with its last day.

    With `own_within_s` only one that the asker made himself, no longer than so many seconds ago.

    Raises:
        NotFoundError: there is no such redemption in sight.
        PointsError: it was reversed before, or too long ago, or what it paid for was used.
        BadValueError: no reason is given, or it names him.
        KeyReusedError: the key stood for something else.
    """

    def draw(desk: Desk) -> Order:
        spent = desk.transaction(number, PointMove.REDEEM, PointMove.CONFIRM)
        _refuse_others(desk, spent, own_within_s)
        refuse_names(desk, reason, spent.customer_id)
        order = undone(desk, spent.id)
        vouchers.unpaid(desk, number)
        return order

    request = Request(key, PointMove.REVERSE, {"of": number}, trail.needed(reason))
    return booking.book(ask, request, draw)


def undone(desk: Desk, number: int) -> Order:
    """Return how a redemption is undone.

    Raises:
        PointsError: it was reversed before, or too long ago.
    """
    spent, days = chain.sure(desk.conn, number), desk.ask.settings.ledger.reverse_days
    desk.refuse_closed(number)
    if spent.at < desk.at - days * DAY_S:
        raise PointsError("points.too_late", days=days)
    parts = lots.parts(desk.conn, number, PointAccount.REDEEMED)
    draft = ledger.reverse(desk.purses(parts), parts)
    return Order(desk.purse(spent.customer_id), draft, spent.station_id, closes=number)


def refuse_names(desk: Desk, reason: str, *customer_ids: int) -> None:
    """Refuse a reason that names a customer it is about: it is kept for ever.

    Raises:
        BadValueError: it names him.
    """
    for customer_id in customer_ids:
        customer = book.sure(desk.conn, customer_id)
        contacts.impersonal(reason, contacts.of_person(desk.ask.db, customer))


def _refuse_others(desk: Desk, spent: Booked, within_s: int | None) -> None:
    if within_s is None and not desk.ask.scope.terminal_id:
        return
    if spent.account != desk.ask.scope.account:
        raise NotFoundError("points.no_transaction", number=spent.id)
    if spent.at < desk.at - (within_s or 0):
        raise PointsError("till.reverse_late", minutes=(within_s or 0) // MINUTE_S)


@right("points.reverse")
def refund(ask: Ask, *, key: str, number: int, points: int, reason: str) -> Receipt:
    """Return the receipt of points of an earning that are taken back, if need be as a debt.

    Raises:
        NotFoundError: there is no such earning in sight.
        PointsError: more would be taken back than it yielded.
        BadValueError: no reason is given, or it names him.
        KeyReusedError: the key stood for something else.
    """
    reason = trail.needed(reason)

    def draw(desk: Desk) -> Order:
        earned = desk.transaction(number, PointMove.EARN)
        refuse_names(desk, reason, earned.customer_id)
        purse = desk.purse(earned.customer_id)
        (lot_id,) = lots.opened_by(desk.conn, number)
        return Order(purse, ledger.refund(purse, lot_id, points), earned.station_id)

    facts = {"of": number, "points": points}
    return booking.book(ask, Request(key, PointMove.REFUND, facts, reason), draw)


@right("points.adjust")
def transfer(
    ask: Ask, *, key: str, member: Named, to: Named, points: int, station: str, reason: str
) -> Receipt:
    """Return the receipt of points that go from one member in sight to another.

    Each keeps its last day. No more go at once than one may ask to correct in a day.

    Raises:
        NotFoundError: a member or the station is not there, or not in sight; both answer alike.
        PointsError: there are not so many points, none may be spent, or both are one.
        LimitReachedError: those are too many at once.
        BadValueError: no reason is given, or it names one of them.
        KeyReusedError: the key stood for something else.
    """
    points = booking.possible(points, ask.settings.ledger)
    _refuse_much(ask, [points])

    def draw(desk: Desk) -> Order:
        both = [members.found(desk.conn, ask, one) for one in (member, to)]
        for customer_id in both:
            contacts.there(desk.conn, ask, customer_id)
        refuse_names(desk, reason, *both)
        giver, taker = map(desk.purse, both)
        return Order(giver, ledger.transfer(giver, taker, points), desk.station(station))

    facts = {"member": member.mark(ask), "to": to.mark(ask), "points": points, "station": station}
    request = Request(key, PointMove.TRANSFER, facts, trail.needed(reason))
    return booking.book(ask, request, draw)


@right("points.redeem")
def freeze(ask: Ask, *, key: str, member: Named, station: str, reason: str) -> Receipt:
    """Return the receipt of a lost card: nothing of the member's is spent until a `thaw`.

    Raises:
        NotFoundError: member or station are not there, or not in sight; both answer alike.
        PointsError: it was frozen before.
        BadValueError: no reason is given, or it names him.
    """

    def draw(desk: Desk) -> Order:
        customer_id = members.found(desk.conn, ask, member)
        refuse_names(desk, reason, customer_id)
        purse = desk.purse(customer_id)
        return Order(purse, ledger.freeze(purse), desk.station(station))

    facts = {"member": member.mark(ask)}
    return booking.book(ask, Request(key, PointMove.FREEZE, facts, trail.needed(reason)), draw)


@right("points.reverse")
def thaw(ask: Ask, *, key: str, member: Named, station: str, reason: str) -> Receipt:
    """Return the receipt of a member who may spend again.

    Raises:
        NotFoundError: member or station are not there, or not in sight; both answer alike.
        PointsError: he was not frozen.
        BadValueError: no reason is given, or it names him.
    """

    def draw(desk: Desk) -> Order:
        customer_id = members.found(desk.conn, ask, member)
        refuse_names(desk, reason, customer_id)
        purse = desk.purse(customer_id)
        return Order(purse, ledger.thaw(purse), desk.station(station))

    facts = {"member": member.mark(ask)}
    return booking.book(ask, Request(key, PointMove.THAW, facts, trail.needed(reason)), draw)


@right("points.adjust")
def adjust(
    ask: Ask,
    *,
    key: str,
    member: Named,
    points: int,
    reason: str,
    expires_on: date | None = None,
) -> None:
    """Ask for points to be given or (below 0) taken away; nothing moves until another agrees.

    The same again under its key is the same request.

    Raises:
        NotFoundError: the member is not there, or not in sight; both answer alike.
        PointsError: more would be taken away than is there.
        LimitReachedError: he asked for too many points today.
        KeyReusedError: the key stood for something else.
        BadValueError: no reason is given or it names him, or the number cannot be.
    """
    booking.possible(abs(points), ask.settings.ledger)
    expires_day = day_number(expires_on) if expires_on else None
    with acting(ask) as conn:
        customer_id = members.found(conn, ask, member)
        seen = contacts.there(conn, ask, customer_id)
        why = contacts.impersonal(reason, contacts.of_person(ask.db, seen.customer))
        payload = {
            "key": key,
            "customer_id": customer_id,
            "points": points,
            "expires_day": expires_day,
        }
        asked = _asked_today(conn, ask)
        same = next((one for one in asked if one["key"] == key), payload)
        if same != payload:
            raise KeyReusedError("points.key_reused")
        if same in asked:
            return
        _refuse_much(ask, [points, *(one["points"] for one in asked)])
        purse = booking.seen_now(conn, ask, customer_id)
        ledger.adjust(purse, points, expires_day)  # what cannot be is refused before it is asked
        asking.put(conn, ask, kind=ADJUSTMENT, payload=payload, reason=why)


def _asked_today(conn: Connection, ask: Ask) -> list[Payload]:
    """Return the corrections that the asker, by any account, wants since yesterday."""
    since = int(time()) - DAY_S
    found = requests.asked(conn, kind=ADJUSTMENT, person=ask.scope.person, since=since)
    return [json.loads(one) for one in found]


def _refuse_much(ask: Ask, asked: Sequence[int]) -> None:
    """Refuse a correction with which somebody would have asked for too much in a day.

    Raises:
        LimitReachedError: it is too much.
    """
    most = ask.settings.ledger.corrected_day
    if sum(map(abs, asked)) > most:
        raise LimitReachedError("points.corrected_much", most=most)


def _adjusted(conn: Connection, ask: Ask, payload: Payload, reason: str) -> Receipt:
    """Return the receipt of a correction, booked within the write that approves it."""
    names = ("customer_id", "points", "expires_day")
    facts = {name: payload[name] for name in names}

    def draw(desk: Desk) -> Order:
        purse = desk.purse(payload["customer_id"])
        draft = ledger.adjust(purse, payload["points"], payload["expires_day"])
        return Order(purse, draft)

    request = Request(payload["key"], PointMove.ADJUST, facts, reason)
    return booking.book_within(conn, ask, request, draw)


def _apply(conn: Connection, ask: Ask, payload: Payload) -> str:
    _adjusted(conn, ask, payload, payload["reason"])
    return ""


def _reach(conn: Connection, ask: Ask, payload: Payload) -> None:
    try:
        contacts.there(conn, ask, payload["customer_id"])
    except NotFoundError as error:
        raise NotAllowedError("approvals.out_of_reach") from error


EFFECTS: Mapping[str, Effect] = {ADJUSTMENT: Effect(_apply, lambda _conn, _payload: "", _reach)}
"""What happens when a request of this room is approved."""
