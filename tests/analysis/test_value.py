"""A customer's grade is what he bought in a year, and not what he bought once."""

import pandas as pd
import pytest

from station.analysis.value import ValueRules, grades

DAY = 20_532  # 20 March 2026
RULES = ValueRules(a_least=900, b_least=600, c_least=30)


def graded(*deeds: tuple[int, int]) -> str:
    rows = [(7, DAY - days_ago, yuan * 100) for days_ago, yuan in deeds]
    frame = pd.DataFrame(rows, columns=["customer_id", "day", "amount_minor"])
    return str(grades(frame, RULES, DAY, 100).get(7, "none"))


@pytest.mark.parametrize(
    ("yuan", "grade"),
    [(300, "A"), (299, "B"), (200, "B"), (199, "C"), (10, "C"), (9, "D")],
)
def test_at_a_cut_the_grade_is_reached_and_just_below_not(yuan: int, grade: str) -> None:
    assert graded((0, yuan), (40, yuan), (80, yuan)) == grade


def test_one_large_purchase_makes_no_a() -> None:
    assert graded((0, 100_000)) == "D"
    assert graded((0, 50_000), (40, 50_000)) == "D"


def test_what_is_older_than_a_year_counts_no_more() -> None:
    assert graded((0, 10), (40, 10), (80, 10), (364, 870)) == "A"
    assert graded((0, 10), (40, 10), (80, 10), (365, 870)) == "C"


def test_a_month_in_which_all_was_taken_back_is_none() -> None:
    assert graded((0, 500), (40, 500), (80, 500), (80, -500)) == "D"


def test_whoever_bought_nothing_has_no_grade() -> None:
    assert graded() == "none"
