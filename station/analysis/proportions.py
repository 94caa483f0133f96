"""How far are two shares apart, and how many customers does it take to see it?"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Array = npt.NDArray[np.float64]
Two = tuple[npt.ArrayLike, npt.ArrayLike]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its limits; NaN where nothing can be said."""

    at: float
    low: float
    high: float


UNKNOWN = Interval(math.nan, math.nan, math.nan)


def newcombe(hits: Two, tries: Two, confidence: float = 0.95) -> Interval:
    """Return by how much the first share is above the second, pooled over strata.

    Each stratum weighs by n1·n0/(n1+n0), as N. Mantel and W. Haenszel (1959) have it and S.
    Greenland and J. Robins (1985) use it for differences. The limits are those of R. G. Newcombe
    (1998, method 10) on the pooled shares: Wilson's score limits, each with the number of tries
    that a share of one stratum would need to vary as little, combined by their squares (X. Yan and
    X. G. Su 2010 do so with limits of each stratum). With one stratum it is Newcombe's own.

    Args:
        hits: of the first and of the second group, one number a stratum.
        tries: the same; strata where one group is empty are left out.
        confidence: of the limits.
    """
    first, second = (np.asarray(n, dtype=np.float64) for n in tries)
    both = (first > 0) & (second > 0)
    if not both.any():
        return UNKNOWN
    weight = first[both] * second[both] / (first[both] + second[both])
    weight = weight / weight.sum()
    (p1, l1, u1), (p0, l0, u0) = (
        _pooled(np.asarray(x, dtype=np.float64)[both], n[both], weight, confidence)
        for x, n in zip(hits, (first, second), strict=True)
    )
    gap = p1 - p0
    return Interval(gap, gap - math.hypot(p1 - l1, u0 - p0), gap + math.hypot(u1 - p1, p0 - l0))


def _pooled(
    hits: Array, tries: Array, weight: Array, confidence: float
) -> tuple[float, float, float]:
    """Return a weighted share and Wilson's limits of it."""
    share = float((weight * hits / tries).sum())
    n = 1 / float((weight**2 / tries).sum())
    z = float(ndtri((1 + confidence) / 2))
    spread = z * z / n
    centre = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return share, max(centre - half, 0.0), min(centre + half, 1.0)


def needed(
    uncalled: float,
    called: float,
    *,
    share: float = 0.5,
    power: float = 0.8,
    confidence: float = 0.95,
) -> tuple[int, int]:
    """Return how many must be left uncalled and called to tell two shares apart at one look.

    `share` is which part of them is left uncalled; the usual formula of two proportions (J. L.
    Fleiss 1981), without correction for continuity.
    """
    times = (1 - share) / share
    mean = (uncalled + times * called) / (1 + times)
    usual = float(ndtri((1 + confidence) / 2)) * math.sqrt(mean * (1 - mean) * (1 + 1 / times))
    found = float(ndtri(power)) * math.sqrt(
        uncalled * (1 - uncalled) + called * (1 - called) / times
    )
    n = ((usual + found) / (called - uncalled)) ** 2
    return math.ceil(n), math.ceil(n * times)
