"""Consents are added, and the file of a person holds all that is his and nothing of others."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from people import scope_for
from sqlalchemy import text
from town import NOW, TODAY, Person, ask_of, at, sell, settle, visit

from station.archive import lapses as lapse_book
from station.archive.books import KeyBook
from station.archive.customers import records
from station.archive.database import Database
from station.archive.lapses import LapseNote
from station.config import Settings
from station.errors import BadValueError, LimitReachedError, NotFoundError
from station.guard.rules import LookRules
from station.model import (
    DAY_S,
    CardRecord,
    Channel,
    ConsentSource,
    LapseReason,
    Purpose,
    Role,
    VehicleRecord,
)
from station.services.access import today
from station.services.ask import Ask
from station.services.customers import contacts
from station.services.personal import privacy, sealing

A, B, C = Person(1), Person(2), Person(3, station="S2")


@pytest.fixture
def ask(db: Database) -> Ask:
    """Return the local operator's question on three people; B bought A's second car from him."""
    settle(db, [A, B, C])
    second = visit(A).vehicle and replace(visit(A).vehicle, text="粤B99999")
    with db.writing() as conn:
        for owner, since in ((A, TODAY - 300), (B, TODAY - 100)):
            sold = VehicleRecord(second, owner_code=owner.code, since_day=since)
            records.put_vehicles(conn, [sold], keys=KeyBook())
    lines = [visit(p, days) for p in (A, B, C) for days in (0, 7, 14)]
    lines += [
        visit(A, ago, vehicle=second, card_no="", receipt_no=f"second-{ago}") for ago in (200, 50)
    ]
    sell(db, lines)
    return ask_of(db)


def file_of(ask: Ask, customer_id: int) -> dict[str, Any]:
    told = privacy.person_file(
        ask, customer_id=customer_id, identity="ID card seen", reason="he asks"
    )
    return json.loads(privacy.as_json(told))


def note(ask: Ask, vehicle_id: int, days_ago: int, words: str) -> None:
    at = NOW - days_ago * DAY_S
    sealed = sealing.seal(ask.db, words, place=sealing.note_place(vehicle_id, at))
    with ask.db.writing() as conn:
        row = LapseNote(vehicle_id, 1, LapseReason.PRICE, "clerk", at, sealed)
        lapse_book.add(conn, row)


def say(ask: Ask, customer_id: int, *, given: bool = True, **changes: Any) -> None:
    word = {"purpose": Purpose.MARKETING, "channel": Channel.SMS, "source": ConsentSource.PAPER}
    privacy.record_consent(ask, customer_id=customer_id, given=given, **(word | changes))


def test_a_consent_is_given_and_withdrawn_in_one_step_each(ask: Ask) -> None:
    asked = {"customer_id": 1, "purpose": Purpose.MARKETING, "channel": Channel.SMS}
    assert not privacy.has_consent(ask, **asked)

    say(ask, 1, text_version="2026-1")
    assert privacy.has_consent(ask, **asked)
    say(ask, 1, given=False)

    assert not privacy.has_consent(ask, **asked)
    told = privacy.consents(ask, customer_id=1)
    assert told[["given", "counts", "text_version"]].to_numpy().tolist() == [
        [False, True, ""],
        [True, False, "2026-1"],
    ]


def test_a_consent_may_not_lie_ahead(ask: Ask) -> None:
    with pytest.raises(BadValueError):
        say(ask, 1, on=today() + timedelta(days=1))
    with pytest.raises(BadValueError):
        say(ask, 1, text_version="v" * 41)


def test_a_version_of_the_words_may_not_name_him(ask: Ask) -> None:
    with pytest.raises(BadValueError) as refused:
        privacy.record_consent(
            ask,
            customer_id=1,
            purpose=Purpose.MARKETING,
            channel=Channel.PHONE,
            given=True,
            source=ConsentSource.COUNTER,
            text_version=f"2026 {A.name}",
        )

    assert refused.value.key == "contacts.reason_names"


def test_a_consent_of_a_customer_out_of_sight_is_refused(ask: Ask) -> None:
    clerk = replace(ask, scope=scope_for(ask.db, "clerk", at(ask.db, "S1", Role.STAFF)))

    with pytest.raises(NotFoundError):
        say(clerk, 3)
    with pytest.raises(NotFoundError):
        privacy.consents(clerk, customer_id=3)
    with pytest.raises(NotFoundError):
        privacy.has_consent(clerk, customer_id=3, purpose=Purpose.CARE, channel=Channel.VISIT)


def test_consents_cannot_be_changed_or_deleted(ask: Ask) -> None:
    say(ask, 1)

    for statement in ("UPDATE consents SET given = 0", "DELETE FROM consents"):
        with pytest.raises(Exception, match=r"append-only|refuse"), ask.db.writing() as conn:
            conn.execute(text(statement))


def test_the_file_holds_what_is_his(ask: Ask) -> None:
    say(ask, 1)
    contacts.reveal(ask, customer_id=1, purpose=Purpose.SERVICE, reason="car left on")
    vehicle_id = file_of(ask, 1)["vehicles"][0]["vehicle_id"]
    note(ask, vehicle_id, 3, "too dear")

    told = file_of(ask, 1)

    assert told["complete"]
    assert (told["customer"]["name"], told["customer"]["phone"]) == (A.name, A.phone)
    assert {key["text"] for v in told["vehicles"] for key in v["keys"]} == {A.plate, "粤B99999"}
    assert [card["number"] for card in told["cards"]] == [A.card]
    assert [line["receipt_no"] for line in told["lines"]] == [
        *("second-200", "R1-14", "R1-7", "R1-0"),
    ]
    assert [note["note"] for note in told["notes"]] == ["too dear"]
    assert [word["purpose"] for word in told["consents"]] == ["marketing"]
    acts = [event["act"] for event in told["events"]]
    assert acts == ["change", "reveal", "person_file", "person_file"]


def test_the_file_holds_nothing_of_the_next_owner(ask: Ask) -> None:
    second = next(
        v["vehicle_id"] for v in file_of(ask, 2)["vehicles"] if v["keys"][0]["text"] == "粤B99999"
    )
    note(ask, second, 20, "of the next owner")
    note(ask, second, 200, "of the owner before")

    first, next_one = file_of(ask, 1), file_of(ask, 2)

    assert [n["note"] for n in first["notes"]] == ["of the owner before"]
    assert [n["note"] for n in next_one["notes"]] == ["of the next owner"]
    assert "second-50" not in json.dumps(first)
    assert "second-200" not in json.dumps(next_one)
    assert B.name not in json.dumps(first, ensure_ascii=False)
    assert first["vehicles"][1]["his"] == [{"from": "2025-11-05", "to": "2026-05-24"}]


def test_anothers_card_on_his_vehicle_is_not_told_nor_his_card_with_anothers_plate(
    ask: Ask,
) -> None:
    sell(ask.db, [visit(A, 2, card_no=B.card, receipt_no="lent")])

    first, other = file_of(ask, 1), file_of(ask, 2)

    (lent,) = [line for line in first["lines"] if line["receipt_no"] == "lent"]
    assert lent["card_no"] == ""
    (paid,) = [line for line in other["lines"] if line["receipt_no"] == "lent"]
    assert (paid["card_no"], paid["vehicle_id"]) == (B.card, None)


def test_a_stations_archivist_tells_of_his_station_only_and_says_so(ask: Ask) -> None:
    sell(ask.db, [visit(A, 1, station="S2", receipt_no="far away")])
    manager = replace(ask, scope=scope_for(ask.db, "head", at(ask.db, "S1", Role.MANAGER)))

    told = file_of(manager, 1)

    assert (told["stations"], told["complete"]) == (["S1"], False)
    assert "far away" not in json.dumps(told)


@pytest.mark.parametrize(
    ("identity", "reason"),
    [("", "he asks"), ("ID card seen", " "), ("ID card seen", f"asked by {A.name}")],
)
def test_a_file_needs_identity_and_reason(ask: Ask, identity: str, reason: str) -> None:
    with pytest.raises(BadValueError):
        privacy.person_file(ask, customer_id=1, identity=identity, reason=reason)


def test_files_of_persons_are_no_way_around_the_days_reveals(ask: Ask) -> None:
    keeper = replace(ask, scope=scope_for(ask.db, "mona", at(ask.db, "S1", Role.MANAGER)))
    settings = replace(Settings(), looks=replace(LookRules(), reveals_per_day=2))
    limited = replace(keeper, settings=settings)

    file_of(limited, 1)
    contacts.reveal(limited, customer_id=1, purpose=Purpose.SERVICE, reason="car left on")

    with pytest.raises(LimitReachedError):
        file_of(limited, 2)
    with pytest.raises(LimitReachedError):
        contacts.reveal(limited, customer_id=2, purpose=Purpose.SERVICE, reason="car left on")


def test_a_written_file_is_for_its_owner_only_and_replaces_none(ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "files" / "one.json"

    privacy.write_file(path, file_of(ask, 1))

    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text("utf-8"))["customer"]["phone"] == A.phone
    with pytest.raises(FileExistsError):
        privacy.write_file(path, {})


def rows(ask: Ask, statement: str) -> list[tuple[Any, ...]]:
    with ask.db.reading() as conn:
        return [tuple(row) for row in conn.execute(text(statement))]


@pytest.mark.slow
def test_the_files_of_a_hundred_people_hold_every_row_of_theirs_and_no_other(db: Database) -> None:
    """Cars are sold on in a ring at odd days; a plain scan of the tables knows whose a line is."""
    people = [Person(n, station=("S1", "S2")[n % 2]) for n in range(100)]
    settle(db, people, since_day=TODAY - 400)
    with db.writing() as conn:
        for n in range(0, 100, 3):
            sold = VehicleRecord(
                visit(people[n]).vehicle,
                owner_code=people[(n + 7) % 100].code,
                since_day=TODAY - 40 - n,
            )
            records.put_vehicles(conn, [sold], keys=KeyBook())
        for n in range(1, 100, 9):
            moved = CardRecord(
                people[n].card, customer_code=people[n - 1].code, since_day=TODAY - 30
            )
            records.put_cards(conn, [moved], keys=KeyBook())
    sell(
        db, [visit(p, days) for p in people for days in range(p.number % 5, 200, 9 + p.number % 7)]
    )
    ask = ask_of(db)

    for customer_id in range(1, 101):
        told = {line["line"] for line in file_of(ask, customer_id)["lines"]}
        assert told == scanned(ask, customer_id)


def scanned(ask: Ask, customer_id: int) -> set[int]:
    """Return a customer's lines, found by looking at every line of the archive."""
    owners = rows(ask, "SELECT vehicle_id, customer_id, from_day, to_day FROM vehicle_owners")
    held = rows(
        ask,
        "SELECT c.number, l.customer_id, l.from_day, l.to_day FROM card_links l"
        " JOIN cards c ON c.id = l.card_id",
    )
    lines = rows(
        ask,
        "SELECT s.id, k.vehicle_id, s.card_no, s.local_at FROM sales s"
        " LEFT JOIN vehicle_keys k ON k.id = s.key_id",
    )
    return {
        line
        for line, vehicle_id, card_no, local_at in lines
        for what, whose, start, end in (*owners, *held)
        if whose == customer_id
        and what in {vehicle_id, card_no}
        and start <= local_at // DAY_S < (end or 10**6)
    }
