"""What is over is booked out: points whose last day has passed, holds whose time is up."""

from dataclasses import dataclass

from station.archive.database import Connection
from station.archive.points import lots
from station.loyalty import ledger
from station.services.access import right
from station.services.ask import Ask
from station.services.points import booking
from station.services.points.booking import Desk, Order

IN_ONE_WRITE = 100
"""Members whose points are booked out in one turn: others wait meanwhile."""


@dataclass(frozen=True, slots=True)
class Lapsed:
    """Of how many members how many points ran out, and how many holds went back."""

    members: int = 0
    points: int = 0
    holds: int = 0

    def __add__(self, other: "Lapsed") -> "Lapsed":
        return Lapsed(
            self.members + other.members, self.points + other.points, self.holds + other.holds
        )


@right("archive.keep")
def expire(ask: Ask, *, now_s: int | None = None) -> Lapsed:
    """Book out what is over, and return how much that was; doing it twice changes nothing.

    No balance waits for it: points that have run out count no more, whether this has run or not.
    """
    total = Lapsed()
    while True:
        with ask.db.writing(changes_figures=False) as conn:
            done = _some(booking.desk_of(conn, ask, now_s=now_s))
        if done == Lapsed():
            return total
        total += done


def _some(desk: Desk) -> Lapsed:
    """Book out what is over of some members."""
    holds = lots.overdue_holds(desk.conn, desk.at)[:IN_ONE_WRITE]
    for number in holds:
        booking.release(desk, number)
    done = Lapsed(holds=len(holds))
    for customer_id in lots.with_lapsed(desk.conn, desk.day)[:IN_ONE_WRITE]:
        done += _of(desk, customer_id)
    return done


def close(conn: Connection, ask: Ask, customer_id: int) -> None:
    """Book out all that a record holds, of somebody who leaves for good."""
    desk = booking.desk_of(conn, ask)
    for number in lots.open_holds(conn, [customer_id]):
        booking.release(desk, number)
    purse = desk.seen(customer_id, [customer_id])
    draft = ledger.close(purse)
    if draft is not None:
        desk.post(Order(purse, draft), f"close:{customer_id}:{desk.next_number()}")


def _of(desk: Desk, customer_id: int) -> Lapsed:
    """Book out what is over of one record."""
    purse = desk.seen(customer_id, [customer_id])
    draft = ledger.expire(purse)
    if draft is None:
        return Lapsed()
    desk.post(Order(purse, draft), f"expire:{customer_id}:{desk.next_number()}")
    return Lapsed(members=1, points=draft.points)
