"""Odd viewing stands out: far more than the others, by night, or to the day's limit."""

from datetime import datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station.guard.looks import COLUMNS, unusual
from station.guard.rules import LookRules
from station.model import Act

RULES = LookRules()
NOON = datetime(2026, 9, 1, 12).astimezone()
CARD, REVEAL, EXPORT = (act.value for act in (Act.CARD_OPENED, Act.REVEAL, Act.EXPORT))


def events_of(*rows: tuple[str, str, int, int]) -> pd.DataFrame:
    """Return events: account, act, count, at which hour of this server's clock."""
    return pd.DataFrame(
        [
            (int(NOON.replace(hour=hour).timestamp()), account, act, count)
            for account, act, count, hour in rows
        ],
        columns=["at", "account", "act", "count"],
    )


def whys(events: pd.DataFrame, rules: LookRules = RULES) -> dict[str, str]:
    odd = unusual(events, rules)
    return dict(zip(odd["account"], odd["why"], strict=True))


def test_a_month_without_events_is_not_unusual() -> None:
    odd = unusual(events_of(), RULES)

    assert odd.empty
    assert tuple(odd.columns) == COLUMNS


def test_whoever_opens_three_times_what_the_others_open_stands_out() -> None:
    events = events_of(("a", CARD, 40, 9), ("b", CARD, 50, 9), ("c", CARD, 150, 9))

    assert whys(events) == {"c": "much"}
    assert unusual(events, RULES).iloc[0][["looks", "usual"]].tolist() == [150, 45.0]


def test_a_busy_person_does_not_hide_in_his_own_average() -> None:
    assert whys(events_of(("a", CARD, 10, 9), ("b", CARD, 1_000, 9))) == {"b": "much"}


def test_few_looks_are_never_unusual() -> None:
    assert whys(events_of(("a", CARD, 1, 9), ("b", CARD, 29, 9), ("c", CARD, 1, 9))) == {}


def test_alone_there_is_nobody_to_be_compared_with() -> None:
    assert whys(events_of(("a", CARD, 900, 9), ("b", EXPORT, 5, 9))) == {}


@pytest.mark.parametrize(("hour", "odd"), [(21, False), (22, True), (3, True), (6, False)])
def test_the_night_begins_and_ends_on_the_hour(hour: int, odd: bool) -> None:
    events = events_of(("a", CARD, 40, hour), ("b", CARD, 40, 9))

    assert whys(events) == ({"a": "night"} if odd else {})


def test_a_night_that_does_not_pass_midnight_is_one_too() -> None:
    rules = LookRules(night_from_hour=1, night_to_hour=5)
    events = events_of(("a", CARD, 40, 3), ("b", CARD, 40, 23))

    assert whys(events, rules) == {"a": "night"}


def test_night_is_unusual_only_when_it_is_most_of_the_work() -> None:
    events = events_of(("a", CARD, 40, 23), ("a", CARD, 40, 9), ("b", CARD, 80, 9))

    assert whys(events) == {}


def test_a_day_at_the_limit_is_the_first_thing_said() -> None:
    events = events_of(("a", REVEAL, 60, 23), ("b", REVEAL, 59, 9))

    assert whys(events) == {"a": "limit"}


def test_the_limit_counts_days_not_months() -> None:
    first = events_of(("a", REVEAL, 40, 9))
    second = first.assign(at=first["at"] + 86_400)

    assert whys(pd.concat([first, second], ignore_index=True)) == {}


rows = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.sampled_from([CARD, REVEAL, EXPORT]),
        st.integers(1, 200),
        st.integers(0, 23),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(rows)
@pytest.mark.slow
def test_neither_order_nor_summing_by_the_quarter_changes_anything(
    given_rows: list[tuple[str, str, int, int]],
) -> None:
    events = events_of(*given_rows)
    summed = events.groupby(["at", "account", "act"], as_index=False)["count"].sum()

    found = unusual(events, RULES).sort_values("account", ignore_index=True)

    for other in (events.iloc[::-1], summed):
        again = unusual(other, RULES).sort_values("account", ignore_index=True)
        pd.testing.assert_frame_equal(found, again, check_dtype=False)
