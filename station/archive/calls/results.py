"""What was heard in calls: results are added, never changed; their words are forgotten in time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, insert, or_, select, update

from station.archive.calls.tables import call_results
from station.archive.rows import slices
from station.model import CallCode, CallMeasure, CallNeed, CallPurpose, Channel, LapseReason


@dataclass(frozen=True, slots=True)
class Result:
    """What was heard; the two sealed texts came sealed and leave sealed."""

    customer_id: int
    station_id: int
    account: str
    at: int
    opened_at: int
    purpose: CallPurpose
    channel: Channel
    code: CallCode
    key: str
    is_incoming: bool = False
    call_id: int | None = None
    satisfaction: int | None = None
    reason: LapseReason | None = None
    need: CallNeed | None = None
    measure: CallMeasure | None = None
    promise_day: int | None = None
    next_day: int | None = None
    competitor_sealed: bytes | None = None
    words_sealed: bytes | None = None
    id: int = 0


PLAIN = (
    *("customer_id", "station_id", "account", "at", "opened_at", "key", "call_id"),
    *("satisfaction", "promise_day", "next_day", "competitor_sealed", "words_sealed"),
)
CHOSEN = ("reason", "need", "measure")


def add(conn: Connection, result: Result) -> int:
    """Return the id of a new result; a key that was used is refused by the database."""
    added = insert(call_results).values(_values(result)).returning(call_results.c.id)
    return int(conn.execute(added).scalar_one())


def fill(conn: Connection, some: Sequence[Result]) -> None:
    """Write down many results at once."""
    if some:
        conn.execute(insert(call_results), [_values(one) for one in some])


def _values(result: Result) -> dict[str, Any]:
    """Return the columns of a result."""
    values: dict[str, Any] = {name: getattr(result, name) for name in PLAIN}
    values |= {name: getattr(result, name) or "" for name in CHOSEN}
    return values | {
        "purpose": result.purpose.value,
        "channel": result.channel.value,
        "code": result.code.value,
        "is_incoming": int(result.is_incoming),
    }


def by_key(conn: Connection, key: str) -> Result | None:
    """Return what was saved by a form, none if nothing was."""
    return _first(conn, call_results.c.key == key)


def _first(conn: Connection, which: Any) -> Result | None:
    row = conn.execute(select(call_results).where(which)).first()
    return None if row is None else _result(row)


def of_customer(conn: Connection, customer_ids: Collection[int], *, since: int = 0) -> list[Result]:
    """Return what was heard of one customer since an instant, the newest first."""
    return of_customers(conn, customer_ids, since=since)[::-1]


def of_customers(
    conn: Connection, customer_ids: Collection[int], *, since: int = 0
) -> list[Result]:
    """Return what was heard of these rows of customers since an instant, the oldest first."""
    found = []
    for some in slices(sorted(customer_ids)):
        query = select(call_results).where(
            call_results.c.customer_id.in_(some), call_results.c.at >= since
        )
        found += [_result(row) for row in conn.execute(query)]
    return sorted(found, key=lambda one: (one.at, one.id))


def at_stations(conn: Connection, station_ids: Collection[int], *, since: int) -> list[Result]:
    """Return what was heard at these stations since an instant, the newest first."""
    query = select(call_results).where(
        call_results.c.station_id.in_(station_ids), call_results.c.at >= since
    )
    newest = query.order_by(call_results.c.at.desc(), call_results.c.id.desc())
    return [_result(row) for row in conn.execute(newest)]


def _result(row: Any) -> Result:
    values = {name: getattr(row, name) for name in ("id", *PLAIN)}
    return Result(
        **values,
        purpose=CallPurpose(row.purpose),
        channel=Channel(row.channel),
        code=CallCode(row.code),
        is_incoming=bool(row.is_incoming),
        reason=LapseReason(row.reason) if row.reason else None,
        need=CallNeed(row.need) if row.need else None,
        measure=CallMeasure(row.measure) if row.measure else None,
    )


def forget(conn: Connection, before_s: int) -> int:
    """Return how many results lost their words, having been written before an instant."""
    told = call_results.c
    worded = or_(told.words_sealed.is_not(None), told.competitor_sealed.is_not(None))
    gone = update(call_results).where(and_(told.at < before_s, worded))
    return conn.execute(gone.values(words_sealed=None, competitor_sealed=None)).rowcount
