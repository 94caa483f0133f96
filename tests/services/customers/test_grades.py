"""By night every customer is graded; what changed stands there with its day and its reason."""

from dataclasses import replace
from datetime import date

import pytest
from makers import NOON
from people import scope_for
from services.points.judged import judge
from sqlalchemy import insert
from town import TODAY, Person, ask_of, at, sell, settle, visit

from station.analysis.value import Cut, ValueRules
from station.archive.calls.tables import call_results
from station.archive.database import Database
from station.config import Settings
from station.errors import NotFoundError
from station.loyalty.programme import Programme, RedeemRules, Version, Worth
from station.model import Role, day_date
from station.services.ask import Ask
from station.services.customers import fields, grades, merging, valuing

RULES = ValueRules(cut=Cut.AMOUNT, a_least=700, b_least=400, c_least=100, year_share=0.0)
ANNA, BERT, CARL = Person(1), Person(2), Person(3, station="S2")
MONTHS = (0, 35, 70)


@pytest.fixture
def ask(db: Database) -> Ask:
    settle(db, [ANNA, BERT, CARL])
    sold = [visit(ANNA, days, amount_minor=24_000) for days in MONTHS]
    sold += [visit(BERT, 0, amount_minor=999_900)]
    sold += [visit(CARL, days, amount_minor=15_000) for days in MONTHS]
    sell(db, sold)
    return ask_of(db, replace(Settings(), value=RULES))


def now(ask: Ask) -> dict[str, str]:
    rows = grades.listing(ask)
    return dict(zip(rows["code"], rows["grade"], strict=True))


def at_s1(ask: Ask) -> Ask:
    scope = scope_for(ask.db, "boss", at(ask.db, "S1", Role.MANAGER))
    return replace(ask, scope=scope)


def test_by_night_everybody_is_graded_and_a_second_night_changes_nothing(ask: Ask) -> None:
    assert set(now(ask).values()) == {"D"}

    assert valuing.renew(ask) > 0

    assert now(ask) == {ANNA.code: "A", BERT.code: "D", CARL.code: "B"}
    assert valuing.renew(ask) == 0


def test_an_archive_tells_how_a_customer_stood_before_its_first_night(ask: Ask) -> None:
    valuing.renew(ask)

    told = [(one.now, one.reason) for one in grades.history(ask, customer_id=1)][::-1]
    days = [day_date(one.day) for one in grades.history(ask, customer_id=1)]

    assert told == [("D", "first"), ("A", "months")]
    assert days == sorted(days, reverse=True)
    with ask.db.reading() as conn:
        assert grades.on(conn, [1], TODAY - 1) == {1: "D"}
        assert grades.now(conn, [1]) == {1: "A"}


def test_what_is_bought_later_moves_a_grade_with_its_reason(ask: Ask) -> None:
    valuing.renew(ask)
    sell(ask.db, [visit(CARL, -1, amount_minor=40_000)])

    assert valuing.renew(ask) == 1

    told = grades.history(ask, customer_id=3)[0]
    assert (told.was, told.now, told.reason) == ("B", "A", "rose")
    assert told.facts["amount_minor"] == 85_000


def test_money_of_other_stations_is_told_to_nobody_who_does_not_see_them(ask: Ask) -> None:
    sell(ask.db, [visit(ANNA, 1, station="S2", amount_minor=50_000)])
    valuing.renew(ask)
    here = at_s1(ask)

    rows = grades.listing(here).set_index("code")

    assert rows.index.tolist() == [ANNA.code, BERT.code]
    assert rows.loc[ANNA.code, "amount"] == 720.0
    assert grades.listing(ask).set_index("code").loc[ANNA.code, "amount"] == 1_220.0
    assert [dict(one.facts) for one in grades.history(here, customer_id=1)] == [{}, {}]
    with pytest.raises(NotFoundError):
        grades.history(here, customer_id=3)


def test_whom_others_follow_counts_more(ask: Ask) -> None:
    sell(ask.db, [visit(CARL, 1, amount_minor=14_000)])
    valuing.renew(ask)
    assert now(ask)[CARL.code] == "B"

    fields.change(ask, customer_id=3, values={"influence": "referrer"})
    valuing.renew(ask)

    assert now(ask)[CARL.code] == "A"
    assert grades.history(ask, customer_id=3)[0].reason == "influence"


def test_points_that_were_given_and_minutes_of_calls_are_costs(ask: Ask) -> None:
    worth = RedeemRules(worth=Worth(points=1, minor=10))
    version = Version("first", date(2020, 1, 1), redeeming=worth)
    known = replace(ask.settings, programme=Programme(versions=(version,)))
    ask = replace(ask, settings=known)
    before = valuing.worth(ask, TODAY).frame.loc[1]
    sold = visit(ANNA, 2)
    sell(ask.db, [sold])
    judge(ask.db, 1, [sold])
    call = {"customer_id": 1, "station_id": 1, "account": "x", "at": NOON + 90, "opened_at": NOON}
    told = {"is_incoming": 1, "purpose": "care", "channel": "phone", "code": "ok", "key": "k"}
    with ask.db.writing() as conn:
        conn.execute(insert(call_results).values(call | told))

    found = valuing.worth(ask, TODAY).frame.loc[1]

    assert (before["points_minor"], before["calls_minor"]) == (0, 0)
    assert (found["points_minor"], found["calls_minor"]) == (300, 120)
    assert found["score_minor"] == before["score_minor"] + 22_500 - 300 - 120


def test_two_records_of_one_person_are_graded_as_one(ask: Ask) -> None:
    merging.merge(ask, kept_id=1, gone_id=2, reason="one telephone")

    valuing.renew(ask)

    assert now(ask) == {ANNA.code: "A", CARL.code: "B"}
    with ask.db.reading() as conn:
        assert grades.now(conn, [1, 2]) == {1: "A", 2: "A"}
    assert grades.listing(ask)["amount"].max() == pytest.approx(10_719.0)
