"""When a day draws more or fewer drivers, and what a litre costs on it."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from station.demo.parameters import Kind, Network

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DAYS_OF_MONTH = 365.25 / 12
SATURDAY = 5
FALL_SHARE = 0.5
"""Ceiling prices fall about as often as they rise."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of days that everybody feels, both ends included, counted from the first day."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days of a network: how they weigh, by kind, and the prices in fen, by grade."""

    first_day: date
    days: int
    weights: dict[str, Floats]
    prices: dict[str, Ints]
    price_moves: tuple[tuple[int, int], ...]
    festivals: tuple[Window, ...]

    def day(self, number: int) -> date:
        """Return the date of the day `number`."""
        return self.first_day + timedelta(days=number)


def make_calendar(
    network: Network, first_day: date, days: int, rng: np.random.Generator
) -> Calendar:
    """Return the calendar of `days` days from `first_day`."""
    festivals = _festivals(network, first_day, days)
    moves = _price_moves(network, first_day, days, rng)
    eves = _eve_weights(network, days, moves)
    weights = {
        name: _season(network, kind, first_day, days)
        * _weekend(kind.weekend_weight, first_day, days)
        * _festival_weights(kind, days, festivals)
        * eves
        for name, kind in network.kinds.items()
    }
    return Calendar(first_day, days, weights, _prices(network, days, moves), moves, festivals)


def weekdays(first_day: date, days: int) -> Ints:
    """Return the weekday of each day, Monday 0."""
    return (first_day.weekday() + np.arange(days, dtype=np.int64)) % 7


def _weekend(weight: float, first_day: date, days: int) -> Floats:
    mean = (5 + 2 * weight) / 7
    return np.where(weekdays(first_day, days) >= SATURDAY, weight, 1.0) / mean


def _season(network: Network, kind: Kind, first_day: date, days: int) -> Floats:
    months = np.asarray(network.seasons[kind.season])
    month_of_day = [(first_day + timedelta(days=n)).month - 1 for n in range(days)]
    return np.asarray(months[month_of_day] / months.mean(), dtype=np.float64)


def _festivals(network: Network, first_day: date, days: int) -> tuple[Window, ...]:
    rules = network.festival
    numbers = [(day - first_day).days for day in rules.days]
    windows = [Window(n - rules.days_before, n + rules.days_after) for n in numbers]
    return tuple(
        Window(max(w.start, 0), min(w.end, days - 1))
        for w in windows
        if w.end >= 0 and w.start < days
    )


def _festival_weights(kind: Kind, days: int, festivals: tuple[Window, ...]) -> Floats:
    weights = np.ones(days)
    for window in festivals:
        weights[window.start : window.end + 1] = kind.festival_factor
    return weights


def _price_moves(
    network: Network, first_day: date, days: int, rng: np.random.Generator
) -> tuple[tuple[int, int], ...]:
    """Return (first day of the new price, step in fen) of each move."""
    working = np.flatnonzero(weekdays(first_day, days) < SATURDAY)
    on = working[network.prices.every_working_days - 1 :: network.prices.every_working_days] + 1
    low, high = network.prices.step_fen
    steps = rng.integers(low, high + 1, len(on))
    signs = np.where(rng.random(len(on)) < FALL_SHARE, -1, 1)
    return tuple(
        (day, step)
        for day, step in zip(on.tolist(), (steps * signs).tolist(), strict=True)
        if day < days
    )


def _eve_weights(network: Network, days: int, moves: tuple[tuple[int, int], ...]) -> Floats:
    rules = network.prices
    weights = np.ones(days)
    for day, step in moves:
        weights[day - 1] *= rules.eve_of_rise if step > 0 else rules.eve_of_cut
        weights[day] *= rules.after_rise if step > 0 else rules.after_cut
    return weights


def _prices(network: Network, days: int, moves: tuple[tuple[int, int], ...]) -> dict[str, Ints]:
    steps = np.zeros(days, dtype=np.int64)
    for day, step in moves:
        steps[day] = step
    walk = np.cumsum(steps)
    return {
        name: grade.fen + (walk if grade.moves else np.zeros(days, dtype=np.int64))
        for name, grade in network.grades.items()
    }
