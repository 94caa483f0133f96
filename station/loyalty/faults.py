"""Which rule of a programme cannot be, and what is to be done about it?

Three tables: between what a number lies, what a part must be in itself, and what several parts
must be to each other. A fault names its place as in config.yaml: `programme.versions.1.starts`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from itertools import pairwise
from typing import Any
from zoneinfo import available_timezones

from station.loyalty.conditions import When
from station.loyalty.programme import (
    Caps,
    EarnRule,
    EarnRules,
    ExpiryRules,
    Gift,
    Level,
    Life,
    Multiplier,
    Offer,
    Programme,
    RedeemRules,
    TierRules,
    Version,
    Worth,
)

MOST = 10**9
LEAP_YEAR = 2000
HOURS = 24
LONGEST_NAME = 40
GRADES = ("A", "B", "C", "D")
CURRENCY = re.compile(r"[A-Z]{3}")
MONTH_DAY = re.compile(r"\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that cannot be: a key of locale/*/programme.toml; the fact `key` is its place."""

    key: str
    facts: Mapping[str, Any]


NUMBERS: Mapping[type, Mapping[str, tuple[int, int]]] = {
    EarnRule: {"points": (1, 1_000), "per": (1, 1_000_000)},
    Multiplier: {"percent": (0, 1_000)},
    Gift: {"points": (1, 1_000_000), "most_per_year": (1, 366)},
    Caps: {"line": (1, MOST), "day": (1, MOST), "month": (1, MOST)},
    ExpiryRules: {"months": (0, 120)},
    Worth: {"points": (1, 1_000_000), "minor": (1, MOST)},
    RedeemRules: dict.fromkeys(("least", "step", "most_day", "most_month"), (1, MOST)),
    Level: {"least": (0, MOST)},
    TierRules: {"days": (1, 3_660), "grace_days": (0, 366), "warn_days": (0, 366)},
    Offer: {
        **dict.fromkeys(("points", "off_minor", "least_minor"), (0, MOST)),
        **dict.fromkeys(("stock", "stock_station", "budget_station_minor"), (0, MOST)),
        **dict.fromkeys(("most_off_minor", "most_member"), (1, MOST)),
        "off_percent": (0, 100),
        "valid_days": (1, 3_660),
    },
}
"""Between what each number lies; none of a limit is no limit."""
MONTH_DAYS = frozenset(range(1, 32))


def _is_no_name(named: Any) -> bool:
    return not named.name.strip() or len(named.name) > LONGEST_NAME


def _are_no_hours(when: When) -> bool:
    is_pair = len(when.hours) in {0, 2}
    return not is_pair or any(not 0 <= h <= HOURS for h in when.hours) or len(set(when.hours)) == 1


def _are_no_dates(rules: ExpiryRules) -> bool:
    return not all(map(_is_date, rules.dates))


def _is_date(text: str) -> bool:
    try:
        return bool(MONTH_DAY.fullmatch(text) and date(LEAP_YEAR, *map(int, text.split("-"))))
    except ValueError:
        return False


def _ends_first(when: When) -> bool:
    return bool(when.starts and when.ends and when.ends < when.starts)


def _is_blank(when: When) -> bool:
    texts = (when.products, when.words, when.stations, when.cards, when.levels)
    return any(not text.strip() for some in texts for text in some)


Check = tuple[str, str, Callable[[Any], bool]]
PARTS: Mapping[type, tuple[Check, ...]] = {
    EarnRule: (("name", "name", _is_no_name),),
    Multiplier: (("name", "name", _is_no_name),),
    Level: (("name", "name", _is_no_name),),
    Programme: (("zone", "zone", lambda p: p.zone not in available_timezones()),),
    Version: (
        ("name", "name", _is_no_name),
        ("starts", "no_start", lambda v: v.starts == date.max),
        ("currency", "currency", lambda v: not CURRENCY.fullmatch(v.currency)),
    ),
    When: (
        ("hours", "hours", _are_no_hours),
        ("month_days", "month_days", lambda w: not set(w.month_days) <= MONTH_DAYS),
        ("grades", "grades", lambda w: not set(w.grades) <= set(GRADES)),
        ("ends", "ends_first", _ends_first),
        ("", "blank", _is_blank),
    ),
    ExpiryRules: (
        ("dates", "dates", _are_no_dates),
        ("dates", "no_dates", lambda e: e.life is Life.DATES and not e.dates),
        ("dates", "idle", lambda e: e.life is not Life.DATES and bool(e.dates)),
        ("months", "no_months", lambda e: e.life is Life.ROLLING and not e.months),
        ("months", "idle", lambda e: e.life is Life.NEVER and bool(e.months)),
        ("renewed", "idle", lambda e: e.life is not Life.ROLLING and e.renewed),
        ("month_end", "idle", lambda e: e.life is not Life.ROLLING and e.month_end),
    ),
    RedeemRules: (
        ("least", "step", lambda r: r.least % r.step != 0),
        ("most_day", "over_limit", lambda r: r.most_day is not None and r.most_day < r.least),
        ("most_month", "over_limit", lambda r: r.most_month is not None and r.most_month < r.least),
    ),
    Offer: (
        ("name", "name", _is_no_name),
        ("off_percent", "two_offs", lambda o: bool(o.off_minor and o.off_percent)),
        (
            "budget_station_minor",
            "no_coupon",
            lambda o: o.budget_station_minor is not None and not o.is_coupon,
        ),
    ),
}
"""What each part must be in itself: of which field, by which sentence, when it is not."""


def find(programme: Programme, place: str = "programme") -> Iterator[Fault]:
    """Yield everything that cannot be, in the order in which it is written."""
    for at, part in _walk(programme, place):
        yield from _numbers(at, part)
        for name, key, is_wrong in PARTS.get(type(part), ()):
            if is_wrong(part):
                yield _fault(key, f"{at}.{name}".rstrip("."))
        for key, where, facts in TOGETHER.get(type(part), _nothing)(part):
            yield _fault(key, f"{at}.{where}", **facts)


def _fault(key: str, at: str, **facts: Any) -> Fault:
    return Fault(f"programme.{key}", {"key": at, **facts})


def _walk(rules: Any, at: str) -> Iterator[tuple[str, Any]]:
    """Yield every part of the rules with its place; parts of a list are counted from 1."""
    yield at, rules
    for field in fields(rules):
        value = getattr(rules, field.name)
        if is_dataclass(value):
            yield from _walk(value, f"{at}.{field.name}")
        elif isinstance(value, tuple):
            for number, one in enumerate(value, start=1):
                if is_dataclass(one):
                    yield from _walk(one, f"{at}.{field.name}.{number}")


def _numbers(at: str, part: Any) -> Iterator[Fault]:
    for name, (low, high) in NUMBERS.get(type(part), {}).items():
        value = getattr(part, name)
        if value is not None and not low <= value <= high:
            yield _fault("number", f"{at}.{name}", value=value, low=low, high=high)


# --- what parts must be to each other -------------------------------------------------------------

Told = tuple[str, str, Mapping[str, Any]]


def _nothing(part: Any) -> Iterator[Told]:
    del part
    yield from ()


def _twice(lists: str, named: tuple[Any, ...]) -> Iterator[Told]:
    times = Counter[str]()
    for number, one in enumerate(named, start=1):
        times[one.name] += 1
        if times[one.name] > 1:
            yield "twice", f"{lists}.{number}.name", {"name": one.name}


def _of_programme(programme: Programme) -> Iterator[Told]:
    yield from _twice("versions", programme.versions)
    for number, (one, other) in enumerate(pairwise(programme.versions), start=2):
        if other.starts <= one.starts:
            yield "order", f"versions.{number}.starts", {"name": other.name, "before": one.name}


def _of_version(version: Version) -> Iterator[Told]:
    yield from _twice("offers", version.offers)
    known = {level.name for level in version.tiers.levels}
    for at, part in _walk(version, ""):
        for name in part.levels if isinstance(part, When) else ():
            if name not in known:
                yield "no_level", f"{at}.levels".lstrip("."), {"name": name}


def _of_earning(rules: EarnRules) -> Iterator[Told]:
    yield from _twice("rules", rules.rules)
    yield from _twice("multipliers", rules.multipliers)
    for number, when in enumerate(rules.exclude, start=1):
        if when == When():
            yield "everything", f"exclude.{number}", {}


def _of_tiers(tiers: TierRules) -> Iterator[Told]:
    yield from _twice("levels", tiers.levels)
    for number, (one, other) in enumerate(pairwise(tiers.levels), start=2):
        if other.least <= one.least:
            yield "rising", f"levels.{number}.least", {"name": other.name, "before": one.name}


TOGETHER: Mapping[type, Callable[[Any], Iterator[Told]]] = {
    Programme: _of_programme,
    Version: _of_version,
    EarnRules: _of_earning,
    TierRules: _of_tiers,
}
