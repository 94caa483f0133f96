"""Which levels have many members on their days? What `tiers.held` says of one, of all at once."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from station.loyalty import tiers
from station.loyalty.programme import Period, TierRules

SPAN_DAYS = 1_000_000
"""More days than there are: a member and a day are one number."""


def held(deeds: pd.DataFrame, rules: TierRules, day: int, unit: int) -> pd.Series:
    """Return the place of each member's level in `rules.levels` on a day, -1 under the lowest.

    `deeds` has member_id, day and amount, any number of rows a member; whoever did nothing is not
    among the answers, see `of_nothing`.
    """
    members = np.unique(deeds["member_id"].to_numpy(dtype="int64"))
    days = np.full(len(members), day, dtype="int64")
    return pd.Series(held_each(deeds, members, days, rules, unit), index=members)


def held_each(
    deeds: pd.DataFrame,
    members: np.ndarray,
    days: np.ndarray,
    rules: TierRules,
    unit: int,
    *,
    lag_days: int = 0,
) -> np.ndarray:
    """Return the place of the level of one member after the other, each on a day of his own.

    With a lag of one day only what was done before the day counts.
    """
    told = _Deeds(deeds, members, days - lag_days)
    best: np.ndarray = np.maximum.reduce([told.score(last, rules) for last in _judged(rules, days)])
    if rules.period is Period.ROLLING and rules.grace_days:
        best = np.maximum(best, told.best_since(days - rules.grace_days, rules))
    least = np.array([level.least * unit for level in rules.levels], dtype="int64")
    places: np.ndarray = np.searchsorted(least, best, side="right")
    return places - 1


def falls(deeds: pd.DataFrame, rules: TierRules, day: int, unit: int) -> pd.Series:
    """Return on which day within `warn_days` each member falls who does nothing more.

    Who falls later, or never, is not among them. Nobody rises by doing nothing, so the day is
    found by halving.
    """
    now = held(deeds, rules, day, unit)
    members, places = now.index.to_numpy(), now.to_numpy()
    kept = np.full(len(now), day, dtype="int64")
    gone = kept + rules.warn_days
    is_near = held_each(deeds, members, gone, rules, unit) < places
    members, places, kept, gone = (part[is_near] for part in (members, places, kept, gone))
    while (gone - kept > 1).any():
        middle = (kept + gone) // 2
        is_kept = held_each(deeds, members, middle, rules, unit) >= places
        kept, gone = np.where(is_kept, middle, kept), np.where(is_kept, gone, middle)
    return pd.Series(gone, index=members)


def of_nothing(rules: TierRules) -> int:
    """Return the place of the level of whoever did nothing: the lowest may ask for 0."""
    return sum(level.least <= 0 for level in rules.levels) - 1


def _judged(rules: TierRules, days: np.ndarray) -> Iterator[np.ndarray]:
    """Yield for everybody the days whose scores count whatever he did."""
    yield days
    if rules.period is not Period.ROLLING:
        yield _period_starts(rules, days) - 1
    elif rules.grace_days:
        yield days - rules.grace_days


def _period_starts(rules: TierRules, days: np.ndarray) -> np.ndarray:
    known, place = np.unique(days, return_inverse=True)
    starts = [tiers.period_of(rules, day)[0] for day in known.tolist()]
    return np.array(starts, dtype="int64")[place]


class _Deeds:
    """Deeds in the order of members and days, so that a sum over days is one difference.

    They are asked of `members`, one after the other; what any did after his day of `until` is not
    counted.
    """

    def __init__(self, deeds: pd.DataFrame, members: np.ndarray, until: np.ndarray) -> None:
        who, when = (deeds[name].to_numpy(dtype="int64") for name in ("member_id", "day"))
        _, place = np.unique(np.concatenate([who, members]), return_inverse=True)
        at = place[: len(who)] * SPAN_DAYS + when
        order = np.argsort(at, kind="stable")
        self._at, self._when = at[order], when[order]
        amounts = deeds["amount"].to_numpy(dtype="int64")[order]
        self._sums = np.concatenate([np.zeros(1, dtype="int64"), np.cumsum(amounts)])
        self._own, self._until = place[len(who) :] * SPAN_DAYS, until

    def score(self, last: np.ndarray, rules: TierRules) -> np.ndarray:
        """Return what counts of each member on a day."""
        return self._score(self._own, self._until, last, rules)

    def best_since(self, after: np.ndarray, rules: TierRules) -> np.ndarray:
        """Return the best score of each on a day of a deed after a day, 0 without one."""
        first = np.searchsorted(self._at, self._own + after, side="right")
        end = np.maximum(np.searchsorted(self._at, self._own + self._until, side="right"), first)
        asker = np.repeat(np.arange(len(first)), end - first)
        begun = np.cumsum(end - first) - (end - first)
        deed = np.arange(len(asker)) - begun[asker] + first[asker]
        scores = self._score(self._own[asker], self._until[asker], self._when[deed], rules)
        best = np.zeros(len(first), dtype="int64")
        np.maximum.at(best, asker, scores)
        return best

    def _score(
        self, own: np.ndarray, until: np.ndarray, last: np.ndarray, rules: TierRules
    ) -> np.ndarray:
        is_rolling = rules.period is Period.ROLLING
        first = last - rules.days + 1 if is_rolling else _period_starts(rules, last)
        start = np.searchsorted(self._at, own + np.maximum(first, 0), side="left")
        end = np.searchsorted(self._at, own + np.minimum(last, until), side="right")
        sums: np.ndarray = self._sums[np.maximum(end, start)] - self._sums[start]
        return sums
