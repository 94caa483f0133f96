"""Which parameters describe a base of vehicles best?

Maximum likelihood over the logarithms of (k, r, alpha, a, b) with closed slopes; time is counted in
mean gaps meanwhile, so its unit does not matter. Equal histories are one weighted row. A base of
very many distinct histories is first fitted on cells; one Newton step over every history then
brings the estimate to well within its standard error.
"""
# ruff: noqa: N803 - T, the time under observation, is the name in the literature and the contract

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, psi, xlogy

from station.analysis.rhythm_model import (
    PARAMETERS,
    Array,
    Fit,
    Model,
    as_histories,
    as_rows,
    odds_left,
    open_gap,
    refuse,
)
from station.analysis.rhythm_rows import DISTINCT_ROWS_MOST, Rows, cells, distinct
from station.errors import BadValueError

START = (1.5, 1.0, 1.5, 1.0, 3.0)  # of k, r, alpha in mean gaps, a, b
LOWEST = np.log((0.02, 1e-5, 1e-5, 1e-5, 1e-5))
HIGHEST = np.log((200.0, 1e5, 1e5, 1e5, 1e5))
PRIOR_SD = 2.0  # of ln(parameter) around 1, alpha around the mean gap
SLOPE_STEP, CURVATURE_STEP = 1e-6, 1e-4  # relative, for slopes without a closed form
FINE, ROUGH = {"ftol": 1e-13, "gtol": 1e-7}, {"ftol": 1e-9, "gtol": 1e-5}
ROUGH_ROWS_MOST = 4_000
LONGEST_STEP = 2.0  # in ln(parameter); a longer Newton step is no improvement to trust


def fit(
    x: npt.ArrayLike,
    t_x: npt.ArrayLike,
    T: npt.ArrayLike,
    log_gap_sum: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    k: float | None = None,
    *,
    prior: float = 0.0,
) -> Fit:
    """Return the MBG/CNBD-k that makes the histories most likely.

    Args:
        x: repeat visit-days of each vehicle.
        t_x: time from the first to the last visit.
        T: time from the first visit until now.
        log_gap_sum: sum of ln(gap) of each vehicle, in the unit of `t_x`. A free k needs it;
            without it and without `k`, k is 1 (MBG/NBD). With a given k it only adds a constant
            to the log-likelihood.
        weights: how many vehicles a row stands for.
        k: a given regularity; None fits it.
        prior: strength of a weak prior that keeps small bases from drifting; 0 is plain maximum
            likelihood, 1 holds each ln(parameter) within a standard deviation of 2.

    Raises:
        BadValueError: there is no row, or a row is no visiting history.
    """
    if k is None and log_gap_sum is None:
        k = 1.0
    if k is not None and not (np.isfinite(k) and k > 0):
        raise BadValueError("rhythm.out_of_range", name="k", value=k)
    rows = distinct(_rows(x, t_x, T, log_gap_sum, weights))
    return estimate(rows, Model.MBG, k, prior)


def fit_bg(
    x: npt.ArrayLike,
    t_x: npt.ArrayLike,
    T: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    *,
    prior: float = 0.0,
) -> Fit:
    """Return the BG/NBD, the usual baseline; it is sure that a vehicle seen once is not lost."""
    return estimate(distinct(_rows(x, t_x, T, None, weights)), Model.BG, 1.0, prior)


def _rows(
    x: npt.ArrayLike,
    t_x: npt.ArrayLike,
    T: npt.ArrayLike,
    log_gap_sum: npt.ArrayLike | None,
    weights: npt.ArrayLike | None,
) -> Rows:
    visits, last, now = as_histories(x, t_x, T)
    visits, weight = as_rows(visits, 1.0 if weights is None else weights)
    log_gaps = np.asarray(0.0 if log_gap_sum is None else log_gap_sum, dtype=np.float64)
    if log_gaps.ndim and log_gaps.shape != visits.shape:
        raise BadValueError("rhythm.lengths_differ")
    refuse(~np.isfinite(log_gaps), "rhythm.log_gaps_missing")
    columns = (visits, last, now, np.broadcast_to(log_gaps, visits.shape), weight)
    if not weight.sum() > 0:
        raise BadValueError("rhythm.no_rows")
    counted = np.atleast_1d(weight > 0)
    chosen = [np.atleast_1d(column)[counted] for column in columns]
    ones = np.ones(len(chosen[0]))
    return Rows(*[*chosen, ones, np.zeros_like(ones)])


@dataclass(frozen=True, slots=True)
class _Problem:
    """What is to be minimised: the mean of -log-likelihood and prior over `rows`."""

    rows: Rows
    model: Model
    free: slice
    prior: float
    centre: Array

    def value(self, logs: Array, opened: Array | None = None) -> float:
        """Return the value at `logs`."""
        if opened is None:
            opened = _opened(np.exp(logs), self.rows)
        density = _density(np.exp(logs), self.rows, self.model, opened)
        total = self.penalty(logs) - self.rows.weight @ density
        return float(total / self.rows.weight.sum())

    def penalty(self, logs: Array) -> float:
        """Return what the prior charges for `logs`."""
        away = (logs - self.centre)[self.free] / PRIOR_SD
        return float(self.prior * (away @ away) / 2)

    def log_likelihood(self, logs: Array, value: float, unit: float) -> float:
        """Return the log-likelihood in the data's own time, from the value in `unit`s."""
        weight = self.rows.weight
        scaled = self.penalty(logs) - value * weight.sum()
        return float(scaled - np.log(unit) * (weight @ self.rows.visits))

    def slope(self, logs: Array, opened: Array | None = None) -> Array:
        """Return the value's slope in the free ones of `logs`."""
        away = (logs - self.centre)[self.free] / PRIOR_SD
        if opened is None:
            opened = _opened(np.exp(logs), self.rows)
        slopes = _slopes(np.exp(logs), self.rows, self.model, opened, k_is_free=not self.free.start)
        total = self.prior * away / PRIOR_SD - (slopes @ self.rows.weight)[self.free]
        return np.asarray(total / self.rows.weight.sum())

    def both(self, logs: Array) -> tuple[float, Array]:
        """Return the value and its slope at `logs`."""
        opened = _opened(np.exp(logs), self.rows)
        return self.value(logs, opened), self.slope(logs, opened)

    def curvature(self, logs: Array) -> Array:
        """Return the second derivatives in the free ones of `logs`."""
        columns = [
            self.slope(logs + step) - self.slope(logs - step)
            for step in np.eye(len(PARAMETERS))[self.free] * CURVATURE_STEP
        ]
        matrix = np.array(columns) / (2 * CURVATURE_STEP)
        return np.asarray((matrix + matrix.T) / 2)


def estimate(
    rows: Rows,
    model: Model = Model.MBG,
    k: float | None = None,
    prior: float = 0.0,
    *,
    near: Fit | None = None,
    is_rough: bool = False,
) -> Fit:
    """Return the fit: climb on few rows, then one Newton step on all of them.

    Args:
        rows: the histories.
        model: when vehicles may leave.
        k: a given regularity; None fits it.
        prior: strength of the prior.
        near: where to start.
        is_rough: the parameters alone, without the last step and without errors.
    """
    unit = rows.mean_gap()
    free = slice(0 if k is None else 1, None)
    centre = np.zeros(len(PARAMETERS))
    whole = _Problem(rows.in_unit(unit), model, free, prior, centre)
    most = ROUGH_ROWS_MOST if is_rough else DISTINCT_ROWS_MOST
    few = whole.rows.visits.size <= most
    small = whole if few else replace(whole, rows=cells(whole.rows))
    logs = _climb(small, _start(near, k, unit), ROUGH if is_rough else FINE)
    if is_rough:
        likelihood = small.log_likelihood(logs, small.value(logs), unit)
        return _named(_in_time(logs, unit), likelihood, {}, model)
    curvature = small.curvature(logs)
    logs, value = _newton(whole, logs, curvature)
    return _as_fit(whole, logs, unit, value=value, curvature=curvature)


def _start(near: Fit | None, k: float | None, unit: float) -> Array:
    """Return the logarithms from which to climb, time counted in `unit`s."""
    start = START if near is None else (near.k, near.r, near.alpha / unit, near.a, near.b)
    logs = np.clip(np.log(start), LOWEST, HIGHEST)
    if k is not None:
        logs[0] = np.log(k)
        if near is None:
            logs[2] = np.log(k)
    return np.asarray(logs)


def _in_time(logs: Array, unit: float) -> Array:
    """Return the parameters, alpha in the data's own time."""
    return np.asarray(np.exp(logs) * (1, 1, unit, 1, 1))


def _as_fit(problem: _Problem, logs: Array, unit: float, *, value: float, curvature: Array) -> Fit:
    """Return the fit in the data's own time."""
    values = _in_time(logs, unit)
    errors = values[problem.free] * _log_errors(curvature, problem.rows.weight.sum())
    likelihood = problem.log_likelihood(logs, value, unit)
    return _named(values, likelihood, _named_errors(errors), problem.model)


def _named(values: Array, likelihood: float, errors: dict[str, float], model: Model) -> Fit:
    k, r, alpha, a, b = values.tolist()
    return Fit(k, r, alpha, a, b, likelihood, errors, model)


def _climb(problem: _Problem, start: Array, until: Mapping[str, float]) -> Array:
    """Return the logarithms of the best parameters, found from `start`."""

    def objective(chosen: Array) -> tuple[float, Array]:
        logs = start.copy()
        logs[problem.free] = chosen
        return problem.both(logs)

    found = minimize(
        objective,
        start[problem.free],
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(LOWEST[problem.free], HIGHEST[problem.free], strict=True)),
        options={**until, "maxiter": 500, "maxls": 40},
    )
    logs = start.copy()
    logs[problem.free] = found.x
    return logs


def _newton(problem: _Problem, logs: Array, curvature: Array) -> tuple[Array, float]:
    """Return `logs` and its value after a Newton step, or before it if the step is no gain."""
    value, slope = problem.both(logs)
    here = logs, value
    if np.linalg.eigvalsh(curvature)[0] <= 0:
        return here
    step = np.linalg.solve(curvature, slope)
    if np.abs(step).max() > LONGEST_STEP:
        return here
    stepped = logs.copy()
    stepped[problem.free] -= step
    there = stepped, problem.value(stepped)
    return min(there, here, key=lambda place: place[1])


def _log_errors(curvature: Array, vehicles: float) -> Array:
    """Return the standard errors of the free logarithms; infinite where nothing is known."""
    if np.linalg.eigvalsh(curvature)[0] <= 1e-12:  # noqa: PLR2004 - below it is rounding noise
        return np.full(len(curvature), np.inf)
    return np.asarray(np.sqrt(np.diag(np.linalg.inv(curvature)) / vehicles))


def _named_errors(free_errors: Array) -> dict[str, float]:
    """Return an error for each parameter; a given k has none."""
    errors = [0.0] * (len(PARAMETERS) - len(free_errors)) + free_errors.tolist()
    return dict(zip(PARAMETERS, errors, strict=True))


def _opened(values: Array, rows: Rows) -> Array:
    """Return the chance that an ordinary gap is still open."""
    k, r, alpha, _, _ = values
    share = (alpha + rows.last) / (alpha + rows.now)
    return open_gap(r + k * rows.visits, float(k), share)


def _density(values: Array, rows: Rows, model: Model, opened: Array) -> Array:
    """Return each row's log-likelihood.

    (k-1) sum ln(gap) - x ln G(k) + ln G(s) - ln G(r) + r ln alpha - s ln(alpha + t_x)
    + ln B(a, n) - ln B(a, b) + ln(I_u(s, k) + c), with s = r + k x, u = (alpha+t_x)/(alpha+T),
    n = b + x + 1 and c = a/(b+x) for MBG; n = b + x and c = a/(b+x-1), 0 at x = 0, for BG. Where
    gaps may be pauses, I is its mixture with them.
    """
    k, r, alpha, a, b = values
    x, shape = rows.visits, r + k * rows.visits
    before, stays = alpha + rows.last, b + x + (model is Model.MBG)
    gaps = (k - 1) * rows.log_gaps - x * gammaln(k)
    rates = gammaln(shape) - gammaln(r) + r * np.log(alpha) - shape * np.log(before)
    leaving = betaln(a, stays) - betaln(a, b)
    open_still = rows.ordinary * opened + rows.paused
    silence = np.log(open_still + odds_left(a, b, x, model))
    return np.asarray(gaps + rates + leaving + silence)


def _slopes(values: Array, rows: Rows, model: Model, opened: Array, *, k_is_free: bool) -> Array:
    """Return the slopes of each row's log-likelihood in the logarithms of the parameters."""
    k, r, alpha, a, b = values
    x, shape = rows.visits, r + k * rows.visits
    before, until = alpha + rows.last, alpha + rows.now
    stays = b + x + (model is Model.MBG)
    left = odds_left(a, b, x, model)
    either = rows.ordinary * opened + rows.paused + left
    weighed = rows.ordinary / either
    by_shape = _slope_in_shape(shape, k, before / until, opened)
    by_k = _slope_in_k(shape, k, before / until, opened) if k_is_free else 0.0
    by_alpha = _slope_in_alpha(shape, k, rows, alpha)
    left_by_b = -left / np.maximum(stays - 1, b)  # at x = 0 the BG has left = 0
    of_shape = psi(shape) - np.log(before) + by_shape * weighed
    both = psi(a + b) - psi(a + stays)
    of_k = rows.log_gaps - x * psi(k) + x * of_shape + by_k * weighed
    of_r = of_shape - psi(r) + np.log(alpha)
    of_alpha = r / alpha - shape / before + by_alpha * weighed
    of_a = both + left / a / either
    of_b = both + psi(stays) - psi(b) + left_by_b / either
    return np.array((k * of_k, r * of_r, alpha * of_alpha, a * of_a, b * of_b))


def _slope_in_shape(shape: Array, k: float, share: Array, opened: Array) -> Array:
    """Return the slope of the open gap's chance in its shape."""
    if k == 1:
        return np.asarray(opened * np.log(share))
    step = SLOPE_STEP * shape
    return np.asarray((open_gap(shape + step, k, share) - opened) / step)


def _slope_in_k(shape: Array, k: float, share: Array, opened: Array) -> Array:
    """Return the slope of the open gap's chance in k, its shape staying as it is."""
    step = SLOPE_STEP * k
    return np.asarray((open_gap(shape, k + step, share) - opened) / step)


def _slope_in_alpha(shape: Array, k: float, rows: Rows, alpha: float) -> Array:
    """Return the slope of the open gap's chance in alpha."""
    until = alpha + rows.now
    share, closed = (alpha + rows.last) / until, (rows.now - rows.last) / until
    logs = xlogy(shape - 1, share) + xlogy(k, closed) - betaln(shape, k)
    return np.asarray(np.exp(logs) / until)
