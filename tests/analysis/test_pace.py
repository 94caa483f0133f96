"""Which fit speaks for which vehicle."""

import numpy as np
import pytest
from analysis.base import PACE, make_profiles, simulated

from station.analysis import lives, pace, rhythm


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
