"""A customer's grade is what a year of his brought, and not what he bought once."""

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.analysis.value import COSTS, Cut, ValueRules, Why, cuts, grades, why, worth

RULES = ValueRules(cut=Cut.AMOUNT, a_least=900, b_least=600, c_least=30, year_share=0.0)
NOBODY = pd.Series(dtype="object")
PETROL, SHOP = 1, 0


def bought(*deeds: tuple[int, int], fuel: int = PETROL, customer: int = 7) -> pd.DataFrame:
    """Return what somebody bought: (month, yuan)."""
    rows = [(customer, month, fuel, yuan * 100) for month, yuan in deeds]
    return pd.DataFrame(rows, columns=["customer_id", "month", "fuel", "amount_minor"])


def about(years: float = 0, *, is_influential: bool = False) -> pd.DataFrame:
    told = {"years": [years], "is_influential": [is_influential]}
    return pd.DataFrame(told, index=pd.Index([7], name="customer_id"))


def cost(**minor: int) -> pd.DataFrame:
    told = {name: [minor.get(name, 0)] for name in COSTS}
    return pd.DataFrame(told, index=pd.Index([7], name="customer_id"))


def graded(
    deeds: pd.DataFrame,
    rules: ValueRules = RULES,
    told: pd.DataFrame | None = None,
    costs: pd.DataFrame | None = None,
    before: str = "",
) -> str:
    known = worth(
        deeds, cost() if costs is None else costs, about() if told is None else told, rules
    )
    was = pd.Series({7: before}) if before else NOBODY
    found = grades(known, was, cuts(known, rules, 100), rules)
    return str(found.get(7, "none"))


@pytest.mark.parametrize(
    ("yuan", "grade"),
    [(300, "A"), (299, "B"), (200, "B"), (199, "C"), (10, "C"), (9, "D")],
)
def test_at_a_cut_the_grade_is_reached_and_just_below_not(yuan: int, grade: str) -> None:
    assert graded(bought((1, yuan), (2, yuan), (3, yuan))) == grade


def test_one_large_purchase_makes_no_a() -> None:
    assert graded(bought((1, 100_000))) == "D"
    assert graded(bought((1, 50_000), (2, 50_000))) == "D"


def test_a_month_in_which_all_was_taken_back_is_none() -> None:
    assert graded(bought((1, 500), (2, 500), (3, 500), (3, -500))) == "D"


def test_whoever_bought_nothing_has_no_grade() -> None:
    assert graded(bought()) == "none"


def test_where_margins_are_known_they_count_and_not_the_money() -> None:
    rules = replace(RULES, margin_petrol=0.1, margin_shop=0.5)
    fuel = bought((1, 3_000), (2, 3_000), (3, 2_999))

    assert graded(fuel, rules) == "B"
    assert graded(pd.concat([fuel, bought((3, 2), fuel=SHOP)]), rules) == "A"


@pytest.mark.parametrize("name", COSTS)
def test_what_a_customer_costs_is_taken_off(name: str) -> None:
    deeds = bought((1, 300), (2, 300), (3, 300))

    assert graded(deeds, costs=cost(**{name: 1})) == "B"


def test_years_and_influence_lift_a_customer_but_make_no_loss_a_gain() -> None:
    rules = replace(RULES, year_share=0.01, most_years=10, influence_share=0.2)
    deeds = bought((1, 270), (2, 270), (3, 280))

    assert graded(deeds, rules) == "B"
    assert graded(deeds, rules, about(9)) == "B"
    assert graded(deeds, rules, about(10)) == "A"
    assert graded(deeds, rules, about(1000)) == "A"
    assert graded(deeds, rules, about(0, is_influential=True)) == "A"
    dear = worth(deeds, cost(calls_minor=100_000), about(10, is_influential=True), rules)
    assert dear.loc[7, "score_minor"] == 82_000 - 100_000


@pytest.mark.parametrize(("yuan", "grade"), [(270, "A"), (269, "B")])
def test_a_grade_is_kept_until_one_is_clearly_below_it(yuan: int, grade: str) -> None:
    deeds = bought((1, yuan), (2, yuan), (3, yuan))

    assert graded(deeds, before="A") == grade
    assert graded(deeds, before="B") == "B"


SCORES = st.lists(st.integers(0, 40), min_size=1, max_size=60)


@given(SCORES)
def test_of_all_the_best_are_a_and_who_is_worth_the_same_has_the_same_grade(
    scores: list[int],
) -> None:
    rules = ValueRules()
    deeds = [
        bought(*[(month, yuan) for month in (1, 2, 3)], customer=one)
        for one, yuan in enumerate(scores, start=1)
    ]
    known = worth(pd.concat(deeds), cost(), about(), rules)

    found = grades(known, NOBODY, cuts(known, rules, 100), rules)

    by_score = pd.DataFrame({"score": known["score_minor"], "grade": found})
    assert len(by_score.drop_duplicates()) == by_score["score"].nunique()
    ranked = by_score.sort_values("score", ascending=False)["grade"].tolist()
    assert ranked == sorted(ranked)
    if len(set(known["score_minor"])) == len(known):
        assert (found == "A").sum() == -(-len(known) // 20)


NOW = {"months": 4, "least_months": 3, "score_minor": 100_000, "is_influential": 0}


@pytest.mark.parametrize(
    ("then", "is_up", "reason"),
    [
        ({}, True, Why.FIRST),
        ({**NOW, "score_minor": 50_000}, True, Why.ROSE),
        ({**NOW, "score_minor": 150_000}, False, Why.FELL),
        (NOW, False, Why.CUT),
        ({**NOW, "score_minor": 50_000}, False, Why.CUT),
        ({**NOW, "months": 2}, True, Why.MONTHS),
        ({**NOW, "is_influential": 1}, False, Why.INFLUENCE),
    ],
)
def test_a_change_says_why(then: dict[str, float], is_up: bool, reason: Why) -> None:
    assert why(NOW, then, is_up=is_up) is reason


def test_whoever_bought_nothing_any_more_is_told_so() -> None:
    assert why({}, NOW, is_up=False) is Why.AWAY
