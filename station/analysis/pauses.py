"""Is a silence an ordinary gap, a pause (holiday, workshop), or the end?

A regular who pauses looks lost to a model without pauses. Here a gap is either ordinary (rhythm) or
ordinary and then a pause. Pauses begin at a rate a day, higher on quiet days (public holidays), and
last as long as pauses of this base lasted: a Kaplan-Meier curve in which who is still away counts
as far as his silence is likely to be a pause. Own derivation; docs/en/method.md has the formulas.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv

from station.analysis import rhythm_count
from station.analysis.lives import Lives
from station.analysis.rhythm_model import Array, Fit, open_gap, shared
from station.analysis.rhythm_rows import coded

LONGEST_DAYS = 36_500.0
"""A silence beyond a century is not told apart."""
HALVINGS = 60
CLOSE_DAYS, TINY = 1e-10, 1e-300
RETURNS = (0.9, 0.7, 0.5, 0.3, 0.1)
"""Shares of pauses still under way at the moments that stand for all returns."""


@dataclass(frozen=True, slots=True)
class Onset:
    """How pauses of one sort begin and last: the rate a day, and the chance to last n days.

    Beyond the last day of the curve a pause ends with the constant chance `ending` a day.
    """

    rate: float
    curve: tuple[float, ...] = (1.0,)
    ending: float = 1.0

    def lasts(self, days: Array) -> Array:
        """Return the chance that a pause lasts longer than `days`; 1 below 0."""
        end = len(self.curve) - 1.0
        within = np.interp(days, np.arange(end + 1), self.curve)
        return np.asarray(within * np.exp(-self.ending * np.maximum(days - end, 0)))

    def until(self, chance: Array) -> Array:
        """Return the days after which a pause still lasts with at most `chance` (0 to 1)."""
        falling = np.asarray(self.curve)
        within = np.interp(chance, falling[::-1], np.arange(len(falling))[::-1])
        last = falling[-1]
        beyond = np.log(np.maximum(last, TINY) / np.maximum(chance, TINY)) / self.ending
        return np.where(chance < last, len(falling) - 1 + np.maximum(beyond, 0), within)


@dataclass(frozen=True, slots=True)
class Pauses:
    """The pauses of a base: on other days, on quiet days, and what share of time they took."""

    plain: Onset
    quiet: Onset
    share_of_time: float = 0.0
    seen: int = 0


NONE = Pauses(Onset(0.0), Onset(0.0))


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How the vehicles of a base come: their gaps, the same taken as memoryless, their pauses.

    `quiet_days` are the day numbers on which pauses begin oftener.
    """

    fitted: Fit
    memoryless: Fit
    pauses: Pauses = NONE
    quiet_days: tuple[int, ...] = ()

    @classmethod
    def without_pauses(cls, fitted: Fit) -> "Rhythm":
        """Return the rhythm of a base of which no pauses are known."""
        return cls(fitted, fitted)


@dataclass(frozen=True, slots=True)
class _Open:
    """What stays the same while the silence of `lives` grows."""

    rhythm: Rhythm
    shape: Array
    before: Array  # alpha + own time
    left: Array  # odds that the vehicle left at its last visit
    usual: Array
    plain: Array  # chance that this gap is a plain pause
    quiet: Array

    def without_pauses(self, silent: Array) -> Array:
        """Return the chance that an ordinary gap is still open."""
        return open_gap(self.shape, self.rhythm.fitted.k, self.before / (self.before + silent))

    def ordinary(self, silent: Array) -> Array:
        """Return the chance that the gap is ordinary and still open."""
        return np.asarray((1 - self.plain - self.quiet) * self.without_pauses(silent))

    def paused(self, silent: Array) -> Array:
        """Return the chance that the gap is a pause and still open."""
        pauses, over = self.rhythm.pauses, silent - self.usual
        if not pauses.seen:
            return np.zeros_like(over)
        quiet = self.quiet * pauses.quiet.lasts(over) if self.rhythm.quiet_days else 0.0
        return np.asarray(self.plain * pauses.plain.lasts(over) + quiet)

    def still(self, silent: Array) -> Array:
        """Return the chance that the gap is still open."""
        return self.ordinary(silent) + self.paused(silent)


def p_alive(rhythm: Rhythm, lives: Lives) -> Array:
    """Return the probability that each vehicle has not left for good."""
    opened = _open(rhythm, lives)
    return _alive(opened.still(lives.silent), opened.left)


def p_visit(rhythm: Rhythm, lives: Lives, horizon: float) -> Array:
    """Return the probability of a visit within `horizon` days, the vehicle perhaps lost."""
    opened = _open(rhythm, lives)
    now, later = opened.still(lives.silent), opened.still(lives.silent + horizon)
    return _comes(now, later, opened.left)


def three_views(rhythm: Rhythm, lives: Lives, horizon: float) -> tuple[Array, Array, Array]:
    """Return P(visit) as if there were no pauses, P(visit) and P(alive) at the price of one."""
    opened = _open(rhythm, lives)
    ordinary = 1 - opened.plain - opened.quiet
    gaps = [opened.without_pauses(lives.silent + ahead) for ahead in (0, horizon)]
    now, later = (
        ordinary * gap + opened.paused(lives.silent + ahead)
        for gap, ahead in zip(gaps, (0, horizon), strict=True)
    )
    left = opened.left
    return _comes(gaps[0], gaps[1], left), _comes(now, later, left), _alive(now, left)


def alarm_gap(rhythm: Rhythm, lives: Lives, p: float) -> Array:
    """Return the silence at which P(alive) falls to `p`; it depends on the last visit only."""
    opened = _open(rhythm, lives)
    wanted = opened.left * p / (1 - p)
    low = _ordinary_until(opened, wanted)
    high = _beyond(opened, wanted, low)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        is_open = opened.still(middle) > wanted
        low, high = np.where(is_open, middle, low), np.where(is_open, high, middle)
        if not (high - low > CLOSE_DAYS).any():
            break
    return high


def alarm_days(rhythm: Rhythm, lives: Lives, p: float) -> npt.NDArray[np.int64]:
    """Return the first whole day of silence on which P(alive) is at or below `p`."""
    few, back = _distinct(rhythm, lives)
    opened = _open(rhythm, few)
    wanted = opened.left * p / (1 - p)
    low = np.ceil(_ordinary_until(opened, wanted)) - 1  # still open, or the day before the visit
    high = np.ceil(_beyond(opened, wanted, low + 1))
    seeking = np.flatnonzero(high - low > 1)
    while seeking.size:
        part = _some(opened, seeking)
        middle = np.floor((low[seeking] + high[seeking]) / 2)
        is_open = part.still(middle) > wanted[seeking]
        low[seeking[is_open]] = middle[is_open]
        high[seeking[~is_open]] = middle[~is_open]
        seeking = seeking[high[seeking] - low[seeking] > 1]
    return np.asarray(high[back], dtype=np.int64)


def expected_visits(rhythm: Rhythm, lives: Lives, horizon: float) -> Array:
    """Return the expected visit-days within `horizon`, the vehicle perhaps lost or pausing.

    Own time passes slower than the calendar by the share that pauses take; who is pausing now
    first has to return.
    """
    opened = _open(rhythm, lives)
    fitted, paused = rhythm.fitted, opened.paused(lives.silent)
    ordinary = opened.ordinary(lives.silent)
    either = np.maximum(ordinary + paused + opened.left, TINY)
    now = lives.own + lives.silent
    ahead = horizon * (1 - rhythm.pauses.share_of_time)
    coming = rhythm_count.expected_visits(fitted, lives.x, lives.own, now, ahead)
    alone = _alive(opened.without_pauses(lives.silent), fitted.odds_left(lives.x))
    expected = ordinary / either * coming / np.maximum(alone, TINY)
    if rhythm.pauses.seen:
        expected += paused / either * _after_pause(rhythm, lives, opened, horizon)
    return np.asarray(expected)


def _after_pause(rhythm: Rhythm, lives: Lives, opened: _Open, horizon: float) -> Array:
    """Return the expected visit-days of who is pausing: the return, and what follows it."""
    fitted, onset = rhythm.fitted, rhythm.pauses.plain
    over = np.maximum(lives.silent - opened.usual, 0)
    start = lives.own + opened.usual
    total = np.zeros_like(over)
    for share in RETURNS:
        returns = onset.until(onset.lasts(over) * share) + opened.usual - lives.silent
        left = np.maximum(horizon - np.maximum(returns, 0), 0)
        more = rhythm_count.expected_visits(fitted, lives.x + 1, start, start, left)
        total += np.where(returns <= horizon, 1 + more, 0) / len(RETURNS)
    return total


def usual_gap(rhythm: Rhythm, lives: Lives, gaps_least: int = 3) -> Array:
    """Return each vehicle's median gap; where it has few, the one its rhythm lets expect."""
    few = ~(lives.x >= gaps_least)
    usual = lives.usual.copy()
    if few.any():
        codes = lives.own[few] * 8 + lives.x[few]  # below 3 visits, and days count in halves
        _, first, back = np.unique(codes, return_index=True, return_inverse=True)
        x, own = lives.x[few][first], lives.own[few][first]
        shape, before = rhythm.fitted.shape(x), rhythm.fitted.alpha + own
        share = betaincinv(shape, rhythm.fitted.k, 0.5)
        expected = before / np.maximum(share, 1e-12) - before
        usual[few] = np.minimum(expected, LONGEST_DAYS)[back]
    return np.maximum(usual, 1.0)


def share_paused(rhythm: Rhythm, lives: Lives) -> Array:
    """Return the chance that each open gap is a pause, given that it is open."""
    opened = _open(rhythm, lives)
    paused = opened.paused(lives.silent)
    either = opened.ordinary(lives.silent) + paused + opened.left
    return np.asarray(paused / np.where(either > 0, either, 1))


def as_mixture(rhythm: Rhythm, lives: Lives) -> tuple[Array, Array]:
    """Return the chances that an open gap is ordinary, and that it is a pause open until now."""
    opened = _open(rhythm, lives)
    return 1 - opened.plain - opened.quiet, opened.paused(lives.silent)


def onsets(rhythm: Rhythm, from_day: Array, usual: Array) -> tuple[Array, Array]:
    """Return the chances that a gap from `from_day` on turns into a plain and a quiet pause."""
    pauses = rhythm.pauses
    if not pauses.seen:
        return np.zeros_like(usual), np.zeros_like(usual)
    quiet_days = quiet_between(rhythm.quiet_days, from_day, usual)
    plain, quiet = pauses.plain.rate * (usual - quiet_days), pauses.quiet.rate * quiet_days
    total = plain + quiet
    turns = -np.expm1(-total) / np.where(total > 0, total, 1)
    return turns * plain, turns * quiet


def quiet_between(quiet_days: tuple[int, ...], from_day: Array, length: Array) -> Array:
    """Return how many quiet days lie within `length` days after `from_day`."""
    if not quiet_days:
        return np.zeros_like(length)
    known = np.asarray(quiet_days, dtype=np.float64)
    count = np.searchsorted(known, from_day + length, side="right")
    count -= np.searchsorted(known, from_day, side="right")
    return np.minimum(count.astype(np.float64), length)


def _open(rhythm: Rhythm, lives: Lives) -> _Open:
    usual = usual_gap(rhythm, lives)
    plain, quiet = onsets(rhythm, lives.last_day, usual)
    return _Open(
        rhythm=rhythm,
        shape=rhythm.fitted.shape(lives.x),
        before=rhythm.fitted.alpha + lives.own,
        left=rhythm.fitted.odds_left(lives.x),
        usual=usual,
        plain=plain,
        quiet=quiet,
    )


def _some(opened: _Open, place: npt.NDArray[np.int64]) -> _Open:
    columns = (getattr(opened, name)[place] for name in _Open.__slots__[1:])
    return _Open(opened.rhythm, *columns)


def _comes(now: Array, later: Array, left: Array) -> Array:
    either = now + left
    return np.clip((now - later) / np.where(either > 0, either, 1), 0, 1)


def _alive(still: Array, left: Array) -> Array:
    either = still + left
    return np.where(left > 0, still / np.where(either > 0, either, 1), 1.0)


def _beyond(opened: _Open, wanted: Array, low: Array) -> Array:
    """Return a silence from `low` on at which the gap is open with at most the chance `wanted`."""
    high = low.copy()
    seeking = np.arange(len(low)) if opened.rhythm.pauses.seen else np.empty(0, dtype=np.int64)
    step = 1.0
    while seeking.size:
        is_open = _some(opened, seeking).still(high[seeking]) > wanted[seeking]
        seeking = seeking[is_open & (high[seeking] < LONGEST_DAYS)]
        high[seeking] += step
        step *= 2
    return np.minimum(high, LONGEST_DAYS)


def _ordinary_until(opened: _Open, wanted: Array) -> Array:
    """Return the silence at which the chance of an open ordinary gap alone falls to `wanted`."""
    ordinary = 1 - opened.plain - opened.quiet
    chance = np.minimum(wanted / np.maximum(ordinary, 1e-12), 1)
    share = shared(betaincinv, opened.shape, opened.rhythm.fitted.k, chance)
    gap = opened.before / np.maximum(share, 1e-12) - opened.before
    return np.minimum(gap, LONGEST_DAYS)


def _distinct(rhythm: Rhythm, lives: Lives) -> tuple[Lives, npt.NDArray[np.int64]]:
    """Return the lives that differ in what an alarm depends on, and which of them each one is."""
    columns = [lives.x, lives.own, np.nan_to_num(lives.usual)]
    if rhythm.pauses.seen and rhythm.quiet_days:
        columns += [quiet_between(rhythm.quiet_days, lives.last_day, usual_gap(rhythm, lives))]
    _, first, back = np.unique(coded(*columns), return_index=True, return_inverse=True)
    return lives.chosen(first), np.asarray(back)
