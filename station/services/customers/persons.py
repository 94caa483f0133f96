"""The people of an organisation: masked, opened one at a time, each with his time and role."""

from dataclasses import dataclass, replace
from datetime import date

from station.archive.customers import book, sealed
from station.archive.customers import persons as store
from station.archive.customers.persons import ContactPerson
from station.archive.customers.sealed import Kind
from station.archive.database import Connection, Database
from station.errors import BadValueError, NotFoundError
from station.guard import mask, traces
from station.ingest import phones
from station.model import ContactRole, Purpose, day_number
from station.services.access import acting, right, today
from station.services.ask import Ask
from station.services.customers import contacts
from station.services.customers.contacts import Revealed, Seen
from station.services.personal import sealing

LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of an organisation as everybody may see him; days are numbers, none if open."""

    id: int
    customer_id: int
    role: ContactRole
    name: str
    phone: str
    from_day: int
    to_day: int | None
    checked_day: int | None
    may_reveal: bool

    @property
    def is_there(self) -> bool:
        """Whether he has not left."""
        return self.to_day is None


@right("cards.read")
def of_organisation(ask: Ask, *, customer_id: int) -> list[Person]:
    """Return the contact persons of an organisation, masked; those who left come last.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        seen = contacts.in_sight(conn, ask, customer_id)
        known = store.of_customers(conn, book.same(conn, customer_id))
    return [_masked(ask, seen, person) for person in known]


def _masked(ask: Ask, seen: Seen, person: ContactPerson) -> Person:
    name, phone = opened(ask.db, person)
    return Person(
        id=person.id,
        customer_id=person.customer_id,
        role=person.role,
        name=mask.name(name or ""),
        phone=mask.phone(phone or ""),
        from_day=person.from_day,
        to_day=person.to_day,
        checked_day=person.checked_day,
        may_reveal=_is_kept(person) and contacts.may_reveal(ask, seen),
    )


def opened(db: Database, person: ContactPerson) -> tuple[str | None, str | None]:
    """Return name and phone, empty where there is none, none where it cannot be opened."""
    return (
        sealing.unseal(db, person.name_sealed, place=_place(Kind.PERSON_NAME, person)),
        sealing.unseal(db, person.phone_sealed, place=_place(Kind.PERSON_PHONE, person)),
    )


def _place(kind: Kind, person: ContactPerson) -> str:
    return sealed.place(kind, customer_id=person.customer_id)


def _is_kept(person: ContactPerson) -> bool:
    return bool(person.name_sealed or person.phone_sealed)


@right("customers.edit")
def add(
    ask: Ask,
    *,
    customer_id: int,
    role: ContactRole,
    name: str,
    phone: str = "",
    since: date | None = None,
) -> int:
    """Return the id of a new contact person of an organisation, there since today or a day before.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        NotAllowedError: the customer was erased.
        BadValueError: it is no organisation, no name or phone is given, or one cannot be.
    """
    day = since or today()
    if day > today():
        raise BadValueError("persons.day_ahead")
    person = ContactPerson(customer_id, role, day_number(day))
    with ask.db.writing(changes_figures=False) as conn:
        seen = _organisation(conn, ask, customer_id)
        person = _sealed(ask, person, name=name, phone=phone)
        if not _is_kept(person):
            raise BadValueError("persons.nothing")
        person_id = store.add(conn, replace(person, checked_day=day_number(today())))
        _note(conn, ask, seen, person_id, "added")
    return person_id


def _organisation(conn: Connection, ask: Ask, customer_id: int) -> Seen:
    seen = contacts.there(conn, ask, customer_id)
    if not seen.customer.is_organisation:
        raise BadValueError("persons.no_organisation")
    return seen


def _sealed(ask: Ask, person: ContactPerson, *, name: str, phone: str) -> ContactPerson:
    """Return the person with a name and a phone; what is empty stays as it was."""
    told = " ".join(name.split())
    if len(told) > LONGEST_NAME:
        raise BadValueError("persons.name_long", limit=LONGEST_NAME)
    number = _number(ask, phone)
    if told:
        place = _place(Kind.PERSON_NAME, person)
        person = replace(
            person,
            name_sealed=sealing.seal(ask.db, told, place=place),
            name_index=sealing.index(ask.db, Kind.PERSON_NAME, told),
        )
    if number:
        place = _place(Kind.PERSON_PHONE, person)
        person = replace(
            person,
            phone_sealed=sealing.seal(ask.db, number, place=place),
            phone_index=sealing.index(ask.db, Kind.PERSON_PHONE, number),
        )
    return person


def _number(ask: Ask, phone: str) -> str:
    """Return a telephone as E.164, empty where none is given."""
    try:
        return phones.read(phone, ask.settings.ingest.phone_region)
    except BadValueError as error:
        raise BadValueError("persons.bad_phone") from error


@right("customers.edit")
def change(ask: Ask, *, person_id: int, role: ContactRole, name: str = "", phone: str = "") -> None:
    """Put down what is new of a contact person; a name or phone left empty stays as it was.

    Raises:
        NotFoundError: there is no such person, or none in sight; both answer alike.
        BadValueError: name or phone cannot be.
    """
    with ask.db.writing(changes_figures=False) as conn:
        seen, person = _theirs(conn, ask, person_id)
        person = _sealed(ask, replace(person, role=role), name=name, phone=phone)
        if name.strip() or phone.strip():
            person = replace(person, checked_day=day_number(today()))
        store.put(conn, person)
        _note(conn, ask, seen, person_id, "changed")


@right("customers.edit")
def verify(ask: Ask, *, person_id: int) -> None:
    """Write down that a contact person is still reached as it stands here.

    Raises:
        NotFoundError: there is no such person, or none in sight; both answer alike.
    """
    with ask.db.writing(changes_figures=False) as conn:
        seen, person = _theirs(conn, ask, person_id)
        store.put(conn, replace(person, checked_day=day_number(today())))
        _note(conn, ask, seen, person_id, "verified")


@right("customers.edit")
def end(ask: Ask, *, person_id: int, on: date | None = None) -> None:
    """Write down that a contact person left, today or on a day before.

    Raises:
        NotFoundError: there is no such person, or none in sight; both answer alike.
        BadValueError: the day lies ahead, or before he came.
    """
    day = on or today()
    with ask.db.writing(changes_figures=False) as conn:
        seen, person = _theirs(conn, ask, person_id)
        if day > today():
            raise BadValueError("persons.day_ahead")
        if day_number(day) < person.from_day:
            raise BadValueError("persons.before_he_came")
        store.put(conn, replace(person, to_day=day_number(day)))
        _note(conn, ask, seen, person_id, "left")


def _theirs(conn: Connection, ask: Ask, person_id: int) -> tuple[Seen, ContactPerson]:
    """Return a person and the organisation in sight; all that is not in sight answers alike."""
    person = store.find(conn, person_id)
    try:
        seen = contacts.there(conn, ask, person.customer_id if person else 0)
    except NotFoundError as error:
        raise NotFoundError("persons.unknown") from error
    if person is None:
        raise NotFoundError("persons.unknown")
    return seen, person


@right(contacts.REVEAL)
def reveal(ask: Ask, *, person_id: int, purpose: Purpose, reason: str) -> Revealed:
    """Return a contact person's name and phone in full, by the rules of `contacts.reveal`.

    Raises:
        NotFoundError: he is not in sight, or nothing is kept of how to reach him.
        NotAllowedError: the organisation is in another's care, or does not agree to this purpose.
        BadValueError: no reason is given, or it names him.
        LimitReachedError: the day's are used up.
    """
    with acting(ask) as conn:
        seen, person = _theirs(conn, ask, person_id)
        contacts.refuse_reveal(conn, ask, seen, purpose)
        if not _is_kept(person):
            raise NotFoundError("contacts.none_kept")
        name, phone = opened(ask.db, person)
        contacts.impersonal(reason, contacts.of_person(ask.db, seen.customer))
        why = contacts.impersonal(
            reason, traces.of(names=[name or ""], phones=[phone or ""], marks=[])
        )
        what = f"customer:{person.customer_id}:person:{person_id}"
        contacts.note_reveal(conn, ask, seen, what, reason=f"{purpose}: {why}")
        return Revealed(name, phone)


def _note(conn: Connection, ask: Ask, seen: Seen, person_id: int, what: str) -> None:
    contacts.note(conn, ask, seen, f"person:{person_id}:{what}")
