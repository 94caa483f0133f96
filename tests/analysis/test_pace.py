"""Which fit speaks for which vehicle."""

import json
from dataclasses import replace

import numpy as np
import pytest
from analysis.base import PACE, make_profiles, simulated
from analysis.refuelling import AS_OF, refuel

from station.analysis import diary, lives, pace, pace_words, rhythm


def test_a_small_kind_of_station_is_judged_by_all_together() -> None:
    base = simulated(300)
    base["station_kind"] = np.where(np.arange(len(base)) < 20, "county", "city")

    learnt = pace.learn(base, pace.PaceRules(min_vehicles=100))

    assert set(learnt.by_kind) == {"city"}
    asked = learnt.ask(base, rhythm.p_alive)
    pooled = pace.Pace(learnt.pooled, {}).ask(base, rhythm.p_alive)
    assert asked[:20] == pytest.approx(pooled[:20])
    assert asked[100:] != pytest.approx(pooled[100:])


def test_one_kind_of_station_needs_no_fit_of_its_own() -> None:
    base = simulated(200).assign(station_kind="city")

    assert not pace.learn(base, pace.PaceRules(min_vehicles=1)).by_kind


def test_an_empty_base_is_judged_as_strangers() -> None:
    assert pace.learn(make_profiles()).pooled.fitted == pace.STRANGER


def test_a_base_of_one_visit_can_be_learnt() -> None:
    base = make_profiles({"visit_days": 1, "first_day": 20_497, "gap_log_sum": 0})

    fitted = pace.learn(base).pooled.fitted

    assert np.isfinite([fitted.r, fitted.alpha, fitted.a, fitted.b]).all()


def test_histories_are_counted_in_visit_days() -> None:
    told = lives.of_profiles(make_profiles({}))

    assert (told.x[0], told.t_x[0], told.silent[0]) == (9, 63, 3)
    assert PACE.ask(make_profiles({}), rhythm.p_alive)[0] > 0.5


@pytest.fixture(scope="module")
def studied() -> tuple[diary.Diary, pace.Pace]:
    visits, _ = refuel(1_200)
    read = diary.read(visits.assign(station_id=1 + visits["vehicle_id"] % 2))
    kinds = read.keys["station_id"].map({1: "city", 2: "county"}).to_numpy(dtype=object)
    return read, pace.study(read, AS_OF, 30, kinds=kinds, quiet_days=range(20_100, 20_104))


def test_a_pace_survives_being_written_down(studied: tuple[diary.Diary, pace.Pace]) -> None:
    found = studied[1]

    assert set(found.by_kind) == {"city", "county"}
    assert pace_words.from_words(json.loads(json.dumps(pace_words.as_words(found)))) == found
    assert (
        pace_words.from_words(pace_words.as_words(replace(found, landmark=None))).landmark is None
    )


def test_a_landmark_answers_for_its_own_horizon_only(
    studied: tuple[diary.Diary, pace.Pace],
) -> None:
    found, base = studied[1], make_profiles({"days_silent": 3})

    assert found.landmark is not None
    assert found.p_return(base, 30) != pytest.approx(found.p_visit(base, 30))
    assert found.p_return(base, 60) == pytest.approx(found.p_visit(base, 60))


def test_a_short_history_has_no_landmark(studied: tuple[diary.Diary, pace.Pace]) -> None:
    read = studied[0]

    assert pace.study(read, int(read.day.min()) + 59, 30).landmark is None
    assert pace.study(read, int(read.day.min()) + 60, 30).landmark is not None


def test_a_large_base_is_learnt_from_a_part_of_it(studied: tuple[diary.Diary, pace.Pace]) -> None:
    read, found = studied

    part = pace.study(read, AS_OF, 30, rules=pace.PaceRules(vehicles_most=400))

    assert part.pooled.fitted != found.pooled.fitted
    assert part.pooled.fitted.k == pytest.approx(found.pooled.fitted.k, rel=0.1)
    errors = (one.pooled.fitted.standard_errors["k"] for one in (part, found))
    assert next(errors) > 1.4 * next(errors)


def test_before_the_first_visit_all_are_strangers(studied: tuple[diary.Diary, pace.Pace]) -> None:
    assert pace.study(studied[0], 0, 30).pooled.fitted == pace.STRANGER


def test_profiles_are_told_their_pauses(studied: tuple[diary.Diary, pace.Pace]) -> None:
    read, found = studied
    past = read.until(AS_OF)
    who = read.keys.iloc[past.row[:2]]
    rows = [
        {"vehicle_id": int(vehicle), "station_id": int(station)}
        for vehicle, station in who.to_numpy()
    ]
    profiles = make_profiles(*rows, {"vehicle_id": 10**6}).assign(station_kind="city")

    told = pace.with_pauses(profiles, read, AS_OF, found)

    expected = pace.past_pauses(found, past, None)
    assert told[pace.PAUSED].tolist()[2] == 0
    assert told[pace.PAUSED].tolist()[:2] == pytest.approx(expected[:2], abs=40)
    assert (told.index == profiles.index).all()


def test_a_past_pause_is_no_part_of_a_vehicles_own_time() -> None:
    frame = make_profiles({}, {"vehicle_id": 2}).assign(pause_days=[0.0, 28.0])

    alive = PACE.p_alive(frame.assign(days_silent=40))

    assert alive[1] < alive[0]
