"""Which rules of points hold, in plain words, and what will be different from when on?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from station.loyalty import programme
from station.loyalty.conditions import When
from station.loyalty.programme import Basis, EarnRule, Version
from station.model import minor_per_major
from station.services.access import right
from station.services.ask import Ask
from station.services.points import rules

PARTS = ("earning", "expiry", "redeeming", "tiers", "offers")
"""The parts of a version that a change may concern."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as a sentence: its key in the catalogue and what fills it."""

    key: str
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Rules:
    """A version: its name, since when it holds, its rules, and which parts it changes."""

    name: str
    starts: date
    rules: tuple[Rule, ...]
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InForce:
    """The rules that hold, and the next ones; None: there are none."""

    now: Rules | None
    next: Rules | None


@right("points.report")
def in_force(ask: Ask, *, lang: str, day: date) -> InForce:
    """Return the rules that hold on a day and those that follow, in the words of a language."""
    with ask.db.reading() as conn:
        told = rules.told(conn, ask)
    known = sorted(told.versions, key=lambda version: version.starts)
    held = [version for version in known if version.starts <= day]
    later = [version for version in known if version.starts > day]
    now = held[-1] if held else None
    return InForce(
        _told(now, lang, None) if now else None, _told(later[0], lang, now) if later else None
    )


def _told(version: Version, lang: str, before: Version | None) -> Rules:
    changes = [part for part in PARTS if before and getattr(version, part) != getattr(before, part)]
    return Rules(version.name, version.starts, tuple(_rules(version, lang)), tuple(changes))


def _rules(version: Version, lang: str) -> Iterator[Rule]:
    earning = version.earning
    for rule in earning.rules:
        yield _earning(rule, lang, version.currency)
    for one in earning.multipliers:
        yield _named("rule_times", programme.word(one, lang), times=one.percent / 100)
    if earning.exclude:
        yield _rule("rule_exclude", words=" / ".join(_wanted(earning.exclude)))
    for part in ("line", "day", "month"):
        if (most := getattr(earning.caps, part)) is not None:
            yield _rule(f"rule_cap_{part}", points=most)
    yield _life(version)
    yield _redeeming(version)
    if version.tiers.levels:
        yield _rule(
            "rule_levels", names=" / ".join(programme.word(v, lang) for v in version.tiers.levels)
        )
    if version.offers:
        yield _rule("rule_offers", count=len(version.offers))


def _earning(rule: EarnRule, lang: str, currency: str) -> Rule:
    """Return an earning rule as the chain calls it, else told by its numbers."""
    if words := getattr(rule, lang):
        return _rule("rule_earn_named", name=words)
    of = currency if rule.of is Basis.MONEY else rule.of.value
    return _rule("rule_earn", name=rule.name, points=rule.points, per=rule.per, of=of)


def _wanted(excluded: tuple[When, ...]) -> Iterator[str]:
    for when in excluded:
        yield from (*when.words, *when.products, *when.fuels, *when.stations)


def _life(version: Version) -> Rule:
    rules = version.expiry
    return _rule(
        f"rule_life_{rules.life}" + ("_end" if rules.month_end else ""),
        months=rules.months,
        dates=", ".join(rules.dates),
    )


def _redeeming(version: Version) -> Rule:
    rules, currency = version.redeeming, version.currency
    worth = rules.worth.minor / minor_per_major(currency)
    return _rule(
        "rule_redeem",
        least=rules.least,
        step=rules.step,
        points=rules.worth.points,
        worth=f"{worth:,.2f} {currency}",
    )


def _named(key: str, name: str, **facts: object) -> Rule:
    return _rule(key, name=name, **facts)


def _rule(key: str, **facts: object) -> Rule:
    return Rule(f"page_loyalty.{key}", facts)
