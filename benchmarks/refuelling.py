"""How good are the chances on simulated refuelling, where it is known who has left?

    python -m benchmarks.refuelling [VEHICLES]

Vehicles of eight kinds with gamma gaps, twice a year a pause (lognormal, median 12 days), leaving
for good at a kind's monthly hazard, over two years; gaps and hazards are start values of the demo
network. Seen twice: all fills (a chain that sees everything), and the share that a station gets.
Asked 60 days before the end, of vehicles with four visit-days and more: who comes within 30 days,
and who has left. Goals: log-loss .25 and 84 % of those that left found at 1 % false alarms where
all fills are seen; no decile off by more than .05.
"""

import sys
from typing import Any

import numpy as np
import pandas as pd

from station.analysis import backtest, diary, lives, pace, pauses, rhythm

KINDS = pd.DataFrame(
    [
        ("private", 0.70, 13.0, 0.5, 5.0, 3, 3, 0.025),
        ("ride_hail", 0.05, 2.2, 0.4, 4.0, 2, 3, 0.04),
        ("taxi", 0.02, 0.8, 0.3, 8.0, 3, 2, 0.02),
        ("company_car", 0.07, 7.0, 0.5, 3.0, 4, 2, 0.015),
        ("official", 0.03, 12.0, 0.4, 8.0, 6, 2, 0.007),
        ("truck_light", 0.07, 5.0, 0.5, 3.0, 3, 3, 0.03),
        ("truck_heavy", 0.04, 2.8, 0.5, 2.0, 2, 4, 0.04),
        ("coach", 0.02, 1.5, 0.4, 6.0, 6, 2, 0.01),
    ],
    columns=["kind", "part", "gap", "sigma", "shape", "share_a", "share_b", "loss"],
)
DAYS, FIRST_DAY, MONTH = 730, 20_000, 30.4375
PAUSES_A_YEAR, PAUSE_MEDIAN, PAUSE_SIGMA = 2.0, 12.0, 0.9
HORIZON, MIN_VISITS = 30, 4
AS_OF = FIRST_DAY + DAYS - 60
FALSE_ALARMS = 0.01


def simulate(vehicles: int, *, sees_all: bool, seed: int = 1) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the visit-days, and the day on which each vehicle leaves."""
    rng = np.random.default_rng(seed)
    own = KINDS.iloc[rng.choice(len(KINDS), vehicles, p=KINDS["part"] / KINDS["part"].sum())]
    gap = own["gap"].to_numpy() * np.exp(own["sigma"].to_numpy() * rng.standard_normal(vehicles))
    share = rng.beta(own["share_a"], own["share_b"]) if not sees_all else np.ones(vehicles)
    first = np.where(rng.random(vehicles) < 0.5, 0, rng.uniform(0, DAYS, vehicles))
    leaves = first + rng.exponential(MONTH / own["loss"].to_numpy())
    shape, end = own["shape"].to_numpy(), np.minimum(leaves, DAYS)
    who, now, rows = np.arange(vehicles), first + rng.random(vehicles) * gap, []
    while who.size:
        here = (rng.random(who.size) < share[who]) & (now < end[who])
        rows.append((who[here] + 1, np.floor(now[here]).astype(int) + FIRST_DAY))
        step = rng.gamma(shape[who], gap[who] / shape[who])
        pauses_now = rng.random(who.size) < -np.expm1(-PAUSES_A_YEAR / 365 * step)
        step += pauses_now * rng.lognormal(np.log(PAUSE_MEDIAN), PAUSE_SIGMA, who.size)
        now = now + step
        on = now < end[who]
        who, now = who[on], now[on]
    vehicle, day = (np.concatenate(part) for part in zip(*rows, strict=True))
    visit_days = pd.DataFrame({"vehicle_id": vehicle, "station_id": 1, "local_day": day})
    return visit_days, leaves + FIRST_DAY


def chances(days: diary.Diary) -> tuple[diary.Past, np.ndarray, dict[str, Any]]:
    """Return the past, who is judged, and P(visit) and P(alive) of each method."""
    past = days.until(AS_OF)
    found = pace.study(days, AS_OF, HORIZON)
    judged = np.flatnonzero(past.x + 1 >= MIN_VISITS)
    own = lives.of_past(past, pace.past_pauses(found, past, None)).chosen(judged)
    everybody = (past.x, past.t_x, past.t_x + past.silent)
    asked = (own.x, own.t_x, own.t_x + own.silent)
    answers = {"days since last visit": (None, -own.silent)}
    fits = {
        "BG/NBD": rhythm.fit_bg(*everybody),
        "MBG/NBD": rhythm.fit(*everybody),
        "MBG/CNBD-k": rhythm.fit(*everybody, past.log_gaps),
    }
    for name, fitted in fits.items():
        come = rhythm.p_visit(fitted, *asked, HORIZON)
        answers[name] = (come, rhythm.p_alive(fitted, *asked))
    robust = pauses.p_alive(found.pooled, own)
    answers["pause-robust"] = (pauses.p_visit(found.pooled, own, HORIZON), robust)
    answers["landmark"] = (found.of_lives(own, None, found.returns(HORIZON)), robust)
    return past, judged, answers


def scored(vehicles: int, *, sees_all: bool) -> pd.DataFrame:
    """Return one row a method."""
    visit_days, leaves = simulate(vehicles, sees_all=sees_all)
    days = diary.read(visit_days)
    past, judged, answers = chances(days)
    came = days.came_within(past, HORIZON)[judged]
    who = days.keys["vehicle_id"].to_numpy()[past.row[judged]] - 1
    left = leaves[who] <= AS_OF
    print(f"{len(came):,} vehicles judged, {came.mean():.1%} came, {left.mean():.1%} had left")
    rows = []
    for name, (come, alive) in answers.items():
        cut = np.quantile(alive[~left], FALSE_ALARMS)
        groups = [] if come is None else backtest.calibration(come, came)
        rows.append(
            {
                "method": name,
                "auc": backtest.auc(alive if come is None else come, came),
                "log_loss": np.nan if come is None else backtest.log_loss(come, came),
                "worst_decile": max(
                    (abs(g["predicted"] - g["observed"]) for g in groups), default=np.nan
                ),
                "left_found": float((alive[left] < cut).mean()),
                "alive_over_truth": np.nan if come is None else alive.sum() / (~left).sum(),
            }
        )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    for sees_all in (True, False):
        print("\nall fills seen" if sees_all else "\na station's share of the fills seen")
        table = scored(count, sees_all=sees_all)
        print(table.to_string(index=False, float_format="{:.4f}".format))
