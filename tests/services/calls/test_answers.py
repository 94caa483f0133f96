"""Why regulars leave is told once a customer and station, by his newest answer."""

from dataclasses import replace
from datetime import date

import pytest
from town import NOW, Person, ask_of, sell, settle, visit

from station.archive import lapses, stations
from station.archive.calls import results
from station.archive.calls.results import Result
from station.archive.customers import book, sealed
from station.archive.customers.sealed import Kind
from station.archive.database import Database
from station.archive.lapses import LapseNote
from station.errors import NotFoundError
from station.model import DAY_S, CallCode, CallPurpose, Channel, LapseReason
from station.services.ask import Ask
from station.services.calls import answers
from station.services.customers import merging
from station.services.personal import sealing

PEOPLE = [Person(number) for number in range(4)]


@pytest.fixture
def ids(db: Database) -> list[int]:
    """Return four customers of S1, each of whom came every week until half a year ago."""
    ids = list(settle(db, PEOPLE, since_day=20_000).values())
    sell(db, [visit(one, ago) for one in PEOPLE for ago in range(180, 380, 7)])
    return ids


def ask_now(db: Database) -> Ask:
    return replace(ask_of(db), as_of=date(2026, 9, 1))


def tell(
    db: Database, customer_id: int, reason: LapseReason, *, ago: int = 1, to: str = ""
) -> None:
    """Let a customer say in a call why he stays away, and perhaps where he goes."""
    at, key = NOW - ago * DAY_S, f"{customer_id}-{ago}-{reason}"
    place = sealed.place(Kind.COMPETITOR, key=key)
    with db.writing() as conn:
        name = sealing.seal(db, to, place=place) if to else None
        results.add(conn, Result(customer_id, stations.ids(conn)["S1"], "mona", at, at,
                                 CallPurpose.WIN_BACK, Channel.PHONE, CallCode.OK, key,
                                 reason=reason, competitor_sealed=name))  # fmt: skip


def note(db: Database, customer_id: int, reason: LapseReason, *, ago: int = 1) -> None:
    """Let somebody write down on the lapse list why a customer's vehicle stays away."""
    with db.writing() as conn:
        (vehicle_id,) = book.vehicles_of(conn, [customer_id])
        place = stations.ids(conn)["S1"]
        lapses.add(conn, LapseNote(vehicle_id, place, reason, "sven", NOW - ago * DAY_S))


def test_the_newest_answer_counts_from_wherever_it_comes(db: Database, ids: list[int]) -> None:
    tell(db, ids[0], LapseReason.PRICE, ago=9)
    note(db, ids[0], LapseReason.ROUTE, ago=3)
    note(db, ids[1], LapseReason.QUEUE, ago=9)
    tell(db, ids[1], LapseReason.SERVICE, ago=3)

    told = answers.heard(ask_now(db))

    assert sorted(told.rows["reason"]) == ["route", "service"]
    assert told.rows["station"].tolist() == ["S1", "S1"]
    assert (told.rows["worth"] > 0).all()
    assert (told.lost, told.known) == (4, 2)


def test_who_said_nothing_is_asked_and_not_known(db: Database, ids: list[int]) -> None:
    tell(db, ids[0], LapseReason.UNKNOWN)
    tell(db, ids[1], LapseReason.REFUSED_TO_SAY)
    tell(db, ids[2], LapseReason.PRICE)

    told = answers.heard(ask_now(db))

    assert (len(told.rows), told.lost, told.known) == (3, 4, 1)


def test_where_they_go_is_named_once_however_it_is_written(db: Database, ids: list[int]) -> None:
    tell(db, ids[0], LapseReason.PRICE, to="  丙示   加油站 ")
    tell(db, ids[1], LapseReason.PRICE, to="丙示 加油站")
    note(db, ids[1], LapseReason.PRICE, ago=0)

    told = answers.heard(ask_now(db)).rows

    assert told["competitor"].tolist() == ["丙示 加油站"] * 2
    assert told["group"].tolist() == ["price"] * 2


def test_a_name_that_was_forgotten_leaves_the_answer(db: Database, ids: list[int]) -> None:
    tell(db, ids[0], LapseReason.PRICE, to="丙示加油站")
    with db.writing() as conn:
        results.forget(conn, NOW + 1)

    told = answers.heard(ask_now(db)).rows

    assert told[["reason", "competitor"]].values.tolist() == [["price", ""]]


def test_answers_of_the_last_days_are_told_where_they_are_asked_for(
    db: Database, ids: list[int]
) -> None:
    tell(db, ids[0], LapseReason.PRICE, ago=40)
    tell(db, ids[1], LapseReason.ROUTE, ago=5)

    assert answers.heard(ask_now(db), days=30).rows["reason"].tolist() == ["route"]
    assert len(answers.heard(ask_now(db), days=60).rows) == 2


def test_two_records_of_one_customer_give_one_answer(db: Database, ids: list[int]) -> None:
    tell(db, ids[0], LapseReason.PRICE, ago=9)
    tell(db, ids[1], LapseReason.ROUTE, ago=3)
    merging.merge(ask_now(db), kept_id=ids[0], gone_id=ids[1], reason="one telephone")

    told = answers.heard(ask_now(db))

    assert told.rows["reason"].tolist() == ["route"]
    assert told.lost == 3


def test_who_says_that_he_never_left_is_a_mistake_of_the_engine(
    db: Database, ids: list[int]
) -> None:
    tell(db, ids[0], LapseReason.NOT_LAPSED)
    note(db, ids[1], LapseReason.ONLY_PASSING)
    tell(db, ids[2], LapseReason.PRICE)
    tell(db, ids[3], LapseReason.UNKNOWN)

    told = answers.mistakes(ask_now(db))

    assert (told.answers, told.not_lapsed, told.only_passing) == (3, 1, 1)
    assert told.low < 1 / 3 < told.high


def test_without_an_answer_nothing_was_mistaken(db: Database, ids: list[int]) -> None:
    assert answers.mistakes(ask_now(db)).answers == 0
    assert answers.heard(ask_now(db)).rows.empty
    assert len(ids) == 4


def test_answers_at_a_station_out_of_sight_are_not_told(db: Database, ids: list[int]) -> None:
    tell(db, ids[0], LapseReason.PRICE)
    ask = ask_now(db)
    with db.reading() as conn:
        other = frozenset({stations.ids(conn)["S2"]})
    narrow = replace(ask, scope=replace(ask.scope, station_ids=other))

    assert answers.heard(narrow).rows.empty
    assert answers.mistakes(narrow).answers == 0
    with pytest.raises(NotFoundError):
        answers.heard(narrow, stations=["S1"])
