"""On which days can each call that is due be made, and what would open more of them?"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from station.contact.plan_parts import Candidate, Missed, Need, Planned, Shift, Task
from station.contact.rules import (
    MIDNIGHT_MIN,
    Days,
    Outcome,
    Person,
    Refusal,
    Span,
    Touch,
    common,
)
from station.model import CONSENT_TO, CallPurpose, Channel, Purpose

MORNING, AFTERNOON, EITHER = 1, 2, 3
"""In which half of a day a call can be made."""
TIMELY = frozenset({Refusal.HOLIDAY, Refusal.OUT_OF_HOURS, Refusal.WISHED_HOURS})
"""Reasons of a day or an hour; the others are of the customer."""


@dataclass(frozen=True, slots=True)
class Item:
    """One call that is due: at which times of which days it may be made, in which half of them.

    `closed` says of the other days why not, `relaxed` what a day would be without its only reason.
    """

    place: int
    candidate: Candidate
    number: int
    need: Need
    hours: Mapping[int, tuple[Span, ...]]
    halves: Mapping[int, int]
    closed: Mapping[int, Refusal | Missed]
    relaxed: Mapping[Refusal, Mapping[int, int]]
    anytime: Mapping[int, int]
    is_late: bool

    @property
    def person(self) -> Person:
        """Return whom it is to."""
        return self.candidate.person

    @property
    def is_visit(self) -> bool:
        """Whether somebody goes there."""
        return self.need.channel is Channel.VISIT

    @property
    def is_prospect(self) -> bool:
        """Whether it is to somebody who is no customer yet."""
        return self.need.purpose is CallPurpose.PROSPECT

    @property
    def is_service(self) -> bool:
        """Whether it is no selling and no greeting, and so keeps no distance."""
        return CONSENT_TO[self.need.purpose] is Purpose.SERVICE

    def worth(self, day: int, delay_share: float) -> float:
        """Return what it brings on a day."""
        best_day = day if self.need.best_day is None else self.need.best_day
        return self.need.value * max(0.0, 1 - delay_share * abs(day - best_day))


class Roster:
    """Who works when: the times of each day at which somebody is there, and for how long."""

    def __init__(self, shifts: Iterable[Shift], noon_min: int) -> None:
        self.noon_min = noon_min
        hours: dict[int, set[tuple[int, int, int]]] = defaultdict(set)
        for shift in shifts:
            hours[shift.day].add((shift.from_min, shift.to_min, shift.minutes))
        self.hours = {day: sorted(spans) for day, spans in hours.items()}
        self._known: dict[tuple[int, tuple[Span, ...], int, int], int] = {}

    def half(self, day: int, allowed: tuple[Span, ...], minutes: int, lead: int) -> int:
        """Return in which half of a day somebody can make such a call, 0 for none.

        `lead` is the way to it, which may lie before the hours at which he is visited.
        """
        key = day, allowed, minutes, lead
        if key not in self._known:
            morning = self._has_room(day, common(allowed, ((0, self.noon_min),)), minutes, lead)
            later = ((self.noon_min, MIDNIGHT_MIN),)
            afternoon = self._has_room(day, common(allowed, later), minutes, lead)
            self._known[key] = MORNING * morning + AFTERNOON * afternoon
        return self._known[key]

    def _has_room(self, day: int, allowed: tuple[Span, ...], minutes: int, lead: int) -> bool:
        return any(
            last - first >= minutes
            for start, end, free in self.hours.get(day, ())
            if minutes + lead <= free
            for first, last in common(allowed, ((start + lead, end),))
        )


def items_of(task: Task) -> tuple[Item, ...]:
    """Return every call that is due with the days that are open to it, in a fixed order."""
    maker = _Maker(task)
    people = sorted(task.candidates, key=lambda one: one.person.customer_id)
    needs = [(one, number) for one in people for number in range(len(one.needs))]
    return tuple(maker.item(place, *need) for place, need in enumerate(needs))


def touched(person: Person, calls: Iterable[Planned]) -> Person:
    """Return a customer to whom these calls are already planned."""
    more = (Touch(call.day, call.channel, Outcome.PLANNED, call.at_min) for call in calls)
    return replace(person, touches=(*person.touches, *more))


class _Maker:
    """Makes the items of a task."""

    def __init__(self, task: Task) -> None:
        self.rules = task.rules
        self.watch = Days(sorted(task.days), task.contact, task.law)
        self.roster = Roster(task.shifts, task.rules.noon_min)
        self.agreed: dict[int, list[Planned]] = defaultdict(list)
        for call in task.agreed:
            self.agreed[call.customer_id].append(call)

    def item(self, place: int, candidate: Candidate, number: int) -> Item:
        """Return one call with the days that are open to it."""
        need = candidate.needs[number]
        agreed = self.agreed.get(candidate.person.customer_id)
        if agreed:
            candidate = replace(candidate, person=touched(candidate.person, agreed))
        told = self.watch.refusals(
            candidate.person, need.purpose, need.channel, max(need.minutes, 1)
        )
        taken = {one.day for one in candidate.person.touches if one.outcome is Outcome.PLANNED}
        told = {
            day: reasons
            for day, reasons in told.items()
            if _is_within(need, day) and (reasons or day not in taken)
        }
        spans = {
            day: self.watch.spans(candidate.person, day, need.channel)
            for day, reasons in told.items()
            if not TIMELY.intersection(reasons)
        }
        wanted, is_late = self._early(need, spans)
        anytime = {day: self._half(need, day, spans[day]) for day in spans}
        halves = {day: self._half(need, day, allowed) for day, allowed in wanted.items()}
        return Item(
            place=place,
            candidate=candidate,
            number=number,
            need=need,
            hours=wanted,
            halves={day: half for day, half in halves.items() if half and not told[day]},
            closed=_closed(told, halves),
            relaxed=_relaxed(told, halves),
            anytime={day: half for day, half in anytime.items() if half and not told[day]},
            is_late=is_late,
        )

    def _early(
        self, need: Need, spans: Mapping[int, tuple[Span, ...]]
    ) -> tuple[dict[int, tuple[Span, ...]], bool]:
        """Return the times before which he is to be called; his own wish may leave none of them."""
        if need.before_min is None:
            return dict(spans), False
        early = {day: common(told, ((0, need.before_min),)) for day, told in spans.items()}
        kept = {day: told for day, told in early.items() if _is_long(told, need.minutes)}
        return (kept, False) if kept or not spans else (dict(spans), True)

    def _half(self, need: Need, day: int, allowed: tuple[Span, ...]) -> int:
        lead = self.rules.trip_min if need.channel is Channel.VISIT else 0
        return self.roster.half(day, allowed, need.minutes, lead)


def _is_within(need: Need, day: int) -> bool:
    return (need.from_day is None or need.from_day <= day) and (
        need.to_day is None or day <= need.to_day
    )


def _is_long(allowed: tuple[Span, ...], minutes: int) -> bool:
    return any(last - first >= minutes for first, last in allowed)


def _closed(
    told: Mapping[int, tuple[Refusal, ...]], halves: Mapping[int, int]
) -> dict[int, Refusal | Missed]:
    """Return of each day that is not open the gravest reason."""
    return {
        day: reasons[0] if reasons else Missed.NO_SHIFT
        for day, reasons in told.items()
        if reasons or not halves.get(day)
    }


def _relaxed(
    told: Mapping[int, tuple[Refusal, ...]], halves: Mapping[int, int]
) -> dict[Refusal, dict[int, int]]:
    """Return, by reason, the days that only it closes."""
    found: dict[Refusal, dict[int, int]] = defaultdict(dict)
    for day, reasons in told.items():
        if len(reasons) == 1 and halves.get(day):
            found[reasons[0]][day] = halves[day]
    return found
