"""The limits hold however often one looks, and where peeking at others would deceive."""

import math

import numpy as np
import pandas as pd
import pytest
from analysis.trial import make_due
from nights import by_night

from station.analysis import anytime
from station.analysis.anytime import mean_limits, share_limits, told
from station.analysis.proportions import newcombe

RUNS = by_night(1_000, by_day=30)
WEEKS = 52


def weekly(due: pd.DataFrame) -> np.ndarray:
    return np.arange(len(due) // WEEKS, len(due) + 1, len(due) // WEEKS)


def is_ever_missed(due: pd.DataFrame, truth: float) -> bool:
    low, high = share_limits(due, weekly(due))
    return bool(((low > truth) | (high < truth)).any())


@pytest.mark.parametrize(
    ("per_week", "truth", "chance", "off", "spread"),
    [
        (40, 0.0, (0.1, 0.5), 0.0, 0.0),
        (40, 0.08, (0.1, 0.5), 0.1, 0.0),
        (10, 0.0, (0.01, 0.1), 0.0, 0.0),
        (10, 0.0, (0.8, 0.99), 0.2, 0.0),
        (80, 0.08, (0.2, 0.5), 0.0, 0.08),
    ],
    ids=["none", "some, badly foreseen", "few come back", "most come back", "differs by station"],
)
def test_the_truth_leaves_the_limits_ever_in_one_of_twenty_archives_at_most(
    per_week: int, truth: float, chance: tuple[float, float], off: float, spread: float
) -> None:
    """Also where the effect differs, so that the limits are of its mean."""
    shape = {"effect": truth, "chance": chance, "off": off, "spread": spread, "stations": 4}
    missed = sum(
        is_ever_missed(make_due(per_week, WEEKS, seed=seed, **shape), truth) for seed in range(RUNS)
    )

    assert missed / RUNS <= 0.05


def test_who_peeks_at_limits_for_one_look_is_deceived_many_times_as_often() -> None:
    deceived = 0
    runs = by_night(1_000, by_day=30)
    for seed in range(runs):
        due = make_due(40, WEEKS, seed=seed)
        held, came = due["is_held"].to_numpy(), due["returned"].to_numpy()
        ends = weekly(due) - 1
        n1, n0, x1, x0 = (
            np.cumsum(marks)[ends] for marks in (~held, held, ~held & came, held & came)
        )
        looks = [
            newcombe(([a], [b]), ([c], [d])) for a, b, c, d in zip(x1, x0, n1, n0, strict=True)
        ]
        deceived += any(look.low > 0 or look.high < 0 for look in looks)

    assert deceived / runs > 0.15


def test_the_limits_close_in_on_the_truth() -> None:
    due = make_due(400, WEEKS, seed=7, effect=0.08)

    low, high = share_limits(due, weekly(due))

    assert low[-1] < 0.08 < high[-1]
    assert high[-1] - low[-1] < 0.1 < high[3] - low[3]


def test_without_anybody_nothing_is_known() -> None:
    low, high = share_limits(make_due(1, 1, seed=1).head(0), np.array([0]))

    assert np.isnan([*low, *high]).all()


def test_one_customer_tells_next_to_nothing() -> None:
    low, high = share_limits(make_due(1, 1, seed=1), np.array([1]))

    assert (low[0], high[0]) == (pytest.approx(-1), pytest.approx(1))


def test_what_customers_tell_is_on_average_the_effect() -> None:
    share, uncalled, called, expected = 0.1, 0.3, 0.45, 0.7
    values = told(
        np.array([1.0, 0.0, 1.0, 0.0]),
        np.array([True, True, False, False]),
        np.full(4, share),
        np.full(4, expected),
    )

    weight = [share * uncalled, share * (1 - uncalled)]
    weight += [(1 - share) * called, (1 - share) * (1 - called)]
    assert float(values @ np.array(weight)) == pytest.approx(called - uncalled)


def test_the_limits_are_where_the_gambler_has_made_enough() -> None:
    due = make_due(60, WEEKS, seed=3, effect=0.1).head(2_000)
    (low,), (high,) = share_limits(due, np.array([2_000]))
    each = told(
        due["returned"].to_numpy(float),
        due["is_held"].to_numpy(),
        due["share"].to_numpy(),
        due["p_return"].round(2).to_numpy(),
    )
    stakes = 0.9 / 11 * 0.5 ** np.arange(anytime.BETS)

    for limit, sign in ((low, 1), (high, -1)):
        made = [np.exp(np.log1p(sign * stake * (each - limit)).sum()) for stake in stakes]
        assert np.mean(made) == pytest.approx(40, rel=1e-3)


def test_means_are_told_once_enough_were_left_uncalled() -> None:
    each = np.random.default_rng(1).normal(3, 10, 4_000)

    assert math.isnan(mean_limits(each, 29, confidence=0.95, least=30, tuned=3_000).at)
    found = mean_limits(each, 400, confidence=0.95, least=30, tuned=3_000)
    assert found.low < 3 < found.high
    assert 1.5 < (found.high - found.low) / (2 * 1.96 * 10 / math.sqrt(4_000)) < 1.8
