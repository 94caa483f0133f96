"""Has a vehicle's pace changed, since when, how far, and how sure is that?

Its gaps are weighed under every day on which its rate may have changed, and under none: gamma gaps
of its own regularity, its rate unknown, the longest of them perhaps a pause. Each sort of change
has a prior chance, so the answer is a posterior chance: what is named is right about as often as it
says, however often one looks. Own derivation; docs/en/method.md has the formulas.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betainc, gammaincinv, gammaln, psi

from station.analysis import guards
from station.analysis.diary import Diary
from station.analysis.guards import Guard
from station.analysis.lives import Lives
from station.analysis.pace import KEYS, Pace
from station.analysis.pauses import Rhythm
from station.analysis.rhythm_model import Array

Place = npt.NDArray[np.int64]

SLOWER, STEADY, FASTER = "slowing", "steady", "speeding"
MONTH_DAYS = 30.4375
TURNS = (*range(7), 8, 10, 12, 15, 18, 22, 27, 33, 40, 50, 62, 78, 98, 122, 152, 190)
"""Gaps since a change that is thought of: the farther back, the coarser."""
FACTORS = ((0.35, 0.25), (0.5, 0.5), (0.7, 0.25), (1.4, 0.25), (2.0, 0.5), (3.0, 0.25))
"""What a rate may be multiplied by, and the chance of it among changes of its direction."""
HALVED = 0.5
"""A rate that fell to this part or a smaller one fell by about half."""
LONGEST_TAIL = 0.995
"""A gap beyond this quantile of the vehicle's own counts as this."""
OWN_GAPS = 6.0
"""Gaps at which a vehicle's own regularity weighs as much as that of all."""
SHAPES = (0.3, 12.0)
PAUSE_RATE, PAUSE_SPREAD, PAUSE_MOST = 0.003, 0.3, 0.3
"""Of pauses: the least chance a day, their density times their length, the most chance a gap."""
SHORTEST_DAYS, SHORTEST_CAP_DAYS = 0.5, 2.0
MARGIN = 1.0
"""By so much in logarithms the quick bound of a likelihood must miss what would be named."""
NEVER = -np.inf


@dataclass(frozen=True, slots=True)
class ChangeRules:
    """How often paces change, from which chance on one is named, and for how long it is news.

    `monthly` is the chance that a vehicle's pace falls within a month, and that it rises. A change
    is held against `least_before` gaps or more before it, of `past_days` at most before the
    `shown_days` for which it is news.
    """

    monthly: float = 0.01
    named_from: float = 0.5
    least_before: int = 5
    shown_days: int = 180
    past_days: int = 365


@dataclass(frozen=True, slots=True)
class _Own:
    """What is known of each vehicle that can be judged, by place in `day`, `time`, `sums`, `logs`.

    Those four have an entry a visit-day: its day, the days that count until it, and the sums of
    gaps and of their logarithms up to it.
    """

    today: int
    day: Place
    time: Array
    sums: Array
    logs: Array
    end: Place  # of its newest visit-day
    gaps: Place
    silent: Array
    k: Array  # of all
    r: Array
    alpha: Array
    left: Array  # odds that it left at its last visit
    pause: Array  # chance a day that one begins
    odd: Array  # its longest gap of late, 0 if none
    odd_at: Place

    def chosen(self, place: Place) -> "_Own":
        """Return the vehicles at `place`."""
        columns = ("end", "gaps", "silent", "k", "r", "alpha", "left", "pause", "odd", "odd_at")
        shared = (self.today, self.day, self.time, self.sums, self.logs)
        return _Own(*shared, *(getattr(self, name)[place] for name in columns))


@dataclass(frozen=True, slots=True)
class _Split:
    """The gaps of the vehicles of `own` before and after a change so many gaps ago."""

    own: _Own
    after: int
    at: Place
    before_days: Array
    after_days: Array
    k: Array
    is_old: npt.NDArray[np.bool_]

    @property
    def before(self) -> Place:
        """The gaps before the change."""
        return self.own.gaps - self.after


def find(
    profiles: pd.DataFrame,
    diary: Diary,
    day: int,
    pace: Pace,
    *,
    guard: Guard = guards.NOTHING,
    rules: ChangeRules | None = None,
) -> pd.DataFrame:
    """Return how the pace of each of `profiles` changed of late.

    Columns: p_slower, p_halved (to half or less; part of p_slower) and p_faster, the chances of a
    change within `shown_days` (0 where nothing speaks for one); trend, the one that is more likely
    than `named_from`; halves, whether p_halved is; and of the likeliest change its changed_day and
    the mean gaps gap_before_days and gap_now_days, in days that count. Where none is named the two
    are the earlier median gap and the mean of the last three.

    Args:
        profiles: with product_group where there is a guard; `diary` has all their visit-days.
        diary: the visit-days; later ones than `day` do not count.
        day: the last day that counts.
        pace: the rhythm of all.
        guard: the days that are not held against a vehicle.
        rules: the numbers.
    """
    rules = rules or ChangeRules()
    place = np.flatnonzero(profiles["visit_days"].to_numpy() > rules.least_before)
    own = _gathered(profiles.iloc[place], diary, day, pace, guard, rules)
    suspect = np.flatnonzero(_suspects(own, rules)) if len(place) else place
    told = _weighed(own.chosen(suspect), rules)
    frame = pd.DataFrame(np.nan, profiles.index, list(told))
    frame.iloc[place[suspect]] = np.column_stack(list(told.values()))
    return _named(frame, profiles, rules)


def _named(frame: pd.DataFrame, profiles: pd.DataFrame, rules: ChangeRules) -> pd.DataFrame:
    chances = ["p_slower", "p_halved", "p_faster"]
    frame[chances] = frame[chances].fillna(0.0)
    slower = frame["p_slower"] >= rules.named_from
    faster = frame["p_faster"] >= rules.named_from
    is_named = slower | faster
    return frame.assign(
        halves=frame["p_halved"] >= rules.named_from,
        trend=np.select([slower, faster], [SLOWER, FASTER], STEADY).astype(object),
        changed_day=frame["changed_day"].where(is_named),
        gap_before_days=frame["gap_before_days"].where(
            is_named, profiles["earlier_gap_median_days"]
        ),
        gap_now_days=frame["gap_now_days"].where(is_named, profiles["recent_gap_days"]),
    )


def _gathered(
    profiles: pd.DataFrame, diary: Diary, day: int, pace: Pace, guard: Guard, rules: ChangeRules
) -> _Own:
    """Return the gaps of each vehicle, in days that count, its pauses and outliers bounded."""
    count, days = _days_of(profiles, diary, day)
    size, owner = len(count), np.repeat(np.arange(len(count)), count)
    end = np.cumsum(count) - 1
    time = days - guard.until(profiles, owner, days)
    is_gap = days >= day - rules.shown_days - rules.past_days
    is_gap[end - count + 1] = False
    gap = np.where(is_gap, np.maximum(np.diff(time, prepend=0.0), SHORTEST_DAYS), 0.0)
    gaps = np.bincount(owner, is_gap, size).astype(np.int64)
    k, r, alpha, left, pause = pace.of_each(profiles, _prior).T
    total, logs = (np.bincount(owner, each, size).astype(np.float64) for each in (gap, _log(gap)))
    shape = _shape(gaps, total, logs, k)
    longest = gammaincinv(shape, LONGEST_TAIL) / shape * total / np.maximum(gaps, 1)
    longest = np.maximum(longest, SHORTEST_CAP_DAYS)
    odd, odd_at = _longest(np.where(days >= day - rules.shown_days, gap, 0.0), owner, end, count)
    bounded = np.minimum(gap, longest[owner])
    bounded[odd_at] = gap[odd_at]
    today = day - guard.until(profiles, np.arange(size), np.full(size, day))
    silent = np.clip(today - time[end], 0, longest)
    return _Own(
        *(day, days, time, np.cumsum(bounded), np.cumsum(_log(bounded)), end, gaps, silent),
        *(k, r, alpha, left, pause, odd, odd_at),
    )


def _prior(own: Rhythm, lives: Lives) -> Array:
    """Return what the rhythm of all says of each vehicle: k, r, alpha, odds of leaving, pauses."""
    fit, ones = own.fitted, np.ones(len(lives.x))
    pause = max(own.pauses.plain.rate, PAUSE_RATE)
    return np.column_stack(
        [fit.k * ones, fit.r * ones, fit.alpha * ones, fit.odds_left(lives.x), pause * ones]
    )


def _days_of(profiles: pd.DataFrame, diary: Diary, day: int) -> tuple[Place, Place]:
    """Return how many visit-days each of `profiles` has, and these days one after the other."""
    known = diary.day <= day
    rows, days = diary.row[known], diary.day[known].astype(np.int64)
    keys = diary.keys.assign(place=np.arange(len(diary.keys)))
    known_as = profiles[list(KEYS)].merge(keys, on=list(KEYS), how="left")
    place = known_as["place"].to_numpy(dtype=np.int64)
    edges = np.searchsorted(rows, np.arange(len(keys) + 1))
    start, count = edges[place], edges[place + 1] - edges[place]
    ahead = np.cumsum(count) - count
    return count, days[np.repeat(start - ahead, count) + np.arange(count.sum())]


def _longest(gap: Array, owner: Place, end: Place, count: Place) -> tuple[Array, Place]:
    """Return the longest gap of each vehicle and its place; the first of equals."""
    if not len(end):
        return np.empty(0), np.empty(0, dtype=np.int64)
    odd = np.maximum.reduceat(gap, end - count + 1)
    places = np.flatnonzero(gap == odd[owner])[::-1]
    at = np.empty(len(end), dtype=np.int64)
    at[owner[places]] = places
    return odd, at


def _log(gap: Array) -> Array:
    return np.where(gap > 0, np.log(np.maximum(gap, SHORTEST_DAYS)), 0.0)


def _shape(gaps: Place, days: Array, logs: Array, k: Array) -> Array:
    """Return the regularity of gaps with this sum and sum of logarithms, drawn to `k`.

    Minka's formula, as in lives.regularity.
    """
    known = np.maximum(gaps - 1, 0)
    count = np.maximum(gaps, 1)
    own = np.maximum(np.log(np.maximum(days, SHORTEST_DAYS) / count) - logs / count, 0)
    of_all = np.log(k) - psi(k)
    spread = (own * count / np.maximum(known, 1) * known + of_all * OWN_GAPS) / (known + OWN_GAPS)
    shape = (3 - spread + np.sqrt((spread - 3) ** 2 + 24 * spread)) / (12 * spread)
    return np.asarray(np.clip(shape, *SHAPES))


def _split(own: _Own, after: int, rules: ChangeRules) -> tuple[Place, _Split]:
    """Return those with gaps enough before a change so many gaps ago, and their two parts."""
    place = np.flatnonzero(own.gaps - after >= rules.least_before)
    those = own.chosen(place)
    at, start = those.end - after, those.end - those.gaps
    before = own.sums[at] - own.sums[start]
    k = _shape(those.gaps - after, before, own.logs[at] - own.logs[start], those.k)
    is_old = own.day[at] < own.today - rules.shown_days
    return place, _Split(those, after, at, before, own.sums[those.end] - own.sums[at], k, is_old)


def _suspects(own: _Own, rules: ChangeRules) -> npt.NDArray[np.bool_]:
    """Return whose gaps may speak for some change at all, by a bound that is quick to have."""
    best = np.zeros(len(own.end))
    for after in TURNS:
        place, split = _split(own, after, rules)
        usual = split.before_days / split.before
        for count, days in (
            (after + 1, split.after_days + split.own.silent),
            (after, split.after_days),
        ):
            ratio = np.maximum(days / max(count, 1) / usual, 1e-9)
            bound = split.k * count * (ratio - 1 - np.log(ratio))
            best[place] = np.maximum(best[place], bound)
    prior = rules.monthly * rules.shown_days / MONTH_DAYS
    needed = rules.named_from / max((1 - rules.named_from) * prior, 1e-9)
    return np.asarray(best >= np.log(max(needed, 1e-9)) - MARGIN)


def _weighed(own: _Own, rules: ChangeRules) -> dict[str, Array]:
    """Return the chances of a change, and the likeliest one, of each vehicle."""
    size = len(own.end)
    names = ("slower", "halved", "faster", "old", "best")
    odds = {name: np.zeros(size) for name in names}
    told = {name: np.full(size, np.nan) for name in ("changed_day", "gap_before", "gap_now")}
    for number, after in enumerate(TURNS):
        place, split = _split(own, after, rules)
        if not len(place):
            break
        span, steady = _span(split, number), _log_likelihood(split, 1.0)
        for factor, chance in FACTORS:
            prior = rules.monthly / MONTH_DAYS * span * chance
            found = prior * np.exp(np.minimum(_log_likelihood(split, factor) - steady, 600))
            new = np.where(split.is_old, 0, found)
            odds["slower" if factor < 1 else "faster"][place] += new
            odds["halved"][place] += new * (factor <= HALVED)
            odds["old"][place] += np.where(split.is_old, found, 0)
            is_best = new > odds["best"][place]
            odds["best"][place] = np.maximum(new, odds["best"][place])
            told["changed_day"][place[is_best]] = own.day[split.at][is_best]
            told["gap_before"][place[is_best]] = (split.before_days / split.before)[is_best]
            now = (split.after_days + split.own.silent * (factor < 1)) / max(after, 1)
            told["gap_now"][place[is_best]] = now[is_best]
    total = 1 + odds["slower"] + odds["faster"] + odds["old"]
    chances = {f"p_{name}": odds[name] / total for name in ("slower", "halved", "faster")}
    told = {"changed_day": told["changed_day"]} | {
        f"{name}_days": told[name] for name in ("gap_before", "gap_now")
    }
    return chances | told


def _span(split: _Split, number: int) -> Array:
    """Return the days for which a change at this turn of TURNS stands: half-way to the next."""
    own, after = split.own, split.after
    older = TURNS[min(number + 1, len(TURNS) - 1)]
    newer = TURNS[max(number - 1, 0)]
    first = np.maximum(own.end - (after + older) // 2 - 1, own.end - own.gaps)
    last = np.maximum(own.end - (after + newer + 1) // 2, first)
    return np.asarray(np.maximum(own.time[last] - own.time[first], SHORTEST_DAYS))


def _log_likelihood(split: _Split, factor: float) -> Array:
    """Return the logarithm of the likelihood of a vehicle's gaps and silence.

    From the change on its rate is multiplied by `factor`; its unknown rate is integrated out. Terms
    that do not depend on `factor` are left out. The longest gap may hold a pause, the silence may
    be one or the end.
    """
    own, k, after = split.own, split.k, split.after
    shape = own.r + k * own.gaps
    days = own.alpha * own.k / k + split.before_days + factor * split.after_days
    plain = k * after * np.log(factor) - shape * np.log(days)
    paused = np.minimum(own.pause * split.before_days / split.before, PAUSE_MOST)
    is_after = own.odd_at > split.at
    odd = np.maximum(own.odd, SHORTEST_DAYS)
    rest = np.maximum(days - np.where(is_after, factor, 1.0) * own.odd, SHORTEST_DAYS)
    without = k * (after - is_after) * np.log(factor) - (shape - k) * np.log(rest)
    without += gammaln(shape - k) - gammaln(shape) + gammaln(k) - k * np.log(odd)
    without = np.where(own.odd > 0, without + np.log(paused * PAUSE_SPREAD), NEVER)
    waiting = (1 - paused) * betainc(shape, k, days / (days + factor * own.silent))
    either = np.logaddexp(plain, without) + np.log(waiting + paused + own.left)
    return np.asarray(either)
