"""Does calling bring customers back, beyond those who would have come anyway?

Compared is what was meant for each: whoever was to be called counts as called, reached or not.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from station.analysis import anytime, proportions
from station.analysis.proportions import UNKNOWN, Interval

DUE = {
    "customer_id": "int64",
    "station_id": "int64",
    "due_day": "int64",
    "is_held": "bool",
    "share": "float64",
    "p_return": "float64",
    "worth": "float64",
    "was_called": "bool",
    "returned": "bool",
    "litres": "float64",
    "gain": "float64",
}
"""Who fell due, by lot called or not, and what came of it within the days that were set before.

`share` is with which chance he was left uncalled, `p_return` how likely he was to come back, as the
engine said on that day, `worth` what he bought in a month before, `gain` what is kept of what he
bought within the days. Only those who were subject to the lot and whose days are over.
"""
STRATA = 3
"""Parts of equal size into which those due are cut by their chance to come back."""
ROUNDING = 1e-9
TUNED = 3_000
"""For about so many customers the limits of litres and gain are the closest that can be."""
WEEK = 7
ODD_SPREADS = 4
CONFIDENCE = 0.95
THURSDAY = 3
"""Weekday of day 0, 1970-01-01, where Monday is 0."""
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class EffectRules:
    """What is looked at, and when something is said.

    Counted is what comes of a customer in `outcome_days` after the day on which he fell due.
    `least_held` customers left uncalled are needed to speak of litres and gain, `least_ranked` in
    each group to rank by what calls do. `aim` is the effect for which the number of customers that
    are still needed is told.
    """

    outcome_days: int = 30
    least_held: int = 30
    least_ranked: int = 2_000
    aim: float = 0.08


@dataclass(frozen=True, slots=True)
class Effect:
    """What is known of calls: counts, shares that came back, and the effect with its limits.

    `called` and `held` are how many were to be called and left uncalled; `reached` and `leaked`
    how many of each really were called. `naive` is which part of those called came back, what a
    list of successes would show. `once` are limits for who looks once only, `always` hold at every
    look; `litres` and `gain` are what it brings to mean to call somebody. `is_odd`: so many were
    left uncalled that something else than the lot chose, too.
    """

    called: int
    held: int
    reached: int
    leaked: int
    rate_called: float
    rate_held: float
    naive: float
    once: Interval
    always: Interval
    litres: Interval
    gain: Interval
    sentence: str
    is_odd: bool = False

    @property
    def due(self) -> int:
        """How many were drawn."""
        return self.called + self.held


def measure(due: pd.DataFrame, rules: EffectRules | None = None) -> Effect:
    """Return what calls did, of all customers in `due` (frame DUE) together."""
    rules = rules or EffectRules()
    due = in_order(due)
    held = due["is_held"].to_numpy(dtype=bool)
    always = _always(due, CONFIDENCE)
    really = due["was_called"].to_numpy(dtype=bool)
    returned = due["returned"].to_numpy(dtype=bool)
    return Effect(
        called=int((~held).sum()),
        held=int(held.sum()),
        reached=int((really & ~held).sum()),
        leaked=int((really & held).sum()),
        rate_called=_share(returned[~held]),
        rate_held=_share(returned[held]),
        naive=_share(returned[really]),
        once=_once(due, _strata(due), CONFIDENCE),
        always=always,
        litres=_brought(due, "litres", rules),
        gain=_brought(due, "gain", rules),
        sentence=_sentence(always),
        is_odd=_is_odd(due),
    )


def in_order(due: pd.DataFrame) -> pd.DataFrame:
    """Return the customers in the order in which they fell due: what is said rests on it."""
    return due.sort_values(["due_day", "customer_id"], ignore_index=True)


def _share(marks: npt.NDArray[np.bool_]) -> float:
    return float(marks.mean()) if len(marks) else math.nan


def _is_odd(due: pd.DataFrame) -> bool:
    """Return whether so many were left uncalled as the lot does in one of 15,000 archives only."""
    share = due["share"].to_numpy(dtype=np.float64)
    off = abs(float(due["is_held"].sum() - share.sum()))
    return off > ODD_SPREADS * math.sqrt(float((share * (1 - share)).sum())) > 0


def _sentence(always: Interval) -> str:
    if always.low > 0:
        return "effect.works"
    return "effect.harms" if always.high < 0 else "effect.cannot_tell"


def _always(due: pd.DataFrame, confidence: float) -> Interval:
    """Return the effect pooled over strata, with limits for every look."""
    if not len(due):
        return UNKNOWN
    low, high = anytime.share_limits(due, np.array([len(due)]), confidence)
    return Interval(_once(due, _strata(due), confidence).at, float(low[0]), float(high[0]))


def _once(due: pd.DataFrame, number: Numbers, confidence: float) -> Interval:
    """Return the effect pooled over the strata of these numbers, with limits for one look."""
    strata = int(number.max(initial=-1)) + 1
    held, came = due["is_held"].to_numpy(dtype=bool), due["returned"].to_numpy(dtype=bool)

    def counted(those: npt.NDArray[np.bool_]) -> proportions.Array:
        return np.bincount(number[those], minlength=strata).astype(np.float64)

    hits = counted(~held & came), counted(held & came)
    return proportions.newcombe(hits, (counted(~held), counted(held)), confidence)


def _strata(due: pd.DataFrame) -> Numbers:
    """Return the number of each customer's stratum: his station and his third."""
    _, station = np.unique(due["station_id"].to_numpy(), return_inverse=True)
    return np.asarray(station * STRATA + thirds(due["p_return"]), dtype=np.int64)


def thirds(chance: pd.Series) -> Numbers:
    """Return in which third each lies by his chance to come back; 0 is the least likely.

    He is held against those who fell due before him only: what comes later moves nobody.
    """
    if not len(chance):
        return np.array([], dtype=np.int64)
    rank = chance.expanding().rank(pct=True).to_numpy(dtype=np.float64)
    return np.ceil(rank * STRATA - ROUNDING).clip(1, STRATA).astype(np.int64) - 1


def _brought(due: pd.DataFrame, what: str, rules: EffectRules) -> Interval:
    """Return what a call brings of litres or gain, with limits for every look."""
    held = due["is_held"].to_numpy(dtype=bool)
    if held.sum() < rules.least_held:
        return UNKNOWN
    amount, share, worth, chance = (
        due[name].to_numpy(dtype=np.float64) for name in (what, "share", "worth", "p_return")
    )
    told = np.column_stack([np.ones(len(due)), chance, worth, chance * worth])
    usual = told @ np.linalg.lstsq(told, amount, rcond=None)[0]  # what such a customer buys
    each = anytime.told(amount, held, share, usual)
    return anytime.mean_limits(
        each,
        int(held.sum()),
        confidence=CONFIDENCE,
        least=rules.least_held,
        tuned=TUNED,
    )


def path(due: pd.DataFrame, rules: EffectRules | None = None) -> pd.DataFrame:
    """Return what was known at the end of each week: day, due, at, low and high.

    `day` is a week's last; a customer is known once his days are over.
    """
    rules = rules or EffectRules()
    if not len(due):
        return pd.DataFrame({name: [] for name in ("day", "due", "at", "low", "high")})
    due = in_order(due)
    known = due["due_day"].to_numpy() + rules.outcome_days
    sundays = known + WEEK - 1 - (known + THURSDAY) % WEEK
    days = np.arange(sundays[0], sundays[-1] + 1, WEEK)
    ends = np.searchsorted(sundays, days, side="right")
    low, high = anytime.share_limits(due, ends, CONFIDENCE)
    number = _strata(due)
    at = [_once(due[:end], number[:end], CONFIDENCE).at for end in ends.tolist()]
    return pd.DataFrame({"day": days, "due": ends, "at": at, "low": low, "high": high})


def by(due: pd.DataFrame, column: str, rules: EffectRules | None = None) -> dict[int, Effect]:
    """Return what calls did in each group of a column, such as station_id."""
    return {int(str(value)): measure(rows, rules) for value, rows in due.groupby(column)}


def needed(effect: Effect, rules: EffectRules, share: float) -> int:
    """Return about how many must fall due until an effect of `aim` is seen four times in five.

    It counts for one look; who looks every week needs nearly twice as many.
    """
    if share <= 0:
        return 0
    base = effect.rate_held if effect.held >= rules.least_held else 0.5 - rules.aim / 2
    aimed = min(base + rules.aim, 1.0)
    if aimed <= base:
        return 0
    return sum(proportions.needed(base, aimed, share=share, confidence=CONFIDENCE))


@dataclass(frozen=True, slots=True)
class Ranking:
    """Whether calls do more for some than for others; `best` is the order of the thirds, if so."""

    is_proven: bool
    groups: tuple[Effect, ...]
    best: tuple[int, ...]


def ranking(due: pd.DataFrame, rules: EffectRules | None = None) -> Ranking:
    """Return whether those due may be ranked by what a call does, and in which order.

    They may once each arm has `least_ranked` customers and what calls do for two of the thirds
    differs at every look: the limits of one lie above those of the other, with the doubt shared
    out over the three.
    """
    rules = rules or EffectRules()
    due = in_order(due)
    third = thirds(due["p_return"])
    doubt = (1 - CONFIDENCE) / STRATA
    parts = [due[third == number] for number in range(STRATA)]
    found = [_always(part, 1 - doubt) for part in parts]
    held = int(due["is_held"].sum())
    is_enough = min(held, len(due) - held) >= rules.least_ranked
    is_apart = max(each.low for each in found) > min(each.high for each in found)
    is_proven = bool(is_enough and is_apart)
    groups = tuple(measure(part, rules) for part in parts)
    return Ranking(is_proven, groups, _order(found) if is_proven else ())


def _order(found: Sequence[Interval]) -> tuple[int, ...]:
    return tuple(sorted(range(len(found)), key=lambda number: -found[number].at))
