"""Fit and score a million simulated vehicles, beside `lifetimes` on a part of them.

python benchmarks/rhythm.py [VEHICLES]
"""

import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from station.analysis import rhythm

TRUTH = rhythm.Fit(k=2.6, r=1.3, alpha=18.0, a=0.6, b=4.0)
BESIDE = 20_000  # vehicles for lifetimes
HORIZON_DAYS = 30


def simulate(vehicles: int, seed: int = 1) -> list[Any]:
    """Return x, t_x, T in whole days and the sum of ln(gap); visits of one day are one."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(TRUTH.r, 1 / TRUTH.alpha, vehicles)
    leaving = rng.beta(TRUTH.a, TRUTH.b, vehicles)
    until = rng.integers(1, 731, vehicles)
    x, t_x, log_gaps = (np.zeros(vehicles) for _ in range(3))
    who, now = np.arange(vehicles), np.zeros(vehicles)
    while who.size:
        now = now + rng.gamma(TRUTH.k, 1 / rate[who])
        on = (rng.random(who.size) >= leaving[who]) & (now <= until[who])
        who, now = who[on], now[on]
        gap = np.floor(now) - t_x[who]
        new = gap > 0
        x[who[new]] += 1
        log_gaps[who[new]] += np.log(gap[new])
        t_x[who[new]] += gap[new]
    return [x, t_x, until.astype(float), log_gaps]


def timed(what: str, task: Callable[[], Any], per: int) -> tuple[Any, float]:
    """Return the result and the seconds it took, printing them."""
    start = time.perf_counter()
    result = task()
    seconds = time.perf_counter() - start
    print(f"{what:<44}{seconds:9.2f} s {per / seconds:14,.0f} vehicles/s")
    return result, seconds


def own(vehicles: int) -> float:
    """Print our times; return the vehicles a second of fitting and scoring MBG/NBD."""
    x, t_x, now, logs = simulate(vehicles)
    print(f"{vehicles:,} vehicles, {int(x.sum()):,} repeat visits, whole days")
    fitted, _ = timed("fit, real k", lambda: rhythm.fit(x, t_x, now, logs), vehicles)
    print("  " + ", ".join(f"{n} {getattr(fitted, n):.4f}" for n in ("k", "r", "alpha", "a", "b")))
    timed("P(alive)", lambda: rhythm.p_alive(fitted, x, t_x, now), vehicles)
    timed(
        "P(visit in 30 days)", lambda: rhythm.p_visit(fitted, x, t_x, now, HORIZON_DAYS), vehicles
    )
    timed("alarm gap", lambda: rhythm.alarm_gap(fitted, x, t_x, 0.5), vehicles)
    timed("next visit, median", lambda: rhythm.next_visit(fitted, x, t_x, now, 0.5), vehicles)
    part = slice(vehicles // 20)
    columns = (x[part], t_x[part], now[part])
    for k in (fitted.k, 3.0):
        shop = rhythm.Fit(k, fitted.r, fitted.alpha, fitted.a, fitted.b)
        what = f"expected visits, k = {k:.2f}, on a twentieth"
        timed(what, lambda s=shop: rhythm.expected_visits(s, *columns, HORIZON_DAYS), x[part].size)
    return mbg_rate("station MBG/NBD: fit and P(alive)", x, t_x, now)


def mbg_rate(what: str, *columns: Any) -> float:
    """Return the vehicles a second of our MBG/NBD."""
    _, seconds = timed(
        what, lambda: rhythm.p_alive(rhythm.fit(*columns), *columns), columns[0].size
    )
    return float(columns[0].size / seconds)


def lifetimes_rate() -> float:
    """Return the vehicles a second of the usual library's MBG/NBD, fit and P(alive)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library is older than our pandas
        from lifetimes import ModifiedBetaGeoFitter  # noqa: PLC0415 - it warns on import

        x, t_x, now, _ = simulate(BESIDE)
        model = ModifiedBetaGeoFitter()
        task = lambda: model.fit(x, t_x, now).conditional_probability_alive(x, t_x, now)  # noqa: E731
        _, seconds = timed(f"lifetimes MBG/NBD on {BESIDE:,}", task, BESIDE)
    mbg_rate(f"station MBG/NBD on {BESIDE:,}", x, t_x, now)
    return BESIDE / seconds


if __name__ == "__main__":
    ours = own(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
    print(f"station / lifetimes, vehicles a second: {ours / lifetimes_rate():.1f}")
