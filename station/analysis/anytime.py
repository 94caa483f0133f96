"""What may be said of an effect at every look, however often one looks?

Customers fall due one after another, and by lot some are left uncalled. What one of them tells of
the effect is (Y - m)(A/(1-s) - (1-A)/s): Y is what came of him, A whether he is to be called, s the
chance to be left uncalled, and m what was expected of him before. On average over the lot it is
the effect on him, whatever m is; the better m was, the less it scatters.
"""

import math

import numpy as np
import numpy.typing as npt
import pandas as pd

from station.analysis.proportions import UNKNOWN, Interval

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
BETS = 5
"""Stakes that are held side by side, each half of the one before."""
BOLDEST = 0.9
"""The largest stake, as a part of the one that a single customer could lose whole."""
STEPS = 24
"""Halvings until a limit is found: to a ten-millionth."""
LEVELS = 100
"""What is expected of a customer is rounded to so many parts of one."""


def told(outcome: Array, is_held: npt.NDArray[np.bool_], share: Array, expected: Array) -> Array:
    """Return what each customer tells of the effect."""
    return np.asarray((outcome - expected) * np.where(is_held, -1 / share, 1 / (1 - share)))


def share_limits(due: pd.DataFrame, ends: Counts, confidence: float = 0.95) -> tuple[Array, Array]:
    """Return the limits of the effect on a share after each of `ends` customers.

    They hold at all looks together: under calls that change nothing, or by the same for everybody,
    the truth leaves them ever in at most 1 - `confidence` of archives, with however few
    customers. Each limit is where a gambler who bets against it would have made so much that
    chance gives it with half of that only (I. Waudby-Smith and A. Ramdas 2024, Estimating means of
    bounded random variables by betting, with several constant stakes side by side; of a lot of
    known chance: I. Waudby-Smith, L. Wu, A. Ramdas, N. Karampatziakis and P. Mineiro 2024).

    Args:
        due: is_held, share, p_return and returned, in the order in which they fell due.
        ends: after how many of them one looks, ascending.
        confidence: of both limits together.
    """
    if not len(due):
        none = np.full(len(ends), np.nan)
        return none, none
    values, counts = _counted(due, ends)
    shares = due["share"].to_numpy(dtype=np.float64)
    widest = 1 / min(float(shares.min()), float((1 - shares).min())) + 1
    stakes = np.asarray(BOLDEST / widest * 0.5 ** np.arange(BETS), dtype=np.float64)
    goal = math.log(2 / (1 - confidence))
    low = -_farthest(-values, counts, stakes, goal)
    return low, _farthest(values, counts, stakes, goal)


def _counted(due: pd.DataFrame, ends: Counts) -> tuple[Array, Array]:
    """Return the different things that customers tell, and how many told each up to each end."""
    expected = np.round(due["p_return"].to_numpy(dtype=np.float64) * LEVELS) / LEVELS
    each = told(
        due["returned"].to_numpy(dtype=np.float64),
        due["is_held"].to_numpy(dtype=bool),
        due["share"].to_numpy(dtype=np.float64),
        expected,
    )
    values, place = np.unique(each, return_inverse=True)
    step = np.searchsorted(ends, np.arange(len(each)), side="right")
    size = len(ends) + 1  # who came after the last look is not counted
    counts = np.bincount(step * len(values) + place, minlength=size * len(values))
    return values, counts.reshape(size, len(values))[:-1].cumsum(axis=0).astype(np.float64)


def _farthest(values: Array, counts: Array, stakes: Array, goal: float) -> Array:
    """Return the largest effect at each look against which too little was won, in [-1, 1]."""
    low, high = np.full(len(counts), -1.0), np.ones(len(counts))
    for _ in range(STEPS):
        middle = (low + high) / 2
        is_out = _won(values, counts, stakes, middle) >= goal
        low, high = np.where(is_out, low, middle), np.where(is_out, middle, high)
    return high


def _won(values: Array, counts: Array, stakes: Array, effect: Array) -> Array:
    """Return the logarithm of what is made of 1 by betting that the mean is below an effect."""
    gains = np.log1p(-stakes[:, None, None] * (values - effect[:, None]))
    logs = np.einsum("svw,vw->sv", gains, counts)
    return np.asarray(np.logaddexp.reduce(logs, axis=0) - math.log(len(stakes)))


def mean_limits(each: Array, held: int, *, confidence: float, least: int, tuned: int) -> Interval:
    """Return a mean without bounds, such as of litres, with limits for every look.

    Asymptotic confidence sequence of I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy and A.
    Ramdas (2024, Time-uniform central limit theory and asymptotic confidence sequences): they are
    close to right once there are many, so nothing is said under `least` customers left uncalled.

    Args:
        each: what each customer tells.
        held: how many of them were left uncalled.
        confidence: of the limits.
        least: see above.
        tuned: for about so many customers the limits are the closest that can be.
    """
    n = len(each)
    if held < max(least, 2):
        return UNKNOWN
    alpha = 1 - confidence
    rho2 = (-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / tuned
    reach = 2 * (n * rho2 + 1) / (n * n * rho2) * math.log(math.sqrt(n * rho2 + 1) / alpha)
    at, half = float(each.mean()), float(each.std()) * math.sqrt(reach)
    return Interval(at, at - half, at + half)
