"""Who did what when: one chain of events in which nothing can be changed unseen."""

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import astuple, dataclass
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, insert, or_, select, update

from station.archive.rows import frame
from station.archive.tables import audit, meta
from station.model import Act

BLANK = {"account": "", "person": "", "address": "", "object": "", "reason": ""}
"""What an event loses after its time; its act, place, count and hashes stay."""
LAST = "audit_last"
"""The counter of the archive that says how long the log is: a cut end would leave a sound chain."""
BLANKED = "audit:blanked:"
"""How the object of an event begins that tells of forgetting everything before an instant."""
QUARTER_S = 900
"""All zones of the world differ by whole quarters of an hour."""


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
    last_id, before, counted = _end(conn)
    event_id = max(last_id, counted) + 1  # no sequence, which would leave gaps
    digest = _digest(astuple(event))
    values = {name: getattr(event, name) for name in Event.__slots__} | {"act": event.act.value}
    values |= {"id": event_id, "digest": digest, "hash": _link(before, digest, _stay(event))}
    conn.execute(_ADD, values)
    if not conn.execute(_COUNT, {"number": event_id}).rowcount:
        conn.execute(insert(meta).values(name=LAST, value=event_id))
    return event_id


# Made once, as everything that is written asks them.
_COUNTED = select(meta.c.value).where(meta.c.name == LAST)
_END = (
    select(audit.c.id, audit.c.hash, _COUNTED.scalar_subquery())
    .order_by(audit.c.id.desc())
    .limit(1)
)
_ADD = insert(audit)
_COUNT = update(meta).where(meta.c.name == LAST).values(value=bindparam("number"))


def _end(conn: Connection) -> tuple[int, str, int]:
    """Return id and hash of the last event, and how many there should be."""
    row = conn.execute(_END).first()
    return (int(row[0]), str(row[1]), int(row[2] or 0)) if row else (0, "", _counted(conn))


def _counted(conn: Connection) -> int:
    """Return how many events there should be; one that was cut off leaves a gap behind it."""
    return int(conn.execute(_COUNTED).scalar() or 0)


def head(conn: Connection) -> tuple[int, str]:
    """Return id and hash of the last event, 0 and nothing for an empty log."""
    return _end(conn)[:2]


def hash_at(conn: Connection, event_id: int) -> str | None:
    """Return the hash of an event, none where there is no such event."""
    return conn.execute(select(audit.c.hash).where(audit.c.id == event_id)).scalar()


def first_broken(conn: Connection) -> str:
    """Return the id of the first event that does not follow from those before, none if all do.

    Blanked events must be the oldest, and older than what the log itself says was forgotten.
    """
    blanked_to = _blanked_to(conn)
    in_slices = select(audit).order_by(audit.c.id).execution_options(yield_per=1000)
    with conn.execute(in_slices) as rows:
        bad, last_id = _walk(rows, blanked_to)
    return bad or ("" if _counted(conn) == last_id else str(last_id + 1))


def _walk(rows: Iterable[Any], blanked_to: int) -> tuple[str, int]:
    """Return the id of the first event that breaks the chain, none if none does, and the last."""
    before, last_id, may_be_blank = "", 0, True
    for row in rows:
        is_blank = not any(getattr(row, name) for name in BLANK)
        told = tuple(getattr(row, name) for name in Event.__slots__)
        was_blanked = is_blank and may_be_blank and row.at < blanked_to
        is_next = row.id == last_id + 1 and row.hash == _link(before, row.digest, _stay(row))
        if not is_next or not (was_blanked or row.digest == _digest(told)):
            return str(row.id), last_id
        may_be_blank = may_be_blank and is_blank
        before, last_id = row.hash, row.id
    return "", last_id


def _blanked_to(conn: Connection) -> int:
    """Return the instant before which events may be blank, as the newest word on it says."""
    said = select(audit.c.at, audit.c.object).where(
        audit.c.act == Act.KEEPING.value, audit.c.object.startswith(BLANKED)
    )
    words = ((row.at, row.object.removeprefix(BLANKED)) for row in conn.execute(said))
    return max((min(at, int(word)) for at, word in words if word.isdecimal()), default=0)


def _digest(told: tuple[object, ...]) -> str:
    words = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(words.encode()).hexdigest()


def _stay(event: Any) -> tuple[object, ...]:
    """Return what an event still says once it was blanked; the chain itself proves it."""
    return (event.at, str(event.act), event.station_id, event.count)


def _link(before: str, digest: str, stays: tuple[object, ...]) -> str:
    return hashlib.sha256(f"{before}{digest}{_digest(stays)}".encode()).hexdigest()


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
    wanted = _wanted(station_ids, from_s, to_s, acts)
    if account:
        wanted.append(audit.c.account == account)
    shown = [c for c in audit.c if c.name not in {"digest", "hash"}]
    return frame(conn, select(*shown).where(*wanted).order_by(audit.c.id.desc()).limit(limit))


def sums(
    conn: Connection,
    *,
    station_ids: Collection[int] | None,
    from_s: int,
    to_s: int,
    acts: Collection[str] = (),
) -> pd.DataFrame:
    """Return at (a quarter of an hour), account, act, events and the sum of their counts."""
    at = (audit.c.at - audit.c.at % QUARTER_S).label("at")
    query = (
        select(
            at,
            audit.c.account,
            audit.c.act,
            func.count().label("events"),
            func.sum(audit.c.count).label("count"),
        )
        .where(*_wanted(station_ids, from_s, to_s, acts))
        .group_by(at, audit.c.account, audit.c.act)
        .order_by(at, audit.c.account, audit.c.act)
    )
    return frame(conn, query)


def _wanted(
    station_ids: Collection[int] | None, from_s: int, to_s: int, acts: Collection[str]
) -> list[ColumnElement[bool]]:
    wanted = [audit.c.at >= from_s, audit.c.at < to_s]
    if station_ids is not None:
        wanted.append(audit.c.station_id.in_(station_ids))
    if acts:
        wanted.append(audit.c.act.in_(acts))
    return wanted


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


def blank(conn: Connection, before_s: int, *, now_s: int) -> int:
    """Return of how many events from before an instant the persons were forgotten.

    That it was done is an event too: without it a blanked event counts as damaged.
    """
    first_young = select(func.min(audit.c.id)).where(audit.c.at >= before_s).scalar_subquery()
    last = select(func.max(audit.c.id)).scalar_subquery()
    told = or_(*(audit.c[name] != "" for name in BLANK))
    old = audit.c.id < func.coalesce(first_young, last + 1)
    blanked = conn.execute(update(audit).where(old, told).values(BLANK)).rowcount
    if blanked:
        said = Event(now_s, "", "", "", Act.KEEPING, f"{BLANKED}{before_s}", count=blanked)
        append(conn, said)
    return blanked


def of_object(conn: Connection, object_name: str, *, limit: int) -> pd.DataFrame:
    """Return at, account and object of what was done to an object or a part of it, newest first."""
    mine = audit.c.object.startswith(f"{object_name}:", autoescape=True)
    shown = [audit.c[name] for name in ("at", "account", "object")]
    return frame(conn, select(*shown).where(mine).order_by(audit.c.id.desc()).limit(limit))


def latest(conn: Connection, *, act: Act, object_name: str) -> Event | None:
    """Return the last event of an act on an object, none if there never was one."""
    names = Event.__slots__
    query = (
        select(*[audit.c[name] for name in names])
        .where(audit.c.act == act.value, audit.c.object == object_name)
        .order_by(audit.c.id.desc())
        .limit(1)
    )
    row = conn.execute(query).mappings().first()
    return Event(**dict(row) | {"act": Act(row["act"])}) if row else None
