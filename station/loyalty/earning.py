"""How many points does a sale earn, why, and how many go back when it is taken back?"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import prod
from typing import Any

from station.loyalty import expiry
from station.loyalty.conditions import holds
from station.loyalty.programme import (
    Basis,
    Count,
    EarnRule,
    EarnRules,
    Event,
    Over,
    Rounding,
    Stacking,
    Version,
    word,
)
from station.model import DAY_S, MILLI, Fuel, Sale, Unit, minor_per_major

PERCENT = 100
HOUR_S = 3600
ONCE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a receipt as the rules see it.

    `day` and `hour` are those of the station's clock (-1: no clock time). `card` is the kind of the
    card shown, `points_minor` what of the amount was paid with points.
    """

    sale_id: int
    day: int
    product: str
    fuel: Fuel
    unit: Unit
    quantity_milli: int
    amount_minor: int
    currency: str
    station: str = ""
    card: str = ""
    hour: int = -1
    points_minor: int = 0

    @classmethod
    def of(cls, sale_id: int, sale: Sale, card: str = "", points_minor: int = 0) -> "Line":
        """Return a sale as the rules see it."""
        return cls(
            sale_id=sale_id,
            day=sale.local_at // DAY_S,
            hour=sale.local_at % DAY_S // HOUR_S if sale.has_time else -1,
            product=sale.product,
            fuel=sale.fuel,
            unit=sale.unit,
            quantity_milli=sale.quantity_milli,
            amount_minor=sale.amount_minor,
            currency=sale.currency,
            station=sale.station,
            card=card,
            points_minor=points_minor,
        )


@dataclass(frozen=True, slots=True)
class Member:
    """What the rules must know of a member before a sale.

    `birthday` is month and day as one number, 0 if nobody knows it. `earned_day` and `earned_month`
    are his points of the day and of the calendar month so far. `counted` is what each rule that
    adds up over all sales has counted so far, in thousandths or minor units.
    """

    joined_day: int = 0
    level: str = ""
    grade: str = ""
    birthday: int = 0
    earned_day: int = 0
    earned_month: int = 0
    counted: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Award:
    """What a line earns, and everything that made it so: the same again gives the same points.

    `base_points` is what the rule gave before multipliers and caps; it counts for the level. The
    rule counted `counted` of the line after `before` of others. `reason` is a key of
    locale/*/earning.toml.
    """

    sale_id: int
    reason: str
    points: int = 0
    base_points: int = 0
    expires_day: int | None = None
    rule: str = ""
    multipliers: tuple[str, ...] = ()
    times: Fraction = ONCE
    before: int = 0
    counted: int = 0
    lost: int = 0

    @property
    def cause(self) -> str:
        """The name of the entry in the ledger: one sale earns once."""
        return f"earn:{self.sale_id}"


def earn(
    lines: Sequence[Line], member: Member, version: Version, earlier: Sequence[Line] = ()
) -> tuple[Award, ...]:
    """Return what each line of one receipt earns, in the order of their ids.

    `earlier` are lines of the same receipt that earned before, where it did not come in at once.
    """
    told = list[Award]()
    receipt = _begun(earlier, member, version)
    for line in sorted(lines, key=lambda line: line.sale_id):
        facts = facts_of(line, member)
        counted = concerned(line, facts, version)
        award = _award(line, facts, version, _Counts(counted, receipt, member))
        told.append(_capped(award, member, version, told))
        for name, amount in (counted or {}).items():
            receipt[name] = receipt.get(name, 0) + amount
    return tuple(told)


def remaining(award: Award, left: Line, version: Version) -> Award:
    """Return what an award still is when only `left` of its line remains; the rest is taken back.

    A member keeps what the rest would have earned alone, and no more than the line did: parts that
    are taken back one by one take what the whole takes.
    """
    rule = next((rule for rule in version.earning.rules if rule.name == award.rule), None)
    rest = measured(left, rule, version) if rule else 0

    def kept(points: int, times: Fraction) -> int:
        own = grown(rule, award.before, rest, times, version.currency) if rule and rest else 0
        return min(points, int(own))

    return replace(
        award,
        points=kept(award.points, award.times),
        base_points=kept(award.base_points, ONCE),
        counted=rest,
    )


def gift(event: Event, given_this_year: int, version: Version) -> int:
    """Return the points that an event gives a member who had so many of them this year."""
    found = (gift for gift in version.earning.gifts if gift.event is event)
    return sum(gift.points for gift in found if given_this_year < gift.most_per_year)


def told(award: Award, version: Version, lang: str) -> dict[str, Any]:
    """Return the facts of an award's sentence, its rule and multipliers by their words."""
    rules = {rule.name: rule for rule in version.earning.rules}
    multipliers = {multiplier.name: multiplier for multiplier in version.earning.multipliers}
    times = award.times * PERCENT
    return {
        "points": award.points,
        "base_points": award.base_points,
        "would": award.points + award.lost,
        "lost": award.lost,
        "rule": word(rules[award.rule], lang) if award.rule else "",
        "multipliers": " + ".join(word(multipliers[name], lang) for name in award.multipliers),
        "percent": times.numerator // times.denominator,
    }


def _begun(earlier: Sequence[Line], member: Member, version: Version) -> dict[str, int]:
    """Return what each rule that adds up over a receipt has counted of its earlier lines."""
    receipt = dict[str, int]()
    over = {rule.name for rule in version.earning.rules if rule.over is Over.RECEIPT}
    for line in earlier:
        for name, amount in (concerned(line, facts_of(line, member), version) or {}).items():
            if name in over:
                receipt[name] = receipt.get(name, 0) + amount
    return receipt


# --- one line -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Counts:
    """What each rule counts of a line, and has counted of the receipt and of the member before."""

    line: Mapping[str, int] | None
    receipt: Mapping[str, int]
    member: Member

    def before(self, rule: EarnRule) -> int:
        here, ever = self.receipt.get(rule.name, 0), self.member.counted.get(rule.name, 0)
        return {Over.LINE: 0, Over.RECEIPT: here, Over.MEMBER: ever + here}[rule.over]


def concerned(line: Line, facts: Mapping[str, Any], version: Version) -> dict[str, int] | None:
    """Return what each rule that concerns a line counts of it; none if the line is excluded."""
    rules = version.earning
    if any(holds(when, facts) for when in rules.exclude):
        return None
    found = (rule for rule in rules.rules if holds(rule.when, facts))
    counted = {rule.name: measured(line, rule, version) for rule in found}
    return {name: amount for name, amount in counted.items() if amount}


def _award(line: Line, facts: Mapping[str, Any], version: Version, counts: _Counts) -> Award:
    """Return what a line earns before caps: by the rule that gives most, the first of equals."""
    counted = counts.line
    if not counted:
        return Award(line.sale_id, "excluded" if counted is None else "no_rule")
    found = {rule.name: rule for rule in version.earning.rules if rule.name in counted}
    names, times = multiplied(version.earning, facts)

    def points(name: str, times: Fraction) -> int:
        before = counts.before(found[name])
        return int(grown(found[name], before, counted[name], times, version.currency))

    best = max(found, key=lambda name: points(name, times))
    return Award(
        line.sale_id,
        "multiplied" if times != ONCE else "earned",
        points=points(best, times),
        base_points=points(best, ONCE),
        expires_day=expiry.expires_day(line.day, counts.member.joined_day, version.expiry),
        rule=best,
        multipliers=names,
        times=times,
        before=counts.before(found[best]),
        counted=counted[best],
    )


def _capped(award: Award, member: Member, version: Version, told: Iterable[Award]) -> Award:
    """Return an award within what its member may still earn."""
    caps, sofar = version.earning.caps, sum(award.points for award in told)
    used = {"line": 0, "day": member.earned_day + sofar, "month": member.earned_month + sofar}
    rooms = [
        most - spent for name, spent in used.items() if (most := getattr(caps, name)) is not None
    ]
    points = max(min([award.points, *rooms]), 0)
    if points < award.points:
        return replace(award, points=points, lost=award.points - points, reason="capped")
    return replace(award, reason="too_small") if award.rule and not points else award


def facts_of(line: Line, member: Member) -> dict[str, Any]:
    """Return what conditions may ask of a line and its member."""
    return {
        "fuel": line.fuel,
        "product": line.product,
        "station": line.station,
        "card": line.card,
        "day": line.day,
        "hour": line.hour,
        "level": member.level,
        "grade": member.grade,
        "birthday": member.birthday,
    }


# --- counting, in whole numbers -------------------------------------------------------------------


def measured(line: Line, rule: EarnRule, version: Version) -> int:
    """Return what a rule counts of a line: nothing of another unit or currency, nor of a refund.

    What was paid with points earns none, unless the version says so.
    """
    in_money = rule.of is Basis.MONEY
    value = line.amount_minor if in_money else line.quantity_milli
    fits = line.currency == version.currency if in_money else line.unit.value == rule.of.value
    if not fits or line.quantity_milli < 0 or line.amount_minor <= 0:
        return 0
    paid = 0 if version.earning.earns_on_points else line.points_minor
    return value * max(line.amount_minor - paid, 0) // line.amount_minor


def multiplied(rules: EarnRules, facts: Mapping[str, Any]) -> tuple[tuple[str, ...], Fraction]:
    """Return the multipliers that count and what they make of a point together."""
    found = {m.name: m.percent for m in rules.multipliers if holds(m.when, facts)}
    if rules.stacking is Stacking.HIGHEST and found:
        best = max(found, key=lambda name: found[name])
        found = {best: found[best]}
    return tuple(found), stacked(rules.stacking, found.values())


def stacked(stacking: Stacking, percents: Iterable[int]) -> Fraction:
    """Return what multipliers that hold at once are worth; none at all is once."""
    return STACKS[stacking]([Fraction(percent, PERCENT) for percent in percents])


def _highest(times: list[Fraction]) -> Fraction:
    return max(times, default=ONCE)


def _product(times: list[Fraction]) -> Fraction:
    return prod(times, start=ONCE)


def _sum(times: list[Fraction]) -> Fraction:
    return max(sum((part - ONCE for part in times), start=ONCE), Fraction(0))


STACKS: Mapping[Stacking, Callable[[list[Fraction]], Fraction]] = {
    Stacking.HIGHEST: _highest,
    Stacking.MULTIPLY: _product,
    Stacking.ADD: _sum,
}
ROUNDINGS: Mapping[Rounding, Callable[[Any, Any], Any]] = {
    Rounding.DOWN: lambda part, whole: part // whole,
    Rounding.HALF_UP: lambda part, whole: (2 * part + whole) // (2 * whole),
    Rounding.UP: lambda part, whole: -(-part // whole),
}
"""Of whole numbers, or of arrays of them."""


def grown(rule: EarnRule, before: Any, counted: Any, times: Fraction, currency: str) -> Any:
    """Return the points by which `counted` after `before` is more than `before` alone.

    So remainders are lost only at the end, and the parts of a receipt earn what the whole earns.
    """
    return total(rule, before + counted, times, currency) - total(rule, before, times, currency)


def total(rule: EarnRule, counted: Any, times: Fraction, currency: str) -> Any:
    """Return the points that a rule gives for `counted`, a whole number or an array of them."""
    rounded = ROUNDINGS[rule.rounding]
    portion = rule.per * (minor_per_major(currency) if rule.of is Basis.MONEY else MILLI)
    if rule.count is Count.WHOLE:
        counted, portion = rounded(counted, portion), 1
    return rounded(counted * rule.points * times.numerator, portion * times.denominator)
