"""When each vehicle fuels, and where."""

import numpy as np
import pandas as pd

from station.demo.draws import happens
from station.demo.parameters import Network
from station.demo.seasons import Calendar, Floats, Ints, Window

SPARE_GAPS = 8
"""Gaps drawn beyond the expected number, so that no vehicle runs out before the last day."""
SPARE_DEVIATIONS = 5
STAYS_AWAY = -1


def make_visits(
    network: Network, vehicles: pd.DataFrame, calendar: Calendar, rng: np.random.Generator
) -> pd.DataFrame:
    """Return vehicle, day and station of each fill at the network, in order of days."""
    fills = pd.concat(
        [_fills_of_kind(network, vehicles, calendar, name, rng) for name in network.kinds],
        ignore_index=True,
    )
    came = _choose_station(vehicles, fills, rng)
    visits = pd.concat([came, _passing_visits(network, vehicles, calendar, rng)])
    return visits.sort_values(["day", "vehicle"], kind="stable", ignore_index=True)


def without_closure(visits: pd.DataFrame, station: int, closure: Window) -> pd.DataFrame:
    """Return the visits less those that met a closed station."""
    shut = (visits["station"] == station) & visits["day"].between(closure.start, closure.end)
    return visits[~shut].reset_index(drop=True)


def renewals(
    starts: Floats, end: float, gaps: Floats, shape: float, rng: np.random.Generator
) -> tuple[Ints, Floats]:
    """Return (process, time) of the events of renewal processes with gamma gaps.

    Process n begins at `starts[n]`, in the midst of a gap, and has the mean gap `gaps[n]`.
    """
    expected = np.maximum(end - starts, 0) / gaps
    counts = np.ceil(expected + SPARE_DEVIATIONS * np.sqrt(expected / shape + 1) + SPARE_GAPS)
    sizes = counts.astype(np.int64)
    process = np.repeat(np.arange(len(starts)), sizes)
    drawn = rng.gamma(shape, 1 / shape, len(process)) * gaps[process]
    heads = np.cumsum(sizes) - sizes
    drawn[heads] *= rng.random(len(heads))
    total = np.cumsum(drawn)
    times = total - (total[heads] - drawn[heads])[process] + starts[process]
    within = times < end
    return process[within], times[within]


def _fills_of_kind(
    network: Network,
    vehicles: pd.DataFrame,
    calendar: Calendar,
    kind: str,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return all fills of a kind's regulars, here or elsewhere.

    The process runs in the kind's own time, which passes faster on days that draw drivers.
    """
    rows = np.flatnonzero((vehicles["kind"] == kind) & ~vehicles["passing"])
    elapsed = np.concatenate([[0.0], np.cumsum(calendar.weights[kind])])
    own = vehicles.iloc[rows]
    starts = elapsed[own["first_day"].to_numpy(dtype=np.int64)]
    shape = network.kinds[kind].gap_shape
    gaps = own["gap_days"].to_numpy(dtype=np.float64)
    process, times = renewals(starts, float(elapsed[-1]), gaps, shape, rng)
    day = np.searchsorted(elapsed, times, side="right") - 1
    return pd.DataFrame({"vehicle": rows[process], "day": day})


def _choose_station(
    vehicles: pd.DataFrame, fills: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the fills that come home or to the sister station; the rest go elsewhere."""
    who = vehicles.loc[
        fills["vehicle"],
        ["changed_day", "share_before", "share_after", "sister_before", "sister_after",
         "station", "sister", "change"],
    ].reset_index(drop=True)  # fmt: skip
    later = fills["day"] >= who["changed_day"]
    home = np.where(later, who["share_after"], who["share_before"])
    sister = np.where(later, who["sister_after"], who["sister_before"])
    chance = rng.random(len(fills))
    station = np.select(
        [chance < home, chance < home + sister], [who["station"], who["sister"]], STAYS_AWAY
    )
    came = fills.assign(station=station)
    return came.loc[came["station"] != STAYS_AWAY]


def _passing_visits(
    network: Network, vehicles: pd.DataFrame, calendar: Calendar, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the one visit of each passer-by and the second of the few who return."""
    passing = vehicles[vehicles["passing"]]
    once = pd.DataFrame(
        {"vehicle": passing.index, "day": passing["first_day"], "station": passing["station"]}
    )
    returns = once[happens(network.passing.return_share, len(once), rng)]
    wait = rng.integers(1, network.passing.return_within_days + 1, len(returns))
    again = returns.assign(day=returns["day"] + wait)
    return pd.concat([once, again[again["day"] < calendar.days]])
