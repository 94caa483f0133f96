"""The rhythms of a chain are learnt once, kept beside the archive, and learnt anew when gone."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from station.archive import derived
from station.model import day_number
from station.services import board, pacing
from station.services.ask import Ask


def kept(ask: Ask) -> list[Path]:
    return sorted((ask.db.folder / "derived").glob(f"{pacing.SORT}-*.json"))


def calculated(ask: Ask) -> object:
    """Return what is learnt without the memory of the process."""
    return pacing.learnt.__wrapped__(ask)  # type: ignore[attr-defined]


def test_what_was_learnt_is_found_again(demo_ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    found = calculated(demo_ask)
    monkeypatch.setattr(pacing, "_study", lambda _: pytest.fail("learnt twice"))

    assert calculated(demo_ask) == found


def test_a_damaged_file_is_learnt_anew(demo_ask: Ask) -> None:
    found = calculated(demo_ask)

    derived.keep(demo_ask.db, pacing.SORT, pacing._mark(demo_ask), {"pooled": 1})

    assert calculated(demo_ask) == found


def test_deleted_files_are_learnt_anew(demo_ask: Ask) -> None:
    found = calculated(demo_ask)
    for path in kept(demo_ask):
        path.unlink()

    assert calculated(demo_ask) == found
    assert kept(demo_ask)


def test_the_nightly_work_learns_for_the_last_day(demo_ask: Ask) -> None:
    for path in kept(demo_ask):
        path.unlink()
    # Under a name of its own, for what another test asked is remembered and not learnt again.
    own = replace(demo_ask, settings=replace(demo_ask.settings, hash="night"))
    pacing.learn_today(replace(own, as_of=own.as_of + timedelta(days=99)))

    assert derived.find(demo_ask.db, pacing.SORT, pacing._mark(demo_ask)) is not None


def test_another_day_has_its_own_rhythm(demo_ask: Ask) -> None:
    earlier = replace(demo_ask, as_of=demo_ask.as_of - timedelta(days=30))

    assert pacing._mark(earlier) != pacing._mark(demo_ask)
    assert calculated(earlier) != calculated(demo_ask)


def test_a_vehicle_is_judged_alike_whoever_asks(demo_ask: Ask) -> None:
    first = int(board.stations_known(demo_ask)["station_id"].min())
    narrow = replace(demo_ask, scope=replace(demo_ask.scope, station_ids=frozenset({first})))

    wide = board.vehicles(demo_ask, stations=["A0001"])

    assert board.vehicles(narrow)["p_alive"].tolist() == wide["p_alive"].tolist()


def test_visit_days_are_those_of_the_board(demo_ask: Ask) -> None:
    past = pacing.visit_days(demo_ask).until(day_number(demo_ask.as_of))

    frame = board.vehicles(demo_ask).sort_values(["vehicle_id", "station_id"])
    assert (past.x + 1).tolist() == frame["visit_days"].tolist()
    assert past.silent.tolist() == frame["days_silent"].tolist()
