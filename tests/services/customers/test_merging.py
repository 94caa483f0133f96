"""Two records that are one customer answer as one, and after an undo as two again."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from people import scope_for
from sqlalchemy import update
from town import NOW, Person, ask_of, at, sell, settle, visit

from station.archive import stations
from station.archive.books import KeyBook
from station.archive.customers import merging as store
from station.archive.customers import reach, records, tables
from station.archive.database import Database
from station.errors import BadValueError, NotAllowedError, NotFoundError
from station.guard import mask
from station.model import (
    DAY_S,
    Channel,
    ConsentSource,
    CustomerRecord,
    OwnerKind,
    Purpose,
    Role,
    VehicleRecord,
)
from station.services import board
from station.services.ask import Ask
from station.services.customers import cards, contacts, merging, portrait
from station.services.personal import erasure, privacy, retention

KEPT, GONE, ELSEWHERE = Person(1), Person(2), Person(3, station="S2")
WORD = {"purpose": Purpose.CARE, "channel": Channel.SMS, "source": ConsentSource.PAPER}


@pytest.fixture
def ask(db: Database) -> Ask:
    """Return the local operator's question on two records of S1 and one of S2."""
    assert list(settle(db, [KEPT, GONE, ELSEWHERE]).values()) == [1, 2, 3]
    sell(db, [visit(p, days) for p in (KEPT, GONE, ELSEWHERE) for days in (0, 5, 9)])
    return ask_of(db)


def merge(ask: Ask, kept_id: int = 1, gone_id: int = 2) -> int:
    return merging.merge(ask, kept_id=kept_id, gone_id=gone_id, reason="one telephone")


def vehicle_of(ask: Ask, person: Person) -> int:
    return int(cards.find(ask, words=person.plate)["id"][0])


def organisation(ask: Ask, code: str, name: str, station: str = "S1") -> int:
    with ask.db.writing() as conn:
        told = CustomerRecord(
            code,
            is_organisation=True,
            owner_kind=OwnerKind.COMPANY,
            organisation_name=name,
            station=station,
        )
        records.put_customers(conn, [told], station_ids=stations.ids(conn))
    return contacts.by_code(ask, code=code)


QUESTIONS: dict[str, Callable[[Ask, int], Any]] = {
    "of_customer": lambda ask, one: contacts.of_customer(ask, customer_id=one),
    "keepers": lambda ask, one: contacts.keepers(ask, customer_id=one),
    "consents": lambda ask, one: privacy.consents(ask, customer_id=one).to_csv(),
    "has_consent": lambda ask, one: privacy.has_consent(
        ask, customer_id=one, purpose=Purpose.CARE, channel=Channel.SMS
    ),
    "reveal": lambda ask, one: contacts.reveal(
        ask, customer_id=one, purpose=Purpose.SERVICE, reason="asked"
    ),
    "by_code": lambda ask, one: contacts.by_code(ask, code=Person(one).code),
    "portrait": lambda ask, one: (
        (shown := portrait.portrait(ask, customer_id=one)).code,
        shown.contact,
        shown.vehicles["label"].tolist(),
        shown.cards.to_csv(),
    ),
    "happened": lambda ask, one: portrait.happened(ask, customer_id=one).to_csv(),
    "history": lambda ask, one: merging.history(ask, customer_id=one),
    "person_file": lambda ask, one: {
        name: part
        for name, part in privacy.person_file(
            ask, customer_id=one, identity="card", reason="asked"
        ).items()
        if name not in {"made_at", "events"}
    },
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_is_answered_alike_for_both_sides(ask: Ask, question: str) -> None:
    privacy.record_consent(ask, customer_id=2, given=True, **WORD)
    merge(ask)

    kept, gone = (QUESTIONS[question](ask, one) for one in (1, 2))

    assert kept == gone


def test_a_merged_customer_has_what_either_side_has(ask: Ask) -> None:
    privacy.record_consent(ask, customer_id=2, given=True, **WORD)
    merge(ask)

    file = privacy.person_file(ask, customer_id=1, identity="card", reason="asked")
    assert len(file["vehicles"]) == len(file["cards"]) == 2
    assert len(file["lines"]) == 6
    assert [record["code"] for record in file["customer"]["records"]] == [KEPT.code, GONE.code]
    assert [record["name"] for record in file["customer"]["records"]] == [KEPT.name, GONE.name]
    assert len(file["merges"]) == len(file["consents"]) == 1
    for person in (KEPT, GONE):
        (owner,) = contacts.of_vehicle(ask, vehicle_id=vehicle_of(ask, person))
        assert owner.customer_id == 1
        assert contacts.find_by_phone(ask, phone=person.phone) == [1]
        found = cards.find(ask, words=person.phone.removeprefix("+86"))
        assert set(found.loc[found["kind"] == "vehicle", "id"]) == {
            vehicle_of(ask, KEPT),
            vehicle_of(ask, GONE),
        }
        card = cards.card(ask, vehicle_id=vehicle_of(ask, person))
        assert card.owners["customer_code"].tolist() == [KEPT.code]
    rows = board.vehicles(ask)
    assert rows.groupby("customer_id")["vehicle_id"].nunique().to_dict() == {1.0: 2, 3.0: 1}


def test_what_the_one_that_stands_does_not_tell_the_other_tells(ask: Ask) -> None:
    with ask.db.writing() as conn:
        blank = dict.fromkeys(("phone_sealed", "phone_index"))
        conn.execute(update(tables.metadata.tables["customers"]).values(blank).where(_is(1)))
        conn.execute(update(tables.metadata.tables["customers"]).values(keeper_id=None))
    scope_for(ask.db, "clerk", at(ask.db, "S1", Role.STAFF))
    contacts.assign(ask, customer_id=2, keeper="clerk")
    merge(ask)

    shown = contacts.of_customer(ask, customer_id=1)
    assert shown.name == mask.name(KEPT.name)
    assert shown.phone == mask.phone(GONE.phone)
    assert shown.keeper == "clerk"
    contacts.assign(ask, customer_id=1, keeper="")
    assert contacts.of_customer(ask, customer_id=1).keeper == ""


def _is(customer_id: int) -> Any:
    return tables.metadata.tables["customers"].c.id == customer_id


def test_fleets_of_two_records_are_one_on_the_board(ask: Ask) -> None:
    blank, named = organisation(ask, "F1", ""), organisation(ask, "F2", "甲示物流")
    with ask.db.writing() as conn:
        for person, code in ((KEPT, "F1"), (GONE, "F2")):
            owned = VehicleRecord(visit(person).vehicle, owner_code=code, since_day=20_000)
            records.put_vehicles(conn, [owned], keys=KeyBook())

    merge(ask, blank, named)

    rows = board.vehicles(ask).set_index("label").loc[[KEPT.plate, GONE.plate]]
    assert set(rows["customer_id"]) == {blank}
    assert set(rows["organisation_name"]) == {"甲示物流"}


def test_a_new_fact_stays_with_the_side_it_names(ask: Ask) -> None:
    made = merge(ask)
    privacy.record_consent(ask, customer_id=2, given=True, **WORD)
    with ask.db.writing() as conn:
        owned = VehicleRecord(visit(ELSEWHERE).vehicle, owner_code=GONE.code, since_day=20_000)
        records.put_vehicles(conn, [owned], keys=KeyBook())

    merging.undo(ask, merge_id=made)

    assert privacy.consents(ask, customer_id=1).empty
    assert len(privacy.consents(ask, customer_id=2)) == 1
    (owner,) = contacts.of_vehicle(ask, vehicle_id=vehicle_of(ask, ELSEWHERE))
    assert owner.customer_id == 2


def test_a_merge_may_be_taken_back_out_of_order(ask: Ask) -> None:
    first = merge(ask, 1, 2)
    merge(ask, 3, 1)

    merging.undo(ask, merge_id=first)

    assert [contacts.by_code(ask, code=p.code) for p in (KEPT, GONE, ELSEWHERE)] == [3, 2, 3]


@pytest.mark.parametrize(
    ("kept_id", "gone_id", "key"),
    [(1, 1, "merging.same"), (2, 1, "merging.same"), (1, 4, "merging.kinds")],
)
def test_what_is_one_or_of_another_kind_is_not_merged(
    ask: Ask, kept_id: int, gone_id: int, key: str
) -> None:
    assert organisation(ask, "F1", "甲示物流") == 4
    merge(ask)

    with pytest.raises(BadValueError, match=key.replace(".", r"\.")):
        merge(ask, kept_id, gone_id)


def test_a_record_goes_into_one_other_only(ask: Ask) -> None:
    merge(ask)

    with pytest.raises(BadValueError, match=r"merging\.gone_before"):
        merge(ask, 3, 2)


def test_both_must_be_in_sight_and_staff_may_not_merge(ask: Ask) -> None:
    held = [(name, at(ask.db, "S1", role)) for name, role in
            (("mona", Role.MANAGER), ("sven", Role.STAFF))]  # fmt: skip
    scopes = [scope_for(ask.db, name, grant) for name, grant in held]
    manager, clerk = (replace(ask, scope=replace(scope, version=None)) for scope in scopes)

    with pytest.raises(NotFoundError):
        merge(manager, 1, 3)
    with pytest.raises(NotAllowedError):
        merge(clerk)
    assert merge(manager)


def test_a_merge_across_stations_is_seen_and_undone_by_both(ask: Ask) -> None:
    made = merge(ask, 1, 3)
    south = replace(ask, scope=scope_for(ask.db, "suse", at(ask.db, "S2", Role.MANAGER)))

    assert contacts.of_customer(south, customer_id=3).customer_id == 1
    assert [entry.days_left for entry in merging.recent(south)] == [30]
    merging.undo(south, merge_id=made)
    with pytest.raises(NotFoundError):
        contacts.of_customer(south, customer_id=1)


def test_files_of_either_home_may_name_a_merged_customer(ask: Ask) -> None:
    merge(ask, 1, 3)
    with ask.db.reading() as conn:
        ids = stations.ids(conn)
        for code in ("S1", "S2"):
            assert not reach.foreign_customers(conn, [KEPT.code, ELSEWHERE.code], [ids[code]])
            assert not reach.foreign_plates(conn, [ELSEWHERE.plate], [ids[code]])
            assert not reach.foreign_cards(conn, [KEPT.card], [ids[code]])


@pytest.mark.parametrize(("kept_id", "gone_id"), [(1, 3), (3, 1)])
def test_a_customer_of_another_station_who_passes_by_is_not_merged_into_one_of_here(
    ask: Ask, kept_id: int, gone_id: int
) -> None:
    sell(ask.db, [visit(ELSEWHERE, 3, station="S1", receipt_no="P1", natural_key="P1")])
    scope = scope_for(ask.db, "north", at(ask.db, "S1", Role.MANAGER))
    north = replace(ask, scope=replace(scope, version=None))
    assert contacts.of_customer(north, customer_id=3)

    with pytest.raises(NotAllowedError, match=r"merging\.elsewhere"):
        merge(north, kept_id, gone_id)


def test_a_merge_out_of_sight_is_undone_by_nobody_and_answers_like_none(ask: Ask) -> None:
    made = merge(ask)
    scope = scope_for(ask.db, "south", at(ask.db, "S2", Role.MANAGER))
    answers = []
    for merge_id in (made, 99):
        with pytest.raises(NotFoundError) as refused:
            merging.undo(replace(ask, scope=scope), merge_id=merge_id)
        answers.append((refused.value.key, refused.value.facts))

    assert answers[0] == answers[1]


def test_a_merge_is_undone_once_and_in_its_time(ask: Ask) -> None:
    first, late = merge(ask), merge(ask, 1, 3)
    with ask.db.writing() as conn:
        old = update(tables.merges).where(tables.merges.c.id == late)
        conn.execute(old.values(merged_at=NOW - 400 * DAY_S))

    merging.undo(ask, merge_id=first)

    with pytest.raises(BadValueError, match=r"merging\.undone_before"):
        merging.undo(ask, merge_id=first)
    with pytest.raises(BadValueError, match=r"merging\.too_late"):
        merging.undo(ask, merge_id=late)
    with pytest.raises(NotFoundError):
        merging.undo(ask, merge_id=99)
    told = [(e.is_undone, e.days_left) for e in merging.history(ask, customer_id=1)]
    assert told == [(True, None), (False, None)]
    assert merging.recent(ask) == []


def test_a_reason_may_name_neither_side(ask: Ask) -> None:
    for person in (KEPT, GONE):
        with pytest.raises(BadValueError, match=r"contacts\.reason_names"):
            merging.merge(ask, kept_id=1, gone_id=2, reason=f"is {person.name}")
    merge(ask)
    with pytest.raises(BadValueError, match=r"contacts\.reason_names"):
        contacts.reveal(ask, customer_id=1, purpose=Purpose.SERVICE, reason=f"for {GONE.name}")


def test_a_person_is_erased_with_all_his_records(ask: Ask) -> None:
    merge(ask)

    erasure.erase(ask, customer_id=1, reason="asked")

    for one in (1, 2):
        assert contacts.of_customer(ask, customer_id=one).is_erased
        with pytest.raises(NotAllowedError):
            contacts.assign(ask, customer_id=one, keeper="")
    for person in (KEPT, GONE):
        assert cards.find(ask, words=person.plate).empty
        assert contacts.find_by_phone(ask, phone=person.phone) == []
    with ask.db.reading() as conn:
        assert store.naming(conn, [1, 2]) == []
    assert cards.find(ask, words=ELSEWHERE.plate)["label"].tolist() == [ELSEWHERE.plate]


def test_an_organisation_loses_whom_to_ask_for_in_all_its_records(ask: Ask) -> None:
    first, second = organisation(ask, "F1", "甲示物流"), organisation(ask, "F2", "甲示货运")
    merge(ask, first, second)

    erasure.erase(ask, customer_id=second, reason="asked")

    assert contacts.of_customer(ask, customer_id=second).organisation_name == "甲示物流"


def test_a_contact_is_kept_while_the_other_side_comes(ask: Ask) -> None:
    long_after = NOW // DAY_S + 390
    sell(ask.db, [visit(KEPT, -390, receipt_no="later")])
    assert retention.contacts_unseen(ask.db, long_after) == [2, 3]

    merge(ask)

    assert retention.contacts_unseen(ask.db, long_after) == [3]


def test_people_of_one_name_never_cross(ask: Ask) -> None:
    twins = [Person(n) for n in (11, 12, 13)]
    with ask.db.writing() as conn:
        told = [
            CustomerRecord(
                p.code, is_organisation=False, owner_kind=OwnerKind.PRIVATE, station="S1"
            )
            for p in twins
        ]
        records.put_customers(conn, told, station_ids=stations.ids(conn))
        owned = [VehicleRecord(visit(p).vehicle, owner_code=p.code) for p in twins]
        records.put_vehicles(conn, owned, keys=KeyBook())
        known = contacts.sealed.contacts(conn, [p.code for p in twins])
        contacts.sealed.put_contacts(
            conn,
            [
                contacts.sealing.seal_contact(ask.db, known[p.code], name="甲示同", phone=p.phone)
                for p in twins
            ],
        )
    sell(ask.db, [visit(p) for p in twins])
    first, second, third = (contacts.by_code(ask, code=p.code) for p in twins)

    merge(ask, first, second)

    for person, owner_id in zip(twins, (first, first, third), strict=True):
        assert contacts.find_by_phone(ask, phone=person.phone) == [owner_id]
        (owner,) = contacts.of_vehicle(ask, vehicle_id=vehicle_of(ask, person))
        assert owner.customer_id == owner_id
    file = privacy.person_file(ask, customer_id=third, identity="card", reason="asked")
    assert len(file["vehicles"]) == 1
