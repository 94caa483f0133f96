"""Which rhythm and which pauses describe a base best? A few rounds: fit, find pauses, fit again."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv

from station.analysis import lives as living
from station.analysis import pauses, rhythm_fit
from station.analysis.diary import Gaps, Past, evenly
from station.analysis.lives import Lives
from station.analysis.pauses import NONE, Onset, Pauses, Rhythm
from station.analysis.rhythm_model import Array, Fit
from station.analysis.rhythm_rows import Rows, distinct

STRANGER = Fit(k=1.0, r=1.0, alpha=20.0, a=1.0, b=3.0)
"""What is assumed where no vehicle has been seen yet; days."""
TINY = 1e-12
TURNS = 8
"""Steps that part pauses between quiet and other days."""


@dataclass(frozen=True, slots=True)
class PauseRules:
    """When a gap is a pause: longer than all three bounds. `tail` is of the vehicle's own rhythm.

    Only vehicles with `gaps_least` gaps are searched. Fewer than `pauses_least` pauses are no
    curve; so many, too, weigh the thought that quiet days are like others. Pauses are learnt from
    `vehicles_most` vehicles, evenly chosen.
    """

    gaps_least: int = 3
    days_least: float = 7.0
    factor: float = 2.5
    tail: float = 0.005
    rounds: int = 3
    pauses_least: int = 10
    longest_days: int = 400
    vehicles_most: int = 50_000


@dataclass(frozen=True, slots=True)
class _Found:
    """Pauses that ended: their place among the candidates' vehicles, days beyond the usual gap."""

    owner: npt.NDArray[np.int64]
    over: Array
    logs: Array  # by how much ln(gap) exceeds ln(usual gap)
    usual: Array
    from_day: Array


@dataclass(frozen=True, slots=True)
class _Base:
    """What does not change from round to round."""

    lives: Lives
    candidates: _Found
    gap_days: Array  # of the candidates
    plain_time: float  # ordinary days of all gaps, on which a pause could have begun
    quiet_time: float


def learn(
    past: Past,
    *,
    k: float | None = None,
    prior: float = 0.0,
    quiet_days: tuple[int, ...] = (),
    near: Rhythm | None = None,
    rules: PauseRules | None = None,
) -> Rhythm:
    """Return the rhythm of all vehicles of `past`.

    Args:
        past: what was known on a day.
        k: a given regularity; None fits it.
        prior: strength of the caution for small bases.
        quiet_days: day numbers on which pauses may begin oftener, in their order.
        near: the rhythm of a like base: from there one round is enough.
        rules: what counts as a pause.
    """
    rules = rules or PauseRules()
    few = evenly(np.arange(len(past.x)), rules.vehicles_most)
    some = past if len(few) == len(past.x) else past.chosen(few)
    found = _few_rounds(some, k, prior, near or _without_pauses(some, k, prior, quiet_days), rules)
    base = _base(past, quiet_days, rules)
    lives = _cut(base.lives, _find(found, base.lives, base, rules))
    lives = _cut(base.lives, _find(found, lives, base, rules))
    rows = _rows(lives, found)
    fitted = rhythm_fit.estimate(rows, k=k, prior=prior, some_pass=True, near=found.fitted)
    return replace(found, fitted=fitted)


def _without_pauses(
    past: Past, k: float | None, prior: float, quiet_days: tuple[int, ...]
) -> Rhythm:
    """Return a rough fit that knows of no pauses."""
    rows = _rows(living.of_past(past), None)
    rough = partial(rhythm_fit.estimate, rows, prior=prior, some_pass=True, is_rough=True)
    return Rhythm(rough(k=k), rough(k=1.0), NONE, quiet_days)


def _few_rounds(
    past: Past, k: float | None, prior: float, start: Rhythm, rules: PauseRules
) -> Rhythm:
    """Return a rough fit and the pauses, after a few rounds from one to the other."""
    base = _base(past, start.quiet_days, rules)
    lives, found = base.lives, start
    rough = partial(rhythm_fit.estimate, prior=prior, some_pass=True, is_rough=True)
    for _ in range(1 if start.pauses.seen else rules.rounds):
        held = _find(found, lives, base, rules)
        lives = _cut(base.lives, held)
        away = _still_away(found, lives, rules)
        found = replace(found, pauses=_pauses(held, away, base, found, rules))
        found = replace(found, fitted=rough(_rows(lives, found), k=k, near=found.fitted))
    if start.pauses.seen:
        memoryless = rough(_rows(base.lives, None), k=1.0, near=found.memoryless)
        found = replace(found, memoryless=memoryless)
    return found


def past_pauses(past: Past, found: Rhythm, rules: PauseRules | None = None) -> Array:
    """Return the days of past pauses of each vehicle of `past`, its rhythm being known."""
    rules = rules or PauseRules()
    base = _base(past, (), rules)  # when pauses begin does not matter here
    lives = base.lives
    for _ in range(2):
        lives = _cut(base.lives, _find(found, lives, base, rules))
    return lives.paused


def _rows(lives: Lives, found: Rhythm | None) -> Rows:
    """Return the histories in own time, few for many alike."""
    ones = np.ones(len(lives.x))
    mixture = (ones, np.zeros_like(ones))
    if found is not None and found.pauses.seen:
        mixture = pauses.as_mixture(found, lives)
    own = lives.own
    return distinct(Rows(lives.x, own, own + lives.silent, lives.log_gaps, ones, *mixture))


def _base(past: Past, quiet_days: tuple[int, ...], rules: PauseRules) -> _Base:
    lives = living.of_past(past)
    usual = np.maximum(np.where(lives.x >= rules.gaps_least, lives.usual, np.inf), 1.0)
    chosen = _long(past.gaps, usual, rules)
    own = usual[past.gaps.owner]
    searched = np.isfinite(own)
    ordinary = np.minimum(past.gaps.days, own)[searched]
    from_day = past.gaps.from_day[searched].astype(np.float64)
    quiet = pauses.quiet_between(quiet_days, from_day, ordinary)
    return _Base(
        lives=lives,
        candidates=_candidates(past.gaps, usual, chosen),
        gap_days=past.gaps.days[chosen].astype(np.float64),
        plain_time=float(ordinary.sum() - quiet.sum()),
        quiet_time=float(quiet.sum()),
    )


def _long(gaps: Gaps, usual: Array, rules: PauseRules) -> npt.NDArray[np.int64]:
    """Return the places of gaps that are long in days and for their vehicle."""
    long = np.flatnonzero(gaps.days > rules.days_least)
    return long[gaps.days[long] > rules.factor * usual[gaps.owner[long]]]


def _candidates(gaps: Gaps, usual: Array, chosen: npt.NDArray[np.int64]) -> _Found:
    owner, days = gaps.owner[chosen], gaps.days[chosen].astype(np.float64)
    own = usual[owner]
    from_day = gaps.from_day[chosen].astype(np.float64)
    return _Found(owner, days - own, np.log(days / own), own, from_day)


def _find(found: Rhythm, lives: Lives, base: _Base, rules: PauseRules) -> _Found:
    """Return the candidates that are too long for the rhythm of their vehicle as well.

    A vehicle that is irregular by itself is granted its own, lower regularity: its long gaps would
    be taken for pauses otherwise, and its silence for more than it is.
    """
    fitted, those = found.fitted, base.candidates
    mean = living.mean_gap(lives, fitted)
    owners, back = np.unique(those.owner, return_inverse=True)
    own = living.regularity(base.lives.chosen(owners), fitted.k)
    shape = np.minimum(own, fitted.k)
    bound = gammaincinv(shape, 1 - rules.tail) / shape * mean[owners]
    chosen = base.gap_days > bound[back]
    return _Found(*(getattr(those, name)[chosen] for name in _Found.__slots__))


def _cut(lives: Lives, held: _Found) -> Lives:
    """Return the lives with their pauses counted, and taken out of the logarithms of the gaps."""
    size = len(lives.x)
    return replace(
        lives,
        paused=np.bincount(held.owner, held.over, size).astype(np.float64),
        log_gaps=lives.log_gaps - np.bincount(held.owner, held.logs, size),
    )


@dataclass(frozen=True, slots=True)
class _Away:
    """Silences that may be pauses under way: days beyond the usual gap, and how likely."""

    over: Array
    chance: Array


def _still_away(found: Rhythm, lives: Lives, rules: PauseRules) -> _Away:
    """Return who may be pausing now; nobody before a curve is known."""
    if not found.pauses.seen:
        return _Away(np.empty(0), np.empty(0))
    usual = np.maximum(lives.usual, 1.0)
    long = np.maximum(rules.days_least, rules.factor * usual)
    may = np.flatnonzero((lives.x >= rules.gaps_least) & (lives.silent > long))
    chosen = lives.chosen(may)
    return _Away(chosen.silent - usual[may], pauses.share_paused(found, chosen))


def _pauses(held: _Found, away: _Away, base: _Base, found: Rhythm, rules: PauseRules) -> Pauses:
    """Return how pauses begin and last, from those that ended and those that may be under way."""
    seen = len(held.over)
    if seen < rules.pauses_least:
        return NONE
    on_quiet = _on_quiet_days(held, base, found.quiet_days)
    under_way = float(away.chance.sum())
    total = seen + under_way
    quiet = float(on_quiet.sum()) * total / seen
    time = base.plain_time + base.quiet_time
    usual_rate = total / max(time, TINY)
    caution = rules.pauses_least
    plain_rate = (total - quiet + caution) / (base.plain_time + caution / usual_rate)
    quiet_rate = (quiet + caution) / (base.quiet_time + caution / usual_rate)
    plain_curve = _onset(plain_rate, held.over, 1 - on_quiet, away, rules)
    enough = float(on_quiet.sum()) >= rules.pauses_least
    quiet_curve = _onset(quiet_rate, held.over, on_quiet, away, rules) if enough else plain_curve
    share = held.over.sum() / max(float(base.lives.t_x.sum()), TINY)
    return Pauses(plain_curve, replace(quiet_curve, rate=quiet_rate), float(share), seen)


def _on_quiet_days(held: _Found, base: _Base, quiet_days: tuple[int, ...]) -> Array:
    """Return the chance that each pause began on a quiet day: more of them, more of it."""
    if not quiet_days or not base.quiet_time:
        return np.zeros(len(held.over))
    quiet = pauses.quiet_between(quiet_days, held.from_day, held.usual)
    other = held.usual - quiet
    odds = 1.0
    chance = np.zeros(len(held.over))
    for _ in range(TURNS):
        chance = odds * quiet / np.maximum(odds * quiet + other, TINY)
        rest = (len(chance) - chance.sum()) / max(base.plain_time, TINY)
        odds = chance.sum() / base.quiet_time / max(rest, TINY)
    return chance


def _onset(rate: float, over: Array, weight: Array, away: _Away, rules: PauseRules) -> Onset:
    """Return the Kaplan-Meier curve of pauses, by whole days, and how it goes on."""
    size = rules.longest_days + 1
    ended = np.bincount(_whole(over, size), weight, size).astype(np.float64)
    share = weight.sum() / max(len(weight), 1)
    censored = np.bincount(_whole(away.over, size), away.chance * share, size)
    leaving = ended + censored
    at_risk = np.cumsum(leaving[::-1])[::-1]
    ends = np.divide(ended, at_risk, out=np.zeros(size), where=at_risk > TINY)
    days = int(np.flatnonzero(at_risk >= min(rules.pauses_least, at_risk[0]))[-1]) + 1
    curve = np.cumprod(1 - np.minimum(ends[:days], 1))
    return Onset(rate, tuple(np.append(1.0, curve[1:]).tolist()), _ending(ended, at_risk, curve))


def _whole(days: Array, size: int) -> npt.NDArray[np.int64]:
    return np.clip(np.ceil(days), 0, size - 1).astype(np.int64)


def _ending(ended: Array, at_risk: Array, curve: Array) -> float:
    """Return the chance a day that a long pause ends: of those beyond the median one."""
    half = int(np.searchsorted(-curve, -0.5))
    return float(max(ended[half:].sum() / max(at_risk[half:].sum(), TINY), 1 / 365))
