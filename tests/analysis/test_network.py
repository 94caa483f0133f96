"""Which part of a vehicle's fills is ours."""

import numpy as np
import pandas as pd
import pytest
from analysis.base import AS_OF, make_profiles

from station.analysis.network import NetworkRules, elsewhere, falling_share, share_of_fills


def thinned(share: float, vehicles: int, spread: float, fills: int, seed: int) -> pd.DataFrame:
    """Return profiles of drivers with gamma gaps who give us each fill with a chance."""
    rng = np.random.default_rng(seed)
    shape = 1 / spread**2
    rows = []
    for number in range(vehicles):
        own = np.cumsum(rng.gamma(shape, 10 / shape, fills))
        ours = np.unique(np.round(own[rng.random(fills) < share]))
        gaps = np.diff(ours)
        rows.append(
            {"vehicle_id": number, "visit_days": len(ours), "visits": len(ours),
             "first_day": AS_OF - int(ours[-1] - ours[0]), "last_day": AS_OF,
             "gap_square_sum": int((gaps**2).sum())}
        )  # fmt: skip
    return make_profiles(*rows)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8])
def test_the_interval_of_a_share_holds_the_truth_as_often_as_it_says(share: float) -> None:
    base = thinned(share, vehicles=400, spread=0.5, fills=100, seed=4)

    found = share_of_fills(base, NetworkRules(confidence=0.8))

    inside = (found["share_low"] <= share) & (share <= found["share_high"])
    assert inside.mean() >= 0.75


def test_a_share_is_never_above_what_the_chain_saw() -> None:
    base = make_profiles({"visit_days": 30, "visits": 30}).assign(share_of_visits=0.4)

    found = share_of_fills(base)

    assert found["share_high"][0] <= 0.4


def test_few_gaps_say_nothing_of_a_share() -> None:
    found = share_of_fills(make_profiles({"visit_days": 5}))

    assert np.isnan(found["share_fills"]).all()


def counted(now: int, before: int, vehicle_id: int = 1) -> pd.DataFrame:
    row = {"vehicle_id": vehicle_id, "first_day": AS_OF - 400, "last_day": AS_OF - 1}
    return make_profiles(row).assign(visits_90d=now, visits_before=before)


def sisters(now: int, before: int) -> pd.DataFrame:
    return pd.DataFrame({"vehicle_id": [1], "visits_90d": [now], "visits_before": [before]})


def test_a_share_that_moves_to_a_sister_station_falls() -> None:
    mine = counted(3, 36)
    everywhere = pd.concat([sisters(3, 36), sisters(16, 2)])

    row = falling_share(mine, everywhere).iloc[0]

    assert row["share_moves"]
    assert (row["visits_elsewhere"], round(row["share_now"], 2)) == (16, 0.16)


def test_who_comes_as_before_has_no_falling_share() -> None:
    row = falling_share(counted(18, 36), sisters(18, 36)).iloc[0]

    assert not row["share_moves"]


def test_a_smaller_part_of_few_visits_may_be_chance() -> None:
    many = falling_share(counted(12, 60), sisters(12 + 12, 60)).iloc[0]
    few = falling_share(counted(1, 4), sisters(1 + 1, 4)).iloc[0]

    assert (many["share_moves"], few["share_moves"]) == (True, False)
    assert many["visits_month_now"] < 0.65 * many["visits_month_before"]


def test_the_network_view_names_no_amount_and_no_vehicle_of_others() -> None:
    chain = pd.concat([counted(1, 2), counted(3, 4, vehicle_id=2)])

    seen = elsewhere(chain, pd.Series([2]))

    assert list(seen) == ["vehicle_id", "station_id", "last_day", "visits_90d", "visits_before"]
    assert seen["vehicle_id"].tolist() == [2]


@pytest.mark.parametrize("sigma", [0.0, 0.3])
def test_a_prior_off_the_grid_gives_an_answer(sigma: float) -> None:
    base = make_profiles({"visit_days": 30})

    found = share_of_fills(base, NetworkRules(own_spread=5.0, own_spread_sigma=sigma))

    assert np.isfinite(found["share_fills"]).all()
