"""How does a vehicle come and stay away? The model's parameters and its two basic quantities.

A vehicle's gaps are Gamma(k, rate l) with l ~ Gamma(r, alpha); after every visit it leaves for good
with a chance p ~ Beta(a, b). MBG lets it leave after the first visit too, BG only after a repeat.
Some vehicles may only pass: they leave after every visit with one high chance of their own. Without
them passers-by bend the Beta until who has come often leaves hardly ever. What is known of leaving
stays in closed form: the odds of having left after x repeat visits are a ratio of two mixtures.
The chance that a gap stays open longer than d is a regularised incomplete beta function, hence
every question below has a closed form for any real k > 0.

Sources: P. S. Fader, B. G. S. Hardie, K. L. Lee (2005), "Counting your customers" the easy way
(BG/NBD, k = 1); E. P. Batislam et al. (2007, MBG/NBD); M. Platzer's BTYDplus (MBG/CNBD-k, whole k).
The form for real k and everything in `station.analysis.rhythm` that follows from it are derived
here and held against the published figures in the tests.
"""
# ruff: noqa: N803 - T, the time under observation, is the name in the literature and the contract

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaln

from station.errors import BadValueError

Array = npt.NDArray[np.float64]
THREADS = 2
SHARED_ROWS_LEAST = 50_000
"""From so many rows on the special functions, which let go of the interpreter, share the work."""
ROUNDING = 1e-9  # of times that were summed in fractions of a week
PARAMETERS = ("k", "r", "alpha", "a", "b", "passing", "passing_leaves")


class Model(StrEnum):
    """When a vehicle may leave: after every visit, or after repeat visits only."""

    MBG = "mbg"
    BG = "bg"


@dataclass(frozen=True, slots=True)
class Fit:
    """The parameters of a base of vehicles; `alpha` is in the time unit of the data.

    `passing` is the odds of a vehicle that only passes against one that does not, and
    `passing_leaves` the odds that it leaves after a visit.
    `standard_errors` has one entry a parameter: 0 for a given k, infinite where the data say
    nothing. `log_likelihood` depends on the time unit and leaves out any prior.
    """

    k: float
    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float = float("nan")
    standard_errors: dict[str, float] = field(default_factory=dict)
    model: Model = Model.MBG
    passing: float = 0.0
    passing_leaves: float = 1.0

    def shape(self, x: Array) -> Array:
        """Return the shape of what is known of the rate after x repeat visits."""
        return self.r + self.k * x

    def odds_left(self, x: Array) -> Array:
        """Return the odds that a vehicle left right after its last visit."""
        visits = np.asarray(x, dtype=np.float64)
        most = int(visits.max(initial=0))
        if most >= visits.size or not (visits == np.floor(visits)).all():
            return self._odds_left(visits)
        return self._odds_left(np.arange(most + 1.0))[visits.astype(np.int64)]  # one a count

    def _odds_left(self, x: Array) -> Array:
        left = odds_left(self.a, self.b, x, self.model)
        passers, leaves = self.passers(x), self.passing_leaves / (1 + self.passing_leaves)
        return np.asarray((left + passers * leaves) / (1 + passers * (1 - leaves)))

    def passers(self, x: Array) -> Array:
        """Return the odds of a passer-by that came again `x` times, before it leaves or stays."""
        if not self.passing:
            return np.zeros_like(x)
        logs = log_passers(self.a, self.b, x, self.passing, self.passing_leaves)
        return np.asarray(np.exp(logs))


def odds_left(a: float, b: float, x: Array, model: Model) -> Array:
    """Return the odds that who does not only pass left right after its last visit.

    BG: none after the first.
    """
    if model is Model.MBG:
        return a / (b + x)
    return np.where(x > 0, a / (b + np.maximum(x, 1) - 1), 0.0)


def log_passers(a: float, b: float, x: Array, passing: float, leaves: float) -> Array:
    """Return ln of a passer-by's chance of `x` stays, against that of `x + 1` stays of others."""
    others = betaln(a, b + x + 1) - betaln(a, b)
    return np.asarray(np.log(passing) - x * np.log1p(leaves) - others)


def open_gap(shape: Array, k: float, share: Array) -> Array:
    """Return the chance that a gap is still open; `share` = (alpha + t_x) / (alpha + now)."""
    if k == 1:
        return np.asarray(share**shape)
    return shared(betainc, shape, k, share)


def shared(function: Callable[..., Array], *columns: Array | float) -> Array:
    """Return `function(*columns)`, entry by entry, long columns in several threads."""
    size = max(np.size(column) for column in columns)
    if size < SHARED_ROWS_LEAST or any(np.ndim(column) > 1 for column in columns):
        return np.asarray(function(*columns))
    edges = np.linspace(0, size, THREADS + 1).astype(int)
    parts = [
        [
            column[start:end] if np.size(column) > 1 else column
            for column in map(np.asarray, columns)
        ]
        for start, end in pairwise(edges.tolist())
    ]
    done = _pool().map(lambda part: function(*part), parts)
    return np.concatenate(list(done))


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="rhythm")


def as_rows(*columns: npt.ArrayLike) -> list[Array]:
    """Return the columns as arrays of one length.

    Raises:
        BadValueError: the lengths differ, or a value is negative, infinite or missing.
    """
    arrays = [np.asarray(column, dtype=np.float64) for column in columns]
    try:
        arrays = list(np.broadcast_arrays(*arrays))
    except ValueError:
        raise BadValueError("rhythm.lengths_differ") from None
    for array in arrays:
        refuse(~np.isfinite(array) | (array < 0), "rhythm.no_number")
    return arrays


def as_histories(x: npt.ArrayLike, t_x: npt.ArrayLike, T: npt.ArrayLike) -> list[Array]:
    """Return x, t_x and T as arrays of one length.

    Raises:
        BadValueError: a row is no visiting history.
    """
    visits, last, now = as_rows(x, t_x, T)
    refuse(last > now * (1 + ROUNDING), "rhythm.last_after_now")
    return [visits, last, np.maximum(now, last)]


def refuse(bad: npt.NDArray[np.bool_], key: str, **facts: object) -> None:
    """Raise BadValueError naming the first bad row, if there is one."""
    if bad.any():
        raise BadValueError(key, row=int(np.flatnonzero(bad)[0]), **facts)
