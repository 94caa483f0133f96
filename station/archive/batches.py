"""Imports as batches: opened, counted, listed, undone; and the rows they could not take."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    true,
    update,
)

from station.archive.rows import frame, slices
from station.archive.tables import (
    batch_stations,
    batches,
    quarantine,
    sales,
    sources,
    stations,
)
from station.errors import FileRefusedError, NotFoundError
from station.model import ImportCounts, SaleKeyKind

FETCH_ROWS = 1_000
OPEN, DONE, UNDONE = "open", "done", "undone"
VOIDED = frozenset({"sales", "totals"})
"""Kinds of which an undo takes every line out; of records `undoing` takes back step by step."""


@dataclass(frozen=True, slots=True)
class Batch:
    """An imported file. `resumed`: an earlier run of the same file was broken off."""

    id: int
    status: str
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """A batch that counts: what it brought, when, and how many rows were taken."""

    kind: str
    started_at: int
    accepted: int


@dataclass(frozen=True, slots=True)
class Sight:
    """Who looks: he sees what brought sales of his stations alone, and what he brought himself."""

    station_ids: frozenset[int]
    account: str


@dataclass(frozen=True, slots=True)
class SealedRow:
    """A row that could not be taken; `row_sealed` came sealed and leaves sealed."""

    line_no: int
    reason: str
    row_sealed: bytes


def open_batch(
    conn: Connection,
    *,
    kind: str,
    source: str,
    file_name: str,
    file_hash: str,
    whole_file: bool,
    account: str,
    now_s: int,
) -> Batch:
    """Return a new batch, or the one that an earlier run of the same file left open.

    A resumed batch keeps its sales and drops its rejected rows: the file is read from its start.
    """
    values: dict[str, int | str] = {
        "kind": kind,
        "source": source,
        "file_hash": file_hash,
        "status": OPEN,
    }
    same = select(batches.c.id).filter_by(**values).order_by(batches.c.id.desc()).limit(1)
    found = conn.execute(same).scalar()
    values |= {"file_name": file_name, "whole_file": int(whole_file), "account": account}
    if found is not None:
        conn.execute(delete(quarantine).where(quarantine.c.batch_id == found))
        conn.execute(update(batches).where(batches.c.id == found).values(values))
        return Batch(found, OPEN, resumed=True)
    counts = asdict(ImportCounts())
    added = insert(batches).values(values | counts | {"started_at": now_s}).returning(batches.c.id)
    return Batch(int(conn.execute(added).scalar_one()), OPEN)


def of_day(
    conn: Connection, *, source: str, name: str, account: str, key: str, now_s: int
) -> tuple[int, bool]:
    """Return the batch that takes a till's sales of a day, and whether it was opened just now.

    It stays open, and so grows, until `close_days`; one that was undone takes no more.
    """
    same = select(batches.c.id).filter_by(kind="sales", file_hash=key, status=OPEN)
    found = conn.execute(same.order_by(batches.c.id.desc()).limit(1)).scalar()
    if found is not None:
        return int(found), False
    values: dict[str, int | str] = {"kind": "sales", "source": source, "file_name": name}
    values |= {
        "file_hash": key,
        "whole_file": 0,
        "status": OPEN,
        "account": account,
        "started_at": now_s,
    }
    added = insert(batches).values(values | asdict(ImportCounts())).returning(batches.c.id)
    return int(conn.execute(added).scalar_one()), True


def count(conn: Connection, batch_id: int, counts: ImportCounts) -> None:
    """Add to the account of a batch that grows."""
    more = {name: batches.c[name] + number for name, number in asdict(counts).items() if number}
    if more:
        conn.execute(update(batches).where(batches.c.id == batch_id).values(more))


def _grown(source: str, day: str) -> ColumnElement[bool]:
    """Tell the open batches of tills that are of another day."""
    of_another = batches.c.file_name.not_like(f"{source}:% {day}")
    of_tills = batches.c.account.like(f"{source}:%")
    return and_(batches.c.source == source, batches.c.status == OPEN, of_tills, of_another)


def grow(conn: Connection, *, source: str, day: str) -> bool:
    """Return whether a batch of a till is open though its day is over."""
    return (
        conn.execute(select(batches.c.id).where(_grown(source, day)).limit(1)).first() is not None
    )


def close_days(conn: Connection, *, source: str, day: str, now_s: int) -> int:
    """Return how many batches of tills of any day but this were closed."""
    done = update(batches).where(_grown(source, day))
    return conn.execute(done.values(status=DONE, ended_at=now_s)).rowcount


def finish(conn: Connection, batch_id: int, counts: ImportCounts, now_s: int) -> ImportCounts:
    """Return the batch's final account and mark it done.

    What a broken-off run had added came as duplicates this time; it counts as accepted.
    """
    kind = conn.execute(select(batches.c.kind).where(batches.c.id == batch_id)).scalar_one()
    if kind == "sales":
        mine = select(func.count()).select_from(sales).where(sales.c.batch_id == batch_id)
        earlier = conn.execute(mine).scalar_one() - counts.accepted
        counts = replace(
            counts,
            accepted=counts.accepted + earlier,
            duplicates=counts.duplicates - earlier,
        )
    done = update(batches).where(batches.c.id == batch_id)
    conn.execute(done.values(asdict(counts) | {"status": DONE, "ended_at": now_s}))
    return counts


def brought(conn: Connection, batch_id: int, station_ids: Collection[int]) -> None:
    """Note whose sales a batch brings; saying it again changes nothing."""
    mine = select(batch_stations.c.station_id).where(batch_stations.c.batch_id == batch_id)
    new = set(station_ids) - set(conn.execute(mine).scalars())
    if new:
        rows = [{"batch_id": batch_id, "station_id": station_id} for station_id in sorted(new)]
        conn.execute(insert(batch_stations), rows)


def _in_sight(conn: Connection, sight: Sight | None) -> ColumnElement[bool]:
    """Tell the batches that somebody may see; whoever sees every station sees every batch."""
    every = set(conn.execute(select(stations.c.id)).scalars())
    if sight is None or every <= sight.station_ids:
        return true()
    brings = select(batch_stations.c.batch_id)
    foreign = brings.where(batch_stations.c.station_id.not_in(sight.station_ids))
    is_theirs = or_(batches.c.id.in_(brings), batches.c.account == sight.account)
    return and_(is_theirs, batches.c.id.not_in(foreign))


def undo(conn: Connection, batch_id: int) -> int:
    """Return how many sales were voided: the batch's own and the reversals of those.

    Raises:
        NotFoundError: there is no such batch.
        FileRefusedError: it was undone before, or it brought records.
    """
    if standing(conn, batch_id).kind not in VOIDED:
        raise FileRefusedError("archive.not_of_sales", batch=batch_id)
    mine = select(sales.c.id).where(sales.c.batch_id == batch_id)
    void = update(sales).values(voided=1).where(sales.c.voided == 0)
    reversals = conn.execute(void.where(sales.c.reverses.in_(mine)))
    own = conn.execute(void.where(sales.c.batch_id == batch_id))
    mark_undone(conn, batch_id)
    return reversals.rowcount + own.rowcount


def standing(conn: Connection, batch_id: int) -> Standing:
    """Return what a batch that counts brought, and when.

    Raises:
        NotFoundError: there is no such batch.
        FileRefusedError: it was undone before.
    """
    row = conn.execute(select(batches).where(batches.c.id == batch_id)).mappings().first()
    if row is None:
        raise NotFoundError("archive.no_batch", batch=batch_id)
    if row["status"] == UNDONE:
        raise FileRefusedError("archive.undone_before", batch=batch_id)
    return Standing(row["kind"], row["started_at"], row["accepted"])


def mark_undone(conn: Connection, batch_id: int) -> None:
    """Let a batch count no more."""
    conn.execute(update(batches).where(batches.c.id == batch_id).values(status=UNDONE))


def listing(conn: Connection, sight: Sight | None = None) -> pd.DataFrame:
    """Return the batches in sight, the newest first."""
    mine = select(batches).where(_in_sight(conn, sight))
    return frame(conn, mine.order_by(batches.c.id.desc()))


def require(conn: Connection, batch_id: int, sight: Sight) -> None:
    """Return if a batch is in sight.

    Raises:
        NotFoundError: it is not, or there is no such batch; both answer alike.
    """
    found = select(batches.c.id).where(batches.c.id == batch_id, _in_sight(conn, sight))
    if conn.execute(found).first() is None:
        raise NotFoundError("archive.no_batch", batch=batch_id)


def add_rejected(conn: Connection, batch_id: int, rows: Sequence[SealedRow]) -> None:
    """Keep the rows that the batch could not take."""
    if rows:
        conn.execute(insert(quarantine), [{"batch_id": batch_id, **asdict(row)} for row in rows])


def kind_of(conn: Connection, batch_id: int) -> str:
    """Return of what a batch's file is, empty where there is no such batch."""
    return str(conn.execute(select(batches.c.kind).where(batches.c.id == batch_id)).scalar() or "")


def rejected(conn: Connection, batch_id: int) -> list[SealedRow]:
    """Return the rows that the batch could not take, in the order of the file."""
    mine = select(quarantine).where(quarantine.c.batch_id == batch_id)
    rows = conn.execute(mine.order_by(quarantine.c.line_no, quarantine.c.id))
    return [SealedRow(row.line_no, row.reason, row.row_sealed) for row in rows]


def forget_rejected(conn: Connection, before_s: int) -> int:
    """Return how many rejected rows of batches begun before an instant were deleted."""
    old = select(batches.c.id).where(batches.c.started_at < before_s)
    return conn.execute(delete(quarantine).where(quarantine.c.batch_id.in_(old))).rowcount


def rejected_anywhere(conn: Connection) -> Iterator[tuple[int, int, SealedRow]]:
    """Yield id, batch and sealed row of every rejected row."""
    columns = ("id", "batch_id", "line_no", "reason", "row_sealed")
    query = select(*[quarantine.c[name] for name in columns]).order_by(quarantine.c.id)
    for row in conn.execute(query.execution_options(yield_per=FETCH_ROWS)):
        yield row.id, row.batch_id, SealedRow(row.line_no, row.reason, row.row_sealed)


def drop_rejected(conn: Connection, row_ids: Sequence[int]) -> None:
    """Delete rejected rows by their ids."""
    for some in slices(row_ids):
        conn.execute(delete(quarantine).where(quarantine.c.id.in_(some)))


def file_names(conn: Connection) -> list[tuple[int, str]]:
    """Return the id of every batch and what its file was called."""
    return [
        (row.id, row.file_name) for row in conn.execute(select(batches.c.id, batches.c.file_name))
    ]


def forget_names(conn: Connection, batch_ids: Sequence[int]) -> None:
    """Forget what the files of these batches were called."""
    for some in slices(batch_ids):
        conn.execute(update(batches).where(batches.c.id.in_(some)).values(file_name=""))


def source_key_kind(conn: Connection, station_id: int, source: str) -> SaleKeyKind | None:
    """Return how the lines of this source are told apart, none before its first import."""
    mine = select(sources.c.key_kind).filter_by(station_id=station_id, source=source)
    found = conn.execute(mine).scalar()
    return None if found is None else SaleKeyKind(found)


def fix_source(conn: Connection, station_id: int, source: str, kind: SaleKeyKind) -> None:
    """Settle for good how the lines of this source are told apart."""
    values = {"station_id": station_id, "source": source, "key_kind": kind.value}
    conn.execute(insert(sources).values(values))
