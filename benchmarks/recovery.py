"""Do 100,000 simulated vehicles give back the rhythm they were made with?

    python -m benchmarks.recovery [VEHICLES]

Times are exact, as in the model; the seeds are fixed. Goals: k within 1 %, r and alpha within 3 %,
a and b within 10 %, the number of vehicles still coming within 1 %.
"""

import sys

import numpy as np

from station.analysis import rhythm

TRUTHS = (
    rhythm.Fit(k=2.6, r=1.3, alpha=18.0, a=0.6, b=4.0),
    rhythm.Fit(k=1.0, r=0.8, alpha=9.0, a=0.9, b=6.0),
    rhythm.Fit(k=5.5, r=2.0, alpha=70.0, a=0.4, b=8.0),
)
GOALS = {"k": 0.01, "r": 0.03, "alpha": 0.03, "a": 0.10, "b": 0.10, "alive": 0.01}


def simulate(truth: rhythm.Fit, vehicles: int, seed: int = 1) -> tuple[list[np.ndarray], float]:
    """Return x, t_x, T and the sum of ln(gap), and how many vehicles still come."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(truth.r, 1 / truth.alpha, vehicles)
    leaving = rng.beta(truth.a, truth.b, vehicles)
    until = rng.uniform(100, 730, vehicles)
    x, t_x, log_gaps = (np.zeros(vehicles) for _ in range(3))
    who, now, alive = np.arange(vehicles), np.zeros(vehicles), 0
    while who.size:
        stays = rng.random(who.size) >= leaving[who]
        who, now = who[stays], now[stays]
        gap = np.maximum(rng.gamma(truth.k, 1 / rate[who]), 1e-9)
        now = now + gap
        comes = now <= until[who]
        alive += int((~comes).sum())  # its next visit is still to come
        who, now, gap = who[comes], now[comes], gap[comes]
        x[who] += 1
        t_x[who], log_gaps[who] = now, log_gaps[who] + np.log(gap)
    return [x, t_x, until, log_gaps], alive


def recovered(truth: rhythm.Fit, vehicles: int) -> dict[str, float]:
    """Return by how much each parameter and the count of those still coming is off."""
    columns, alive = simulate(truth, vehicles)
    fitted = rhythm.fit(*columns)
    off = {n: getattr(fitted, n) / getattr(truth, n) - 1 for n in ("k", "r", "alpha", "a", "b")}
    return off | {"alive": rhythm.p_alive(fitted, *columns[:3]).sum() / alive - 1}


def main(vehicles: int) -> None:
    print(f"{vehicles:,} vehicles; relative error (goal)")
    for truth in TRUTHS:
        off = recovered(truth, vehicles)
        told = [f"{n} {e:+.2%} ({GOALS[n]:.0%})" for n, e in off.items()]
        missed = [n for n, e in off.items() if abs(e) > GOALS[n]]
        print(f"k = {truth.k}: " + ", ".join(told) + f"; missed: {', '.join(missed) or 'none'}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
