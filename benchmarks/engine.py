"""How long do pauses, landmarks, chances and alarm dates of a million vehicles take?

    python -m benchmarks.engine [VEHICLES]

Visit-days of two years by the model of `benchmarks.rhythm`, every fiftieth gap with a pause; three
weeks of public holidays a year, which part alarm dates. The rhythm is learnt from 200,000 of them
(`pace.vehicles_most`); what that costs against all is printed at the end. Prints wall clock and
processor seconds (the machine may be busy) and the peak memory so far. Goals: fit at most 2.5 s,
all chances and alarm dates at most 5 s, 1 GB.
"""

import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.rhythm import TRUTH
from station.analysis import diary, pace, pauses, pauses_fit, rhythm
from station.analysis import lives as living

FIRST_DAY, DAYS, HORIZON = 20_000, 730, 30
PAUSE_SHARE, PAUSE_MEDIAN, PAUSE_SIGMA = 0.02, 15.0, 0.8
AS_OF = FIRST_DAY + DAYS - 1
QUIET_DAYS = tuple(day for start in range(FIRST_DAY, AS_OF, 120) for day in range(start, start + 7))


def simulate(vehicles: int, seed: int = 3) -> pd.DataFrame:
    """Return the visit-days, in small numbers."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(TRUTH.r, 1 / TRUTH.alpha, vehicles)
    leaving = rng.beta(TRUTH.a, TRUTH.b, vehicles)
    who, now, rows = np.arange(vehicles), rng.integers(0, DAYS, vehicles).astype(float), []
    while who.size:
        rows.append((who.astype("int32") + 1, np.floor(now).astype("int32") + FIRST_DAY))
        gap = rng.gamma(TRUTH.k, 1 / rate[who])
        away = rng.random(who.size) < PAUSE_SHARE
        gap += away * rng.lognormal(np.log(PAUSE_MEDIAN), PAUSE_SIGMA, who.size)
        now = now + gap
        on = (rng.random(who.size) >= leaving[who]) & (now < DAYS)
        who, now = who[on], now[on]
    vehicle, day = (np.concatenate(part) for part in zip(*rows, strict=True))
    station = np.ones(len(day), dtype="int32")
    return pd.DataFrame({"vehicle_id": vehicle, "station_id": station, "local_day": day})


def timed(what: str, task: Callable[[], Any]) -> Any:
    """Return the result, printing what it took."""
    start, used = time.perf_counter(), time.process_time()
    result = task()
    wall, processor = time.perf_counter() - start, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what:<46}{wall:8.2f} s {processor:8.2f} s processor {peak:8.0f} MiB", flush=True)
    return result


def main(vehicles: int) -> None:
    lines = [simulate(vehicles)]
    print(f"{vehicles:,} vehicles, {len(lines[0]):,} lines of visit-days")
    days = timed("read the diary", lambda: diary.read(lines.pop()))
    past = timed("what was known on a day", lambda: days.until(AS_OF))
    history = (past.x, past.t_x, past.t_x + past.silent)
    timed("fit MBG/CNBD-k (cells, one Newton step)", lambda: rhythm.fit(*history, past.log_gaps))
    rules = pace.PaceRules()
    few = diary.evenly(np.arange(len(past.x)), rules.vehicles_most)
    learn = partial(pauses_fit.learn, prior=1.0, quiet_days=QUIET_DAYS)
    timed(f"fit with pauses, from {len(few):,}", lambda: learn(past.chosen(few)))
    study = partial(pace.study, days, AS_OF, HORIZON, quiet_days=QUIET_DAYS)
    found = timed("study: pauses, landmarks and all", study)
    paused = timed("past pauses of each", lambda: pace.past_pauses(found, past, None))
    lives = living.of_past(past, paused)
    timed("P(alive)", lambda: pauses.p_alive(found.pooled, lives))
    timed("alarm dates", lambda: pauses.alarm_days(found.pooled, lives, 0.5))
    timed("P(visit), rhythm alone", lambda: pauses.p_visit(found.pooled, lives, HORIZON))
    timed("P(visit), landmark", lambda: found.of_lives(lives, None, found.returns(HORIZON)))
    _beside_all(study(rules=pace.PaceRules(vehicles_most=vehicles)), found, past)


def _beside_all(whole: pace.Pace, part: pace.Pace, past: diary.Past) -> None:
    """Print how far what was learnt from a part moves errors, chances and alarm dates."""
    errors = (one.pooled.fitted.standard_errors for one in (whole, part))
    for own, name in zip(errors, ("all", "a part"), strict=True):
        told = [f"{n} {own[n] / getattr(TRUTH, n):.2%}" for n in ("k", "r", "alpha", "a", "b")]
        print(f"standard errors learnt from {name}: {', '.join(told)}")
    answers = []
    for one in (whole, part):
        lives = living.of_past(past, pace.past_pauses(one, past, None))
        answers.append(
            (pauses.p_alive(one.pooled, lives), pauses.alarm_days(one.pooled, lives, 0.5))
        )
    alive, days = (np.abs(one - other) for one, other in zip(*answers, strict=True))
    print(
        f"P(alive) moves by {alive.mean():.5f} on average, {np.quantile(alive, 0.999):.4f} in the"
        f" worst of 1,000; alarm dates by {np.quantile(days, 0.99):.0f} days in the worst of 100"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
