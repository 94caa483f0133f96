"""How an archive in one SQLite file is opened: pragmas, journal, readers and the writer."""

import sqlite3
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event

BUSY_MS = 10_000
SOON_MS = 500
SIZE = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
FIRST_WITH_WAL = (3, 7, 0)

COMMON: Mapping[str, int | str] = {
    "busy_timeout": BUSY_MS,
    "foreign_keys": 1,
    "synchronous": "FULL",
    "mmap_size": 0,
}
READER = {**COMMON, "wal_autocheckpoint": 0, "query_only": 1}
WRITER = {
    **COMMON,
    "cache_size": -65_536,  # 64 MiB, so that an import finds its indexes in memory
    "secure_delete": "ON",  # what is deleted is overwritten, not left in free pages
}


def journal_mode(version: str, *, has_locks: bool) -> str:
    """Return the journal that is safe for this SQLite on this file system.

    Up to 3.51.2 two connections that write and checkpoint at the same moment can damage a
    write-ahead log; our file lock keeps them apart, so the log is used only where locks work.
    """
    known = tuple(int(part) for part in version.split("."))
    return "wal" if has_locks and known >= FIRST_WITH_WAL else "delete"


def reader(path: Path, journal: str) -> Engine:
    """Return the engine for reading: each transaction sees one moment, none changes anything.

    On a write-ahead log the file is opened read-only: closing the last connection would otherwise
    checkpoint, outside the lock. A rollback journal may have to be played back by a reader.
    """
    mode = "ro" if journal == "wal" else "rw"
    return _engine(path, partial(_connect, path, mode, READER), "BEGIN", max_overflow=-1)


def writer(path: Path, journal: str) -> Engine:
    """Return the engine for writing, of one connection; use it under the write lock only."""
    pragmas = {**WRITER, "journal_mode": journal}
    return _engine(path, partial(_connect, path, "rw", pragmas), "BEGIN IMMEDIATE", pool_size=1)


def settle(engine: Engine, *, most_bytes: int | None) -> bool:
    """Return whether nothing of what was deleted or changed is left in the file or beside it.

    Deleted rows are overwritten, but where pages were split copies may stay in their gaps: so the
    file is written anew, unless it holds more than `most_bytes`. Then the log is cut to nothing,
    unless a question still reads from it. Call it under the write lock.
    """
    connection = engine.raw_connection()
    try:
        (size,) = connection.execute(SIZE).fetchone()
        is_small = most_bytes is None or size <= most_bytes
        if is_small:
            connection.execute("VACUUM")
        connection.execute(f"PRAGMA busy_timeout = {SOON_MS}")
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    finally:
        connection.close()
    return is_small and not busy


def touch(path: Path) -> None:
    """Make an empty file that only its owner may read; SQLite's side files take its mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)


def _engine(path: Path, connect: partial[sqlite3.Connection], begin: str, **pool: int) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)), creator=connect, poolclass=QueuePool, **pool
    )

    @event.listens_for(engine, "begin")
    def _begin(conn: Connection) -> None:
        conn.exec_driver_sql(begin)

    return engine


def _connect(path: Path, mode: str, pragmas: Mapping[str, int | str]) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,  # the driver begins nothing by itself; `_begin` does
        check_same_thread=False,  # the pool hands a connection to one thread at a time
    )
    for name, value in pragmas.items():
        connection.execute(f"PRAGMA {name} = {value}")
    return connection
