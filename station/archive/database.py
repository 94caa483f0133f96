"""The archive's doors: open it, read it, write it; writers take turns, readers never wait."""

import sqlite3
import weakref
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from sqlalchemy import Connection as Connection  # noqa: PLC0414 - services may not name SQLAlchemy
from sqlalchemy import Engine, Table, create_engine, func, make_url, select, update
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as NoConnectionError

from station.archive import locks, schema, sqlite
from station.archive.locks import WriteLock, claimed
from station.archive.tables import meta
from station.errors import ArchiveBusyError, ArchiveError

OUR_FAULTS = (ProgrammingError, IntegrityError, DataError)
"""What a statement of ours can do wrong; the rest is the state of the file or the server."""

ENGINES = ("sqlite", "postgresql")

WRITERS_QUEUE = 7_823_641
"""Number of the advisory lock by which the writers of a PostgreSQL archive take turns."""
CLOSING_S = 2.0
"""How long an archive that is let go of waits for the turn to write."""
LOCKED = "55P03"
"""PostgreSQL's word for a lock that did not come in time."""


class Database:
    """An open archive: `folder` holds what lies beside the tables, such as lake/ and quarantine/.

    `path` is the file of a SQLite archive, none on PostgreSQL.
    """

    def __init__(self, url: str, folder: Path) -> None:
        parsed = make_url(url)
        self.url = parsed
        self.folder = folder
        self.path = file_of(url)
        if self.path is None:
            self.lock = None
            self.engine = create_engine(parsed, pool_pre_ping=True)
            self.readers: Engine = self.engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        else:
            self.lock = WriteLock(self.path.with_name(self.path.name + ".lock"))
            journal = sqlite.journal_mode(sqlite3.sqlite_version, has_locks=self.lock.has_locks)
            self.engine = sqlite.writer(self.path, journal)
            self.readers = sqlite.reader(self.path, journal)
        self._closer = weakref.finalize(self, _close, self.engine, self.readers, self.lock)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection that sees the archive as it is at its first query."""
        with _readable(self), self.readers.connect() as conn:
            yield conn

    @contextmanager
    def writing(self, *, changes_figures: bool = True) -> Iterator[Connection]:
        """Yield the only connection that writes now; commits, or undoes all on an error.

        Whoever writes what no figure rests on, such as a note, says so and spares every reader a
        new calculation.
        """
        with _readable(self), self.alone(), self.engine.begin() as conn:
            if self.lock is None:
                _queue_up(conn)
            yield conn
            if changes_figures:
                raised = update(meta).where(meta.c.name == "data_version")
                conn.execute(raised.values(value=meta.c.value + 1))

    def data_version(self) -> int:
        """Return a number that rises with every change that a figure may rest on."""
        with self.reading() as conn:
            version = select(meta.c.value).where(meta.c.name == "data_version")
            return int(conn.execute(version).scalar_one())

    def alone(self) -> AbstractContextManager[None]:
        """Keep every other writer out for the length of a `with` block (SQLite)."""
        return nullcontext() if self.lock is None else self.lock.held()

    def hurried(self, wait_s: float) -> AbstractContextManager[None]:
        """Wait for turns to write no longer than so many seconds within a `with` block.

        A turn that does not come in time raises ArchiveBusyError.
        """
        return locks.hurried(wait_s)

    def settle(self, tables: Sequence[Table], *, most_bytes: int | None = None) -> bool:
        """Let nothing stay behind of rows deleted or changed; return whether nothing does.

        A SQLite file of more than `most_bytes` is left for another time, for writers wait
        meanwhile; on PostgreSQL old versions of the tables' rows are given up.
        """
        with _readable(self):
            if self.path is None:
                self._vacuum(tables)
                return True
            with self.alone():
                return sqlite.settle(self.engine, most_bytes=most_bytes)

    def _vacuum(self, tables: Sequence[Table]) -> None:
        names = ", ".join(table.name for table in tables)
        alone = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        with alone.connect() as conn:
            conn.exec_driver_sql(f"VACUUM {names}")

    def claim_server(self) -> AbstractContextManager[None]:
        """Be the archive's only server for the length of a `with` block.

        Raises:
            ArchiveBusyError: another server runs on this SQLite archive.
        """
        if self.path is None:
            return nullcontext()
        return claimed(self.path.with_name(self.path.name + ".server"))

    def close(self) -> None:
        """Close every connection; the archive may be opened again."""
        self._closer()


def file_of(url: str) -> Path | None:
    """Return the file of a SQLite archive, none for a server's.

    Raises:
        ArchiveError: the text names no archive of a kind that is known.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ArchiveError("archive.bad_url") from error
    if parsed.get_backend_name() not in ENGINES:
        raise ArchiveError("archive.bad_url")
    if parsed.get_backend_name() != "sqlite":
        return None
    if parsed.database in (None, "", ":memory:"):
        raise ArchiveError("archive.bad_url")
    return Path(str(parsed.database))


def open_database(url: str, folder: Path | None = None) -> Database:
    """Return the archive at `url`, ready to use.

    Raises:
        ArchiveError: there is none, or it was made by an older or a newer Station.
    """
    path = file_of(url)
    if path is not None and not path.exists():
        raise ArchiveError("archive.missing", archive=str(path))
    db = Database(url, folder or folder_of(path))
    try:
        with _readable(db), db.reading() as conn:
            schema.check(conn, archive=_shown(db))
    except BaseException:
        db.close()
        raise
    return db


def create_or_upgrade(url: str, folder: Path | None = None) -> Database:
    """Return the archive at `url`, made or brought up to date in one transaction.

    Raises:
        ArchiveError: it was made by a newer Station, or cannot be read.
    """
    path = file_of(url)
    if path is not None:
        sqlite.touch(path)
    db = Database(url, folder or folder_of(path))
    db.folder.mkdir(parents=True, exist_ok=True)
    try:
        with _readable(db), db.alone(), db.engine.begin() as conn:
            if path is None:
                _queue_up(conn)
            schema.upgrade(conn, archive=_shown(db))
    except BaseException:
        db.close()
        raise
    return db


def folder_of(path: Path | None) -> Path:
    """Return the folder of an archive: where its file is, ./data for a server's."""
    return Path("data") if path is None else path.parent


def _queue_up(conn: Connection) -> None:
    """Return once every other writer of a PostgreSQL archive has left."""
    wait_s = locks.left_s()
    if wait_s is not None:  # 0 would be for ever
        most = f"{max(int(wait_s * 1000), 1)}ms"
        conn.execute(select(func.set_config("lock_timeout", most, True)))
    conn.execute(select(func.pg_advisory_xact_lock(WRITERS_QUEUE)))


def _is_busy(error: DatabaseError | InterfaceError) -> bool:
    """Return whether nothing is wrong but that others write."""
    return (
        getattr(error.orig, "sqlite_errorname", "") == "SQLITE_BUSY"
        or getattr(error.orig, "sqlstate", "") == LOCKED
    )


def _shown(db: Database) -> str:
    return str(db.path) if db.path else db.url.render_as_string(hide_password=True)


@contextmanager
def _readable(db: Database) -> Iterator[None]:
    try:
        yield
    except NoConnectionError as error:  # every one that we may have is in use
        raise ArchiveBusyError("archive.busy") from error
    except (DatabaseError, InterfaceError) as error:
        if isinstance(error, OUR_FAULTS):
            raise
        if _is_busy(error):
            raise ArchiveBusyError("archive.busy") from error
        is_full = getattr(error.orig, "sqlite_errorname", "") == "SQLITE_FULL"
        key = "archive.full" if is_full else "archive.unreadable"
        raise ArchiveError(key, archive=_shown(db)) from error
    except UnicodeDecodeError as error:  # SQLite's word for a damaged schema
        raise ArchiveError("archive.unreadable", archive=_shown(db)) from error


def _close(engine: Engine, readers: Engine, lock: WriteLock | None) -> None:
    readers.dispose()
    try:
        with locks.hurried(CLOSING_S), nullcontext() if lock is None else lock.held():
            engine.dispose()  # the last one to close checkpoints
    except ArchiveBusyError:  # whoever writes is open, so this is not the last one: it may be he
        engine.dispose()  # who let go of this archive, and he would wait for himself
