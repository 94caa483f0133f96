"""What would other rules have given for the sales of the past? All lines at once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from station.loyalty import tiers
from station.loyalty.conditions import When, mask
from station.loyalty.earning import ONCE, grown, stacked
from station.loyalty.liability import value_minor
from station.loyalty.programme import Basis, EarnRule, Over, Version

LINES = (
    *("sale_id", "receipt", "member_id", "station", "day", "hour", "product", "fuel", "unit"),
    *("quantity_milli", "amount_minor", "points_minor", "currency", "card"),
    *("level", "grade", "birthday"),
)
"""One row a line of a member; the last three are the member's, as conditions ask them."""
SUMMED = {Over.RECEIPT: ("member_id", "receipt"), Over.MEMBER: ("member_id",)}
"""Over which lines a rule adds up what it counts."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change of rules does to the sales of the past.

    `members` has a row a member: points before and after. `worth_*` is money in the smallest unit;
    `stations` and `months` have the points of each.
    """

    lines: int
    points_before: int
    points_after: int
    worth_before_minor: int
    worth_after_minor: int
    gaining: int
    losing: int
    members: pd.DataFrame
    stations: pd.DataFrame
    months: pd.DataFrame


def effect(lines: pd.DataFrame, old: Version | None, new: Version) -> Effect:
    """Return what past lines earned under one version and would have under another."""
    before, after = (earned(lines, v) if v else _nothing(lines) for v in (old, new))
    told = {"before": before["points"], "after": after["points"], "month": _month(lines["day"])}
    both = lines.assign(**{name: column.to_numpy() for name, column in told.items()})
    members = _sums(both, "member_id")
    points_before, points_after = int(both["before"].sum()), int(both["after"].sum())
    return Effect(
        lines=len(lines),
        points_before=points_before,
        points_after=points_after,
        worth_before_minor=value_minor(points_before, old.redeeming.worth) if old else 0,
        worth_after_minor=value_minor(points_after, new.redeeming.worth),
        gaining=int((members["after"] > members["before"]).sum()),
        losing=int((members["after"] < members["before"]).sum()),
        members=members,
        stations=_sums(both, "station"),
        months=_sums(both, "month"),
    )


def levels(deeds: pd.DataFrame, version: Version, day: int) -> pd.Series:
    """Return how many members have which level on a day; under the lowest it is "".

    `deeds` has member_id, day and amount: what `tiers.standing` takes, one row a member and day.
    """
    rules = version.tiers
    unit = tiers.unit_of(rules.measure, version.currency)
    told = deeds[deeds["day"] <= day]
    names = [
        tiers.held(dict(zip(own["day"], own["amount"], strict=True)), rules, day, unit).name
        for _, own in told.groupby("member_id")
    ]
    return pd.Series(names, dtype=object).value_counts()


def _sums(both: pd.DataFrame, by: str) -> pd.DataFrame:
    return both.groupby(by, as_index=False)[["before", "after"]].sum()


def _nothing(lines: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"points": 0, "base_points": 0}, index=lines.index)


def _month(days: pd.Series) -> pd.Series:
    months = days.to_numpy().astype("datetime64[D]").astype("datetime64[M]").astype("int64")
    return pd.Series(months, index=days.index)


# --- what lines earn ------------------------------------------------------------------------------


def earned(lines: pd.DataFrame, version: Version) -> pd.DataFrame:
    """Return points and base_points of each line, as `earning.earn` gives them one by one.

    Lines count in the order of their days and ids. Nothing was earned before the first of them.
    """
    order = np.lexsort((lines["sale_id"], lines["day"]))
    ordered = lines.iloc[order]
    included = ~_any(version.earning.exclude, ordered)
    counts = [_counts(ordered, rule, version, included) for rule in version.earning.rules]
    points, base = np.zeros((2, len(ordered)), dtype="int64")
    for rows, times in _times(ordered, version):
        points[rows], base[rows] = _best(counts, rows, times, version.currency)
    back = np.argsort(order)
    told = {"points": _capped(ordered, points, version)[back], "base_points": base[back]}
    return pd.DataFrame(told, index=lines.index)


@dataclass(frozen=True, slots=True)
class _Counts:
    """What a rule counts of each line, and has counted before it."""

    rule: EarnRule
    line: np.ndarray
    before: np.ndarray


def _any(found: Iterable[When], lines: pd.DataFrame) -> np.ndarray:
    held = np.zeros(len(lines), dtype=bool)
    for when in found:
        held |= mask(when, lines)
    return held


def _counts(lines: pd.DataFrame, rule: EarnRule, version: Version, included: np.ndarray) -> _Counts:
    is_concerned = included & mask(rule.when, lines)
    line = np.where(is_concerned, _measured(lines, rule, version), 0)
    if rule.over is Over.LINE:
        return _Counts(rule, line, np.zeros_like(line))
    by = [lines[name] for name in SUMMED[rule.over]]
    with_it = pd.Series(line, index=lines.index).groupby(by).cumsum().to_numpy(dtype="int64")
    return _Counts(rule, line, with_it - line)


def _measured(lines: pd.DataFrame, rule: EarnRule, version: Version) -> np.ndarray:
    """Return what `earning.measured` does, of every line."""
    in_money = rule.of is Basis.MONEY
    amount, quantity = (lines[name].to_numpy() for name in ("amount_minor", "quantity_milli"))
    asked, wanted = ("currency", version.currency) if in_money else ("unit", rule.of.value)
    fits = (lines[asked] == wanted).to_numpy() & (quantity >= 0) & (amount > 0)
    paid = 0 if version.earning.earns_on_points else lines["points_minor"].to_numpy()
    value = amount if in_money else quantity
    share = value * np.maximum(amount - paid, 0) // np.where(amount > 0, amount, 1)
    return np.where(fits, share, 0)


def _times(lines: pd.DataFrame, version: Version) -> Iterator[tuple[np.ndarray, Fraction]]:
    """Yield the rows to which the same multipliers apply, and what these are worth together."""
    rules = version.earning
    patterns = np.zeros(len(lines), dtype="int64")
    for bit, multiplier in enumerate(rules.multipliers):
        patterns |= mask(multiplier.when, lines).astype("int64") << bit
    for pattern in np.unique(patterns).tolist():
        found = [m.percent for bit, m in enumerate(rules.multipliers) if pattern >> bit & 1]
        yield patterns == pattern, stacked(rules.stacking, found)


def _best(
    counts: Iterable[_Counts], rows: np.ndarray, times: Fraction, currency: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return points and base points of some rows by the rule that gives most, or the first."""
    points = np.full(int(rows.sum()), -1, dtype="int64")
    base = np.zeros_like(points)
    for counted in counts:
        line, before = counted.line[rows], counted.before[rows]
        own = grown(counted.rule, before, line, times, currency)
        is_better = (own > points) & (line > 0)
        points = np.where(is_better, own, points)
        base = np.where(is_better, grown(counted.rule, before, line, ONCE, currency), base)
    return np.maximum(points, 0), base


def _capped(lines: pd.DataFrame, points: np.ndarray, version: Version) -> np.ndarray:
    """Return what of the points lies within the caps, each filled in order."""
    caps = version.earning.caps
    if caps.line is not None:
        points = np.minimum(points, caps.line)
    member, day = lines["member_id"], lines["day"]
    for most, time in ((caps.day, day), (caps.month, _month(day))):
        if most is not None:
            so_far = (
                pd.Series(points, index=lines.index).groupby([member, time]).cumsum().to_numpy()
            )
            points = np.minimum(so_far, most) - np.minimum(so_far - points, most)
    return points
