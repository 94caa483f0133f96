"""What came of those due is counted in their days, with their vehicles, at their station."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pandas as pd
import pytest
from town import NOW, TODAY, Person, ask_of, sell, settle, visit

from station.analysis.value import ValueRules
from station.archive import stations
from station.archive.calls import holdouts, results
from station.archive.calls.holdouts import HoldOut
from station.archive.calls.results import Result
from station.archive.database import Database
from station.config import Settings
from station.errors import NotFoundError
from station.model import DAY_S, Arm, CallCode, CallPurpose, Channel, Sale
from station.services.ask import Ask
from station.services.calls import judging

BACK = 40
"""Days before today on which everybody fell due."""


@dataclass(frozen=True)
class Village:
    """Six customers of S1 who fell due on one day; the even ones were left uncalled."""

    db: Database
    people: Sequence[Person]
    ids: Sequence[int]

    def ask(self) -> Ask:
        return replace(ask_of(self.db), as_of=date(2026, 9, 1))

    def due(self, settings: Settings | None = None) -> pd.DataFrame:
        """Return what came of each, in the order of their numbers."""
        ask = replace(self.ask(), settings=settings or Settings())
        drawn, _ = judging._due(ask, tuple(ask.scope.station_ids))
        return drawn.set_index("customer_id").loc[list(self.ids)]

    def sell(self, *sales: Sale) -> None:
        sell(self.db, sales)

    def call(self, number: int, *, days_ago: int, is_incoming: bool = False) -> None:
        """Let somebody talk to a customer."""
        at = NOW - days_ago * DAY_S
        with self.db.writing() as conn:
            results.add(conn, Result(self.ids[number], 1, "mona", at, at, CallPurpose.WIN_BACK,
                                     Channel.PHONE, CallCode.OK, f"{number}-{days_ago}",
                                     is_incoming=is_incoming))  # fmt: skip


def drawn_at(customer_id: int, station_id: int, *, is_held: bool, days_ago: int = BACK) -> HoldOut:
    return HoldOut(customer_id, "2026-Q3", station_id, TODAY - days_ago,
                   Arm.HOLD if is_held else Arm.CALL, 0.3, "B", 9.0, 300.0, 0.1,
                   is_capped=False, made_at=NOW)  # fmt: skip


@pytest.fixture
def village(db: Database) -> Village:
    people = [Person(number) for number in range(6)]
    ids = list(settle(db, people, since_day=TODAY - 400).values())
    with db.writing() as conn:
        place = stations.ids(conn)["S1"]
        holdouts.add(conn, [drawn_at(one, place, is_held=n % 2 == 0) for n, one in enumerate(ids)])
    sell(db, [visit(one, 300 + one.number) for one in people])
    return Village(db, people, ids)


def test_a_visit_counts_from_the_day_after_until_the_last_of_the_days(village: Village) -> None:
    first, second, third, fourth, *_ = village.people
    village.sell(visit(first, BACK), visit(second, BACK - 1), visit(third, BACK - 30),
                 visit(fourth, BACK - 31))  # fmt: skip

    assert village.due()["returned"].tolist() == [False, True, True, False, False, False]


def test_litres_and_gain_are_those_of_the_days(village: Village) -> None:
    first = village.people[0]
    village.sell(visit(first, 20), visit(first, 15, quantity_milli=10_000, amount_minor=8_000))
    known = replace(Settings(), value=ValueRules(margin_petrol=0.08, margin_shop=0.5))

    row, margin = village.due().iloc[0], village.due(known).iloc[0]["gain"]

    assert (row["litres"], row["gain"]) == (40, 225 + 80)
    assert margin == pytest.approx((225 + 80) * 0.08)


def test_visits_at_another_station_are_not_this_ones(village: Village) -> None:
    village.sell(visit(village.people[0], 20, station="S2"))

    assert not village.due()["returned"].any()


def test_who_was_called_is_told_by_what_was_heard(village: Village) -> None:
    village.call(0, days_ago=BACK + 2)
    village.call(1, days_ago=BACK - 3)
    village.call(2, days_ago=BACK - 3, is_incoming=True)
    village.call(4, days_ago=BACK - 5)

    assert village.due()["was_called"].tolist() == [False, True, False, False, True, False]


def test_whose_days_are_not_over_is_waited_for(village: Village) -> None:
    late = settle(village.db, [Person(70)])
    with village.db.writing() as conn:
        place = stations.ids(conn)["S1"]
        holdouts.add(
            conn, [drawn_at(one, place, is_held=True, days_ago=29) for one in late.values()]
        )

    told = judging.effect(village.ask())

    assert (told.whole.due, told.waiting) == (6, 1)
    assert judging.effect(replace(village.ask(), as_of=date(2026, 9, 2))).whole.due == 7
    assert told.per_week > 0


def test_the_naive_rate_stands_beside_the_effect(village: Village) -> None:
    village.call(1, days_ago=38)
    village.call(3, days_ago=38)
    village.sell(visit(village.people[1], 20), visit(village.people[0], 20))

    told = judging.effect(village.ask())

    assert told.whole.naive == 0.5
    assert (told.whole.rate_called, told.whole.rate_held) == (1 / 3, 1 / 3)
    assert told.whole.sentence == "effect.cannot_tell"
    assert told.stations["station"].tolist() == ["S1"]
    assert (told.currency, told.needed > 2_000) == ("CNY", True)
    assert len(told.path) == 1


def test_a_station_out_of_sight_is_not_told(village: Village) -> None:
    ask = village.ask()
    with village.db.reading() as conn:
        other = frozenset({stations.ids(conn)["S2"]})
    narrow = replace(ask, scope=replace(ask.scope, station_ids=other))

    assert judging.effect(narrow).whole.due == 0
    with pytest.raises(NotFoundError):
        judging.effect(narrow, stations=["S1"])
    assert judging.effect(ask, stations=["S2"]).stations.empty


def test_before_anybody_was_drawn_nothing_is_told(db: Database) -> None:
    settle(db, [Person(1)])

    told = judging.effect(replace(ask_of(db), as_of=date(2026, 9, 1) + timedelta(days=1)))

    assert told.whole.due == 0
    assert told.path.empty
    assert judging.document(told)["whole"]["naive"] is None  # type: ignore[index]
