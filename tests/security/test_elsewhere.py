"""Of visits at another station a manager learns when and how often, never how much or who."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from town import Person, ask_of, sell, settle, visit

from station.archive import alarms as kept
from station.archive import stations
from station.archive.database import Database
from station.config import Settings
from station.errors import NotFoundError
from station.model import LapseReason, State
from station.services import alarms, backtests, board, keeping, reports
from station.services.ask import Ask
from station.services.backtests import Replay
from station.services.customers import lapses

pytestmark = pytest.mark.slow
LONG_AGO, LEFT, NOW = 200, 60, 0
"""Days ago on which everybody began, and from which on some go to the other station."""
BOTH = [Person(number) for number in range(1, 9)]
STAY = [Person(number) for number in range(9, 30)]
THEIRS = [Person(number, station="S2") for number in range(30, 45)]


def fill(db: Database, fen: int) -> None:
    """Let some of ours move to S2, whose every fill costs `fen`."""
    settle(db, [*BOTH, *STAY, *THEIRS])
    ours = [visit(p, day) for p in STAY for day in range(NOW, LONG_AGO, 5 + p.number % 7)]
    ours += [visit(p, day) for p in BOTH for day in range(LEFT, LONG_AGO, 6)]
    moved = [
        visit(p, day, station="S2", receipt_no=f"M{p.number}-{day}", amount_minor=fen)
        for p in BOTH
        for day in range(NOW, LEFT - 5, 6)
    ]
    theirs = [visit(p, d, amount_minor=fen) for p in THEIRS for d in range(NOW, LONG_AGO, 9)]
    sell(db, [*ours, *moved, *theirs])


def manager(db: Database, code: str = "S1") -> Ask:
    """Return the question of whoever sees one station only."""
    ask = ask_of(db)
    with db.reading() as conn:
        sight = frozenset({stations.ids(conn)[code]})
    return replace(ask, scope=replace(ask.scope, station_ids=sight))


def told(ask: Ask) -> list[pd.DataFrame]:
    """Return all that the engine says to somebody."""
    asked = reports.Question(lang="en")
    names = ("profiles", "lapsed", "warnings", "compare")
    frames = [board.vehicles(ask), board.held(ask, days=400), alarms.overdue(ask, days=400)]
    frames += [reports.report(ask, name=name, question=asked).rows for name in names]
    return [*frames, backtests.table(backtests.replay(ask, asked=Replay(horizon=30, cutoffs=2)))]


def made(folder: Path, fen: int) -> Iterator[Database]:
    folder.mkdir()
    db = keeping.create(Settings(), f"sqlite:///{folder / 'station.db'}")
    fill(db, fen)
    yield db
    db.close()


@pytest.fixture(scope="module")
def cheap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    yield from made(tmp_path_factory.mktemp("chain") / "cheap", fen=20_000)


@pytest.fixture
def dear(tmp_path: Path) -> Iterator[Database]:
    yield from made(tmp_path / "dear", fen=7_654_321)


def test_a_refresh_counts_only_the_alarms_in_sight(cheap: Database) -> None:
    ask = manager(cheap)

    counted = alarms.refresh(ask)

    with cheap.reading() as conn:
        mine = kept.overdue(conn, ask.scope.station_ids, 10**6, since_day=0, limit=1000)
        all_ids = stations.ids(conn).values()
        everywhere = kept.overdue(conn, all_ids, 10**6, since_day=0, limit=1000)
    assert counted == len(mine) < len(everywhere)


def test_what_a_fill_costs_elsewhere_changes_nothing(cheap: Database, dear: Database) -> None:
    for db in (cheap, dear):
        alarms.refresh(ask_of(db))

    for one, other in zip(told(manager(cheap)), told(manager(dear)), strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_who_moved_is_said_with_the_station_and_the_day_alone(cheap: Database) -> None:
    frame = board.vehicles(manager(cheap))
    moved = frame[frame["state"] == State.MOVED.value]

    assert len(frame) == len(BOTH) + len(STAY)
    assert set(moved["label"]) == {p.plate for p in BOTH}
    assert set(moved["moved_to"]) == {"S2"}
    assert not moved["station_name"].str.contains("S2").any()


def test_a_look_back_does_not_know_of_the_move(cheap: Database) -> None:
    ask = manager(cheap)
    earlier = replace(ask, as_of=ask.as_of.replace(month=6, day=20))

    assert not (board.vehicles(earlier)["moved_to"] != "").any()


def test_what_was_heard_elsewhere_moves_nobody_here(cheap: Database) -> None:
    before = board.vehicles(manager(cheap))
    theirs = manager(cheap, "S2")
    vehicle = int(before.loc[before["moved_to"] == "S2", "vehicle_id"].iloc[0])
    lapses.record(
        theirs, vehicle_id=vehicle, station="S2", reason=LapseReason.VEHICLE_SOLD, note="sold"
    )

    after = board.vehicles(manager(cheap))

    pd.testing.assert_frame_equal(before, after)
    assert lapses.newest(manager(cheap)).empty


@pytest.mark.parametrize("ask_for", [alarms.overdue, backtests.replay, board.held])
def test_another_station_is_not_there(cheap: Database, ask_for: object) -> None:
    with pytest.raises(NotFoundError):
        ask_for(manager(cheap), stations=["S2"])  # type: ignore[operator]
