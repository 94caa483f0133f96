"""What open points cost: the examples of the standard and of its handbook, to the unit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.loyalty import liability
from station.loyalty.programme import Worth

EACH = Worth(points=1, minor=1)


def test_a_price_is_shared_between_goods_and_points_as_in_ifrs_15() -> None:
    assert liability.allocated(100_000, 100_000, 9_500, EACH) == (91_324, 8_676)


@pytest.mark.parametrize(
    ("deferred", "steps"),
    [
        (8_676, [(4_500, 9_500, 4_110, 4_566), (8_500, 9_700, 3_493, 1_073)]),
        (9_000, [(4_500, 9_700, 4_175, 4_825), (8_500, 9_900, 3_552, 1_273)]),
        (9_000, [(4_500, 9_700, 4_175, 4_825), (8_500, 9_200, 4_140, 685)]),
    ],
    ids=["IFRS 15 example 52", "handbook, more expected", "handbook, fewer expected"],
)
def test_revenue_follows_what_is_used_of_what_is_expected(
    deferred: int, steps: list[tuple[int, int, int, int]]
) -> None:
    before = 0
    for redeemed, expected, revenue, left in steps:
        total = liability.recognised(deferred, redeemed, expected)
        assert (total - before, deferred - total) == (revenue, left)
        before = total


def test_once_all_that_was_expected_is_used_nothing_is_owed() -> None:
    assert liability.recognised(8_676, 9_700, 9_700) == 8_676
    assert liability.recognised(8_676, 9_800, 9_700) == 8_676
    assert liability.recognised(8_676, 0, 0) == 8_676


@given(st.integers(1, 10**9), st.integers(0, 10**7), st.integers(1, 1_000), st.integers(1, 1_000))
def test_nothing_of_a_price_is_lost_between_goods_and_points(
    price: int, points: int, per: int, minor: int
) -> None:
    goods, deferred = liability.allocated(price, price, points, Worth(per, minor))

    assert goods + deferred == price
    assert 0 <= deferred <= price


@pytest.mark.parametrize(("points", "minor"), [(0, 0), (1, 1), (149, 149), (1_999, 1_999)])
def test_open_points_are_worth_what_the_rules_say_to_the_fen(points: int, minor: int) -> None:
    assert liability.value_minor(points, Worth(points=1_000, minor=1_000)) == minor
