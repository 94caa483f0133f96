"""What is a customer worth to the chain? A grade from what a year of his brought, less its cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from station.model import Fuel, Grade

GRADES = tuple(Grade)
FUELS = (Fuel.NONE, Fuel.PETROL, Fuel.DIESEL, Fuel.GAS, Fuel.ELECTRIC, Fuel.OTHER)
"""The family of products by its code in the lake."""
COSTS = ("discount_minor", "points_minor", "calls_minor")
"""What a customer costs: money taken off, points given at their worth, and calls."""
WORTH = ("months", "amount_minor", "gain_minor", *COSTS, "years", "is_influential", "score_minor")
"""What `worth` returns of each customer, by his id."""


class Cut(StrEnum):
    """Where a grade begins: at a share of all who are graded, or at a fixed amount."""

    SHARE = "share"
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True)
class ValueRules:
    """What counts for a grade, and where A, B and C begin.

    Whoever bought in fewer than `least_months` months of the last `days` is D: one large purchase
    makes no A. The best `a_share` of all others are A, the next `b_share` B, the rest C; or who
    brought `a_least`, `b_least`, `c_least` of whole money. A grade is kept until one is below
    where it begins by `keep_share`. A margin is the part of the money that stays with the chain;
    while all are 0 the money itself counts.
    """

    days: int = 365
    least_months: int = 3
    cut: Cut = Cut.SHARE
    a_share: float = 0.05
    b_share: float = 0.2
    a_least: int = 12_000
    b_least: int = 4_000
    c_least: int = 500
    keep_share: float = 0.1
    margin_petrol: float = 0.0
    margin_diesel: float = 0.0
    margin_gas: float = 0.0
    margin_electric: float = 0.0
    margin_other: float = 0.0
    margin_shop: float = 0.0
    call_minute_minor: int = 60
    year_share: float = 0.01
    most_years: int = 10
    influence_share: float = 0.25
    least_brought: int = 3

    @property
    def margins(self) -> Mapping[Fuel, float]:
        """Which part of the money of a family of products stays with the chain."""
        return {
            Fuel.NONE: self.margin_shop,
            Fuel.PETROL: self.margin_petrol,
            Fuel.DIESEL: self.margin_diesel,
            Fuel.GAS: self.margin_gas,
            Fuel.ELECTRIC: self.margin_electric,
            Fuel.OTHER: self.margin_other,
        }

    @property
    def knows_margins(self) -> bool:
        """Whether the margin counts, and not the money."""
        return any(self.margins.values())

    def kept_of(self, fuel: "pd.Series[int]") -> "pd.Series[float]":
        """Return which part of the money for lines of these families (codes) counts as gain."""
        if not self.knows_margins:
            return pd.Series(1.0, index=fuel.index)
        return fuel.map(dict(enumerate(self.margins[one] for one in FUELS))).astype("float64")


def worth(
    bought: pd.DataFrame, costs: pd.DataFrame, about: pd.DataFrame, rules: ValueRules
) -> pd.DataFrame:
    """Return WORTH of each customer who bought, by his id.

    Args:
        bought: customer_id, month, fuel (code) and amount_minor of the time that counts.
        costs: COSTS by customer_id, as far as there are any.
        about: years (with the chain) and is_influential by customer_id.
        rules: the numbers.
    """
    told = bought.assign(gain=bought["amount_minor"] * rules.kept_of(bought["fuel"]))
    monthly = told.groupby(["customer_id", "month"])[["amount_minor", "gain"]].sum()
    monthly = monthly[monthly["amount_minor"] > 0]
    sums = monthly.groupby("customer_id").agg(
        months=("gain", "size"), amount_minor=("amount_minor", "sum"), gain=("gain", "sum")
    )
    found = sums.assign(gain_minor=sums.pop("gain").round().astype("int64"))
    found = found.join(costs).fillna(dict.fromkeys(COSTS, 0)).join(about)
    found = found.assign(
        years=found["years"].astype("float64").fillna(0).clip(0, rules.most_years),
        is_influential=found["is_influential"].astype("float64").fillna(0) > 0,
    )
    return found.assign(score_minor=_score(found, rules))[list(WORTH)].astype(
        dict.fromkeys(("months", "amount_minor", *COSTS), "int64")
    )


def _score(found: pd.DataFrame, rules: ValueRules) -> "pd.Series[int]":
    """Return what is left after all costs, the more the longer one is known and the more follow."""
    left = found["gain_minor"] - found[list(COSTS)].sum(axis=1)
    more = 1 + rules.year_share * found["years"] + rules.influence_share * found["is_influential"]
    return (left * np.where(left > 0, more, 1.0)).round().astype("int64")


def cuts(found: pd.DataFrame, rules: ValueRules, per_major: int) -> tuple[int, ...]:
    """Return from which score on one is A, B, C. Who is worth the same has the same grade."""
    if rules.cut is Cut.AMOUNT:
        return tuple(least * per_major for least in (rules.a_least, rules.b_least, rules.c_least))
    known = found.loc[found["months"] >= rules.least_months, "score_minor"].to_numpy()
    best = np.sort(known)[::-1]
    places = [
        int(np.ceil(len(best) * share))
        for share in (rules.a_share, min(rules.a_share + rules.b_share, 1.0))
    ]
    a, b = (max(int(best[place - 1]), 1) if 0 < place <= len(best) else 1 for place in places)
    return (a, b, 1)


def grades(
    found: pd.DataFrame, before: "pd.Series[str]", cut: tuple[int, ...], rules: ValueRules
) -> "pd.Series[str]":
    """Return the grade of each customer of `worth`; `before` are those of last time, by his id.

    One falls only when clearly below where the grade begins, so that nobody goes to and fro.
    """
    score = found["score_minor"].to_numpy()
    was = before.reindex(found.index).astype("object").fillna(Grade.D.value).to_numpy()
    kept = [np.isin(was, GRADES[: place + 1]) for place in range(len(cut))]
    least = [
        np.where(has, np.ceil(begins * (1 - rules.keep_share)), begins)
        for has, begins in zip(kept, cut, strict=True)
    ]
    reached = [score >= begins for begins in least]
    grade = np.select(reached, [one.value for one in GRADES[:-1]], Grade.D.value)
    is_known = (found["months"] >= rules.least_months).to_numpy()
    told = np.where(is_known, grade, Grade.D.value)
    return pd.Series(told, index=found.index, dtype="object")


class Why(StrEnum):
    """Why a customer has another grade."""

    FIRST = "first"  # he has a grade for the first time
    ROSE = "rose"  # he brought more, or cost less
    FELL = "fell"
    CUT = "cut"  # he is as before, where a grade begins has moved
    MONTHS = "months"  # he bought in enough months now, or no longer does
    INFLUENCE = "influence"  # others follow him, or no longer do
    AWAY = "away"  # he bought nothing in all this time


MOVED_SHARE = 0.01
"""A score that moved by less is told as it was."""


def why(now: Mapping[str, float], then: Mapping[str, float], *, is_up: bool) -> Why:
    """Return why a grade changed, from what counted now and what counted for the last one."""
    if not then:
        return Why.FIRST
    if not now:
        return Why.AWAY
    if now["is_influential"] != then["is_influential"] and bool(now["is_influential"]) is is_up:
        return Why.INFLUENCE
    if (now["months"] >= now["least_months"]) != (then["months"] >= then["least_months"]):
        return Why.MONTHS
    moved = now["score_minor"] - then["score_minor"]
    if abs(moved) <= abs(then["score_minor"]) * MOVED_SHARE or (moved > 0) is not is_up:
        return Why.CUT
    return Why.ROSE if is_up else Why.FELL
