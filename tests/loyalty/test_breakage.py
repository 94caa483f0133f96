"""What will be used of open points is told from earlier ones, with a band that is mostly right."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station.loyalty import breakage
from station.loyalty.breakage import FOREVER, LOTS, USES, BreakageRules, forecast
from station.model import day_number

RULES = BreakageRules()
START = 12 * 54  # July 2024
LIFE = 12
SHARES = (0.02, 0.06, 0.08, 0.08, 0.07, 0.06, 0.05, 0.05, 0.05, 0.05, 0.06, 0.10, 0.20)
"""Which part of what is open is redeemed at each age in the months of the tests."""


def day_in(month: int) -> int:
    return day_number(date(1970 + month // 12, month % 12 + 1, 10))


def drawn(
    seed: int, months: int, members: int = 300, life: int | None = LIFE
) -> tuple[pd.DataFrame, ...]:
    """Return lots and uses of members who each empty a lot in one go, at some age or never."""
    draw = np.random.default_rng(seed)
    lots, uses = [], []
    for month in range(START, START + months):
        expires = FOREVER if life is None else day_in(month + life)
        points = draw.integers(50, 500, members)
        lots.append((day_in(month), expires, int(points.sum())))
        left = np.ones(members, dtype=bool)
        for age, share in enumerate(SHARES):
            taken = left & (draw.random(members) < share)
            left &= ~taken
            used = int(points[taken].sum())
            uses.append((day_in(month), expires, day_in(month + age), "redeemed", used))
        if life is not None:
            gone = int(points[left].sum())
            uses.append((day_in(month), expires, day_in(month + LIFE), "gone", gone))
    return pd.DataFrame(lots, columns=list(LOTS)), pd.DataFrame(uses, columns=list(USES))


def shares(first: int) -> float:
    """Return which part of points older than an age is used before they end."""
    left = 1.0
    for share in SHARES[first:]:
        left *= 1 - share
    return 1 - left


def test_the_use_of_every_cohort_is_that_of_its_age() -> None:
    lots, uses = drawn(1, months=40, members=3_000)

    told = forecast(lots, uses, RULES, to_month=START + 39)

    assert len(told.cohorts) == LIFE
    for cohort, use in told.cohorts:
        assert use.expected / cohort.open() == pytest.approx(shares(cohort.age + 1), abs=0.02)


def test_open_points_are_what_was_issued_less_what_left() -> None:
    lots, uses = drawn(2, months=30)
    end = START + 29
    left = uses[uses["day"] <= day_in(end)]

    told = forecast(lots, uses, RULES, to_month=end)

    assert told.open == lots["points"].sum() - left["points"].sum()
    assert told.breakage == told.open - told.use.expected


def test_what_is_past_its_last_day_is_not_open_even_if_nothing_was_booked() -> None:
    lots, uses = drawn(2, months=30)
    booked = uses[uses["kind"] == "redeemed"]

    told = forecast(lots, booked, RULES, to_month=START + 29)

    assert told == forecast(lots, uses, RULES, to_month=START + 29)


def test_the_months_to_come_add_up_to_all_that_will_be_used() -> None:
    lots, uses = drawn(3, months=30)

    told = forecast(lots, uses, RULES, to_month=START + 29)

    assert sum(month.expected for month in told.months) == pytest.approx(told.use.expected, abs=50)
    assert [month.expected for month in told.months[LIFE:]] == [0] * (RULES.horizon_months - LIFE)


@pytest.mark.slow
def test_the_band_holds_four_times_in_five() -> None:
    inside = []
    for seed in range(60):
        lots, uses = drawn(100 + seed, months=30, members=120)
        replayed = breakage.replay(lots, uses, RULES, months=[START + 23], ahead=6)
        inside += [one.is_inside for one in replayed]

    assert 0.65 <= sum(inside) / len(inside) <= 0.95


def test_a_replay_tells_what_came_of_the_points_that_were_open_then() -> None:
    lots, uses = drawn(4, months=30)
    month = START + 20
    was_open = uses["earned_day"] <= day_in(month)
    came = uses["day"].between(day_in(month + 1), day_in(month + 3)) & (uses["kind"] == "redeemed")

    (told,) = breakage.replay(lots, uses, RULES, months=[month], ahead=3)

    assert told.came == uses.loc[was_open & came, "points"].sum()
    assert told.foretold.expected == pytest.approx(told.came, rel=0.15)


def test_what_is_to_come_is_not_looked_at() -> None:
    lots, uses = drawn(5, months=30)
    end = START + 19
    known = uses[uses["day"] <= day_in(end)]

    assert forecast(lots, uses, RULES, to_month=end) == forecast(lots, known, RULES, to_month=end)


def test_ages_nobody_has_reached_are_like_the_last_known_ones() -> None:
    lots, uses = drawn(6, months=8, life=None)

    told = forecast(lots, uses, replace(RULES, tail_months=3), to_month=START + 7)

    known = breakage.curve_of([cohort for cohort, _ in told.cohorts], replace(RULES, tail_months=3))
    assert min(known.shares[5:8]) <= known.shares[-1] <= max(known.shares[5:8])
    assert all(month.expected > 0 for month in told.months)


def test_without_months_to_compare_the_band_is_everything() -> None:
    lots, uses = drawn(7, months=1)

    told = forecast(lots, uses, RULES, to_month=START)

    assert (told.use.low, told.use.high) == (0, told.open)


def test_no_points_cost_nothing() -> None:
    lots, uses = (frame.head(0) for frame in drawn(8, months=1))

    told = forecast(lots, uses, RULES, to_month=START)

    assert (told.open, told.use.expected, told.cohorts) == (0, 0, ())


def test_redemptions_that_were_reversed_are_none() -> None:
    lots, uses = drawn(9, months=20)
    redeemed = uses[uses["kind"] == "redeemed"].head(1)
    back = redeemed.assign(points=-redeemed["points"])
    twice = pd.concat([uses, redeemed, back])

    assert forecast(lots, twice, RULES, to_month=START + 19) == forecast(
        lots, uses, RULES, to_month=START + 19
    )


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(1, 999), st.integers(0, 5), st.integers(0, 999)),
        max_size=12,
    )
)
def test_no_band_lies_outside_of_what_is_open(rows: list[tuple[int, int, int, int]]) -> None:
    lots = pd.DataFrame(
        [(day_in(START + m), FOREVER, points) for m, points, *_ in rows], columns=list(LOTS)
    )
    uses = pd.DataFrame(
        [
            (day_in(START + m), FOREVER, day_in(START + m + age), "redeemed", min(used, points))
            for m, points, age, used in rows
        ],
        columns=list(USES),
    )

    told = forecast(lots, uses, RULES, to_month=START + 6)

    for use, most in [(told.use, told.open), *((use, c.open()) for c, use in told.cohorts)]:
        assert 0 <= use.low <= use.expected <= use.high <= most
    assert all(0 <= month.low <= month.expected <= month.high for month in told.months)


def test_within_a_month_only_its_days_to_come_count() -> None:
    lots, uses = drawn(11, months=30, members=2_000)
    end = START + 29
    known = uses[uses["day"] < day_in(end) - 9]
    left = lots.assign(points=lots["points"] - gone_by(lots, known))
    is_open = lots["expires_day"] >= day_in(end)

    first, last = (
        breakage.forecast_within(lots, known, left[is_open], RULES, day=day_in(end) + days)
        for days in (-9, 18)
    )

    assert first.open == last.open == left.loc[is_open, "points"].sum()
    assert first.months[0].expected > 10 * last.months[0].expected
    assert first.use.expected > last.use.expected


def gone_by(lots: pd.DataFrame, uses: pd.DataFrame) -> pd.Series:
    """Return how much of each lot has left."""
    return lots["earned_day"].map(uses.groupby("earned_day")["points"].sum()).fillna(0).astype(int)


def test_the_month_that_is_not_over_teaches_nothing() -> None:
    lots, uses = drawn(12, months=30)
    day = day_in(START + 29)
    stock = lots.tail(1)
    known = uses[uses["day"] < day - 9]

    told = breakage.forecast_within(lots, known, stock, RULES, day=day)

    assert told == breakage.forecast_within(lots, uses, stock, RULES, day=day)


def test_only_the_last_months_are_learnt_from() -> None:
    lots, uses = drawn(13, months=40)
    first = START + 40 - RULES.window_months
    other = uses.assign(points=uses["points"].where(uses["day"] >= day_in(first) - 9, 0))
    curves = [
        breakage.curve_of(breakage.cohorts(lots[lots["earned_day"] >= day_in(first) - 9], used,
                                           START + 39), RULES)
        for used in (uses, other)
    ]  # fmt: skip

    assert curves[0] == curves[1]


def test_bands_that_were_too_narrow_are_widened_until_they_would_have_held() -> None:
    told = breakage.Range(100, 90, 120)
    replays = [breakage.Replay(0, told, came) for came in (100, 110, 80, 70, 160)]

    times = breakage.missed(replays)
    wide = told.widened(times, 1_000)

    assert times == 3_000
    assert (wide.low, wide.high) == (70, 160)
    assert breakage.missed([]) == breakage.missed(replays[:1]) == 1_000
    assert told.widened(50_000, 130) == breakage.Range(100, 0, 130)
