"""A vehicle is one customer's on each day: its owner's, else the holder's of its card."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.archive.customers.book import FOREVER, Span, Tie, held


def tie(customer_id: int, from_day: int, to_day: int = FOREVER, *, by_card: bool = False) -> Tie:
    return Tie(1, customer_id, from_day, to_day, by_card)


def days(spans: list[Span]) -> list[tuple[int, int]]:
    return sorted((span.from_day, span.to_day) for span in spans)


@pytest.mark.parametrize(
    ("ties", "first", "second"),
    [
        ([tie(1, 0, 50), tie(2, 50)], [(0, 50)], [(50, FOREVER)]),
        ([tie(1, 0), tie(2, 50)], [(0, 50)], [(50, FOREVER)]),
        ([tie(1, 0), tie(2, 0)], [], [(0, FOREVER)]),
        ([tie(1, 0), tie(2, 50, 60)], [(0, 50), (60, FOREVER)], [(50, 60)]),
        ([tie(1, 0), tie(1, 50, 60)], [(0, 50), (50, 60), (60, FOREVER)], []),
        ([tie(1, 10, by_card=True)], [(10, FOREVER)], []),
        ([tie(1, 0, by_card=True), tie(2, 30, 40)], [(0, 30), (40, FOREVER)], [(30, 40)]),
        ([tie(1, 0, by_card=True), tie(1, 30)], [(0, 30), (30, FOREVER)], []),
    ],
)
def test_ties_are_one_after_the_other(
    ties: list[Tie], first: list[tuple[int, int]], second: list[tuple[int, int]]
) -> None:
    assert (days(held(ties, 1)), days(held(ties, 2))) == (first, second)


TIES = st.lists(
    st.builds(
        lambda customer, start, length, by_card: tie(
            customer, start, start + length, by_card=by_card
        ),
        st.integers(1, 3),
        st.integers(0, 20),
        st.integers(1, 20),
        st.booleans(),
    ),
    max_size=6,
)


@given(TIES)
def test_on_no_day_a_vehicle_is_two_customers_and_on_tied_days_it_is_ones(ties: list[Tie]) -> None:
    spans = [span for customer in (1, 2, 3) for span in held(ties, customer)]

    for day in range(45):
        tied = any(one.from_day <= day < one.to_day for one in ties)
        assert sum(span.from_day <= day < span.to_day for span in spans) == int(tied)
