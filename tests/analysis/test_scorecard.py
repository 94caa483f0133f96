"""Nobody's scorecard is better for leaving out hard calls, hurrying, or calling out of turn."""

from secrets import SystemRandom

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station.analysis.scorecard import ScoreRules, Verdict, fast, kept, returns, sample

RULES = ScoreRules(least_calls=20)
NAN = float("nan")


def given_to(account_id: int, chances: list[float], returned: int) -> pd.DataFrame:
    is_back = [place < returned for place in range(len(chances))]
    told = {"account_id": account_id, "p_return": chances, "returned": is_back}
    return pd.DataFrame(told)


@pytest.mark.parametrize(
    ("returned", "verdict"),
    [(40, Verdict.AS_EXPECTED), (59, Verdict.MORE), (21, Verdict.FEWER), (49, Verdict.AS_EXPECTED)],
)
def test_more_came_back_only_if_chance_does_not_explain_it(returned: int, verdict: Verdict) -> None:
    found = returns(given_to(1, [0.4] * 100, returned), RULES)

    assert found["verdict"].tolist() == [verdict]
    assert found["expected"].tolist() == [pytest.approx(40)]


def test_easy_customers_make_nobody_look_good() -> None:
    easy, hard = given_to(1, [0.9] * 100, 90), given_to(2, [0.1] * 100, 25)

    found = returns(pd.concat([easy, hard]), RULES).set_index("account_id")

    assert found.loc[1, "returned"] > found.loc[2, "returned"]
    assert found["verdict"].tolist() == [Verdict.AS_EXPECTED, Verdict.MORE]


def test_of_a_few_calls_nothing_is_said() -> None:
    assert returns(given_to(1, [0.1] * 19, 19), RULES)["verdict"].tolist() == [Verdict.TOO_FEW]


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_whoever_calls_like_anybody_is_judged_wrongly_once_in_twenty(seed: int) -> None:
    draw = np.random.default_rng(seed)
    chances = draw.uniform(0.05, 0.6, (400, 60))
    rows = pd.DataFrame(
        {
            "account_id": np.repeat(np.arange(400), 60),
            "p_return": chances.ravel(),
            "returned": (draw.random(chances.shape) < chances).ravel(),
        }
    )

    verdicts = returns(rows, RULES)["verdict"]

    assert (verdicts != Verdict.AS_EXPECTED.value).mean() < 0.1


def call(number: int, at_min: float, done: tuple[float, float, int] | None) -> dict[str, float]:
    """Return a call of account 1 on day 100; done on which day, at which minute and by whom."""
    day, minute, by_id = done or (NAN, NAN, NAN)
    told = {"call_id": number, "account_id": 1, "day": 100, "at_min": at_min}
    return told | {"done_day": day, "done_min": minute, "by_id": by_id}


def test_what_was_planned_is_held_against_what_was_done() -> None:
    calls = pd.DataFrame(
        [
            call(1, 540, (100, 545, 1)),
            call(2, 600, (100, 700, 1)),
            call(3, NAN, (100, 900, 1)),
            call(4, 620, (102, 620, 1)),
            call(5, 620, (99, 620, 1)),
            call(6, 620, (100, 620, 2)),
            call(7, 620, None),
        ]
    )

    (found,) = kept(calls, RULES).to_dict("records")

    assert found["planned"] == 7
    assert (found["done"], found["on_day"], found["late"], found["early"]) == (5, 3, 1, 1)
    assert (found["by_others"], found["undone"]) == (1, 1)
    assert (found["timed"], found["on_time"]) == (2, 1)


def test_the_order_of_a_day_is_told_by_its_pairs() -> None:
    calls = pd.DataFrame(
        [call(1, 540, (100, 545, 1)), call(2, 600, (100, 660, 1)), call(3, 640, (100, 650, 1))]
    )

    (found,) = kept(calls, RULES).to_dict("records")

    assert (found["pairs"], found["in_order"]) == (3, 2)


def test_a_form_that_lay_open_hides_no_hurry() -> None:
    rows = [(1, 1, 0, 14), (2, 1, 100, 115), (3, 1, 0, 120), (4, 2, 0, 15)]
    results = pd.DataFrame(rows, columns=["result_id", "account_id", "opened_at", "at"])

    found = fast(results, RULES).to_dict("records")

    assert found == [
        {"account_id": 1, "results": 3, "fast": 1, "bursts": 1},
        {"account_id": 2, "results": 1, "fast": 0, "bursts": 0},
    ]


@pytest.mark.parametrize(("results", "drawn"), [(0, 0), (1, 1), (40, 2), (1_000, 5)])
def test_a_few_results_of_a_week_are_drawn_by_lot(results: int, drawn: int) -> None:
    ids = list(range(results))

    found = sample(ids, RULES, SystemRandom().sample)

    assert len(set(found)) == drawn
    assert set(found) <= set(ids)
    assert sample(ids, ScoreRules(check_share=0.0), SystemRandom().sample) == []
