"""What was heard, written down once, and all that follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from station.analysis.states import EXPLAINING
from station.archive import lapses
from station.archive.calls import agenda, claiming, facts, results, wishes
from station.archive.calls.agenda import Call
from station.archive.calls.results import Result
from station.archive.calls.wishes import Complaint, Wish
from station.archive.customers import consents, sealed
from station.archive.customers import fields as field_store
from station.archive.customers.fields import Check
from station.archive.customers.sealed import Kind
from station.archive.database import Connection
from station.archive.lapses import LapseNote
from station.contact import calls as pure
from station.contact.calls import Heard, Try
from station.errors import BadValueError
from station.model import (
    DAY_S,
    NOT_REACHED,
    CallCode,
    CallMeasure,
    CallNeed,
    CallPurpose,
    CallStatus,
    CancelReason,
    Channel,
    ClaimKind,
    Consent,
    ConsentSource,
    LapseReason,
    Purpose,
    Released,
    day_date,
    day_number,
)
from station.services.access import acting, right
from station.services.ask import Ask
from station.services.calls import calling, claims, clock, reminding
from station.services.calls.clock import Moment
from station.services.customers import contacts, grades, occasions
from station.services.customers.contacts import Seen
from station.services.personal import sealing

LONGEST_WORDS, LONGEST_NAME, LONGEST_KEY = 500, 80, 64
WRONG_NUMBER = (CallCode.INVALID, CallCode.WRONG_PERSON, CallCode.SUSPENDED)
"""After these the telephone that is kept is known to be no good."""
BARRED = (Purpose.MARKETING, Purpose.CARE)
"""To what nobody agrees any more who wants no calls."""


@dataclass(frozen=True, slots=True)
class Report:
    """What staff enter of a call; `opened_at` is when the form was opened.

    `competitor` and `words` are sealed before they are kept, and no printed report shows them.
    """

    customer_id: int
    code: CallCode
    purpose: CallPurpose
    opened_at: int
    channel: Channel = Channel.PHONE
    call_id: int = 0
    is_incoming: bool = False
    satisfaction: int | None = None
    reason: LapseReason | None = None
    need: CallNeed | None = None
    measure: CallMeasure | None = None
    promise_on: date | None = None
    next_on: date | None = None
    competitor: str = field(default="", repr=False)
    words: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Saved:
    """What was saved by a form: of whom, how it went, how long it took, and what comes next."""

    result_id: int
    customer_id: int
    code: CallCode
    took_s: int
    next_on: date | None
    promise_on: date | None


@right("calls.record")
def record(ask: Ask, *, key: str, report: Report) -> Saved:
    """Write down what was heard; the same key again changes nothing and tells what was saved.

    Raises:
        NotFoundError: customer or call are not there, or not in sight.
        NotAllowedError: another has claimed the customer, or he was erased.
        BadValueError: reason or measure of a lost regular are missing, or something is out of
            range, or who rang himself was not reached; or the key was used for another call, or
            this call was recorded before.
    """
    _refuse_long(key, report)
    with acting(ask, changes_figures=_moves_state(report)) as conn:
        known = results.by_key(conn, key)
        if known is not None:
            return _same(conn, ask, known, report)
        seen = contacts.there(conn, ask, report.customer_id)
        now = claims.moment_of(conn, seen)
        call = calling.call_of(conn, ask, seen, report.call_id)
        if not report.is_incoming:
            call = call or calling.own_call(conn, ask, seen, now)
        if not report.is_incoming or call is not None:  # who rings himself ends nobody's call
            calling.refuse_strangers(conn, ask, seen, call, now)
        purpose = call.purpose if call else report.purpose
        heard = _complete(conn, ask, seen, report, purpose, now)
        grade = grades.now(conn, [seen.customer.id])[seen.customer.id]
        next_day = pure.next_day(heard, grade, day=now.day, rules=ask.settings.calls)
        result = _result(ask, seen, key, report, heard, purpose, now, next_day)
        result = replace(result, call_id=call.id if call else None)
        result_id = results.add(conn, result)
        _follow(conn, ask, seen, report, result, now, call)
        contacts.note(conn, ask, seen, "call")
    return _told(result, result_id)


@right("calls.record")
def of_form(ask: Ask, *, key: str) -> Saved | None:
    """Return what the asker saved by a form, none if nothing was saved by it yet."""
    with ask.db.reading() as conn:
        known = results.by_key(conn, key)
        if known is None or known.account != ask.scope.account:
            return None
        contacts.in_sight(conn, ask, known.customer_id)
    return _told(known, known.id)


def _refuse_long(key: str, report: Report) -> None:
    if not 0 < len(key) <= LONGEST_KEY:
        raise BadValueError("calls.key_bad")
    if len(report.words) > LONGEST_WORDS:
        raise BadValueError("error.note_too_long", limit=LONGEST_WORDS)
    if report.is_incoming and report.code in NOT_REACHED:
        raise BadValueError("calls.was_reached")
    if len(report.competitor) > LONGEST_NAME:
        raise BadValueError("error.note_too_long", limit=LONGEST_NAME)


def _moves_state(report: Report) -> bool:
    """Return whether the state of a vehicle may rest on what was heard."""
    return (report.reason or pure.SAID_BY_CODE.get(report.code)) in EXPLAINING


def _same(conn: Connection, ask: Ask, known: Result, report: Report) -> Saved:
    """Return what was saved by a key, to whoever saved it, of the same customer."""
    seen = contacts.in_sight(conn, ask, report.customer_id)
    if known.account != ask.scope.account or known.customer_id not in seen.customer.ids:
        raise BadValueError("calls.key_used")
    return _told(known, known.id)


def _told(result: Result, result_id: int) -> Saved:
    return Saved(
        result_id=result_id,
        customer_id=result.customer_id,
        code=result.code,
        took_s=result.at - result.opened_at,
        next_on=None if result.next_day is None else day_date(result.next_day),
        promise_on=None if result.promise_day is None else day_date(result.promise_day),
    )


def _complete(
    conn: Connection, ask: Ask, seen: Seen, report: Report, purpose: CallPurpose, now: Moment
) -> Heard:
    """Return what was heard, with what follows from it by itself; refuse what is not enough."""
    heard = Heard(
        code=report.code,
        satisfaction=report.satisfaction,
        reason=report.reason,
        need=report.need,
        measure=report.measure,
        promise_day=None if report.promise_on is None else day_number(report.promise_on),
        next_day=None if report.next_on is None else day_number(report.next_on),
    )
    heard = pure.completed(heard, purpose)
    tries = [*tries_of(conn, ask, seen, now), Try(now.day, now.at_min, heard.is_reached)]
    rules = ask.settings.calls
    for lack in pure.lacks(heard, purpose, tries, day=now.day, rules=rules):
        raise BadValueError(f"calls.lack_{lack}", tries=rules.tries)
    return heard


def tries_of(conn: Connection, ask: Ask, seen: Seen, now: Moment) -> list[Try]:
    """Return when staff tried to reach a customer by telephone of late, since he came last."""
    since = clock.days_before(now.at, ask.settings.calls.tries_days)
    zone = claims.zone_of(conn, seen)
    owned = facts.vehicles(conn, {seen.customer.id: seen.customer.ids})[seen.customer.id]
    came = max(facts.last_days(conn, owned).values(), default=0)
    made = [
        (clock.moment(zone, one.at), one)
        for one in results.of_customer(conn, seen.customer.ids, since=since)
        if one.channel is Channel.PHONE and not one.is_incoming
    ]
    return [
        Try(at.day, at.at_min, one.code not in NOT_REACHED) for at, one in made if at.day > came
    ]


def _result(
    ask: Ask,
    seen: Seen,
    key: str,
    report: Report,
    heard: Heard,
    purpose: CallPurpose,
    now: Moment,
    next_day: int | None,
) -> Result:
    return Result(
        customer_id=seen.customer.id,
        station_id=seen.station_id,
        account=ask.scope.account,
        at=now.at,
        opened_at=max(min(report.opened_at, now.at), now.at - DAY_S),
        purpose=purpose,
        channel=report.channel,
        code=heard.code,
        key=key,
        is_incoming=report.is_incoming,
        satisfaction=heard.satisfaction,
        reason=heard.reason,
        need=heard.need,
        measure=heard.measure,
        promise_day=heard.promise_day,
        next_day=next_day,
        competitor_sealed=_sealed(ask, Kind.COMPETITOR, report.competitor, key),
        words_sealed=_sealed(ask, Kind.CALL, report.words, key),
    )


def _sealed(ask: Ask, kind: Kind, words: str, key: str) -> bytes | None:
    told = words.strip()
    return sealing.seal(ask.db, told, place=sealed.place(kind, key=key)) if told else None


# --- what follows ---------------------------------------------------------------------------------


def _follow(
    conn: Connection,
    ask: Ask,
    seen: Seen,
    report: Report,
    result: Result,
    now: Moment,
    call: Call | None,
) -> None:
    """Do what follows from a result."""
    if call is not None:
        agenda.end(conn, call.id, CallStatus.DONE)
    _settle_claim(conn, ask, seen, result, now)
    _settle_next(conn, ask, seen, result, now)
    _check_phone(conn, ask, seen, result, now)
    if result.purpose is CallPurpose.WIN_BACK and result.reason is not None:
        _explain(conn, seen, result, result.reason, now)
    if result.code is CallCode.COMPLAINT:
        _complain(conn, ask, seen, report, now)
    if result.code is CallCode.DNC_REQUEST:
        _bar(conn, ask, seen, now)


def _settle_claim(conn: Connection, ask: Ask, seen: Seen, result: Result, now: Moment) -> None:
    """End the lock of this call; whose own list he is on keeps him for as long again."""
    found = claims.holder(conn, seen, now.day)
    if found is None or not claims.is_own(conn, ask, found):
        return
    if found.kind is ClaimKind.LOCK:
        claiming.release(conn, [found.id], now.at, Released.DONE)
    elif result.code not in NOT_REACHED:
        grade = grades.now(conn, [seen.customer.id])[seen.customer.id]
        until_day = now.day + ask.settings.calls.recycle_days(grade)
        claiming.prolong(conn, found.id, until_day)


def _settle_next(conn: Connection, ask: Ask, seen: Seen, result: Result, now: Moment) -> None:
    """Let the date of the next contact be what the result says; none is left after the end."""
    if result.next_day is None:
        agenda.drop_next(conn, seen.customer.ids)
        return
    reminding.put(
        conn,
        seen,
        day=result.next_day,
        why=_next_purpose(result),
        account_id=seen.customer.keeper_id or ask.scope.account_id or None,
        by=ask.scope.account,
        now=now,
    )


def _next_purpose(result: Result) -> CallPurpose:
    """Return what the next contact is for: a lost regular who was heard is kept from now on."""
    if result.code is CallCode.COMPLAINT:
        return CallPurpose.AFTERCARE
    is_heard = result.code in pure.CLOSING
    return CallPurpose.KEEP if is_heard and result.purpose in _ONCE else result.purpose


_ONCE = (CallPurpose.WIN_BACK, CallPurpose.FIRST_PURCHASE, CallPurpose.THIRD_VISIT)


def _check_phone(conn: Connection, ask: Ask, seen: Seen, result: Result, now: Moment) -> None:
    """Note whether he is reached by the telephone that is kept of him."""
    contact = seen.customer.contact
    is_wrong = result.code in WRONG_NUMBER
    is_dialled = result.channel is Channel.PHONE and not result.is_incoming
    if contact.phone_sealed is None or not is_dialled:
        return
    if is_wrong or result.code in pure.JUDGED:
        row_id = contact.phone_of or contact.id
        account = ask.scope.account
        field_store.put_checks(conn, [Check(row_id, "phone", now.day, not is_wrong, account)])


def _explain(
    conn: Connection, seen: Seen, result: Result, reason: LapseReason, now: Moment
) -> None:
    """Write the reason down at each of his vehicles that stays away."""
    owned = facts.vehicles(conn, {seen.customer.id: seen.customer.ids})[seen.customer.id]
    alarmed = facts.alarm_days(conn, owned)
    away = [one for one in owned if alarmed.get(one, now.day + 1) <= now.day] or owned
    for vehicle_id in away:
        note = LapseNote(vehicle_id, result.station_id, reason, result.account, result.at)
        lapses.add(conn, note)


def _complain(conn: Connection, ask: Ask, seen: Seen, report: Report, now: Moment) -> None:
    words = report.words.strip()
    place = sealed.place(Kind.COMPLAINT, customer_id=seen.customer.id, opened_at=now.at)
    said = sealing.seal(ask.db, words, place=place) if words else None
    account = ask.scope.account
    wishes.complain(
        conn, Complaint(seen.customer.id, seen.station_id, said, account, opened_at=now.at)
    )


def _bar(conn: Connection, ask: Ask, seen: Seen, now: Moment) -> None:
    """Let nobody call him any more, from this moment on; what he wished for is kept beside it."""
    customer_id, account = seen.customer.id, ask.scope.account
    withdrawn = [
        Consent(
            customer_id=customer_id,
            purpose=purpose,
            channel=Channel.PHONE,
            given=False,
            source=ConsentSource.CALL,
            text_version="call",
            on_day=now.day,
            account=account,
            written_at=now.at,
        )
        for purpose in BARRED
    ]
    consents.add(conn, withdrawn)
    occasions.forget_unwanted(conn, customer_id)
    known = wishes.standing(conn, [customer_id], now.day).get(customer_id, ())
    wish = next((one for one in known if one.channel is Channel.PHONE), _unasked(customer_id))
    said = replace(wish, source=ConsentSource.CALL, on_day=now.day, written_at=now.at)
    wishes.add(conn, replace(said, is_barred=True, account=account))
    for call in _by_phone(agenda.planned_with(conn, seen.customer.ids)):
        agenda.end(conn, call.id, CallStatus.CANCELLED, CancelReason.RULES)


def _unasked(customer_id: int) -> Wish:
    """Return the wish of whoever said nothing of calls."""
    return Wish(
        customer_id=customer_id,
        channel=Channel.PHONE,
        weekdays="",
        from_min=None,
        to_min=None,
        most=None,
        is_unwanted=False,
        is_barred=False,
        source=ConsentSource.CALL,
        on_day=0,
        account="",
        written_at=0,
    )


def _by_phone(planned: Sequence[Call]) -> list[Call]:
    return [call for call in planned if call.channel is Channel.PHONE]
