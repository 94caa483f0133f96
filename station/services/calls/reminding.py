"""When is each customer contacted next? Dates due and overdue, and who has none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from station.archive import stations as sites
from station.archive.calls import agenda, rests
from station.archive.calls.agenda import Next
from station.archive.customers import book, filters
from station.archive.database import Connection
from station.errors import BadValueError
from station.model import CallPurpose, day_date, day_number
from station.services.access import acting, right, stations_in_sight
from station.services.ask import Ask
from station.services.calls import calling, claims, clock
from station.services.calls.clock import Moment
from station.services.customers import contacts, grades
from station.services.customers.contacts import Seen

DATED = ("A", "B")
"""Grades of which nobody may be without a date."""
NIGHT = "night"
"""Who set a date that nobody set."""


@dataclass(frozen=True, slots=True)
class Date:
    """When a customer is contacted next, by whom and what for; he is named masked."""

    customer_id: int
    name: str
    grade: str
    station: str
    account: str
    on: date
    why: CallPurpose
    late_days: int
    told_level: int


@dataclass(frozen=True, slots=True)
class Undated:
    """A customer of value with whom no next contact is agreed."""

    customer_id: int
    name: str
    grade: str
    station: str
    account: str


@right("calls.read")
def next_of(ask: Ask, *, customer_id: int) -> Date | None:
    """Return when a customer is contacted next, none if no day is set.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        seen = contacts.in_sight(conn, ask, customer_id)
        found = agenda.next_of(conn, seen.customer.ids)
        return _dates(conn, ask, [found])[0] if found else None


@right("calls.record")
def set_next(ask: Ask, *, customer_id: int, on: date, why: CallPurpose) -> None:
    """Let a customer be contacted next on a day, by his keeper or else by the asker.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        NotAllowedError: he was erased, is none of the asker's, or needs no such service.
        BadValueError: the day is not ahead, or too far ahead.
    """
    with acting(ask) as conn:
        seen = contacts.there(conn, ask, customer_id)
        now = claims.moment_of(conn, seen)
        calling.refuse_strangers(conn, ask, seen, None, now)
        calling.refuse_untold(conn, seen, why, now)
        day = day_number(on)
        if not now.day <= day <= now.day + ask.settings.calls.ahead_days:
            raise BadValueError("calls.lack_next_day", tries=ask.settings.calls.tries)
        keeper_id = seen.customer.keeper_id or ask.scope.account_id or None
        put(conn, seen, day=day, why=why, account_id=keeper_id, by=ask.scope.account, now=now)
        contacts.note(conn, ask, seen, "next_contact", reason=on.isoformat())


def put(
    conn: Connection,
    seen: Seen,
    *,
    day: int,
    why: CallPurpose,
    account_id: int | None,
    by: str,
    now: Moment,
) -> None:
    """Let this be the one date of a customer, whatever row it stood at before."""
    agenda.drop_next(conn, seen.customer.ids)
    new = Next(seen.customer.id, seen.station_id, account_id, day, why, by, now.at)
    agenda.put_next(conn, new)


@right("calls.read")
def due(ask: Ask, *, stations: Sequence[str] = (), days: int = 0) -> list[Date]:
    """Return the dates that are due up to so many days ahead, the longest overdue first.

    Whoever plans sees those of all, everybody else his own and anybody's.
    """
    wanted = stations_in_sight(ask, stations)
    everybody = "calls.plan" in ask.scope.rights
    with ask.db.reading() as conn:
        found = agenda.next_due(conn, wanted, to_day=_today(conn, wanted) + days)
        own = {None, ask.scope.account_id}
        shown = [one for one in found if everybody or one.account_id in own]
        return _dates(conn, ask, shown)


def _today(conn: Connection, station_ids: frozenset[int]) -> int:
    known = sites.everything(conn)
    zones = {known[one].zone for one in station_ids} or {"UTC"}
    return max(clock.moment(zone).day for zone in zones)


def _dates(conn: Connection, ask: Ask, found: Sequence[Next]) -> list[Date]:
    known = sites.everything(conn)
    graded = grades.now(conn, [one.customer_id for one in found])
    told = []
    for one in found:
        customer = book.sure(conn, one.customer_id)
        today = clock.moment(known[one.station_id].zone).day
        told.append(
            Date(
                customer_id=customer.id,
                name=claims.called(ask, customer),
                grade=graded[one.customer_id],
                station=known[one.station_id].code,
                account=claims.name_of(conn, one.account_id or 0),
                on=day_date(one.day),
                why=one.why,
                late_days=today - one.day,
                told_level=one.told_level,
            )
        )
    return told


@right("calls.read")
def undated(ask: Ask, *, stations: Sequence[str] = ()) -> list[Undated]:
    """Return the A and B customers registered at the stations who have no next date."""
    wanted = stations_in_sight(ask, stations)
    with ask.db.reading() as conn:
        codes = {number: code for code, number in sites.ids(conn).items()}
        told = []
        for customer_id, grade in without(conn, wanted).items():
            customer = book.sure(conn, customer_id)
            station = codes.get(customer.station_id or 0, "")
            name = claims.called(ask, customer)
            told.append(Undated(customer_id, name, grade, station, customer.keeper))
    return sorted(told, key=lambda one: (one.grade, one.customer_id))


def without(conn: Connection, station_ids: frozenset[int]) -> dict[int, str]:
    """Return the A and B customers registered here without a date, with their grades.

    Nobody who was put to rest.
    """
    ids = sorted(filters.registered(conn, station_ids))
    first = {rows[0] for rows in book.same_of_many(conn, ids).values()}
    graded = grades.now(conn, sorted(first))
    resting = rests.at_rest(conn)
    valued = [one for one in first if graded[one] in DATED and one not in resting]
    dated = agenda.next_days(conn, valued)
    return {one: graded[one] for one in sorted(valued) if one not in dated}


def fill(ask: Ask, now_s: int) -> int:
    """Return how many A and B customers of the chain were given the date that their grade asks."""
    with ask.db.reading() as conn:
        known = sites.everything(conn)
    return sum(
        _fill_at(ask, station_id, clock.moment(known[station_id].zone, now_s))
        for station_id in sorted(known)
    )


def _fill_at(ask: Ask, station_id: int, now: Moment) -> int:
    with ask.db.writing(changes_figures=False) as conn:
        missing = without(conn, frozenset({station_id}))
        for customer_id, grade in missing.items():
            new = Next(
                customer_id=customer_id,
                station_id=station_id,
                account_id=book.sure(conn, customer_id).keeper_id,
                day=now.day + ask.settings.calls.next_days(grade),
                why=CallPurpose.KEEP,
                set_by=NIGHT,
                set_at=now.at,
            )
            agenda.put_next(conn, new)
    return len(missing)
