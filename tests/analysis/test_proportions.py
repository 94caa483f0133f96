"""Two shares apart, with the limits that were published."""

import math

import numpy as np
import pytest
from analysis.trial import make_due
from hypothesis import given
from hypothesis import strategies as st
from nights import by_night

from station.analysis.proportions import needed, newcombe


def test_newcombe_gives_the_published_limits() -> None:
    found = newcombe(([56], [48]), ([70], [80]))

    assert found.at == pytest.approx(0.2, abs=1e-4)
    assert found.low == pytest.approx(0.0524, abs=1e-4)
    assert found.high == pytest.approx(0.3339, abs=1e-4)


@pytest.mark.parametrize(
    ("uncalled", "called", "each"),
    [(0.10, 0.15, 686), (0.15, 0.20, 906), (0.20, 0.25, 1_094), (0.20, 0.30, 294), (0.2, 0.4, 82)],
)
def test_so_many_are_needed_in_each_arm(uncalled: float, called: float, each: int) -> None:
    assert needed(uncalled, called) == (each, each)


@pytest.mark.parametrize(("called", "numbers"), [(0.3, (189, 753)), (0.4, (53, 210))])
def test_so_many_are_needed_if_one_in_five_is_left_uncalled(
    called: float, numbers: tuple[int, int]
) -> None:
    assert needed(0.2, called, share=0.2) == numbers


def test_a_stratum_with_one_group_only_says_nothing() -> None:
    alone = newcombe(([56], [48]), ([70], [80]))

    assert newcombe(([56, 9], [48, 0]), ([70, 9], [80, 0])) == alone
    assert math.isnan(newcombe(([1], [0]), ([9], [0])).at)


@given(st.lists(st.tuples(*[st.integers(1, 60)] * 2, *[st.floats(0, 1)] * 2), min_size=1))
def test_the_other_way_round_the_limits_change_places(
    strata: list[tuple[int, int, float, float]],
) -> None:
    n1, n0 = np.array([s[0] for s in strata]), np.array([s[1] for s in strata])
    x1, x0 = (n1 * [s[2] for s in strata]).round(), (n0 * [s[3] for s in strata]).round()

    one, other = newcombe((x1, x0), (n1, n0)), newcombe((x0, x1), (n0, n1))

    assert -1 - 1e-9 <= one.low <= one.at <= one.high <= 1 + 1e-9
    assert (one.low, one.high) == (pytest.approx(-other.high), pytest.approx(-other.low))


@pytest.mark.parametrize("stations", [1, 20])
def test_the_pooled_limits_hold_as_often_as_they_say(stations: int) -> None:
    runs = by_night(4_000, by_day=100)
    missed = 0
    for seed in range(runs):
        due = make_due(1_000, 1, seed=seed, effect=0.08, stations=stations)
        place = due["station_id"].to_numpy()
        called, came = ~due["is_held"].to_numpy(), due["returned"].to_numpy()
        arms = [np.bincount(place[arm], minlength=stations + 1) for arm in (called, ~called)]
        hits = [np.bincount(place[a & came], minlength=stations + 1) for a in (called, ~called)]
        found = newcombe((hits[0], hits[1]), (arms[0], arms[1]))
        missed += not found.low <= 0.08 <= found.high

    assert missed / runs < by_night(0.06, by_day=0.09)
