"""How well does each member of staff call? Measured by what nobody gains by pretending."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

SPREADS = 1.96
"""Standard deviations on either side of what chance does nineteen times in twenty."""
MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class ScoreRules:
    """What is counted, and from when on something is said of somebody.

    A customer came back if he came within `return_days` after the day of his call. A call was made
    at its time within `late_min` minutes of it. A result saved less than `fast_s` seconds after its
    form was opened, or after the last one, is fast. Of the results of a week `check_share` are
    drawn by lot and asked about again, at least one and `check_most` a person at most. Of fewer
    than `least_calls` nothing is said.
    """

    days: int = 90
    return_days: int = 30
    late_min: int = 60
    fast_s: int = 15
    least_calls: int = 20
    check_share: float = 0.05
    check_most: int = 5
    check_days: int = 14


class Verdict(StrEnum):
    """What the customers who came back say of somebody's calls."""

    TOO_FEW = "too_few"
    AS_EXPECTED = "as_expected"
    MORE = "more"
    FEWER = "fewer"


RETURNS = ("account_id", "due", "returned", "expected", "spread", "verdict")
KEPT = (
    *("account_id", "planned", "done", "on_day", "late", "early", "by_others", "undone"),
    *("timed", "on_time", "pairs", "in_order"),
)
FAST = ("account_id", "results", "fast", "bursts")


def returns(calls: pd.DataFrame, rules: ScoreRules) -> pd.DataFrame:
    """Return RETURNS, a row an account: who came back of those he was given, and who was to.

    `calls` are account_id, p_return and returned of the calls that were assigned to somebody, made
    or not, once their days are over. Who leaves out the hard ones gains nothing by it.
    """
    told = calls.assign(
        returned=calls["returned"].astype("int64"),
        variance=calls["p_return"] * (1 - calls["p_return"]),
    )
    sums = told.groupby("account_id").agg(
        due=("returned", "size"),
        returned=("returned", "sum"),
        expected=("p_return", "sum"),
        variance=("variance", "sum"),
    )
    spread = SPREADS * np.sqrt(sums["variance"])
    more = sums["returned"] - sums["expected"]
    verdict = np.select(
        [sums["due"] < rules.least_calls, more > spread, more < -spread],
        [Verdict.TOO_FEW.value, Verdict.MORE.value, Verdict.FEWER.value],
        Verdict.AS_EXPECTED.value,
    )
    return sums.assign(spread=spread, verdict=verdict).reset_index()[list(RETURNS)]


def kept(calls: pd.DataFrame, rules: ScoreRules) -> pd.DataFrame:
    """Return KEPT, a row an account: how the calls planned for him were made.

    `calls` are call_id, account_id, day, at_min (NaN for any time), and, of those made, done_day,
    done_min and by_id, NaN for the others. Of two calls of a day that both had a time, the earlier
    was to come first.
    """
    is_done = calls["done_day"].notna()
    own = is_done & (calls["by_id"] == calls["account_id"])
    off = (calls["done_min"] - calls["at_min"]).abs()
    on_day = own & (calls["done_day"] == calls["day"])
    has_time = on_day & calls["at_min"].notna()
    told = calls.assign(
        planned=1,
        done=own.astype("int64"),
        on_day=on_day.astype("int64"),
        late=(own & (calls["done_day"] > calls["day"])).astype("int64"),
        early=(own & (calls["done_day"] < calls["day"])).astype("int64"),
        by_others=(is_done & ~own).astype("int64"),
        undone=(~is_done).astype("int64"),
        timed=has_time.astype("int64"),
        on_time=(has_time & (off <= rules.late_min)).astype("int64"),
    )
    sums = told.groupby("account_id")[list(KEPT[1:10])].sum()
    pairs = _pairs(calls[has_time]).reindex(sums.index).fillna(0).astype("int64")
    return sums.join(pairs).reset_index()[list(KEPT)]


def _pairs(timed: pd.DataFrame) -> pd.DataFrame:
    """Return by account how many pairs of one day had an order, and how many kept it."""
    one = timed[["call_id", "account_id", "day", "at_min", "done_min"]]
    both = one.merge(one, on=["account_id", "day"], suffixes=("", "_next"))
    both = both[both["at_min"] < both["at_min_next"]]
    told = both.assign(
        pairs=1, in_order=(both["done_min"] <= both["done_min_next"]).astype("int64")
    )
    return told.groupby("account_id")[["pairs", "in_order"]].sum()


def marked_fast(results: pd.DataFrame, rules: ScoreRules) -> pd.DataFrame:
    """Return the results with took_s, since_s (the one before), is_fast and is_burst.

    `results` are result_id, account_id, opened_at and at. A form may lie open for long: the time
    since the result before tells what the form does not.
    """
    rows = results.sort_values(["account_id", "at", "result_id"], ignore_index=True)
    took = rows["at"] - rows["opened_at"]
    since = rows.groupby("account_id")["at"].diff()
    return rows.assign(
        took_s=took, since_s=since, is_fast=took < rules.fast_s, is_burst=since < rules.fast_s
    )


def fast(results: pd.DataFrame, rules: ScoreRules) -> pd.DataFrame:
    """Return FAST, a row an account: how many results were saved faster than anybody talks."""
    rows = marked_fast(results, rules)
    sums = rows.groupby("account_id").agg(
        results=("result_id", "size"), fast=("is_fast", "sum"), bursts=("is_burst", "sum")
    )
    return sums.astype("int64").reset_index()[list(FAST)]


def sample(
    result_ids: Sequence[int], rules: ScoreRules, lot: Callable[[Sequence[int], int], list[int]]
) -> list[int]:
    """Return which of somebody's results of a week are asked about again; `lot` draws so many."""
    number = min(round(len(result_ids) * rules.check_share), rules.check_most)
    number = max(number, 1) if result_ids and rules.check_share > 0 and rules.check_most else 0
    return sorted(lot(list(result_ids), number))
