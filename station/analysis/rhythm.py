"""Is a vehicle still coming, and when does its silence become a reason to call?

All answers are closed forms of the state right after the last visit (x, t_x) and of today (T); see
`rhythm_model` for the model and its sources. They are derived here for real k and hold for the
BG/NBD too. Arrays have one entry a vehicle, in one time unit:

    fitted = rhythm.fit(x, t_x, T, log_gap_sum)
    rhythm.p_alive(fitted, x, t_x, T)
"""
# ruff: noqa: N803 - T, the time under observation, is the name in the literature and the contract

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv

from station.analysis.rhythm_count import expected_visits
from station.analysis.rhythm_fit import fit, fit_bg
from station.analysis.rhythm_model import (
    Array,
    Fit,
    Model,
    as_histories,
    as_rows,
    open_gap,
    refuse,
    shared,
)
from station.analysis.rhythm_spend import SpendFit, expected_spend, fit_gamma_gamma

__all__ = [
    "Fit",
    "Model",
    "SpendFit",
    "alarm_gap",
    "expected_spend",
    "expected_visits",
    "fit",
    "fit_bg",
    "fit_gamma_gamma",
    "next_visit",
    "p_alive",
    "p_visit",
]

SMALLEST_OPEN = 1e-290
"""Below this chance of an open gap its inverse is taken from the tail, share ** shape."""


def p_alive(fitted: Fit, x: npt.ArrayLike, t_x: npt.ArrayLike, T: npt.ArrayLike) -> Array:
    """Return the probability that each vehicle has not left for good: I / (I + c)."""
    visits, last, now = as_histories(x, t_x, T)
    share = (fitted.alpha + last) / (fitted.alpha + now)
    opened = open_gap(fitted.shape(visits), fitted.k, share)
    left = fitted.odds_left(visits)
    either = opened + left
    return np.where(left > 0, opened / np.where(either > 0, either, 1), 1.0)


def p_visit(
    fitted: Fit,
    x: npt.ArrayLike,
    t_x: npt.ArrayLike,
    T: npt.ArrayLike,
    horizon: npt.ArrayLike,
) -> Array:
    """Return the probability of a visit within `horizon` from now, the vehicle perhaps lost."""
    visits, last, now = as_histories(x, t_x, T)
    visits, last, now, ahead = as_rows(visits, last, now, horizon)
    shape, before = fitted.shape(visits), fitted.alpha + last
    opened = open_gap(shape, fitted.k, before / (fitted.alpha + now))
    later = open_gap(shape, fitted.k, before / (fitted.alpha + now + ahead))
    either = opened + fitted.odds_left(visits)
    return np.maximum(opened - later, 0) / np.where(either > 0, either, 1)


def next_visit(
    fitted: Fit,
    x: npt.ArrayLike,
    t_x: npt.ArrayLike,
    T: npt.ArrayLike,
    q: npt.ArrayLike,
) -> Array:
    """Return the time from now within which a vehicle comes with chance `q`, if it is not lost."""
    visits, last, now = as_histories(x, t_x, T)
    visits, last, now, chance = as_rows(visits, last, now, _inside(q, "q"))
    shape, before = fitted.shape(visits), fitted.alpha + last
    until = fitted.alpha + now
    opened = open_gap(shape, fitted.k, before / until)
    share = shared(betaincinv, shape, fitted.k, (1 - chance) * opened)
    in_tail = before / until * (1 - chance) ** (1 / shape)
    share = np.where(opened > SMALLEST_OPEN, share, in_tail)
    return np.maximum(_time_at(share, before) - until, 0)


def alarm_gap(fitted: Fit, x: npt.ArrayLike, t_x: npt.ArrayLike, p: npt.ArrayLike) -> Array:
    """Return the silence after the last visit at which P(alive) has fallen to `p`.

    It depends on nothing after the last visit, so it is an alarm date as soon as the visit is
    known. It is 0 where P(alive) is never above `p` and infinite where it never falls to it (BG/NBD
    after a single visit).
    """
    visits, last, wanted = as_rows(x, t_x, _inside(p, "p"))
    before = fitted.alpha + last
    opened = np.minimum(1, fitted.odds_left(visits) * wanted / (1 - wanted))
    share = shared(betaincinv, fitted.shape(visits), fitted.k, opened)
    return _time_at(share, before) - before


def _time_at(share: Array, before: Array) -> Array:
    """Return before / share, infinite at share 0 and never beyond what a float can hold."""
    time = before / np.maximum(share, np.finfo(np.float64).tiny * np.maximum(before, 1))
    return np.where(share > 0, time, np.inf)


def _inside(probability: npt.ArrayLike, name: str) -> Array:
    """Return `probability` as an array.

    Raises:
        BadValueError: it is not between 0 and 1.
    """
    values = np.asarray(probability, dtype=np.float64)
    refuse(~((values > 0) & (values < 1)), "rhythm.no_probability", name=name)
    return values
