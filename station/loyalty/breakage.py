"""How many of the open points will be used, and when? From how earlier ones were, age by age.

Points of one age are taken to be used alike, from whatever month they are. How far the months
differed from that makes the band. Shares are whole numbers of billionths.
"""

from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isqrt
from typing import Any

import pandas as pd

from station.model import MILLI, day_date

LOTS = ("earned_day", "expires_day", "points")
"""What was earned when, and its last day (-1: for ever); one row a lot or a sum of lots."""
USES = ("earned_day", "expires_day", "day", "kind", "points")
"""What left lots on a day, `redeemed` or `gone` (ran out, taken back); below 0 it came back."""
REDEEMED = "redeemed"
FOREVER = -1
ONE = 10**9
MOST_SHARE = ONE - 1
BAND_REACH_MILLI = 1_282
"""Half the width of an 80 % band, in thousandths of a standard error."""
MONTHS, EPOCH_YEAR = 12, 1970


@dataclass(frozen=True, slots=True)
class BreakageRules:
    """How far ahead use is expected, and from how many months before.

    Ages that no points have reached yet are taken to be like the `tail_months` before.
    """

    horizon_months: int = 36
    window_months: int = 12
    tail_months: int = 6


@dataclass(frozen=True, slots=True)
class Range:
    """What is expected, and between what it lies four times in five."""

    expected: int
    low: int
    high: int

    def widened(self, times_milli: int, most: int) -> "Range":
        """Return the band so many thousandths as wide, within 0 and `most`."""
        low, high = ((self.expected - end) * times_milli // MILLI for end in (self.low, self.high))
        return Range(self.expected, max(self.expected - low, 0), min(self.expected - high, most))


@dataclass(frozen=True, slots=True)
class Cohort:
    """The points of one month with one end (none: for ever), as they stand at the end of a month.

    `redeemed` and `gone` are by age in months; the month of earning is age 0.
    """

    month: int
    last_month: int | None
    age: int
    issued: int
    redeemed: Mapping[int, int]
    gone: Mapping[int, int]

    def open(self, age: int | None = None) -> int:
        """Return what was open when an age began, or is open now; what is past its end is not."""
        begun = self.age + 1 if age is None else age
        if self.last_month is not None and self.month + begun > self.last_month:
            return 0
        left = sum(self.redeemed.get(a, 0) + self.gone.get(a, 0) for a in range(begun))
        return self.issued - left

    def ahead(self, months: int) -> range:
        """Return the ages that lie ahead within so many months, as long as the points live."""
        until = self.age + months
        if self.last_month is not None:
            until = min(until, self.last_month - self.month)
        return range(self.age + 1, until + 1)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What will be used of the open points: of all, of each cohort, in each month to come."""

    open: int
    use: Range
    cohorts: tuple[tuple[Cohort, Range], ...]
    months: tuple[Range, ...]

    @property
    def breakage(self) -> int:
        """How many of them nobody is expected to use."""
        return self.open - self.use.expected

    def widened(self, times_milli: int) -> "Forecast":
        """Return the forecast with every band so many thousandths as wide."""
        return Forecast(
            self.open,
            self.use.widened(times_milli, self.open),
            tuple((one, use.widened(times_milli, one.open())) for one, use in self.cohorts),
            tuple(use.widened(times_milli, self.open) for use in self.months),
        )

    @property
    def is_known(self) -> bool:
        """Whether the past says more than that it is between none and all."""
        return (self.use.low, self.use.high) != (0, self.open)


@dataclass(frozen=True, slots=True)
class Replay:
    """What would have been foretold at the end of a past month, and what came."""

    month: int
    foretold: Range
    came: int

    @property
    def is_inside(self) -> bool:
        """Whether it lies within the band."""
        return self.foretold.low <= self.came <= self.foretold.high


def forecast(
    lots: pd.DataFrame, uses: pd.DataFrame, rules: BreakageRules, *, to_month: int
) -> Forecast:
    """Return what will be used of the points that are open at the end of a month."""
    known = cohorts(lots, uses, to_month)
    live = [cohort for cohort in known if cohort.open() > 0]
    return _foretold(live, curve_of(known, rules), rules)


def forecast_within(
    lots: pd.DataFrame,
    uses: pd.DataFrame,
    stock: pd.DataFrame,
    rules: BreakageRules,
    *,
    day: int,
) -> Forecast:
    """Return what will be used of `stock`, the points that are open on a day within a month.

    Shares are those of the months that are over; of this month only the days to come count.
    `stock` has earned_day, expires_day and points.
    """
    month = month_of(day)
    curve = curve_of(cohorts(lots, uses, month - 1), rules)
    there = Counter[_Name]()
    for earned, expires, points in _sums(stock, LOTS[:2]):
        there[_name(earned, expires)] += points
    live = [
        Cohort(*name, month - 1 - name[0], points, {}, {})
        for name, points in sorted(there.items(), key=lambda item: (item[0][0], item[0][1] or 0))
        if points > 0
    ]
    return _foretold(live, curve, rules, _rest(day))


def _rest(day: int) -> int:
    """Return which part of a month is still to come after a day, in billionths."""
    told = day_date(day)
    days = monthrange(told.year, told.month)[1]
    return (days - told.day) * ONE // days


def _foretold(
    live: list[Cohort], curve: "Curve", rules: BreakageRules, rest: int = ONE
) -> Forecast:
    horizon = rules.horizon_months
    return Forecast(
        sum(cohort.open() for cohort in live),
        _band(live, curve, horizon, rest),
        tuple((cohort, _band([cohort], curve, horizon, rest)) for cohort in live),
        tuple(_band(live, curve, months, rest, alone=True) for months in range(1, horizon + 1)),
    )


def replay(
    lots: pd.DataFrame,
    uses: pd.DataFrame,
    rules: BreakageRules,
    *,
    months: Iterable[int],
    ahead: int,
) -> list[Replay]:
    """Return for some past months what was foretold of the `ahead` months after, and what came."""
    told = []
    for month in months:
        known = cohorts(lots, uses, month)
        live = [cohort for cohort in known if cohort.open() > 0]
        later = {(c.month, c.last_month): c for c in cohorts(lots, uses, month + ahead)}
        came = sum(_between(later[c.month, c.last_month], c.age, ahead) for c in live)
        told.append(Replay(month, _band(live, curve_of(known, rules), ahead), came))
    return told


def missed(replays: Iterable[Replay]) -> int:
    """Return how many times too narrow past bands were, in thousandths; never under 1,000.

    So widened, four in five of them would have held.
    """
    off = sorted(
        abs(one.came - one.foretold.expected) * MILLI // max(_reach(one.foretold, one.came), 1)
        for one in replays
    )
    return max(off[len(off) * 4 // 5], MILLI) if off else MILLI


def _reach(told: Range, came: int) -> int:
    """Return how far a band reaches to the side on which it came."""
    return told.high - told.expected if came > told.expected else told.expected - told.low


def _between(cohort: Cohort, age: int, ahead: int) -> int:
    return sum(cohort.redeemed.get(a, 0) for a in range(age + 1, age + 1 + ahead))


def month_of(day: int) -> int:
    """Return the months from January 1970 to the month of a day."""
    told = day_date(day)
    return (told.year - EPOCH_YEAR) * MONTHS + told.month - 1


# --- what is known --------------------------------------------------------------------------------


def cohorts(lots: pd.DataFrame, uses: pd.DataFrame, to_month: int) -> list[Cohort]:
    """Return the cohorts as they stood at the end of a month, the oldest first."""
    issued, redeemed, gone = (
        Counter[_Name](),
        dict[_Name, Counter[int]](),
        dict[_Name, Counter[int]](),
    )
    for earned, expires, points in _sums(lots, LOTS[:2]):
        issued[_name(earned, expires)] += points
    for earned, expires, day, kind, points in _sums(uses, USES[:4]):
        name, month = _name(earned, expires), month_of(day)
        if month <= to_month:
            kept = redeemed if kind == REDEEMED else gone
            kept.setdefault(name, Counter())[month - name[0]] += points
    return [
        Cohort(*name, to_month - name[0], points, redeemed.get(name, {}), gone.get(name, {}))
        for name, points in sorted(issued.items(), key=lambda item: (item[0][0], item[0][1] or 0))
        if name[0] <= to_month
    ]


_Name = tuple[int, int | None]


def _name(earned: int, expires: int) -> _Name:
    return month_of(earned), None if expires == FOREVER else month_of(expires)


def _sums(frame: pd.DataFrame, by: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield the values of some columns and the points of each."""
    yield from frame.groupby(list(by), as_index=False)["points"].sum().itertuples(index=False)


@dataclass(frozen=True, slots=True)
class Curve:
    """Which share of what was open is redeemed at each age; the last stands for all beyond.

    `seen` is of how many points each is known, `spread` by how many times chance varied (in
    billionths; none: too little is known to say).
    """

    shares: tuple[int, ...]
    seen: tuple[int, ...]
    spread: int | None

    def place(self, age: int) -> int:
        """Return where the share of an age stands."""
        return min(age, len(self.shares) - 1)


def curve_of(known: list[Cohort], rules: BreakageRules) -> Curve:
    """Return the curve that the cohorts show together."""
    cells = [
        (age, cohort.open(age), cohort.redeemed.get(age, 0))
        for cohort in known
        for age in range(max(cohort.age + 1 - rules.window_months, 0), cohort.age + 1)
        if cohort.open(age) > 0
    ]
    ages = range(max((age for age, *_ in cells), default=-1) + 1)
    seen = [sum(n for a, n, _ in cells if a == age) for age in ages]
    used = [sum(r for a, _, r in cells if a == age) for age in ages]
    tail = slice(-rules.tail_months, None)
    seen, used = [*seen, sum(seen[tail])], [*used, sum(used[tail])]
    shares = tuple(_share(r, n) for r, n in zip(used, seen, strict=True))
    return Curve(shares, tuple(seen), _spread(cells, shares))


def _share(part: int, whole: int) -> int:
    return max(min(part * ONE // whole, MOST_SHARE), 0) if whole else 0


def _spread(cells: list[tuple[int, int, int]], shares: tuple[int, ...]) -> int | None:
    """Return how many times more the cohorts differ than single points would by chance."""
    told = [(n, r, shares[age]) for age, n, r in cells if 0 < shares[age] < MOST_SHARE]
    free = len(told) - len({age for age, *_ in cells if 0 < shares[age] < MOST_SHARE})
    if free <= 0:
        return None
    off = sum(
        (r * ONE - n * share) ** 2 * ONE // (n * share * (ONE - share)) for n, r, share in told
    )
    return max(off // free, ONE)


# --- what follows ---------------------------------------------------------------------------------


def _band(
    live: list[Cohort], curve: Curve, months: int, rest: int = ONE, *, alone: bool = False
) -> Range:
    """Return what will be used within so many months, or in the last of them alone.

    `rest` is the part of the first month that is still to come.
    """
    expected = chance = 0
    slopes = Counter[int]()
    for cohort in live:
        points, path = cohort.open(), _path(cohort, curve, months, rest)
        if alone and len(path) < months:
            continue
        share, by_place = _last(path, curve) if alone else _whole(path, curve)
        expected += points * share
        chance += points * share * (ONE - share)
        for place, slope in by_place.items():
            slopes[place] += points * slope // ONE
    return _range(expected // ONE, chance, slopes, curve, sum(c.open() for c in live))


@dataclass(frozen=True, slots=True)
class _Step:
    """What share of a cohort is still there when an age begins, and is used in its `part`."""

    place: int
    there: int
    used: int
    part: int

    def kept(self, curve: "Curve") -> int:
        """Return which share of what is there is left by the end."""
        return ONE - curve.shares[self.place] * self.part // ONE


def _path(cohort: Cohort, curve: Curve, months: int, rest: int) -> list[_Step]:
    steps, there, part = list[_Step](), ONE, rest
    for age in cohort.ahead(months):
        place = curve.place(age)
        used = there * (curve.shares[place] * part // ONE) // ONE
        steps.append(_Step(place, there, used, part))
        there, part = there - used, ONE
    return steps


def _whole(path: list[_Step], curve: Curve) -> tuple[int, Counter[int]]:
    """Return the share used on a path, and how much it grows with the share of each age."""
    share = sum(step.used for step in path)
    slopes = Counter[int]()
    for step in path:
        slopes[step.place] += (ONE - share) * step.part // step.kept(curve)
    return share, slopes


def _last(path: list[_Step], curve: Curve) -> tuple[int, Counter[int]]:
    """Return the share used in the last step of a path, and how it changes with each age's."""
    *earlier, last = path
    slopes = Counter({last.place: last.there * last.part // ONE})
    for step in earlier:
        slopes[step.place] -= last.used * step.part // step.kept(curve)
    return last.used, slopes


def _range(expected: int, chance: int, slopes: Mapping[int, int], curve: Curve, most: int) -> Range:
    """Return the band: chance to come, and how well each age's share is known."""
    if curve.spread is None:
        return Range(expected, 0, most)
    doubt = sum(
        slope**2 * curve.shares[place] * (ONE - curve.shares[place]) // curve.seen[place]
        for place, slope in slopes.items()
        if curve.seen[place]
    )
    error = isqrt(curve.spread * (chance + doubt) // ONE**3)
    reach = error * BAND_REACH_MILLI // MILLI
    return Range(expected, max(expected - reach, 0), min(expected + reach, most))
