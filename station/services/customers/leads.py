"""A prospect is taken up, decided on, handed over: whatever is done about him."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from time import time

from station.archive import stations
from station.archive.books import KeyBook
from station.archive.customers import book, sealed
from station.archive.customers import fields as field_book
from station.archive.customers import prospects as store
from station.archive.customers.book import NewCustomer
from station.archive.customers.fields import Value
from station.archive.customers.prospects import Prospect
from station.archive.customers.sealed import Contact
from station.archive.database import Connection
from station.contact import prospects as rules
from station.contact.prospects import Belongs, Origin, Reliability, Standing
from station.errors import BadValueError, NotAllowedError, NotFoundError
from station.guard import mask
from station.ingest import phones, vehicle_keys
from station.model import Act, OwnerKind, VehicleKey, day_number
from station.services import trail
from station.services.access import acting, right, stations_in_sight, today
from station.services.ask import Ask
from station.services.customers import cards, contacts, fields, kept, prospects
from station.services.customers.contacts import Seen
from station.services.personal import sealing

LONGEST_EVENT, LONGEST_NAME, LONGEST_WORDS = 80, 40, 500
LONGEST_PAUSE_DAYS = 731
CHANNEL = "channel"
"""The field that says by which way a customer came."""


class Decision(StrEnum):
    """What is done with a prospect from now on."""

    CONTINUE = "continue"
    PAUSE = "pause"
    GIVE_UP = "give_up"


@dataclass(frozen=True, slots=True)
class Found:
    """How a prospect was found, how sure that is, and whose he is."""

    origin: str
    reliability: str
    belongs: Belongs = Belongs.NOBODYS
    event: str = ""


@dataclass(frozen=True, slots=True)
class Lead:
    """Somebody met at an event: at least one of name, phone and plate."""

    station: str
    event: str
    name: str = ""
    phone: str = ""
    plate: str = ""
    belongs: Belongs = Belongs.NOBODYS
    keeper: str = ""


@right("prospects.work")
def take_up(ask: Ask, *, vehicle_id: int, belongs: Belongs = Belongs.NOBODYS) -> int:
    """Return the customer made of a vehicle that was nobody's; the asker looks after him.

    Raises:
        NotFoundError: there is no such vehicle, or none in sight; both answer alike.
        BadValueError: it is somebody's.
    """
    station_id = cards.stations_visited(ask, vehicle_id)[0]
    known = prospects.candidates(ask).set_index("vehicle_id")
    is_known = vehicle_id in known.index
    origin = str(known.loc[vehicle_id, "origin"]) if is_known else Origin.AGAIN.value
    reliability = str(known.loc[vehicle_id, "reliability"]) if is_known else Reliability.D.value
    with acting(ask, changes_figures=True) as conn:
        if book.holders(conn, vehicle_id):
            raise BadValueError("prospects.taken")
        customer_id = make(conn, ask, station_id=station_id, keeper_id=ask.scope.account_id)
        store.tie(conn, vehicle_id, customer_id, day_number(today()))
        add(conn, ask, customer_id, Found(origin, reliability, belongs))
        what = f"customer:{customer_id}:prospect:taken_up"
        trail.note(conn, ask.scope, Act.CHANGE, what, station_id=station_id)
    return customer_id


def make(conn: Connection, ask: Ask, *, station_id: int, keeper_id: int) -> int:
    """Return the id of a new customer of whom nothing is known yet; 0 keeps nobody."""
    return book.add(
        conn,
        NewCustomer(
            is_organisation=False,
            owner_kind=OwnerKind.UNKNOWN.value,
            organisation_name="",
            station_id=station_id,
            since_day=day_number(today()),
            keeper_id=keeper_id or None,
            made_by=ask.scope.account,
            made_at=int(time()),
        ),
    )


def came_by(conn: Connection, customer_id: int, origin: Origin) -> None:
    """Write down by which way a new customer came."""
    field_book.put(conn, [Value(customer_id, CHANNEL, origin.value, None)])


def add(conn: Connection, ask: Ask, customer_id: int, how: Found) -> None:
    """Write down that a customer is a prospect in work."""
    store.add(
        conn,
        Prospect(
            customer_id=customer_id,
            source=how.origin,
            reliability=how.reliability,
            belongs=how.belongs.value,
            standing=Standing.OPEN.value,
            event=how.event,
            account=ask.scope.account,
            made_at=int(time()),
        ),
    )


@right("prospects.work")
def add_lead(ask: Ask, *, lead: Lead) -> int:
    """Return the customer made of a lead, assigned at once: to the asker unless another is named.

    Raises:
        NotFoundError: station or keeper are not there.
        NotAllowedError: the keeper does not work there.
        BadValueError: nothing by which he is found again, or his telephone or plate is known.
    """
    (station_id,) = stations_in_sight(ask, [lead.station])
    name, event = " ".join(lead.name.split()), mask.redact(" ".join(lead.event.split()))
    if len(name) > LONGEST_NAME or len(event) > LONGEST_EVENT:
        raise BadValueError("prospects.too_long", name=LONGEST_NAME, event=LONGEST_EVENT)
    phone = phone_of(ask, lead.phone)
    key = key_of(ask, lead.plate, station_id)
    if not (name or phone or key):
        raise BadValueError("prospects.nothing_told")
    sure = rules.of_lead(has_phone=bool(phone), has_plate=key is not None)
    with acting(ask, changes_figures=key is not None) as conn:
        customer_id = make(conn, ask, station_id=station_id, keeper_id=ask.scope.account_id)
        if key and not tie_if_free(conn, customer_id, key):
            raise BadValueError("prospects.plate_known")
        seen = contacts.there(conn, ask, customer_id)
        if lead.keeper.strip():
            keeper_id = contacts.keeper_of(conn, seen, lead.keeper.strip().casefold())
            contacts.give(conn, ask, seen, keeper_id)
        if phone and (known := with_phone(conn, ask, phone)):  # last: no guess leaves no trace
            raise BadValueError("prospects.phone_known", customer=known[0])
        reach(conn, ask, Contact(customer_id), name=name, phone=phone)
        came_by(conn, customer_id, Origin.EVENT)
        how = Found(Origin.EVENT.value, sure.value, lead.belongs, event)
        add(conn, ask, customer_id, how)
        _note(conn, ask, seen, "lead")
    return customer_id


def phone_of(ask: Ask, words: str) -> str:
    """Return a telephone as it was typed, in its one form; empty where nothing was.

    Raises:
        BadValueError: it is no telephone.
    """
    try:
        return phones.read(words, ask.settings.ingest.phone_region)
    except BadValueError as error:
        raise BadValueError("prospects.no_phone") from error


def key_of(ask: Ask, plate: str, station_id: int) -> VehicleKey | None:
    """Return the key of a plate as it was typed at a station, none where nothing was.

    Raises:
        BadValueError: it is no plate.
    """
    if not plate.strip():
        return None
    with ask.db.reading() as conn:
        province = stations.everything(conn)[station_id].province
    key = vehicle_keys.plate_key(plate, "", "CN", province)
    if key is None:
        raise BadValueError("prospects.no_plate")
    return key


def tie_if_free(conn: Connection, customer_id: int, key: VehicleKey) -> bool:
    """Return whether a vehicle is now the customer's, since it was nobody's or his before.

    Where one vehicle has the plate its colour need not be told; of several it must be.
    """
    known = store.with_plate(conn, key.text)
    if len(known) == 1:
        (vehicle_id,) = known
    else:
        vehicle_id = store.vehicle_of(conn, KeyBook().ids(conn, [key])[0] or 0)
        if known and vehicle_id not in known:
            return False
    held = book.holders(conn, vehicle_id)
    if not held:
        store.tie(conn, vehicle_id, customer_id, day_number(today()))
    return not held or customer_id in held


def reach(conn: Connection, ask: Ask, contact: Contact, *, name: str, phone: str) -> None:
    """Seal how a customer is reached; what is empty stays as it was."""
    sealed.put_contacts(conn, [sealing.seal_contact(ask.db, contact, name=name, phone=phone)])


def with_phone(conn: Connection, ask: Ask, phone: str) -> list[int]:
    """Return the customers in sight who have this telephone and were not erased."""
    found = []
    for customer_id in sealed.with_phone(conn, sealing.phone_indexes(ask.db, phone)):
        try:
            found.append(contacts.there(conn, ask, customer_id).customer.id)
        except (NotFoundError, NotAllowedError):
            continue
    return found


@right("prospects.work")
def enlist(ask: Ask, *, customer_id: int, belongs: Belongs) -> None:
    """Put a customer whom one knows on a list: a key customer to be kept, or a rival's to be won.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        NotAllowedError: he was erased.
        BadValueError: he is on a list.
    """
    with acting(ask) as conn:
        seen = contacts.there(conn, ask, customer_id)
        if store.find(conn, book.same(conn, customer_id)):
            raise BadValueError("prospects.listed")
        how = Found(Origin.CUSTOMER.value, Reliability.A.value, belongs)
        add(conn, ask, customer_id, how)
        _note(conn, ask, seen, "enlisted")


def _found(conn: Connection, customer_id: int) -> Prospect:
    prospect = store.find(conn, book.same(conn, customer_id))
    if prospect is None:
        raise NotFoundError("prospects.none")
    return prospect


def _note(conn: Connection, ask: Ask, seen: Seen, deed: str, reason: str = "") -> None:
    contacts.note(conn, ask, seen, f"prospect:{deed}", reason=reason)


@right("prospects.work")
def decide(
    ask: Ask,
    *,
    customer_id: int,
    decision: Decision,
    until: date | None = None,
    reason: str = "",
) -> None:
    """Go on with a prospect, let him rest until a day, or give him up and say why.

    Raises:
        NotFoundError: there is no such prospect, or none in sight; both answer alike.
        BadValueError: he bought already, the day has passed, no reason is given, or it names him.
    """
    with acting(ask) as conn:
        seen = contacts.there(conn, ask, customer_id)
        prospect = _found(conn, customer_id)
        if prospect.won_day or len(store.first_purchases(conn, [prospect.customer_id])):
            raise BadValueError("prospects.won")
        values = _decided(decision, until)
        if decision is Decision.GIVE_UP or reason.strip():
            reason = contacts.impersonal(reason, contacts.of_person(ask.db, seen.customer))
        store.change(conn, prospect.customer_id, **values)
        _note(conn, ask, seen, decision.value, reason)


def _decided(decision: Decision, until: date | None) -> dict[str, object]:
    """Return what is written of a prospect after a decision."""
    if decision is not Decision.PAUSE:
        standing = Standing.OPEN if decision is Decision.CONTINUE else Standing.GIVEN_UP
        return {"standing": standing.value, "pause_until_day": None}
    if until is None or not 0 < (until - today()).days <= LONGEST_PAUSE_DAYS:
        raise BadValueError("prospects.pause_day")
    return {"standing": Standing.PAUSED.value, "pause_until_day": day_number(until)}


@right("prospects.work")
def set_belongs(ask: Ask, *, customer_id: int, belongs: Belongs) -> None:
    """Write down whose customer a prospect is today: ours, a rival's or nobody's.

    Raises:
        NotFoundError: there is no such prospect, or none in sight; both answer alike.
        NotAllowedError: he was erased.
    """
    with acting(ask) as conn:
        seen = contacts.there(conn, ask, customer_id)
        store.change(conn, _found(conn, customer_id).customer_id, belongs=belongs.value)
        _note(conn, ask, seen, f"belongs_{belongs}")


@right("prospects.work")
def write_opportunity(ask: Ask, *, customer_id: int, field: str, words: str) -> None:
    """Write down a prospect's need, the scene in which it arises, or his pain point, sealed.

    What stood there before stays in the history of his fields.

    Raises:
        NotFoundError: there is no such prospect, or none in sight; both answer alike.
        NotAllowedError: he was erased.
        BadValueError: the words are too long, or there is no such field.
    """
    words = words.strip()
    if field not in prospects.OPPORTUNITY or len(words) > LONGEST_WORDS:
        raise BadValueError("error.note_too_long", limit=LONGEST_WORDS)
    with acting(ask) as conn:
        seen = contacts.there(conn, ask, customer_id)
        _found(conn, customer_id)
        standing = kept.standing(conn, ask.db, [seen.customer.id])[seen.customer.id]
        if words != standing.get(field, ""):
            news = {fields.known_fields(ask.settings)[field]: words}
            fields.write(conn, ask, seen.customer, news, standing=standing)
        _note(conn, ask, seen, "opportunity")


@right("prospects.work")
def owners(ask: Ask, *, customer_id: int) -> list[str]:
    """Return the accounts into whose care a prospect may be given.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        seen = contacts.in_sight(conn, ask, customer_id)
        return sorted(contacts.who_work_there(conn, seen.here).values())


@right("prospects.work")
def hand_over(ask: Ask, *, customer_id: int, keeper: str) -> None:
    """Give a prospect into another's care: his keeper may, and whoever assigns customers.

    Raises:
        NotFoundError: prospect or account are not there.
        NotAllowedError: another looks after him, or the account does not work at a station of his.
    """
    with acting(ask) as conn:
        seen = contacts.there(conn, ask, customer_id)
        _found(conn, customer_id)
        is_own = seen.customer.keeper_id == ask.scope.account_id
        assigns = ask.scope.rights.get(prospects.ASSIGN, frozenset()) & seen.here
        if not is_own and not assigns:
            raise NotAllowedError("contacts.not_yours")
        keeper_id = contacts.keeper_of(conn, seen, keeper.strip().casefold())
        contacts.give(conn, ask, seen, keeper_id, how="handed_over")
        _note(conn, ask, seen, "handed_over")
