"""Which silence is ours."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from station.analysis import guards
from station.analysis.feasts import feast_days
from station.analysis.guards import GuardRules, watch
from station.model import day_number

START = day_number(date(2026, 5, 15))
DAYS = 120
LAST = START + DAYS - 1
PRICE = 7.0


def make_lines(**changes: dict[int, int]) -> pd.DataFrame:
    """Return a hundred lines a day of one product, 95 of them known, but for changes by day."""
    lines = np.full(DAYS, 100)
    known = np.full(DAYS, 95)
    for name, by_day in changes.items():
        column = {"lines": lines, "known": known}[name]
        for day, value in by_day.items():
            column[day] = value
    known = np.minimum(known, lines)
    frame = pd.DataFrame({"local_day": START + np.arange(DAYS), "lines": lines, "known": known})
    frame = frame.assign(
        station_id=1,
        product_group=1,
        quantity_milli=lines * 30_000,
        amount_minor=np.round(lines * 30_000 * PRICE).astype("int64"),
    )
    return frame[frame["lines"] > 0]


def silent(last_day: int, until: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"station_id": [1], "product_group": [1], "last_day": [last_day],
         "days_silent": [until - last_day]}
    )  # fmt: skip


def held(guard: guards.Guard, first: int, last: int) -> float:
    rows = silent(START + first, START + last)
    return float(guard.between(rows, rows["last_day"], pd.Series([START + last]))[0])


QUIET = GuardRules(country="XX")


def test_a_station_that_sells_as_usual_holds_nothing() -> None:
    assert held(watch(make_lines(), LAST, QUIET), 0, DAYS - 1) == 0


def test_a_closure_of_a_fortnight_holds_fourteen_days() -> None:
    guard = watch(make_lines(lines=dict.fromkeys(range(60, 74), 0)), LAST, QUIET)

    assert held(guard, 50, 90) == 14
    assert guard.windows["cause"].tolist() == [guards.CLOSURE]
    assert guard.cause(silent(START + 50, START + 90)).tolist() == [guards.CLOSURE]


def test_a_product_that_ran_out_while_another_sold_is_no_closure() -> None:
    other = make_lines().assign(product_group=2)
    lines = pd.concat([make_lines(lines=dict.fromkeys(range(60, 64), 0)), other])

    assert set(watch(lines, LAST, QUIET).windows["cause"]) == {guards.STOCKOUT}


def test_half_a_dead_camera_holds_about_half_of_its_days() -> None:
    guard = watch(make_lines(known=dict.fromkeys(range(60, 74), 48)), LAST, QUIET)

    assert held(guard, 50, 90) == pytest.approx(7, abs=1)
    assert set(guard.windows["cause"]) == {guards.CAMERA}


def test_chance_is_no_dead_camera() -> None:
    rng = np.random.default_rng(3)
    known = dict(enumerate(rng.binomial(100, 0.95, DAYS).tolist()))

    assert held(watch(make_lines(known=known), LAST, QUIET), 0, DAYS - 1) == 0


def test_what_happens_later_changes_no_earlier_answer() -> None:
    lines = make_lines(lines=dict.fromkeys(range(60, 74), 0))

    earlier = watch(lines, START + 65, QUIET)

    assert held(earlier, 50, 65) == 6


def test_the_day_on_which_so_many_days_count_lies_behind_the_closure() -> None:
    guard = watch(make_lines(lines=dict.fromkeys(range(60, 74), 0)), LAST, QUIET)
    rows = silent(START + 50, START + 90)

    reached = guard.first_reached(rows, rows["last_day"], np.array([20]))

    assert reached.tolist() == [START + 84]
    assert held(guard, 50, 84) == 14


def test_never_more_days_are_held_than_there_were() -> None:
    days = np.arange(START, LAST + 1)
    dusty = np.cumsum(np.where(np.arange(DAYS) < 60, 0.1, 1.0))[None]
    places = pd.MultiIndex.from_tuples([(1, 1)], names=["station_id", "product_group"])
    guard = guards.Guard(int(days[0]), places, dusty, pd.DataFrame(columns=guards.COLUMNS))

    left = [10 - held(guard, first, first + 10) for first in range(62, DAYS - 11)]

    assert min(left) >= 0


def test_days_ahead_all_count() -> None:
    rows = silent(LAST - 5, LAST)

    reached = watch(make_lines(), LAST, QUIET).first_reached(rows, rows["last_day"], np.array([40]))

    assert reached.tolist() == [LAST + 35]


def test_a_vehicle_of_another_product_is_not_held() -> None:
    guard = watch(make_lines(lines=dict.fromkeys(range(60, 74), 0)), LAST, QUIET)
    rows = silent(START + 50, START + 90).assign(product_group=9)

    assert guard.between(rows, rows["last_day"], pd.Series([START + 90])).tolist() == [0]
    assert guard.first_reached(rows, rows["last_day"], np.array([20])).tolist() == [START + 70]


def test_spring_festival_is_a_window_and_a_holiday_its_own_days() -> None:
    first, last = day_number(date(2026, 1, 1)), day_number(date(2026, 5, 10))

    days = feast_days("CN", first, last, before=7, after=15)

    festival = days[days["cause"] == "festival"]["day"]
    assert festival.min() == day_number(date(2026, 2, 10))
    assert festival.max() == day_number(date(2026, 3, 4))
    assert day_number(date(2026, 5, 1)) in set(days[days["cause"] == "holiday"]["day"])


def test_a_country_that_is_not_known_has_no_feasts() -> None:
    assert feast_days("XX", START, LAST, before=7, after=15).empty


def test_a_festival_that_empties_a_product_is_held() -> None:
    start = day_number(date(2025, 11, 1))
    days = np.arange(start, day_number(date(2026, 3, 20)))
    away = (days >= day_number(date(2026, 2, 10))) & (days <= day_number(date(2026, 3, 4)))
    lines = pd.DataFrame({"local_day": days, "lines": np.where(away, 30, 100)})
    lines = lines.assign(station_id=1, product_group=1, known=lines["lines"])
    lines = lines.assign(quantity_milli=lines["lines"] * 1000, amount_minor=lines["lines"] * 700)

    guard = watch(lines, int(days[-1]))

    rows = pd.DataFrame({"station_id": [1], "product_group": [1], "last_day": [start + 95]})
    found = guard.between(rows, rows["last_day"], pd.Series([int(days[-1])]))
    assert found[0] == pytest.approx(0.7 * 23, abs=1)


def test_nothing_sold_is_nothing_held() -> None:
    assert watch(make_lines().iloc[:0], LAST) is guards.NOTHING
