"""When is a vehicle that comes half as often found out, and how often is that wrong?

    python -m benchmarks.slowing [VEHICLES]

Vehicles of eight kinds as in benchmarks.refuelling (gamma gaps, pauses twice a year, leaving for
good), of which a station gets a share; within a month so many in a hundred begin to give it half of
that share. Looked at every 15 days over seven months, as the board would, on those that still come.
Printed: how many steady vehicles are named anew in a month, which part of those named had begun
to come less often, and which part of those that had is named, by visits a month before and by days
since.
"""

import sys

import numpy as np
import pandas as pd

from benchmarks.refuelling import FIRST_DAY, KINDS, MONTH, PAUSE_MEDIAN, PAUSE_SIGMA, PAUSES_A_YEAR
from station.analysis import change, diary, pace
from station.analysis.diary import Diary
from station.analysis.pace import Pace

DAYS, START, EVERY = 760, 540, 15
KEPT = 0.5
HAZARDS = (0.01, 0.005)
RATES = (0, 1, 2, 4, 8, 16, 200)
SINCE = (0, 30, 60, 90, 120, 180)
OVERDUE = 0.5


def simulate(vehicles: int, hazard: float, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the visit-days, and each vehicle's visits a month and days of its changes."""
    rng = np.random.default_rng(seed)
    own = KINDS.iloc[rng.choice(len(KINDS), vehicles, p=KINDS["part"] / KINDS["part"].sum())]
    gap = own["gap"].to_numpy() * np.exp(own["sigma"].to_numpy() * rng.standard_normal(vehicles))
    share = rng.beta(own["share_a"], own["share_b"])
    first = np.where(rng.random(vehicles) < 0.5, 0, rng.uniform(0, DAYS, vehicles))
    leaves = first + rng.exponential(MONTH / own["loss"].to_numpy())
    falls = first + rng.exponential(MONTH / hazard, vehicles)
    shape, end = own["shape"].to_numpy(), np.minimum(leaves, DAYS)
    who, now, rows = np.arange(vehicles), first + rng.random(vehicles) * gap, []
    while who.size:
        part = share[who] * np.where(now >= falls[who], KEPT, 1)
        here = (rng.random(who.size) < part) & (now < end[who])
        rows.append((who[here] + 1, np.floor(now[here]).astype(int) + FIRST_DAY))
        step = rng.gamma(shape[who], gap[who] / shape[who])
        pauses_now = rng.random(who.size) < -np.expm1(-PAUSES_A_YEAR / 365 * step)
        now = now + step + pauses_now * rng.lognormal(np.log(PAUSE_MEDIAN), PAUSE_SIGMA, who.size)
        on = now < end[who]
        who, now = who[on], now[on]
    vehicle, day = (np.concatenate(part) for part in zip(*rows, strict=True))
    truth = {"rate": share / gap * MONTH, "fell": falls + FIRST_DAY, "left": leaves + FIRST_DAY}
    visits = pd.DataFrame({"vehicle_id": vehicle, "station_id": 1, "local_day": day})
    return visits, pd.DataFrame(truth, index=np.arange(1, vehicles + 1))


def profiles_of(book: Diary, day: int) -> pd.DataFrame:
    """Return what a change of pace and P(still coming) need of the profiles."""
    past = book.until(day)
    columns = {"visit_days": past.x + 1, "days_silent": past.silent, "gap_log_sum": past.log_gaps}
    usual = dict.fromkeys(["gap_median_days", "earlier_gap_median_days", "recent_gap_days"], 0)
    last = np.asarray(past.last_day)
    return (
        book.keys.iloc[past.row]
        .reset_index(drop=True)
        .assign(**columns, **dict.fromkeys(usual, past.usual), last_day=last)
        .assign(first_day=last - past.t_x)
    )


def looked_at(book: Diary, learnt: Pace, truth: pd.DataFrame, day: int) -> pd.DataFrame:
    """Return the regulars that still come, whether each is named and what is true of it."""
    profiles = profiles_of(book, day)
    rows = profiles.assign(trend=change.find(profiles, book, day, learnt)["trend"], day=day)
    span = rows["last_day"] - rows["first_day"]
    is_regular = (rows["visit_days"] >= 4) & (span >= MONTH)
    rows = rows[is_regular & (learnt.p_alive(profiles) > OVERDUE)].join(truth, on="vehicle_id")
    return rows.assign(named=rows["trend"] == change.SLOWER, since=day - rows["fell"])


def report(rows: pd.DataFrame) -> None:
    """Print how often steady vehicles are named, and how many of those that fell."""
    steady = rows[(rows["since"] < 0) & (rows["left"] > rows["day"])]
    before = steady.groupby("vehicle_id")["named"].shift(fill_value=False)
    anew = (steady["named"] & ~before)[steady["day"] > rows["day"].min()]
    print(f"steady vehicles named anew a month: {anew.mean() * MONTH / EVERY:.4f}")
    named = rows[rows["named"]]
    print(f"of {len(named)} named had begun to come less often: {(named['since'] >= 0).mean():.2f}")
    fell = rows[(rows["since"] >= 0) & (rows["since"] < SINCE[-1]) & (rows["left"] > rows["day"])]
    cut = fell.assign(rate=pd.cut(fell["rate"], RATES), days=pd.cut(fell["since"], SINCE))
    print(f"of those that fell within {SINCE[-1]} days are named: {fell['named'].mean():.3f}")
    table = cut.pivot_table(index="rate", columns="days", values="named", observed=True)
    vehicles = cut.groupby("rate", observed=True)["vehicle_id"].nunique()
    print(table.assign(vehicles=vehicles).round(2))


def main() -> None:
    vehicles = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    for seed, hazard in enumerate(HAZARDS, start=1):
        visits, truth = simulate(vehicles, hazard, seed)
        book = diary.read(visits)
        learnt = pace.study(book, FIRST_DAY + START, 30)
        days = range(FIRST_DAY + START, FIRST_DAY + DAYS - EVERY, EVERY)
        print(f"\n{hazard:.1%} a month begin to come half as often")
        report(pd.concat([looked_at(book, learnt, truth, day) for day in days]))


if __name__ == "__main__":
    main()
