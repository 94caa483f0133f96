"""The rhythms of a chain are learnt once, kept beside the archive, and learnt anew when gone."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from town import Person, ask_of, sell, settle, visit

from station.analysis import guards
from station.archive import derived
from station.archive.database import Database
from station.model import day_number
from station.services import board, guarding, pacing
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


@pytest.fixture
def ask(db: Database) -> Ask:
    people = [Person(number) for number in range(1, 6)]
    settle(db, people)
    sell(db, [visit(p, days) for p in people for days in range(0, 40, 4 + p.number)])
    return ask_of(db)


def test_a_rhythm_serves_while_little_has_changed(ask: Ask) -> None:
    found = calculated(ask)
    (first,) = kept(ask)

    assert calculated(replace(ask, as_of=ask.as_of + timedelta(days=1))) == found
    assert kept(ask) == [first]

    calculated(replace(ask, as_of=ask.as_of + timedelta(days=8)))
    assert len(kept(ask)) == 2

    sell(ask.db, [visit(Person(1), 1)])  # one of 31 lines is more than one in a hundred
    before = first.read_text(encoding="utf-8")
    calculated(ask)
    assert first.read_text(encoding="utf-8") != before


def test_what_a_later_day_taught_is_not_known_before(ask: Ask) -> None:
    calculated(ask)

    calculated(replace(ask, as_of=ask.as_of - timedelta(days=1)))

    assert len(kept(ask)) == 2


def test_the_night_learns_anew_what_still_serves(ask: Ask) -> None:
    wide = replace(ask.settings.pace, kept_share=0.5)
    ask = replace(ask, settings=replace(ask.settings, pace=wide))
    pacing.learn_today(ask)
    (first,) = kept(ask)
    before = first.read_text(encoding="utf-8")
    sell(ask.db, [visit(Person(1), 1)])

    calculated(ask)
    assert first.read_text(encoding="utf-8") == before
    pacing.learn_today(ask)
    assert first.read_text(encoding="utf-8") != before


def test_days_that_are_held_are_kept_word_for_word(demo_ask: Ask) -> None:
    found = guarding._watched(demo_ask)

    again = guards.from_words(json.loads(json.dumps(guards.as_words(found))))

    assert again.first_day == found.first_day
    assert again.places.equals(found.places)
    assert (again.held == found.held).all()
    pd.testing.assert_frame_equal(again.windows, found.windows, check_dtype=False)


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


def test_a_holiday_is_excused_once(demo_ask: Ask) -> None:
    """By the traffic that its days saw, or by the pauses that begin on them: never by both."""
    held = guards.feast_days_held(guarding.guarded(demo_ask))

    quiet = set(pacing._quiet_days(demo_ask, pacing.visit_days(demo_ask)))

    assert held
    assert quiet
    assert not held & quiet
