"""Whom do we think of these days, why, and in which words? Grief never carries an offer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from string import Formatter

from station.contact import moon
from station.contact.occasions import Calendar, Occasion, OccasionKind
from station.errors import BadValueError

LEAP_DAY = (2, 29)
ONCE = "once"
"""What tells the care of a first purchase or third visit apart: there is one each in a life."""
LONGEST_WORDS = 300


class Glad(StrEnum):
    """What one is glad of, or what is only practical; an offer may stand beside it."""

    BIRTHDAY = "birthday"
    WEDDING = "wedding"
    CHILD_EXAM = "child_exam"
    PARENTS_BIRTHDAY = "parents_birthday"
    OTHER = "other"
    NEW_YEAR = "new_year"
    SPRING_FESTIVAL = "spring_festival"
    LANTERN = "lantern"
    DRAGON_BOAT = "dragon_boat"
    QIXI = "qixi"
    MID_AUTUMN = "mid_autumn"
    DOUBLE_NINTH = "double_ninth"
    LABA = "laba"
    FIRST_PURCHASE = "first_purchase"
    THIRD_VISIT = "third_visit"
    OIL = "oil"
    INSPECTION = "inspection"
    WASH = "wash"


class Grief(StrEnum):
    """What one mourns with somebody; nothing is sold there."""

    BEREAVEMENT = "bereavement"


Kind = Glad | Grief
"""An occasion of care."""


class Festival(StrEnum):
    """A day on which everybody is greeted; the day of the dead (Qingming) is none."""

    NEW_YEAR = "new_year"
    SPRING_FESTIVAL = "spring_festival"
    LANTERN = "lantern"
    DRAGON_BOAT = "dragon_boat"
    QIXI = "qixi"
    MID_AUTUMN = "mid_autumn"
    DOUBLE_NINTH = "double_ninth"
    LABA = "laba"


FESTIVALS: Mapping[Festival, tuple[Calendar, int, int]] = {
    Festival.NEW_YEAR: (Calendar.SOLAR, 1, 1),
    Festival.SPRING_FESTIVAL: (Calendar.LUNAR, 1, 1),
    Festival.LANTERN: (Calendar.LUNAR, 1, 15),
    Festival.DRAGON_BOAT: (Calendar.LUNAR, 5, 5),
    Festival.QIXI: (Calendar.LUNAR, 7, 7),
    Festival.MID_AUTUMN: (Calendar.LUNAR, 8, 15),
    Festival.DOUBLE_NINTH: (Calendar.LUNAR, 9, 9),
    Festival.LABA: (Calendar.LUNAR, 12, 8),
}
"""By which calendar they are, and their month and day in it."""
REMINDERS = (Glad.OIL, Glad.INSPECTION, Glad.WASH)
STARTING = (Glad.FIRST_PURCHASE, Glad.THIRD_VISIT)
FAMILY: tuple[Kind, ...] = (
    *(Glad.WEDDING, Glad.CHILD_EXAM, Glad.PARENTS_BIRTHDAY, Glad.OTHER),
    Grief.BEREAVEMENT,
)
"""Of other people than the customer himself: told by mouth only, never in a list that leaves."""
ONLY_ONCE = frozenset({OccasionKind.CHILD_EXAM, OccasionKind.BEREAVEMENT})
"""What does not come round every year."""


@dataclass(frozen=True, slots=True)
class CareRules:
    """How far ahead one looks, how long a thought is in time, and which festivals are kept."""

    ahead_days: int = 7
    first_days: int = 3
    third_days: int = 7
    grief_days: int = 7
    late_days: int = 30
    oil_days: int = 180
    wash_days: int = 30
    festivals: tuple[Festival, ...] = (
        Festival.SPRING_FESTIVAL,
        Festival.DRAGON_BOAT,
        Festival.MID_AUTUMN,
    )
    coverage_days: int = 90
    third_fill_days: int = 60
    newcomer_days: int = 180
    warm_days: int = 60


def kind_of(name: str) -> Kind:
    """Return the occasion of this name.

    Raises:
        ValueError: there is none.
    """
    return Grief(name) if name in set(Grief) else Glad(name)


# --- days -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Time:
    """When an occasion is: its day, the last on which it is not too late, and what tells it apart.

    `about` is of one occasion of a kind in a customer's life, such as the year of a birthday.
    """

    kind: Kind
    day: date
    until: date
    about: str

    def is_due(self, today: date, ahead_days: int) -> bool:
        """Return whether it is time to think of it."""
        return self.day - timedelta(days=ahead_days) <= today <= self.until


def in_year(year: int, month: int, day: int) -> date:
    """Return the day of the sun's calendar; 29 February is the 28th in a year without it."""
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return date(year, month, 28 if (month, day) == LEAP_DAY and not is_leap else day)


def day_in(occasion: Occasion, year: int) -> date | None:
    """Return when an occasion is in a year of its own calendar; none where that is not known."""
    if occasion.calendar is Calendar.SOLAR:
        return in_year(year, occasion.month, occasion.day)
    is_leap = occasion.in_leap_month
    return moon.falls_on(year, occasion.month, occasion.day, in_leap_month=is_leap)


def around(occasion: Occasion, today: date) -> Iterator[tuple[int, date]]:
    """Yield the years of its own calendar next to a day, each with the day of an occasion in it."""
    for year in (today.year - 1, today.year, today.year + 1):
        found = day_in(occasion, year)
        if found is not None:
            yield year, found


def nearest(occasion: Occasion, today: date) -> date | None:
    """Return the day of an occasion that is nearest to a day."""
    days = [day for _, day in around(occasion, today)]
    return min(days, key=lambda day: abs(day - today), default=None)


def times(occasion: Occasion, written: date, today: date, rules: CareRules) -> Iterator[Time]:
    """Yield when an occasion that was written down on a day is, around today.

    What comes but once is in its own year; where that is not known, when it is nearest to the day
    on which it was written down. A grief stays for a while after it was heard of.
    """
    kind = kind_of(occasion.kind.value)
    if occasion.kind not in ONLY_ONCE:
        for year, day in around(occasion, today):
            if year >= occasion.year:
                yield Time(kind, day, day, str(year))
        return
    only = day_in(occasion, occasion.year) if occasion.year else nearest(occasion, written)
    if only is None:
        return
    until = only
    if kind in set(Grief):
        heard = max(only, written) + timedelta(days=rules.grief_days)
        until = min(heard, only + timedelta(days=rules.late_days))
    yield Time(kind, only, until, only.isoformat())


def festivals(today: date, rules: CareRules) -> list[Time]:
    """Return the festivals that are kept and due, the next first."""
    found = []
    for festival in rules.festivals:
        kind = Glad(festival.value)
        calendar, month, day = FESTIVALS[festival]
        feast = Occasion(OccasionKind.OTHER, month, day, calendar=calendar)
        times_ = [Time(kind, on, on, str(year)) for year, on in around(feast, today)]
        found += [one for one in times_ if one.is_due(today, rules.ahead_days)]
    return sorted(found, key=lambda one: one.day)


def starting(visit_days: tuple[date, ...], rules: CareRules) -> Iterator[Time]:
    """Yield when somebody's first purchase and third visit are, by the days of his first three."""
    if visit_days:
        yield _after(Glad.FIRST_PURCHASE, visit_days[0], rules.first_days)
    if len(visit_days) > 2:  # noqa: PLR2004 - the third
        yield _after(Glad.THIRD_VISIT, visit_days[2], rules.third_days)


def _after(kind: Glad, day: date, days: int) -> Time:
    return Time(kind, day, day + timedelta(days=days), ONCE)


def reminder(kind: Glad, told: date, rules: CareRules) -> Time:
    """Return when a service is due.

    `told` is what the card says: the day up to which the inspection holds, else that of the last
    change of oil or wash.
    """
    after = {Glad.OIL: rules.oil_days, Glad.WASH: rules.wash_days}.get(kind, 0)
    day = told + timedelta(days=after)
    return Time(kind, day, day + timedelta(days=rules.late_days), day.isoformat())


# --- words ----------------------------------------------------------------------------------------

OFFER = "offer"
MOURNING = frozenset({"name", "organisation", "station"})
"""All that words of grief may name."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """Words for what one is glad of; what is offered with them stands apart.

    Raises:
        BadValueError: the words name something that is not there.
        TypeError: it is a grief.
    """

    kind: Glad
    words: str
    offer: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.kind, Glad):
            raise TypeError(self.kind)
        _refuse_odd(self.words + self.offer)


@dataclass(frozen=True, slots=True)
class Condolence:
    """Words for a grief; there is no place for an offer, and none may be named.

    Raises:
        BadValueError: the words name something else than whom they are for and from.
        TypeError: it is no grief.
    """

    kind: Grief
    words: str

    def __post_init__(self) -> None:
        if not isinstance(self.kind, Grief):
            raise TypeError(self.kind)
        _refuse_odd(self.words)
        if odd := sorted(placeholders(self.words) - MOURNING):
            raise BadValueError("caring.no_place_in_grief", name=odd[0])


Template = Greeting | Condolence


def template(kind: Kind, words: str, offer: str = "") -> Template:
    """Return the words for an occasion.

    Raises:
        BadValueError: an offer is made in grief, there are no words, or they name what is not.
    """
    if not words.strip():
        raise BadValueError("caring.no_words")
    if isinstance(kind, Glad):
        return Greeting(kind, words, offer)
    if offer.strip():
        raise BadValueError("caring.no_offer_in_grief")
    return Condolence(kind, words)


def placeholders(words: str) -> frozenset[str]:
    """Return what words ask for in braces."""
    return frozenset(name for _, name, _, _ in _parsed(words) if name is not None)


def _parsed(words: str) -> list[tuple[str, str | None, str | None, str | None]]:
    """Return the parts of words; only a plain name may stand in braces.

    Raises:
        BadValueError: braces or brackets are left open, or something else stands in them.
    """
    try:
        parts = list(Formatter().parse(words))
    except ValueError as error:
        raise BadValueError("caring.odd_braces") from error
    for _, name, form, conversion in parts:
        if name is not None and (form or conversion or not name.isidentifier()):
            raise BadValueError("caring.odd_braces")
    return parts


def _refuse_odd(words: str) -> None:
    if len(words) > LONGEST_WORDS:
        raise BadValueError("caring.words_too_long", limit=LONGEST_WORDS)
    if not words.replace("\n", "").isprintable():
        raise BadValueError("caring.odd_braces")
    for part, _ in _segments(words):
        placeholders(part)


def _segments(words: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of words in their order, and whether each may be left out.

    Raises:
        BadValueError: a bracket is left open, or stands within another.
    """
    rest = words
    while rest:
        before, opened, rest = rest.partition("[")
        if "]" in before:
            raise BadValueError("caring.odd_braces")
        if before:
            yield before, False
        if opened:
            inner, closed, rest = rest.partition("]")
            if not closed or "[" in inner:
                raise BadValueError("caring.odd_braces")
            yield inner, True


@dataclass(frozen=True, slots=True)
class Written:
    """A text for one customer; `missing` is what it needs and his card does not tell."""

    text: str
    missing: tuple[str, ...] = ()


def written(told: Template, values: Mapping[str, str]) -> Written:
    """Return the text for one customer.

    What stands in brackets is left out where something in it is not known. An offer follows the
    words, and only those of a greeting.
    """
    whole = told.words
    if isinstance(told, Greeting) and told.offer:
        whole = f"{told.words}[{told.offer}]" if "[" not in told.offer else told.words + told.offer
    parts, missing = list[str](), list[str]()
    for part, may_fail in _segments(whole):
        unknown = sorted(name for name in placeholders(part) if not values.get(name, ""))
        if unknown:
            missing += [] if may_fail else unknown
            continue
        parts.append(part.format(**values))
    return Written("".join(parts), tuple(dict.fromkeys(missing)))
