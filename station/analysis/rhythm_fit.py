"""Which parameters describe a base of vehicles best?

Maximum likelihood over the logarithms of (k, r, alpha, a, b) and of the odds of passers-by, with
closed slopes; time is counted in mean gaps meanwhile, so its unit does not matter. Equal histories
are one weighted row. A base of very many distinct histories is first fitted on cells; one Newton
step over every history then brings the estimate to well within its standard error.
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
    log_passers,
    odds_left,
    open_gap,
    refuse,
)
from station.analysis.rhythm_rows import DISTINCT_ROWS_MOST, Rows, cells, distinct
from station.errors import BadValueError

START = (1.5, 1.0, 1.5, 1.0, 3.0, 0.3, 9.0)  # in the order of PARAMETERS, alpha in mean gaps
FAITHFUL = (1.5, 1.0, 1.5, 0.5, 30.0, 1.0, 9.0)
"""Another start: few leave but those that only pass. The better of the two summits counts."""
LOWEST = np.log((0.02, 1e-5, 1e-5, 1e-5, 1e-5, 1e-6, 1.0))
HIGHEST = np.log((200.0, 1e5, 1e5, 1e5, 1e5, 1e5, 1e3))
NOBODY = 1e-300  # odds of passing where all may come again
PASSING, NEARLY_NOBODY = PARAMETERS.index("passing"), 1e-4
AT_EDGE = 1e-6
PRIOR_SD = 2.0  # of ln(parameter) around 1, alpha around the mean gap, who passes seldom stays
CENTRE = np.log((1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 9.0))
SLOPE_STEP, CURVATURE_STEP = 1e-6, 1e-4  # relative, for slopes without a closed form
FINE, ROUGH = {"ftol": 1e-13, "gtol": 1e-7}, {"ftol": 1e-8, "gtol": 1e-4}
NEAR = {"ftol": 1e-10, "gtol": 1e-6}  # on cells: a Newton step on all rows follows
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
    some_pass: bool = False,
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
        some_pass: whether a share of the vehicles may only pass; else `passing` is 0.

    Raises:
        BadValueError: there is no row, or a row is no visiting history.
    """
    if k is None and log_gap_sum is None:
        k = 1.0
    if k is not None and not (np.isfinite(k) and k > 0):
        raise BadValueError("rhythm.out_of_range", name="k", value=k)
    rows = distinct(_rows(x, t_x, T, log_gap_sum, weights))
    return estimate(rows, Model.MBG, k, prior, some_pass=some_pass)


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
    free: npt.NDArray[np.int64]
    prior: float

    def value(self, logs: Array, opened: Array | None = None) -> float:
        """Return the value at `logs`."""
        if opened is None:
            opened = _opened(np.exp(logs), self.rows)
        density = _density(np.exp(logs), self.rows, self.model, opened)
        total = self.penalty(logs) - self.rows.weight @ density
        return float(total / self.rows.weight.sum())

    def penalty(self, logs: Array) -> float:
        """Return what the prior charges for `logs`."""
        away = (logs - CENTRE)[self.free] / PRIOR_SD
        return float(self.prior * (away @ away) / 2)

    def log_likelihood(self, logs: Array, value: float, unit: float) -> float:
        """Return the log-likelihood in the data's own time, from the value in `unit`s."""
        weight = self.rows.weight
        scaled = self.penalty(logs) - value * weight.sum()
        return float(scaled - np.log(unit) * (weight @ self.rows.visits))

    def slope(self, logs: Array, opened: Array | None = None) -> Array:
        """Return the value's slope in the free ones of `logs`."""
        away = (logs - CENTRE)[self.free] / PRIOR_SD
        if opened is None:
            opened = _opened(np.exp(logs), self.rows)
        slopes = _slopes(np.exp(logs), self.rows, self.model, opened, k_is_free=0 in self.free)
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
    some_pass: bool = False,
    near: Fit | None = None,
    is_rough: bool = False,
) -> Fit:
    """Return the fit: climb on few rows, then one Newton step on all of them.

    Args:
        rows: the histories.
        model: when vehicles may leave.
        k: a given regularity; None fits it.
        prior: strength of the prior.
        some_pass: whether a share of the vehicles may only pass.
        near: where to start.
        is_rough: the parameters alone, without the last step and without errors.
    """
    unit = rows.mean_gap()
    free = np.arange(0 if k is None else 1, PASSING + 2 * some_pass)
    whole = _Problem(rows.in_unit(unit), model, free, prior)
    most = ROUGH_ROWS_MOST if is_rough else DISTINCT_ROWS_MOST
    few = whole.rows.visits.size <= most
    small = whole if few else replace(whole, rows=cells(whole.rows))
    starts = _starts(near, k, unit, some_pass=some_pass)
    until = ROUGH if is_rough else FINE if few else NEAR
    summits = [_climb(small, start, until) for start in starts]
    logs = summits[0] if len(summits) == 1 else min(summits, key=small.value)
    if is_rough:
        likelihood = small.log_likelihood(logs, small.value(logs), unit)
        return _named(_in_time(logs, unit), likelihood, None, model)
    inside = free[_inside(logs)[free]]
    whole, small = (replace(part, free=inside) for part in (whole, small))
    curvature = small.curvature(logs)
    logs, value = _newton(whole, logs, curvature)
    errors = np.where(np.isin(np.arange(len(PARAMETERS)), free), np.inf, 0)
    errors[inside] = _log_errors(curvature, whole.rows.weight.sum())
    likelihood = whole.log_likelihood(logs, value, unit)
    return _named(_in_time(logs, unit), likelihood, errors, model)


def _starts(near: Fit | None, k: float | None, unit: float, *, some_pass: bool) -> list[Array]:
    """Return the logarithms from which to climb, time counted in `unit`s."""
    if near is not None:
        start = np.array([getattr(near, name) for name in PARAMETERS])
        start[2] /= unit
        starts = [start]
    else:
        starts = [np.array(start) for start in ((START, FAITHFUL) if some_pass else (START,))]
    for start in starts:
        start[0] = start[0] if k is None else k
        start[2] = k if near is None and k is not None else start[2]
        start[PASSING] = max(start[PASSING], NOBODY)
    return [_within(start, k=k, some_pass=some_pass) for start in starts]


def _within(start: Array, *, k: float | None, some_pass: bool) -> Array:
    """Return the logarithms, within their bounds but for those that are given."""
    logs = np.clip(np.log(start), LOWEST, HIGHEST)
    if k is not None:
        logs[0] = np.log(k)
    if not some_pass:
        logs[PASSING] = np.log(NOBODY)
    return np.asarray(logs)


def _inside(logs: Array) -> npt.NDArray[np.bool_]:
    """Return which logarithms are free to move: at an edge there is a slope and no summit."""
    inside = (logs > LOWEST + AT_EDGE) & (logs < HIGHEST - AT_EDGE)
    if logs[PASSING] < np.log(NEARLY_NOBODY):
        inside[PASSING:] = False
    return np.asarray(inside)


def _in_time(logs: Array, unit: float) -> Array:
    """Return the parameters, alpha in the data's own time."""
    return np.asarray(np.exp(logs) * (1, 1, unit, 1, 1, 1, 1))


def _named(values: Array, likelihood: float, log_errors: Array | None, model: Model) -> Fit:
    """Return the fit, its errors by name; a given k and whoever must not pass have none."""
    k, r, alpha, a, b, passing, leaves = values.tolist()
    errors = {}
    if log_errors is not None:
        errors = dict(zip(PARAMETERS, (log_errors * values).tolist(), strict=True))
    told = Fit(k, r, alpha, a, b, likelihood, errors, model)
    return replace(told, passing=passing, passing_leaves=leaves) if passing > 2 * NOBODY else told


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
    if not len(curvature) or np.linalg.eigvalsh(curvature)[0] <= 0:
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
    if not len(curvature) or np.linalg.eigvalsh(curvature)[0] <= 1e-12:  # noqa: PLR2004 - below it is rounding noise
        return np.full(len(curvature), np.inf)
    return np.asarray(np.sqrt(np.diag(np.linalg.inv(curvature)) / vehicles))


def _opened(values: Array, rows: Rows) -> Array:
    """Return the chance that an ordinary gap is still open."""
    k, r, alpha, *_ = values
    share = (alpha + rows.last) / (alpha + rows.now)
    return open_gap(r + k * rows.visits, float(k), share)


def _density(values: Array, rows: Rows, model: Model, opened: Array) -> Array:
    """Return each row's log-likelihood.

    (k-1) sum ln(gap) - x ln G(k) + ln G(s) - ln G(r) + r ln alpha - s ln(alpha + t_x)
    + ln B(a, n) - ln B(a, b) + ln(I_u(s, k) + c), with s = r + k x, u = (alpha+t_x)/(alpha+T),
    n = b + x + 1 and c = a/(b+x) for MBG; n = b + x and c = a/(b+x-1), 0 at x = 0, for BG. Where
    gaps may be pauses, I is its mixture with them. Where some only pass, see `_Passers`.
    """
    k, r, alpha, a, b, passing, _ = values
    x, shape = rows.visits, r + k * rows.visits
    before, stays = alpha + rows.last, b + x + (model is Model.MBG)
    gaps = (k - 1) * rows.log_gaps - x * gammaln(k)
    rates = gammaln(shape) - gammaln(r) + r * np.log(alpha) - shape * np.log(before)
    leaving = betaln(a, stays) - betaln(a, b)
    still = rows.ordinary * opened + rows.paused
    passers = _Passers.of(values, x, still)
    silence = np.log(still + odds_left(a, b, x, model) + passers.open_or_left)
    return np.asarray(gaps + rates + leaving + silence - np.log1p(passing))


@dataclass(frozen=True, slots=True)
class _Passers:
    """Passers-by among vehicles of like history: their odds, and these times (still open or left).

    With odds o of passing and the chance q to leave after a visit, e = o (1-q)^x B(a,b) / B(a,n)
    and e ((1-q) I + q) are added to I + c; the density is divided by 1 + o.
    """

    odds: Array | float = 0.0
    leaves: float = 0.0
    open_or_left: Array | float = 0.0

    @classmethod
    def of(cls, values: Array, x: Array, still: Array) -> "_Passers":
        *_, a, b, passing, leaving = values
        if passing <= 2 * NOBODY:
            return cls()
        odds = np.exp(log_passers(a, b, x, passing, leaving))
        leaves = leaving / (1 + leaving)
        return cls(odds, leaves, odds * ((1 - leaves) * still + leaves))


def _slopes(values: Array, rows: Rows, model: Model, opened: Array, *, k_is_free: bool) -> Array:
    """Return the slopes of each row's log-likelihood in the logarithms of the parameters."""
    k, r, alpha, a, b, passing, _ = values
    x, shape = rows.visits, r + k * rows.visits
    before, until = alpha + rows.last, alpha + rows.now
    stays = b + x + (model is Model.MBG)
    left, still = odds_left(a, b, x, model), rows.ordinary * opened + rows.paused
    passers = _Passers.of(values, x, still)
    either = still + left + passers.open_or_left
    weighed = rows.ordinary * (1 + passers.odds * (1 - passers.leaves)) / either
    by_shape = _slope_in_shape(shape, k, before / until, opened)
    by_k = _slope_in_k(shape, k, before / until, opened) if k_is_free else 0.0
    by_alpha = _slope_in_alpha(shape, k, rows, alpha)
    left_by_b = -left / np.maximum(stays - 1, b)  # at x = 0 the BG has left = 0
    of_shape = psi(shape) - np.log(before) + by_shape * weighed
    others = (still + left) / either
    both = psi(a + b) - psi(a + stays)
    of_k = rows.log_gaps - x * psi(k) + x * of_shape + by_k * weighed
    of_r = of_shape - psi(r) + np.log(alpha)
    of_alpha = r / alpha - shape / before + by_alpha * weighed
    of_a = both * others + left / a / either
    of_b = (both + psi(stays) - psi(b)) * others + left_by_b / either
    of_passing = passers.open_or_left / either - passing / (1 + passing)
    of_leaves = passers.leaves * _passers_slope(passers, x, still) / either
    slopes = (k * of_k, r * of_r, alpha * of_alpha, a * of_a, b * of_b, of_passing, of_leaves)
    return np.array([np.broadcast_to(slope, x.shape) for slope in slopes])


def _passers_slope(passers: _Passers, x: Array, still: Array) -> Array | float:
    """Return the slope of `open_or_left` in the logarithm of the odds of leaving, over q."""
    stays = passers.odds * (1 - passers.leaves)
    return stays * (1 - still) - x * passers.open_or_left


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
