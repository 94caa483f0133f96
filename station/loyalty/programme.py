"""What are the rules of points, and which of them hold on a day? Versions, each from its day on."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from station.loyalty.conditions import When
from station.model import day_number

MARK_LENGTH = 16
WORDS = ("zh", "en")
"""How a rule is called to people; it changes nothing."""


class Basis(StrEnum):
    """What is counted of a line; a quantity counts only in its own unit."""

    MONEY = "money"
    LITRE = "l"
    KWH = "kwh"
    CUBIC_METRE = "m3"
    KILOGRAM = "kg"


class Count(StrEnum):
    """Whether only whole portions earn (`per` litres or yuan at a time) or also their parts."""

    WHOLE = "whole"
    EXACT = "exact"


class Rounding(StrEnum):
    """What becomes of a part of a point, or of a portion."""

    DOWN = "down"
    HALF_UP = "half_up"
    UP = "up"


class Over(StrEnum):
    """How far remainders are added up before they are rounded."""

    LINE = "line"
    RECEIPT = "receipt"
    MEMBER = "member"


class Stacking(StrEnum):
    """What several multipliers that hold at once are worth."""

    HIGHEST = "highest"
    MULTIPLY = "multiply"
    ADD = "add"  # 150 % and 200 % are 250 %


class Event(StrEnum):
    """For what points are given beside sales."""

    ENROLLED = "enrolled"
    REFERRAL = "referral"
    BIRTHDAY = "birthday"
    SIGN_IN = "sign_in"
    SURVEY = "survey"


class Life(StrEnum):
    """How long points live."""

    NEVER = "never"  # they never expire
    ROLLING = "rolling"  # so many months after they were earned
    DATES = "dates"  # on set days of the year
    ANNIVERSARY = "anniversary"  # on the day of the year on which the member joined


class Measure(StrEnum):
    """By what a level is reached."""

    FILLS = "fills"
    LITRES = "litres"
    MONEY = "money"
    POINTS = "points"  # grading points: as earned before multipliers, whatever was spent


class Period(StrEnum):
    """Over which days a level is judged."""

    ROLLING = "rolling"  # the last `days` days
    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class EarnRule:
    """`points` for every `per` of something; of several that concern a line the best one counts."""

    name: str = ""
    points: int = 1
    per: int = 1
    of: Basis = Basis.MONEY
    count: Count = Count.WHOLE
    rounding: Rounding = Rounding.DOWN
    over: Over = Over.LINE
    when: When = field(default_factory=When)
    zh: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True)
class Multiplier:
    """What is earned counts `percent` of it: 300 is threefold."""

    name: str = ""
    percent: int = 100
    when: When = field(default_factory=When)
    zh: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True)
class Gift:
    """Points for an event, at most `most_per_year` times in a calendar year."""

    event: Event = Event.ENROLLED
    points: int = 1
    most_per_year: int = 1


@dataclass(frozen=True, slots=True)
class Caps:
    """How many points a member may earn at most; none is no limit."""

    line: int | None = None
    day: int | None = None
    month: int | None = None


@dataclass(frozen=True, slots=True)
class EarnRules:
    """How sales and events earn; `exclude` names what earns nothing at all."""

    rules: tuple[EarnRule, ...] = ()
    exclude: tuple[When, ...] = ()
    multipliers: tuple[Multiplier, ...] = ()
    stacking: Stacking = Stacking.HIGHEST
    caps: Caps = field(default_factory=Caps)
    gifts: tuple[Gift, ...] = ()
    earns_on_points: bool = False


@dataclass(frozen=True, slots=True)
class ExpiryRules:
    """When points end: always with the end of a day of the programme's zone.

    `months` is how long they live at least: after earning (rolling), or before a set date takes
    them (0: it takes all). `month_end` lets rolling points live to the end of that month, `renewed`
    lets each earning renew whatever is still alive. `dates` are written month-day, as 06-30.
    """

    life: Life = Life.NEVER
    months: int = 0
    month_end: bool = False
    dates: tuple[str, ...] = ()
    renewed: bool = False


@dataclass(frozen=True, slots=True)
class Worth:
    """So many points are worth so much, in the smallest unit of money."""

    points: int = 100
    minor: int = 100


@dataclass(frozen=True, slots=True)
class RedeemRules:
    """From how many points on, in what steps and up to how many points may be redeemed."""

    least: int = 1
    step: int = 1
    most_day: int | None = None
    most_month: int | None = None
    worth: Worth = field(default_factory=Worth)


@dataclass(frozen=True, slots=True)
class Level:
    """A level and what it asks for at least, in whole fills, litres, money or points."""

    name: str = ""
    least: int = 0
    zh: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True)
class TierRules:
    """How levels are reached and lost; `levels` begin with the lowest.

    A level reached in a calendar period holds to the end of the next one; one reached over the last
    `days` holds `grace_days` longer than what it was reached by. A fall is told `warn_days` before.
    """

    measure: Measure = Measure.FILLS
    period: Period = Period.ROLLING
    days: int = 90
    levels: tuple[Level, ...] = ()
    grace_days: int = 0
    warn_days: int = 30


@dataclass(frozen=True, slots=True)
class Offer:
    """What points are given for, or what some members have for nothing.

    A coupon takes `off_minor` or `off_percent` (at most `most_off_minor`) off a purchase of
    `least_minor`, within `valid_days`; a reward takes nothing off and is handed over. `stock` and
    `stock_station` are pieces, `budget_station_minor` is money, `most_member` pieces a member.
    """

    name: str = ""
    points: int = 0
    off_minor: int = 0
    off_percent: int = 0
    most_off_minor: int | None = None
    least_minor: int = 0
    valid_days: int = 30
    stock: int | None = None
    stock_station: int | None = None
    budget_station_minor: int | None = None
    most_member: int | None = None
    when: When = field(default_factory=When)
    zh: str = ""
    en: str = ""

    @property
    def is_coupon(self) -> bool:
        """Whether it takes something off a price."""
        return bool(self.off_minor or self.off_percent)

    @property
    def most_each(self) -> int | None:
        """How many a member may have; of what costs nothing one, unless it says otherwise."""
        return self.most_member if self.points or self.most_member else 1


@dataclass(frozen=True, slots=True)
class Version:
    """The rules from a day on, until the next version starts. Amounts are in `currency`."""

    name: str = ""
    starts: date = date.max
    currency: str = "CNY"
    earning: EarnRules = field(default_factory=EarnRules)
    expiry: ExpiryRules = field(default_factory=ExpiryRules)
    redeeming: RedeemRules = field(default_factory=RedeemRules)
    tiers: TierRules = field(default_factory=TierRules)
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True, slots=True)
class Programme:
    """The chain's points: the zone in which their days end, and every version of the rules.

    Without a version no points are given. A sale of no member can be claimed for `claim_days`, so
    many a day for one member and by one account; what expires within `notice_days` is told. Who
    brings a new member is rewarded for a first fill of `first_fill_minor`. Points for a survey are
    given for those of `surveys`. The receipt of a coupon is missed after `receipt_days`, and such
    coupons are listed for `astray_days`.
    """

    zone: str = "Asia/Shanghai"
    claim_days: int = 30
    claims_member_day: int = 2
    claims_account_day: int = 20
    first_fill_minor: int = 10_000
    surveys: tuple[str, ...] = ()
    receipt_days: int = 7
    astray_days: int = 60
    notice_days: int = 30
    versions: tuple[Version, ...] = ()


def word(named: EarnRule | Multiplier | Level | Offer, lang: str) -> str:
    """Return what a rule, a level or an offer is called to people."""
    return str(getattr(named, lang) or named.name)


def at(programme: Programme, day: int) -> Version | None:
    """Return the version that holds on a day; none before the first one starts."""
    started = [v for v in programme.versions if day_number(v.starts) <= day]
    return max(started, key=lambda version: version.starts, default=None)


def mark(version: Version) -> str:
    """Return a short text that is another one as soon as a rule of the version is another one.

    What stands at its default leaves no trace, so a rule that the programme learns later changes no
    mark of before (and no default may ever change); nor do the words by which rules are shown.
    """
    return hashlib.sha256(repr(_plain(version)).encode()).hexdigest()[:MARK_LENGTH]


def _plain(rules: Any) -> Any:
    if is_dataclass(rules) and not isinstance(rules, type):
        bare = type(rules)()
        told = ((f.name, getattr(rules, f.name)) for f in fields(rules) if f.name not in WORDS)
        return {name: _plain(value) for name, value in told if value != getattr(bare, name)}
    if isinstance(rules, tuple):
        return [_plain(part) for part in rules]
    return str(rules)


def marks(programme: Programme, day: int) -> dict[str, str]:
    """Return the marks of the versions that have held by a day: what is kept of them."""
    return {v.name: mark(v) for v in programme.versions if day_number(v.starts) <= day}


def rewritten(programme: Programme, known: Mapping[str, str], day: int) -> list[str]:
    """Return the versions whose past is told otherwise than it was kept (`marks` of earlier).

    A rule changes by a version that starts later: what a sale earned can then always be told.
    """
    told = marks(programme, day)
    return sorted(name for name, text in known.items() if told.get(name) != text)
