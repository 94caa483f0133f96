"""A customer who falls due is drawn once a quarter, and what the lot said stands."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import case, update
from town import Person, ask_of, settle

from station.analysis.holdout import HoldoutRules
from station.archive import stations
from station.archive.calls import holdouts
from station.archive.calls.tables import hold_outs
from station.archive.database import Database
from station.model import Arm
from station.services import keeping
from station.services.calls import lots
from station.services.calls.lots import Due
from station.services.customers import merging

DAY = date(2026, 9, 1)
NEXT = date(2026, 10, 1)
EVERYBODY = HoldoutRules(share=1)
NOBODY = HoldoutRules(share=0)


@pytest.fixture
def due(db: Database) -> list[Due]:
    """Return four B customers of station S1 who fell due."""
    ids = settle(db, [Person(number) for number in range(4)])
    with db.reading() as conn:
        station_id = stations.ids(conn)["S1"]
    return [
        Due(number, station_id, 0.3, "B", 12.0, 400.0, is_at_risk=True) for number in ids.values()
    ]


def draw(db: Database, due: list[Due], rules: HoldoutRules, day: date = DAY) -> list[Arm]:
    with db.writing() as conn:
        drawn = lots.draw(conn, rules, due, on_day=day)
    return [drawn[one.customer_id] for one in due]


def test_what_the_lot_said_stands_for_the_quarter(db: Database, due: list[Due]) -> None:
    assert draw(db, due[:3], EVERYBODY) == [Arm.HOLD] * 3

    assert draw(db, due, NOBODY) == [Arm.HOLD] * 3 + [Arm.CALL]
    assert draw(db, due, NOBODY, day=date(2026, 9, 30)) == [Arm.HOLD] * 3 + [Arm.CALL]
    assert draw(db, due, NOBODY, day=NEXT) == [Arm.CALL] * 4


def test_what_was_known_on_the_day_is_kept(db: Database, due: list[Due]) -> None:
    draw(db, due, EVERYBODY)

    with db.reading() as conn:
        rows = holdouts.drawn(conn, {due[0].station_id}, 10**6)
    assert rows["customer_id"].tolist() == [one.customer_id for one in due]
    told = rows.iloc[0]
    assert (told["quarter"], told["p_return"], told["grade"]) == ("2026-Q3", 0.3, "B")
    assert (told["gap_days"], told["worth"], told["share"]) == (12.0, 400.0, 1.0)


def test_of_a_customers_at_risk_a_station_leaves_one_uncalled(db: Database, due: list[Due]) -> None:
    dear = [replace(one, grade="A") for one in due]

    assert draw(db, dear, EVERYBODY) == [Arm.HOLD, Arm.CALL, Arm.CALL, Arm.CALL]
    with db.reading() as conn:
        rows = holdouts.drawn(conn, {due[0].station_id}, 10**6)
    assert len(rows) == 1


def test_who_complains_is_called_whatever_was_drawn(db: Database, due: list[Due]) -> None:
    draw(db, due[:2], EVERYBODY)
    heard = [replace(one, is_complaining=True) for one in due]

    assert draw(db, heard, EVERYBODY) == [Arm.CALL] * 4
    assert draw(db, due, EVERYBODY)[:2] == [Arm.HOLD] * 2


def test_two_records_of_one_customer_are_drawn_once(db: Database, due: list[Due]) -> None:
    one, other = due[0].customer_id, due[1].customer_id
    draw(db, [due[1]], EVERYBODY)
    draw(db, [due[0]], NOBODY, day=date(2026, 9, 2))
    merging.merge(ask_of(db), kept_id=one, gone_id=other, reason="one telephone")

    assert draw(db, [due[0]], NOBODY) == [Arm.HOLD]
    with db.reading() as conn:
        rows = holdouts.drawn(conn, {due[0].station_id}, 10**6)
    assert rows[["customer_id", "arm"]].values.tolist() == [[one, "hold"]]


def test_what_was_kept_of_the_lot_is_proved(db: Database, due: list[Due]) -> None:
    half = HoldoutRules(share=0.5)
    draw(db, due, half)
    ask = ask_of(db)
    assert not keeping.verify(ask).first_bad

    with db.writing() as conn:
        other = case((hold_outs.c.arm == Arm.HOLD, Arm.CALL), else_=Arm.HOLD)
        conn.execute(update(hold_outs).where(hold_outs.c.customer_id == due[2].customer_id)
                     .values(arm=other))  # fmt: skip

    assert keeping.verify(ask).first_bad == f"hold_outs: {due[2].customer_id} 2026-Q3"
