"""The levels of many members are those that each would have alone."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.loyalty import ranks, tiers
from station.loyalty.programme import Level, Period, TierRules

DAY, UNIT = 20_532, 1
LEVELS = (Level("bronze", 0), Level("silver", 4), Level("gold", 6))


def frame(deeds: dict[int, dict[int, int]]) -> pd.DataFrame:
    rows = [(who, day, n) for who, did in deeds.items() for day, n in did.items()]
    return pd.DataFrame(rows, columns=["member_id", "day", "amount"], dtype="int64")


def names(deeds: dict[int, dict[int, int]], rules: TierRules, unit: int = UNIT) -> dict[Any, str]:
    places = ranks.held(frame(deeds), rules, DAY, unit)
    return {who: rules.levels[at].name if at >= 0 else "" for who, at in places.items()}


rules_of_any_kind = st.builds(
    TierRules,
    period=st.sampled_from(Period),
    days=st.integers(1, 40),
    grace_days=st.integers(0, 20),
    levels=st.sampled_from([LEVELS, LEVELS[1:], LEVELS[2:]]),
)
days_done = st.dictionaries(st.integers(DAY - 400, DAY + 3), st.integers(0, 4), max_size=8)


@given(rules_of_any_kind, st.dictionaries(st.integers(1, 9), days_done, max_size=5))
def test_many_have_the_levels_that_each_has_alone(
    rules: TierRules, deeds: dict[int, dict[int, int]]
) -> None:
    done = {who: did for who, did in deeds.items() if did}

    alone = {
        who: tiers.held({d: n for d, n in did.items() if d <= DAY}, rules, DAY, UNIT).name
        for who, did in done.items()
    }

    assert names(deeds, rules) == alone


@given(
    rules_of_any_kind,
    st.dictionaries(st.integers(1, 4), days_done, max_size=3),
    st.lists(st.tuples(st.integers(1, 5), st.integers(DAY - 90, DAY + 60)), max_size=6),
    st.integers(0, 1),
)
def test_each_is_asked_on_a_day_of_his_own_and_by_what_was_done_before(
    rules: TierRules,
    deeds: dict[int, dict[int, int]],
    asked: list[tuple[int, int]],
    lag_days: int,
) -> None:
    who, days = (np.array([pair[at] for pair in asked], dtype="int64") for at in (0, 1))

    places = ranks.held_each(frame(deeds), who, days, rules, UNIT, lag_days=lag_days)

    assert [rules.levels[at].name if at >= 0 else "" for at in places] == [
        tiers.held(
            {d: n for d, n in deeds.get(one, {}).items() if d <= day - lag_days}, rules, day, UNIT
        ).name
        for one, day in asked
    ]


@pytest.mark.parametrize(
    ("amount", "level"), [(3_999, ""), (4_000, "silver"), (5_999, "silver"), (6_000, "gold")]
)
def test_at_the_threshold_many_have_the_level_and_just_below_not(amount: int, level: str) -> None:
    assert names({7: {DAY: amount}}, TierRules(levels=LEVELS[1:]), 1_000) == {7: level}


def test_whoever_did_nothing_has_the_level_that_asks_for_nothing() -> None:
    assert ranks.of_nothing(TierRules(levels=LEVELS)) == 0
    assert ranks.of_nothing(TierRules(levels=LEVELS[1:])) == -1
    assert ranks.held(frame({}), TierRules(levels=LEVELS), DAY, UNIT).empty


@given(rules_of_any_kind, st.dictionaries(st.integers(1, 4), days_done, max_size=4))
def test_many_fall_on_the_days_on_which_each_falls_alone(
    rules: TierRules, deeds: dict[int, dict[int, int]]
) -> None:
    past = {who: {d: n for d, n in did.items() if d <= DAY} for who, did in deeds.items()}
    alone = {who: tiers.standing(did, rules, DAY).fall for who, did in past.items() if did}

    falls = ranks.falls(frame(past), rules, DAY, UNIT)

    assert falls.to_dict() == {
        who: fall.day for who, fall in alone.items() if fall is not None and fall.is_near
    }
