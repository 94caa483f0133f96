"""One vehicle is judged as the whole board judges it, by rhythms that are learned once."""

from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest
from town import Person, ask_of, sell, settle, visit

from station.archive import learned
from station.archive.database import Database
from station.errors import NotFoundError
from station.services import board, rhythms
from station.services.ask import Ask


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    keys = ["vehicle_id", "station_id"]
    left, right = (frame.sort_values(keys, ignore_index=True) for frame in (one, other))
    pd.testing.assert_frame_equal(left, right, check_dtype=False, rtol=1e-9)


def test_every_vehicle_has_the_row_of_the_whole_board(demo_ask: Ask) -> None:
    whole = board.vehicles(demo_ask)

    ids = [int(number) for number in whole["vehicle_id"].unique()]
    for start in range(0, len(ids), 2000):
        some = tuple(ids[start : start + 2000])
        same(board.some(demo_ask, vehicle_ids=some), whole[whole["vehicle_id"].isin(some)])


@pytest.mark.slow
def test_alone_a_vehicle_is_what_it_is_among_all(demo_ask: Ask) -> None:
    whole = board.vehicles(demo_ask)
    shared = whole.loc[whole["label"].str.contains("/"), "vehicle_id"].unique()[:20]
    moved = whole.loc[whole["moved_to"] != "", "vehicle_id"].unique()[:20]

    for number in [*whole["vehicle_id"].unique()[::200], *shared, *moved]:
        alone = board.vehicle(demo_ask, vehicle_id=int(number))
        same(alone, whole[whole["vehicle_id"] == number])


def test_a_narrower_sight_shows_only_its_rows(demo_ask: Ask) -> None:
    station = int(board.stations_known(demo_ask)["station_id"].min())
    narrow = replace(demo_ask, scope=replace(demo_ask.scope, station_ids=frozenset({station})))
    whole = board.vehicles(narrow)
    ids = tuple(int(number) for number in whole["vehicle_id"].unique()[:500])

    same(board.some(narrow, vehicle_ids=ids), whole[whole["vehicle_id"].isin(ids)])


@pytest.fixture
def ask(db: Database) -> Ask:
    people = [Person(number) for number in range(1, 6)]
    settle(db, people)
    sell(db, [visit(p, days) for p in people for days in range(0, 40, 4 + p.number)])
    return ask_of(db)


def test_what_the_night_learned_is_what_the_board_would_learn(ask: Ask) -> None:
    rhythms.learn_all(ask)
    before = rhythms.known(ask)

    board.vehicles(ask)

    assert rhythms.known(ask).usual.pooled.r == pytest.approx(before.usual.pooled.r, rel=1e-6)
    assert 31 in {lesson.lines for lesson in learned.load(ask.db)}


def test_a_rhythm_serves_while_little_has_changed(ask: Ask) -> None:
    usual = rhythms.known(ask).usual
    (first,) = learned.load(ask.db)
    tomorrow = replace(ask, as_of=ask.as_of + timedelta(days=1))

    assert rhythms.known(tomorrow).usual == usual
    assert learned.load(ask.db) == [first]

    much_later = replace(ask, as_of=ask.as_of + timedelta(days=8))
    rhythms.known(much_later)
    assert len(learned.load(ask.db)) == 2

    sell(ask.db, [visit(Person(1), 1)])  # one of 31 lines is more than one in a hundred
    rhythms.known(ask)
    assert learned.load(ask.db)[-1].lines == 32


def test_rhythms_of_other_rules_or_stations_are_learned_anew(ask: Ask) -> None:
    rhythms.known(ask)
    rules = replace(ask.settings, pace=replace(ask.settings.pace, prior=2.0))

    rhythms.known(replace(ask, settings=rules))
    rhythms.known(replace(ask, scope=replace(ask.scope, station_ids=frozenset({1}))))

    assert len({lesson.of for lesson in learned.load(ask.db)}) == 3


def test_what_cannot_be_read_is_learned_again(ask: Ask) -> None:
    before = rhythms.known(ask)
    (ask.db.folder / "lake" / learned.NAME).write_text("{", encoding="utf-8")

    assert learned.load(ask.db) == []
    assert rhythms.known(ask).usual.pooled.r == pytest.approx(before.usual.pooled.r)


def test_a_vehicle_that_is_not_there_is_not_found(ask: Ask) -> None:
    with pytest.raises(NotFoundError):
        board.vehicle(ask, vehicle_id=10**12)
    assert board.some(ask, vehicle_ids=()).empty
