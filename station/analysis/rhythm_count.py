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
TERM_SMALLEST_REAL = 1e-6  # integrating is exact to about 1 in 5,000
TERMS_MOST = 20_000
STAGES_MOST = 12
"""Whole k up to this is summed over its stages, in microseconds a vehicle; real k takes longer."""
GAUSS_NODES, GAUSS_WEIGHTS = (part / 2 for part in np.polynomial.legendre.leggauss(8))
NODES = (GAUSS_NODES + 0.5) ** 2 * (2 - 2 * GAUSS_NODES)  # denser at both ends: 3 z^2 - 2 z^3
NODE_WEIGHTS = GAUSS_WEIGHTS * (1.5 - 6 * GAUSS_NODES**2)
CHUNK_ROWS = 20_000
NO_EVENT_LOG_SMALLEST = -600.0
"""ln of the smallest chance of no event from which the chances of more can be stepped up."""


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
    shape, visits = fitted.shape(state.visits), state.visits
    stage = np.arange(int(fitted.k))[:, None]
    silence = (state.until - state.before) / state.until
    logs = gammaln(shape + stage) - gammaln(stage + 1) + xlogy(stage, silence)
    stages, share = softmax(logs, axis=0), state.until / state.end
    opened = open_gap(shape, fitted.k, state.before / state.until)
    alive = _over(opened, opened + fitted.odds_left(state.visits))
    steps = (shape + stage[-1]) * np.log(share) > NO_EVENT_LOG_SMALLEST
    total = np.empty(shape.size)
    for rows, add_up in ((steps, _sum_events), (~steps, _sum_visits)):
        total[rows] = add_up(fitted, shape[rows], stages[:, rows], share[rows], visits[rows])
    return alive * total


def _by_next_visit(fitted: Fit, state: _State) -> Array:
    """Return the expected visits for real k: the next visit's chance, and what follows it."""
    shape, visits = fitted.shape(state.visits), state.visits
    opened = open_gap(shape, fitted.k, state.before / state.until)
    later = open_gap(shape, fitted.k, state.before / state.end)
    arrive = _over(opened - later, opened + fitted.odds_left(state.visits))
    follow, coming = np.zeros_like(arrive), arrive > TERM_SMALLEST_REAL
    shape, before, opened, later = (part[coming] for part in (shape, state.before, opened, later))
    one = np.ones((1, shape.size))
    for node, weight in zip(NODES, NODE_WEIGHTS, strict=True):
        level = later + (opened - later) * node
        until = before / betaincinv(shape, fitted.k, level)
        share = np.minimum(until / state.end[coming], 1)
        follow[coming] += weight * _sum_visits(
            fitted, shape + fitted.k, one, share, visits[coming] + 1
        )
    return arrive * (1 + _stays(fitted, visits + 1) * follow)


def _stays(fitted: Fit, visits: Array) -> Array:
    """Return the chance that a vehicle stays after its repeat visit number `visits`."""
    return 1 / (1 + fitted.odds_left(visits))


def _sum_visits(fitted: Fit, shape: Array, stages: Array, share: Array, visits: Array) -> Array:
    """Return the sum over n of P(still staying at visit n) P(visit n is in time).

    `stages` holds, by rows, the chance that 0, 1, … stages of the open gap are already over; a
    vehicle leaves the sum when its term no longer matters.
    """
    smallest = TERM_SMALLEST if float(fitted.k).is_integer() else TERM_SMALLEST_REAL
    total, chosen = np.zeros(shape.size), np.arange(shape.size)
    staying = np.ones(shape.size)
    for n in range(1, TERMS_MOST + 1):
        in_time = sum(
            chance * betaincc(shape + stage, n * fitted.k - stage, share)
            for stage, chance in enumerate(stages)
        )
        term = staying * in_time
        total[chosen] += term
        goes_on = term > smallest
        if not goes_on.any():
            break
        staying = (staying * _stays(fitted, visits + n))[goes_on]
        shape, share, visits, chosen = (part[goes_on] for part in (shape, share, visits, chosen))
        stages = stages[:, goes_on]
    return total


def _sum_events(fitted: Fit, shape: Array, stages: Array, share: Array, visits: Array) -> Array:
    """Return the sum of `_sum_visits` for whole k, many times faster.

    A visit is k events of a negative binomial count, whose chances follow one from another;
    `left` is the chance of at least as many events as have been stepped over.
    """
    total, chosen = np.zeros(shape.size), np.arange(shape.size)
    stage = np.arange(len(stages))[:, None]
    exactly, left, staying = share ** (shape + stage), stages.copy(), np.ones(shape.size)
    exactly *= stages
    for event in range(TERMS_MOST * len(stages)):
        count = event - stage  # events of each stage's own count; below 0 it has not begun
        begun = count >= 0
        left -= exactly * begun
        grows = (shape + stage + count) / np.maximum(count + 1, 1) * (1 - share)
        exactly *= np.where(begun, grows, 1)
        if (event + 1) % len(stages):
            continue
        n = (event + 1) // len(stages)
        term = staying * np.maximum(left.sum(axis=0), 0)
        total[chosen] += term
        on = term > TERM_SMALLEST
        if not on.any():
            break
        staying = (staying * _stays(fitted, visits + n))[on]
        shape, share, visits, chosen = (part[on] for part in (shape, share, visits, chosen))
        stages, exactly, left = (part[:, on] for part in (stages, exactly, left))
    return total


def _over(part: Array, whole: Array) -> Array:
    """Return part / whole, 0 where both are 0."""
    return np.maximum(part, 0) / np.where(whole > 0, whole, 1)
