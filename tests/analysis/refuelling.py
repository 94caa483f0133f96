"""Simulated refuelling with pauses, where it is known who has left."""

import numpy as np
import pandas as pd

from station.analysis.rhythm_model import Array

FIRST_DAY, DAYS = 20_000, 500
AS_OF = FIRST_DAY + DAYS - 40


def refuel(
    vehicles: int, *, gap: float = 9.0, shape: float = 4.0, loss: float = 0.03, seed: int = 2
) -> tuple[pd.DataFrame, Array]:
    """Return visit-days of vehicles that pause twice a year, and the day on which each leaves."""
    rng = np.random.default_rng(seed)
    own = gap * np.exp(0.5 * rng.standard_normal(vehicles))
    first = np.where(rng.random(vehicles) < 0.5, 0, rng.uniform(0, DAYS, vehicles))
    leaves = first + rng.exponential(30 / loss, vehicles)
    end = np.minimum(leaves, DAYS)
    who, now, rows = np.arange(vehicles), first + rng.random(vehicles) * own, []
    while who.size:
        on = now < end[who]
        who, now = who[on], now[on]
        rows.append((who + 1, np.floor(now).astype(int) + FIRST_DAY))
        step = rng.gamma(shape, own[who] / shape)
        away = rng.random(who.size) < -np.expm1(-2 / 365 * step)
        now = now + step + away * rng.lognormal(np.log(12), 0.9, who.size)
    vehicle, day = (np.concatenate(part) for part in zip(*rows, strict=True))
    visits = pd.DataFrame({"vehicle_id": vehicle, "station_id": 1, "local_day": day})
    return visits, leaves + FIRST_DAY
