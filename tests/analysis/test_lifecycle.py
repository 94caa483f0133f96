"""A customer's stage follows from what he did, and each change from the one before it."""

from collections.abc import Sequence
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.analysis import lifecycle
from station.analysis.lifecycle import VIEWS, LifeRules
from station.model import Stability, Stage, State

RULES = LifeRules(lost_days=180)
Told = tuple[str, int, str]


def life(
    days: Sequence[int],
    *,
    day: int,
    was: str = "",
    was_day: float = float("nan"),
    lost_on: int | None = None,
    board: Sequence[tuple[State, float]] = (),
    intent: str = "",
) -> list[Told]:
    """Return the marks of customer 7: stage, day, trigger."""
    since = pd.Series({7: lost_on} if lost_on is not None else {}, dtype="float64")
    came = pd.DataFrame({"customer_id": 7, "local_day": list(days)})
    people = pd.DataFrame(
        {
            "was": [was],
            "was_day": [was_day],
            "made_day": [1.0],
            "intent_day": [3.0],
            "intent": [intent],
        },
        index=pd.Index([7], name="customer_id"),
    )
    rows = pd.DataFrame(
        [
            (7.0, Stability.REGULAR.value, state.value, money, 95.0, 96, 97)
            for state, money in board
        ],
        columns=["customer_id", "stability", "state", "monthly_amount", "changed_day",
                 "alarm_day", "lost_day"],
    ).astype({"customer_id": "float64", "monthly_amount": "float64"})  # fmt: skip
    marks = lifecycle.follow(
        people,
        lifecycle.habits(came.astype("int64"), since, RULES),
        lifecycle.fading(rows),
        RULES,
        day,
    )
    return list(zip(marks["stage"], marks["day"], marks["trigger"], strict=True))


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ([], [("prospect", 1, "recorded")]),
        ([5], [("first_purchase", 5, "first")]),
        ([5, 9], [("first_purchase", 5, "first"), ("returning", 9, "again")]),
        (
            [5, 9, 20, 35, 36],
            [("first_purchase", 5, "first"), ("returning", 9, "again"), ("mature", 35, "steady")],
        ),
        ([5, 9, 20, 34], [("first_purchase", 5, "first"), ("returning", 9, "again")]),
    ],
)
def test_a_life_goes_from_purchase_to_purchase(days: list[int], told: list[Told]) -> None:
    assert life(days, day=100) == told


def test_what_was_marked_is_not_marked_again() -> None:
    assert life([5, 9], day=100, was="returning", was_day=9) == []
    assert life([5, 9, 20], day=100, was="first_purchase", was_day=5) == [("returning", 9, "again")]


def test_whoever_said_what_he_needs_intends_to_buy() -> None:
    assert life([], day=100, intent="need") == [("intending", 3, "need")]
    assert life([], day=100, was="prospect", was_day=9, intent="offer") == [
        ("intending", 9, "offer")
    ]
    assert life([50], day=100, was="intending", was_day=9) == [("first_purchase", 50, "first")]


REGULAR = [5, 20, 40, 60]


@pytest.mark.parametrize(
    ("board", "told"),
    [
        ([(State.ACTIVE, 100)], []),
        ([(State.MOVED, 100)], []),
        ([(State.SLOWING, 100)], [("declining", 95, "slowing")]),
        ([(State.OVERDUE, 100)], [("declining", 96, "overdue")]),
        ([(State.LOST, 100)], [("lost", 97, "silent")]),
        ([(State.LOST, 100), (State.ACTIVE, 100)], [("declining", 97, "overdue")]),
        ([(State.LOST, 100), (State.ACTIVE, 101)], []),
        ([(State.SOLD, 100), (State.LOST, 1)], [("lost", 97, "silent")]),
    ],
)
def test_he_declines_with_half_his_money_and_is_lost_with_all_vehicles(
    board: list[tuple[State, float]], told: list[Told]
) -> None:
    assert life(REGULAR, day=100, was="mature", was_day=40, board=board) == told


def test_one_who_never_became_a_regular_is_lost_by_silence() -> None:
    assert life([5], day=184, was="first_purchase", was_day=5) == []
    assert life([5], day=185, was="first_purchase", was_day=5) == [("lost", 185, "silent")]


def test_whoever_comes_back_begins_anew() -> None:
    gone = {"was": "lost", "was_day": 200.0, "lost_on": 200}

    assert life(REGULAR, day=300, **gone) == []
    assert life([*REGULAR, 250], day=300, **gone) == [("returning", 250, "back")]
    assert life([*REGULAR, 250], day=300, was="returning", was_day=250, lost_on=200) == []
    assert life(
        [*REGULAR, 250, 260, 270, 280], day=300, was="returning", was_day=250, lost_on=200
    ) == [("mature", 280, "steady")]


def test_he_recovers_without_beginning_anew() -> None:
    board = [(State.RETURNED, 100.0)]

    assert life(REGULAR, day=100, was="declining", was_day=70, board=board) == [
        ("mature", 100, "recovered")
    ]


def test_sales_that_are_taken_back_take_the_stage_along() -> None:
    assert life([], day=100, was="first_purchase", was_day=5) == [("prospect", 100, "corrected")]
    assert life([5], day=100, was="returning", was_day=9) == [("first_purchase", 100, "corrected")]


STATES = st.sampled_from([State.ACTIVE, State.SLOWING, State.OVERDUE, State.LOST, State.MOVED])


@given(st.sets(st.integers(1, 400), max_size=12), st.lists(st.tuples(STATES, st.just(50.0))))
def test_marking_again_on_the_same_day_changes_nothing_and_days_never_go_back(
    days: set[int], board: list[tuple[State, float]]
) -> None:
    board = board if len(days) > 1 else []
    marks = life(sorted(days), day=400, board=board)
    stage, on, _ = marks[-1]
    lost = [at for one, at, _ in marks if one == Stage.LOST]

    again = life(sorted(days), day=400, was=stage, was_day=on, board=board,
                 lost_on=lost[-1] if lost else None)  # fmt: skip

    assert all(one[1] <= two[1] for one, two in pairwise(marks))
    assert all(one[0] != two[0] for one, two in pairwise(marks))
    is_back = stage == Stage.LOST and any(at > on for at in days)
    assert again == [] or is_back


def test_every_stage_is_in_one_part_of_each_view() -> None:
    for parts in VIEWS.values():
        assert sorted(one for stages in parts.values() for one in stages) == sorted(Stage)


@pytest.mark.parametrize(("day", "is_due"), [(115, False), (116, True)])
def test_a_stall_is_told_the_day_after_its_limit(day: int, is_due: bool) -> None:
    now = pd.DataFrame({"customer_id": [7, 8], "stage": ["prospect", "mature"], "day": 100})

    found = lifecycle.stalls(now, pd.Series(dtype="int64"), RULES, day)

    assert found["customer_id"].tolist() == ([7] if is_due else [])
    assert lifecycle.stalls(now, pd.Series({7: 110}), RULES, 125).empty
    assert len(lifecycle.stalls(now, pd.Series({7: 110}), RULES, 126)) == 1
