"""What does a visit of this vehicle usually bring?

Gamma-Gamma model of the mean per visit (P. S. Fader, B. G. S. Hardie 2013): visits of a vehicle are
Gamma(p, rate n) with n ~ Gamma(q, v). It supposes that frequent vehicles do not spend more a visit.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import gammaln

from station.analysis.rhythm_model import Array, as_rows
from station.errors import BadValueError

START = np.log((3.0, 2.0, 2.0))  # of p, q - 1, v in mean spends
BOUND = float(np.log(1e5))


@dataclass(frozen=True, slots=True)
class SpendFit:
    """The parameters of spend per visit; `v` is in the unit of the data, q > 1."""

    p: float
    q: float
    v: float
    log_likelihood: float = float("nan")

    @property
    def mean(self) -> float:
        """The mean spend per visit over all vehicles."""
        return self.p * self.v / (self.q - 1)


def fit_gamma_gamma(x: npt.ArrayLike, m: npt.ArrayLike) -> SpendFit:
    """Return the Gamma-Gamma model of mean spend `m` over `x` visits; rows of 0 visits are ignored.

    Raises:
        BadValueError: there is no row with a visit, or a visit of no positive spend.
    """
    visits, means = as_rows(x, m)
    visits, means = visits[visits > 0], means[visits > 0]
    if not visits.size:
        raise BadValueError("rhythm.no_rows")
    if not (means > 0).all():
        raise BadValueError("rhythm.out_of_range", name="m", value=float(means.min()))
    unit = float(means.mean())

    def objective(logs: Array) -> float:
        return -_log_likelihood(logs, visits, means / unit) / visits.size

    found = minimize(
        objective,
        START,
        method="L-BFGS-B",
        bounds=[(-BOUND, BOUND)] * 3,
        options={"ftol": 1e-13, "gtol": 1e-7},
    )
    p, above_one, v = np.exp(found.x)
    total = _log_likelihood(np.log((p, above_one, v * unit)), visits, means)
    return SpendFit(float(p), float(above_one + 1), float(v * unit), total)


def _log_likelihood(logs: Array, visits: Array, means: Array) -> float:
    p, above_one, v = np.exp(logs)
    q, shape = above_one + 1, p * visits
    gammas = gammaln(shape + q) - gammaln(shape) - gammaln(q)
    spend = q * np.log(v) + (shape - 1) * np.log(means) + shape * np.log(visits)
    return float((gammas + spend - (shape + q) * np.log(visits * means + v)).sum())


def expected_spend(fitted: SpendFit, x: npt.ArrayLike, m: npt.ArrayLike) -> Array:
    """Return each vehicle's usual spend per visit: its own mean, drawn to that of all vehicles."""
    visits, means = as_rows(x, m)
    own = fitted.p * visits / (fitted.p * visits + fitted.q - 1)
    return own * means + (1 - own) * fitted.mean
