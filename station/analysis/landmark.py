"""How likely does a vehicle come within the horizon, by what such vehicles did before?

Landmarking (van Houwelingen): on past days the same questions are asked of what was known then, and
a logistic regression learns from what happened afterwards. It ranks and calibrates "comes by
himself"; it does not say who is lost, as a slow and healthy vehicle has a low answer, too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from station.analysis import pauses, rhythm
from station.analysis.lives import Lives, mean_gap, regularity
from station.analysis.pauses import Rhythm
from station.analysis.rhythm_model import Array

CERTAIN = 1e-5
"""No chance is taken for surer than this before its logit is."""
STEPS_MOST = 40
INTERCEPT_RIDGE = 1e-6
SMALL_STEP = 1e-8
FEATURES = (
    "silence",
    "visits",
    "age",
    "median_gap",
    "mean_gap",
    "silence_in_gaps",
    "regularity",
    "memoryless",
    "regular",
    "robust",
    "alive",
)


@dataclass(frozen=True, slots=True)
class LandmarkRules:
    """How far back is learnt from: `landmarks` days, a horizon apart; at least so many rows.

    `ridge` holds the standardised weights back; `rows_most` bounds the work.
    """

    landmarks: int = 3
    rows_least: int = 300
    rows_most: int = 200_000
    ridge: float = 1.0


@dataclass(frozen=True, slots=True)
class Landmark:
    """A logistic regression on standardised features, for one horizon."""

    horizon: int
    weights: tuple[float, ...]  # the first is the intercept
    centres: tuple[float, ...]
    scales: tuple[float, ...]
    rows: int = 0

    def p_visit(self, found: Rhythm, lives: Lives) -> Array:
        """Return the probability of a visit within the horizon."""
        columns = _columns(found, lives, self.horizon)
        logits = np.full(len(lives.x), self.weights[0])
        numbers = zip(self.weights[1:], self.centres, self.scales, strict=True)
        for column, (weight, centre, scale) in zip(columns, numbers, strict=True):
            logits += (column - centre) * (weight / scale)
        return np.asarray(expit(logits))


def learn(
    columns: Sequence[Array],
    came: Sequence[npt.NDArray[np.bool_]],
    horizon: int,
    rules: LandmarkRules | None = None,
) -> Landmark | None:
    """Return the regression of `came` on the features of each landmark day; None on too few rows.

    Args:
        columns: for each landmark day the `features` of the vehicles seen by then.
        came: for each landmark day whether they came within `horizon` after it.
        horizon: days.
        rules: the numbers.
    """
    rules = rules or LandmarkRules()
    rows = sum(len(part) for part in came)
    if rows < rules.rows_least:
        return None
    table, answer = np.concatenate(columns), np.concatenate(came)
    if answer.all() or not answer.any():
        return None
    centres, scales = table.mean(axis=0), table.std(axis=0)
    scales = np.where(scales > 0, scales, 1.0)
    weights = fit_logistic((table - centres) / scales, answer, rules.ridge)
    return Landmark(
        horizon,
        tuple(weights.tolist()),
        tuple(centres.tolist()),
        tuple(scales.tolist()),
        rows,
    )


def features(found: Rhythm, lives: Lives, horizon: float) -> Array:
    """Return one row a vehicle with FEATURES, all finite."""
    return np.column_stack(list(_columns(found, lives, horizon)))


def _columns(found: Rhythm, lives: Lives, horizon: float) -> Iterator[Array]:
    """Yield FEATURES, one after the other so that a million vehicles need no table of them all."""
    now = lives.t_x + lives.silent
    usual = pauses.usual_gap(found, lives)
    fitted, memoryless = found.fitted, found.memoryless
    common = (lives.x, lives.t_x, now)
    yield np.log1p(lives.silent)
    yield np.log1p(lives.x)
    yield np.log1p(now)
    yield np.log(usual)
    yield np.log(mean_gap(lives, fitted))
    yield np.log((lives.silent + 0.5) / usual)
    yield np.log(regularity(lives, fitted.k))
    yield _logit(rhythm.p_visit(memoryless, *common, horizon))
    yield from map(_logit, pauses.three_views(found, lives, horizon))


def fit_logistic(table: Array, answer: npt.NDArray[np.bool_], ridge: float) -> Array:
    """Return intercept and weights of a ridge logistic regression, by Newton's method."""
    design = np.column_stack([np.ones(len(table)), table])
    hold = np.full(design.shape[1], ridge)
    hold[0] = INTERCEPT_RIDGE
    weights = np.zeros(design.shape[1])
    weights[0] = logit(answer.mean())
    value = _cost(design, answer, hold, weights)
    for _ in range(STEPS_MOST):
        step = _newton_step(design, answer, hold, weights)
        further = _cost(design, answer, hold, weights + step)
        while further > value and np.abs(step).max() > SMALL_STEP:  # it went too far
            step = step / 2
            further = _cost(design, answer, hold, weights + step)
        if further > value or np.abs(step).max() <= SMALL_STEP:
            break
        weights, value = weights + step, further
    return weights


def _cost(design: Array, answer: npt.NDArray[np.bool_], hold: Array, weights: Array) -> float:
    """Return what a Newton step makes smaller: -log-likelihood and ridge."""
    logits = design @ weights
    return float(np.logaddexp(0, logits).sum() - logits[answer].sum() + hold @ weights**2 / 2)


def _newton_step(
    design: Array, answer: npt.NDArray[np.bool_], hold: Array, weights: Array
) -> Array:
    chance = expit(design @ weights)
    slope = design.T @ (answer - chance) - hold * weights
    curvature = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(hold)
    return np.asarray(np.linalg.solve(curvature, slope))


def _logit(chance: Array) -> Array:
    return np.asarray(logit(np.clip(chance, CERTAIN, 1 - CERTAIN)))
