"""A contact is masked for everybody, and opened one at a time by whoever has it in his care."""

import threading
from dataclasses import replace

import pytest
from people import scope_for
from town import NOW, Person, ask_of, at, sell, settle, visit

from station.archive import stations
from station.archive.books import KeyBook
from station.archive.customers import records
from station.archive.database import Database
from station.archive.tables import audit as audit_table
from station.config import Settings
from station.errors import (
    BadValueError,
    LimitReachedError,
    NotAllowedError,
    NotFoundError,
)
from station.guard.rules import LookRules
from station.model import (
    Act,
    Channel,
    ConsentSource,
    CustomerRecord,
    Grant,
    OwnerKind,
    Purpose,
    Role,
    Scope,
    VehicleRecord,
)
from station.services.ask import Ask
from station.services.customers import cards, contacts
from station.services.personal import privacy

FIRST, SECOND, ELSEWHERE = Person(1), Person(2), Person(3, station="S2")


@pytest.fixture
def ask(db: Database) -> Ask:
    """Return the local operator's question on two people of S1 and one of S2."""
    ids = settle(db, [FIRST, SECOND, ELSEWHERE])
    assert list(ids.values()) == [1, 2, 3]
    sell(db, [visit(p, days) for p in (FIRST, SECOND, ELSEWHERE) for days in (0, 5, 9)])
    return ask_of(db)


def as_of(ask: Ask, scope: Scope) -> Ask:
    return replace(ask, scope=scope)


def staff_of(ask: Ask, name: str = "clerk", code: str = "S1", role: Role = Role.STAFF) -> Ask:
    return as_of(ask, scope_for(ask.db, name, at(ask.db, code, role)))


def vehicle_of(ask: Ask, person: Person) -> int:
    return int(cards.find(ask, words=person.plate)["id"][0])


def reveals(ask: Ask) -> list[tuple[object, ...]]:
    with ask.db.reading() as conn:
        columns = audit_table.c
        query = audit_table.select().with_only_columns(
            columns.account, columns.object, columns.station_id, columns.reason
        )
        return [tuple(row) for row in conn.execute(query.where(columns.act == Act.REVEAL))]


def reveal(ask: Ask, customer_id: int, purpose: Purpose = Purpose.SERVICE) -> contacts.Revealed:
    return contacts.reveal(ask, customer_id=customer_id, purpose=purpose, reason="car left on")


def test_everybody_sees_a_masked_owner_and_nobody_another(ask: Ask) -> None:
    (shown,) = contacts.of_vehicle(staff_of(ask), vehicle_id=vehicle_of(ask, FIRST))

    assert (shown.name, shown.phone) == ("甲**", "100****0001")
    assert (shown.keeper, shown.may_reveal, shown.is_erased) == ("", False, False)


def test_a_customer_out_of_sight_answers_like_none(ask: Ask) -> None:
    clerk, answers = staff_of(ask), []
    for customer_id in (3, 999):
        with pytest.raises(NotFoundError) as refused:
            contacts.of_customer(clerk, customer_id=customer_id)
        answers.append((refused.value.key, refused.value.facts))

    assert answers[0] == answers[1]
    assert contacts.of_customer(clerk, customer_id=1).phone == "100****0001"


def test_a_visit_brings_a_customer_into_sight(ask: Ask) -> None:
    clerk = staff_of(ask)
    sell(ask.db, [visit(ELSEWHERE, 1, station="S1", receipt_no="guest")])

    assert contacts.of_customer(clerk, customer_id=3).phone == "100****0003"


def test_a_visit_after_he_sold_it_does_not(ask: Ask) -> None:
    with ask.db.writing() as conn:
        sold = VehicleRecord(
            visit(ELSEWHERE).vehicle, owner_code=FIRST.code, since_day=NOW // 86_400 - 3
        )
        records.put_vehicles(conn, [sold], keys=KeyBook())
    sell(ask.db, [visit(ELSEWHERE, 1, station="S1", receipt_no="sold")])

    with pytest.raises(NotFoundError):
        contacts.of_customer(staff_of(ask), customer_id=3)


def test_staff_open_only_whom_they_look_after(ask: Ask) -> None:
    clerk = staff_of(ask)
    with pytest.raises(NotAllowedError, match=r"contacts\.not_yours"):
        reveal(clerk, 1)

    contacts.assign(ask, customer_id=1, keeper="clerk")

    assert contacts.of_customer(clerk, customer_id=1).may_reveal
    assert reveal(clerk, 1) == contacts.Revealed(FIRST.name, FIRST.phone)
    with pytest.raises(NotAllowedError):
        reveal(clerk, 2)
    assert reveals(ask) == [("clerk", "customer:1", 1, "service: car left on")]


def test_whoever_keeps_the_archive_opens_everybody_there_and_nobody_elsewhere(ask: Ask) -> None:
    manager = staff_of(ask, role=Role.MANAGER)

    assert reveal(manager, 2).phone == SECOND.phone
    with pytest.raises(NotFoundError):
        reveal(manager, 3)


def test_a_reason_is_needed_and_may_not_name_the_person(ask: Ask) -> None:
    manager = staff_of(ask, role=Role.MANAGER)
    for reason in ("", "  ", f"ring {FIRST.name}", f"of {FIRST.code.lower()}"):
        with pytest.raises(BadValueError):
            contacts.reveal(manager, customer_id=1, purpose=Purpose.SERVICE, reason=reason)

    contacts.reveal(manager, customer_id=1, purpose=Purpose.SERVICE, reason="100 0000 9999 asks")

    assert [reason for *_, reason in reveals(ask)] == ["service: *** asks"]


def test_marketing_needs_a_consent_that_holds(ask: Ask) -> None:
    manager = staff_of(ask, role=Role.MANAGER)
    word = {"customer_id": 1, "channel": Channel.PHONE, "source": ConsentSource.PAPER}
    for purpose in (Purpose.MARKETING, Purpose.CARE):
        with pytest.raises(NotAllowedError, match=r"contacts\.no_consent"):
            reveal(manager, 1, purpose)

    privacy.record_consent(manager, **word, purpose=Purpose.MARKETING, given=True)
    assert reveal(manager, 1, Purpose.MARKETING).name == FIRST.name
    privacy.record_consent(manager, **word, purpose=Purpose.MARKETING, given=False)

    with pytest.raises(NotAllowedError, match=r"contacts\.no_consent"):
        reveal(manager, 1, Purpose.MARKETING)


def test_a_days_reveals_end_and_a_race_gains_none(ask: Ask) -> None:
    manager = staff_of(ask, role=Role.MANAGER)
    settings = replace(Settings(), looks=replace(LookRules(), reveals_per_day=5))
    limited = replace(manager, settings=settings)
    outcomes = []

    def try_one() -> None:
        try:
            outcomes.append(reveal(limited, 1).phone)
        except LimitReachedError:
            outcomes.append("")

    threads = [threading.Thread(target=try_one) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == [""] * 7 + [FIRST.phone] * 5
    assert len(reveals(ask)) == 5


def test_a_keeper_works_where_the_customer_is_known(ask: Ask) -> None:
    staff_of(ask, "near"), staff_of(ask, "far", "S2"), staff_of(ask, "head", role=Role.MANAGER)
    scope_for(ask.db, "auditor", Grant(Role.AUDITOR))

    assert contacts.keepers(ask, customer_id=1) == ["head", "near"]
    for name in ("far", "auditor"):
        with pytest.raises(NotAllowedError):
            contacts.assign(ask, customer_id=1, keeper=name)
    with pytest.raises(NotFoundError):
        contacts.assign(ask, customer_id=1, keeper="nobody")
    contacts.assign(ask, customer_id=1, keeper="Near")
    assert contacts.of_customer(ask, customer_id=1).keeper == "near"
    contacts.assign(ask, customer_id=1, keeper="")
    assert contacts.of_customer(ask, customer_id=1).keeper == ""


@pytest.mark.parametrize("typed", ["100 0000 0001", "+86-10000000001", "１００００００００01"])
def test_a_whole_telephone_finds_its_vehicles(ask: Ask, typed: str) -> None:
    assert contacts.find_by_phone(ask, phone=typed) == [1]
    found = cards.find(ask, words=typed)
    assert found[["kind", "why"]].to_numpy().tolist() == [
        ["customer", "phone"],
        ["vehicle", "phone"],
    ]
    assert found["label"].tolist() == ["甲**", FIRST.plate]


@pytest.mark.parametrize("typed", ["0000001", "1000000000", "10000000009", "no number"])
def test_part_of_a_telephone_finds_nobody(ask: Ask, typed: str) -> None:
    assert contacts.customers_by_phone(ask, words=typed) == []


def test_a_telephone_of_another_station_finds_nobody(ask: Ask) -> None:
    clerk = staff_of(ask)

    assert contacts.find_by_phone(clerk, phone=ELSEWHERE.phone) == []
    assert cards.find(clerk, words=ELSEWHERE.phone).empty


def test_what_a_mask_hides_cannot_be_guessed(ask: Ask) -> None:
    clerk = staff_of(ask)
    limited = replace(
        clerk, settings=replace(Settings(), looks=replace(LookRules(), phone_misses_per_day=5))
    )

    for guess in (4, 5, 6, 4, 4, 7, 8):
        assert not contacts.find_by_phone(limited, phone=Person(guess).phone)

    for guess in (9, 1):
        with pytest.raises(LimitReachedError):
            cards.find(limited, words=Person(guess).phone.removeprefix("+86"))
    assert list(cards.find(limited, words=FIRST.plate)["id"])


def test_the_owner_of_a_fleet_is_named_and_its_driver_masked(ask: Ask) -> None:
    with ask.db.writing() as conn:
        fleet = CustomerRecord(
            "FLEET",
            is_organisation=True,
            owner_kind=OwnerKind.COMPANY,
            organisation_name="Example Haulage",
            station="S1",
        )
        records.put_customers(conn, [fleet], station_ids=stations.ids(conn))
        owned = VehicleRecord(visit(FIRST).vehicle, owner_code="FLEET", since_day=20_000)
        records.put_vehicles(conn, [owned], keys=KeyBook())

    (owner,) = contacts.of_vehicle(ask, vehicle_id=vehicle_of(ask, FIRST))

    assert (owner.organisation_name, owner.name, owner.phone) == ("Example Haulage", "", "")
    assert not owner.may_reveal
