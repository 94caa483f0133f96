"""Somebody becomes a customer at the counter: his card is made by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import time

from station.archive import lake, stations
from station.archive.books import KeyBook
from station.archive.customers import book, consents, reach, records
from station.archive.customers.book import Customer, NewCustomer
from station.archive.database import Connection
from station.contact.fields import Field
from station.errors import BadValueError, NotFoundError
from station.ingest import vehicle_keys
from station.model import (
    Act,
    CardRecord,
    Channel,
    Consent,
    ConsentSource,
    KeyKind,
    OwnerKind,
    Purpose,
    VehicleKey,
    VehicleRecord,
    day_number,
)
from station.services import trail
from station.services.access import acting, right, stations_in_sight, today
from station.services.ask import Ask
from station.services.customers import fields, kept
from station.services.points import gifts, referring
from station.services.points.members import Named

NAMED = ("name", "phone", "plate", "card")
"""Of a person one of these must be known, or nobody could find him again."""
SAID_THERE = Channel.PHONE


@dataclass(frozen=True, slots=True)
class NewCard:
    """A customer as he is written down by hand; what is empty is not known.

    `more` are other fields by name. `agrees` are the purposes for which he may be addressed from
    now on, by `channel`, as he said by `source`. `takes_over` lets plate and card leave whose they
    are now. `is_kept` gives him into the care of whoever writes him down. `referred_by` is the
    member who brought him, named in full.
    """

    station: str
    is_organisation: bool = False
    owner_kind: OwnerKind = OwnerKind.UNKNOWN
    organisation_name: str = ""
    name: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    plate: str = field(default="", repr=False)
    card: str = field(default="", repr=False)
    more: Mapping[str, str] = field(default_factory=dict, repr=False)
    agrees: tuple[Purpose, ...] = ()
    channel: Channel = SAID_THERE
    source: ConsentSource = ConsentSource.COUNTER
    takes_over: bool = False
    is_kept: bool = True
    referred_by: Named | None = None


@right("customers.edit")
def add(ask: Ask, *, new: NewCard) -> int:
    """Return the id of a new customer, with what is tied to him and what he agreed to.

    Whether he is known already is asked before, by whoever shows the form.

    Raises:
        NotFoundError: the station is not in sight, or nobody is known who brought him.
        BadValueError: too little is told of him, a value cannot be, plate or card are another's
            now, or whoever brought him is himself.
    """
    (station_id,) = stations_in_sight(ask, [new.station])
    brought_by = referring.known(ask, new.referred_by)
    key, number = _key(new.plate), _number(new.card)
    with acting(ask, changes_figures=True) as conn:
        told = _told(conn, ask, new)
        _refuse_taken(conn, ask, new, key, number)
        customer = _made(conn, ask, station_id, new)
        kept.put(conn, ask.db, customer, told)
        day, account = day_number(today()), ask.scope.account
        kept.checked(conn, told, customer.id, day=day, account=account)
        _tie(conn, customer.code, key, number, day)
        consents.add(conn, _said(ask, customer.id, new, day))
        what = f"customer:{customer.id}:made"
        trail.note(conn, ask.scope, Act.CHANGE, what, station_id=station_id)
        referring.bring(conn, ask, customer.id, brought_by, station_id)
        gifts.enrolled(conn, ask, customer.id, station_id)
    lake.refresh(ask.db)
    return customer.id


def _key(plate: str) -> VehicleKey | None:
    if not plate.strip():
        return None
    key = vehicle_keys.plate_key(plate.strip(), "", "CN", "")
    if key is None or key.kind is not KeyKind.PLATE:
        raise BadValueError("enrolling.bad_plate")
    return key


def _number(card: str) -> str:
    try:
        number = vehicle_keys.card_number(card)
    except BadValueError as error:
        raise BadValueError("enrolling.bad_card") from error
    if card.strip() and (not number or "*" in number):
        raise BadValueError("enrolling.bad_card")
    return number


def _told(conn: Connection, ask: Ask, new: NewCard) -> dict[Field, str]:
    """Return what is told of a new customer, as it is kept.

    Raises:
        BadValueError: a value cannot be, or he could not be found again.
    """
    known = fields.known_fields(ask.settings)
    typed = {"name": new.name, "phone": new.phone, **new.more}
    typed |= {"organisation_name": new.organisation_name} if new.is_organisation else {}
    told = {}
    for name, words in typed.items():
        one = known.get(name)
        if one is None or name in {"station", "since", "owner_kind"}:
            raise BadValueError("fields.unknown", field=name)
        if words.strip() and not one.concerns(is_organisation=new.is_organisation):
            raise BadValueError("fields.not_asked", field=name)
        if value := fields.read(conn, ask, one, words):
            told[one] = value
    names = {one.name for one in told}
    if new.is_organisation and "organisation_name" not in names:
        raise BadValueError("enrolling.company_needed")
    if not new.is_organisation and not (
        names & set(NAMED) or new.plate.strip() or new.card.strip()
    ):
        raise BadValueError("enrolling.nobody")
    return told


def _refuse_taken(
    conn: Connection, ask: Ask, new: NewCard, key: VehicleKey | None, number: str
) -> None:
    """Refuse a plate or card that is another's now, unless he hands it over.

    What a customer out of sight holds is never taken.
    """
    plates, cards = ([key.text] if key else []), ([number] if number else [])
    sight = ask.scope.station_ids if new.takes_over else frozenset[int]()
    for taken, word in (
        (reach.foreign_plates(conn, plates, sight), "plate"),
        (reach.foreign_cards(conn, cards, sight), "card"),
    ):
        if taken:
            far = "_far" if new.takes_over else ""
            raise BadValueError(f"enrolling.{word}_taken{far}")


def _made(conn: Connection, ask: Ask, station_id: int, new: NewCard) -> Customer:
    usual = OwnerKind.COMPANY if new.is_organisation else OwnerKind.PRIVATE
    row = NewCustomer(
        is_organisation=new.is_organisation,
        owner_kind=(usual if new.owner_kind is OwnerKind.UNKNOWN else new.owner_kind).value,
        organisation_name="",
        station_id=station_id,
        since_day=day_number(today()),
        keeper_id=(ask.scope.account_id or None) if new.is_kept else None,
        made_by=ask.scope.account,
        made_at=int(time()),
    )
    customer = book.find(conn, book.add(conn, row))
    if customer is None:
        raise NotFoundError("error.customer_not_found")
    return customer


def _tie(conn: Connection, code: str, key: VehicleKey | None, number: str, day: int) -> None:
    """Tie the vehicle and the card to a customer from today on."""
    keys = KeyBook()
    if key is not None:
        told = VehicleRecord(key=key, owner_code=code, since_day=day)
        records.put_vehicles(conn, [told], keys=keys)
    if number:
        card = CardRecord(number=number, customer_code=code, plate=key, since_day=day)
        records.put_cards(conn, [card], keys=keys)


def _said(ask: Ask, customer_id: int, new: NewCard, day: int) -> Sequence[Consent]:
    return [
        Consent(
            customer_id=customer_id,
            purpose=purpose,
            channel=new.channel,
            given=True,
            source=new.source,
            text_version="",
            on_day=day,
            account=ask.scope.account,
            written_at=int(time()),
        )
        for purpose in dict.fromkeys(new.agrees)
    ]


@right("customers.edit")
def homes(ask: Ask) -> list[str]:
    """Return the codes of the stations at which the asker may write somebody down."""
    with ask.db.reading() as conn:
        known = stations.ids(conn)
    return sorted(code for code, number in known.items() if number in ask.scope.station_ids)
