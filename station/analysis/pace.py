"""Which rhythm speaks for which vehicle? One fit a kind of station, and one for all of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from station.analysis import rhythm
from station.analysis.rhythm import Fit
from station.analysis.rhythm_model import Array

STRANGER = Fit(k=1.0, r=1.0, alpha=20.0, a=1.0, b=3.0)
"""What is assumed where no vehicle has been seen yet; days."""
KIND = "station_kind"
"""The column that names the group of a row; without it all rows are one group."""

Answer = Callable[[Fit, Array, Array, Array], Array]


@dataclass(frozen=True, slots=True)
class PaceRules:
    """How the rhythm is learnt.

    `k` is the regularity of a gap: 1 is the MBG/NBD, None fits it. `prior` keeps small bases from
    drifting. A kind of station below `min_vehicles` is judged by all stations together. What was
    learned serves single vehicles while no more than `kept_days` have passed since and the lines
    differ by no more than `kept_share`.
    """

    k: float | None = 1.0
    min_vehicles: int = 300
    prior: float = 1.0
    kept_days: int = 7
    kept_share: float = 0.01


@dataclass(frozen=True, slots=True)
class Pace:
    """The fits of a base: `pooled` for whatever kind is not in `by_kind`."""

    pooled: Fit
    by_kind: Mapping[str, Fit]

    def ask(self, profiles: pd.DataFrame, answer: Answer) -> Array:
        """Return `answer(fit, x, t_x, T)` of every row, each under its own fit."""
        x, t_x, now = histories(profiles)
        if not self.by_kind:
            return answer(self.pooled, x, t_x, now)
        kinds, names = pd.factorize(profiles[KIND])
        result = np.empty(len(profiles))
        for number, name in enumerate(names):
            own = kinds == number
            fitted = self.by_kind.get(str(name), self.pooled)
            result[own] = answer(fitted, x[own], t_x[own], now[own])
        return result


def learn(profiles: pd.DataFrame, rules: PaceRules | None = None) -> Pace:
    """Return the rhythm of a base of vehicles; it needs those with a single visit, too."""
    rules = rules or PaceRules()
    if profiles.empty:
        return Pace(STRANGER, {})
    sizes = profiles[KIND].value_counts() if KIND in profiles else pd.Series(dtype="int64")
    large = sizes[(sizes >= rules.min_vehicles) & (sizes < len(profiles))].index
    by_kind = {str(kind): _fit(profiles[profiles[KIND] == kind], rules) for kind in large}
    return Pace(_fit(profiles, rules), by_kind)


def _fit(profiles: pd.DataFrame, rules: PaceRules) -> Fit:
    return rhythm.fit(
        *histories(profiles),
        log_gap_sum=profiles["gap_log_sum"].to_numpy(dtype="float64"),
        k=rules.k,
        prior=rules.prior,
    )


def histories(profiles: pd.DataFrame) -> tuple[Array, Array, Array]:
    """Return x, t_x and T: repeat visit-days, days from first to last, days from first to now."""
    x = profiles["visit_days"].to_numpy(dtype="float64") - 1
    t_x = (profiles["last_day"] - profiles["first_day"]).to_numpy(dtype="float64")
    return x, t_x, t_x + profiles["days_silent"].to_numpy(dtype="float64")
