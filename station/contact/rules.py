"""May a customer be called now? What the law, the chain and he himself say against it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache

import holidays

from station.model import CONSENT_TO, CallPurpose, Channel, Purpose, day_date

HOUR_MIN, MIDNIGHT_MIN = 60, 1440
WEEK = (1, 2, 3, 4, 5, 6, 7)
WORKDAYS = (1, 2, 3, 4, 5)


class Refusal(StrEnum):
    """Why a customer is not called, in the order in which the reasons are told."""

    DO_NOT_CALL = "do_not_call"
    UNREACHABLE = "unreachable"  # no telephone, no address
    DENIED = "denied"  # he said no
    NO_CONSENT = "no_consent"  # he was never asked
    UNWANTED = "unwanted"  # not by this way
    OPEN_COMPLAINT = "open_complaint"
    OUR_FAULT = "our_fault"
    CAME_BACK = "came_back"
    HELD_OUT = "held_out"
    RESTING = "resting"  # he refused a talk lately
    UNREACHED = "unreached"  # tried in vain too often
    COOLING = "cooling"  # somebody addressed him days ago
    CAP = "cap"
    WISHED_CAP = "wished_cap"
    HOLIDAY = "holiday"
    OUT_OF_HOURS = "out_of_hours"
    WISHED_HOURS = "wished_hours"


class Silence(StrEnum):
    """What it means that a customer never said whether he may be called."""

    REFUSES = "refuses"
    RELATION = "relation"  # whoever bought lately may be called
    ALLOWS = "allows"


class Outcome(StrEnum):
    """How a contact ended, as far as the rules care."""

    MADE = "made"
    PLANNED = "planned"
    UNREACHED = "unreached"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Hours:
    """Between which minutes of a day, on which weekdays (1 is Monday)."""

    days: tuple[int, ...] = WEEK
    from_min: int = 0
    to_min: int = MIDNIGHT_MIN


@dataclass(frozen=True, slots=True)
class Law:
    """What holds at a station's place; 0 for `most` is no limit.

    With `frees_who_agreed`, `most` does not concern who agreed beforehand; hours and holidays do,
    out of courtesy.
    """

    country: str = "CN"
    hours: tuple[Hours, ...] = (Hours(),)
    calls_on_holidays: bool = False
    silence: Silence = Silence.REFUSES
    relation_days: int = 0
    most: int = 0
    most_days: int = 30
    rest_days: int = 0
    frees_who_agreed: bool = False


def _hours(days: tuple[int, ...], *spans: tuple[int, int]) -> tuple[Hours, ...]:
    return tuple(Hours(days, first * HOUR_MIN, last * HOUR_MIN) for first, last in spans)


LAWS: Mapping[str, Law] = {
    "CN": Law(country="CN", hours=_hours(WEEK, (9, 12), (14, 19))),
    "FR": Law(
        country="FR",
        hours=_hours(WORKDAYS, (10, 13), (14, 20)),
        silence=Silence.RELATION,
        relation_days=365,
        most=4,
        rest_days=60,
        frees_who_agreed=True,
    ),
    "US": Law(
        country="US",
        hours=_hours(WEEK, (8, 21)),
        calls_on_holidays=True,
        silence=Silence.RELATION,
        relation_days=548,
    ),
    "DE": Law(country="DE", hours=_hours(WORKDAYS, (9, 18))),
    "UK": Law(country="GB", hours=_hours(WORKDAYS, (9, 20)), silence=Silence.ALLOWS),
    "IN": Law(
        country="IN",
        hours=_hours(WEEK, (9, 21)),
        calls_on_holidays=True,
        silence=Silence.ALLOWS,
    ),
}


@dataclass(frozen=True, slots=True)
class ContactRules:
    """How often a customer is addressed at most, whatever the law would allow.

    No more than `most` contacts in `most_days`, `cool_days` from one to the next, over all
    channels. Who refused rests for `rest_days`, who was tried in vain at `unreached_hours`
    different hours for `unreached_days`. `law` is whose law holds where a station says nothing.
    """

    law: str = "CN"
    laws: Mapping[str, Law] = field(default_factory=lambda: dict(LAWS))
    most: int = 4
    most_days: int = 30
    cool_days: int = 7
    rest_days: int = 60
    unreached_hours: int = 3
    unreached_days: int = 30

    def law_of(self, code: str) -> Law:
        """Return the law of a place, that of the chain where it is not named or not known."""
        return self.laws.get(code) or self.laws[self.law]


def faults(rules: ContactRules) -> Iterator[str]:
    """Yield which part of the rules cannot be."""
    if rules.law not in rules.laws:
        yield "law"
    for code, law in rules.laws.items():
        for place, hours in enumerate(law.hours, start=1):
            if not 0 <= hours.from_min < hours.to_min <= MIDNIGHT_MIN:
                yield f"laws.{code}.hours.{place}"
            if not set(hours.days) <= set(WEEK):
                yield f"laws.{code}.hours.{place}.days"
        if min(law.most, law.rest_days, law.relation_days, law.most_days - 1) < 0:
            yield f"laws.{code}"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a customer asked for, on one channel or (none named) on all.

    `hours` are the only ones at which he is addressed, `most` how often in 30 days; with
    `is_unwanted` he is not addressed so at all.
    """

    channel: Channel | None = None
    hours: tuple[Hours, ...] = ()
    most: int | None = None
    is_unwanted: bool = False


WISH_DAYS = 30


@dataclass(frozen=True, slots=True)
class Touch:
    """One time that he was addressed or will be, by whatever way; incoming calls are none."""

    day: int
    channel: Channel = Channel.PHONE
    outcome: Outcome = Outcome.MADE
    at_min: int | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A customer as the rules see him: what he said, what was done, how he stands today.

    `agreed` and `denied` are the words that count today. `due_day` is since when his call is due:
    a purchase after it answers the call.
    """

    customer_id: int
    agreed: frozenset[tuple[Purpose, Channel]] = frozenset()
    denied: frozenset[tuple[Purpose, Channel]] = frozenset()
    do_not_call: frozenset[Channel] = frozenset()
    reached_by: frozenset[Channel] = frozenset({Channel.PHONE})
    wishes: tuple[Wish, ...] = ()
    touches: tuple[Touch, ...] = ()
    bought_day: int | None = None
    due_day: int | None = None
    has_open_complaint: bool = False
    is_held_out: bool = False
    is_our_fault: bool = False


@dataclass(frozen=True, slots=True)
class When:
    """A time of a call: its day, its minute (none: any of the day) and how long it takes."""

    day: int
    at_min: int | None = None
    minutes: int = 0


Span = tuple[int, int]
"""From which minute of a day to which."""


@dataclass(frozen=True, slots=True)
class _Call:
    """A call that somebody would make, and what it is measured by."""

    person: Person
    when: When
    purpose: CallPurpose
    channel: Channel
    rules: ContactRules
    law: Law

    @property
    def asked(self) -> tuple[Purpose, Channel]:
        """Return what he must have agreed to."""
        return CONSENT_TO[self.purpose], self.channel

    @property
    def is_service(self) -> bool:
        """Whether it is about something he wants himself."""
        return self.asked[0] is Purpose.SERVICE

    @property
    def wishes(self) -> tuple[Wish, ...]:
        """Return what he asked for on this channel."""
        return _wishes(self.person, self.channel)


def refusals(
    person: Person,
    when: When,
    purpose: CallPurpose,
    channel: Channel,
    *,
    rules: ContactRules,
    law: Law,
) -> tuple[Refusal, ...]:
    """Return all that speaks against a call, the gravest first; nothing: he may be called.

    Asked when a call is planned, when it is shown and again when it is dialled. A service call (of
    a complaint, of an order) is no selling: it needs no consent and minds no cap, but the hours,
    a do-not-call and a no.
    """
    call = _Call(person, when, purpose, channel, rules, law)
    found = {*_standing(call), *_needless(call), *_resting(call), *_crowded(call), *_untimely(call)}
    return _in_order(found)


class Days:
    """The same question for many days at once, as a plan asks it."""

    def __init__(self, days: Iterable[int], rules: ContactRules, law: Law) -> None:
        self.rules, self.law = rules, law
        self.hours = {day: lawful(day, law) for day in days}
        """When anybody may be called on each day."""

    def refusals(
        self, person: Person, purpose: CallPurpose, channel: Channel, minutes: int
    ) -> dict[int, tuple[Refusal, ...]]:
        """Return for each day what `refusals` says of a call of so many minutes on it."""
        found: dict[int, tuple[Refusal, ...]] = {}
        standing: set[Refusal] | None = None
        for day in self.hours:
            call = _Call(person, When(day, None, minutes), purpose, channel, self.rules, self.law)
            if standing is None or self.law.silence is Silence.RELATION:
                standing = {*_standing(call), *_needless(call)}
            told = {*standing, *self._untimely(call)}
            if person.touches or call.wishes:
                told |= {*_resting(call), *_crowded(call)}
            found[day] = _in_order(told)
        return found

    def spans(self, person: Person, day: int, channel: Channel) -> tuple[Span, ...]:
        """Return the times of a day at which law and customer let him be called, in order."""
        return _wished(self.hours[day], day, _wishes(person, channel))

    def _untimely(self, call: _Call) -> Iterator[Refusal]:
        if call.wishes or not _fits(call.when, self.hours[call.when.day]):
            yield from _untimely(call)


def spans(person: Person, day: int, channel: Channel, law: Law) -> tuple[Span, ...]:
    """Return the times of a day at which law and customer let him be called, in order."""
    return _wished(lawful(day, law), day, _wishes(person, channel))


def _wished(allowed: tuple[Span, ...], day: int, wishes: tuple[Wish, ...]) -> tuple[Span, ...]:
    for wish in wishes:
        if wish.hours:
            allowed = common(allowed, _on(wish.hours, day))
    return allowed


def _in_order(found: set[Refusal]) -> tuple[Refusal, ...]:
    return tuple(one for one in Refusal if one in found) if found else ()


def lawful(day: int, law: Law) -> tuple[Span, ...]:
    """Return the times of a day at which anybody may be called, in order."""
    return () if _rests(day, law) else _on(law.hours, day)


def common(some: tuple[Span, ...], others: tuple[Span, ...]) -> tuple[Span, ...]:
    """Return the times that lie in both."""
    met = ((max(a, c), min(b, d)) for a, b in some for c, d in others)
    return tuple(sorted(span for span in met if span[0] < span[1]))


def is_holiday(country: str, day: int) -> bool:
    """Return whether a day is a public holiday; a country that is not known has none."""
    when = day_date(day)
    return when in _holidays(country, when.year)


def is_full(days: Sequence[int], day: int, most: int, within_days: int) -> bool:
    """Return whether some `within_days` with this day in them hold `most` contacts already."""
    if len(days) < most:
        return False
    near = [one for one in days if abs(one - day) < within_days]
    firsts = [one for one in (*near, day) if one <= day]
    return any(sum(first <= one < first + within_days for one in near) >= most for first in firsts)


def _standing(call: _Call) -> Iterator[Refusal]:
    """Yield what holds on any day until something happens."""
    person, asked = call.person, call.asked
    if call.channel in person.do_not_call:
        yield Refusal.DO_NOT_CALL
    if call.channel not in person.reached_by:
        yield Refusal.UNREACHABLE
    if asked in person.denied:
        yield Refusal.DENIED
    elif asked not in person.agreed and not _may_be_silent(call):
        yield Refusal.NO_CONSENT
    if not call.is_service and any(wish.is_unwanted for wish in call.wishes):
        yield Refusal.UNWANTED
    if asked[0] is Purpose.MARKETING and person.has_open_complaint:
        yield Refusal.OPEN_COMPLAINT
    if asked[0] is Purpose.MARKETING and person.is_held_out:
        yield Refusal.HELD_OUT


def _may_be_silent(call: _Call) -> bool:
    """Return whether he may be called although he never agreed to it."""
    law, bought_day = call.law, call.person.bought_day
    if call.is_service or law.silence is Silence.ALLOWS:
        return True
    if law.silence is Silence.REFUSES or bought_day is None:
        return False
    return call.when.day - bought_day <= law.relation_days


def _needless(call: _Call) -> Iterator[Refusal]:
    """Yield why nobody needs to be won back."""
    if call.purpose is not CallPurpose.WIN_BACK:
        return
    bought_day, due_day = call.person.bought_day, call.person.due_day
    if call.person.is_our_fault:
        yield Refusal.OUR_FAULT
    if bought_day is not None and due_day is not None and bought_day > due_day:
        yield Refusal.CAME_BACK


def _resting(call: _Call) -> Iterator[Refusal]:
    """Yield why he is left alone for some days; a service call is made all the same."""
    if call.is_service:
        return
    day, touches = call.when.day, call.person.touches
    rest_days = max(call.rules.rest_days, call.law.rest_days)
    refused = (touch.day for touch in touches if touch.outcome is Outcome.REFUSED)
    if any(0 <= day - one < rest_days for one in refused):
        yield Refusal.RESTING
    if _is_unreached(call):
        yield Refusal.UNREACHED
    if any(abs(day - touch.day) < call.rules.cool_days for touch in touches):
        yield Refusal.COOLING


def _is_unreached(call: _Call) -> bool:
    """Return whether he was tried in vain at enough different hours since he last answered."""
    rules, touches = call.rules, call.person.touches
    if sum(touch.outcome is Outcome.UNREACHED for touch in touches) < rules.unreached_hours:
        return False
    hours: set[int] = set()
    last_day = 0
    for touch in sorted(touches, key=lambda one: (one.day, one.at_min or 0)):
        if touch.day > call.when.day or touch.channel is not Channel.PHONE:
            continue
        if touch.outcome is Outcome.UNREACHED:
            hours.add((touch.at_min or 0) // HOUR_MIN)
            last_day = touch.day
        elif touch.outcome is not Outcome.PLANNED:
            hours.clear()
    return len(hours) >= rules.unreached_hours and call.when.day - last_day < rules.unreached_days


def _crowded(call: _Call) -> Iterator[Refusal]:
    """Yield whether he would be addressed too often with this call."""
    if call.is_service:
        return
    rules, law = call.rules, call.law
    limits = [(rules.most, rules.most_days)]
    if law.most and not (law.frees_who_agreed and call.asked in call.person.agreed):
        limits.append((law.most, law.most_days))
    days = [touch.day for touch in call.person.touches]
    if any(is_full(days, call.when.day, most, within) for most, within in limits):
        yield Refusal.CAP
    wished = [wish.most for wish in call.wishes if wish.most is not None]
    if any(is_full(days, call.when.day, most, WISH_DAYS) for most in wished):
        yield Refusal.WISHED_CAP


def _untimely(call: _Call) -> Iterator[Refusal]:
    """Yield why the day or the time is wrong."""
    day = call.when.day
    if _rests(day, call.law):
        yield Refusal.HOLIDAY
    elif not _fits(call.when, lawful(day, call.law)):
        yield Refusal.OUT_OF_HOURS
    elif not _fits(call.when, spans(call.person, day, call.channel, call.law)):
        yield Refusal.WISHED_HOURS


def _fits(when: When, allowed: tuple[Span, ...]) -> bool:
    """Return whether a call lies in one of these times, or could if its minute is not settled."""
    minutes = max(when.minutes, 1)
    if when.at_min is None:
        return any(last - first >= minutes for first, last in allowed)
    return any(first <= when.at_min <= last - minutes for first, last in allowed)


def _rests(day: int, law: Law) -> bool:
    return not law.calls_on_holidays and is_holiday(law.country, day)


def _on(hours: tuple[Hours, ...], day: int) -> tuple[Span, ...]:
    weekday = day_date(day).isoweekday()
    return tuple(sorted((one.from_min, one.to_min) for one in hours if weekday in one.days))


def _wishes(person: Person, channel: Channel) -> tuple[Wish, ...]:
    return tuple(wish for wish in person.wishes if wish.channel in {None, channel})


@cache
def _holidays(country: str, year: int) -> frozenset[date]:
    if country not in holidays.list_supported_countries():
        return frozenset()
    return frozenset(holidays.country_holidays(country, years=year))
