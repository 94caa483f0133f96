"""What followed past days teaches who comes by himself."""

from dataclasses import replace

import numpy as np
import pytest
from analysis.refuelling import AS_OF, refuel
from analysis.test_pauses import FIT, PAUSING, life, repeated
from scipy.special import expit, psi

from station.analysis import backtest, diary, landmark, pace
from station.analysis import lives as living
from station.analysis.landmark import LandmarkRules


def test_a_logistic_law_is_recovered() -> None:
    rng = np.random.default_rng(1)
    table = rng.standard_normal((40_000, 2))
    came = rng.random(40_000) < expit(-0.5 + table @ np.array([1.5, -0.7]))

    weights = landmark.fit_logistic(table, came, ridge=1.0)

    assert weights == pytest.approx([-0.5, 1.5, -0.7], abs=0.05)


def test_a_strong_ridge_leaves_only_the_share() -> None:
    table = np.linspace(-1, 1, 400)[:, None]
    came = np.arange(400) % 4 == 0

    weights = landmark.fit_logistic(table, came, ridge=1e9)

    assert weights[1] == pytest.approx(0, abs=1e-6)
    assert expit(weights[0]) == pytest.approx(0.25)


@pytest.mark.parametrize("answers", [np.ones(400, bool), np.zeros(400, bool)])
def test_where_all_or_none_came_nothing_is_learnt(answers: np.ndarray) -> None:
    assert landmark.learn([np.ones((400, 2))], [answers], 30) is None


def test_few_vehicles_teach_nothing() -> None:
    few = LandmarkRules(rows_least=500)

    assert landmark.learn([np.ones((400, 2))], [np.arange(400) % 2 == 0], 30, few) is None


def test_every_feature_is_finite_for_strange_lives() -> None:
    table = landmark.features(PAUSING, repeated(life([]), [0.0, 30_000]), 30)

    assert table.shape == (2, len(landmark.FEATURES))
    assert np.isfinite(table).all()


@pytest.mark.parametrize("k", [0.7, 2.0, 6.0])
def test_own_regularity_is_that_of_long_histories(k: float) -> None:
    gaps = np.random.default_rng(3).gamma(k, 1, 4_000)
    told = life([1] * 4_000)
    told.log_gaps[:], told.t_x[:] = np.log(gaps).sum(), gaps.sum()

    assert living.regularity(told, 1.5)[0] == pytest.approx(k, rel=0.06)


def test_own_regularity_is_of_the_gaps_as_they_were_pauses_and_all() -> None:
    told = life([7, 8, 60, 6, 9])

    paused = replace(told, paused=np.array([52.0]))

    assert living.regularity(paused, 2.0) == pytest.approx(living.regularity(told, 2.0))


def test_own_regularity_of_a_vehicle_seen_once_is_that_of_the_base() -> None:
    spread = np.log(FIT.k) - psi(FIT.k)

    assert spread > 0
    assert living.regularity(life([]), FIT.k)[0] == pytest.approx(FIT.k, rel=0.02)


@pytest.fixture(scope="module")
def base() -> tuple[diary.Diary, pace.Pace]:
    read = diary.read(refuel(4_000)[0])
    return read, pace.study(read, AS_OF, 30)


def test_its_chances_come_true_on_days_that_it_has_not_seen(
    base: tuple[diary.Diary, pace.Pace],
) -> None:
    read, found = base
    past = read.until(AS_OF)
    lives = living.of_past(past, pace.past_pauses(found, past, None))

    groups = backtest.calibration(
        found.of_lives(lives, None, found.returns(30)), read.came_within(past, 30)
    )

    assert max(abs(group["predicted"] - group["observed"]) for group in groups) < 0.05


def test_it_does_not_look_beyond_the_day(base: tuple[diary.Diary, pace.Pace]) -> None:
    read, found = base
    known = read.day <= AS_OF

    earlier = diary.Diary(read.keys, read.row[known], read.day[known])

    assert pace.study(earlier, AS_OF, 30) == found
