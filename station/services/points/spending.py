"""Points are spent: at once, or set apart first and then confirmed or released."""

from dataclasses import replace

from station.archive.customers import book
from station.archive.points import lots, spent
from station.errors import PointsError
from station.loyalty import ledger
from station.model import PointAccount, PointMove
from station.services.access import right
from station.services.ask import Ask
from station.services.points import booking, members
from station.services.points.booking import Desk, Order, Receipt, Request
from station.services.points.members import Named

MINUTE_S = 60


@right("points.redeem")
def redeem(
    ask: Ask, *, key: str, member: Named, points: int, station: str, since: int | None = None
) -> Receipt:
    """Return the receipt of a redemption; the same again under its key is the same redemption.

    `since` is the member's last spending that the asker knew of when he decided, 0 for none.

    Raises:
        NotFoundError: member or station are not there, or not in sight; both answer alike.
        PointsError: there are not so many points, none may be spent now, or some were spent since.
        KeyReusedError: the key stood for something else.
    """
    return _take(ask, Request(key, PointMove.REDEEM), member, points, station, since)


@right("points.redeem")
def hold(ask: Ask, *, key: str, member: Named, points: int, station: str) -> Receipt:
    """Return the receipt of points set apart, until they are confirmed, released, or time is over.

    Raises:
        NotFoundError: member or station are not there, or not in sight; both answer alike.
        PointsError: there are not so many points, or none may be spent now.
        KeyReusedError: the key stood for something else.
    """
    return _take(ask, Request(key, PointMove.HOLD), member, points, station)


def _take(
    ask: Ask,
    request: Request,
    member: Named,
    points: int,
    station: str,
    since: int | None = None,
) -> Receipt:
    """Return the receipt of points that leave what a member may spend."""
    points = booking.possible(points, ask.settings.ledger)
    is_hold = request.move is PointMove.HOLD

    def draw(desk: Desk) -> Order:
        customer_id = members.found(desk.conn, ask, member)
        if since is not None:
            _refuse_stale(desk, customer_id, since)
        purse = desk.purse(customer_id)
        draft = ledger.hold(purse, points) if is_hold else ledger.redeem(purse, points)
        until_at = desk.at + ask.settings.ledger.hold_min * MINUTE_S if is_hold else None
        return Order(purse, draft, desk.station(station), until_at=until_at)

    facts = {"member": member.mark(ask), "points": points, "station": station}
    return booking.book(ask, replace(request, facts=facts), draw)


def _refuse_stale(desk: Desk, customer_id: int, since: int) -> None:
    """Refuse to spend what was decided on before something else was spent: two forms were open.

    Raises:
        PointsError: something was.
    """
    last = spent.newest(desk.conn, book.same(desk.conn, customer_id))
    if last is not None and last.id > since:
        raise PointsError("points.spent_meanwhile", number=last.id, points=last.points)


@right("points.redeem")
def confirm(ask: Ask, *, key: str, number: int, points: int) -> Receipt:
    """Return the receipt of a redemption of what was set apart, or of less; the rest goes back.

    Raises:
        NotFoundError: there is no such hold in sight.
        PointsError: it was closed before, its time is over, or it held less.
        KeyReusedError: the key stood for something else.
    """

    def draw(desk: Desk) -> Order:
        held = desk.transaction(number, PointMove.HOLD)
        desk.refuse_closed(number)
        if held.until_at is not None and held.until_at <= desk.at:
            raise PointsError("points.hold_over", number=number)
        parts = lots.parts(desk.conn, number, PointAccount.HELD)
        draft = ledger.confirm(desk.purses(parts), parts, points)
        return Order(desk.purse(held.customer_id), draft, held.station_id, closes=number)

    return booking.book(
        ask, Request(key, PointMove.CONFIRM, {"of": number, "points": points}), draw
    )


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
