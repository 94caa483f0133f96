"""Customers who fall due, drawn by lot, with a truth that is known."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from station.analysis.winback import DUE


@dataclass(frozen=True, slots=True)
class Truth:
    """What calls do, and how customers are without them.

    `effect` is what a call adds to the chance to come back; with `spread` it is so much smaller at
    half of the stations, and larger at the others. Natural chances lie within `chance`, and the
    engine says `off` less.
    """

    effect: float = 0.0
    spread: float = 0.0
    chance: tuple[float, float] = (0.1, 0.5)
    off: float = 0.0
    share: float = 0.1
    stations: int = 3


def make_due(per_week: int, weeks: int, *, seed: int, **told: Any) -> pd.DataFrame:
    """Return DUE of so many weeks under the Truth that is told."""
    truth = Truth(**told)
    random, number = np.random.default_rng(seed), per_week * weeks
    natural = random.uniform(*truth.chance, number)
    station = random.integers(1, truth.stations + 1, number)
    is_held = random.random(number) < truth.share
    own = truth.effect + truth.spread * (station % 2 * 2 - 1)
    came = random.random(number) < natural + np.where(is_held, 0, own)
    litres = np.where(came, random.gamma(4, 15, number), 0)
    rows = pd.DataFrame(
        {
            "customer_id": np.arange(1, number + 1),
            "station_id": station,
            "due_day": 20_000 + np.repeat(np.arange(weeks) * 7, per_week),
            "is_held": is_held,
            "share": truth.share,
            "p_return": np.clip(natural - truth.off, 0, 1),
            "worth": 120.0,
            "was_called": ~is_held,
            "returned": came,
            "litres": litres,
            "gain": litres * 0.6,
        }
    )
    return rows.astype(DUE)
