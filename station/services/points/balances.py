"""What may a member spend, what of it runs out when, and how did it come about?"""

from dataclasses import dataclass

import pandas as pd

from station.archive.customers import book
from station.archive.points import lots
from station.loyalty import ledger
from station.loyalty.ledger import Purse
from station.services.access import right
from station.services.ask import Ask
from station.services.customers import contacts
from station.services.points import booking, members
from station.services.points.members import Named

MOST_MOVES = 1_000


@dataclass(frozen=True, slots=True)
class Ending:
    """Points that count up to a day, none of a day: for ever."""

    day: int | None
    points: int


@dataclass(frozen=True, slots=True)
class Balance:
    """What a member may spend, what is set apart, what he owes, and all that runs out when."""

    customer_id: int
    day: int
    balance: int
    held: int
    debt: int
    is_frozen: bool
    endings: tuple[Ending, ...]


@right("points.read")
def balance(ask: Ask, *, member: Named) -> Balance:
    """Return what a member of the chain may spend now, with every day on which some of it ends.

    Raises:
        NotFoundError: nobody is known by that, or not in sight; both answer alike.
        PointsError: several are.
    """
    with ask.db.reading() as conn:
        return of_purse(booking.seen_now(conn, ask, members.found(conn, ask, member)))


def of_purse(purse: Purse) -> Balance:
    """Return what is told of what a member holds."""
    return Balance(
        customer_id=purse.customer_id,
        day=purse.day,
        balance=purse.balance,
        held=purse.held,
        debt=purse.debt,
        is_frozen=purse.is_frozen,
        endings=tuple(Ending(day, points) for day, points in ledger.endings(purse)),
    )


@right("points.read")
def history(ask: Ask, *, member: Named, limit: int = MOST_MOVES) -> pd.DataFrame:
    """Return what moved the points of a member in sight, the newest first.

    `member`, `held` and `debt` are what a transaction did to what he may spend, to what is set
    apart, and (below 0: more) to what he owes; `balance` is what he was told then.

    Raises:
        NotFoundError: nobody is known by that, or not in sight; both answer alike.
        PointsError: several are.
    """
    with ask.db.reading() as conn:
        customer_id = members.found(conn, ask, member)
        contacts.there(conn, ask, customer_id)
        rows = book.same(conn, customer_id)
        return lots.history(conn, rows, limit=limit)
