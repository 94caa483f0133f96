"""People register themselves; they are customers once staff have seen them."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import time

from station.archive import stations
from station.archive.customers import book, consents, registrations, sealed
from station.archive.customers import prospects as store
from station.archive.customers.registrations import CONFIRMED, DECLINED, WAITING, Registration
from station.archive.customers.sealed import Contact, Kind
from station.archive.database import Connection, Database
from station.archive.people import sessions
from station.config import Settings
from station.contact import registrations as rules
from station.contact.prospects import Origin, Reliability
from station.contact.registrations import Told
from station.errors import BadValueError, LimitReachedError, NotFoundError
from station.guard import mask, traces
from station.guard.traces import Traces
from station.ingest import phones, vehicle_keys
from station.model import Act, Channel, Consent, ConsentSource, Purpose, day_number
from station.output import codes
from station.services import trail
from station.services.access import (
    MINUTE_S,
    acting,
    right,
    start_of_today,
    stations_in_sight,
)
from station.services.ask import Ask
from station.services.customers import contacts, leads
from station.services.customers.leads import Found
from station.services.people import sign_in
from station.services.personal import sealing
from station.services.points import gifts, referring
from station.services.points.members import Named

ASKED = rules.ASKED
PATH = "/join"
"""Where the page lies, outside the sign-in."""
TRAP = "website"
"""A field that nobody sees and only programs fill in."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Who waits to be confirmed, masked; nothing can be read of one whose words are shut."""

    id: int
    station: str
    made_at: int
    name: str
    phone: str
    plate: str
    agreed: tuple[tuple[Purpose, Channel], ...]
    reward: str


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What became of a registration: the customer, whether he was known, and what is due to him."""

    customer_id: int
    was_known: bool
    has_vehicle: bool
    reward: str


@dataclass(frozen=True, slots=True)
class CounterCode:
    """An address, and its picture (PNG) to be put up at the counter."""

    address: str
    picture: bytes


# --- at the door, where nobody is signed in ---------------------------------------------------


def station_at(db: Database, settings: Settings, code: str) -> tuple[int, str]:
    """Return id and name of the station at which somebody registers.

    Raises:
        NotFoundError: there is none by this code, or nobody registers himself here.
    """
    with db.reading() as conn:
        station_id = stations.ids(conn).get(code)
        known = stations.everything(conn)
    if station_id is None or not settings.registering.is_open:
        raise NotFoundError("join.closed")
    return station_id, known[station_id].name or known[station_id].code


def box(purpose: Purpose, channel: Channel) -> str:
    """Return the name of the box by which somebody agrees."""
    return rules.box(purpose, channel)


def register(
    db: Database, settings: Settings, *, station: str, form: dict[str, str], address: str
) -> None:
    """Keep what somebody wrote of himself until staff have seen him.

    Nobody is looked up: the answer to whoever is known and whoever is not is one and the same.

    Raises:
        NotFoundError: there is no such station, or nobody registers himself here.
        BadValueError: name or telephone are missing, or something is not what it must be.
        LimitReachedError: too many came from this address, or to this station today.
    """
    station_id, _ = station_at(db, settings, station)
    told = replace(rules.read(form), version=settings.registering.consent_version)
    _refuse_wrong(db, settings, station_id, told)
    is_program = bool(form.get(TRAP, ""))
    with db.writing(changes_figures=False) as conn:
        _count(conn, db, settings, station_id=station_id, address=address)
        if is_program:
            return
        made_at = int(time())
        registrations.add(
            conn,
            station_id=station_id,
            words_sealed=sealing.seal(db, _words(told), place=_place(station_id, made_at)),
            made_at=made_at,
            reward=settings.registering.reward,
        )


def _refuse_wrong(db: Database, settings: Settings, station_id: int, told: Told) -> None:
    """Refuse a telephone or a plate that is none."""
    with db.reading() as conn:
        province = _province_of(conn, station_id)
    try:
        phone = phones.read(told.phone, settings.ingest.phone_region)
    except BadValueError as error:
        raise BadValueError("join.no_phone") from error
    if not phone:
        raise BadValueError("join.no_phone")
    if told.plate and vehicle_keys.plate_key(told.plate, "", "CN", province) is None:
        raise BadValueError("join.bad_plate")


def _province_of(conn: Connection, station_id: int) -> str:
    return stations.everything(conn)[station_id].province


def _count(
    conn: Connection, db: Database, settings: Settings, *, station_id: int, address: str
) -> None:
    """Count one more from an address, and refuse where it or the station has had its share.

    It is counted in the write that keeps the registration, so that none slips by beside another.
    """
    limits, now_s = settings.registering, int(time())
    came_from = f"join/{sign_in.network(address)}"
    since = now_s - limits.attempts_min * MINUTE_S
    index = sealing.code_index(db, PATH)
    _, tried = sessions.tries(conn, account_hash=index, address=came_from, from_s=since)
    if tried >= limits.attempts_per_address:
        raise LimitReachedError("join.too_many", minutes=limits.attempts_min)
    if registrations.made_since(conn, station_id, start_of_today()) >= limits.per_station_day:
        raise LimitReachedError("join.full_today")
    sessions.note_attempt(conn, account_hash=index, address=came_from, now_s=now_s)


def _place(station_id: int, made_at: int) -> str:
    return sealed.place(Kind.REGISTRATION, station_id=station_id, made_at=made_at)


def _words(told: Told) -> str:
    agreed = [[str(purpose), str(channel)] for purpose, channel in told.agreed]
    words: dict[str, object] = {
        "name": told.name,
        "phone": told.phone,
        "plate": told.plate,
        "agreed": agreed,
    }
    words["version"] = told.version
    return json.dumps(words, ensure_ascii=False)


def opened(db: Database, row: Registration) -> Told | None:
    """Return what somebody said of himself, none where it cannot be opened or was forgotten."""
    words = sealing.unseal(db, row.words_sealed, place=_place(row.station_id, row.made_at))
    if not words:
        return None
    told = json.loads(words)
    agreed = tuple((Purpose(purpose), Channel(channel)) for purpose, channel in told.pop("agreed"))
    return Told(**told, agreed=agreed)


def forget_named(conn: Connection, db: Database, person: Traces) -> int:
    """Return how many were forgotten who still waited and in whose words a person is named."""
    named = [
        row.id
        for row in registrations.waiting_anywhere(conn)
        if (told := opened(db, row)) and person.found_in(f"{told.name}\n{told.phone}\n{told.plate}")
    ]
    return registrations.drop(conn, named)


# --- inside, where staff see who waits --------------------------------------------------------


@right("prospects.work")
def waiting(ask: Ask) -> list[Waiting]:
    """Return who waits at the stations in sight, masked, whoever waits longest first."""
    with ask.db.reading() as conn:
        rows = registrations.waiting(conn, ask.scope.station_ids)
        named = {
            i: station.name or station.code for i, station in stations.everything(conn).items()
        }
    return [_masked(ask, row, named[row.station_id]) for row in rows]


def _masked(ask: Ask, row: Registration, station: str) -> Waiting:
    told = opened(ask.db, row) or Told("", "", "")
    return Waiting(
        id=row.id,
        station=station,
        made_at=row.made_at,
        name=mask.name(told.name),
        phone=mask.phone(told.phone),
        plate=mask.redact(told.plate),
        agreed=told.agreed,
        reward=row.reward,
    )


def _found(conn: Connection, ask: Ask, registration_id: int) -> Registration:
    row = registrations.find(conn, registration_id)
    if row is None or row.station_id not in ask.scope.station_ids or row.status != WAITING:
        raise NotFoundError("join.none")
    return row


@right("prospects.work")
def confirm(ask: Ask, *, registration_id: int, referred_by: Named | None = None) -> Confirmed:
    """Make a customer of somebody whom staff have seen, or complete the one he is already.

    He is one already who has the same telephone and is called the same, or has no name yet. What
    he agreed to is written down as said online on the day he registered. What was promised is due
    once to a telephone, however often and under whichever name it registers. `referred_by` is the
    member who brought him, as he says; nobody brings who is known already.

    Raises:
        NotFoundError: nobody waits under this number, or not in sight; both answer alike. Or nobody
            is known who brought him.
        BadValueError: what he wrote cannot be opened, is no telephone any more, or he who brought
            him is himself.
    """
    brought_by = referring.known(ask, referred_by)
    with acting(ask, changes_figures=True) as conn:
        row = _found(conn, ask, registration_id)
        told = opened(ask.db, row)
        if told is None:
            raise BadValueError("join.shut")
        phone = leads.phone_of(ask, told.phone)
        reward = "" if _was_thanked(conn, ask, phone) else row.reward
        known = _known(conn, ask, told.name, phone)
        customer_id = known or _made(conn, ask, row, told, phone)
        if known:
            _complete(conn, ask, known, told.name)
        has_vehicle = _tie(conn, customer_id, told.plate, _province_of(conn, row.station_id))
        consents.add(conn, _consents(ask, customer_id, row, told))
        _decide(conn, ask, row, CONFIRMED, customer_id, reward)
        what = f"customer:{customer_id}:registration:confirmed"
        trail.note(conn, ask.scope, Act.CHANGE, what, station_id=row.station_id)
        if not known:
            referring.bring(conn, ask, customer_id, brought_by, row.station_id)
            gifts.enrolled(conn, ask, customer_id, row.station_id)
    return Confirmed(customer_id, bool(known), has_vehicle, reward)


def _was_thanked(conn: Connection, ask: Ask, phone: str) -> bool:
    """Return whether anybody in sight who has this telephone was given something before."""
    same = {row for known in leads.with_phone(conn, ask, phone) for row in book.same(conn, known)}
    return any(row.reward for row in registrations.of_customer(conn, same))


def _decide(
    conn: Connection,
    ask: Ask,
    row: Registration,
    status: str,
    customer_id: int | None = None,
    reward: str = "",
) -> None:
    registrations.decide(
        conn,
        row.id,
        status=status,
        account=ask.scope.account,
        now_s=int(time()),
        customer_id=customer_id,
        reward=reward,
    )


def _made(conn: Connection, ask: Ask, row: Registration, told: Told, phone: str) -> int:
    """Return the new customer; he stands among the prospects until he has bought."""
    station_id, keeper_id = row.station_id, ask.scope.account_id
    customer_id = leads.make(conn, ask, station_id=station_id, keeper_id=keeper_id)
    leads.reach(conn, ask, Contact(customer_id), name=told.name, phone=phone)
    leads.came_by(conn, customer_id, Origin.SELF_REGISTERED)
    sure = Found(Origin.SELF_REGISTERED.value, Reliability.A.value)
    leads.add(conn, ask, customer_id, sure)
    return customer_id


def _complete(conn: Connection, ask: Ask, customer_id: int, name: str) -> None:
    """Give a customer who was known already the name he lacked; a prospect is a sure one now."""
    customer = book.find(conn, customer_id)
    if customer and customer.contact.name_sealed is None:
        leads.reach(conn, ask, customer.contact, name=name, phone="")
    prospect = store.find(conn, book.same(conn, customer_id))
    if prospect:
        store.change(conn, prospect.customer_id, reliability=Reliability.A.value)


def _known(conn: Connection, ask: Ask, name: str, phone: str) -> int:
    """Return the customer in sight who this is, 0 if there is none or it is not sure."""
    for customer_id in leads.with_phone(conn, ask, phone):
        customer = book.find(conn, customer_id)
        his, _ = sealing.unseal_contact(ask.db, customer.contact) if customer else (None, None)
        if his is not None and sealing.plain_name(his) in {"", sealing.plain_name(name)}:
            return customer_id
    return 0


def _tie(conn: Connection, customer_id: int, plate: str, province: str) -> bool:
    """Return whether his vehicle is his in the archive; another's is left to whoever has it."""
    key = vehicle_keys.plate_key(plate, "", "CN", province) if plate else None
    return key is not None and leads.tie_if_free(conn, customer_id, key)


def _consents(ask: Ask, customer_id: int, row: Registration, told: Told) -> list[Consent]:
    return [
        Consent(
            customer_id=customer_id,
            purpose=purpose,
            channel=channel,
            given=True,
            source=ConsentSource.ONLINE,
            text_version=told.version,
            on_day=day_number(datetime.fromtimestamp(row.made_at, UTC).astimezone().date()),
            account=ask.scope.account,
            written_at=int(time()),
        )
        for purpose, channel in told.agreed
    ]


@right("prospects.work")
def decline(ask: Ask, *, registration_id: int, reason: str) -> None:
    """Refuse a registration: nobody came, or it was a joke. What was written is forgotten.

    Raises:
        NotFoundError: nobody waits under this number, or not in sight; both answer alike.
        BadValueError: no reason is given.
    """
    with acting(ask) as conn:
        row = _found(conn, ask, registration_id)
        told = opened(ask.db, row) or Told("", "", "")
        named = traces.of(names=[told.name], phones=[told.phone], marks=[told.plate])
        why = contacts.impersonal(reason, named)
        _decide(conn, ask, row, DECLINED)
        what = f"registration:{row.id}:declined"
        trail.note(conn, ask.scope, Act.CHANGE, what, station_id=row.station_id, reason=why)


@right("prospects.work")
def counter_code(ask: Ask, *, station: str, server: str) -> CounterCode | None:
    """Return how people find the page of a station, none while nobody may register himself.

    Raises:
        NotFoundError: there is no such station, or it is not in sight.
    """
    stations_in_sight(ask, [station])
    if not ask.settings.registering.is_open:
        return None
    where = codes.address(server, PATH, station=station)
    return CounterCode(where, codes.picture(where))
