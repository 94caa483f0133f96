"""What typed words mean is found, the surest first, and never out of sight."""

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from people import scope_for
from sqlalchemy import insert, update
from town import Person, ask_of, at, sell, settle, visit

from station.archive.customers.tables import contact_persons
from station.archive.database import Database
from station.archive.tables import customers
from station.ingest import misreads
from station.model import Role
from station.services.ask import Ask
from station.services.customers import cards
from station.services.personal import sealing

FIRST, SECOND, ELSEWHERE = Person(81_215), Person(81_295), Person(34_567, station="S2")
PEOPLE = (FIRST, SECOND, ELSEWHERE)


@pytest.fixture
def ask(db: Database) -> Ask:
    """Return the local operator's question on two people of S1 and one of S2."""
    settle(db, PEOPLE)
    sell(db, [visit(p, days) for p in PEOPLE for days in (0, 5)])
    with db.writing() as conn:
        fleet = {"is_organisation": 1, "organisation_name": "甲乙运输有限公司", "station_id": 2}
        values = {"code": "FLEET-1", "owner_kind": "company", **fleet}
        conn.execute(insert(customers).values(values))
    return ask_of(db)


def staff_of(ask: Ask, code: str = "S1") -> Ask:
    return replace(ask, scope=scope_for(ask.db, f"at-{code}", at(ask.db, code, Role.STAFF)))


def told(ask: Ask, words: str) -> list[tuple[str, str, str]]:
    frame = cards.find(ask, words=words)
    return list(frame[["kind", "label", "why"]].itertuples(index=False, name=None))


@pytest.mark.parametrize("typed", ["粤B81215", "粤b·81215", " 粤Ｂ-８１２１５ ", "粤 B 812 15"])
def test_a_plate_is_found_however_it_is_typed(ask: Ask, typed: str) -> None:
    assert told(ask, typed)[0] == ("vehicle", FIRST.plate, "plate")


@pytest.mark.parametrize(
    ("typed", "why"),
    [("B81215", "province"), ("1215", "ending"), ("81215", "ending"), ("粤B8121S", "similar")],
)
def test_a_plate_is_found_by_what_is_left_of_it(ask: Ask, typed: str, why: str) -> None:
    assert told(ask, typed) == [("vehicle", FIRST.plate, why)]


def test_what_was_typed_comes_before_what_looks_like_it(ask: Ask) -> None:
    settle(ask.db, [Person(87_215)])

    assert told(ask, FIRST.plate)[0] == ("vehicle", FIRST.plate, "plate")
    assert ("vehicle", "粤B87215", "similar") in told(ask, FIRST.plate)


@pytest.mark.parametrize(
    ("typed", "why", "kinds"),
    [
        (FIRST.card, "card", {"customer"}),
        (FIRST.code, "code", {"customer"}),
        (FIRST.name, "name", {"vehicle", "customer"}),
        (f" {FIRST.name[0]} {FIRST.name[1:]} ", "name", {"vehicle", "customer"}),
        (FIRST.phone, "phone", {"vehicle", "customer"}),
    ],
)
def test_a_person_is_found_and_stays_masked(
    ask: Ask, typed: str, why: str, kinds: set[str]
) -> None:
    found = told(ask, typed)

    assert {kind for kind, _, _ in found} == kinds
    assert {by for _, _, by in found} == {why}
    assert {label for kind, label, _ in found if kind == "customer"} == {"甲**"}


@pytest.mark.parametrize("typed", [FIRST.name, FIRST.phone])
def test_who_is_found_by_what_is_his_comes_before_what_he_drives(ask: Ask, typed: str) -> None:
    assert [kind for kind, _, _ in told(ask, typed)] == ["customer", "vehicle"]


@pytest.mark.parametrize("typed", ["甲乙运输", "运输有限", "FLEET-1"])
def test_an_organisation_without_a_vehicle_is_found(ask: Ask, typed: str) -> None:
    assert ("customer", "甲乙运输有限公司") in [row[:2] for row in told(ask, typed)]
    assert told(staff_of(ask), typed) == []


def test_an_organisation_is_found_by_its_people_who_are_still_there(ask: Ask) -> None:
    index = sealing.name_indexes(ask.db, "丙示丁")[0]
    person = {"role": "driver", "name_index": index, "from_day": 0}
    with ask.db.writing() as conn:
        (fleet_id,) = cards.find(ask, words="FLEET-1")["id"]
        conn.execute(insert(contact_persons).values(customer_id=int(fleet_id), **person))

    assert told(ask, "丙示丁") == [("customer", "甲乙运输有限公司", "name")]
    with ask.db.writing() as conn:
        conn.execute(update(contact_persons).values(to_day=1))
    assert told(ask, "丙示丁") == []


def test_a_merged_customer_is_answered_for_by_the_one_who_stays(ask: Ask) -> None:
    ids = {p.code: int(cards.find(ask, words=p.code)["id"][0]) for p in (FIRST, SECOND)}
    with ask.db.writing() as conn:
        gone = update(customers).where(customers.c.id == ids[FIRST.code])
        conn.execute(gone.values(merged_into=ids[SECOND.code]))

    found = cards.find(ask, words=FIRST.name)

    assert found.loc[found["kind"] == "customer", "id"].tolist() == [ids[SECOND.code]]


def test_a_vehicle_that_never_came_is_found_by_its_customers_station(db: Database) -> None:
    ids = settle(db, [FIRST, ELSEWHERE])
    clerk = staff_of(ask_of(db))

    (row,) = cards.find(clerk, words=FIRST.plate).to_dict("records")

    assert (row["customer_id"], pd.isna(row["last_day"])) == (ids[FIRST.code], True)
    assert cards.find(clerk, words=ELSEWHERE.plate).empty


def words_of(person: Person) -> list[str]:
    plate = person.plate
    return [plate, plate[1:], plate[-4:], person.name, person.phone, person.code, person.card]


@pytest.mark.parametrize("words", words_of(ELSEWHERE))
def test_nobody_finds_what_is_out_of_sight(ask: Ask, words: str) -> None:
    assert told(staff_of(ask, "S2"), words)
    assert told(staff_of(ask, "S1"), words) == []


@pytest.mark.parametrize("words", ["%", "_", "粤B%", "____", "甲%", "'", "/", "粤B8121_", "", "\\"])
def test_wildcards_are_letters_like_any_other(ask: Ask, words: str) -> None:
    assert told(ask, words) == []


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), words=st.text(max_size=12))
def test_no_words_raise_or_show_what_is_out_of_sight(
    seen: Callable[[], Ask], data: st.DataObject, words: str
) -> None:
    person = data.draw(st.sampled_from(PEOPLE))
    mixed = data.draw(st.sampled_from([words, person.plate + words, words + person.name]))

    labels = {label for _, label, _ in told(seen(), mixed)}

    assert labels <= {FIRST.plate, SECOND.plate, "甲**"}
    assert ELSEWHERE.plate not in labels


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_plate_with_one_misread_sign_is_always_found(
    seen: Callable[[], Ask], data: st.DataObject
) -> None:
    plate = data.draw(st.sampled_from([FIRST.plate, SECOND.plate]))
    places = [n for n, sign in enumerate(plate) if sign in misreads.OTHERS]
    at_place = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from(misreads.OTHERS[plate[at_place]]))
    read = plate[:at_place] + other + plate[at_place + 1 :]

    typed = data.draw(st.sampled_from([read, read[1:], read.lower(), f"{read[:2]} {read[2:]}"]))

    assert plate in [label for _, label, _ in told(seen(), typed)]


@pytest.fixture
def seen(ask: Ask) -> Callable[[], Ask]:
    clerk = staff_of(ask)
    return lambda: clerk


def test_names_sealed_before_are_found_after_a_night(ask: Ask) -> None:
    with ask.db.writing() as conn:
        conn.execute(update(customers).values(name_index=None))
    assert told(ask, FIRST.name) == []

    assert sealing.index_names(ask.db) == len(PEOPLE)

    assert told(ask, FIRST.name)
    assert sealing.index_names(ask.db) == 0


def test_a_lost_key_spoils_no_night(ask: Ask) -> None:
    with ask.db.writing() as conn:
        conn.execute(update(customers).values(name_index=None))
    (ask.db.folder / sealing.KEY_FILE).unlink()

    assert sealing.index_names(ask.db) == 0
