"""Whom does a station call in a month? A plan is made, looked at, changed, approved, mended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from station.archive import stations as sites
from station.archive.calls import agenda, plans
from station.archive.calls.agenda import Call
from station.archive.calls.plans import CallPlan
from station.archive.database import Connection
from station.contact import plan as solver
from station.contact.plan_parts import Plan, Planned, Shift, Task
from station.contact.rules import Refusal
from station.errors import BadValueError, NotAllowedError, NotFoundError
from station.model import (
    Act,
    CallStatus,
    CancelReason,
    Channel,
    PlanStatus,
    day_date,
    day_number,
    next_month,
)
from station.services import trail
from station.services.access import acting, right
from station.services.ask import Ask
from station.services.calls import clock, gathering, lots, rostering
from station.services.calls.clock import Moment
from station.services.calls.gathering import Asked, Due

SOON_MIN = 10
"""Minutes from now until the first call of a plan that is mended today."""
MOST_AHEAD_DAYS = 62


@dataclass(frozen=True, slots=True)
class Made:
    """What came of planning: how many calls, what is missing, and how good it is."""

    plan_id: int
    calls: int
    unfit: int
    held: int
    value_minor: int
    bound_minor: int
    currency: str
    gap: float


@right("calls.plan")
def make(ask: Ask, *, station: str, month: date) -> Made:
    """Return what came of planning a month anew, from tomorrow on; a draft before it is replaced.

    Who falls due for a win-back call is drawn by lot first. The plan is worked out while others go
    on writing; whatever changes meanwhile is asked again when a call is shown and dialled.

    Raises:
        NotFoundError: there is no such station in sight.
        NotAllowedError: the month's plan is approved: it can only be mended.
        BadValueError: no day of the month is left, or it lies too far ahead.
    """
    with ask.db.reading() as conn:
        asked = _asked(conn, ask, station, month, from_today=False)
        _refuse_approved(conn, asked.station_id, month)
    seen = gathering.looked_up(ask, asked.station_id)
    thoughts = gathering.thoughts(ask, asked, station)
    _draw(ask, asked, seen)
    with ask.db.reading() as conn:
        due = gathering.due(conn, ask, asked, seen, thoughts)
        task = _task(conn, ask, asked, due)
    found = solver.plan(task)
    with acting(ask) as conn:
        _refuse_approved(conn, asked.station_id, month)
        before = plans.of_month(conn, asked.station_id, _month_day(month))
        if before is not None:
            plans.replace(conn, before.id)
        plan_id = _kept(conn, ask, asked, month, _told(found, due, seen.currency))
        _fill(conn, ask, asked.station_id, plan_id, found, due, {})
        what, count = f"plan:{plan_id}:made", len(found.calls)
        trail.note(conn, ask.scope, Act.CHANGE, what, station_id=asked.station_id, count=count)
    return _made(plan_id, found, seen.currency)


@right("calls.plan")
def approve(ask: Ask, *, station: str, month: date) -> int:
    """Return how many calls hold from now on: they stand in everybody's list of the day.

    Raises:
        NotFoundError: there is no such station in sight, or no plan of the month.
    """
    with acting(ask) as conn:
        station_id = rostering.station_of(conn, ask, station)
        found = plan_of(conn, station_id, month)
        todo = [one for one in plans.calls_of(conn, found.id) if one.status is CallStatus.PLANNED]
        if found.status is PlanStatus.DRAFT:
            plans.approve(conn, found.id, by=ask.scope.account, at=clock.moment("UTC").at)
            what = f"plan:{found.id}:approved"
            trail.note(conn, ask.scope, Act.APPROVAL, what, station_id=station_id, count=len(todo))
    return len(todo)


@right("calls.plan")
def mend(ask: Ask, *, station: str, month: date) -> Made:
    """Return what came of planning anew only what cannot be done as it stands.

    That are the calls, from today on, of whoever is away or has no time on their day. Everything
    else stays as agreed: nobody else's call is moved.

    Raises:
        NotFoundError: there is no such station in sight, or no plan of the month.
        BadValueError: no day of the month is left.
    """
    with ask.db.reading() as conn:
        asked = _asked(conn, ask, station, month, from_today=True)
        found = plan_of(conn, asked.station_id, month)
        task, lost, due = _mending(conn, ask, asked, found)
        currency = sites.everything(conn)[asked.station_id].currency
    made = solver.plan(task, with_prices=False)
    with acting(ask) as conn:
        before = {
            call.customer_id: call.id
            for call in lost
            if agenda.end(conn, call.id, CallStatus.MOVED, CancelReason.REPLANNED)
        }
        still = tuple(one for one in made.calls if one.customer_id in before)
        made = replace(made, calls=still)  # the others were made or taken out meanwhile
        _fill(conn, ask, asked.station_id, found.id, made, due, before)
        plans.tell(conn, found.id, _with_more(found.told, made, due))
        what, count = f"plan:{found.id}:mended", len(made.calls)
        trail.note(conn, ask.scope, Act.CHANGE, what, station_id=asked.station_id, count=count)
    return _made(found.id, made, currency)


# --- the steps ------------------------------------------------------------------------------------


def _asked(conn: Connection, ask: Ask, station: str, month: date, *, from_today: bool) -> Asked:
    """Return which days are planned: what is left of a month that is not too far ahead."""
    station_id = rostering.station_of(conn, ask, station)
    now = clock.moment(sites.everything(conn)[station_id].zone)
    first = _month_day(month)
    last = day_number(next_month(month)) - 1
    first_day = max(first, now.day if from_today else now.day + 1)
    if first_day > last or first > now.day + MOST_AHEAD_DAYS:
        raise BadValueError("planning.no_days")
    calls = agenda.due(conn, [station_id], from_day=first_day, to_day=last)
    agreed = tuple(call for call in calls if None not in {call.account_id, call.at_min})
    return Asked(station_id, first_day, last, now, agreed)


def _month_day(month: date) -> int:
    return day_number(month.replace(day=1))


def _refuse_approved(conn: Connection, station_id: int, month: date) -> None:
    found = plans.of_month(conn, station_id, _month_day(month))
    if found is not None and found.status is PlanStatus.APPROVED:
        raise NotAllowedError("planning.is_approved")


def days_of(month: date) -> range:
    """Return the days of a month."""
    return range(_month_day(month), day_number(next_month(month)))


def plan_of(conn: Connection, station_id: int, month: date) -> CallPlan:
    """Return the plan that stands for a month.

    Raises:
        NotFoundError: there is none.
    """
    found = plans.of_month(conn, station_id, _month_day(month))
    if found is None:
        raise NotFoundError("planning.none")
    return found


def _draw(ask: Ask, asked: Asked, seen: gathering.Board) -> None:
    """Let the lot say of everybody who falls due for a win-back call whether he is called."""
    with ask.db.reading() as conn:
        todo = gathering.drawable(conn, ask, asked, seen)
    with ask.db.writing(changes_figures=False) as conn:
        lots.draw(conn, ask.settings.holdout, todo, on_day=day_date(asked.first_day))


def _task(conn: Connection, ask: Ask, asked: Asked, due: Sequence[Due]) -> Task:
    """Return what the solver is asked."""
    season = rostering.season_on(conn, asked.station_id, asked.first_day)
    rules = ask.settings.planning
    is_slack = season.season == rostering.SLACK
    days = range(asked.first_day, asked.last_day + 1)
    shifts = rostering.shifts(conn, ask, asked.station_id, days)
    return Task(
        candidates=tuple(one.candidate for one in due),
        shifts=tuple(_from_now(shift, asked.now) for shift in shifts),
        days=tuple(sorted({shift.day for shift in shifts})),
        law=ask.settings.contact.law_of(season.law),
        agreed=tuple(map(_as_planned, asked.agreed)),
        prospect_share=rules.slack_share if is_slack else rules.peak_share,
        contact=ask.settings.contact,
        rules=rules,
    )


def _from_now(shift: Shift, now: Moment) -> Shift:
    """Return a shift without what of it is over today."""
    if shift.day != now.day:
        return shift
    first = max(shift.from_min, min(now.at_min + SOON_MIN, shift.to_min - 1))
    return replace(shift, from_min=first, minutes=min(shift.minutes, shift.to_min - first))


def _as_planned(call: Call) -> Planned:
    return Planned(
        customer_id=call.customer_id,
        account_id=call.account_id or 0,
        day=call.day,
        at_min=call.at_min or 0,
        minutes=call.minutes,
        purpose=call.purpose,
        channel=call.channel,
        area=str(call.facts.get("area", "")) if call.channel is Channel.VISIT else "",
    )


def _kept(conn: Connection, ask: Ask, asked: Asked, month: date, told: Mapping[str, Any]) -> int:
    """Return the id of a new draft."""
    new = CallPlan(
        station_id=asked.station_id,
        month_day=_month_day(month),
        status=PlanStatus.DRAFT,
        made_by=ask.scope.account,
        made_at=clock.moment("UTC").at,
        told=told,
    )
    return plans.add(conn, new)


def _fill(
    conn: Connection,
    ask: Ask,
    station_id: int,
    plan_id: int,
    made: Plan,
    due: Sequence[Due],
    before: Mapping[int, int],
) -> None:
    """Write the calls down; what somebody planned for the same day meanwhile stands."""
    of_whom = {one.candidate.person.customer_id: one for one in due}
    taken = {(one.customer_id, one.day) for one in agenda.planned_with(conn, of_whom)}
    now_s = clock.moment("UTC").at
    plans.fill(
        conn,
        [
            Call(
                customer_id=call.customer_id,
                station_id=station_id,
                account_id=call.account_id,
                day=call.day,
                at_min=call.at_min,
                minutes=call.minutes,
                purpose=call.purpose,
                channel=call.channel,
                why=of_whom[call.customer_id].why[call.need],
                facts=_facts(of_whom[call.customer_id], call),
                made_by=ask.scope.account,
                made_at=now_s,
                plan_id=plan_id,
                moved_from=before.get(call.customer_id),
            )
            for call in made.calls
            if (call.customer_id, call.day) not in taken
        ],
    )


def _facts(due: Due, call: Planned) -> dict[str, Any]:
    """Return the numbers of a call's sentence, what it is expected to bring, and where it is."""
    need = due.candidate.needs[call.need]
    told = {"value_minor": need.value, "before_min": need.before_min, "area": call.area}
    return {**due.facts[call.need], **{name: it for name, it in told.items() if it}}


def _told(made: Plan, due: Sequence[Due], currency: str) -> dict[str, Any]:
    """Return what a plan says of itself, in numbers and keys."""
    of_whom = {one.candidate.person.customer_id: one for one in due}
    unfit = [(one, of_whom[one.customer_id].candidate.needs[one.need]) for one in made.unfit]
    return {
        "value_minor": made.value,
        "bound_minor": made.bound,
        "currency": currency,
        "prices": dict(made.prices),
        "late": list(made.late),
        "unfit": [
            [one.customer_id, need.purpose.value, one.reason.value, need.value]
            for one, need in unfit
        ],
    }


def _with_more(told: Mapping[str, Any], made: Plan, due: Sequence[Due]) -> dict[str, Any]:
    """Return what a plan says of itself once it was mended."""
    more = _told(made, due, str(told["currency"]))
    return {**told, "unfit": [*told["unfit"], *more["unfit"]]}


def _made(plan_id: int, made: Plan, currency: str) -> Made:
    held = sum(one.reason is Refusal.HELD_OUT for one in made.unfit)
    return Made(
        plan_id=plan_id,
        calls=len(made.calls),
        unfit=len(made.unfit) - held,
        held=held,
        value_minor=made.value,
        bound_minor=made.bound,
        currency=currency,
        gap=made.gap,
    )


# --- mending --------------------------------------------------------------------------------------


def _mending(
    conn: Connection, ask: Ask, asked: Asked, found: CallPlan
) -> tuple[Task, list[Call], list[Due]]:
    """Return what is planned anew: the calls of who has no time on their day, beside the rest."""
    days = range(asked.first_day, asked.last_day + 1)
    shifts = rostering.shifts(conn, ask, asked.station_id, days)
    there = {(one.account_id, one.day) for one in shifts}
    own = [
        call
        for call in plans.calls_of(conn, found.id)
        if call.status is CallStatus.PLANNED and call.day >= asked.first_day
    ]
    lost = [call for call in own if (call.account_id, call.day) not in there]
    gone = {call.id for call in lost}
    others = {call.id: call for call in (*asked.agreed, *own) if call.id not in gone}
    asked = replace(asked, agreed=tuple(others.values()))
    due = gathering.again(conn, ask, asked, lost)
    return _task(conn, ask, asked, due), lost, due
