"""The log is one chain: whatever is changed, put in, taken out or blanked in it is found."""

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import DatabaseError

from station.archive import tables
from station.archive.database import Database, create_or_upgrade
from station.archive.people import audit as log
from station.archive.people.audit import Event
from station.model import Act

FIRST_S, STEP_S = 1_700_000_000, 3600
MANY = 30
EDITS = 200


def make_event(number: int = 0, **changes: Any) -> Event:
    event = Event(
        at=FIRST_S + number * STEP_S,
        account=f"account-{number % 3}",
        person=f"P{number % 3}",
        address="10.0.0.7",
        act=Act.CARD_OPENED,
        object=f"vehicle:{number}",
        station_id=number % 2 + 1,
        count=number + 1,
        reason=f"because {number}",
    )
    return replace(event, **changes)


def fill(conn: Connection, many: int = MANY) -> None:
    for number in range(many):
        log.append(conn, make_event(number))


def disarm(db: Database) -> None:
    """Drop the triggers, as whoever writes past the program would."""
    names = ("audit_keep", "audit_fixed", "audit_blanked")
    with db.writing() as conn:
        if db.path is None:
            conn.exec_driver_sql("ALTER TABLE audit DISABLE TRIGGER USER")
        else:
            for name in names:
                conn.exec_driver_sql(f"DROP TRIGGER {name}")


@pytest.fixture
def bare(db: Database) -> Database:
    """Return an archive of MANY events whose log nothing guards any more."""
    with db.writing() as conn:
        fill(conn)
    disarm(db)
    return db


def broken_after(db: Database, *statements: Any) -> str:
    """Return what is found when these were run; all of it is undone again."""
    with db.engine.connect() as conn:
        for statement in statements:
            conn.execute(statement)
        found = log.first_broken(conn)
        conn.rollback()
    return found


def test_an_empty_log_is_whole(db: Database) -> None:
    with db.reading() as conn:
        assert log.first_broken(conn) == ""
        assert log.head(conn) == (0, "")


def test_a_log_is_whole_and_numbered_without_a_gap(db: Database) -> None:
    with db.writing() as conn:
        ids = [log.append(conn, make_event(number)) for number in range(5)]

        assert ids == [1, 2, 3, 4, 5]
        assert log.first_broken(conn) == ""
        assert log.head(conn) == (5, log.hash_at(conn, 5))


def test_what_was_undone_leaves_no_gap(db: Database) -> None:
    with db.writing() as conn:
        fill(conn, 2)
    with db.engine.connect() as conn:
        log.append(conn, make_event(2))
        conn.rollback()

    with db.writing() as conn:
        assert log.append(conn, make_event(3)) == 3
        assert log.first_broken(conn) == ""


CHANGES = [
    ("at", FIRST_S + 1),
    ("account", "another"),
    ("person", "another"),
    ("address", "another"),
    ("act", Act.REVEAL.value),
    ("object", "vehicle:9999"),
    ("station_id", None),
    ("station_id", 77),
    ("count", 999),
    ("reason", "another"),
    ("reason", ""),
    ("digest", "0" * 64),
    ("hash", "0" * 64),
    ("id", 9_999),
]


@pytest.mark.parametrize("event_id", [1, 17, MANY])
def test_a_changed_field_is_found_and_named(bare: Database, event_id: int) -> None:
    number = tables.audit.c.id == event_id
    found = {
        (field, value): broken_after(
            bare, update(tables.audit).where(number).values({field: value})
        )
        for field, value in CHANGES
    }

    moved = str(event_id + 1) if event_id < MANY else "9999"  # the one before it is gone
    assert found == {change: moved if change[0] == "id" else str(event_id) for change in CHANGES}


@pytest.mark.parametrize("event_id", [1, 17, MANY])
def test_a_missing_event_is_found(bare: Database, event_id: int) -> None:
    taken = delete(tables.audit).where(tables.audit.c.id == event_id)

    found = broken_after(bare, taken)

    assert found == str(event_id + 1 if event_id < MANY else event_id)


def test_an_end_that_was_cut_off_is_found_even_when_more_was_told_since(bare: Database) -> None:
    with bare.writing() as conn:
        conn.execute(delete(tables.audit).where(tables.audit.c.id == MANY))
        log.append(conn, make_event(MANY))
        log.append(conn, make_event(MANY + 1))

        assert log.first_broken(conn) == str(MANY + 1)


def test_an_event_put_in_at_the_end_without_the_program_is_found(bare: Database) -> None:
    forged = {
        **{name: getattr(make_event(), name) for name in Event.__slots__},
        "act": "card_opened",
        "id": MANY + 1,
        "digest": "0" * 64,
        "hash": "0" * 64,
    }

    assert broken_after(bare, insert(tables.audit).values(forged)) == str(MANY + 1)


def test_two_events_that_changed_places_are_found(bare: Database) -> None:
    at = tables.audit.c.id
    swap = [update(tables.audit).where(at == a).values(id=b) for a, b in ((5, 99), (6, 5), (99, 6))]

    assert broken_after(bare, *swap) == "5"


def test_a_word_that_lies_ahead_of_itself_lets_nothing_later_be_blank(bare: Database) -> None:
    told_at = FIRST_S + 5 * STEP_S
    ahead = Event(told_at, "", "", "", Act.KEEPING, f"{log.BLANKED}{2**40}")
    with bare.writing() as conn:
        log.append(conn, ahead)
    blanked = update(tables.audit).where(tables.audit.c.id <= 9).values(log.BLANK)

    assert broken_after(bare, blanked) == "6"


def test_an_event_blanked_by_hand_is_found(bare: Database) -> None:
    for event_id in (1, 17, MANY):
        blanked = update(tables.audit).where(tables.audit.c.id == event_id).values(log.BLANK)

        assert broken_after(bare, blanked) == str(event_id)


@pytest.mark.slow
def test_random_edits_are_all_found(bare: Database) -> None:
    draws = random.Random(7)  # noqa: S311 - the same edits every time
    at = tables.audit.c.id
    missed = []
    for number in range(EDITS):
        event_id = draws.randint(1, MANY)
        field, value = draws.choice([*CHANGES, ("", None)])
        edit: Any = delete(tables.audit).where(at == event_id)
        if field:
            edit = update(tables.audit).where(at == event_id).values({field: value})
        if not broken_after(bare, edit):
            missed.append((number, field, event_id))

    assert missed == []


def test_old_persons_are_forgotten_and_the_chain_holds(db: Database) -> None:
    with db.writing() as conn:
        fill(conn)
        before = log.head(conn)

        blanked = log.blank(conn, FIRST_S + 10 * STEP_S, now_s=FIRST_S + 99 * STEP_S)

        assert blanked == 10
        assert log.first_broken(conn) == ""
        assert log.hash_at(conn, before[0]) == before[1]
        rows = conn.execute(select(tables.audit).order_by(tables.audit.c.id)).all()
    assert {(row.account, row.object, row.reason) for row in rows[:10]} == {("", "", "")}
    assert [row.count for row in rows[:10]] == list(range(1, 11))
    assert rows[10].account == make_event(10).account


def test_forgetting_twice_forgets_nothing_more(db: Database) -> None:
    with db.writing() as conn:
        fill(conn)
        for expected in (10, 0):
            blanked = log.blank(conn, FIRST_S + 10 * STEP_S, now_s=FIRST_S + 99 * STEP_S)
            assert blanked == expected
        assert log.first_broken(conn) == ""


def test_forgetting_goes_on_as_time_does(db: Database) -> None:
    with db.writing() as conn:
        fill(conn)
        for steps in (5, 20, 500):
            log.blank(conn, FIRST_S + steps * STEP_S, now_s=FIRST_S + (steps + 500) * STEP_S)

        assert log.first_broken(conn) == ""
        log.append(conn, make_event(2000))
        assert log.first_broken(conn) == ""


@pytest.mark.parametrize(
    ("event_id", "changes"),
    [
        (11, log.BLANK),  # before its time
        (3, {"count": 999}),  # what a blanked event still says is proved too
        (3, {"act": Act.REVEAL.value}),
        (3, {"at": FIRST_S}),
        (3, {"station_id": None}),
        (3, {"reason": "put back in"}),
        (3, {"address": "10.0.0.8"}),
    ],
)
def test_a_log_that_has_forgotten_is_still_proved(
    db: Database, event_id: int, changes: dict[str, object]
) -> None:
    with db.writing() as conn:
        fill(conn)
        log.blank(conn, FIRST_S + 10 * STEP_S, now_s=FIRST_S + 99 * STEP_S)
    disarm(db)
    edit = update(tables.audit).where(tables.audit.c.id == event_id).values(changes)

    assert broken_after(db, edit) == str(event_id)


@pytest.mark.parametrize(
    "statement",
    [
        update(tables.audit).values(count=7),
        update(tables.audit).values(account="another"),
        update(tables.audit).values(hash="0"),
        delete(tables.audit),
    ],
)
def test_the_archive_itself_refuses_to_change_the_log(db: Database, statement: Any) -> None:
    with db.writing() as conn:
        fill(conn, 2)

    with db.engine.connect() as conn, pytest.raises(DatabaseError):
        conn.execute(statement)


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@pytest.mark.slow
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(given_words=st.lists(st.tuples(words, words, words), min_size=1, max_size=6))
def test_any_words_can_be_told_and_proved(
    sqlite_url: str, given_words: list[tuple[str, str, str]]
) -> None:
    db = create_or_upgrade(sqlite_url)
    with db.writing() as conn:
        for account, thing, reason in given_words:
            event = make_event(account=account, object=thing or "x", reason=reason)
            log.append(conn, event)
        assert log.first_broken(conn) == ""
    db.close()


def test_sums_are_those_of_the_events(db: Database) -> None:
    with db.writing() as conn:
        fill(conn)
        log.append(conn, make_event(3))
        span: dict[str, Any] = {"from_s": FIRST_S, "to_s": FIRST_S + MANY * STEP_S}

        every = log.events(conn, station_ids=None, limit=999, **span)
        sums = log.sums(conn, station_ids=None, **span)
        of_one = log.sums(conn, station_ids={2}, **span)

    assert sums["events"].sum() == len(every) == MANY + 1
    assert sums["count"].sum() == every["count"].sum()
    assert of_one["events"].sum() == (every["station_id"] == 2).sum()
    assert (sums["at"] % log.QUARTER_S == 0).all()


def test_only_the_events_asked_for_come_the_newest_first(db: Database) -> None:
    with db.writing() as conn:
        fill(conn)
        log.append(conn, make_event(MANY, act=Act.REVEAL, station_id=None))
        span: dict[str, Any] = {"from_s": FIRST_S, "to_s": FIRST_S + 99 * STEP_S, "limit": 4}

        newest = log.events(conn, station_ids=None, **span)
        at_one = log.events(conn, station_ids=[1], **span)
        reveals = log.events(conn, station_ids=None, acts=["reveal"], **span)
        mine = log.events(conn, station_ids=None, account="account-1", **span)

    assert newest["id"].tolist() == [31, 30, 29, 28]
    assert set(at_one["station_id"]) == {1}
    assert reveals["id"].tolist() == [31]
    assert set(mine["account"]) == {"account-1"}
    assert not {"digest", "hash"} & set(newest.columns)


def test_the_last_act_on_something_is_found(db: Database) -> None:
    with db.writing() as conn:
        log.append(conn, make_event(1, act=Act.KEEPING, object="archive:backup"))
        newer = make_event(2, act=Act.KEEPING, object="archive:backup")
        log.append(conn, newer)

        assert log.latest(conn, act=Act.KEEPING, object_name="archive:backup") == newer
        assert log.latest(conn, act=Act.KEEPING, object_name="archive:verify") is None


def test_what_one_did_is_counted_from_an_instant_on(db: Database) -> None:
    with db.writing() as conn:
        fill(conn)
        mine = {"account": "account-1", "act": Act.CARD_OPENED}

        assert log.total(conn, from_s=FIRST_S, **mine) == sum(range(2, MANY + 1, 3))
        assert log.total(conn, from_s=FIRST_S + 99 * STEP_S, **mine) == 0
        assert log.has(conn, object_name="vehicle:1", from_s=FIRST_S, **mine)
        assert not log.has(conn, object_name="vehicle:2", from_s=FIRST_S, **mine)
