"""Which results were drawn by lot to be asked about again, and what the customer said then?"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, func, insert, or_, select, update

from station.archive.calls.tables import call_checks, call_plans, call_results, calls, hold_outs
from station.archive.customers.stands import stands
from station.archive.rows import frame
from station.archive.tables import accounts, customers
from station.model import PlanStatus

WEEK_DAYS = 7


@dataclass(frozen=True, slots=True)
class Check:
    """A result that is asked about again; `outcome` is empty until somebody did."""

    id: int
    result_id: int
    customer_id: int
    station_id: int
    account: str
    week_day: int
    outcome: str
    checked_by: str
    checked_at: int | None


def made(conn: Connection, station_ids: Collection[int], from_s: int, to_s: int) -> pd.DataFrame:
    """Return result_id, account_id, customer_id, station_id, opened_at, at, code and purpose.

    Of the results at these stations from one instant to before another, whoever saved them; what
    came in by telephone is among them.
    """
    told = [call_results.c[name] for name in ("station_id", "opened_at", "at", "code", "purpose")]
    query = (
        select(
            call_results.c.id.label("result_id"),
            accounts.c.id.label("account_id"),
            stands().label("customer_id"),
            *told,
        )
        .join_from(call_results, accounts, accounts.c.name == call_results.c.account)
        .join(customers, customers.c.id == call_results.c.customer_id)
        .where(
            call_results.c.station_id.in_(station_ids),
            call_results.c.at >= from_s,
            call_results.c.at < to_s,
        )
        .order_by(call_results.c.id)
    )
    return frame(conn, query)


def staff(conn: Connection) -> dict[int, str]:
    """Return the names of all accounts, by number."""
    rows = conn.execute(select(accounts.c.id, accounts.c.name))
    return {int(row.id): str(row.name) for row in rows}


def planned(
    conn: Connection, station_ids: Collection[int], from_day: int, to_day: int
) -> pd.DataFrame:
    """Return the calls that were planned for somebody on these days and not called off.

    Columns: call_id, account_id, customer_id, day, at_min, purpose, station_id; of those made
    done_at and by_id, missing for the others; p_return, missing where no lot was drawn that
    quarter.
    """
    done_by = accounts.alias("done_by")
    chance = (
        select(hold_outs.c.p_return)
        .where(hold_outs.c.customer_id == calls.c.customer_id, hold_outs.c.due_day <= calls.c.day)
        .order_by(hold_outs.c.due_day.desc())
        .limit(1)
        .correlate(calls)
        .scalar_subquery()
    )
    names = ("account_id", "day", "at_min", "purpose", "station_id")
    query = (
        select(
            calls.c.id.label("call_id"),
            *(calls.c[name] for name in names),
            stands().label("customer_id"),
            call_results.c.at.label("done_at"),
            done_by.c.id.label("by_id"),
            chance.label("p_return"),
        )
        .join_from(calls, customers, customers.c.id == calls.c.customer_id)
        .outerjoin(call_plans, call_plans.c.id == calls.c.plan_id)
        .outerjoin(call_results, call_results.c.call_id == calls.c.id)
        .outerjoin(done_by, done_by.c.name == call_results.c.account)
        .where(
            calls.c.station_id.in_(station_ids),
            calls.c.day.between(from_day, to_day),
            calls.c.account_id.is_not(None),
            calls.c.status.in_(("planned", "done")),
            or_(calls.c.plan_id.is_(None), call_plans.c.status == PlanStatus.APPROVED.value),
        )
        .order_by(calls.c.id)
    )
    return frame(conn, query)


# --- drawn by lot ---------------------------------------------------------------------------------


def last_week(conn: Connection) -> int | None:
    """Return the last week of which results were drawn, none before the first."""
    return conn.execute(select(func.max(call_checks.c.week_day))).scalar()


def draw(conn: Connection, week_day: int, drawn: Sequence[tuple[int, int]]) -> None:
    """Write down which results (and of which customers) of a week are asked about again."""
    rows = [
        {
            "result_id": result_id,
            "customer_id": customer_id,
            "week_day": week_day,
            "outcome": "",
            "reason": "",
            "checked_by": "",
        }
        for result_id, customer_id in drawn
    ]
    if rows:
        conn.execute(insert(call_checks), rows)


def listing(
    conn: Connection, station_ids: Collection[int], *, since_day: int, is_open: bool
) -> list[Check]:
    """Return what was drawn at these stations since a day and waits, or was asked about."""
    waits = call_checks.c.checked_at.is_(None)
    query = _told().where(
        call_results.c.station_id.in_(station_ids),
        call_checks.c.week_day >= since_day,
        waits if is_open else ~waits,
    )
    return [_check(row) for row in conn.execute(query.order_by(call_checks.c.id))]


def of_customer(conn: Connection, customer_ids: Collection[int]) -> list[Check]:
    """Return what was drawn of results about these records, asked about or not."""
    query = _told().where(call_checks.c.customer_id.in_(customer_ids))
    return [_check(row) for row in conn.execute(query.order_by(call_checks.c.id))]


def find(conn: Connection, check_id: int) -> Check | None:
    """Return a check, none if there is none."""
    row = conn.execute(_told().where(call_checks.c.id == check_id)).first()
    return None if row is None else _check(row)


def record(conn: Connection, check_id: int, **values: object) -> None:
    """Write down what a customer said when he was asked about a call."""
    conn.execute(update(call_checks).where(call_checks.c.id == check_id).values(values))


def _told() -> Any:
    return select(
        call_checks,
        call_results.c.station_id,
        call_results.c.account,
    ).join_from(call_checks, call_results, call_results.c.id == call_checks.c.result_id)


def _check(row: Any) -> Check:
    return Check(**{name: getattr(row, name) for name in Check.__dataclass_fields__})
