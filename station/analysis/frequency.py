"""How often and when does a vehicle come, when next, and is it slowing down?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import betainc

from station.analysis import rhythm
from station.analysis.pace import Pace
from station.analysis.rhythm import Fit
from station.analysis.rhythm_model import Array
from station.analysis.stability import StabilityRules, regularity
from station.frames import PROFILES, require

WEEKDAYS = [f"weekday_{n}" for n in range(7)]
SLOTS = [f"slot_{n}" for n in range(8)]
NONE = -1
MONTH_DAYS = 30.4375
OWN_SHAPE_GAPS = 8
"""Gaps at which a vehicle's own spread counts as much as that of all."""


@dataclass(frozen=True, slots=True)
class FrequencyRules:
    """From which share a weekday or slot is usual, how sure the next window is, what slowing is.

    A change of pace needs `trend_visit_days`, so many that three recent gaps have others to be
    compared with; the factor makes it worth a word, the tail is how often chance may do it in a
    month of a vehicle that keeps its pace.
    """

    min_visits: int = 5
    weekday_share: float = 0.3
    slot_share: float = 0.4
    window_from: float = 0.1
    window_to: float = 0.9
    window_visit_days: int = 3
    trend_visit_days: int = 8
    slowing_factor: float = 1.5
    speeding_factor: float = 0.67
    trend_tail: float = 0.01


def describe(
    profiles: pd.DataFrame,
    pace: Pace,
    rules: FrequencyRules | None = None,
    stability: StabilityRules | None = None,
) -> pd.DataFrame:
    """Return `profiles` with its gap and spread, usual weekdays and slot, next window, trend.

    `usual_weekday` (Monday 0), `second_weekday` and `usual_slot` (three hours each) are -1 where
    none stands out. `next_from_day` to `next_to_day` holds the next visit with the chance between
    the two quantiles of the rules, if the vehicle still comes; both are NaN below
    `window_visit_days`, where one gap or none says nothing of the next.
    """
    rules = rules or FrequencyRules()
    require(profiles, PROFILES)
    as_of_day = profiles["last_day"] + profiles["days_silent"]
    first, second = _usual_weekdays(profiles, rules)
    frame = profiles.assign(
        gap_spread_days=profiles["gap_cv"] * profiles["mean_gap_days"],
        regularity=regularity(profiles, stability),
        usual_weekday=first,
        second_weekday=second,
        usual_slot=_usual_slot(profiles, rules),
        next_from_day=as_of_day + np.floor(_quantile(profiles, pace, rules, rules.window_from)),
        next_to_day=as_of_day + np.ceil(_quantile(profiles, pace, rules, rules.window_to)),
        trend=_trend(profiles, pace, rules),
    )
    return frame.assign(
        next_in_from_days=frame["next_from_day"] - as_of_day,
        next_in_to_days=frame["next_to_day"] - as_of_day,
        sentence=_sentences(frame),
    )


def _usual_weekdays(profiles: pd.DataFrame, rules: FrequencyRules) -> tuple[np.ndarray, np.ndarray]:
    counts = profiles[WEEKDAYS].to_numpy()
    order = np.argsort(-counts, axis=1, kind="stable")[:, :2]
    visits = profiles["visits"].to_numpy()[:, None]
    often = np.take_along_axis(counts, order, axis=1) >= rules.weekday_share * visits
    usual = np.where(often & (visits >= rules.min_visits), order, NONE)
    return usual[:, 0], usual[:, 1]


def _usual_slot(profiles: pd.DataFrame, rules: FrequencyRules) -> np.ndarray:
    counts = profiles[SLOTS].to_numpy()
    timed = profiles["visits_timed"].to_numpy()
    usual = (timed >= rules.min_visits) & (counts.max(axis=1) >= rules.slot_share * timed)
    return np.where(usual, counts.argmax(axis=1), NONE)


def _quantile(profiles: pd.DataFrame, pace: Pace, rules: FrequencyRules, q: float) -> np.ndarray:
    """Return the days until the next visit at quantile `q`; NaN for vehicles seen too rarely."""
    days = pace.ask(profiles, lambda fit, x, t_x, now: rhythm.next_visit(fit, x, t_x, now, q))
    enough = profiles["visit_days"] >= rules.window_visit_days
    return np.where(enough, days, np.nan)


def _trend(profiles: pd.DataFrame, pace: Pace, rules: FrequencyRules) -> np.ndarray:
    """Return slowing, speeding or steady: the last three gaps against those before."""
    recent = _recent(profiles)
    ratio = recent / profiles["earlier_gap_median_days"]
    raw = profiles["recent_gap_days"] / profiles["earlier_gap_median_days"]
    enough = profiles["visit_days"] >= rules.trend_visit_days
    longer = _chance_of_longer(profiles, pace)
    # Who comes often is asked often: each visit may err the more rarely.
    tail = rules.trend_tail / np.maximum(MONTH_DAYS / profiles["mean_gap_days"], 1)
    return np.select(
        [
            enough & (ratio >= rules.slowing_factor) & (longer <= tail),
            enough & (raw <= rules.speeding_factor) & (longer >= 1 - tail),
        ],
        ["slowing", "speeding"],
        "steady",
    ).astype(object)


def _recent(profiles: pd.DataFrame) -> pd.Series:
    """Return the mean of the last three gaps, less the days in them that are not counted."""
    held = profiles.get("recent_held_days", pd.Series(0.0, profiles.index))
    return profiles["recent_gap_days"] - held / 3


def _chance_of_longer(profiles: pd.DataFrame, pace: Pace) -> np.ndarray:
    """Return the chance that three gaps at the earlier pace take longer than the last three took.

    The sum of three gaps is gamma with shape 3k; under the posterior of the vehicle's rate its
    survival is the incomplete beta of an open gap with 3k for k (own derivation, method.md). k is
    the vehicle's own as far as its gaps tell, for an irregular one has long gaps without meaning.
    """
    recent = (3 * _recent(profiles)).fillna(0)
    before = profiles.assign(
        visit_days=profiles["visit_days"] - 3,
        last_day=profiles["last_day"] - 3 * profiles["recent_gap_days"].fillna(0),
        days_silent=recent,
    )
    gaps = (profiles["visit_days"] - 1).to_numpy(dtype="float64")
    weight = gaps / (gaps + OWN_SHAPE_GAPS)
    square = profiles["gap_cv"].fillna(1).to_numpy(dtype="float64") ** 2
    shape = 1 / (weight * square + (1 - weight) / pace.ask(before, _shape))
    alpha = pace.ask(before, _alpha) / shape
    x = (before["visit_days"] - 1).to_numpy(dtype="float64")
    t_x = (before["last_day"] - before["first_day"]).to_numpy(dtype="float64")
    now = t_x + before["days_silent"].to_numpy(dtype="float64")
    r = pace.ask(before, _r)
    chance: np.ndarray = betainc(
        r + shape * np.maximum(x, 0), 3 * shape, (alpha + t_x) / (alpha + now)
    )
    return chance


def _shape(fit: Fit, x: Array, _t_x: Array, _now: Array) -> Array:
    return np.full(len(x), fit.k)


def _alpha(fit: Fit, x: Array, _t_x: Array, _now: Array) -> Array:
    """Return the days that the prior of a rate is worth, for a shape of 1."""
    return np.full(len(x), fit.alpha * fit.k)


def _r(fit: Fit, x: Array, _t_x: Array, _now: Array) -> Array:
    return np.full(len(x), fit.r)


def _sentences(frame: pd.DataFrame) -> np.ndarray:
    return np.select(
        [
            frame["visit_days"] == 1,
            frame["visit_days"] == 2,  # noqa: PLR2004 - one gap has no spread
            frame["trend"] != "steady",
        ],
        ["frequency.once", "frequency.twice", "frequency." + frame["trend"].astype(object)],
        "frequency.steady",
    ).astype(object)
