"""Figures of a vehicle, computed by hand."""

import numpy as np
import pandas as pd
import pytest
from analysis.base import AS_OF, make_profiles, make_reduced, once, reduced_frame

from station.analysis.profile import profiles
from station.model import currency_code, currency_name


def test_a_weekly_visitor_reads_as_one() -> None:
    row = make_profiles({}).iloc[0]

    assert (row.days_silent, row.mean_gap_days, row.gap_cv) == (3, 7.0, 0.0)
    assert (row.unit, row.quantity, row.quantity_per_visit) == ("l", 350.0, 35.0)
    assert (row.amount, row.share_of_visits) == (2_600.0, 1.0)


def test_the_spread_of_gaps_is_counted_with_one_less() -> None:
    gaps = np.array([3, 5, 10])
    row = make_profiles(
        {
            "visit_days": 4,
            "first_day": AS_OF - 18,
            "last_day": AS_OF,
            "gap_square_sum": int((gaps**2).sum()),
        }
    ).iloc[0]

    assert row.gap_cv == pytest.approx(gaps.std(ddof=1) / gaps.mean())


def test_a_spread_needs_three_visit_days_and_a_mean_two() -> None:
    two = {"visit_days": 2, "first_day": AS_OF - 9, "last_day": AS_OF, "gap_square_sum": 81}

    frame = make_profiles(once(5), two)

    assert np.isnan(frame.gap_cv).all()
    assert np.isnan(frame.mean_gap_days[0])
    assert frame.mean_gap_days[1] == 9


def test_the_unit_is_that_of_most_visits() -> None:
    row = make_profiles({"visits_l": 4, "visits_kwh": 6, "quantity_kwh": 240_000}).iloc[0]

    assert (row.unit, row.quantity, row.quantity_per_visit) == ("kwh", 240.0, 40.0)


def test_the_share_is_of_all_stations_visits() -> None:
    reduced = reduced_frame(make_reduced(visits=3))
    network = pd.DataFrame({"vehicle_id": [1, 1, 2], "visits": [3, 9, 5]})

    assert profiles(reduced, as_of_day=AS_OF, network=network).share_of_visits[0] == 0.25


def test_money_follows_its_currency_and_mixed_money_is_none() -> None:
    frame = make_profiles(
        {"currency": currency_code("JPY"), "amount_minor": 500}, {"currency": 0, "vehicle_id": 2}
    )

    assert frame.amount[0] == 500
    assert np.isnan(frame.amount[1])


@pytest.mark.parametrize("name", ["CNY", "AAA", "ZZZ", "USD"])
def test_a_currency_has_a_number_and_the_number_its_currency(name: str) -> None:
    assert 0 < currency_code(name) < 2**15
    assert currency_name(currency_code(name)) == name


def test_no_currency_has_no_name() -> None:
    assert currency_name(0) == ""


def test_an_empty_base_has_empty_profiles() -> None:
    assert make_profiles().empty
