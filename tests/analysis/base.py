"""Bases of vehicles for tests: a maker of profile rows and a simulated base with its truth."""

from typing import Any

import numpy as np
import pandas as pd

from station.analysis.pace import Pace
from station.analysis.pauses import Rhythm
from station.analysis.profile import profiles
from station.analysis.rhythm import Fit
from station.frames import REDUCED, UNITS
from station.model import currency_code

AS_OF = 20_500
PACE = Pace(Rhythm.without_pauses(Fit(k=1.0, r=1.2, alpha=14.0, a=0.6, b=4.0)))
"""The rhythm of a base with many passers-by."""


def make_reduced(**changes: Any) -> dict[str, Any]:
    """Return ten weekly petrol visits of 35 litres, the last three days ago, but for changes."""
    zeros = dict.fromkeys(REDUCED, 0)
    row = zeros | {
        "vehicle_id": 1,
        "station_id": 1,
        "visits": 10,
        "visit_days": 10,
        "first_day": AS_OF - 66,
        "last_day": AS_OF - 3,
        "gap_median_days": 7.0,
        "gap_square_sum": 9 * 49,
        "gap_log_sum": 9 * np.log(7),
        "recent_gap_days": 7.0,
        "earlier_gap_median_days": 7.0,
        "quantity_l": 350_000,
        "visits_l": 10,
        "quantity_median": 35_000.0,
        "quantity_p90": 40_000.0,
        "currency": currency_code("CNY"),
        "amount_minor": 260_000,
        "visits_petrol": 10,
        "visits_timed": 10,
        "visits_weekend": 3,
        "weekday_5": 3,
        "weekday_0": 7,
        "slot_3": 10,
    }
    return row | changes


def reduced_frame(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(REDUCED)).astype(dict(REDUCED))


def make_profiles(*rows: dict[str, Any]) -> pd.DataFrame:
    """Return PROFILES of the rows, each a change of `make_reduced`."""

    reduced = reduced_frame(*(make_reduced(**row) for row in rows))
    return profiles(reduced, as_of_day=AS_OF, network=reduced)


def once(days_ago: int, **changes: Any) -> dict[str, Any]:
    """Return the changes that make a vehicle seen once."""
    blank = {"gap_median_days": np.nan, "recent_gap_days": np.nan, "gap_square_sum": 0}
    return {
        "visits": 1,
        "visit_days": 1,
        "first_day": AS_OF - days_ago,
        "last_day": AS_OF - days_ago,
        "earlier_gap_median_days": np.nan,
        "gap_log_sum": 0.0,
        **{f"visits_{unit}": int(unit == "l") for unit in UNITS},
        **blank,
        **changes,
    }


def simulated(vehicles: int = 1_500, days: int = 400, seed: int = 5) -> pd.DataFrame:
    """Return profiles of regulars with gamma gaps, a fifth lost on the way, and passers-by.

    `lost_day` is the truth, NaN for who still comes.
    """
    rng = np.random.default_rng(seed)
    mean_gap = rng.lognormal(np.log(9), 0.8, vehicles)
    lost_at = np.where(rng.random(vehicles) < 0.2, rng.uniform(days - 150, days, vehicles), np.inf)
    gaps = rng.gamma(2.0, mean_gap[:, None] / 2, (vehicles, 200))
    times = np.floor(np.cumsum(gaps, axis=1))
    end = np.minimum(lost_at, days)[:, None]
    rows = [_history(number, own) for number, own in enumerate(_within(times, end), start=1)]
    passing = [
        once(int(days_ago), vehicle_id=vehicles + number)
        for number, days_ago in enumerate(rng.integers(0, days, vehicles), start=1)
    ]
    base = make_profiles(*rows, *passing)
    truth = pd.Series(np.where(np.isfinite(lost_at), AS_OF - days + lost_at, np.nan))
    return base.assign(lost_day=base["vehicle_id"].map(dict(enumerate(truth, start=1))))


def _within(times: np.ndarray, end: np.ndarray) -> list[np.ndarray]:
    return [np.unique(own[own <= last]) for own, last in zip(times, end[:, 0], strict=True)]


def _history(vehicle: int, days: np.ndarray, span: int = 400) -> dict[str, Any]:
    if len(days) < 2:
        return once(int(span - (days[0] if len(days) else 0)), vehicle_id=vehicle)
    gaps = np.diff(days)
    return {
        "vehicle_id": vehicle,
        "visits": len(days),
        "visit_days": len(days),
        "first_day": AS_OF - span + int(days[0]),
        "last_day": AS_OF - span + int(days[-1]),
        "gap_median_days": float(np.median(gaps)),
        "gap_square_sum": int((gaps**2).sum()),
        "gap_log_sum": float(np.log(gaps).sum()),
        "amount_minor": 20_000 * len(days),
        "visits_l": len(days),
    }


def facts(row: pd.Series) -> dict[str, Any]:
    """Return a row as a reader of sentences gets it."""
    return {str(name): value for name, value in row.to_dict().items()}
