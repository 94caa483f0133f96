"""Sales earn, and refunds take back: within the write that brings them in, once for each cause."""

from collections.abc import Sequence
from dataclasses import dataclass

from station.archive.customers import book
from station.archive.database import Connection
from station.archive.points import chain, lots
from station.archive.points.chain import Posting
from station.loyalty import ledger
from station.loyalty.ledger import Earning, Purse
from station.model import Lot
from station.services.ask import Ask
from station.services.points import booking
from station.services.points.booking import Order, Receipt

EARN, REFUND = "earn:", "refund:"
"""How the keys of what sales cause begin; the cause follows, such as the number of the sale."""


@dataclass(frozen=True, slots=True)
class Credit:
    """An earning of a customer at a station."""

    customer_id: int
    station_id: int | None
    earning: Earning


def credit(conn: Connection, ask: Ask, given: Sequence[Credit]) -> int:
    """Return how many of these earnings were booked; what was booked before is left as it is."""
    keys = chain.known(conn, [EARN + one.earning.cause for one in given])
    new = {one.earning.cause: one for one in given if EARN + one.earning.cause not in keys}
    if not new:
        return 0
    desk = booking.desk_of(conn, ask)
    people = book.same_of_many(conn, [one.customer_id for one in new.values()])
    held = _purses(conn, people, desk.day)
    postings = []
    for one in new.values():
        first = people[one.customer_id][0]
        purse = held[first].of(one.customer_id)
        draft = ledger.earn(purse, one.earning)
        held[first] = purse.after(draft)
        postings.append(
            Posting(
                key=EARN + one.earning.cause,
                request_hash="",
                draft=draft,
                customer_id=one.customer_id,
                at=desk.at,
                day=desk.day,
                account=ask.scope.account,
                balance=held[first].balance,
                station_id=one.station_id,
            )
        )
    chain.append(conn, postings)
    return len(postings)


def _purses(conn: Connection, people: dict[int, list[int]], day: int) -> dict[int, Purse]:
    """Return what each person holds, by the record that stands for him."""
    owner = {one: rows[0] for rows in people.values() for one in rows}
    his: dict[int, list[Lot]] = {first: [] for first in owner.values()}
    for lot in lots.of_customers(conn, sorted(owner)):
        his[owner[lot.customer_id]].append(lot)
    return {first: Purse(first, day, tuple(some)) for first, some in his.items()}


def take_back(conn: Connection, ask: Ask, *, cause: str, of: str, points: int) -> Receipt | None:
    """Return the receipt of points taken back of the earning of another cause, none if it had none.

    Never more is taken back than it yielded; a refund that was booked before changes nothing.
    """
    before = chain.by_key(conn, REFUND + cause)
    if before is not None:
        return booking.receipt(before)
    earned = chain.by_key(conn, EARN + of)
    if earned is None:
        return None
    desk = booking.desk_of(conn, ask)
    purse = desk.purse(earned.customer_id)
    (lot_id,) = lots.opened_by(conn, earned.id)
    lot = purse.lot(lot_id)
    points = min(points, lot.points - lot.taken)
    if points <= 0:
        return None
    draft = ledger.refund(purse, lot_id, points)
    return desk.post(Order(purse, draft, earned.station_id), REFUND + cause)
