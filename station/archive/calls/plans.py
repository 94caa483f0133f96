"""A station's plans of calls, month by month, and what each says of itself."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from station.archive.calls import agenda
from station.archive.calls.agenda import Call
from station.archive.calls.tables import call_plans, calls
from station.model import CallStatus, CancelReason, PlanStatus


@dataclass(frozen=True, slots=True)
class CallPlan:
    """A plan of a month; `told` is what the solver said: bound, prices, what did not fit."""

    station_id: int
    month_day: int
    status: PlanStatus
    made_by: str
    made_at: int
    told: Mapping[str, Any] = field(default_factory=dict, hash=False)
    approved_by: str = ""
    approved_at: int | None = None
    id: int = 0


def add(conn: Connection, plan: CallPlan) -> int:
    """Return the id of a new plan; whatever stood for the month must have been replaced."""
    values = {
        "station_id": plan.station_id,
        "month_day": plan.month_day,
        "status": plan.status.value,
        "made_by": plan.made_by,
        "made_at": plan.made_at,
        "approved_by": plan.approved_by,
        "told": json.dumps(dict(plan.told), sort_keys=True),
    }
    added = insert(call_plans).values(values).returning(call_plans.c.id)
    return int(conn.execute(added).scalar_one())


def of_month(conn: Connection, station_id: int, month_day: int) -> CallPlan | None:
    """Return the plan that stands for a month, none if there is none."""
    return _first(
        conn,
        call_plans.c.station_id == station_id,
        call_plans.c.month_day == month_day,
        call_plans.c.status != PlanStatus.REPLACED.value,
    )


def find(conn: Connection, plan_id: int) -> CallPlan | None:
    """Return a plan, none if there is none."""
    return _first(conn, call_plans.c.id == plan_id)


def _first(conn: Connection, *which: ColumnElement[bool]) -> CallPlan | None:
    row = conn.execute(select(call_plans).where(*which)).first()
    if row is None:
        return None
    names = [name for name in CallPlan.__slots__ if name not in {"told", "status"}]
    values = {name: getattr(row, name) for name in names}
    return CallPlan(**values, status=PlanStatus(row.status), told=json.loads(row.told))


def tell(conn: Connection, plan_id: int, told: Mapping[str, Any]) -> None:
    """Let a plan say something else of itself."""
    words = json.dumps(dict(told), sort_keys=True)
    conn.execute(update(call_plans).where(call_plans.c.id == plan_id).values(told=words))


def approve(conn: Connection, plan_id: int, *, by: str, at: int) -> None:
    """Let a plan hold."""
    values = {"status": PlanStatus.APPROVED.value, "approved_by": by, "approved_at": at}
    conn.execute(update(call_plans).where(call_plans.c.id == plan_id).values(values))


def replace(conn: Connection, plan_id: int) -> int:
    """Return how many calls of a plan are none any more, now that another takes its place."""
    values = {"status": PlanStatus.REPLACED.value}
    conn.execute(update(call_plans).where(call_plans.c.id == plan_id).values(values))
    mine = calls.c.plan_id == plan_id, calls.c.status == CallStatus.PLANNED.value
    over = {
        "status": CallStatus.CANCELLED.value,
        "cancel_reason": CancelReason.REPLANNED.value,
    }
    return conn.execute(update(calls).where(*mine).values(over)).rowcount


def calls_of(conn: Connection, plan_id: int) -> list[Call]:
    """Return every call of a plan, those that were moved or cancelled as well, by day and time."""
    query = select(calls).where(calls.c.plan_id == plan_id)
    order = (calls.c.day, calls.c.account_id, calls.c.at_min, calls.c.id)
    return [agenda.call_of(row) for row in conn.execute(query.order_by(*order))]


def fill(conn: Connection, new: Sequence[Call]) -> None:
    """Write down the calls of a plan."""
    if new:
        conn.execute(insert(calls), [agenda.values_of(one) for one in new])
