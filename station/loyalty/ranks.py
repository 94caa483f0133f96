"""Which levels have many members on a day? What `tiers.held` says of one, of all at once."""

import numpy as np
import pandas as pd

from station.loyalty import tiers
from station.loyalty.programme import Period, TierRules

SPAN_DAYS = 1_000_000
"""More days than there are: a member and a day are one number."""


def held(deeds: pd.DataFrame, rules: TierRules, day: int, unit: int) -> pd.Series:
    """Return the place of each member's level in `rules.levels`, -1 under the lowest.

    `deeds` has member_id, day and amount, any number of rows a member; whoever did nothing is not
    among the answers, see `of_nothing`.
    """
    told = _Deeds(deeds[deeds["day"] <= day])
    if not len(told.members):
        return pd.Series(dtype="int64")
    best = np.maximum.reduce([told.score(last, rules) for last in _judged(rules, day)])
    if rules.period is Period.ROLLING and rules.grace_days:
        best = np.maximum(best, told.best_since(day - rules.grace_days, rules))
    return pd.Series(_places(best, rules, unit), index=told.members)


def of_nothing(rules: TierRules) -> int:
    """Return the place of the level of whoever did nothing: the lowest may ask for 0."""
    return sum(level.least <= 0 for level in rules.levels) - 1


def _judged(rules: TierRules, day: int) -> list[int]:
    """Return the days whose scores count for every member."""
    if rules.period is not Period.ROLLING:
        return [day, tiers.period_of(rules, day)[0] - 1]
    return [day, day - rules.grace_days] if rules.grace_days else [day]


def _places(best: np.ndarray, rules: TierRules, unit: int) -> np.ndarray:
    least = np.array([level.least * unit for level in rules.levels], dtype="int64")
    return np.searchsorted(least, best, side="right") - 1


class _Deeds:
    """Deeds in the order of members and days, so that a sum over days is one difference."""

    def __init__(self, deeds: pd.DataFrame) -> None:
        place, members = pd.factorize(deeds["member_id"], sort=True)
        self.members = members
        at = place.astype("int64") * SPAN_DAYS + deeds["day"].to_numpy(dtype="int64")
        order = np.argsort(at, kind="stable")
        self._at, self._place = at[order], place[order]
        amounts = deeds["amount"].to_numpy(dtype="int64")[order]
        self._sums = np.concatenate([np.zeros(1, dtype="int64"), np.cumsum(amounts)])

    def score(self, last: int, rules: TierRules) -> np.ndarray:
        """Return what counts of each member on a day."""
        every = np.arange(len(self.members), dtype="int64")
        return self._score(every, np.full(len(every), last), rules)

    def best_since(self, day: int, rules: TierRules) -> np.ndarray:
        """Return the best score of each member on a day of a deed after `day`, 0 without one."""
        late = self._at % SPAN_DAYS > day
        place, days = self._place[late], self._at[late] % SPAN_DAYS
        best = np.zeros(len(self.members), dtype="int64")
        np.maximum.at(best, place, self._score(place, days, rules))
        return best

    def _score(self, place: np.ndarray, last: np.ndarray, rules: TierRules) -> np.ndarray:
        if rules.period is Period.ROLLING:
            first = last - rules.days + 1
        else:  # all are judged on one day
            first = np.full(len(last), tiers.period_of(rules, int(last[0]))[0])
        start = np.searchsorted(self._at, place * SPAN_DAYS + np.maximum(first, 0), side="left")
        end = np.searchsorted(self._at, place * SPAN_DAYS + last, side="right")
        return self._sums[end] - self._sums[start]
