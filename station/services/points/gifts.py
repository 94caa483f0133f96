"""Points for something else than a sale: for joining, a birthday, a survey, for coming by.

Points are no message: they are given whatever somebody agreed to, and nobody is written to.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from station.archive.customers import book, person, sealed
from station.archive.database import Connection
from station.archive.points import chain, given, marked
from station.contact import care
from station.contact.occasions import Occasion
from station.errors import BadValueError, PointsError
from station.loyalty import earning
from station.loyalty.expiry import day_at, expires_day
from station.loyalty.ledger import Earning
from station.loyalty.programme import Event as Event  # noqa: PLC0414 - faces name it
from station.loyalty.programme import Version
from station.model import Act, KeyKind, day_date, day_number
from station.services import trail
from station.services.access import acting, right, stations_in_sight
from station.services.ask import Ask
from station.services.personal import sealing
from station.services.points import booking, crediting, grading, members, rules
from station.services.points.booking import Receipt
from station.services.points.crediting import EARN, REFUND, Credit
from station.services.points.members import Named

GIFT = "gift:"
"""How the causes of gifts begin."""
ONCE = "once"
"""What the gift for joining is about."""
ABOUT = re.compile(r"[\w.-]{1,40}")
"""How a survey is called."""
BY_STAFF = (Event.SURVEY, Event.SIGN_IN)
CATCH_UP_DAYS = 7
"""A night may be missed: birthdays of the days before are still given."""


@dataclass(frozen=True, slots=True)
class Due:
    """Who is to be given something; `about` tells two gifts of one kind apart."""

    customer_id: int
    about: str
    station_id: int | None = None

    def cause(self, event: Event, customer_id: int = 0) -> str:
        """Return the name of the entry in the ledger, of him or of another record of his."""
        return f"{GIFT}{event}:{customer_id or self.customer_id}:{self.about}"


def give(conn: Connection, ask: Ask, event: Event, due: Sequence[Due]) -> int:
    """Return how many were given something for an event, in the caller's own write.

    Nobody is given anything twice for the same, under whichever of his records, nor more often in
    a year than the rules of the day say.
    """
    held = rules.read(conn, ask)
    version, day = held.on(held.today), held.today
    if version is None or not is_given(version, event) or not due:
        return 0
    rules.keep(conn, ask)
    people = book.same_of_many(conn, [one.customer_id for one in due])
    found = _open(conn, event, due, people, version, day)
    joined = joined_days(conn, ask, [one.customer_id for one, _ in found])
    ends = {who: expires_day(day, start, version.expiry) for who, start in joined.items()}
    credits_ = [
        Credit(
            one.customer_id,
            one.station_id,
            Earning(points, ends[one.customer_id], one.cause(event)),
        )
        for one, points in found
    ]
    return crediting.credit(conn, ask, credits_)


def is_given(version: Version, event: Event) -> bool:
    """Return whether a version gives anything for an event."""
    return earning.gift(event, 0, version) > 0


def _open(
    conn: Connection,
    event: Event,
    due: Sequence[Due],
    people: dict[int, list[int]],
    version: Version,
    day: int,
) -> list[tuple[Due, int]]:
    """Return for what nobody had his yet, and how many points it is."""
    had, times = _had(conn, event, due, people), _times(conn, event, people, day)
    found, done = list[tuple[Due, int]](), set[tuple[int, str]]()
    for one in due:
        first = people[one.customer_id][0]
        points = earning.gift(event, times[first], version)
        if points and one.cause(event) not in had and (first, one.about) not in done:
            done.add((first, one.about))
            times[first] += event is not Event.BIRTHDAY
            found.append((one, points))
    return found


def _had(
    conn: Connection, event: Event, due: Sequence[Due], people: dict[int, list[int]]
) -> set[str]:
    """Return the causes for which somebody had his, under whichever of his records."""
    keys = {
        EARN + one.cause(event, row): one.cause(event)
        for one in due
        for row in people[one.customer_id]
    }
    return {keys[key] for key in chain.known(conn, list(keys))}


def _times(
    conn: Connection, event: Event, people: dict[int, list[int]], day: int
) -> dict[int, int]:
    """Return how often each was given something for an event in the year of a day.

    A birthday is once a year by its own year, also where it was remembered late.
    """
    if event is Event.BIRTHDAY:
        return {same[0]: 0 for same in people.values()}
    year = day_date(day).year
    first, last = day_number(date(year, 1, 1)), day_number(date(year + 1, 1, 1)) - 1
    rows = {row for same in people.values() for row in same}
    kind = given.Kind(f"{GIFT}{event}:", EARN, REFUND)
    told = given.times(conn, rows, kind, first=first, last=last)
    return {same[0]: sum(told.get(row, 0) for row in same) for same in people.values()}


def joined_days(conn: Connection, ask: Ask, customer_ids: Sequence[int]) -> dict[int, int]:
    """Return the day on which each of these joined: the one on which his record was made."""
    zone = ask.settings.programme.zone
    return {
        one: (since_day or 0) if made_at is None else day_at(made_at, zone)
        for one, (made_at, since_day) in given.begun(conn, customer_ids).items()
    }


# --- who is given something -----------------------------------------------------------------------


def enrolled(conn: Connection, ask: Ask, customer_id: int, station_id: int) -> int:
    """Return whether a new customer was given something for joining, in the write that makes him.

    A telephone, plate or card has it once, whoever it belongs to: he did not join now who shows one
    that had it, nor who has the telephone of somebody who is known; and of a name alone nobody can
    tell whether it had.
    """
    marks = _marks(conn, ask, customer_id)
    if not marks or marked.days(conn, marks) or _is_known(conn, ask, customer_id):
        return 0
    given_ = give(conn, ask, Event.ENROLLED, [Due(customer_id, ONCE, station_id)])
    if given_:
        marked.add(conn, marks, rules.read(conn, ask).today)
    return given_


def remember(conn: Connection, ask: Ask, customer_id: int) -> None:
    """Keep of somebody who is to be erased which of what is his had the gift for joining.

    He may have told a telephone or shown a plate since he was given it.
    """
    key = EARN + Due(customer_id, ONCE).cause(Event.ENROLLED)
    booked = chain.by_key(conn, key)
    if booked is not None:
        marked.add(conn, _marks(conn, ask, customer_id), booked.day)


def joined_by(conn: Connection, ask: Ask, customer_id: int) -> list[int]:
    """Return the days on which what is somebody's now had the gift for joining."""
    return sorted(set(marked.days(conn, _marks(conn, ask, customer_id)).values()))


def _marks(conn: Connection, ask: Ask, customer_id: int) -> set[str]:
    """Return the marks of the telephones, plates and cards that are a customer's, or were."""
    customer = book.sure(conn, customer_id)
    told = [sealing.unseal_contact(ask.db, contact)[1] for contact in customer.contacts]
    keys = person.keys(conn, [span.vehicle_id for span in book.spans(conn, customer_id)])
    things: dict[str, Iterable[str | None]] = {
        "phone": told,
        "plate": keys.loc[keys["kind"] == KeyKind.PLATE.value, "text"],
        "card": person.cards_of(conn, customer_id)["number"],
    }
    named = ((kind, text) for kind, texts in things.items() for text in texts if text)
    return {sealing.code_index(ask.db, f"{GIFT}{Event.ENROLLED}/{k}/{text}") for k, text in named}


def _is_known(conn: Connection, ask: Ask, customer_id: int) -> bool:
    customer = book.sure(conn, customer_id)
    _, phone = sealing.unseal_contact(ask.db, customer.contact)
    indexes = sealing.phone_indexes(ask.db, phone) if phone else ()
    return bool({*sealed.with_phone(conn, indexes)} - {customer_id} if indexes else ())


@right("archive.keep")
def birthdays(ask: Ask) -> int:
    """Return how many were given something for their birthday; doing it twice changes nothing.

    29 February is kept on the 28th in a year without it. One by the moon's calendar is where it
    falls; it is of the moon's year, so that each has one even where two fall into one of the sun's.
    """
    with ask.db.reading() as conn:
        held = rules.read(conn, ask)
        version = held.on(held.today)
        if version is None or not is_given(version, Event.BIRTHDAY):
            return 0
        due = _born(grading.birthdays(conn, ask), held.today)
    if not due:
        return 0
    with ask.db.writing(changes_figures=False) as conn:
        return give(conn, ask, Event.BIRTHDAY, due)


def _born(birthdays_: Mapping[int, Occasion], today: int) -> list[Due]:
    """Return whose birthday it is, or was on one of the days before; each year has one."""
    return [
        Due(one, str(year))
        for one, birthday in sorted(birthdays_.items(), key=lambda pair: pair[0])
        for year, day in care.around(birthday, day_date(today))
        if today - CATCH_UP_DAYS < day_number(day) <= today
    ]


@right("points.redeem")
def grant(ask: Ask, *, member: Named, event: Event, station: str, about: str = "") -> Receipt:
    """Return the receipt of what a member is given for a survey, or for coming by on a day.

    `about` is the name of the survey; for the same one, or on the same day, the same receipt comes
    again and nothing more is given.

    Raises:
        NotFoundError: member or station are not there, or not in sight; both answer alike.
        BadValueError: the survey is none of config.yaml, or the event is none of these.
        PointsError: the rules of today give nothing for it, or nothing more this year.
    """
    (station_id,) = stations_in_sight(ask, [station])
    if event not in BY_STAFF or (event is Event.SURVEY and not ABOUT.fullmatch(about)):
        raise BadValueError("gifts.no_about")
    if event is Event.SURVEY and about not in ask.settings.programme.surveys:
        raise BadValueError("gifts.no_survey", survey=about)
    with acting(ask) as conn:
        held = rules.read(conn, ask)
        named = about if event is Event.SURVEY else str(day_date(held.today))
        due = Due(members.found(conn, ask, member), named, station_id)
        if give(conn, ask, event, [due]):
            what = f"customer:{due.customer_id}:gift:{event}"
            trail.note(conn, ask.scope, Act.CHANGE, what, station_id=station_id)
        return _receipt(conn, event, due)


def _receipt(conn: Connection, event: Event, due: Due) -> Receipt:
    """Return the receipt of what somebody has, now or since before."""
    for row in book.same(conn, due.customer_id):
        booked = chain.by_key(conn, EARN + due.cause(event, row))
        if booked is not None:
            return booking.receipt(booked)
    raise PointsError("gifts.none")
