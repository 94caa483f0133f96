"""How does a customer want to be addressed? What he said last of each way counts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from station.archive.calls import wishes
from station.archive.calls.wishes import Wish as Wish  # noqa: PLC0414 - pages name it
from station.archive.database import Connection
from station.errors import BadValueError
from station.model import Channel, ConsentSource, day_number
from station.services.access import acting, right
from station.services.ask import Ask
from station.services.calls import claims, clock, rostering
from station.services.customers import contacts
from station.services.customers.contacts import Seen

ANY = "any"
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
        first, last = self.from_min or 0, clock.DAY_MIN if self.to_min is None else self.to_min
        if not 0 <= first < last <= clock.DAY_MIN or not set(self.weekdays) <= set(rostering.WEEK):
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


@dataclass(frozen=True, slots=True)
class Said:
    """What a customer said once of a way, and whether it lifted the bar that stood on it."""

    wish: Wish
    is_lift: bool


@right("calls.read")
def history(ask: Ask, *, customer_id: int) -> list[Said]:
    """Return all that a customer ever said of how to be addressed, the newest first.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        seen = contacts.in_sight(conn, ask, customer_id)
        ever = wishes.ever(conn, seen.customer.ids)
    was_barred: dict[tuple[int, Channel | None], bool] = {}
    told: dict[Wish, bool] = {}
    for one in reversed(ever):
        place = one.customer_id, one.channel
        word = replace(one, customer_id=seen.customer.id)  # said of each record, said once
        is_lift = was_barred.get(place, False) and not one.is_barred
        told[word] = told.pop(word, False) or is_lift
        was_barred[place] = one.is_barred
    return [Said(one, is_lift) for one, is_lift in reversed(told.items())]


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
        known = _of_way(conn, seen, wanted.channel, now.day)
        day = _said_on(on, known, now.day)
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


@right("calls.plan")
def lift(
    ask: Ask,
    *,
    customer_id: int,
    channel: Channel | None,
    source: ConsentSource,
    on: date,
    why: str,
) -> None:
    """Let a customer be addressed again by a way that he had barred, because he said so.

    What he wanted before he barred it counts again. Nothing else lifts a bar: no wish, no import,
    no result of a call. What he agreed to stays withdrawn until he agrees anew.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        NotAllowedError: he was erased.
        BadValueError: he barred nothing there, the day is to come, or he said something later; or
            no reason is given, or it names him.
    """
    with acting(ask) as conn:
        seen = contacts.there(conn, ask, customer_id)
        reason = contacts.impersonal(why, contacts.of_person(ask.db, seen.customer))
        now = claims.moment_of(conn, seen)
        known = _of_way(conn, seen, channel, now.day)
        barred = [one for one in known if one.is_barred]
        if not barred:
            raise BadValueError("wishing.not_barred")
        day, account = _said_on(on, known, now.day), ask.scope.account
        for one in barred:  # of each record of his
            said = replace(one, source=source, on_day=day, account=account, written_at=now.at)
            wishes.add(conn, replace(said, is_barred=False))
        contacts.note(conn, ask, seen, "bar_lifted", reason=f"{channel or ANY}: {reason}")


def _of_way(conn: Connection, seen: Seen, channel: Channel | None, day: int) -> list[Wish]:
    """Return the wishes that count on a day of one way, one a record of the customer."""
    return [one for one in _standing(conn, seen, day) if one.channel is channel]


def _said_on(on: date, known: Sequence[Wish], today: int) -> int:
    """Return the number of the day on which he said it.

    Raises:
        BadValueError: it is to come, or he said something later.
    """
    day = day_number(on)
    if not max((one.on_day for one in known), default=0) <= day <= today:
        raise BadValueError("wishing.bad_day")
    return day
