"""What has had its time is forgotten, what has not stays, and the figures stand."""

import os

import pytest
from makers import make_key
from sqlalchemy import text
from town import NOW, TODAY, Person, ask_of, one, reject, sell, settle, visit

from station.archive import batches
from station.archive import lapses as lapse_book
from station.archive.books import KeyBook
from station.archive.customers import consents, records
from station.archive.database import Database
from station.archive.lapses import LapseNote
from station.archive.people import sessions
from station.model import (
    DAY_S,
    Act,
    Channel,
    Consent,
    ConsentSource,
    LapseReason,
    Purpose,
    VehicleRecord,
)
from station.services import keeping, trail
from station.services.ask import Ask
from station.services.customers import contacts
from station.services.personal import retention, sealing

A, B, C = Person(1), Person(2), Person(3)
YEAR_S = 366 * DAY_S
RENEWED = {"grades", "stages"}  # chores that say anew what a customer is, and forget nobody


@pytest.fixture
def ask(db: Database) -> Ask:
    """Return the local operator's question on A who came lately, B long ago, and C never."""
    settle(db, [A, B, C], since_day=TODAY - 4 * 366)
    sell(db, [visit(A, 20), visit(A, 5 * 366), visit(B, 3 * 366 + 40)])
    return ask_of(db)


def kept(ask: Ask) -> list[str]:
    shown = [contacts.of_customer(ask, customer_id=n) for n in (1, 2, 3)]
    return [contact.phone[-1:] for contact in shown if contact.phone or contact.name]


def done(ask: Ask, now_s: int) -> dict[str, object]:
    """Return how many of each kind the nightly work forgot."""
    chores = keeping.nightly(ask, now_s=now_s)
    kinds = {c.name: c.facts["number"] for c in chores if c.facts.get("number")}
    return {name: number for name, number in kinds.items() if name not in RENEWED}


def test_whoever_was_not_seen_for_three_years_cannot_be_reached_any_more(ask: Ask) -> None:
    assert done(ask, NOW) == {"contacts": 2}
    assert done(ask, NOW) == {}
    assert kept(ask) == ["1"]
    assert done(ask, NOW + 3 * YEAR_S) == {"contacts": 1}


def test_whoever_said_something_lately_was_seen(ask: Ask) -> None:
    word = Consent(
        3, Purpose.CARE, Channel.SMS, True, ConsentSource.PAPER, "", TODAY - 300, "clerk", NOW
    )
    with ask.db.writing() as conn:
        consents.add(conn, [word])

    assert done(ask, NOW) == {"contacts": 1}
    assert kept(ask) == ["1", "3"]


def test_a_car_that_was_sold_keeps_nobody_who_sold_it(ask: Ask) -> None:
    with ask.db.writing() as conn:
        sold = VehicleRecord(make_key(A.plate), owner_code=B.code, since_day=TODAY - 4 * 365)
        records.put_vehicles(conn, [sold], keys=KeyBook())

    done(ask, NOW)

    assert kept(ask) == ["2"]


def test_a_customer_of_whom_nothing_is_known_stays_while_files_bring_him(
    ask: Ask,
) -> None:
    with ask.db.writing() as conn:
        conn.execute(text("UPDATE customers SET since_day = NULL"))
        batches.open_batch(
            conn,
            kind="customers",
            source="",
            file_name="customers.csv",
            file_hash="one",
            whole_file=False,
            account="clerk",
            now_s=NOW - 30 * DAY_S,
        )

    assert done(ask, NOW) == {"contacts": 1}
    assert kept(ask) == ["1", "3"]


def note(ask: Ask, at: int) -> None:
    place = sealing.note_place(1, at)
    row = LapseNote(
        1, 1, LapseReason.PRICE, "clerk", at, sealing.seal(ask.db, "a sentence", place=place)
    )
    with ask.db.writing() as conn:
        lapse_book.add(conn, row)


def test_notes_go_after_two_years_and_their_reasons_stay(ask: Ask) -> None:
    for years in (1, 3):
        note(ask, NOW - years * YEAR_S)

    assert done(ask, NOW)["notes"] == 1
    assert one(ask, "SELECT count(*) FROM lapse_notes WHERE note_sealed IS NULL") == 1
    assert one(ask, "SELECT count(*) FROM lapse_notes WHERE reason = 'price'") == 2


def test_rejected_rows_and_their_files_go_after_a_month(ask: Ask) -> None:
    batch_id = sell(ask.db, [visit(A, 3)])
    reject(ask.db, batch_id, ["a row"])
    folder = ask.db.folder / "quarantine"
    folder.mkdir()
    for name, days in (("old", 31), ("young", 5)):
        path = folder / f"{name}.rejected.csv"
        path.touch()
        os.utime(path, (NOW - days * DAY_S,) * 2)

    assert done(ask, NOW)["quarantine"] == 1
    assert [path.name for path in folder.iterdir()] == ["young.rejected.csv"]
    assert done(ask, NOW + 40 * DAY_S)["quarantine"] == 2
    assert one(ask, "SELECT count(*) FROM quarantine") == 0


def test_sessions_and_attempts_go_in_their_time(ask: Ask) -> None:
    with ask.db.writing() as conn:
        conn.execute(text("INSERT INTO accounts (name, person, made_at) VALUES ('a', 'a', 1)"))
        for days in (10, 40, 400):
            at = NOW - days * DAY_S
            sessions.note_attempt(conn, account_hash="x", address="10.0.0.1", now_s=at)
            sessions.start(
                conn,
                account_id=1,
                token_hash=f"{days}",
                kind=sessions.BROWSER,
                address="",
                now_s=at,
                expires_at=at + 1,
            )

    assert done(ask, NOW)["sessions"] == 3


def test_ten_years_on_nothing_personal_is_left_and_the_figures_stand(ask: Ask) -> None:
    note(ask, NOW)
    trail.noted(ask.db, ask.scope, Act.KEEPING, "customer:1", reason="a reason")
    sums = one(ask, "SELECT sum(amount_minor) FROM sales")

    told = done(ask, NOW + 10 * YEAR_S)

    assert told.keys() == {"contacts", "notes", "audit"}
    assert kept(ask) == []
    for column in ("name_sealed", "phone_sealed", "phone_index", "name_index"):
        assert one(ask, f"SELECT count(*) FROM customers WHERE {column} IS NOT NULL") == 0  # noqa: S608
    assert one(ask, "SELECT count(*) FROM lapse_notes WHERE note_sealed IS NOT NULL") == 0
    of_old = "SELECT count(*) FROM audit WHERE object = 'customer:1' OR reason = 'a reason'"
    assert one(ask, of_old) == 0
    assert one(ask, "SELECT sum(amount_minor) FROM sales") == sums
    assert keeping.verify(ask).ok


@pytest.mark.parametrize(
    ("now", "years", "day"), [(1_709_164_800, 3, "2021-02-28"), (NOW, 2, "2024-09-01")]
)
def test_a_year_ago_is_the_same_day(now: int, years: int, day: str) -> None:
    assert retention.years_before(now, years).isoformat() == day
