"""What changes before a regular stays away: slowing, smaller fills, cheaper grade, moved hours?

Slowing is `change.find`'s: a change of pace that is more likely than not. The other signs compare
the last five visits with those of the year before, and are given only where chance would do it in a
set part of steady vehicles a month (`monthly_budget`, for all together). A vehicle that comes often
is asked often, so each visit of it may err more rarely.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import betaln, gammaln, stdtr

from station.analysis.change import SLOWER

SLOWING, SMALLER, CHEAPER, HOURS = SLOWER, "smaller_fills", "cheaper_grade", "moved_hours"
SIGNS = (SLOWING, SMALLER, CHEAPER, HOURS)
"""In the order in which one is told where several meet."""
COUNTED = (SMALLER, CHEAPER, HOURS)
"""Those that share the budget; slowing hardly needs it."""
LATE_VISITS = 5
SLOTS = 8
SLOT_HOURS = 3
MONTH_DAYS = 30.4375


@dataclass(frozen=True, slots=True)
class WarningRules:
    """How rarely a sign may be chance, and how large it must be to be worth a word."""

    monthly_budget: float = 0.05
    least_visits: int = 12
    fill_factor: float = 0.75
    grade_fall: float = 0.5
    hours_share: float = 0.6


def tails(mean_gap_days: pd.Series, rules: WarningRules) -> np.ndarray:
    """Return the chance at which one sign may err at one visit of each vehicle."""
    a_month = np.maximum(MONTH_DAYS / mean_gap_days.to_numpy(dtype="float64"), 1)
    return np.asarray(rules.monthly_budget / len(COUNTED) / a_month)


def find(habits: pd.DataFrame, rules: WarningRules | None = None) -> pd.DataFrame:
    """Return the signs of each row and the two numbers that each compares.

    Columns: signs (a list, the gravest first), sign (the first, "" if none), and for each sign its
    two numbers: quantity_before and quantity_late (of a fill, in the row's unit), dear_share_before
    and dear_share_late (of the dearer grade), hours_from, hours_to, hours_share_before and
    hours_share_late.

    Args:
        habits: what habits.sql returned, with visit_days and mean_gap_days of the profile, and the
            trend of change.find.
        rules: the numbers.
    """
    rules = rules or WarningRules()
    tail = tails(habits["mean_gap_days"], rules)
    enough = (habits["visit_days"] >= rules.least_visits).to_numpy()
    fills, grade, hours = _fills(habits), _grade(habits), _hours(habits)
    seen = {
        SLOWING: (habits["trend"] == SLOWING).to_numpy(),
        SMALLER: (fills["chance"] <= tail) & (fills["ratio"] <= rules.fill_factor),
        CHEAPER: (grade["chance"] <= tail) & (grade["fall"] >= rules.grade_fall),
        HOURS: (hours["chance"] <= tail) & (hours["hours_share_before"] >= rules.hours_share),
    }
    marks = np.column_stack([seen[name] & (enough | (name == SLOWING)) for name in SIGNS])
    told = {
        name: values
        for part in (fills, grade, hours)
        for name, values in part.items()
        if name not in {"chance", "ratio", "fall"}
    }
    return pd.DataFrame(
        {"signs": pd.Series(_lists(marks), dtype=object), "sign": _first(marks), **told}
    ).set_index(habits.index)


def _lists(marks: np.ndarray) -> list[list[str]]:
    """Return the names of the signs of each row; rows alike share one list."""
    patterns = marks @ (1 << np.arange(len(SIGNS)))
    names = [[n for bit, n in enumerate(SIGNS) if p >> bit & 1] for p in range(1 << len(SIGNS))]
    return [names[pattern] for pattern in patterns.tolist()]


def _first(marks: np.ndarray) -> np.ndarray:
    first: np.ndarray = np.select(list(marks.T), list(SIGNS), "").astype(object)
    return first


def _fills(habits: pd.DataFrame) -> dict[str, np.ndarray]:
    """Compare the usual quantity of a fill: geometric means, by Student's t."""
    late, before = habits["fill_log_late"].to_numpy(), habits["fill_log_before"].to_numpy()
    n_late, n = habits["fills_late"].to_numpy(), habits["fills_before"].to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.sqrt(np.maximum(habits["fill_log_var"].to_numpy(), 1e-4))
        t = (late - before) / (spread * np.sqrt(1 / n_late + 1 / n))
        chance = stdtr(np.maximum(n - 1, 1), t)
    is_known = (n_late == LATE_VISITS) & (n > 1) & np.isfinite(t)
    return {
        "quantity_before": np.exp(before) / 1000,
        "quantity_late": np.exp(late) / 1000,
        "ratio": np.exp(late - before),
        "chance": np.where(is_known, chance, 1.0),
    }


def _grade(habits: pd.DataFrame) -> dict[str, np.ndarray]:
    """Compare which part of the fills were of the usual grade or a dearer one."""
    hits, tries = _counts(habits, "dear_before", "graded_before")
    late, late_tries = _counts(habits, "dear_late", "graded_late")
    before_share, late_share = _ratio(hits, tries), _ratio(late, late_tries)
    return {
        "dear_share_before": before_share,
        "dear_share_late": late_share,
        "fall": before_share - late_share,
        "chance": _chance_of_few(late, late_tries, hits, tries),
    }


def _hours(habits: pd.DataFrame) -> dict[str, np.ndarray]:
    """Compare which part of the visits fell into the nine hours in which most of them fell."""
    before = habits[[f"before_{n}" for n in range(SLOTS)]].to_numpy(dtype="float64")
    late = habits[[f"late_{n}" for n in range(SLOTS)]].to_numpy(dtype="float64")
    around = np.roll(before, 1, axis=1) + before + np.roll(before, -1, axis=1)
    middle, rows = around.argmax(axis=1), np.arange(len(habits))
    late_around = np.roll(late, 1, axis=1) + late + np.roll(late, -1, axis=1)
    hits, tries = around[rows, middle], before.sum(axis=1)
    late_hits, late_tries = late_around[rows, middle], late.sum(axis=1)
    return {
        "hours_from": (middle - 1) % SLOTS * SLOT_HOURS,
        "hours_to": (middle + 2 - 1) % SLOTS * SLOT_HOURS + SLOT_HOURS,
        "hours_share_before": _ratio(hits, tries),
        "hours_share_late": _ratio(late_hits, late_tries),
        "chance": _chance_of_few(late_hits, late_tries, hits, tries),
    }


def _counts(habits: pd.DataFrame, hits: str, tries: str) -> tuple[np.ndarray, np.ndarray]:
    return habits[hits].to_numpy(dtype="float64"), habits[tries].to_numpy(dtype="float64")


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    share = np.full(len(part), np.nan)
    np.divide(part, whole, out=share, where=whole > 0)
    return share


def _chance_of_few(
    late: np.ndarray, late_tries: np.ndarray, hits: np.ndarray, tries: np.ndarray
) -> np.ndarray:
    """Return the chance of at most `late` hits in five if nothing changed since `hits` of `tries`.

    Beta-binomial with Jeffreys' prior and one miss more, for what was most frequent was chosen.
    """
    a, b = hits + 0.5, tries - hits + 1.5
    total = np.zeros(len(late))
    for k in range(LATE_VISITS + 1):
        log = _choose(LATE_VISITS, k) + betaln(a + k, b + LATE_VISITS - k) - betaln(a, b)
        total += np.where(k <= late, np.exp(log), 0)
    is_known = (late_tries == LATE_VISITS) & (tries >= LATE_VISITS)
    return np.where(is_known, np.minimum(total, 1), 1.0)


def _choose(n: int, k: int) -> float:
    return float(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))
