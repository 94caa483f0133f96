"""How often and when does a vehicle come, when next, and is it slowing down?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import betainc

from station.analysis import rhythm
from station.analysis.pace import Pace
from station.analysis.stability import StabilityRules, regularity
from station.frames import PROFILES, require

WEEKDAYS = [f"weekday_{n}" for n in range(7)]
SLOTS = [f"slot_{n}" for n in range(8)]
NONE = -1


@dataclass(frozen=True, slots=True)
class FrequencyRules:
    """From which share a weekday or slot is usual, how sure the next window is, what slowing is.

    A change of pace needs `trend_visit_days`, so many that three recent gaps have others to be
    compared with; the factor makes it worth a word, the tail makes it rarer than chance.
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
    ratio = profiles["recent_gap_days"] / profiles["earlier_gap_median_days"]
    enough = profiles["visit_days"] >= rules.trend_visit_days
    longer = _chance_of_longer(profiles, pace)
    return np.select(
        [
            enough & (ratio >= rules.slowing_factor) & (longer <= rules.trend_tail),
            enough & (ratio <= rules.speeding_factor) & (longer >= 1 - rules.trend_tail),
        ],
        ["slowing", "speeding"],
        "steady",
    ).astype(object)


def _chance_of_longer(profiles: pd.DataFrame, pace: Pace) -> np.ndarray:
    """Return the chance that three gaps at the earlier pace take longer than the last three took.

    The sum of three gaps is gamma with shape 3k; under the posterior of the vehicle's rate its
    survival is the incomplete beta of an open gap with 3k for k (own derivation, method.md).
    """
    recent = (3 * profiles["recent_gap_days"]).fillna(0)
    before = profiles.assign(
        visit_days=profiles["visit_days"] - 3,
        last_day=profiles["last_day"] - recent,
        days_silent=recent,
    )
    chance: np.ndarray = pace.ask(
        before,
        lambda fit, x, t_x, now: betainc(
            fit.r + fit.k * np.maximum(x, 0), 3 * fit.k, (fit.alpha + t_x) / (fit.alpha + now)
        ),
    )
    return chance


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
