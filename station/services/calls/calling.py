"""Whom do I call now? The day's calls, the rules asked again, and the dialling."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from station.archive import stations
from station.archive import vehicles as garage
from station.archive.calls import agenda, claiming, facts, wishes
from station.archive.calls.agenda import Call, Next
from station.archive.customers import book, persons
from station.archive.database import Connection
from station.contact.rules import Law, Person, Refusal
from station.errors import NotAllowedError, NotFoundError
from station.model import (
    CONSENT_TO,
    Act,
    CallPurpose,
    CallStatus,
    CancelReason,
    Channel,
    Purpose,
)
from station.services import trail
from station.services.access import acting, right, stations_in_sight
from station.services.ask import Ask
from station.services.calls import allowed, claims, clock
from station.services.calls.clock import Moment
from station.services.customers import contacts, finding, grades
from station.services.customers import persons as people
from station.services.customers.contacts import Revealed, Seen
from station.services.personal import sealing

MOST_LABELS = 2
"""Vehicles by which a customer is told of in a list."""
MOST_FOUND = 12
AHEAD_DAYS = 366
"""No planned call lies further ahead."""
_NEVER = frozenset({Refusal.DO_NOT_CALL, Refusal.DENIED})
CANCELLED = {Refusal.CAME_BACK: CancelReason.CAME_BACK, Refusal.OUR_FAULT: CancelReason.OUR_FAULT}


@dataclass(frozen=True, slots=True)
class Task:
    """A call of the day: who, masked, what for, why now, and what speaks against it at present.

    `call_id` is none where only a date of a next contact stands for it; `taken_by` names who else
    has claimed him; `against` are the words of the rules, the gravest first.
    """

    customer_id: int
    call_id: int | None
    station: str
    name: str
    labels: tuple[str, ...]
    grade: str
    purpose: CallPurpose
    channel: Channel
    day: int
    at_min: int | None
    minutes: int
    late_days: int
    account: str
    why: str
    facts: Mapping[str, Any] = field(hash=False)
    against: tuple[str, ...] = ()
    taken_by: str = ""

    @property
    def is_late(self) -> bool:
        """Whether it was to be made on a day that is over."""
        return self.late_days > 0

    @property
    def may_be_made(self) -> bool:
        """Whether nothing and nobody speaks against it now."""
        return not self.against and not self.taken_by


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who may be on the telephone: a customer in sight, masked, or a car of nobody's."""

    customer_id: int | None
    name: str
    label: str
    why: str


@dataclass(frozen=True, slots=True)
class _Due:
    """What is due: a planned call, or a date of a next contact."""

    customer_id: int
    station_id: int
    account_id: int | None
    day: int
    at_min: int | None
    minutes: int
    purpose: CallPurpose
    channel: Channel
    why: str
    facts: Mapping[str, Any]
    call: Call | None


# --- the day --------------------------------------------------------------------------------------


@right("calls.read")
def mine(ask: Ask, *, stations: Sequence[str] = ()) -> list[Task]:
    """Return the calls that the asker has to make now, those that may be made first.

    His own and anybody's, of today and those left over. What became needless meanwhile, because
    the car fills up again or the silence was our own fault, is cancelled on the way.
    """
    return _tasks(ask, stations_in_sight(ask, stations), ask.scope.account_id)


@right("calls.plan")
def of_station(ask: Ask, *, stations: Sequence[str] = ()) -> list[Task]:
    """Return the calls that anybody at the stations has to make now."""
    return _tasks(ask, stations_in_sight(ask, stations), None)


def _tasks(ask: Ask, station_ids: frozenset[int], account_id: int | None) -> list[Task]:
    with ask.db.reading() as conn:
        zones = {i: one.zone for i, one in stations.everything(conn).items() if i in station_ids}
        moments = {zone: clock.moment(zone) for zone in set(zones.values())}
        due = [
            one
            for station_id, zone in sorted(zones.items())
            for one in _due(conn, ask, station_id, moments[zone], account_id)
        ]
        now = max(moments.values(), key=lambda one: one.day, default=clock.moment("UTC"))
        standing = allowed.people(conn, {one.customer_id for one in due}, now)
        laws = {one: allowed.law_of(conn, ask, one, now.day) for one in zones}
        judged = [
            (
                one,
                _against(
                    ask,
                    standing[one.customer_id],
                    one,
                    moments[zones[one.station_id]],
                    laws[one.station_id],
                ),
            )
            for one in due
        ]
    over = {one.call.id: refusals for one, refusals in judged if one.call and _is_over(refusals)}
    if over:
        _cancel(ask, over)
    left = [(one, told) for one, told in judged if one.call is None or one.call.id not in over]
    with ask.db.reading() as conn:
        tasks = _shown(conn, ask, left, now)
    return sorted(tasks, key=_order)


def _order(task: Task) -> tuple[bool, int, int, str, int]:
    at_min = task.at_min if task.at_min is not None else 0
    return not task.may_be_made, task.day, at_min, task.grade, task.customer_id


def _due(
    conn: Connection, ask: Ask, station_id: int, now: Moment, account_id: int | None
) -> list[_Due]:
    """Return what is due at a station, each customer once: a planned call before a mere date."""
    rules = ask.settings.calls
    calls = agenda.due(
        conn,
        [station_id],
        from_day=now.day - rules.late_days,
        to_day=now.day,
        account_id=account_id,
    )
    dates = [
        one
        for one in agenda.next_due(conn, [station_id], to_day=now.day)
        if account_id is None or one.account_id in {None, account_id}
    ]
    due = [*map(_of_call, calls), *(_of_date(one, rules.minutes) for one in dates)]
    whole = book.same_of_many(conn, [one.customer_id for one in due])
    found: dict[int, _Due] = {}
    for it in due:
        found.setdefault(whole[it.customer_id][0], it)
    return list(found.values())


def _of_call(call: Call) -> _Due:
    return _Due(
        customer_id=call.customer_id,
        station_id=call.station_id,
        account_id=call.account_id,
        day=call.day,
        at_min=call.at_min,
        minutes=call.minutes,
        purpose=call.purpose,
        channel=call.channel,
        why=call.why,
        facts=call.facts,
        call=call,
    )


def _of_date(date: Next, minutes: int) -> _Due:
    return _Due(
        customer_id=date.customer_id,
        station_id=date.station_id,
        account_id=date.account_id,
        day=date.day,
        at_min=None,
        minutes=minutes,
        purpose=date.why,
        channel=Channel.PHONE,
        why="calls.why_date",
        facts={"due_day": date.day},
        call=None,
    )


def _against(ask: Ask, person: Person, due: _Due, now: Moment, law: Law) -> tuple[Refusal, ...]:
    return allowed.refused(ask, person, due.purpose, due.channel, now, law=law, call=due.call)


def _is_over(refusals: Sequence[Refusal]) -> bool:
    return not allowed.ENDING.isdisjoint(refusals)


def _shown(
    conn: Connection, ask: Ask, judged: Sequence[tuple[_Due, tuple[Refusal, ...]]], now: Moment
) -> list[Task]:
    ids = [due.customer_id for due, _ in judged]
    whole = book.same_of_many(conn, ids)
    known = grades.now(conn, ids)
    owned = facts.vehicles(conn, whole)
    plates = garage.labels(conn, sorted({one for some in owned.values() for one in some}))
    codes = {number: code for code, number in stations.ids(conn).items()}
    tasks = []
    for due, refusals in judged:
        customer = book.sure(conn, due.customer_id)
        labels = tuple(plates[one][0] for one in owned[due.customer_id] if one in plates)
        tasks.append(
            Task(
                customer_id=customer.id,
                call_id=due.call.id if due.call else None,
                station=codes[due.station_id],
                name=claims.called(ask, customer),
                labels=labels[:MOST_LABELS],
                grade=known[due.customer_id],
                purpose=due.purpose,
                channel=due.channel,
                day=due.day,
                at_min=due.at_min,
                minutes=due.minutes,
                late_days=max(now.day - due.day, 0),
                account=_account(conn, due.account_id),
                why=due.why,
                facts=due.facts,
                against=tuple(one.value for one in refusals),
                taken_by=_taken_by(conn, ask, customer, now),
            )
        )
    return tasks


def _account(conn: Connection, account_id: int | None) -> str:
    return claims.name_of(conn, account_id) if account_id else ""


def _taken_by(conn: Connection, ask: Ask, customer: book.Customer, now: Moment) -> str:
    """Return who else has claimed a customer, if anybody has."""
    found = claims.active_of(conn, customer.ids, now.day)
    if found is None or claims.is_own(conn, ask, found):
        return ""
    return claims.name_of(conn, found.account_id)


# --- what became needless -------------------------------------------------------------------------


def _cancel(ask: Ask, over: Mapping[int, Sequence[Refusal]]) -> None:
    with ask.db.writing(changes_figures=False) as conn:
        for call_id, refusals in over.items():
            _cancel_one(conn, ask, call_id, refusals)


def _cancel_one(
    conn: Connection, ask: Ask, call_id: int, refusals: Sequence[Refusal]
) -> CancelReason | None:
    """Return why a call is not made any more, none if it was over before."""
    ending = next(one for one in refusals if one in allowed.ENDING)
    reason = CANCELLED.get(ending, CancelReason.RULES)
    call = agenda.find(conn, call_id)
    if call is None or not agenda.end(conn, call_id, CallStatus.CANCELLED, reason):
        return None
    what = f"customer:{call.customer_id}:call_cancelled"
    trail.note(
        conn, ask.scope, Act.CHANGE, what, station_id=call.station_id, reason=str(ending.value)
    )
    return reason


def cancel_needless(ask: Ask, now_s: int) -> int:
    """Return how many planned calls of the whole chain are not made any more, whoever asks."""
    with ask.db.reading() as conn:
        known = stations.everything(conn)
        now = clock.moment("UTC", now_s)
        late = ask.settings.calls.late_days
        calls = agenda.due(conn, known, from_day=now.day - late, to_day=now.day + AHEAD_DAYS)
        standing = allowed.people(conn, {call.customer_id for call in calls}, now)
        laws = {one: allowed.law_of(conn, ask, one, now.day) for one in known}
        over = {}
        for call in calls:
            person, law = standing[call.customer_id], laws[call.station_id]
            refusals = _against(ask, person, _of_call(call), now, law)
            if _is_over(refusals):
                over[call.id] = refusals
    if over:
        _cancel(ask, over)
    return len(over)


# --- dialling -------------------------------------------------------------------------------------


@right("calls.record")
def dial(
    ask: Ask,
    *,
    customer_id: int,
    purpose: CallPurpose,
    channel: Channel = Channel.PHONE,
    call_id: int = 0,
) -> Revealed:
    """Return whom to ask for and the number to dial; from now on nobody else may call him.

    The rules are asked once more. That the number was opened is written down.

    Raises:
        NotFoundError: he is not in sight, or nothing is kept of how to reach him.
        NotAllowedError: another calls him or looks after him, the rules say no, or for a service
            call there is no reason.
        LimitReachedError: the day's names and numbers are used up.
    """
    with acting(ask) as conn:
        seen = contacts.there(conn, ask, customer_id)
        now = claims.moment_of(conn, seen)
        call = call_of(conn, ask, seen, call_id) or own_call(conn, ask, seen, now)
        refuse_strangers(conn, ask, seen, call, now)
        wanted, way = (call.purpose, call.channel) if call else (purpose, channel)
        refusals = _refusals(conn, ask, seen, call, (wanted, way, now))
        if not refusals:
            if call is None:
                refuse_untold(conn, seen, wanted, now)
            claims.hold(conn, ask, seen, now)
            what = f"customer:{customer_id}"
            contacts.note_reveal(conn, ask, seen, what, reason=f"call {wanted}")
            told = _reached(conn, ask, seen)
            by_phone = _refusals(conn, ask, seen, call, (wanted, Channel.PHONE, now))
            # Who is visited and may not be called is not called on the way either.
            return replace(told, phone="") if _NEVER.intersection(by_phone) else told
        if call is not None and _is_over(refusals):
            _cancel_one(conn, ask, call.id, refusals)
    raise NotAllowedError(f"calls.rule_{refusals[0]}")


def _refusals(
    conn: Connection,
    ask: Ask,
    seen: Seen,
    call: Call | None,
    asked: tuple[CallPurpose, Channel, Moment],
) -> tuple[Refusal, ...]:
    """Return what speaks against contacting him now; a message opens no number."""
    purpose, way, now = asked
    if way not in {Channel.PHONE, Channel.VISIT}:
        return (Refusal.UNWANTED,)
    return allowed.against(conn, ask, seen, purpose, way, now, call=call)


def refuse_untold(conn: Connection, seen: Seen, purpose: CallPurpose, now: Moment) -> None:
    """Refuse a service call that nobody asked for: it would mind neither consent nor limits.

    Raises:
        NotAllowedError: no complaint of his is open, and no such date is due.
    """
    if CONSENT_TO[purpose] is not Purpose.SERVICE:
        return
    date = agenda.next_of(conn, seen.customer.ids)
    is_due = date is not None and date.day <= now.day and CONSENT_TO[date.why] is Purpose.SERVICE
    if not is_due and not wishes.complaining(conn, seen.customer.ids):
        raise NotAllowedError("calls.no_service")


def call_of(conn: Connection, ask: Ask, seen: Seen, call_id: int) -> Call | None:
    """Return the planned call with a customer that is named, none for 0.

    Raises:
        NotFoundError: there is no such call with him, or it is not planned any more.
    """
    if not call_id:
        return None
    call = agenda.find(conn, call_id)
    is_his = call is not None and call.customer_id in seen.customer.ids
    if call is None or not is_his or call.station_id not in ask.scope.station_ids:
        raise NotFoundError("calls.none")
    if call.status is not CallStatus.PLANNED:
        raise NotFoundError(f"calls.is_{call.status}")
    if call.id not in {one.id for one in agenda.planned_with(conn, seen.customer.ids)}:
        raise NotFoundError("calls.none")  # of a plan that nobody approved
    return call


def own_call(conn: Connection, ask: Ask, seen: Seen, now: Moment) -> Call | None:
    """Return the asker's or anybody's planned call with a customer that is due, the oldest."""
    own = {None, ask.scope.account_id}
    planned = agenda.planned_with(conn, seen.customer.ids)
    due = (
        one
        for one in planned
        if one.account_id in own and one.day <= now.day and one.station_id in ask.scope.station_ids
    )
    return next(due, None)


def refuse_strangers(
    conn: Connection, ask: Ask, seen: Seen, call: Call | None, now: Moment
) -> None:
    """Refuse to let somebody contact a customer who is none of his.

    Raises:
        NotAllowedError: another has claimed him; or he is neither planned for the asker, nor on
            his list, nor may the asker reach anybody there.
    """
    found = claims.holder(conn, seen, now.day)
    if found is not None:
        claims.refuse_taken(conn, ask, found)
        return
    own, here = {None, ask.scope.account_id}, ask.scope.station_ids
    date = agenda.next_of(conn, seen.customer.ids)
    is_planned = call is not None and call.account_id in own and call.day <= now.day
    is_due = (
        date is not None
        and (date.account_id in own and date.station_id in here)
        and date.day <= now.day
    )
    if not (is_planned or is_due or contacts.may_reveal(ask, seen)):
        raise NotAllowedError("contacts.not_yours")


def _reached(conn: Connection, ask: Ask, seen: Seen) -> Revealed:
    """Return his name and number, of an organisation else those of somebody there."""
    name, phone = sealing.unseal_contact(ask.db, seen.customer.contact)
    if phone != "":
        return Revealed(name, phone)
    for one in persons.of_customers(conn, seen.customer.ids):
        if one.to_day is None and one.phone_sealed is not None:
            return Revealed(*people.opened(ask.db, one))
    raise NotFoundError("contacts.none_kept")


# --- who is on the telephone ----------------------------------------------------------------------


@right("calls.record")
def callers(ask: Ask, *, words: str) -> list[Caller]:
    """Return who in sight may be calling, the surest first, each once."""
    rows = finding.find(ask, words, MOST_FOUND).to_dict("records")
    found: dict[object, Caller] = {}
    with ask.db.reading() as conn:
        for row in rows:
            is_vehicle = row["kind"] == finding.VEHICLE
            holders = book.holders(conn, int(row["id"])) if is_vehicle else [int(row["id"])]
            label = str(row["label"]) if is_vehicle else ""
            customer = book.find(conn, holders[0]) if holders else None
            if customer is None or customer.erased_at is not None:
                found.setdefault(label, Caller(None, "", label, str(row["why"])))
                continue
            try:
                contacts.in_sight(conn, ask, customer.id)
            except NotFoundError:
                continue
            name = claims.called(ask, customer)
            found.setdefault(customer.id, Caller(customer.id, name, label, str(row["why"])))
    return list(found.values())


@right("calls.read")
def claimed_by(ask: Ask, *, customer_id: int) -> str:
    """Return which account alone may contact a customer now, empty for none.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        seen = contacts.in_sight(conn, ask, customer_id)
        found = claiming.active(conn, seen.customer.ids)
        return claims.name_of(conn, found[0].account_id) if found else ""
