"""An organisation's people: masked, opened like a customer, found by telephone while there."""

from dataclasses import replace
from datetime import timedelta

import pytest
from people import scope_for
from sqlalchemy import select
from town import Person, ask_of, at, one, settle

from station.archive.customers import sealed
from station.archive.customers.sealed import Kind
from station.archive.customers.tables import contact_persons
from station.archive.database import Database
from station.archive.tables import customers
from station.config import Settings
from station.errors import (
    BadValueError,
    LimitReachedError,
    NotAllowedError,
    NotFoundError,
)
from station.guard.rules import LookRules
from station.model import ContactRole, Purpose, Role
from station.services import access
from station.services.ask import Ask
from station.services.customers import cards, contacts, persons
from station.services.personal import erasure, keys, privacy

NAME, PHONE = "丁示川", "100 8888 0001"
FULL = "+8610088880001"
OURS, THEIRS, PRIVATE = Person(1), Person(2, station="S2"), Person(3)


@pytest.fixture
def ask(db: Database) -> Ask:
    """Return the local operator's question on an organisation of S1, one of S2 and a person."""
    settle(db, [OURS, THEIRS, PRIVATE])
    with db.writing() as conn:
        companies = customers.c.id.in_([1, 2])
        conn.execute(customers.update().where(companies).values(is_organisation=1))
    return ask_of(db)


def add(ask: Ask, customer_id: int = 1, **changes: object) -> int:
    facts = {"role": ContactRole.FINANCE, "name": NAME, "phone": PHONE} | changes
    return persons.add(ask, customer_id=customer_id, **facts)


def staff_of(ask: Ask, name: str = "clerk", role: Role = Role.STAFF) -> Ask:
    return replace(ask, scope=scope_for(ask.db, name, at(ask.db, "S1", role)))


def the_one(ask: Ask) -> persons.Person:
    (person,) = persons.of_organisation(ask, customer_id=1)
    return person


def reveal(ask: Ask, person_id: int, reason: str = "invoice is wrong") -> contacts.Revealed:
    return persons.reveal(ask, person_id=person_id, purpose=Purpose.SERVICE, reason=reason)


def test_everybody_sees_a_masked_person_with_his_role(ask: Ask) -> None:
    add(ask)

    person = the_one(staff_of(ask))

    assert (person.name, person.phone) == ("丁**", "100****0001")
    assert (person.role, person.may_reveal, person.is_there) == (ContactRole.FINANCE, False, True)
    assert person.checked_day == person.from_day


def test_the_archive_holds_neither_name_nor_phone_in_clear(ask: Ask) -> None:
    add(ask)

    with ask.db.reading() as conn:
        row = conn.execute(select(contact_persons)).mappings().one()
    assert NAME.encode() not in row["name_sealed"]
    assert b"8888" not in row["phone_sealed"]


def test_an_organisation_has_several_people(ask: Ask) -> None:
    for role in ContactRole:
        add(ask, role=role)

    found = persons.of_organisation(ask, customer_id=1)

    assert [person.role for person in found] == list(ContactRole)


def test_a_contact_persons_telephone_finds_the_organisation(ask: Ask) -> None:
    add(ask)

    assert contacts.find_by_phone(staff_of(ask), phone=PHONE) == [1]
    assert contacts.find_by_phone(ask, phone=OURS.phone) == [1]


def test_his_telephone_finds_nobody_out_of_sight(ask: Ask) -> None:
    add(ask, customer_id=2)

    assert contacts.find_by_phone(staff_of(ask), phone=PHONE) == []


def test_whoever_left_is_kept_and_found_no_more(ask: Ask) -> None:
    persons.end(ask, person_id=add(ask))

    assert not the_one(ask).is_there
    assert contacts.find_by_phone(ask, phone=PHONE) == []


def test_the_vehicles_are_found_by_his_telephone(ask: Ask) -> None:
    add(ask)

    found = cards.find(ask, words=PHONE)
    assert len(found[found["kind"] == "vehicle"]) == 1


def test_only_whoever_looks_after_the_organisation_opens_him(ask: Ask) -> None:
    person_id, clerk = add(ask), staff_of(ask)
    with pytest.raises(NotAllowedError, match=r"contacts\.not_yours"):
        reveal(clerk, person_id)

    contacts.assign(ask, customer_id=1, keeper="clerk")

    assert the_one(clerk).may_reveal
    assert reveal(clerk, person_id) == contacts.Revealed(NAME, FULL)
    assert (
        one(ask, "SELECT object FROM audit WHERE act = 'reveal'")
        == f"customer:1:person:{person_id}"
    )
    assert one(ask, "SELECT reason FROM audit WHERE act = 'reveal'") == "service: invoice is wrong"


def test_opening_him_counts_like_any_contact(ask: Ask) -> None:
    manager = staff_of(ask, "boss", Role.MANAGER)
    narrow = replace(manager, settings=replace(Settings(), looks=LookRules(reveals_per_day=2)))
    person_id = add(ask)
    reveal(narrow, person_id)
    contacts.reveal(narrow, customer_id=1, purpose=Purpose.SERVICE, reason="car left on")

    with pytest.raises(LimitReachedError):
        reveal(narrow, person_id)


@pytest.mark.parametrize("reason", ["", " ", f"ask {NAME}", f"ring {OURS.name}"])
def test_a_reason_is_needed_and_names_nobody(ask: Ask, reason: str) -> None:
    with pytest.raises(BadValueError):
        reveal(ask, add(ask), reason)


def test_marketing_needs_the_organisations_consent(ask: Ask) -> None:
    with pytest.raises(NotAllowedError, match=r"contacts\.no_consent"):
        persons.reveal(ask, person_id=add(ask), purpose=Purpose.MARKETING, reason="offer")


def test_out_of_sight_and_not_there_answer_alike(ask: Ask) -> None:
    person_id, manager = add(ask, customer_id=2), staff_of(ask, "boss", Role.MANAGER)

    for unknown in (person_id, 999):
        for act in (persons.verify, persons.end, reveal):
            with pytest.raises(NotFoundError, match=r"persons\.unknown"):
                act(manager, person_id=unknown)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"name": "", "phone": ""}, "persons.nothing"),
        ({"name": "甲" * 41}, "persons.name_long"),
        ({"phone": "call me"}, "persons.bad_phone"),
        ({"since": access.today() + timedelta(days=1)}, "persons.day_ahead"),
        ({"customer_id": 3}, "persons.no_organisation"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    ask: Ask, changes: dict[str, object], key: str
) -> None:
    with pytest.raises(BadValueError, match=key.replace(".", r"\.")):
        add(ask, **changes)

    assert one(ask, "SELECT count(*) FROM contact_persons") == 0


def test_what_is_left_empty_stays_as_it_was(ask: Ask) -> None:
    person_id = add(ask, since=access.today() - timedelta(days=30))

    persons.change(ask, person_id=person_id, role=ContactRole.OWNER, phone="100 8888 0009")

    assert (the_one(ask).role, the_one(ask).name) == (ContactRole.OWNER, "丁**")
    assert reveal(ask, person_id) == contacts.Revealed(NAME, "+8610088880009")
    assert contacts.find_by_phone(ask, phone=PHONE) == []


def test_nobody_leaves_before_he_came(ask: Ask) -> None:
    with pytest.raises(BadValueError, match=r"persons\.before"):
        persons.end(ask, person_id=add(ask), on=access.today() - timedelta(days=1))


def test_merged_organisations_show_the_people_of_both(ask: Ask) -> None:
    add(ask)
    add(ask, customer_id=2, name="戊示")
    with ask.db.writing() as conn:
        conn.execute(customers.update().where(customers.c.id == 2).values(merged_into=1))

    for customer_id in (1, 2):
        found = persons.of_organisation(ask, customer_id=customer_id)
        assert [person.name for person in found] == ["丁**", "戊*"]


def test_new_keys_still_open_and_find_him(ask: Ask) -> None:
    person_id = add(ask)

    keys.rotate(ask)

    assert reveal(ask, person_id) == contacts.Revealed(NAME, FULL)
    assert contacts.find_by_phone(ask, phone=PHONE) == [1]


def test_a_text_moved_to_another_organisation_is_shut(ask: Ask) -> None:
    person_id = add(ask)
    with ask.db.writing() as conn:
        conn.execute(contact_persons.update().values(customer_id=2))

    assert reveal(ask, person_id) == contacts.Revealed(None, None)
    assert sealed.place(Kind.PERSON_NAME, customer_id=2) == "contact_persons/2/name"


def test_the_file_names_him_and_an_erasure_forgets_him(ask: Ask) -> None:
    add(ask)
    file = privacy.person_file(ask, customer_id=1, identity="card seen", reason="asked")
    assert [person["name"] for person in file["contact_persons"]] == [NAME]
    assert [person["phone"] for person in file["contact_persons"]] == [FULL]

    erasure.erase(ask, customer_id=1, reason="asked")

    assert persons.of_organisation(ask, customer_id=1) == []
    assert contacts.find_by_phone(ask, phone=PHONE) == []
