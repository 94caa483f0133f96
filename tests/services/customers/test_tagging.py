"""Tags stand on customers and vehicles in sight, name nobody, and leave with a person."""

from dataclasses import replace

import pytest
from people import scope_for
from town import Person, ask_of, at, sell, settle, visit

from station.archive.customers.tables import tags
from station.archive.database import Database
from station.errors import BadValueError, NotAllowedError, NotFoundError
from station.model import Role
from station.services.ask import Ask
from station.services.customers import cards, tagging
from station.services.personal import erasure, privacy

FIRST, ELSEWHERE = Person(1), Person(3, station="S2")


@pytest.fixture
def ask(db: Database) -> Ask:
    settle(db, [FIRST, ELSEWHERE])
    sell(db, [visit(p, days) for p in (FIRST, ELSEWHERE) for days in (0, 5)])
    return ask_of(db)


def staff_of(ask: Ask) -> Ask:
    return replace(ask, scope=scope_for(ask.db, "clerk", at(ask.db, "S1", Role.STAFF)))


def vehicle_of(ask: Ask, person: Person) -> int:
    return int(cards.find(ask, words=person.plate)["id"][0])


def test_a_word_is_put_once_and_taken_away(ask: Ask) -> None:
    vehicle_id = vehicle_of(ask, FIRST)
    for typed in ("night shift", " night  shift ", "ｎｉｇｈｔ shift"):
        assert tagging.put(ask, tag=typed, vehicle_id=vehicle_id) == "night shift"
    tagging.put(ask, tag="early", customer_id=1)

    assert tagging.tags_of(ask, vehicle_id=vehicle_id) == ["night shift"]
    assert tagging.tags_of(ask, customer_id=1) == ["early"]
    assert tagging.suggestions(ask) == ["early", "night shift"]

    tagging.take(ask, tag="night shift", vehicle_id=vehicle_id)
    assert tagging.tags_of(ask, vehicle_id=vehicle_id) == []
    with pytest.raises(NotFoundError):
        tagging.take(ask, tag="night shift", vehicle_id=vehicle_id)


@pytest.mark.parametrize(
    "word", ["", "  ", "\u200b", "x" * 41, "call 13812345678", FIRST.name, FIRST.code, "a@b.cn"]
)
def test_a_tag_is_short_and_names_nobody(ask: Ask, word: str) -> None:
    with pytest.raises(BadValueError):
        tagging.put(ask, tag=word, customer_id=1)
    with pytest.raises(BadValueError):
        tagging.put(ask, tag=word, vehicle_id=vehicle_of(ask, FIRST))


def test_tags_of_another_station_are_neither_seen_nor_suggested(ask: Ask) -> None:
    vehicle_id = vehicle_of(ask, ELSEWHERE)
    tagging.put(ask, tag="ferry", vehicle_id=vehicle_id)
    tagging.put(ask, tag="ferry", customer_id=2)
    clerk = staff_of(ask)

    assert tagging.suggestions(clerk) == []
    for on in ({"vehicle_id": vehicle_id}, {"customer_id": 2}):
        with pytest.raises(NotFoundError):
            tagging.tags_of(clerk, **on)
        with pytest.raises(NotFoundError):
            tagging.put(clerk, tag="x", **on)


def test_a_person_reads_his_tags_and_takes_them_with_him(ask: Ask) -> None:
    tagging.put(ask, tag="early", customer_id=1)
    tagging.put(ask, tag="night shift", vehicle_id=vehicle_of(ask, FIRST))
    tagging.put(ask, tag="ferry", customer_id=2)

    file = privacy.person_file(ask, customer_id=1, identity="card", reason="asked")
    assert sorted(row["tag"] for row in file["tags"]) == ["early", "night shift"]

    erasure.erase(ask, customer_id=1, reason="asked")
    with ask.db.reading() as conn:
        assert conn.execute(tags.select()).mappings().one()["tag"] == "ferry"
    with pytest.raises(NotAllowedError):
        tagging.put(ask, tag="early", customer_id=1)
