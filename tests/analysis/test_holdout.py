"""Who is left uncalled is a matter of the lot, within what is owed to customers."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.analysis.holdout import HoldoutRules, draw, lot, quarter_of
from station.model import Arm

RULES = HoldoutRules()


def test_about_one_in_ten_is_left_uncalled() -> None:
    drawn = [draw(number, "2026-Q3", RULES).arm for number in range(20_000)]

    assert drawn.count(Arm.HOLD) == pytest.approx(2_000, abs=150)


def test_the_lot_of_a_quarter_stands_and_another_quarter_draws_anew() -> None:
    third = [lot(number, "2026-Q3") for number in range(2_000)]

    assert third == [lot(number, "2026-Q3") for number in range(2_000)]
    fourth = [lot(number, "2026-Q4") for number in range(2_000)]
    both = sum(a < 0.1 and b < 0.1 for a, b in zip(third, fourth, strict=True))
    assert both == pytest.approx(20, abs=18)


@given(st.integers(1, 10**9), st.integers(0, 5))
def test_an_open_complaint_is_always_called_about(customer: int, held: int) -> None:
    drawn = draw(customer, "2026-Q3", HoldoutRules(share=1), is_complaining=True, held_a=held)

    assert (drawn.arm, drawn.share, drawn.is_capped) == (Arm.CALL, 0, True)


@given(st.integers(1, 10**9))
def test_a_station_leaves_so_many_a_customers_at_risk_uncalled_and_no_more(customer: int) -> None:
    rules = HoldoutRules(share=1, most_a=2)

    held = [draw(customer, "2026-Q3", rules, is_a_at_risk=True, held_a=n).arm for n in range(4)]

    assert held == [Arm.HOLD, Arm.HOLD, Arm.CALL, Arm.CALL]
    assert draw(customer, "2026-Q3", rules, held_a=9).arm is Arm.HOLD


def test_once_a_station_may_hold_no_more_nobody_there_is_compared() -> None:
    """Else only those whom the lot calls anyway would stay in the comparison."""
    full = [draw(n, "2026-Q3", RULES, is_a_at_risk=True, held_a=1) for n in range(500)]

    assert {one.share for one in full} == {0}
    assert all(one.is_capped for one in full)


def test_quarters_have_names() -> None:
    assert quarter_of(date(2026, 1, 1)) == "2026-Q1"
    assert quarter_of(date(2026, 9, 30)) == "2026-Q3"
    assert quarter_of(date(2026, 10, 1)) == "2026-Q4"
