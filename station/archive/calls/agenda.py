"""Whom to call when, by whom and what for: planned calls, and dates of the next contact."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, or_, select, update

from station.archive.calls.tables import call_plans, calls, next_contacts
from station.archive.customers.stands import stands
from station.archive.rows import slices
from station.archive.tables import customers
from station.model import CallPurpose, CallStatus, CancelReason, Channel, PlanStatus


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it is planned; nobody (`account_id` none) means whoever is there."""

    customer_id: int
    station_id: int
    account_id: int | None
    day: int
    at_min: int | None
    minutes: int
    purpose: CallPurpose
    channel: Channel
    why: str
    made_by: str
    made_at: int
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)
    status: CallStatus = CallStatus.PLANNED
    cancel_reason: str = ""
    plan_id: int | None = None
    moved_from: int | None = None
    id: int = 0


PLAIN = (
    *("plan_id", "customer_id", "station_id", "account_id", "day", "at_min", "minutes", "why"),
    *("made_by", "made_at", "cancel_reason", "moved_from"),
)


def add(conn: Connection, call: Call) -> int:
    """Return the id of a new call; the database refuses two of one customer on one day."""
    added = insert(calls).values(values_of(call)).returning(calls.c.id)
    return int(conn.execute(added).scalar_one())


def values_of(call: Call) -> dict[str, Any]:
    """Return the columns of a call."""
    return {name: getattr(call, name) for name in PLAIN} | {
        "purpose": call.purpose.value,
        "channel": call.channel.value,
        "status": call.status.value,
        "facts": json.dumps(dict(call.facts), sort_keys=True),
    }


def find(conn: Connection, call_id: int) -> Call | None:
    """Return a call, none if there is none."""
    row = conn.execute(select(calls).where(calls.c.id == call_id)).first()
    return None if row is None else call_of(row)


def call_of(row: Any) -> Call:
    """Return the call of a row."""
    values = {name: getattr(row, name) for name in ("id", *PLAIN)}
    return Call(
        **values,
        purpose=CallPurpose(row.purpose),
        channel=Channel(row.channel),
        status=CallStatus(row.status),
        facts=json.loads(row.facts),
    )


def _standing() -> Select[Any]:
    """Find the planned calls that count: of an approved plan, or of none."""
    return (
        select(calls)
        .outerjoin(call_plans, call_plans.c.id == calls.c.plan_id)
        .where(
            calls.c.status == CallStatus.PLANNED.value,
            or_(calls.c.plan_id.is_(None), call_plans.c.status == PlanStatus.APPROVED.value),
        )
    )


def due(
    conn: Connection,
    station_ids: Collection[int],
    *,
    from_day: int,
    to_day: int,
    account_id: int | None = None,
) -> list[Call]:
    """Return the calls that count of some days, in the order in which they are to be made.

    Of one account: its own and those that are anybody's.
    """
    query = _standing().where(
        calls.c.station_id.in_(station_ids), calls.c.day >= from_day, calls.c.day <= to_day
    )
    if account_id is not None:
        query = query.where(or_(calls.c.account_id == account_id, calls.c.account_id.is_(None)))
    at_min = func.coalesce(calls.c.at_min, 0)
    return [call_of(row) for row in conn.execute(query.order_by(calls.c.day, at_min, calls.c.id))]


def of_customer(conn: Connection, customer_ids: Collection[int]) -> list[Call]:
    """Return every call with one customer that was ever planned, the newest first."""
    query = select(calls).where(calls.c.customer_id.in_(customer_ids))
    return [call_of(row) for row in conn.execute(query.order_by(calls.c.day.desc(), calls.c.id))]


def planned_with(conn: Connection, customer_ids: Collection[int]) -> list[Call]:
    """Return the calls with these customers that count and are to be made, the earliest first."""
    found = []
    for some in slices(sorted(customer_ids)):
        query = _standing().where(calls.c.customer_id.in_(some))
        found += [call_of(row) for row in conn.execute(query)]
    return sorted(found, key=lambda call: (call.day, call.at_min or 0, call.id))


def planned_after(conn: Connection, account_id: int, day: int) -> list[Call]:
    """Return the calls of an account from a day on, of drafts as well, the earliest first."""
    query = select(calls).where(
        calls.c.account_id == account_id,
        calls.c.day >= day,
        calls.c.status == CallStatus.PLANNED.value,
    )
    return [call_of(row) for row in conn.execute(query.order_by(calls.c.day, calls.c.id))]


def end(
    conn: Connection, call_id: int, status: CallStatus, reason: CancelReason | None = None
) -> bool:
    """Return whether a planned call is none any more from now on."""
    change = update(calls).where(calls.c.id == call_id, calls.c.status == CallStatus.PLANNED.value)
    values = {"status": status.value, "cancel_reason": reason.value if reason else ""}
    return bool(conn.execute(change.values(values)).rowcount)


def give(conn: Connection, call_id: int, account_id: int | None) -> None:
    """Give a call to another account."""
    conn.execute(update(calls).where(calls.c.id == call_id).values(account_id=account_id))


# --- the next contact -----------------------------------------------------------------------------

NEXT = ("customer_id", "station_id", "account_id", "day", "why", "set_by", "set_at", "told_level")


@dataclass(frozen=True, slots=True)
class Next:
    """When a customer is to be contacted next, by whom (none: anybody) and what for."""

    customer_id: int
    station_id: int
    account_id: int | None
    day: int
    why: CallPurpose
    set_by: str
    set_at: int
    told_level: int = 0


def put_next(conn: Connection, new: Next) -> None:
    """Let this be the date of a customer's next contact."""
    drop_next(conn, [new.customer_id])
    values = {name: getattr(new, name) for name in NEXT} | {"why": new.why.value}
    conn.execute(insert(next_contacts).values(values))


def drop_next(conn: Connection, customer_ids: Collection[int]) -> int:
    """Return how many dates of the next contact there are no more."""
    return sum(
        conn.execute(delete(next_contacts).where(next_contacts.c.customer_id.in_(some))).rowcount
        for some in slices(sorted(customer_ids))
    )


def next_of(conn: Connection, customer_ids: Collection[int]) -> Next | None:
    """Return the earliest date that stands for one customer, none if there is none."""
    query = select(next_contacts).where(next_contacts.c.customer_id.in_(customer_ids))
    row = conn.execute(query.order_by(next_contacts.c.day).limit(1)).first()
    return None if row is None else _next(row)


def _next(row: Any) -> Next:
    values = {name: getattr(row, name) for name in NEXT}
    return Next(**values | {"why": CallPurpose(row.why)})


def next_due(conn: Connection, station_ids: Collection[int], *, to_day: int) -> list[Next]:
    """Return the dates up to a day, the earliest first."""
    query = select(next_contacts).where(
        next_contacts.c.station_id.in_(station_ids), next_contacts.c.day <= to_day
    )
    order = (next_contacts.c.day, next_contacts.c.customer_id)
    return [_next(row) for row in conn.execute(query.order_by(*order))]


def next_of_account(conn: Connection, account_id: int) -> list[Next]:
    """Return the dates that an account has to keep, the earliest first."""
    query = select(next_contacts).where(next_contacts.c.account_id == account_id)
    return [_next(row) for row in conn.execute(query.order_by(next_contacts.c.day))]


def give_next(conn: Connection, customer_id: int, account_id: int | None) -> None:
    """Give a date to another account to keep."""
    change = update(next_contacts).where(next_contacts.c.customer_id == customer_id)
    conn.execute(change.values(account_id=account_id))


def tell(conn: Connection, customer_id: int, level: int) -> None:
    """Note how far it was told that a date has passed."""
    change = update(next_contacts).where(next_contacts.c.customer_id == customer_id)
    conn.execute(change.values(told_level=level))


def next_days(conn: Connection, customer_ids: Collection[int]) -> dict[int, int]:
    """Return by standing customer the day of his next contact, the earliest of all his rows."""
    found: dict[int, int] = {}
    for some in slices(sorted(customer_ids)):
        query = (
            select(stands().label("stands"), func.min(next_contacts.c.day).label("day"))
            .join_from(next_contacts, customers)
            .where(stands().in_(some))
            .group_by(stands())
        )
        found |= {int(row.stands): int(row.day) for row in conn.execute(query)}
    return found
