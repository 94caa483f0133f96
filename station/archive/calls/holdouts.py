"""Whom the lot left uncalled, and whose vehicles show what came of everybody who was drawn."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import astuple, dataclass

import pandas as pd
from sqlalchemy import Connection, func, select

from station.archive.calls.tables import call_results, hold_outs
from station.archive.customers import book
from station.archive.customers.book import Tie
from station.archive.customers.stands import stands
from station.archive.rows import frame, put, slices
from station.archive.tables import customers
from station.model import Arm


@dataclass(frozen=True, slots=True)
class HoldOut:
    """A customer who fell due in a quarter, and what was known of him on that day.

    `p_return` is the chance that he comes back in the days that are looked at, without a call;
    `worth` is what he bought in a month. `share` is with which chance the lot would have left him
    uncalled: 0 if he `is_capped`, that is called whatever it says.
    """

    customer_id: int
    quarter: str
    station_id: int
    due_day: int
    arm: Arm
    p_return: float
    grade: str
    gap_days: float
    worth: float
    share: float
    is_capped: bool
    made_at: int


_IN_TURN = (hold_outs.c.due_day, hold_outs.c.made_at, hold_outs.c.customer_id)
COLUMNS = (
    *("customer_id", "quarter", "station_id", "due_day", "arm", "p_return"),
    *("grade", "gap_days", "worth", "share", "is_capped", "made_at"),
)


def add(conn: Connection, drawn: Sequence[HoldOut]) -> None:
    """Write down who was drawn; a customer is drawn once in a quarter."""
    put(conn, hold_outs, COLUMNS, [_row(one) for one in drawn])


def _row(one: HoldOut) -> tuple[object, ...]:
    values = dict(zip(COLUMNS, astuple(one), strict=True))
    return tuple((values | {"arm": one.arm.value, "is_capped": int(one.is_capped)}).values())


def arms(conn: Connection, customer_ids: Collection[int], quarter: str) -> dict[int, Arm]:
    """Return what the lot said of those of these customers who were drawn in a quarter.

    Of several records of one customer, drawn before they were found to be one, the first counts.
    """
    same = book.same_of_many(conn, list(customer_ids))
    drawn: dict[int, Arm] = {}
    for some in slices(sorted({row for rows in same.values() for row in rows})):
        query = (
            select(stands(), hold_outs.c.arm)
            .join_from(hold_outs, customers)
            .where(hold_outs.c.customer_id.in_(some), hold_outs.c.quarter == quarter)
        )
        for who, arm in conn.execute(query.order_by(*_IN_TURN)):
            drawn.setdefault(int(who), Arm(arm))
    return {one: drawn[rows[0]] for one, rows in same.items() if rows[0] in drawn}


def under_lot(conn: Connection) -> Iterator[tuple[int, str, float, Arm]]:
    """Yield customer, quarter, chance and what was drawn of everybody whom the lot decided on."""
    names = ("customer_id", "quarter", "share", "arm")
    query = select(*[hold_outs.c[name] for name in names]).where(hold_outs.c.share > 0)
    for row in conn.execute(query.order_by(hold_outs.c.quarter, hold_outs.c.customer_id)):
        yield int(row.customer_id), row.quarter, float(row.share), Arm(row.arm)


def held_a(conn: Connection, quarter: str) -> dict[int, int]:
    """Return how many A customers each station has left uncalled in a quarter."""
    query = select(hold_outs.c.station_id, func.count()).where(
        hold_outs.c.quarter == quarter,
        hold_outs.c.grade == "A",
        hold_outs.c.arm == Arm.HOLD.value,
    )
    rows = conn.execute(query.group_by(hold_outs.c.station_id))
    return {int(station_id): int(count) for station_id, count in rows}


def drawn(conn: Connection, station_ids: Collection[int], to_day: int) -> pd.DataFrame:
    """Return the draws at these stations of who fell due up to a day, the earliest first.

    Columns: those of the table, `customer_id` that of the customer who stands. A customer is in it
    once a quarter, and not if the lot had no say.
    """
    shown = [hold_outs.c[name] for name in COLUMNS if name != "customer_id"]
    query = (
        select(stands().label("customer_id"), *shown)
        .join_from(hold_outs, customers)
        .where(hold_outs.c.due_day <= to_day)
        .order_by(*_IN_TURN)
    )
    rows = frame(conn, query).drop_duplicates(["customer_id", "quarter"])
    is_in = rows["station_id"].isin(station_ids) & (rows["share"].astype("float64") > 0)
    return rows[is_in].reset_index(drop=True)


def owned(conn: Connection, customer_ids: Collection[int]) -> pd.DataFrame:
    """Return when which vehicle was whose: customer_id (who stands), vehicle_id, from_day, to_day.

    As `book.spans` tells it, for many customers at once.
    """
    ties: dict[int, list[Tie]] = defaultdict(list)
    same = book.same_of_many(conn, list(customer_ids))
    rows = sorted({row for ids in same.values() for row in ids})
    vehicles = {one for some in slices(rows) for one in book.touched(conn, some)}
    for tie in book.ties_of(conn, sorted(vehicles)):
        ties[tie.vehicle_id].append(tie)
    mine = {ids[0] for ids in same.values()}
    spans = [
        (customer_id, span.vehicle_id, span.from_day, span.to_day)
        for known in ties.values()
        for customer_id in {tie.customer_id for tie in known} & mine
        for span in book.held(known, customer_id)
    ]
    names = ["customer_id", "vehicle_id", "from_day", "to_day"]
    return pd.DataFrame(spans, columns=names, dtype="int64")


def called(conn: Connection, customer_ids: Collection[int], since_s: int) -> pd.DataFrame:
    """Return customer_id (who stands) and at of the calls that were made to these since then."""
    told = call_results.c
    same = book.same_of_many(conn, list(customer_ids))
    parts = [
        frame(
            conn,
            select(stands().label("customer_id"), told.at)
            .join_from(call_results, customers)
            .where(told.customer_id.in_(some), told.is_incoming == 0, told.at >= since_s),
        )
        for some in slices(sorted({row for rows in same.values() for row in rows}))
    ]
    names = ["customer_id", "at"]
    return pd.concat(parts) if parts else pd.DataFrame(columns=names, dtype="int64")
