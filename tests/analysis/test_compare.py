"""Stations side by side, allowing for chance."""

import numpy as np
import pandas as pd
import pytest
from analysis.base import facts, make_profiles
from scipy.stats import binom

from station import text
from station.analysis.compare import compare, funnel, wilson


def base(station: int, regulars: int, lapsed: int, passing: int = 1) -> pd.DataFrame:
    count = regulars + passing
    rows = [{"vehicle_id": n, "station_id": station} for n in range(count)]
    stability = ["regular"] * regulars + ["passing"] * passing
    state = ["lost"] * lapsed + ["active"] * (count - lapsed)
    return make_profiles(*rows).assign(stability=stability, state=state)


def test_wilson_gives_the_published_limits() -> None:
    low, high = wilson(np.array([81, 0]), np.array([263, 0]))

    assert (low[0], high[0]) == (pytest.approx(0.2553, abs=1e-4), pytest.approx(0.3662, abs=1e-4))
    assert np.isnan([low[1], high[1]]).all()


def test_funnel_limits_leave_out_what_chance_rarely_does() -> None:
    low, high = funnel(np.array([50, 500]), 0.2, 0.001)

    assert low[0] < low[1] < 0.2 < high[1] < high[0]
    assert binom.sf(np.ceil(high[1] * 500), 500, 0.2) < 0.001
    assert binom.sf(np.floor(high[1] * 500) - 2, 500, 0.2) > 0.001


def test_a_chain_without_lapse_has_a_flat_funnel() -> None:
    assert np.concatenate(funnel(np.array([50]), 0.0, 0.001)).tolist() == [0, 0]


def test_stations_are_counted_one_by_one() -> None:
    table = compare(pd.concat([base(2, 10, 3), base(1, 5, 0, passing=5)], ignore_index=True))

    assert table.station_id.tolist() == [1, 2]
    assert table.vehicles.tolist() == [10, 11]
    assert table.lapsed.tolist() == [0, 3]
    assert table.lapsed_share.tolist() == [0, 0.3]
    assert table.visits.tolist() == [100, 110]
    assert table.amount.tolist() == [26_000, 28_600]
    shares = table[[f"{name}_share" for name in ("regular", "occasional", "new", "passing")]]
    assert shares.sum(axis=1).tolist() == [pytest.approx(1), pytest.approx(1)]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_only_what_chance_does_not_explain_is_said_so(lang: str) -> None:
    chain = pd.concat(
        [base(1, 200, 40), base(2, 200, 110), base(3, 200, 4), base(4, 0, 0)], ignore_index=True
    )

    table = compare(chain)

    assert table.sentence.tolist() == [
        "compare.within", "compare.above", "compare.below", "compare.no_regulars"
    ]  # fmt: skip
    for _, row in table.iterrows():
        assert text.say(lang, row.sentence, **facts(row))
