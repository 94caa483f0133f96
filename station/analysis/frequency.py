"""How often and when does a vehicle come, and when next?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from station.analysis import rhythm
from station.analysis.change import STEADY
from station.analysis.pace import Pace
from station.analysis.stability import StabilityRules, regularity
from station.frames import PROFILES, require

WEEKDAYS = [f"weekday_{n}" for n in range(7)]
SLOTS = [f"slot_{n}" for n in range(8)]
NONE = -1


@dataclass(frozen=True, slots=True)
class FrequencyRules:
    """From which share a weekday or slot is usual, and how sure the next window is."""

    min_visits: int = 5
    weekday_share: float = 0.3
    slot_share: float = 0.4
    window_from: float = 0.1
    window_to: float = 0.9
    window_visit_days: int = 3


def describe(
    profiles: pd.DataFrame,
    pace: Pace,
    rules: FrequencyRules | None = None,
    stability: StabilityRules | None = None,
) -> pd.DataFrame:
    """Return `profiles` with its gap and spread, usual weekdays and slot, and next window.

    `usual_weekday` (Monday 0), `second_weekday` and `usual_slot` (three hours each) are -1 where
    none stands out. `next_from_day` to `next_to_day` holds the next visit with the chance between
    the two quantiles of the rules, if the vehicle still comes; both are NaN below
    `window_visit_days`, where one gap or none says nothing of the next. A trend that `profiles` has
    (see change.find) is told in the sentence.
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
        trend=profiles.get("trend", STEADY),
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


def _sentences(frame: pd.DataFrame) -> np.ndarray:
    return np.select(
        [
            frame["visit_days"] == 1,
            frame["visit_days"] == 2,  # noqa: PLR2004 - one gap has no spread
            frame["trend"] != STEADY,
        ],
        ["frequency.once", "frequency.twice", "frequency." + frame["trend"].astype(object)],
        f"frequency.{STEADY}",
    ).astype(object)
