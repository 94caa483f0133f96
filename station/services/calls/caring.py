"""Whom do we think of these days, and what was said to whom? A due list, and thoughts kept."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import pandas as pd

from station.archive import stations as sites
from station.archive.calls import caring as store
from station.archive.calls.caring import Thought
from station.archive.customers import book
from station.archive.customers import occasions as days_kept
from station.archive.database import Connection
from station.contact import care, rules
from station.contact.care import Festival as Festival  # noqa: PLC0414 - pages name them
from station.contact.care import Glad as Glad  # noqa: PLC0414
from station.contact.care import Grief as Grief  # noqa: PLC0414
from station.contact.care import Kind as Kind  # noqa: PLC0414
from station.contact.care import Time
from station.contact.rules import Law, Person, Refusal, When
from station.errors import NotAllowedError, NotFoundError
from station.model import CallPurpose, Channel, Station, day_number
from station.services.access import acting, right, stations_in_sight
from station.services.ask import Ask
from station.services.calls import allowed, clock, newcomers
from station.services.calls.clock import Moment
from station.services.customers import contacts, naming, occasions

REVEAL_ANY = "contact.reveal_any"
FIELD_OF: Mapping[str, Glad] = {
    "inspection_until": Glad.INSPECTION,
    "oil_on": Glad.OIL,
    "wash_on": Glad.WASH,
}
"""By which field of a card each service is due."""
IN_LISTS = (Channel.SMS, Channel.EMAIL)
"""By which ways messages leave the house together."""


@dataclass(frozen=True, slots=True)
class Due:
    """Somebody to think of: why, when, until when, and by which ways he may be addressed.

    `name` is masked; `refused` is what speaks against each other way, the gravest first.
    """

    customer_id: int
    code: str
    name: str
    station_id: int
    station: str
    keeper_id: int | None
    kind: Kind
    day: date
    until: date
    about: str
    ways: tuple[Channel, ...] = ()
    refused: Mapping[Channel, tuple[Refusal, ...]] = field(default_factory=dict)

    @property
    def is_family(self) -> bool:
        """Whether it is of somebody else than himself: told by mouth only."""
        return self.kind in care.FAMILY


@dataclass(frozen=True, slots=True)
class Feast:
    """A festival that is near, and when it is."""

    kind: Glad
    day: date
    about: str


@right("calls.read")
def due(ask: Ask, *, stations: Sequence[str] = ()) -> list[Due]:
    """Return whom to think of these days at stations in sight, the next first; names are masked.

    Staff see those in their own care, whoever may reach everybody there sees all.
    """
    wanted, came = stations_in_sight(ask, stations), newcomers.visit_days(ask)
    with ask.db.reading() as conn:
        people = _mine(ask, store.people(conn, wanted))
        return _due(conn, ask, people, came)


def _mine(ask: Ask, people: pd.DataFrame) -> pd.DataFrame:
    """Return the customers of whom the asker may know when to think of them."""
    everybodys = ask.scope.rights.get(REVEAL_ANY, frozenset())
    own = people["keeper_id"] == ask.scope.account_id
    return people[people["station_id"].isin(everybodys) | (own & (ask.scope.account_id > 0))]


def _due(
    conn: Connection, ask: Ask, people: pd.DataFrame, came: Mapping[int, tuple[date, ...]]
) -> list[Due]:
    """Return for what these customers are due, as far as nobody has thought of it yet."""
    known = {int(row["customer_id"]): row for row in people.to_dict("records")}
    found = [
        (who, one)
        for who, one in _times(conn, ask, known, came)
        if one.is_due(ask.as_of, ask.settings.care.ahead_days)
    ]
    return _left(conn, ask, known, found)


def _left(
    conn: Connection,
    ask: Ask,
    known: Mapping[int, Mapping[Any, Any]],
    found: Sequence[tuple[int, Time]],
) -> list[Due]:
    """Return those of whom nobody has thought yet, the next first."""
    done = store.had(conn, {who for who, _ in found})
    left = [(who, one) for who, one in found if (who, one.kind.value, one.about) not in done]
    ids = {who for who, _ in left}
    now = now_at(conn, ask, {int(known[who]["station_id"]) for who in ids})
    seen = _Seen(
        allowed.people(conn, ids, now.moment),
        naming.in_list(conn, ask, ids),
        sites.everything(conn),
        now,
    )
    told = [_told(ask, known[who], one, seen) for who, one in left]
    return sorted(told, key=lambda one: (one.day, one.kind, one.customer_id))


def everybody(
    conn: Connection, ask: Ask, station_id: int, kind: Kind, came: Mapping[int, tuple[date, ...]]
) -> list[Due]:
    """Return who at a station is due on an occasion; on a festival that is everybody."""
    people = _mine(ask, store.people(conn, [station_id]))
    if kind.value not in set(Festival):
        return [one for one in _due(conn, ask, people, came) if one.kind == kind]
    near = [one for one in care.festivals(ask.as_of, ask.settings.care) if one.kind == kind]
    known = {int(row["customer_id"]): row for row in people.to_dict("records")}
    return _left(conn, ask, known, [(who, one) for one in near for who in known])


class Now(NamedTuple):
    """What time it is, and whose law holds at which station."""

    moment: Moment
    laws: Mapping[int, Law]


class _Seen(NamedTuple):
    """Some customers as the contact rules see them, what they are called, and when that is."""

    persons: Mapping[int, Person]
    names: Mapping[int, str]
    stations: Mapping[int, Station]
    now: Now


def _told(ask: Ask, row: Mapping[Any, Any], one: Time, seen: _Seen) -> Due:
    """Return one who is due, with the ways in which he may be addressed today."""
    who, station_id = int(row["customer_id"]), int(row["station_id"])
    station = seen.stations[station_id]
    return Due(
        customer_id=who,
        code=str(row["code"]),
        name=seen.names.get(who, ""),
        station_id=station_id,
        station=station.name or station.code,
        keeper_id=None if pd.isna(row["keeper_id"]) else int(row["keeper_id"]),
        kind=one.kind,
        day=one.day,
        until=one.until,
        about=one.about,
        **_by_way(ask, seen.persons[who], one.kind, station_id, seen.now),
    )


def ways_of(kind: Kind) -> tuple[Channel, ...]:
    """Return by which ways one may speak of an occasion; of family by mouth only."""
    return (Channel.PHONE, Channel.VISIT) if kind in care.FAMILY else tuple(Channel)


def purpose_of(kind: Kind) -> CallPurpose:
    """Return for what one addresses a customer on an occasion."""
    if kind in care.REMINDERS:
        return CallPurpose.SERVICE
    return CallPurpose(kind.value) if kind in care.STARTING else CallPurpose.CARE


def now_at(conn: Connection, ask: Ask, station_ids: Collection[int]) -> Now:
    """Return what time it is at these stations, by the clock furthest on, and their laws."""
    known = sites.everything(conn)
    zones = {known[one].zone for one in station_ids if one in known} or {"UTC"}
    found = max((clock.moment(zone) for zone in zones), key=lambda now: (now.day, now.at_min))
    laws = {one: allowed.law_of(conn, ask, one, found.day) for one in station_ids}
    return Now(found, laws)


def against(
    ask: Ask, person: Person, kind: Kind, way: Channel, station_id: int, now: Now
) -> tuple[Refusal, ...]:
    """Return what speaks against addressing somebody today on an occasion, the gravest first."""
    when = When(now.moment.day)  # at which hour is settled when he is addressed
    law, asked = now.laws[station_id], purpose_of(kind)
    return rules.refusals(person, when, asked, way, rules=ask.settings.contact, law=law)


def still(conn: Connection, ask: Ask, due: Sequence[Due]) -> list[Due]:
    """Return those of whom nobody has thought since, with the ways in which they may be addressed.

    Asked again where something is done about them.
    """
    ids = {one.customer_id for one in due}
    now = now_at(conn, ask, {one.station_id for one in due})
    done, persons = store.had(conn, ids), allowed.people(conn, ids, now.moment)
    return [
        replace(one, **_by_way(ask, persons[one.customer_id], one.kind, one.station_id, now))
        for one in due
        if (one.customer_id, one.kind.value, one.about) not in done
    ]


def _by_way(ask: Ask, person: Person, kind: Kind, station_id: int, now: Now) -> dict[str, Any]:
    """Return the ways in which somebody may be addressed on an occasion, and why in no other."""
    said = {way: against(ask, person, kind, way, station_id, now) for way in ways_of(kind)}
    return {
        "ways": tuple(way for way, refused in said.items() if not refused),
        "refused": {way: refused for way, refused in said.items() if refused},
    }


# --- what there is to think of --------------------------------------------------------------------


def _times(
    conn: Connection, ask: Ask, known: Collection[int], came: Mapping[int, tuple[date, ...]]
) -> Iterator[tuple[int, Time]]:
    """Yield who is thought of when: days of his own, his first visits, services to his car."""
    yield from _own_days(conn, ask, known)
    for who, days in came.items():
        if who in known:
            yield from ((who, one) for one in care.starting(days, ask.settings.care))
    latest: dict[tuple[int, Glad], date] = {}
    for who, name, value in store.days_told(conn, FIELD_OF):
        if who in known:
            told, kind = date.fromisoformat(value), FIELD_OF[name]
            latest[who, kind] = max(told, latest.get((who, kind), told))
    for (who, kind), told in latest.items():
        yield who, care.reminder(kind, told, ask.settings.care)


def _own_days(conn: Connection, ask: Ask, known: Collection[int]) -> Iterator[tuple[int, Time]]:
    """Yield birthdays and days of the family, of whom they are kept."""
    whole = {row: one for one, rows in book.same_of_many(conn, list(known)).items() for row in rows}
    for row in days_kept.everything(conn):
        if row.customer_id not in whole:
            continue
        occasion = occasions.opened(ask.db, row)
        if occasion is None:
            continue
        written = datetime.fromtimestamp(row.written_at, UTC).date()
        for one in care.times(occasion, written, ask.as_of, ask.settings.care):
            yield whole[row.customer_id], one


@right("calls.plan")
def feasts(ask: Ask, *, stations: Sequence[str] = ()) -> list[Feast]:
    """Return the festivals that are near, on which everybody at stations in sight is greeted."""
    stations_in_sight(ask, stations)
    near = care.festivals(ask.as_of, ask.settings.care)
    return [Feast(Glad(one.kind.value), one.day, one.about) for one in near]


# --- what was done --------------------------------------------------------------------------------


@right("calls.record")
def record(ask: Ask, *, customer_id: int, kind: Kind, about: str, way: Channel) -> None:
    """Write down that a customer was thought of by word of mouth, or by a message of one's own.

    Raises:
        NotFoundError: there is no such customer in the asker's care, or nothing is due.
        NotAllowedError: he must not be addressed in this way today.
    """
    one = still_due(ask, customer_id, kind, about)
    with acting(ask) as conn:
        seen = contacts.there(conn, ask, customer_id)
        left = still(conn, ask, [one])
        if not left:
            raise NotFoundError("caring.not_due")
        if way not in left[0].ways:
            raise NotAllowedError("caring.not_by_this_way")
        now = now_at(conn, ask, [one.station_id]).moment
        thought = Thought(
            customer_id=seen.customer.id,
            station_id=one.station_id,
            occasion=kind.value,
            about=about,
            due_day=day_number(one.day),
            channel=way.value,
            list_id=None,
            account=ask.scope.account,
            day=now.day,
            at=now.at,
        )
        store.add(conn, [thought])
        contacts.note(conn, ask, seen, "cared", reason=way.value)


def still_due(ask: Ask, customer_id: int, kind: Kind, about: str) -> Due:
    """Return one who is due to whom the asker may speak.

    Raises:
        NotFoundError: there is no such customer in his care, or nothing is due.
    """
    came = newcomers.visit_days(ask)
    with ask.db.reading() as conn:
        stands = book.same(conn, customer_id)[:1]
        people = _mine(ask, store.people(conn, ask.scope.station_ids))
        for one in _due(conn, ask, people[people["customer_id"].isin(stands)], came):
            if (one.kind, one.about) == (kind, about):
                return one
    raise NotFoundError("caring.not_due")
