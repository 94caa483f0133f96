"""How does a customer want to be addressed? What he said last of each way counts."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date

from station.archive.calls import wishes
from station.archive.calls.wishes import Wish as Wish  # noqa: PLC0414 - pages name it
from station.archive.database import Connection
from station.errors import BadValueError
from station.model import Channel, ConsentSource, day_number
from station.services.access import acting, right
from station.services.ask import Ask
from station.services.calls import claims
from station.services.customers import contacts
from station.services.customers.contacts import Seen

WEEK = range(1, 8)
DAY_MIN = 1440
MOST = 30
"""So many contacts in 30 days can be wished for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a customer asks for: by which way (none: by any), when, and how often in 30 days.

    Weekdays count from Monday, 1; none are any. Nothing but service by an unwanted way.
    """

    channel: Channel | None = None
    weekdays: Collection[int] = ()
    from_min: int | None = None
    to_min: int | None = None
    most: int | None = None
    is_unwanted: bool = False

    def __post_init__(self) -> None:
        """Refuse hours, days and numbers that there are not.

        Raises:
            BadValueError: something is out of range, or ends before it begins.
        """
        first, last = self.from_min or 0, DAY_MIN if self.to_min is None else self.to_min
        if not 0 <= first < last <= DAY_MIN or not set(self.weekdays) <= set(WEEK):
            raise BadValueError("wishing.bad_time")
        if self.most is not None and not 1 <= self.most <= MOST:
            raise BadValueError("wishing.bad_most", most=MOST)


@right("calls.read")
def counting(ask: Ask, *, customer_id: int) -> list[Wish]:
    """Return the wishes of a customer that count today, one a way.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        seen = contacts.in_sight(conn, ask, customer_id)
        found = _standing(conn, seen, claims.moment_of(conn, seen).day)
    newest = {one.channel: one for one in sorted(found, key=_when_said)}
    return sorted(newest.values(), key=lambda one: one.channel or "")


def _standing(conn: Connection, seen: Seen, day: int) -> list[Wish]:
    by_row = wishes.standing(conn, seen.customer.ids, day)
    return [one for some in by_row.values() for one in some]


def _when_said(wish: Wish) -> tuple[int, int]:
    return wish.on_day, wish.written_at


@right("calls.record")
def wish(ask: Ask, *, customer_id: int, wanted: Wanted, source: ConsentSource, on: date) -> None:
    """Let this be what a customer wants by one way, in the place of what he wanted before.

    That he barred a way stays: who wants no calls at all is called again by no wish for an hour.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        NotAllowedError: he was erased.
        BadValueError: the day is to come, or he said something later.
    """
    with acting(ask) as conn:
        seen = contacts.there(conn, ask, customer_id)
        now = claims.moment_of(conn, seen)
        known = [one for one in _standing(conn, seen, now.day) if one.channel is wanted.channel]
        day = day_number(on)
        if not max((one.on_day for one in known), default=0) <= day <= now.day:
            raise BadValueError("wishing.bad_day")
        new = Wish(
            customer_id=seen.customer.id,
            channel=wanted.channel,
            weekdays="".join(str(one) for one in sorted(set(wanted.weekdays))),
            from_min=wanted.from_min,
            to_min=wanted.to_min,
            most=wanted.most,
            is_unwanted=wanted.is_unwanted,
            is_barred=any(one.is_barred for one in known),
            source=source,
            on_day=day,
            account=ask.scope.account,
            written_at=now.at,
        )
        for row_id in sorted({seen.customer.id, *(one.customer_id for one in known)}):
            wishes.add(conn, replace(new, customer_id=row_id))  # of each record of his it counts
        contacts.note(conn, ask, seen, "wish")
