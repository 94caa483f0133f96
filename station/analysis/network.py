"""Which part of a vehicle's fills is ours, and is it falling?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from station.analysis import guards
from station.analysis.guards import Guard

MONTH_DAYS = 30.4375
RECENT_DAYS, BEFORE_DAYS = 90, 180
"""The two stretches that habits.sql counts."""
SHARES = np.linspace(0.025, 0.975, 39)
LEAST = 0.01
"""No spread is narrower than the grid can tell."""
SPREADS = np.linspace(0.2, 1.1, 19)


@dataclass(frozen=True, slots=True)
class NetworkRules:
    """How the share of fills is estimated, and when it is called falling.

    `own_spread` is the variation (standard deviation over mean) of the gaps between all of a
    driver's fills wherever they are, `own_spread_sigma` how much drivers differ in it (in logs).
    """

    own_spread: float = 0.5
    own_spread_sigma: float = 0.3
    least_gaps: int = 8
    confidence: float = 0.8
    falling_tail: float = 0.002
    falling_factor: float = 0.65


def elsewhere(chain: pd.DataFrame, vehicle_ids: pd.Series) -> pd.DataFrame:
    """Return vehicle_id, station_id, last_day, visits_90d, visits_before of vehicles of a scope.

    No amounts, no names: this is all that is told of stations out of sight.
    """
    columns = ["vehicle_id", "station_id", "last_day", "visits_90d", "visits_before"]
    return chain.loc[chain["vehicle_id"].isin(vehicle_ids), columns].reset_index(drop=True)


def share_of_fills(
    profiles: pd.DataFrame, rules: NetworkRules | None = None
) -> dict[str, np.ndarray]:
    """Return share_fills with share_low and share_high: which part of its fills is made here.

    If a driver's own gaps vary by c and each fill comes to us with chance s, ours vary by
    CV² = s·c² + 1 - s. The answer weighs every s and c that could have shown the CV seen, and is
    never above the part of the chain's visits. NaN below `least_gaps` gaps.
    """
    rules = rules or NetworkRules()
    gaps = (profiles["visit_days"] - 1).to_numpy(dtype="float64")
    square = profiles["gap_cv"].to_numpy(dtype="float64") ** 2
    known = (gaps >= rules.least_gaps) & np.isfinite(square)
    cells, place = np.unique(
        np.column_stack([_rounded(square[known]), np.minimum(gaps[known], 200)]),
        axis=0,
        return_inverse=True,
    )
    answers = _posterior(cells[:, 0], cells[:, 1], rules)[place.ravel()]
    limit = profiles["share_of_visits"].to_numpy(dtype="float64")
    result = {}
    for column, name in enumerate(("share_fills", "share_low", "share_high")):
        values = np.full(len(profiles), np.nan)
        values[known] = answers[:, column]
        result[name] = np.fmin(values, np.where(np.isnan(values), np.nan, limit))
    return result


def _rounded(square: np.ndarray) -> np.ndarray:
    """Return squares close enough for a table of answers."""
    return np.asarray(np.round(np.minimum(square, 3.0) * 50) / 50)


def _posterior(square: np.ndarray, gaps: np.ndarray, rules: NetworkRules) -> np.ndarray:
    """Return mean, low and high of the share under each (CV², gaps)."""
    if not len(square):
        return np.empty((0, 3))
    mean = SHARES[:, None] * SPREADS[None, :] ** 2 + 1 - SHARES[:, None]
    centre, sigma = max(rules.own_spread, LEAST), max(rules.own_spread_sigma, LEAST)
    logs = (np.log(SPREADS) - np.log(centre)) / sigma
    logs -= np.sign(logs) * np.abs(logs).min()  # a narrow prior far from the grid is its end
    prior = np.broadcast_to(np.exp(-(logs**2) / 2) / SPREADS, mean.shape)
    error = mean[None] * np.sqrt((1 + 2 * mean[None]) / gaps[:, None, None])
    z = (square[:, None, None] - mean[None]) / error
    weight = np.exp(-(z**2) / 2) / error * prior
    share = weight.sum(axis=2)
    share /= share.sum(axis=1, keepdims=True)
    total = np.cumsum(share, axis=1)
    tail = (1 - rules.confidence) / 2
    half = (SHARES[1] - SHARES[0]) / 2
    return np.column_stack(
        [
            share @ SHARES,
            SHARES[(total < tail).sum(axis=1)] - half,
            SHARES[np.minimum((total < 1 - tail).sum(axis=1), len(SHARES) - 1)] + half,
        ]
    )


def falling_share(
    profiles: pd.DataFrame,
    seen: pd.DataFrame,
    guard: Guard = guards.NOTHING,
    rules: NetworkRules | None = None,
) -> pd.DataFrame:
    """Return of each row whether its share visibly moves, and the numbers that are compared.

    visits_month_before and visits_month_now are visits a month here, in the 180 days before the
    last 90 and in these; share_before and share_now are the parts of the chain's visits. A share
    moves (`share_moves`) where chance would rarely explain so small a part of the chain's. That the
    vehicle comes less often, wherever else it fuels, is `change.find`'s to tell.

    Args:
        profiles: rows with visits_90d and visits_before.
        seen: what `elsewhere` returns.
        guard: days that are not held against a vehicle.
        rules: the numbers.
    """
    rules = rules or NetworkRules()
    sums = seen.groupby("vehicle_id")[["visits_90d", "visits_before"]].sum()
    everywhere = sums.reindex(profiles["vehicle_id"]).fillna(0).to_numpy(dtype="float64")
    here = profiles[["visits_90d", "visits_before"]].fillna(0).to_numpy(dtype="float64")
    days = _exposure(profiles, guard)
    share, rate = _ratio(here, everywhere), _ratio(here, days)
    moves = (_chance_of_smaller(here, everywhere) <= rules.falling_tail) & (
        share[:, 0] <= rules.falling_factor * share[:, 1]
    )
    return pd.DataFrame(
        {
            "visits_month_before": rate[:, 1] * MONTH_DAYS,
            "visits_month_now": rate[:, 0] * MONTH_DAYS,
            "share_before": share[:, 1],
            "share_now": share[:, 0],
            "visits_elsewhere": (everywhere - here)[:, 0].astype("int64"),
            "share_moves": moves,
        },
        index=profiles.index,
    )


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    share = np.full(part.shape, np.nan)
    np.divide(part, whole, out=share, where=whole > 0)
    return share


def _exposure(profiles: pd.DataFrame, guard: Guard) -> np.ndarray:
    """Return the days that count in the last 90 and in the 180 before, since the first visit."""
    as_of_day = profiles["last_day"] + profiles["days_silent"]
    turn, start = as_of_day - RECENT_DAYS, as_of_day - RECENT_DAYS - BEFORE_DAYS
    begin = start.clip(lower=profiles["first_day"])
    now = RECENT_DAYS - guard.between(profiles, turn, as_of_day)
    before = (turn - begin).clip(lower=0) - guard.between(profiles, begin, turn)
    return np.column_stack([np.maximum(now, 1), np.maximum(before, 0)])


def _chance_of_smaller(here: np.ndarray, everywhere: np.ndarray) -> np.ndarray:
    """Return the chance of so small a part here now if the part were what it was.

    Hypergeometric, as by R. A. Fisher: given all sums, the visits here are drawn at random.
    """
    from scipy.stats import hypergeom  # noqa: PLC0415 - a third of a second of every command's start

    all_visits = everywhere.sum(axis=1)
    chance = hypergeom.cdf(here[:, 0], all_visits, here.sum(axis=1), everywhere[:, 0])
    return np.where(everywhere.min(axis=1) > 0, np.nan_to_num(chance, nan=1.0), 1.0)
