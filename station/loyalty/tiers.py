"""Which level has a member, what is missing to the next, and when would he fall?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from station.loyalty.expiry import months_later
from station.loyalty.programme import Level, Measure, Period, TierRules, word
from station.model import MILLI, day_date, day_number, minor_per_major

MONTHS_OF: Mapping[Period, int] = {
    Period.MONTH: 1,
    Period.QUARTER: 3,
    Period.HALF_YEAR: 6,
    Period.YEAR: 12,
}
NONE = Level()
"""Under the lowest level."""


@dataclass(frozen=True, slots=True)
class Fall:
    """What happens to a level if nothing more comes: on which day it goes, and to which one.

    `keep` more by the evening before hold it; `is_near` tells that it is time to say so.
    """

    day: int
    to: Level
    keep: int
    is_near: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a member stands on a day; every number is in whole units of the measure.

    `have` is what counts today; nothing of it is lost for `days_left` more days. `missing` is what
    is wanted for the level `above`.
    """

    level: Level
    have: int
    days_left: int
    above: Level | None = None
    missing: int = 0
    fall: Fall | None = None


def standing(
    deeds: Mapping[int, int], rules: TierRules, day: int, currency: str = "CNY"
) -> Standing:
    """Return where a member stands at the end of a day.

    `deeds` is what he did on which day: fills, thousandths of a litre, minor units of money or
    grading points, as `rules.measure` says. What he spends lowers nothing.
    """
    unit = unit_of(rules.measure, currency)
    did = {when: amount for when, amount in deeds.items() if when <= day}
    level, have = held(did, rules, day, unit), score(did, rules, day)
    above = next((one for one in rules.levels if one.least > level.least), None)
    return Standing(
        level,
        have=have // unit,
        days_left=_first_loss(did, rules, day) - day - 1,
        above=above,
        missing=_up(above.least * unit - have, unit) if above else 0,
        fall=_fall(did, rules, day, unit),
    )


def told(standing: Standing, rules: TierRules, lang: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the sentences of a standing (key and facts): where he is, and what he may lose."""
    level, above, fall = standing.level, standing.above, standing.fall
    facts = {
        "level": word(level, lang),
        "have": standing.have,
        "wanted": (above or level).least,
        "above": word(above or level, lang),
        "days_left": standing.days_left,
    }
    place = "top" if above is None else "first" if level == NONE else "next"
    said = [(_key(rules, place), facts)]
    if fall and fall.is_near:
        loss = {"level": facts["level"], "to": word(fall.to, lang), "keep": fall.keep}
        name = "falls_out" if fall.to == NONE else "falls"
        said.append((_key(rules, name), loss | {"day": day_date(fall.day)}))
    return said


def _key(rules: TierRules, name: str) -> str:
    return f"tiers.{rules.measure.value}.{name}"


def unit_of(measure: Measure, currency: str) -> int:
    """Return how many of what is counted make one whole of a measure."""
    return {Measure.LITRES: MILLI, Measure.MONEY: minor_per_major(currency)}.get(measure, 1)


def held(deeds: Mapping[int, int], rules: TierRules, day: int, unit: int) -> Level:
    """Return the highest level that one of the scores that count on a day is enough for."""
    best = max(score(deeds, rules, judged) for judged in _judged(deeds, rules, day))
    reached = (level for level in reversed(rules.levels) if level.least * unit <= best)
    return next(reached, NONE)


def since(rules: TierRules, day: int) -> int:
    """Return the first day that says anything of the level on a day."""
    if rules.period is Period.ROLLING:
        return day - rules.days - rules.grace_days + 1
    return period_of(rules, period_of(rules, day)[0] - 1)[0]


def score(deeds: Mapping[int, int], rules: TierRules, day: int) -> int:
    """Return what counts on a day: what was done in its period up to it."""
    first = day - rules.days + 1 if rules.period is Period.ROLLING else period_of(rules, day)[0]
    return sum(amount for when, amount in deeds.items() if first <= when <= day)


def _judged(deeds: Mapping[int, int], rules: TierRules, day: int) -> Iterator[int]:
    """Yield the days whose scores decide: a score rises only on the day of a deed."""
    yield day
    if rules.period is not Period.ROLLING:
        yield period_of(rules, day)[0] - 1
    elif rules.grace_days:
        yield day - rules.grace_days
        yield from (when for when in deeds if day - rules.grace_days < when <= day)


def _fall(deeds: Mapping[int, int], rules: TierRules, day: int, unit: int) -> Fall | None:
    """Return the first loss of today's level if nothing more is done."""
    level = held(deeds, rules, day, unit)
    for turn in (one for one in _turns(deeds, rules, day) if one > day):
        after = held(deeds, rules, turn, unit)
        if after != level:
            keep = _up(level.least * unit - score(deeds, rules, turn - _given(rules)), unit)
            return Fall(turn, after, keep, is_near=turn - day <= rules.warn_days)
    return None


def _turns(deeds: Mapping[int, int], rules: TierRules, day: int) -> list[int]:
    """Return the days on which a level may be lost, in order."""
    if rules.period is Period.ROLLING:
        return sorted(when + rules.days + rules.grace_days for when in deeds)
    following = period_of(rules, day)[1] + 1
    return [following, period_of(rules, following)[1] + 1]


def _given(rules: TierRules) -> int:
    """Return how many days before a fall the score is asked that would have held it off."""
    return int(rules.period is not Period.ROLLING or rules.grace_days > 0)


def _first_loss(deeds: Mapping[int, int], rules: TierRules, day: int) -> int:
    if rules.period is not Period.ROLLING:
        return period_of(rules, day)[1] + 1
    return min((when for when in deeds if when > day - rules.days), default=day) + rules.days


def period_of(rules: TierRules, day: int) -> tuple[int, int]:
    """Return first and last day of the calendar period that a day lies in."""
    months, today = MONTHS_OF[rules.period], day_date(day)
    first = date(today.year, (today.month - 1) // months * months + 1, 1)
    return day_number(first), day_number(months_later(first, months)) - 1


def _up(amount: int, unit: int) -> int:
    return -(-amount // unit)
