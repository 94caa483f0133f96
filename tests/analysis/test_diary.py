"""A diary knows of any past day what plain loops over its visits find."""

from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.analysis import diary

rows = st.lists(
    st.tuples(st.integers(1, 4), st.integers(1, 2), st.integers(0, 60)), min_size=1, max_size=60
)


def visit_days(*visits: tuple[int, int, int]) -> pd.DataFrame:
    return pd.DataFrame(visits, columns=list(diary.COLUMNS))


def by_loops(visits: list[tuple[int, int, int]], until: int) -> dict[Any, dict[str, Any]]:
    """Return what was known of each vehicle and station, found one by one."""
    days: dict[Any, set[int]] = defaultdict(set)
    for vehicle, station, day in visits:
        if day <= until:
            days[vehicle, station].add(day)
    known = {}
    for who, own in days.items():
        ordered = sorted(own)
        gaps = np.diff(ordered)
        known[who] = {
            "x": len(gaps),
            "t_x": ordered[-1] - ordered[0],
            "silent": until - ordered[-1],
            "log_gaps": float(np.log(gaps).sum()) if len(gaps) else 0.0,
            "usual": float(np.median(gaps)) if len(gaps) else np.nan,
        }
    return known


@given(rows, st.integers(0, 60))
def test_a_past_day_is_known_as_loops_would_find_it(
    visits: list[tuple[int, int, int]], until: int
) -> None:
    read = diary.read(visit_days(*visits))

    past = read.until(until)

    known = by_loops(visits, until)
    who = [tuple(key) for key in read.keys.iloc[past.row].to_numpy().tolist()]
    assert who == sorted(known)
    for name in ("x", "t_x", "silent", "log_gaps", "usual"):
        told = [known[one][name] for one in who]
        assert getattr(past, name) == pytest.approx(np.array(told), nan_ok=True)


@given(rows, st.randoms(use_true_random=False))
def test_order_and_repeats_do_not_matter(visits: list[tuple[int, int, int]], chance: Any) -> None:
    shuffled = [*visits, *visits]
    chance.shuffle(shuffled)

    once, twice = diary.read(visit_days(*visits)), diary.read(visit_days(*shuffled))

    assert once.keys.equals(twice.keys)
    assert (once.row == twice.row).all()
    assert (once.day == twice.day).all()


@given(rows, st.integers(0, 60))
def test_later_visits_do_not_change_what_was_known(
    visits: list[tuple[int, int, int]], until: int
) -> None:
    earlier = [visit for visit in visits if visit[2] <= until]
    if not earlier:
        return

    past = diary.read(visit_days(*visits)).until(until)
    alone = diary.read(visit_days(*earlier)).until(until)

    for name in ("x", "t_x", "silent", "log_gaps", "usual"):
        assert np.array_equal(getattr(past, name), getattr(alone, name), equal_nan=True)


def test_large_numbers_of_vehicles_are_sorted_as_small_ones() -> None:
    large = (1 << 40) + 7
    read = diary.read(visit_days((large, 1, 9), (2, 1, 5), (large, 1, 4)))

    assert read.keys["vehicle_id"].tolist() == [2, large]
    assert read.until(9).usual.tolist()[1] == 5


def test_who_came_afterwards() -> None:
    read = diary.read(visit_days((1, 1, 1), (1, 1, 20), (1, 1, 25), (2, 1, 5), (2, 1, 99)))

    past = read.until(10)

    assert read.came_within(past, 10).tolist() == [True, False]
    assert read.came_within(past, 9).tolist() == [False, False]


def test_some_vehicles_of_a_past_keep_their_gaps() -> None:
    past = diary.read(visit_days((1, 1, 1), (1, 1, 4), (2, 1, 5), (3, 1, 2), (3, 1, 9))).until(9)

    some = past.chosen(np.array([0, 2]))

    assert some.usual.tolist() == [3, 7]
    assert some.gaps.owner.tolist() == [0, 1]
    assert some.gaps.days.tolist() == [3, 7]
    assert some.last_day.tolist() == [4, 9]


def test_a_diary_of_some_says_of_them_what_the_whole_one_says() -> None:
    read = diary.read(visit_days((1, 1, 1), (1, 1, 4), (2, 1, 5), (3, 1, 2), (3, 1, 9), (4, 1, 50)))
    known = read.known(9)

    some = read.only(diary.evenly(known, 2)).until(9)

    whole = read.until(9).chosen(np.array([0, 2]))
    assert known.tolist() == [0, 1, 2]
    for name in ("row", "x", "t_x", "last_day", "silent", "log_gaps", "usual"):
        assert getattr(some, name).tolist() == getattr(whole, name).tolist()


def test_a_diary_may_be_empty() -> None:
    past = diary.read(visit_days()).until(10)

    assert past.x.size == 0
    assert past.gaps.days.size == 0
