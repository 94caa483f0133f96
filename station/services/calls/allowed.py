"""May a customer be called now? All that is known of him, put before the rules of contact."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from station.analysis.holdout import quarter_of
from station.archive import stations
from station.archive.calls import agenda, caring, facts, results, wishes
from station.archive.calls.agenda import Call
from station.archive.calls.caring import Thought
from station.archive.calls.results import Result
from station.archive.customers import book, consents
from station.archive.customers import fields as field_store
from station.archive.customers.fields import Check
from station.archive.database import Connection
from station.contact import rules
from station.contact.rules import Hours, Law, Outcome, Person, Refusal, Touch, When, Wish
from station.guard import consent
from station.model import (
    DAY_S,
    NOT_REACHED,
    CallCode,
    CallPurpose,
    Channel,
    Consent,
    day_date,
)
from station.services.ask import Ask
from station.services.calls import clock, rostering
from station.services.calls.clock import Moment
from station.services.customers.contacts import Seen

T = TypeVar("T", Result, Call, Consent, Thought)
TOUCHED_DAYS = 400
"""How far back what was done with a customer can still speak against a call."""
NO_CALLS = "style=no_calls"
ENDING = frozenset(
    {
        *(Refusal.CAME_BACK, Refusal.OUR_FAULT, Refusal.DO_NOT_CALL, Refusal.DENIED),
        *(Refusal.NO_CONSENT, Refusal.UNWANTED, Refusal.HELD_OUT),
    }
)
"""What makes a planned call needless or forbidden for good; all else passes."""


@dataclass(frozen=True, slots=True)
class Material:
    """What is known of some customers, read at once: by row, and the rows of each."""

    whole: Mapping[int, Sequence[int]]
    zones: Mapping[int, str]
    heard: Mapping[int, list[Result]]
    planned: Mapping[int, list[Call]]
    said: Mapping[int, list[Consent]]
    wished: Mapping[int, list[wishes.Wish]]
    manner: Mapping[int, set[str]]
    dialled: frozenset[int]
    wrong: frozenset[int]
    complaining: frozenset[int]
    held_out: frozenset[int]
    cared: Mapping[int, list[Thought]]
    ways: Mapping[int, frozenset[Channel]]
    owned: Mapping[int, Sequence[int]]
    bought: Mapping[int, int]
    alarmed: Mapping[int, int]


def people(
    conn: Connection, customer_ids: Collection[int], now: Moment, *, but_list: int | None = None
) -> dict[int, Person]:
    """Return how each of these customers stands before the rules on a day.

    That he is in the list of messages `but_list` does not speak against him.
    """
    seen = _material(conn, customer_ids, now, but_list)
    return {one: _person(seen, one, now) for one in seen.whole}


def against(
    conn: Connection,
    ask: Ask,
    seen: Seen,
    purpose: CallPurpose,
    channel: Channel,
    now: Moment,
    *,
    call: Call | None = None,
) -> tuple[Refusal, ...]:
    """Return what speaks against a call that would begin now; nothing: he may be called."""
    person = people(conn, [seen.customer.id], now)[seen.customer.id]
    station_id = call.station_id if call else seen.station_id
    law = law_of(conn, ask, station_id, now.day)
    return refused(ask, person, purpose, channel, now, law=law, call=call)


def law_of(conn: Connection, ask: Ask, station_id: int, day: int) -> Law:
    """Return whose law holds at a station on a day."""
    return ask.settings.contact.law_of(rostering.season_on(conn, station_id, day).law)


def refused(
    ask: Ask,
    person: Person,
    purpose: CallPurpose,
    channel: Channel,
    now: Moment,
    *,
    law: Law,
    call: Call | None = None,
) -> tuple[Refusal, ...]:
    """Return what speaks against a call to somebody known; the call is no contact beside itself."""
    if call is not None:
        own = Touch(call.day, call.channel, Outcome.PLANNED, call.at_min)
        touches = list(person.touches)
        if own in touches:
            touches.remove(own)
        due, bought = due_day(call), person.bought_day
        is_our_fault = person.is_our_fault and (bought is None or bought <= due)
        person = replace(person, touches=tuple(touches), due_day=due, is_our_fault=is_our_fault)
    else:
        person = replace(person, is_our_fault=False)
    when = When(now.day, now.at_min)
    return rules.refusals(person, when, purpose, channel, rules=ask.settings.contact, law=law)


def due_day(call: Call) -> int:
    """Return the day after which a purchase answers a call: his last one, as it was planned."""
    told = call.facts.get("last_day")
    return int(told) if told is not None else call.made_at // DAY_S


def _material(
    conn: Connection, customer_ids: Collection[int], now: Moment, but_list: int | None
) -> Material:
    whole = book.same_of_many(conn, sorted(customer_ids))
    rows = sorted({row for some in whole.values() for row in some})
    since = clock.days_before(now.at, TOUCHED_DAYS)
    owned = facts.vehicles(conn, whole)
    garage = sorted({one for some in owned.values() for one in some})
    checks = field_store.checks(conn, rows)
    return Material(
        whole=whole,
        zones={number: one.zone for number, one in stations.everything(conn).items()},
        heard=_by_row(results.of_customers(conn, rows, since=since)),
        planned=_by_row(agenda.planned_with(conn, rows)),
        said=_by_row(consents.of_rows(conn, rows)),
        wished=wishes.standing(conn, rows, now.day),
        manner=facts.fields(conn, rows, ("style", "address")),
        dialled=frozenset(facts.with_phone(conn, rows)),
        wrong=frozenset(row for (row, field), it in checks.items() if _is_wrong(field, it)),
        complaining=frozenset(wishes.complaining(conn, rows)),
        held_out=frozenset(facts.held_out(conn, rows, quarter_of(day_date(now.day)))),
        cared=_by_row(caring.of_rows(conn, rows, now.day - TOUCHED_DAYS, but_list)),
        ways=facts.written_to(conn, rows),
        owned=owned,
        bought=facts.last_days(conn, garage),
        alarmed=facts.alarm_days(conn, garage),
    )


def _is_wrong(field: str, check: Check) -> bool:
    return field == "phone" and not check.is_good


def _by_row(found: Sequence[T]) -> dict[int, list[T]]:
    by_row: dict[int, list[T]] = defaultdict(list)
    for one in found:
        by_row[one.customer_id].append(one)
    return by_row


def _latest(days: Mapping[int, int], ids: Sequence[int]) -> int | None:
    return max((days[one] for one in ids if one in days), default=None)


def _person(seen: Material, customer_id: int, now: Moment) -> Person:
    """Return somebody as the rules see him; of a fleet the cars that stay away tell who bought.

    Who has cars that are watched for, and none of them overdue, is blamed for nothing.
    """
    rows, owned = seen.whole[customer_id], seen.owned[customer_id]
    words = sorted((word for row in rows for word in seen.said.get(row, ())), key=_when_said)
    counting = consent.standing(words, now.day)
    wished = [wish for row in rows for wish in seen.wished.get(row, ())]
    alarmed = [one for one in owned if one in seen.alarmed]
    away = [one for one in alarmed if seen.alarmed[one] <= now.day]
    return Person(
        customer_id=customer_id,
        agreed=frozenset(asked for asked, word in counting.items() if word.given),
        denied=frozenset(asked for asked, word in counting.items() if not word.given),
        do_not_call=frozenset(one for wish in wished if wish.is_barred for one in _channels(wish)),
        reached_by=_reached_by(seen, rows),
        wishes=(*map(_wish, wished), *_manner(seen, rows)),
        touches=_touches(seen, rows),
        bought_day=_latest(seen.bought, away or owned),
        has_open_complaint=not seen.complaining.isdisjoint(rows),
        is_held_out=not seen.held_out.isdisjoint(rows),
        is_our_fault=bool(alarmed) and not away,
    )


def _when_said(word: Consent) -> int:
    return word.written_at


def _channels(wish: wishes.Wish) -> tuple[Channel, ...]:
    return tuple(Channel) if wish.channel is None else (wish.channel,)


def _wish(wish: wishes.Wish) -> Wish:
    days = tuple(map(int, wish.weekdays)) or rules.WEEK
    is_timed = bool(wish.weekdays) or wish.from_min is not None or wish.to_min is not None
    hours = Hours(days, wish.from_min or 0, wish.to_min or clock.DAY_MIN)
    return Wish(wish.channel, (hours,) if is_timed else (), wish.most, wish.is_unwanted)


def _manner(seen: Material, rows: Sequence[int]) -> tuple[Wish, ...]:
    """Return the wish of whom staff know to want no calls."""
    wants_none = any(NO_CALLS in seen.manner.get(row, ()) for row in rows)
    return (Wish(Channel.PHONE, is_unwanted=True),) if wants_none else ()


def _reached_by(seen: Material, rows: Sequence[int]) -> frozenset[Channel]:
    is_dialled = any(row in seen.dialled and row not in seen.wrong for row in rows)
    has_address = any(
        told.startswith("address=") for row in rows for told in seen.manner.get(row, ())
    )
    ways = ((Channel.PHONE, is_dialled), (Channel.VISIT, has_address))
    written = frozenset[Channel]().union(*(seen.ways.get(row, frozenset()) for row in rows))
    return written | {channel for channel, is_way in ways if is_way}


def _touches(seen: Material, rows: Sequence[int]) -> tuple[Touch, ...]:
    made = [
        Touch(at.day, one.channel, outcome(one), at.at_min)
        for row in rows
        for one in seen.heard.get(row, ())
        if not one.is_incoming
        for at in [clock.moment(seen.zones[one.station_id], one.at)]
    ]
    ahead = [
        Touch(call.day, call.channel, Outcome.PLANNED, call.at_min)
        for row in rows
        for call in seen.planned.get(row, ())
    ]
    thought = [
        Touch(one.day, Channel(one.channel)) for row in rows for one in seen.cared.get(row, ())
    ]
    return (*made, *ahead, *thought)


def outcome(result: Result) -> Outcome:
    """Return how a call ended, as far as the rules care."""
    if result.code in NOT_REACHED:
        return Outcome.UNREACHED
    return Outcome.REFUSED if result.code is CallCode.REFUSED else Outcome.MADE
