"""What changes before a regular stays away, and how rarely chance looks like it."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from station import text
from station.analysis import change, diary, grades, pace, warning
from station.analysis.warning import SIGNS, WarningRules

from analysis.base import AS_OF, facts, make_profiles  # isort: skip

STEADY: dict[str, Any] = {
    "trend": "steady", "fills_late": 5, "fills_before": 30, "fill_log_late": np.log(35_000),
    "fill_log_before": np.log(35_000), "fill_log_var": 0.04, "dear_before": 30,
    "graded_before": 30, "dear_late": 5, "graded_late": 5,
    **dict.fromkeys([f"late_{n}" for n in range(8)], 0), "late_3": 5,
    **dict.fromkeys([f"before_{n}" for n in range(8)], 0), "before_3": 28, "before_6": 2,
}  # fmt: skip


def signs(**changes: Any) -> list[str]:
    habits = make_profiles({"visit_days": 35}).assign(**(STEADY | changes))
    return list(warning.find(habits)["signs"][0])


def test_who_does_as_always_gives_no_sign() -> None:
    assert signs() == []


@pytest.mark.parametrize(
    ("changes", "sign"),
    [
        ({"trend": "slowing"}, "slowing"),
        ({"fill_log_late": np.log(20_000)}, "smaller_fills"),
        ({"dear_late": 0}, "cheaper_grade"),
        ({"late_3": 0, "late_6": 5}, "moved_hours"),
    ],
)
def test_each_change_of_habit_is_its_own_sign(changes: dict[str, Any], sign: str) -> None:
    assert signs(**changes) == [sign]


def test_two_odd_visits_of_five_may_be_chance() -> None:
    assert signs(late_3=3, late_6=2) == []
    assert signs(dear_late=3) == []


def test_the_gravest_sign_is_told_first() -> None:
    both = make_profiles({"visit_days": 35}).assign(
        **(STEADY | {"trend": "slowing", "dear_late": 0})
    )

    row = warning.find(both).iloc[0]

    assert (row["sign"], row["signs"]) == ("slowing", ["slowing", "cheaper_grade"])


def test_a_winter_grade_of_diesel_is_no_cheaper_grade() -> None:
    products = pd.DataFrame(
        [(1, "G95", "petrol"), (2, "D0", "diesel"), (3, "D-10", "diesel"), (4, "水", "none")],
        columns=["product_id", "code", "fuel"],
    )

    found = grades.grades(products).set_index("product_id")

    assert found["octane"].to_dict() == {1: 95, 2: 0, 3: 0}
    assert found["product_group"][2] == found["product_group"][3] != found["product_group"][1]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_sign_names_the_two_numbers_it_compares(lang: str) -> None:
    changed = {"changed_day": AS_OF - 40.0, "gap_before_days": 7.0, "gap_now_days": 15.0}
    habits = make_profiles({"visit_days": 35}).assign(**STEADY, **changed, p_slower=0.7)
    row = facts(pd.concat([habits, warning.find(habits)], axis=1).iloc[0])

    for sign in SIGNS:
        assert sum(c.isdigit() for c in text.say(lang, f"warning.{sign}", **row)) >= 2


def visits_of(vehicles: int, days: int, seed: int) -> pd.DataFrame:
    """Return the visits of steady drivers: gamma gaps, thinned, with usual fills and hours."""
    rng = np.random.default_rng(seed)
    mean, share = rng.lognormal(np.log(7), 0.7, vehicles), rng.beta(3, 2, vehicles)
    shape = rng.lognormal(np.log(3.2), 0.5, vehicles)
    number = int(days / mean.min() * 1.6) + 20
    gaps = rng.gamma(shape[:, None], (mean / shape)[:, None], (vehicles, number))
    day = np.floor(np.cumsum(gaps, axis=1))
    seen = (day < days) & (rng.random(day.shape) < share[:, None])
    who, place = np.nonzero(seen)
    litres = rng.lognormal(np.log(35) + rng.normal(0, 0.2, vehicles)[who], 0.3)
    slot = (rng.integers(0, 8, vehicles)[who] + rng.choice(8, len(who), p=HOURS)) % 8
    frame = pd.DataFrame({"vehicle": who, "day": day[who, place], "litres": litres, "slot": slot})
    odd = rng.random(len(who)) < rng.beta(1, 12, vehicles)[who]
    return frame.assign(dear=~odd).drop_duplicates(["vehicle", "day"])


HOURS = [0.55, 0.15, 0.08, 0.04, 0.02, 0.02, 0.04, 0.10]


def habits_on(visits: pd.DataFrame, end: int) -> pd.DataFrame:
    """Return what profile.sql and habits.sql say of these visits on a day, in pandas."""
    known = visits[visits["day"] <= end].sort_values(["vehicle", "day"])
    known = known.assign(
        newness=known.groupby("vehicle").cumcount(ascending=False) + 1,
        gap=known.groupby("vehicle")["day"].diff(),
        log=np.log(known["litres"] * 1000),
    )
    late = known["newness"] <= 5
    before = ~late & (known["day"] > end - 365)
    by = known["vehicle"]
    gap_newness = known["gap"].notna() & (known["newness"] <= 3)
    frame = pd.DataFrame({
        "first_day": known.groupby(by)["day"].min(), "last_day": known.groupby(by)["day"].max(),
        "visit_days": known.groupby(by).size(),
        "gap_square_sum": (known["gap"] ** 2).groupby(by).sum(),
        "gap_log_sum": np.log(known["gap"]).groupby(by).sum(),
        "gap_median_days": known["gap"].groupby(by).median(),
        "recent_gap_days": known["gap"].where(gap_newness).groupby(by).mean(),
        "earlier_gap_median_days": known["gap"].where(known["newness"] > 3).groupby(by).median(),
        "fills_late": late.groupby(by).sum(), "fills_before": before.groupby(by).sum(),
        "fill_log_late": known["log"].where(late).groupby(by).mean(),
        "fill_log_before": known["log"].where(before).groupby(by).mean(),
        "fill_log_var": known["log"].where(before).groupby(by).var(),
        "dear_late": (known["dear"] & late).groupby(by).sum(),
        "graded_late": late.groupby(by).sum(),
        "dear_before": (known["dear"] & ~late).groupby(by).sum(),
        "graded_before": (~late).groupby(by).sum(),
        **{f"late_{n}": (late & (known["slot"] == n)).groupby(by).sum() for n in range(8)},
        **{f"before_{n}": (before & (known["slot"] == n)).groupby(by).sum() for n in range(8)},
    })  # fmt: skip
    frame = frame[frame["visit_days"] >= 4].reset_index(names="vehicle_id")
    shift = AS_OF - end
    rows = frame.assign(first_day=frame["first_day"] + shift, last_day=frame["last_day"] + shift)
    base = make_profiles({})
    rows = pd.concat(
        [
            base.iloc[[0] * len(rows)]
            .reset_index(drop=True)
            .drop(columns=rows.columns.intersection(base.columns)),
            rows,
        ],
        axis=1,
    )
    gaps = rows["visit_days"] - 1
    mean = (rows["last_day"] - rows["first_day"]) / gaps
    spread = ((rows["gap_square_sum"] - gaps * mean**2).clip(lower=0) / (gaps - 1)) ** 0.5
    return rows.assign(
        days_silent=AS_OF - rows["last_day"], mean_gap_days=mean, gap_cv=spread / mean
    )


@pytest.mark.slow
def test_steady_drivers_are_warned_of_within_the_monthly_budget() -> None:
    """Looked at every day for two months, at most one in twenty gets a new sign a month."""
    visits, start, months = visits_of(1_500, 460, seed=11), 400, 2
    named = {"vehicle": "vehicle_id", "day": "local_day"}
    book = diary.read(visits.rename(columns=named).assign(station_id=1))
    learnt = pace.learn(habits_on(visits, start), pace.PaceRules(k=None))
    warned: dict[str, set[int]] = {sign: set() for sign in SIGNS}
    before: set[tuple[int, str]] = set()
    steady = 0
    for day in range(start, start + 30 * months + 1, 2):
        habits = habits_on(visits, day)
        habits = habits.assign(trend=change.find(habits, book, day, learnt)["trend"])
        found = warning.find(habits)
        now = {
            (vehicle, sign)
            for vehicle, signs in zip(habits["vehicle_id"], found["signs"], strict=True)
            for sign in signs
        }
        if day > start:
            for vehicle, sign in now - before:
                warned[sign].add(vehicle)
        before, steady = now, len(habits)
    anyone = len(set().union(*warned.values())) / steady / months
    assert anyone <= WarningRules().monthly_budget
