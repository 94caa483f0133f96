"""Why a regular stays away is kept sealed and told to whoever may hear it."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from station.config import Settings
from station.errors import ArchiveError, BadValueError, NotFoundError
from station.model import LapseReason, Use
from station.services import access, board, keeping
from station.services.ask import Ask
from station.services.customers import cards, lapses
from station.services.personal import sealing


@pytest.fixture
def ask(demo_ask: Ask, tmp_path: Path) -> Iterator[Ask]:
    """Yield the demo network in a copy of its own."""
    keeping.backup(demo_ask, path=tmp_path / "station.db")
    shutil.copy(demo_ask.db.folder / sealing.KEY_FILE, tmp_path)  # no part of a backup
    db = keeping.open_archive(Settings(), f"sqlite:///{tmp_path}/station.db")
    yield replace(demo_ask, db=db, scope=access.local_operator(db))
    db.close()


def at_first_station(ask: Ask) -> int:
    rows = board.vehicles(ask, stations=["A0001"])
    return int(rows.sort_values("visits")["vehicle_id"].iloc[-1])


def test_the_newest_answer_counts_and_all_are_kept(ask: Ask) -> None:
    vehicle = at_first_station(ask)

    for reason, note in ((LapseReason.PRICE, "太贵"), (LapseReason.ROUTE, "")):
        lapses.record(ask, vehicle_id=vehicle, station="A0001", reason=reason, note=note)

    told = lapses.history(ask, vehicle_id=vehicle)
    assert sorted(zip(told["reason"], told["note"], strict=True)) == [
        ("price", "太贵"),
        ("route", ""),
    ]
    newest = lapses.newest(ask)
    assert newest[["vehicle_id", "station", "reason"]].to_numpy().tolist() == [
        [vehicle, "A0001", "route"]
    ]
    assert "note" not in newest


def test_a_note_is_nowhere_in_the_archives_files(ask: Ask) -> None:
    lapses.record(
        ask,
        vehicle_id=at_first_station(ask),
        station="A0001",
        reason=LapseReason.SERVICE,
        note="a sentence nobody else may read",
    )

    files = [path.read_bytes() for path in ask.db.folder.glob("station.db*")]
    assert not any(b"nobody else" in content for content in files)


def test_a_long_note_is_refused(ask: Ask) -> None:
    with pytest.raises(BadValueError):
        lapses.record(ask, vehicle_id=1, station="A0001", reason=LapseReason.PRICE, note="x" * 501)


def narrow(ask: Ask, code: str) -> Ask:
    ids = access.stations_in_sight(ask, [code])
    return replace(ask, scope=replace(ask.scope, station_ids=ids))


def test_another_stations_answers_are_out_of_sight(ask: Ask) -> None:
    vehicle = at_first_station(ask)
    lapses.record(ask, vehicle_id=vehicle, station="A0001", reason=LapseReason.PRICE, note="n")

    elsewhere = narrow(ask, "A0002")

    assert lapses.newest(elsewhere).empty
    assert lapses.history(elsewhere, vehicle_id=vehicle).empty
    with pytest.raises(NotFoundError):
        lapses.record(
            elsewhere, vehicle_id=vehicle, station="A0001", reason=LapseReason.PRICE, note=""
        )


def test_what_staff_confirm_is_what_the_board_says(ask: Ask) -> None:
    vehicle = at_first_station(ask)

    cards.confirm_use(ask, vehicle_id=vehicle, use=Use.TRAINER)

    row = cards.card(ask, vehicle_id=vehicle).rows.iloc[0]
    assert (row["use"], row["use_source"], row["use_probability"]) == ("trainer", "confirmed", 1.0)


def test_nobody_confirms_what_he_cannot_see(ask: Ask) -> None:
    only = board.vehicles(ask)
    first = set(only.loc[only["station"] == "A0001", "vehicle_id"])
    (vehicle, *_) = sorted(first - set(only.loc[only["station"] == "A0002", "vehicle_id"]))

    with pytest.raises(NotFoundError):
        cards.confirm_use(narrow(ask, "A0002"), vehicle_id=int(vehicle), use=Use.TAXI)


def test_a_lost_key_shuts_the_notes_and_is_not_made_anew(ask: Ask) -> None:
    vehicle = at_first_station(ask)
    answer = {"vehicle_id": vehicle, "station": "A0001", "reason": LapseReason.PRICE}
    lapses.record(ask, **answer, note="太贵")
    key = ask.db.folder / sealing.KEY_FILE
    key.unlink()

    told = lapses.history(ask, vehicle_id=vehicle)

    assert told["reason"].tolist() == ["price"]
    assert told["note"].isna().all()
    with pytest.raises(ArchiveError):
        lapses.record(ask, **answer, note="还是太贵")
    assert not key.exists()


def test_a_silent_vehicle_of_which_it_is_heard_that_it_was_sold_is_gone(ask: Ask) -> None:
    frame = board.vehicles(ask)
    silent = frame[(frame["stability"] == "regular") & frame["state"].isin(["overdue", "lost"])]
    row = silent.iloc[0]
    vehicle, station = int(row["vehicle_id"]), str(row["station"])

    lapses.record(
        ask, vehicle_id=vehicle, station=station, reason=LapseReason.VEHICLE_SOLD, note=""
    )

    after = board.vehicles(ask)
    mine = after[(after["vehicle_id"] == vehicle) & (after["station"] == station)]
    assert mine["state"].tolist() == ["sold"]
