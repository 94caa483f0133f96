"""What a vehicle's visits come to."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

Reduced = Callable[..., pd.DataFrame]
DAY, HOUR = 86_400, 3600


def on(day: int, hour: int = 9, **changes: Any) -> dict[str, Any]:
    return {"local_s": (20_000 + day) * DAY + hour * HOUR} | changes


def test_gaps_are_counted_between_visit_days(reduced_of: Reduced) -> None:
    row = reduced_of([on(0), on(0, 18), on(3), on(13)]).iloc[0]

    assert (row.visits, row.visit_days, row.first_day, row.last_day) == (4, 3, 20_000, 20_013)
    assert (row.gap_median_days, row.gap_square_sum) == (6.5, 109)
    assert row.gap_log_sum == pytest.approx(np.log(3) + np.log(10))


def test_the_last_three_gaps_are_set_against_those_before(reduced_of: Reduced) -> None:
    days = [0, 5, 10, 16, 26, 36, 46]

    row = reduced_of([on(day) for day in days]).iloc[0]

    assert (row.recent_gap_days, row.earlier_gap_median_days) == (10.0, 5.0)


def test_one_visit_has_no_gaps(reduced_of: Reduced) -> None:
    row = reduced_of([on(0)]).iloc[0]

    assert np.isnan([row.gap_median_days, row.recent_gap_days, row.earlier_gap_median_days]).all()
    assert (row.visit_days, row.gap_square_sum, row.gap_log_sum) == (1, 0, 0)


def test_two_gaps_are_too_few_for_a_recent_gap(reduced_of: Reduced) -> None:
    row = reduced_of([on(0), on(4), on(8)]).iloc[0]

    assert np.isnan(row.recent_gap_days)


def test_the_network_merges_the_stations_of_a_vehicle(reduced_of: Reduced) -> None:
    lines = [on(0), on(5, station_id=2), on(5, 20, station_id=1)]

    row = reduced_of(lines, network=1).iloc[0]

    assert (row.station_id, row.visits, row.visit_days, row.gap_median_days) == (0, 3, 2, 5.0)


def test_visits_before_from_day_are_left_out(reduced_of: Reduced) -> None:
    row = reduced_of([on(0), on(5), on(9)], from_day=20_005).iloc[0]

    assert (row.visits, row.first_day) == (2, 20_005)


def test_visits_fall_into_weekdays_slots_and_nights(reduced_of: Reduced) -> None:
    # Day 20,000 is a Friday, so these are Friday, Sunday twice, and Tuesday without a clock.
    lines = [on(0, 8), on(2, 23), on(2, 5), on(4, has_time=0)]

    row = reduced_of(lines).iloc[0]

    assert [row[f"weekday_{n}"] for n in range(7)] == [0, 1, 0, 0, 1, 0, 2]
    assert [row[f"slot_{n}"] for n in range(8)] == [0, 1, 1, 0, 0, 0, 0, 1]
    assert (row.visits_timed, row.visits_night, row.visits_weekend) == (3, 2, 2)


def test_quantities_of_different_units_stay_apart(reduced_of: Reduced) -> None:
    charge = {"fuel": 4, "unit": 2, "quantity_milli": 40_000}

    row = reduced_of([on(0), on(1, **charge), on(2, **charge)]).iloc[0]

    assert (row.quantity_l, row.quantity_kwh) == (30_000, 80_000)
    assert (row.visits_l, row.visits_kwh, row.visits_petrol, row.visits_electric) == (1, 2, 1, 2)


def test_the_median_is_of_the_unit_of_most_visits(reduced_of: Reduced) -> None:
    charge = {"fuel": 4, "unit": 2, "quantity_milli": 40_000}
    small = {"quantity_milli": 10_000}

    hybrid = reduced_of([on(0), on(1, **charge), on(2, **charge), on(3, **small)]).iloc[0]
    charger = reduced_of([on(0), on(1, **charge), on(2, **charge)]).iloc[0]

    assert (hybrid.quantity_median, hybrid.quantity_p90) == (20_000, 28_000)
    assert charger.quantity_median == 40_000


def test_money_of_two_currencies_has_no_currency(reduced_of: Reduced) -> None:
    lines = [on(0), on(1, station_id=2, currency=2)]

    assert reduced_of(lines).currency.tolist() == [1, 2]
    assert reduced_of(lines, network=1).currency.tolist() == [0]


def test_round_payments_are_multiples_of_fifty(reduced_of: Reduced) -> None:
    amounts = [20_000, 5_000, 20_001, 0]
    lines = [on(day, amount_minor=amount) for day, amount in enumerate(amounts)]

    assert reduced_of(lines).visits_round.tolist() == [2]


def test_no_lines_give_no_rows(reduced_of: Reduced) -> None:
    assert len(reduced_of([])) == 0
