"""How often do calls that do nothing seem to help, and when are eight points seen?

    python -m benchmarks.effect [RUNS]

Customers fall due every week for a year, and one in ten is left uncalled by lot. Somebody looks at
the end of every week. Counted are the archives in which he ever reads that calls change something:
by the limits for every look, by Newcombe's limits for one look, and by what a list of successes
would say; then how often an effect of eight points is seen by the end of the year and ever before.
"""

import sys
import time

import numpy as np
import pandas as pd

from station.analysis import anytime, proportions
from station.analysis.winback import DUE

WEEKS, SHARE = 52, 0.1


def trial(per_week: int, effect: float, seed: int) -> pd.DataFrame:
    """Return a year of those due, whose natural chances lie between 5 and 37 of a hundred."""
    random, count = np.random.default_rng(seed), per_week * WEEKS
    natural = random.uniform(0.05, 0.37, count)
    is_held = random.random(count) < SHARE
    came = random.random(count) < natural + np.where(is_held, 0, effect)
    rows = pd.DataFrame(dict.fromkeys(DUE, 0.0), index=range(count))
    return rows.assign(is_held=is_held, share=SHARE, p_return=natural, returned=came)


def looks(due: pd.DataFrame, per_week: int) -> tuple[np.ndarray, np.ndarray]:
    """Return at which weeks each kind of limits lies apart from nothing."""
    ends = np.arange(per_week, len(due) + 1, per_week)
    low, high = anytime.share_limits(due, ends)
    held, came = due["is_held"].to_numpy(), due["returned"].to_numpy()
    sums = [np.cumsum(x)[ends - 1] for x in (~held & came, held & came, ~held, held)]
    once = [proportions.newcombe((a, b), (c, d)) for a, b, c, d in zip(*sums, strict=True)]
    return (low > 0) | (high < 0), np.array([one.low > 0 or one.high < 0 for one in once])


def main() -> None:
    """Print one line for each chain and truth."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    print("due a week, effect: ever told by limits for every look / for one look,")
    print("told at the year's end by limits for every look, came back of those called / uncalled")
    for per_week, effect in (
        (20, 0.0),
        (100, 0.0),
        (400, 0.0),
        (20, 0.08),
        (100, 0.08),
        (400, 0.08),
    ):
        begun = time.perf_counter()
        told = np.zeros(3)
        rates = []
        for seed in range(runs):
            due = trial(per_week, effect, seed)
            always, once = looks(due, per_week)
            told += [always.any(), once.any(), always[-1]]
            rates.append(due.groupby("is_held")["returned"].mean().to_numpy())
        called, uncalled = np.mean(rates, axis=0)
        ever, peeked, last = told / runs
        print(
            f"{per_week:4d} {effect:5.2f}: {ever:6.1%} / {peeked:6.1%}, {last:6.1%}, "
            f"{called:.1%} / {uncalled:.1%}  ({time.perf_counter() - begun:.0f} s)"
        )


if __name__ == "__main__":
    main()
