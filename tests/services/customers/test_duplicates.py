"""Likely pairs are shown with what speaks for them, masked, and only of what is in sight."""

from dataclasses import replace

import pytest
from people import scope_for
from town import Person, ask_of, at, sell, settle, visit

from station.archive import stations
from station.archive.books import KeyBook
from station.archive.customers import records, sealed
from station.archive.database import Database
from station.errors import BadValueError, NotFoundError
from station.model import CustomerRecord, OwnerKind, Role, VehicleRecord
from station.services.ask import Ask
from station.services.customers import duplicates, merging
from station.services.personal import sealing

FIRST, TWIN, SECOND, ELSEWHERE = Person(1), Person(2), Person(3), Person(4, station="S2")


@pytest.fixture
def ask(db: Database) -> Ask:
    """Return the operator's question on four people, of whom two have one telephone."""
    ids = settle(db, [FIRST, TWIN, SECOND, ELSEWHERE])
    assert list(ids.values()) == [1, 2, 3, 4]
    reach(db, TWIN, phone=FIRST.phone)
    sell(db, [visit(p, days) for p in (FIRST, TWIN, SECOND) for days in (0, 5, 9)])
    sell(db, [visit(ELSEWHERE, days) for days in (1, 6)])
    return ask_of(db)


def reach(db: Database, person: Person, *, phone: str) -> None:
    with db.writing() as conn:
        known = sealed.contacts(conn, [person.code])[person.code]
        sealed.put_contacts(conn, [sealing.seal_contact(db, known, name="", phone=phone)])


def ids_of(found: list[duplicates.Pair]) -> list[tuple[int, int]]:
    return [(pair.first.record.customer_id, pair.second.record.customer_id) for pair in found]


def test_two_records_with_one_telephone_are_shown_masked(ask: Ask) -> None:
    (pair,) = duplicates.pairs(ask)

    assert ids_of([pair]) == [(1, 2)]
    assert next((e.code, e.fact) for e in pair.evidence) == ("same_phone", "100****0001")
    assert pair.first.record.name == "甲**"
    assert pair.first.plates == (FIRST.plate,)
    told = repr(pair)
    assert not any(word in told for word in (FIRST.name, FIRST.phone, TWIN.name))


def test_a_pair_is_gone_when_it_is_merged_and_back_when_that_is_undone(ask: Ask) -> None:
    made = merging.merge(ask, kept_id=1, gone_id=2, reason="one telephone")
    assert duplicates.pairs(ask) == []

    merging.undo(ask, merge_id=made)

    assert ids_of(duplicates.pairs(ask)) == [(1, 2)]


def test_whoever_was_told_apart_is_not_asked_of_again(ask: Ask) -> None:
    duplicates.set_apart(ask, one_id=2, other_id=1)
    duplicates.set_apart(ask, one_id=1, other_id=2)

    assert duplicates.pairs(ask) == []
    with pytest.raises(BadValueError):
        duplicates.set_apart(ask, one_id=1, other_id=1)


def test_whoever_was_told_apart_stays_so_when_one_goes_into_another(ask: Ask) -> None:
    duplicates.set_apart(ask, one_id=1, other_id=2)
    merging.merge(ask, kept_id=3, gone_id=1, reason="seen together")

    assert duplicates.pairs(ask) == []


def test_one_vehicle_of_two_owners_at_once_makes_a_pair(ask: Ask) -> None:
    with ask.db.writing() as conn:
        shared = CustomerRecord(
            "NEW", is_organisation=False, owner_kind=OwnerKind.PRIVATE, station="S1"
        )
        records.put_customers(conn, [shared], station_ids=stations.ids(conn))
        held = records.CardRecord("99887766", "", "NEW", visit(SECOND).vehicle)
        records.put_cards(conn, [held], keys=KeyBook())

    found = {ids: pair for pair in duplicates.pairs(ask) for ids in ids_of([pair])}

    assert [(e.code, e.fact) for e in found[3, 5].evidence] == [("same_plate", SECOND.plate)]


def test_a_pair_with_one_side_out_of_sight_is_not_shown(ask: Ask) -> None:
    reach(ask.db, ELSEWHERE, phone=SECOND.phone)
    manager = replace(ask, scope=scope_for(ask.db, "mona", at(ask.db, "S1", Role.MANAGER)))

    assert ids_of(duplicates.pairs(ask)) == [(1, 2), (3, 4)]
    assert ids_of(duplicates.pairs(manager)) == [(1, 2)]
    with pytest.raises(NotFoundError):
        duplicates.set_apart(manager, one_id=3, other_id=4)


@pytest.mark.parametrize(
    ("asked", "codes"),
    [
        ({"phone": SECOND.phone}, ("same_phone",)),
        ({"name": SECOND.name}, ("same_name",)),
        ({"plate": SECOND.plate}, ("same_plate",)),
        (
            {"name": SECOND.name, "phone": SECOND.phone, "plate": SECOND.plate},
            ("same_phone", "same_plate", "same_name"),
        ),
    ],
)
def test_whoever_is_known_is_named_before_he_is_saved_again(
    ask: Ask, asked: dict[str, str], codes: tuple[str, ...]
) -> None:
    clerk = replace(ask, scope=scope_for(ask.db, "sven", at(ask.db, "S1", Role.STAFF)))

    (known,) = duplicates.similar(clerk, **asked)

    assert (known.record.customer_id, known.codes) == (3, codes)
    assert known.record.name == "甲**"


@pytest.mark.parametrize("name", [ELSEWHERE.name, "", "甲"])
def test_nobody_out_of_sight_and_no_part_of_a_name_is_named(ask: Ask, name: str) -> None:
    clerk = replace(ask, scope=scope_for(ask.db, "sven", at(ask.db, "S1", Role.STAFF)))

    found = duplicates.similar(clerk, name=name, phone=ELSEWHERE.phone, plate=ELSEWHERE.plate)

    assert found == []


def test_an_organisation_is_known_by_a_name_near_its_own(ask: Ask) -> None:
    with ask.db.writing() as conn:
        told = CustomerRecord(
            "F1",
            is_organisation=True,
            owner_kind=OwnerKind.COMPANY,
            organisation_name="示例市甲示物流有限公司",
            station="S1",
        )
        records.put_customers(conn, [told], station_ids=stations.ids(conn))
        owned = VehicleRecord(visit(SECOND).vehicle, owner_code="F1", since_day=20_000)
        records.put_vehicles(conn, [owned], keys=KeyBook())

    (known,) = duplicates.similar(ask, name="甲示物流公司")

    assert (known.record.organisation_name, known.codes) == (
        "示例市甲示物流有限公司",
        ("near_name",),
    )
