"""Which silence is ours: a closed station, a dead camera, a festival, the eve of a price?

Each day of a station's product has a weight from 0 to 1: how much of its usual traffic could have
been seen that day. A vehicle's silence is counted in such days, so that a fortnight of closure adds
nothing to it and half a dead camera adds half.
"""

import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from station.analysis.feasts import FESTIVAL, HOLIDAY, feast_days

CLOSURE, STOCKOUT, CAMERA, PRICE = "closure", "stockout", "camera", "price"
CAUSES = (CLOSURE, STOCKOUT, CAMERA, FESTIVAL, HOLIDAY, PRICE)
"""In the order in which one is named where two meet."""
SMOOTHED_DAYS = 3
BASELINE_DAYS = 56
LEAST_BASELINE_DAYS = 14
COLUMNS = ["station_id", "product_group", "cause", "from_day", "to_day", "weight"]


@dataclass(frozen=True, slots=True)
class GuardRules:
    """When a day is not held against a vehicle.

    A product that sold nothing is closed once `missed_lines` lines were to be expected. A camera
    is dead where the share of lines with a vehicle fell by `capture_fall` and `capture_sigmas`
    standard errors. A price moved by `price_move` is felt `price_days` before and after.
    """

    country: str = "CN"
    missed_lines: float = 12.0
    capture_fall: float = 0.1
    capture_sigmas: float = 4.0
    festival_before_days: int = 7
    festival_after_days: int = 15
    price_move: float = 0.005
    price_days: int = 1


@dataclass(frozen=True, slots=True)
class Guard:
    """The days that are held, and how many of them lie between two days.

    `held` counts, up to each day from `first_day` on, the days held so far: a row a product at a
    station, in the order of `places`; `windows` says which and why.
    """

    first_day: int
    places: pd.MultiIndex
    held: np.ndarray
    windows: pd.DataFrame

    def between(self, rows: pd.DataFrame, after: pd.Series, until: pd.Series) -> np.ndarray:
        """Return the held days beyond `after` up to and with `until` of each row."""
        if not len(self.held):
            return np.zeros(len(rows))
        place = self._place(rows)
        days = self.held[place, self._day(until)] - self.held[place, self._day(after)]
        most = np.maximum(until.to_numpy() - after.to_numpy(), 0)  # sums of parts have dust
        counted: np.ndarray = np.where(place >= 0, np.clip(days, 0, most), 0)
        return counted

    def until(self, rows: pd.DataFrame, owner: np.ndarray, days: np.ndarray) -> np.ndarray:
        """Return the held days up to and with each of `days`, which are of the row `owner`.

        Counted from the first day that is known: only differences between two days mean anything.
        """
        if not len(self.held):
            return np.zeros(len(days))
        place = self._place(rows)[owner]
        counted: np.ndarray = np.where(place >= 0, self.held[place, self._day(days)], 0.0)
        return counted

    def first_reached(self, rows: pd.DataFrame, after: pd.Series, days: np.ndarray) -> np.ndarray:
        """Return the day on which `days` days that count have passed since `after`.

        Days beyond the last that is known all count.
        """
        after_day = after.to_numpy(dtype="int64")
        if not len(self.held):
            return np.asarray(after_day + days.astype("int64"))
        place = self._place(rows)
        last = self.first_day + self.held.shape[1] - 1
        low, high = after_day.copy(), np.maximum(after_day + days.astype("int64"), last) + 1
        high += np.ceil(np.where(place >= 0, self.held[place, -1], 0)).astype("int64")
        while (low < high).any():
            middle = (low + high) // 2
            passed = middle - after_day - self.between(rows, after, pd.Series(middle))
            high = np.where(passed >= days, middle, high)
            low = np.where(passed >= days, low, middle + 1)
        return low

    def cause(self, rows: pd.DataFrame) -> np.ndarray:
        """Return what held most of each row's silence, "" where nothing did."""
        if self.windows.empty:
            return np.full(len(rows), "", dtype=object)
        silent = rows[["station_id", "product_group", "last_day"]].assign(
            row=np.arange(len(rows)), until=rows["last_day"] + rows["days_silent"]
        )
        met = silent.merge(self.windows, on=["station_id", "product_group"])
        overlap = (
            met[["to_day", "until"]].min(axis=1) - met[["from_day", "last_day"]].max(axis=1) + 1
        )
        met = met.assign(days=overlap.clip(lower=0) * (1 - met["weight"]))
        met = met[met["days"] > 0]
        sums: pd.DataFrame = met.groupby(["row", "cause"])["days"].sum().reset_index()
        most = sums.sort_values("days", kind="stable").drop_duplicates("row", keep="last")
        causes = np.full(len(rows), "", dtype=object)
        causes[most["row"].to_numpy(dtype="int64")] = most["cause"].to_numpy(dtype=object)
        return causes

    def _place(self, rows: pd.DataFrame) -> np.ndarray:
        keys = pd.MultiIndex.from_frame(rows[["station_id", "product_group"]])
        return np.asarray(self.places.get_indexer(keys))

    def _day(self, days: pd.Series | np.ndarray) -> np.ndarray:
        offset = np.asarray(days, dtype="int64") - self.first_day
        return np.asarray(np.clip(offset, 0, self.held.shape[1] - 1))


NOTHING = Guard(
    0,
    pd.MultiIndex.from_arrays([[], []], names=["station_id", "product_group"]),
    np.zeros((0, 1)),
    pd.DataFrame(columns=COLUMNS),
)
"""No day is held."""


def feast_days_held(guard: Guard) -> frozenset[int]:
    """Return the days of festivals and holidays that are held somewhere."""
    windows = guard.windows[guard.windows["cause"].isin([FESTIVAL, HOLIDAY])]
    spans = zip(windows["from_day"].to_list(), windows["to_day"].to_list(), strict=True)
    return frozenset(day for first, last in spans for day in range(int(first), int(last) + 1))


def as_words(guard: Guard) -> dict[str, Any]:
    """Return what JSON can hold of a guard."""
    counted = np.ascontiguousarray(guard.held, dtype="<f8")
    return {
        "first_day": guard.first_day,
        "places": [[int(station), int(group)] for station, group in guard.places],
        "days": guard.held.shape[1],
        "held": b64encode(zlib.compress(counted.tobytes())).decode("ascii"),
        "windows": guard.windows.to_dict("list"),
    }


def from_words(words: Mapping[str, Any]) -> Guard:
    """Return the guard that `as_words` described.

    Raises:
        LookupError, TypeError, ValueError: it describes none.
    """
    try:
        held = np.frombuffer(zlib.decompress(b64decode(words["held"])), dtype="<f8")
    except zlib.error as error:
        raise ValueError from error
    places = [tuple(place) for place in words["places"]]
    if not places:
        return NOTHING
    index = pd.MultiIndex.from_tuples(places, names=list(NOTHING.places.names))
    windows = pd.DataFrame(words["windows"], columns=COLUMNS)
    return Guard(words["first_day"], index, held.reshape(len(places), words["days"]), windows)


def watch(lines: pd.DataFrame, as_of_day: int, rules: GuardRules | None = None) -> Guard:
    """Return which days up to `as_of_day` are not to be held against a vehicle, and why.

    Args:
        lines: (station_id, product_group, local_day, lines, known, quantity_milli, amount_minor),
            as lines.sql returns them.
        as_of_day: the last day that counts; nothing later is looked at.
        rules: the numbers.
    """
    rules = rules or GuardRules()
    lines = lines[lines["local_day"] <= as_of_day]
    if lines.empty:
        return NOTHING
    first_day = int(lines["local_day"].min())
    grid = _Grid(lines, first_day, as_of_day)
    weights = {
        **_closed(grid, rules),
        CAMERA: _camera(grid, rules),
        **_feasts(grid, rules),
        PRICE: _price_eves(grid, rules),
    }
    weight = np.minimum.reduce(list(weights.values()))
    held = np.cumsum(1 - weight, axis=1)
    windows = pd.concat([_windows(grid, cause, weights[cause]) for cause in CAUSES])
    return Guard(first_day, grid.places, held, windows.reset_index(drop=True))


class _Grid:
    """Lines of each product at a station (rows) on each day (columns)."""

    def __init__(self, lines: pd.DataFrame, first_day: int, last_day: int) -> None:
        self.first_day = first_day
        self.days = np.arange(first_day, last_day + 1)
        keys = ["station_id", "product_group"]
        wide = lines.pivot_table(
            index=keys,
            columns="local_day",
            values=["lines", "known", "quantity_milli", "amount_minor"],
            aggfunc="sum",
            fill_value=0,
        )
        self.places = pd.MultiIndex.from_tuples(list(wide.index), names=keys)

        def of(name: str) -> np.ndarray:
            table = pd.DataFrame(wide[name]).reindex(columns=self.days, fill_value=0)
            return table.to_numpy(dtype="float64")

        self.lines, self.known = of("lines"), of("known")
        with np.errstate(invalid="ignore"):
            self.price = of("amount_minor") / of("quantity_milli")
        self.usual_lines = usual(self.lines)
        self.station = self.places.get_level_values("station_id").to_numpy()


def usual(counts: np.ndarray) -> np.ndarray:
    """Return for each day the median of the days before it on which something was sold."""
    frame = pd.DataFrame(counts.T).replace(0, np.nan)
    median = frame.rolling(BASELINE_DAYS, min_periods=LEAST_BASELINE_DAYS).median().shift(1)
    return np.asarray(median.ffill().to_numpy().T, dtype="float64")


def _closed(grid: _Grid, rules: GuardRules) -> dict[str, np.ndarray]:
    """Return the weights of days on which a product, or the whole station, sold nothing."""
    none = grid.lines == 0
    empty = _in_runs(none, np.nan_to_num(grid.usual_lines), rules.missed_lines)
    sold = pd.DataFrame(grid.lines).groupby(grid.station).transform("sum").to_numpy()
    expected = pd.DataFrame(np.nan_to_num(grid.usual_lines)).groupby(grid.station)
    shut = _in_runs(sold == 0, expected.transform("sum").to_numpy(), rules.missed_lines)
    return {CLOSURE: 1.0 - shut, STOCKOUT: 1.0 - (empty & ~shut)}


def _in_runs(marked: np.ndarray, weight: np.ndarray, least: float) -> np.ndarray:
    """Return the marked days of those runs of them whose weights add up to `least`."""
    starts = marked & ~np.pad(marked, ((0, 0), (1, 0)))[:, :-1]
    run = np.cumsum(starts, axis=1) + np.arange(len(marked))[:, None] * (marked.shape[1] + 1)
    sums = np.bincount(run.ravel(), (weight * marked).ravel())
    return np.asarray(marked & (sums[run] >= least))


def _camera(grid: _Grid, rules: GuardRules) -> np.ndarray:
    """Return the weights of days on which far fewer lines than usual name a vehicle."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share = grid.known / grid.lines
        before = np.asarray(usual(np.nan_to_num(share)), dtype="float64")
        lines, known = _smooth(grid.lines), _smooth(grid.known)
        fall = before - known / lines
        error = np.sqrt(before * (1 - before) / lines + 1 / (lines + 1) ** 2)
        is_dead = (fall >= rules.capture_fall) & (fall >= rules.capture_sigmas * error)
        weight = np.clip(known / lines / before, 0, 1)
    return np.where(is_dead & (grid.lines > 0), weight, 1.0)


def _smooth(counts: np.ndarray) -> np.ndarray:
    """Return the sums over the day, the one before and the one after."""
    frame = pd.DataFrame(counts.T)
    sums = frame.rolling(SMOOTHED_DAYS, center=True, min_periods=1).sum()
    return np.asarray(sums.to_numpy().T, dtype="float64")


def _feasts(grid: _Grid, rules: GuardRules) -> dict[str, np.ndarray]:
    """Return the weights of festival and holidays: how much of the usual traffic they saw."""
    days = feast_days(
        rules.country,
        grid.first_day,
        int(grid.days[-1]),
        before=rules.festival_before_days,
        after=rules.festival_after_days,
    )
    weights = {cause: np.ones_like(grid.known) for cause in (FESTIVAL, HOLIDAY)}
    for (_, cause), part in days.groupby(["window", "cause"]):
        at = part["day"].to_numpy(dtype="int64") - grid.first_day
        weights[str(cause)][:, at] = _seen_share(grid, at)[:, None]
    return weights


def _seen_share(grid: _Grid, at: np.ndarray) -> np.ndarray:
    """Return the lines of these days as a part of what was usual before them, at most 1."""
    usual_lines = grid.usual_lines[:, at[0]] * len(at)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = grid.lines[:, at].sum(axis=1) / usual_lines
    # A small product's quiet days are chance: only what chance does not explain is held.
    odd = usual_lines - grid.lines[:, at].sum(axis=1) > 2 * np.sqrt(usual_lines)
    return np.where(odd, np.clip(share, 0, 1), 1.0)


def _price_eves(grid: _Grid, rules: GuardRules) -> np.ndarray:
    """Return the weights of the days around a new price on which less was sold than usual."""
    price = pd.DataFrame(grid.price.T).ffill()
    before = price.shift(1).rolling(SMOOTHED_DAYS, min_periods=1).mean()
    moved = ((price / before - 1).abs() >= rules.price_move).to_numpy().T
    near = pd.DataFrame(moved.T).astype("float64")
    span = 2 * rules.price_days + 1
    felt = near.rolling(span, center=True, min_periods=1).max().to_numpy().T > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.clip(grid.lines / grid.usual_lines, 0, 1)
    odd = grid.usual_lines - grid.lines > 2 * np.sqrt(np.maximum(grid.usual_lines, 0))
    return np.where(felt & odd & (grid.lines > 0), share, 1.0)


def _windows(grid: _Grid, cause: str, weight: np.ndarray) -> pd.DataFrame:
    """Return the stretches of days on which a cause holds, with their mean weight."""
    marked = weight < 1
    rows, days = np.nonzero(marked)
    frame = pd.DataFrame({"place": rows, "day": grid.days[days], "weight": weight[rows, days]})
    opens = (frame["day"].diff() != 1) | (frame["place"].diff() != 0)
    spans = frame.groupby(opens.cumsum()).agg(
        place=("place", "first"),
        from_day=("day", "min"),
        to_day=("day", "max"),
        weight=("weight", "mean"),
    )
    at = grid.places[spans["place"].to_numpy(dtype="int64")]
    spans = spans.assign(
        station_id=at.get_level_values(0).to_numpy(),
        product_group=at.get_level_values(1).to_numpy(),
        cause=cause,
    )
    return spans[COLUMNS]
