"""Conditions are plain values: what is no condition is refused, and nothing is evaluated."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.contact import filters
from station.contact.filters import Condition, Key, Op, Shape
from station.errors import BadValueError

KEYS = filters.keys_of()


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    """Draw a condition that can be asked."""
    key = draw(st.sampled_from(list(KEYS.values())))
    op = draw(st.sampled_from(filters.OPS[key.shape]))
    if op in filters.WITHOUT_VALUES:
        return Condition(key.name, op)
    word = st.text(min_size=1, max_size=20).filter(lambda text: bool(text.strip()))
    choice = st.sampled_from(key.choices) if key.choices else word
    number = st.one_of(st.integers(-9, 9**9), st.floats(-9, 9e9))
    value = {Shape.CHOICE: choice, Shape.NUMBER: number, Shape.TEXT: word}[key.shape]
    return Condition(key.name, op, tuple(draw(st.lists(value, min_size=1, max_size=5))))


@given(st.lists(conditions(), max_size=filters.MOST_CONDITIONS))
def test_conditions_come_back_as_they_were_written(given: list[Condition]) -> None:
    assert filters.read(filters.dump(given), KEYS) == tuple(given)


@given(st.text())
def test_no_text_does_anything_but_be_read_or_refused(text: str) -> None:
    try:
        read = filters.read(text, KEYS)
    except BadValueError:
        return
    assert filters.read(filters.dump(read), KEYS) == read


@pytest.mark.parametrize(
    "raw",
    [
        {"field": "__class__", "op": "any_of", "values": ["x"]},
        {"field": "field.phone", "op": "holds", "values": ["1"]},
        {"field": "state", "op": "eval", "values": ["lost"]},
        {"field": "state", "op": "at_least", "values": [1]},
        {"field": "state", "op": "any_of", "values": []},
        {"field": "state", "op": "any_of", "values": ["somewhere"]},
        {"field": "state", "op": "any_of", "values": [["lost"]]},
        {"field": "visits", "op": "at_least", "values": ["3"]},
        {"field": "visits", "op": "at_least", "values": [True]},
        {"field": "visits", "op": "at_least", "values": [float("nan")]},
        {"field": "tag", "op": "any_of", "values": ["x" * 81]},
        {"field": "tag", "op": "any_of"},
        "state",
        7,
    ],
)
def test_what_is_no_condition_is_refused(raw: object) -> None:
    with pytest.raises(BadValueError):
        filters.read(json.dumps([raw]), KEYS)


def test_too_many_conditions_are_refused() -> None:
    one = Condition("visits", Op.AT_LEAST, (1,))

    with pytest.raises(BadValueError):
        filters.checked([one] * (filters.MOST_CONDITIONS + 1), KEYS)


def test_what_is_sealed_is_no_key() -> None:
    assert "field.name" not in KEYS
    assert "field.trade_terms" not in KEYS
    assert isinstance(KEYS["field.channel"], Key)


@pytest.mark.parametrize(
    ("op", "given", "held"),
    [
        (Op.ANY_OF, ("a", "c"), [True, False, True, False]),
        (Op.NONE_OF, ("a",), [False, True, True, True]),
        (Op.HOLDS, ("B",), [False, True, False, False]),
        (Op.KNOWN, (), [True, True, True, False]),
        (Op.UNKNOWN, (), [False, False, False, True]),
    ],
)
def test_words_are_compared_whole_or_in_part(
    op: Op, given: tuple[str, ...], held: list[bool]
) -> None:
    column = pd.Series(["a", "ab", "c", ""])

    for same in (column, column.astype("category")):
        assert filters.holds(same, Condition("station", op, given)).tolist() == held


def test_what_is_missing_is_unknown() -> None:
    column = pd.Series(["a", None], dtype="object")

    assert filters.holds(column, Condition("x", Op.UNKNOWN)).tolist() == [False, True]
    assert filters.holds(column, Condition("x", Op.KNOWN)).tolist() == [True, False]


@given(st.lists(st.floats(allow_nan=True, allow_infinity=False), min_size=1), st.floats(-9, 9))
def test_numbers_are_compared_and_a_missing_one_never_holds(
    numbers: list[float], bound: float
) -> None:
    column = pd.Series(numbers, dtype="float64")

    low = filters.holds(column, Condition("visits", Op.AT_LEAST, (bound,)))
    high = filters.holds(column, Condition("visits", Op.AT_MOST, (bound,)))

    assert (low | high).tolist() == (~np.isnan(numbers)).tolist()
    assert (low & high).tolist() == [number == bound for number in numbers]
