"""What a till, and nobody else, asks of points: who is it, set apart, redeemed, given back."""

from dataclasses import dataclass

from station.archive.points import chain
from station.errors import NotFoundError
from station.model import PointMove
from station.services.access import MINUTE_S, right
from station.services.ask import Ask
from station.services.incoming import receipts
from station.services.points import balances, booking, correcting, members, spending
from station.services.points.balances import Ending
from station.services.points.booking import Receipt
from station.services.points.members import Named

Of = int | str
"""A hold or redemption by its number, or by the key under which this terminal asked for it."""


@dataclass(frozen=True, slots=True)
class AtTill:
    """What a till is told of a member: a masked name, what he may spend, and what ends when.

    He may redeem `least` to `most` points in steps; `worth_points` are worth `worth_minor`.
    """

    name: str
    balance: int
    held: int
    debt: int
    is_frozen: bool
    endings: tuple[Ending, ...]
    least: int
    step: int
    most: int
    worth_points: int
    worth_minor: int
    currency: str


@right("points.read")
def member(ask: Ask, *, member: Named) -> AtTill:
    """Return a member of the chain as a till may know him.

    Raises:
        NotFoundError: nobody is known by that.
        PointsError: several are.
        LimitReachedError: too many telephones and cards were nobody's today.
    """
    station = receipts.station_here(ask)
    found = members.find(ask, member=member)
    purse = balances.balance(ask, member=member)
    may = spending.terms(ask, member=member, station=station)
    return AtTill(
        name=found.name,
        balance=purse.balance,
        held=purse.held,
        debt=purse.debt,
        is_frozen=purse.is_frozen,
        endings=purse.endings,
        least=may.least,
        step=may.step,
        most=may.most,
        worth_points=may.worth.points if may.worth else 0,
        worth_minor=may.worth.minor if may.worth else 0,
        currency=may.currency,
    )


@right("points.redeem")
def reserve(
    ask: Ask, *, key: str, member: Named, points: int, latest_at: int | None = None
) -> Receipt:
    """Return the receipt of points set apart at the till's station.

    Raises:
        NotFoundError: nobody is known by that.
        PointsError: there are not so many points, none may be spent now, or it is too late.
        KeyReusedError: the key stood for something else.
        LimitReachedError: too many telephones and cards were nobody's today.
    """
    station = receipts.station_here(ask)
    return spending.hold(
        ask, key=key, member=member, points=points, station=station, latest_at=latest_at
    )


@right("points.redeem")
def confirm(ask: Ask, *, key: str, of: Of, points: int) -> Receipt:
    """Return the receipt of a redemption of what was set apart, or of less; the rest goes back.

    Raises:
        NotFoundError: there is no such hold of this station.
        PointsError: it was closed before, its time is over, or it held less.
        KeyReusedError: the key stood for something else.
    """
    number = _number(ask, of, PointMove.HOLD)
    return spending.confirm(ask, key=key, number=number, points=points)


@right("points.redeem")
def release(ask: Ask, *, key: str, of: Of) -> Receipt:
    """Return the receipt of points that were set apart and go back.

    Raises:
        NotFoundError: there is no such hold of this station.
        PointsError: it was closed before.
        KeyReusedError: the key stood for something else.
    """
    return spending.release(ask, key=key, number=_number(ask, of, PointMove.HOLD))


@right("points.reverse")
def reverse(ask: Ask, *, key: str, of: Of, reason: str) -> Receipt:
    """Return the receipt of a redemption of one's own that is undone soon after.

    Later, or if another made it, it takes a manager.

    Raises:
        NotFoundError: the asker made no such redemption.
        PointsError: it was reversed before, or too long ago.
        KeyReusedError: the key stood for something else.
    """
    within_s = ask.settings.till.reverse_min * MINUTE_S
    number = _number(ask, of, PointMove.CONFIRM)
    return correcting.reverse(ask, key=key, number=number, reason=reason, own_within_s=within_s)


def _number(ask: Ask, of: Of, move: PointMove) -> int:
    """Return the number of what this terminal did, be it named by that or by its key."""
    receipts.terminal_here(ask)
    if isinstance(of, int):
        return of
    with ask.db.reading() as conn:
        booked = chain.by_key(conn, booking.key_of(ask, move, of))
    if booked is None:
        raise NotFoundError("till.no_key")
    return booked.id
