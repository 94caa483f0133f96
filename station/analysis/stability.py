"""Does a vehicle belong to this station, or does it pass through?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from station.analysis.pace import Pace
from station.frames import PROFILES, require
from station.model import Stability


@dataclass(frozen=True, slots=True)
class StabilityRules:
    """From when on a vehicle is a regular, until when it is new, and what its gaps are called.

    Burstiness runs from -1 (a clock) over 0 (chance) to 1 (bursts).
    """

    regular_visit_days: int = 4
    regular_span_days: int = 30
    regular_p_alive: float = 0.5  # just after its last visit
    passing_horizon_days: int = 90
    passing_p_visit: float = 0.1
    new_days: int = 90
    regularity_gaps: int = 6
    clockwork_below: float = -0.2
    bursty_above: float = 0.2


def classify(
    profiles: pd.DataFrame, pace: Pace, rules: StabilityRules | None = None
) -> pd.DataFrame:
    """Return `profiles` with stability, regularity, p_alive, gaps, span_days, known_days, sentence.

    A regular is judged from the state just after its last visit, so silence alone never unmakes
    him. A vehicle seen once is new at first and becomes passing as its silence grows: P(visit)
    within the horizon is asked from as-of.
    """
    rules = rules or StabilityRules()
    require(profiles, PROFILES)
    span = profiles["last_day"] - profiles["first_day"]
    known = span + profiles["days_silent"]
    classes = _classes(profiles, pace, span, known, rules)
    return profiles.assign(
        stability=classes,
        regularity=regularity(profiles, rules),
        p_alive=pace.p_alive(profiles),
        gaps=profiles["visit_days"] - 1,
        span_days=span,
        known_days=known,
        sentence=_sentences(profiles, classes),
    )


def _classes(
    profiles: pd.DataFrame, pace: Pace, span: pd.Series, known: pd.Series, rules: StabilityRules
) -> np.ndarray:
    stays = pace.p_stays(profiles)
    is_regular = (
        (profiles["visit_days"] >= rules.regular_visit_days)
        & (span >= rules.regular_span_days)
        & (stays >= rules.regular_p_alive)
    )
    comes = pace.p_visit(profiles, rules.passing_horizon_days)
    is_passing = (profiles["visit_days"] == 1) & (comes < rules.passing_p_visit)
    return np.select(
        [is_regular, is_passing, known < rules.new_days],
        [Stability.REGULAR.value, Stability.PASSING.value, Stability.NEW.value],
        Stability.OCCASIONAL.value,
    ).astype(object)


def _sentences(profiles: pd.DataFrame, classes: np.ndarray) -> np.ndarray:
    once = (profiles["visit_days"] == 1).to_numpy()
    keys = np.where(once, "stability.once_", "stability.is_").astype(object) + classes
    return np.asarray(keys, dtype=object)


def regularity(profiles: pd.DataFrame, rules: StabilityRules | None = None) -> np.ndarray:
    """Return clockwork, random, bursty, or unknown where there are too few gaps to tell."""
    rules = rules or StabilityRules()
    gaps = (profiles["visit_days"] - 1).to_numpy(dtype="float64")
    value = burstiness(profiles["gap_cv"].to_numpy(dtype="float64"), gaps)
    return np.select(
        [
            ~(gaps >= rules.regularity_gaps),
            value <= rules.clockwork_below,
            value >= rules.bursty_above,
        ],
        ["unknown", "clockwork", "bursty"],
        "random",
    ).astype(object)


def burstiness(gap_cv: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """Return -1 for a clock, 0 for chance, 1 for bursts, corrected for few gaps; NaN below 2.

    E.-K. Kim and H.-H. Jo (2016), Measuring burstiness for finite event sequences. Theirs is the
    standard deviation with n, `gap_cv` has n - 1.
    """
    n = np.where(gaps > 1, gaps, np.nan)
    cv = gap_cv * np.sqrt((n - 1) / n)
    high, low = np.sqrt(n + 1), np.sqrt(n - 1)
    result: np.ndarray = (high * cv - low) / ((high - 2) * cv + low)
    return result
