"""How many visits are still to come?

Given that the vehicle is not lost, its n-th next visit needs n - 1 more decisions to stay and n
gaps short enough; the sum over n has none of the poles of the usual 2F1 formula (a = 1, large x).
For whole k the open gap is a mixture of Erlang stages (own derivation). For real k the next visit
is integrated out over its quantiles, after which the same sum holds with a gap just begun.
"""
# ruff: noqa: N803 - T, the time under observation, is the name in the literature and the contract

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaincc, betaincinv, gammaln, softmax, xlogy

from station.analysis.rhythm_model import Array, Fit, as_histories, as_rows, open_gap

TERM_SMALLEST = 1e-9
TERMS_MOST = 20_000
STAGES_MOST = 12
"""Whole k up to this is summed over its stages; beyond, integrating is the faster of the two."""
NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(12)
CHUNK_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class _State:
    """Vehicles as they are now: before = alpha + t_x, until = alpha + T, end = until + horizon."""

    visits: Array
    before: Array
    until: Array
    end: Array


def expected_visits(
    fitted: Fit,
    x: npt.ArrayLike,
    t_x: npt.ArrayLike,
    T: npt.ArrayLike,
    horizon: npt.ArrayLike,
) -> Array:
    """Return the expected number of visits within `horizon` from now, the vehicle perhaps lost."""
    visits, last, now = as_histories(x, t_x, T)
    visits, last, now, ahead = as_rows(visits, last, now, horizon)
    until = fitted.alpha + now
    columns = [part.ravel() for part in (visits, fitted.alpha + last, until, until + ahead)]
    is_whole = fitted.k <= STAGES_MOST and float(fitted.k).is_integer()
    count = _by_stages if is_whole else _by_next_visit
    chunks = [
        count(fitted, _State(*(column[start : start + CHUNK_ROWS] for column in columns)))
        for start in range(0, visits.size, CHUNK_ROWS)
    ]
    return np.concatenate([np.empty(0), *chunks]).reshape(visits.shape)


def _by_stages(fitted: Fit, state: _State) -> Array:
    """Return the expected visits for whole k: P(alive) times the sum over stages and visits."""
    shape = fitted.shape(state.visits)
    stage = np.arange(int(fitted.k))[:, None]
    silence = (state.until - state.before) / state.until
    logs = gammaln(shape + stage) - gammaln(stage + 1) + xlogy(stage, silence)
    opened = open_gap(shape, fitted.k, state.before / state.until)
    alive = _over(opened, opened + fitted.odds_left(state.visits))
    stays = fitted.stays(state.visits)
    return alive * _sum_visits(fitted, shape, softmax(logs, axis=0), state.until / state.end, stays)


def _by_next_visit(fitted: Fit, state: _State) -> Array:
    """Return the expected visits for real k: the next visit's chance, and what follows it."""
    shape, stays = fitted.shape(state.visits), fitted.stays(state.visits)
    nearest, farthest = state.before / state.until, state.before / state.end
    opened = open_gap(shape, fitted.k, nearest)
    later = open_gap(shape, fitted.k, farthest)
    arrive = _over(opened - later, opened + fitted.odds_left(state.visits))
    follow = np.zeros_like(arrive)
    for node, weight in zip((NODES + 1) / 2, NODE_WEIGHTS / 2, strict=True):
        level = later + (opened - later) * node
        share = np.clip(betaincinv(shape, fitted.k, level), farthest, nearest)
        rest = state.before / share / state.end
        one = np.ones((1, shape.size))
        follow += weight * _sum_visits(fitted, shape + fitted.k, one, rest, stays + 1)
    return arrive * (1 + stays / (fitted.a + stays) * follow)


def _sum_visits(fitted: Fit, shape: Array, stages: Array, share: Array, stays: Array) -> Array:
    """Return the sum over n of P(still staying at visit n) P(visit n is in time).

    `stages` holds, by rows, the chance that 0, 1, … stages of the open gap are already over; a
    vehicle leaves the sum when its term no longer matters.
    """
    total, chosen = np.zeros(shape.size), np.arange(shape.size)
    staying = np.ones(shape.size)
    for n in range(1, TERMS_MOST + 1):
        in_time = sum(
            chance * betaincc(shape + stage, n * fitted.k - stage, share)
            for stage, chance in enumerate(stages)
        )
        term = staying * in_time
        total[chosen] += term
        goes_on = term > TERM_SMALLEST
        if not goes_on.any():
            break
        staying = (staying * (stays + n - 1) / (fitted.a + stays + n - 1))[goes_on]
        shape, share, stays, chosen = (part[goes_on] for part in (shape, share, stays, chosen))
        stages = stages[:, goes_on]
    return total


def _over(part: Array, whole: Array) -> Array:
    """Return part / whole, 0 where both are 0."""
    return np.maximum(part, 0) / np.where(whole > 0, whole, 1)
