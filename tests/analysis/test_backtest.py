"""Every rule is replayed on the past, and none of them sees what followed."""

import json

import numpy as np
import pandas as pd
import pytest
from analysis.refuelling import AS_OF, refuel

from station.analysis import backtest, diary
from station.analysis.backtest import BacktestRules, replay

CUTOFFS = [AS_OF - 60, AS_OF - 30, AS_OF]


@pytest.fixture(scope="module")
def history() -> pd.DataFrame:
    visits, _ = refuel(1_500)
    stations = 1 + visits["vehicle_id"] % 2
    kinds = stations.map({1: "city", 2: "county"})
    return visits.assign(station_id=stations, station_kind=kinds)


def test_the_answer_is_the_agreed_document(history: pd.DataFrame) -> None:
    told = replay(history, CUTOFFS, 30, BacktestRules(capacity=5))

    assert json.loads(json.dumps(told)) == told
    assert set(told) == {"cutoffs", "horizon", "rows", "methods"}
    assert set(told["methods"]) == set(backtest.METHODS)
    for name, method in told["methods"].items():
        assert {"auc", "log_loss", "brier", "calibration"} <= set(method)
        assert (method["log_loss"] is None) == (name not in ("bg_nbd", "model"))
        assert method["at_capacity"]["flagged"] <= 2 * 5
    assert sum(group["n"] for group in told["methods"]["model"]["calibration"]) == told["rows"]


def test_the_model_forecasts_better_than_the_usual_library(history: pd.DataFrame) -> None:
    methods = replay(history, CUTOFFS, 30)["methods"]

    assert methods["model"]["log_loss"] < methods["bg_nbd"]["log_loss"]
    assert methods["model"]["auc"] > max(methods[f"fixed_{n}"]["auc"] for n in (30, 60, 90))
    assert methods["model"]["new_came_back"] < methods["fixed_30"]["new_came_back"]


def test_what_comes_later_does_not_change_what_a_rule_said(history: pd.DataFrame) -> None:
    first = CUTOFFS[0]
    alone = history[history["local_day"] <= first + 30]

    assert replay(history, [first], 30) == replay(alone, [first], 30)


def test_days_that_are_excused_are_no_silence_of_our_own_rule(history: pd.DataFrame) -> None:
    """The first station was closed for three weeks before the cut-off."""
    day = CUTOFFS[0]
    shut = history["station_id"].eq(1) & history["local_day"].between(day - 20, day)

    def held(keys: pd.DataFrame, last_day: np.ndarray, until: int) -> np.ndarray:
        days = until - np.maximum(last_day, until - 21)
        return np.where(keys["station_id"] == 1, days, 0.0)

    blind = replay(history[~shut], [day], 30)["methods"]
    told = replay(history[~shut], [day], 30, held=held)["methods"]
    open_all_along = replay(history, [day], 30)["methods"]

    assert told["model"]["log_loss"] < blind["model"]["log_loss"]
    assert told["model"]["flags_per_week"] < blind["model"]["flags_per_week"]
    assert told["model"]["flagged"] < 1.3 * open_all_along["model"]["flagged"]
    assert {n: told[n] for n in told if n != "model"} == {n: blind[n] for n in told if n != "model"}


def test_rules_of_thumb_are_what_their_names_say() -> None:
    rows = [(1, 1, day) for day in (0, 10, 20, 30)] + [(2, 1, day) for day in (0, 1, 2, 60)]
    frame = pd.DataFrame(rows, columns=list(diary.COLUMNS))

    methods = replay(frame, [61], 30, BacktestRules())["methods"]

    assert methods["fixed_30"]["flagged"] == 1  # 31 days of silence
    assert methods["fixed_60"]["flagged"] == 0
    assert methods["rhythm_3"]["flagged"] == 1
    assert methods["fixed_30"]["flags_per_week"] == 1
    assert methods["rhythm_3"]["silence_at_flag"] == 31
    assert methods["fixed_30"]["came_back"] == 0


def test_nobody_to_judge_is_no_error() -> None:
    frame = pd.DataFrame([(1, 1, 5)], columns=list(diary.COLUMNS))

    told = replay(frame, [10], 30)

    assert told["rows"] == 0
    assert told["methods"]["model"]["auc"] is None
    assert replay(frame, [], 30)["methods"] == {}


def test_the_area_counts_ties_half() -> None:
    came = np.array([True, False, True, False])

    assert backtest.auc(np.array([1.0, 0, 1, 0]), came) == 1
    assert backtest.auc(np.array([1.0, 1, 1, 1]), came) == 0.5
    assert backtest.auc(np.array([2.0, 1, 1, 0]), came) == 0.875
    assert backtest.auc(np.array([1.0, 2, 3, 4]), np.zeros(4, bool)) is None


def test_equal_forecasts_stay_in_one_group() -> None:
    groups = backtest.calibration(
        np.array([0.0, 1, 0, 1, 1]), np.array([False, True, True, True, False])
    )

    assert [group["n"] for group in groups] == [2, 3]
    assert [group["observed"] for group in groups] == [0.5, pytest.approx(2 / 3)]


def test_a_station_calls_its_most_urgent() -> None:
    chosen = backtest._most_urgent(
        np.array([1, 1, 1, 2]),
        np.array([0.5, 0.9, 0.99, 0.1]),
        np.array([True, True, False, True]),
        1,
    )

    assert chosen.tolist() == [False, True, False, True]
