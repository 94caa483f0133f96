"""What to know before dialling: at most six lines, the open complaint first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from station.archive import vehicles as garage
from station.archive.calls import facts as known
from station.archive.calls import results, wishes
from station.archive.calls.agenda import Call
from station.archive.calls.results import Result
from station.archive.customers import prospects, sealed
from station.archive.customers.sealed import Kind
from station.archive.database import Connection
from station.contact import calls as pure
from station.model import (
    AT_RISK,
    COMING,
    DAY_S,
    STAYING_AWAY,
    CallNeed,
    CallPurpose,
    Channel,
    LapseReason,
)
from station.services import board, trail
from station.services.access import right
from station.services.ask import Ask
from station.services.calls import allowed, calling, claims, clock
from station.services.calls.clock import Moment
from station.services.customers import contacts, grades, kept
from station.services.customers.contacts import Seen
from station.services.personal import sealing

MOST_LINES = 6
MINUTE_S = 60
MOST_LABELS = 3
SHORT = 60
"""Signs of what was noted last that a line has room for."""
MOST_LOOKED = 40
"""Cars of a fleet that are looked at for one call."""
TOPICS, STYLE = "forbidden_topics", "style"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its icon's name, the key of its sentence and the facts that fill it."""

    kind: str
    key: str
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False, repr=False)


@dataclass(frozen=True, slots=True)
class Brief:
    """What somebody reads before he dials, and what speaks against dialling now."""

    customer_id: int
    name: str
    purpose: CallPurpose
    lines: tuple[Line, ...]
    against: tuple[str, ...]
    taken_by: str


@right("calls.read")
def of(ask: Ask, *, customer_id: int, purpose: CallPurpose, call_id: int = 0) -> Brief:
    """Return the brief of a call; that it was read is written down as a look at the customer.

    Raises:
        NotFoundError: the customer is not in sight, or the call is not planned any more.
        NotAllowedError: he was erased.
    """
    with ask.db.reading() as conn:
        seen = contacts.there(conn, ask, customer_id)
        now = claims.moment_of(conn, seen)
        call = calling.call_of(conn, ask, seen, call_id) or calling.own_call(conn, ask, seen, now)
        wanted = call.purpose if call else purpose
        channel = call.channel if call else Channel.PHONE
        refusals = allowed.against(conn, ask, seen, wanted, channel, now, call=call)
        owned = known.vehicles(conn, {seen.customer.id: seen.customer.ids})[seen.customer.id]
        heard = [_in_sight(ask, one) for one in results.of_customer(conn, seen.customer.ids)]
        lines = list(_lines(conn, ask, seen, wanted, call, heard, owned, now))
        taken = claims.active_of(conn, seen.customer.ids, now.day)
        is_free = taken is None or claims.is_own(conn, ask, taken)
        taken_by = "" if is_free or taken is None else claims.name_of(conn, taken.account_id)
    what, again_after_s = f"customer:{customer_id}", ask.settings.looks.same_look_min * MINUTE_S
    trail.looked(ask.db, ask.scope, what, station_id=seen.station_id, again_after_s=again_after_s)
    return Brief(
        customer_id=seen.customer.id,
        name=claims.called(ask, seen.customer),
        purpose=wanted,
        lines=tuple(lines[:MOST_LINES]),
        against=tuple(one.value for one in refusals),
        taken_by=taken_by,
    )


def _lines(
    conn: Connection,
    ask: Ask,
    seen: Seen,
    purpose: CallPurpose,
    call: Call | None,
    heard: Sequence[Result],
    owned: Sequence[int],
    now: Moment,
) -> Iterator[Line]:
    """Yield the lines in the order in which they matter."""
    complaint = _complaint(conn, ask, seen, now)
    if complaint is not None:
        yield complaint
    yield _who(conn, ask, seen, owned)
    yield _why(conn, ask, seen, purpose, call, owned, now)
    yield _last(ask, heard, now)
    style = _style(conn, ask, seen)
    if style is not None:
        yield style
    told = next((one for one in heard if one.code in pure.JUDGED), None)
    yield Line(
        "suggestion",
        "brief.say_"
        + pure.suggestion(
            purpose,
            reason=_reason(heard),
            need=told.need if told else None,
            has_complaint=complaint is not None,
            has_promised=bool(told and told.promise_day),
        ),
        _need(told.need if told else None),
    )


def _in_sight(ask: Ask, one: Result) -> Result:
    """Return what was heard; out of sight only that somebody talked to him, and how it went."""
    if one.station_id in ask.scope.station_ids:
        return one
    return replace(one, reason=None, need=None, promise_day=None, words_sealed=None)


def _reason(heard: Sequence[Result]) -> LapseReason | None:
    return next((one.reason for one in heard if one.reason is not None), None)


def _need(need: CallNeed | None) -> dict[str, Any]:
    return {"need": need.value if need else ""}


def _complaint(conn: Connection, ask: Ask, seen: Seen, now: Moment) -> Line | None:
    for one in wishes.complaints_of(conn, seen.customer.ids):
        if one.closed_at is None:
            place = sealed.place(
                Kind.COMPLAINT, customer_id=one.customer_id, opened_at=one.opened_at
            )
            is_here = one.station_id in ask.scope.station_ids
            words = sealing.unseal(ask.db, one.said_sealed, place=place) if is_here else ""
            said = words or ""
            days = now.day - one.opened_at // DAY_S
            key = "brief.complaint_said" if said else "brief.complaint"
            return Line("complaint", key, {"days": max(days, 0), "words": _short(said)})
    return None


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= SHORT else line[: SHORT - 1] + "…"


def _who(conn: Connection, ask: Ask, seen: Seen, owned: Sequence[int]) -> Line:
    customer = seen.customer
    labels = [label for label, _ in garage.labels(conn, owned[:MOST_LABELS]).values()]
    more = len(owned) - len(labels)
    key = "brief.who_many" if more > 0 else "brief.who" if labels else "brief.who_only"
    told = {
        "name": claims.called(ask, customer),
        "grade": grades.now(conn, [customer.id])[customer.id],
        "labels": " ".join(labels),
        "more": more,
    }
    return Line("who", key, told)


def _why(
    conn: Connection,
    ask: Ask,
    seen: Seen,
    purpose: CallPurpose,
    call: Call | None,
    owned: Sequence[int],
    now: Moment,
) -> Line:
    """Return why to call now, with the number: of the car that tells most, else of the plan."""
    if purpose is CallPurpose.PROSPECT:
        prospect = prospects.find(conn, seen.customer.ids)
        days = now.day - prospect.made_at // DAY_S if prospect else 0
        return Line("why", "brief.why_prospect", {"days": max(days, 0)})
    row = _telling(ask, seen, owned, purpose)
    if row is None:
        if call is not None:
            return Line("why", call.why, call.facts)
        return Line("why", f"brief.why_{purpose}", {})
    told = {
        "label": row["label"],
        "silent": now.day - int(row["last_day"]),
        "gap": float(row["usual_gap_days"]) if row["usual_gap_days"] > 0 else 0.0,
        "amount": round(float(row["monthly_amount"])) if row["monthly_amount"] > 0 else 0,
        "currency": row["currency_code"],
        "visits": int(row["visits"]),
        "station": row["moved_to"],
    }
    return Line("why", f"brief.{_why_key(row, told)}", told)


def _why_key(row: Mapping[Any, Any], told: Mapping[str, Any]) -> str:
    if row["moved_to"]:
        return "why_moved"
    if row["state"] in {state.value for state in STAYING_AWAY} and told["gap"]:
        return "why_away"
    return "why_usual" if told["gap"] else "why_seldom"


def _telling(
    ask: Ask, seen: Seen, owned: Sequence[int], purpose: CallPurpose
) -> dict[Any, Any] | None:
    """Return the row of the car that tells most.

    Of whom is to be won back the one for which a call may decide most, else the one worth most of
    those that still come.
    """
    if not owned:
        return None
    rows = board.some(ask, vehicle_ids=tuple(sorted(owned)[:MOST_LOOKED]))
    rows = rows[rows["station_id"].isin(seen.here)]
    if rows.empty:
        return None
    is_lost = purpose is CallPurpose.WIN_BACK
    wanted = AT_RISK if is_lost else COMING
    worth = rows["value_at_risk" if is_lost else "monthly_amount"]
    order = rows.assign(
        _wanted=rows["state"].isin([state.value for state in wanted]),
        _worth=pd.to_numeric(worth).fillna(0),
    )
    order = order.sort_values(["_wanted", "_worth", "visits", "vehicle_id"], ascending=False)
    told: dict[Any, Any] = order.iloc[0].to_dict()
    return told


def _last(ask: Ask, heard: Sequence[Result], now: Moment) -> Line:
    """Return when he was talked to last and what came of it."""
    if not heard:
        return Line("last", "brief.last_none")
    last = next((one for one in heard if one.code in pure.JUDGED), heard[0])
    place = sealed.place(Kind.CALL, key=last.key)
    words = sealing.unseal(ask.db, last.words_sealed, place=place) or ""
    days = now.day - clock.moment("UTC", last.at).day
    told = {
        "days": max(days, 0),
        "code": last.code.value,
        "words": _short(words),
        "promise_day": last.promise_day,
    }
    key = "last_promise" if last.promise_day else "last_words" if words else "last"
    return Line("last", f"brief.{key}", told)


def _style(conn: Connection, ask: Ask, seen: Seen) -> Line | None:
    """Return how to talk to him, and of what not."""
    fields = kept.told_of(conn, ask.db, seen.customer.ids, (STYLE, TOPICS))
    words: dict[str, str] = {}
    for (_, name), (told, _value) in fields.items():
        words.setdefault(name, told or "")
    style, topics = words.get(STYLE, ""), _short(words.get(TOPICS, ""))
    if not style and not topics:
        return None
    key = "style_topics" if style and topics else "style" if style else "topics"
    return Line("style", f"brief.{key}", {"style": style, "topics": topics})
