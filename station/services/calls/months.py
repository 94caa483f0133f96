"""What does a month's plan say, how full is everybody, and may a call be moved?"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

import pandas as pd

from station.archive import stations as sites
from station.archive.calls import agenda, homes, plans
from station.archive.calls.agenda import Call
from station.archive.calls.plans import CallPlan
from station.archive.database import Connection
from station.contact import rules
from station.contact.plan_parts import Shift
from station.contact.rules import Outcome, Person, Refusal, Touch, When
from station.errors import BadValueError, NotAllowedError, NotFoundError
from station.model import (
    Act,
    CallStatus,
    CancelReason,
    day_date,
    day_number,
    minor_per_major,
)
from station.services import trail
from station.services.access import acting, right
from station.services.ask import Ask
from station.services.calls import allowed, claims, clock, planning, rostering
from station.services.calls.clock import Moment
from station.services.customers import contacts, grades

CALLS = (
    *("call_id", "day", "at_min", "account", "customer_id", "name", "grade", "purpose", "channel"),
    *("area", "minutes", "value", "why", "facts", "status", "is_moved", "is_lost"),
)
LOADS = ("account", "calls", "minutes", "available")
UNFIT = ("customer_id", "name", "grade", "purpose", "value", "reason")


@dataclass(frozen=True, slots=True)
class Month:
    """A station's calls of a month: frames CALLS, LOADS and UNFIT; names are masked.

    Money is whole: `value` is what the plan is expected to bring, `bound` what none could exceed,
    `prices` what more it would bring without a rule. `lost` are calls that nobody can make as they
    stand; `held` are customers whom the lot leaves uncalled.
    """

    station: str
    first: date
    status: str
    made_by: str
    approved_by: str
    calls: pd.DataFrame
    loads: pd.DataFrame
    unfit: pd.DataFrame
    held: pd.DataFrame
    late: tuple[str, ...]
    prices: Mapping[str, float]
    value: float
    bound: float
    currency: str
    lost: int

    @property
    def gap(self) -> float:
        """Return which part of what could be had at most is missing."""
        return 1 - self.value / self.bound if self.bound else 0.0


@right("calls.plan")
def month(ask: Ask, *, station: str, first: date) -> Month:
    """Return the plan of a month as it stands.

    Raises:
        NotFoundError: there is no such station in sight, or no plan of the month yet.
    """
    with ask.db.reading() as conn:
        seen = _read(conn, ask, rostering.station_of(conn, ask, station), first)
    told, found = seen.plan.told, seen.plan
    names = {one: claims.called(ask, who) for one, who in seen.named.items()}
    per_major = minor_per_major(str(told["currency"]))
    calls = pd.DataFrame(
        [_row(seen, call, names, per_major) for call in seen.calls], columns=list(CALLS)
    )
    unfit = _unfit(seen, names, per_major)
    is_held = unfit["reason"] == Refusal.HELD_OUT.value
    return Month(
        station=station,
        first=first.replace(day=1),
        status=found.status.value,
        made_by=found.made_by,
        approved_by=found.approved_by,
        calls=calls,
        loads=_loads(calls, seen),
        unfit=unfit[~is_held].reset_index(drop=True),
        held=unfit[is_held].reset_index(drop=True),
        late=tuple(names.get(one, "") for one in told["late"]),
        prices={rule: minor / per_major for rule, minor in told["prices"].items()},
        value=told["value_minor"] / per_major,
        bound=told["bound_minor"] / per_major,
        currency=str(told["currency"]),
        lost=int(calls["is_lost"].sum()),
    )


@dataclass(frozen=True)
class _Seen:
    """What is read of a plan at once."""

    plan: CallPlan
    calls: Sequence[Call]
    day: int
    shifts: Sequence[Shift]
    people: Mapping[int, str]
    named: Mapping[int, homes.Named]
    graded: Mapping[int, str]

    @cached_property
    def there(self) -> frozenset[tuple[int | None, int]]:
        """Return who is there on which days."""
        return frozenset((one.account_id, one.day) for one in self.shifts)


def _read(conn: Connection, ask: Ask, station_id: int, first: date) -> _Seen:
    found = planning.plan_of(conn, station_id, first)
    calls = plans.calls_of(conn, found.id)
    ids = {call.customer_id for call in calls} | {one for one, *_ in found.told["unfit"]}
    return _Seen(
        plan=found,
        calls=[call for call in calls if call.status is not CallStatus.MOVED],
        day=clock.moment(sites.everything(conn)[station_id].zone).day,
        shifts=rostering.shifts(conn, ask, station_id, planning.days_of(first)),
        people=contacts.who_work_there(conn, frozenset({station_id})),
        named=homes.named(conn, ids | set(found.told["late"])),
        graded=grades.now(conn, ids),
    )


def _unfit(seen: _Seen, names: Mapping[int, str], per_major: int) -> pd.DataFrame:
    """Return UNFIT, who would bring most first."""
    rows = [
        (one, names.get(one, ""), seen.graded.get(one, ""), purpose, value / per_major, reason)
        for one, purpose, reason, value in seen.plan.told["unfit"]
    ]
    order = sorted(rows, key=lambda row: (-row[4], row[0]))
    return pd.DataFrame(order, columns=list(UNFIT))


def _row(seen: _Seen, call: Call, names: Mapping[int, str], per_major: int) -> tuple[Any, ...]:
    is_ahead = call.status is CallStatus.PLANNED and call.day >= seen.day
    return (
        call.id,
        day_date(call.day),
        call.at_min,
        seen.people.get(call.account_id or 0, ""),
        call.customer_id,
        names.get(call.customer_id, ""),
        seen.graded.get(call.customer_id, ""),
        call.purpose.value,
        call.channel.value,
        str(call.facts.get("area", "")),
        call.minutes,
        int(call.facts.get("value_minor", 0)) / per_major,
        call.why,
        dict(call.facts),
        call.status.value,
        call.moved_from is not None,
        is_ahead and (call.account_id, call.day) not in seen.there,
    )


def _loads(calls: pd.DataFrame, seen: _Seen) -> pd.DataFrame:
    """Return LOADS: who has how many calls and minutes of them, of how many he has."""
    available: Counter[str] = Counter()
    for shift in seen.shifts:
        available[seen.people[shift.account_id]] += shift.minutes
    made = calls[calls["status"].isin([CallStatus.PLANNED.value, CallStatus.DONE.value])]
    sums = made.groupby("account")["minutes"].agg(["size", "sum"])
    rows = [
        (name, int(sums["size"].get(name, 0)), int(sums["sum"].get(name, 0)), available[name])
        for name in sorted({*available, *sums.index} - {""})
    ]
    return pd.DataFrame(rows, columns=list(LOADS))


# --- changing it ----------------------------------------------------------------------------------


@right("calls.plan")
def move(ask: Ask, *, call_id: int, on: date, at_min: int, account: str) -> int:
    """Return the id of the call that stands for one that was moved to a day, a time or a person.

    Raises:
        NotFoundError: there is no such planned call in sight, or nobody of this name works there.
        NotAllowedError: the rules of contact speak against it.
        BadValueError: it lies in the past; that person is not there then, or has another call.
    """
    with acting(ask) as conn:
        call, plan = _call_of(conn, ask, call_id)
        now = clock.moment(sites.everything(conn)[call.station_id].zone)
        people = contacts.who_work_there(conn, frozenset({call.station_id}))
        account_id = rostering.worker(people, account)
        moved = replace(call, day=day_number(on), at_min=at_min, account_id=account_id)
        if (moved.day, at_min) <= (now.day, now.at_min):
            raise BadValueError("planning.is_past")
        others = [
            one
            for one in plans.calls_of(conn, plan.id)
            if one.status is CallStatus.PLANNED and one.id != call.id
        ]
        _refuse_busy(conn, ask, moved, others)
        _refuse_rules(conn, ask, call, moved, others, now)
        agenda.end(conn, call.id, CallStatus.MOVED, CancelReason.MANAGER)
        new = replace(moved, id=0, moved_from=call.id, made_by=ask.scope.account, made_at=now.at)
        new_id = agenda.add(conn, new)
        what = f"call:{new_id}:moved"
        trail.note(conn, ask.scope, Act.CHANGE, what, station_id=call.station_id)
    return new_id


@right("calls.plan")
def drop(ask: Ask, *, call_id: int) -> None:
    """Take a call out of the plan.

    Raises:
        NotFoundError: there is no such planned call in sight.
    """
    with acting(ask) as conn:
        call, _ = _call_of(conn, ask, call_id)
        agenda.end(conn, call.id, CallStatus.CANCELLED, CancelReason.MANAGER)
        what = f"call:{call.id}:dropped"
        trail.note(conn, ask.scope, Act.CHANGE, what, station_id=call.station_id)


def _call_of(conn: Connection, ask: Ask, call_id: int) -> tuple[Call, CallPlan]:
    """Return a planned call in sight and its plan; both "not there" and "not in sight" alike."""
    call = agenda.find(conn, call_id)
    plan = plans.find(conn, call.plan_id) if call and call.plan_id else None
    is_there = call is not None and call.station_id in ask.scope.station_ids
    if call is None or plan is None or not is_there or call.status is not CallStatus.PLANNED:
        raise NotFoundError("planning.no_call")
    return call, plan


def _refuse_busy(conn: Connection, ask: Ask, moved: Call, others: Sequence[Call]) -> None:
    """Refuse a time at which that person is not there, or has another call."""
    start, end = moved.at_min or 0, (moved.at_min or 0) + moved.minutes
    shifts = rostering.shifts(conn, ask, moved.station_id, [moved.day])
    if not any(
        one.account_id == moved.account_id and one.from_min <= start and end <= one.to_min
        for one in shifts
    ):
        raise BadValueError("planning.not_there")
    for one in others:
        is_same = (one.account_id, one.day) == (moved.account_id, moved.day)
        at_min = one.at_min or 0
        if is_same and at_min < end and start < at_min + one.minutes:
            raise BadValueError("planning.is_busy")


def _refuse_rules(
    conn: Connection,
    ask: Ask,
    call: Call,
    moved: Call,
    others: Sequence[Call],
    now: Moment,
) -> None:
    """Refuse a time at which the customer may not be called."""
    same = [one for one in others if one.customer_id == call.customer_id]
    planned = agenda.planned_with(conn, [call.customer_id])
    known = {one.id for one in planned}
    if any(one.day == moved.day and one.id != call.id for one in (*planned, *same)):
        raise NotAllowedError("planning.rule_too_near")
    person = allowed.people(conn, [call.customer_id], now)[call.customer_id]
    person = _seen_from(person, call, [one for one in same if one.id not in known])
    found = rules.refusals(
        person,
        When(moved.day, moved.at_min, moved.minutes),
        call.purpose,
        call.channel,
        rules=ask.settings.contact,
        law=allowed.law_of(conn, ask, call.station_id, moved.day),
    )
    if found:
        raise NotAllowedError(f"planning.rule_{found[0]}")


def _seen_from(person: Person, call: Call, drafts: Sequence[Call]) -> Person:
    """Return a customer as this call sees him: without itself, with what else is drafted."""
    own = Touch(call.day, call.channel, Outcome.PLANNED, call.at_min)
    touches = list(person.touches)
    if own in touches:
        touches.remove(own)
    more = [Touch(one.day, one.channel, Outcome.PLANNED, one.at_min) for one in drafts]
    due_day = allowed.due_day(call)
    return replace(person, touches=(*touches, *more), due_day=due_day, is_our_fault=False)
