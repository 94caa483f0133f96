"""Who did what when: one chain of events in which nothing can be changed unseen."""

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import astuple, dataclass
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from station.archive.rows import frame
from station.archive.tables import audit
from station.model import Act

FETCH_ROWS = 1_000
BLANK = {"account": "", "person": "", "address": "", "object": "", "reason": ""}
"""What an event loses after its time; its act, place, count and hashes stay."""


@dataclass(frozen=True, slots=True)
class Event:
    """One act: `object` names what it was done to by its id, never by a name or number."""

    at: int
    account: str
    person: str
    address: str
    act: Act
    object: str
    station_id: int | None = None
    count: int = 1
    reason: str = ""


def append(conn: Connection, event: Event) -> int:
    """Return the id of the event, now the last of the chain; call it in the act's own write."""
    digest = _digest(astuple(event))
    values = {name: getattr(event, name) for name in Event.__slots__}
    chained = {"digest": digest, "hash": _link(head(conn)[1], digest)}
    added = insert(audit).values(values | {"act": event.act.value} | chained).returning(audit.c.id)
    return int(conn.execute(added).scalar_one())


def head(conn: Connection) -> tuple[int, str]:
    """Return id and hash of the last event, 0 and nothing for an empty log."""
    last = select(audit.c.id, audit.c.hash).order_by(audit.c.id.desc()).limit(1)
    row = conn.execute(last).first()
    return (int(row.id), str(row.hash)) if row else (0, "")


def hash_at(conn: Connection, event_id: int) -> str | None:
    """Return the hash of an event, none where there is no such event."""
    return conn.execute(select(audit.c.hash).where(audit.c.id == event_id)).scalar()


def first_broken(conn: Connection) -> str:
    """Return the id of the first event that does not follow from those before, none if all do.

    Blanked events must be the oldest: one after a full event was blanked before its time.
    """
    # Said of the statement: said of the connection it would hold for whatever comes after.
    everything = select(audit).order_by(audit.c.id).execution_options(yield_per=FETCH_ROWS)
    with conn.execute(everything) as rows:
        return _first_broken(rows)


def _first_broken(rows: Iterable[Any]) -> str:
    before, last_id, may_be_blank = "", 0, True
    for row in rows:
        is_blank = not (row.account or row.person or row.object or row.reason)
        told = tuple(getattr(row, name) for name in Event.__slots__)
        is_whole = (is_blank and may_be_blank) or row.digest == _digest(told)
        if row.id != last_id + 1 or not is_whole or row.hash != _link(before, row.digest):
            return str(row.id)
        may_be_blank = may_be_blank and is_blank
        before, last_id = row.hash, row.id
    return ""


def _digest(told: tuple[object, ...]) -> str:
    words = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(words.encode()).hexdigest()


def _link(before: str, digest: str) -> str:
    return hashlib.sha256(f"{before}{digest}".encode()).hexdigest()


def events(
    conn: Connection,
    *,
    station_ids: Collection[int] | None,
    from_s: int,
    to_s: int,
    limit: int,
    acts: Collection[str] = (),
    account: str = "",
) -> pd.DataFrame:
    """Return the events of a time, the newest first; of these stations only, where they are named.

    Events of no station are shown to whoever sees them all.
    """
    conditions: list[ColumnElement[bool]] = [audit.c.at >= from_s, audit.c.at < to_s]
    if station_ids is not None:
        conditions.append(audit.c.station_id.in_(station_ids))
    if acts:
        conditions.append(audit.c.act.in_(acts))
    if account:
        conditions.append(audit.c.account == account)
    shown = [c for c in audit.c if c.name not in {"digest", "hash"}]
    return frame(conn, select(*shown).where(*conditions).order_by(audit.c.id.desc()).limit(limit))


def total(conn: Connection, *, account: str, act: Act, from_s: int) -> int:
    """Return the sum of counts of an account's acts since an instant."""
    mine = _of(account, act, from_s)
    return int(
        conn.execute(select(func.coalesce(func.sum(audit.c.count), 0)).where(mine)).scalar_one()
    )


def has(conn: Connection, *, account: str, act: Act, object_name: str, from_s: int) -> bool:
    """Return whether an account did this to that since an instant."""
    mine = and_(_of(account, act, from_s), audit.c.object == object_name)
    return conn.execute(select(audit.c.id).where(mine).limit(1)).first() is not None


def _of(account: str, act: Act, from_s: int) -> ColumnElement[bool]:
    return and_(audit.c.account == account, audit.c.act == act.value, audit.c.at >= from_s)


def blank(conn: Connection, before_s: int) -> int:
    """Return of how many events from before an instant the persons were forgotten."""
    first_young = select(func.min(audit.c.id)).where(audit.c.at >= before_s).scalar_subquery()
    last = select(func.max(audit.c.id)).scalar_subquery()
    told = or_(*(audit.c[name] != "" for name in BLANK))
    old = audit.c.id < func.coalesce(first_young, last + 1)
    return conn.execute(update(audit).where(old, told).values(BLANK)).rowcount
