"""Calls are given credit for whom they brought back, not for whoever came back."""

import math

import numpy as np
import pandas as pd
import pytest
from analysis.trial import make_due
from nights import by_night

from station.analysis import anytime, winback
from station.analysis.winback import EffectRules, measure, path, ranking

RULES = EffectRules()
RUNS = by_night(1_000, by_day=60)


def claims(due: pd.DataFrame) -> bool:
    """Return whether somebody who looks every week ever reads that calls change something."""
    low, high = anytime.share_limits(due, np.arange(60, len(due) + 1, 60))
    return bool(((low > 0) | (high < 0)).any())


def test_calls_that_do_nothing_are_found_out_in_at_most_one_of_twenty_archives() -> None:
    false = sum(claims(make_due(60, 52, seed=seed)) for seed in range(RUNS))

    assert false / RUNS <= 0.05


def test_eight_points_are_found_and_the_naive_rate_stands_beside_them() -> None:
    shape = {"effect": 0.08, "chance": (0.05, 0.37), "stations": 20}
    due = make_due(400, 26, seed=1, **shape)

    found = measure(due)

    assert found.sentence == "effect.works"
    assert found.always.low < 0.08 < found.always.high
    assert found.always.at == pytest.approx(0.08, abs=0.03)
    assert found.naive == pytest.approx(0.29, abs=0.02)
    assert found.rate_held == pytest.approx(0.21, abs=0.03)


def test_a_hundred_due_a_week_show_eight_points_at_the_end_of_a_year_in_most_archives() -> None:
    runs = by_night(400, by_day=30)
    shape = {"effect": 0.08, "chance": (0.05, 0.37), "stations": 5}
    found = [measure(make_due(100, 52, seed=seed, **shape)).sentence for seed in range(runs)]

    assert found.count("effect.works") / runs > by_night(0.7, by_day=0.6)  # 304 of 400, measured
    assert "effect.harms" not in found


def test_calls_that_drive_customers_away_are_told_so() -> None:
    assert measure(make_due(400, 30, seed=2, effect=-0.1)).sentence == "effect.harms"


def test_a_few_weeks_of_one_station_cannot_tell_yet() -> None:
    found = measure(make_due(20, 4, seed=3, effect=0.08, stations=1))

    assert found.sentence == "effect.cannot_tell"
    assert found.always.low < 0 < found.always.high
    assert math.isnan(found.litres.at)


def test_nobody_due_is_nothing_known() -> None:
    found = measure(make_due(1, 1, seed=1).head(0))

    assert found.due == 0
    assert found.sentence == "effect.cannot_tell"
    assert math.isnan(found.naive)
    assert path(make_due(1, 1, seed=1).head(0)).empty


def test_compared_is_what_was_meant_whoever_was_reached() -> None:
    due = make_due(200, 20, seed=4, effect=0.2)
    unreached = due.assign(was_called=due["was_called"] & (due["customer_id"] % 2 == 0))

    found, other = measure(due), measure(unreached)

    assert found.always == other.always
    assert found.once == other.once
    assert other.reached < found.reached == found.called
    assert found.leaked == 0


def test_the_order_of_the_rows_changes_nothing() -> None:
    due = make_due(50, 20, seed=5, effect=0.1)
    shuffled = due.sample(frac=1, random_state=1)

    assert measure(shuffled) == measure(due)
    pd.testing.assert_frame_equal(path(shuffled), path(due))


def test_what_comes_later_does_not_change_what_was_known_before() -> None:
    due = make_due(50, 30, seed=6, effect=0.1)

    whole, part = path(due), path(due[due["due_day"] < 20_000 + 7 * 20])

    pd.testing.assert_frame_equal(whole.head(len(part)), part)


def test_the_last_week_of_the_path_is_what_is_known_now() -> None:
    due = make_due(50, 30, seed=6, effect=0.1)

    last, found = path(due).iloc[-1], measure(due)

    assert (last["due"], last["at"]) == (found.due, pytest.approx(found.always.at))
    assert (last["low"], last["high"]) == (found.always.low, found.always.high)


def test_a_call_brings_so_many_litres_and_so_much_gain() -> None:
    due = make_due(400, 40, seed=8, effect=0.1)

    found = measure(due)

    assert found.litres.low < 6 < found.litres.high  # a tenth come, each with 60 litres
    assert found.litres.low > 0
    assert found.gain.at == pytest.approx(0.6 * found.litres.at)


def test_stations_are_told_apart_each_with_limits_of_its_own() -> None:
    due = make_due(300, 30, seed=9, effect=0.1)

    each = winback.by(due, "station_id")

    assert sorted(each) == [1, 2, 3]
    assert sum(one.due for one in each.values()) == len(due)
    whole = measure(due).always
    assert all(one.always.high - one.always.low > whole.high - whole.low for one in each.values())


def test_a_third_is_told_without_knowing_who_comes_later() -> None:
    chance = pd.Series(np.random.default_rng(1).random(600))

    third = winback.thirds(chance)

    assert (third[:300] == winback.thirds(chance.head(300))).all()
    assert np.bincount(third[100:]) == pytest.approx([167, 167, 167], abs=20)


def test_customers_are_ranked_by_what_calls_do_only_once_it_is_proven() -> None:
    alike = make_due(1_000, 40, seed=10, effect=0.1)
    assert not ranking(alike).is_proven

    apart = alike["p_return"] > alike["p_return"].median()
    helped = alike["returned"] | (~alike["is_held"] & apart & (alike["customer_id"] % 2 == 0))
    unlike = alike.assign(returned=helped)
    found = ranking(unlike)
    assert found.is_proven
    assert found.best[0] == 2
    assert not ranking(unlike.head(10_000)).is_proven
    assert not ranking(unlike, EffectRules(least_ranked=10_000)).is_proven


def test_so_many_more_are_needed_until_eight_points_would_be_seen() -> None:
    few = measure(make_due(20, 4, seed=3))

    assert 2_500 < winback.needed(few, RULES, 0.1) < 4_000
    assert winback.needed(few, RULES, 0.5) < winback.needed(few, RULES, 0.1)
