"""Copies of the archive: taken while it is in use, and verified before they replace it."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import URL, func, make_url, select

from station.archive.database import Database, create_or_upgrade, file_of, folder_of
from station.archive.locks import WriteLock, claimed
from station.archive.verify import verify
from station.errors import ArchiveError, BackupError

SIDE_FILES = ("-wal", "-shm", "-journal")
GUARDS = (".lock", ".server")
BACKUP_MARKS = (b"SQLite format 3\0", b"PGDMP")
"""How the two kinds of backup begin."""
LAKE = "lake"
FOLDER = "backups"
"""Where copies lie that nobody named a place for, beside the lake."""
Prepare = Callable[[Database], None]


def backup(db: Database, path: Path) -> None:
    """Write a copy of the archive as it is at this moment; writers and readers go on.

    Raises:
        BackupError: the copy is damaged, the programs of PostgreSQL are missing, or `path` is a
            file that is no backup, which is left as it is.
    """
    _refuse_to_overwrite(db, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    try:
        if db.path is None:
            _run("pg_dump", ["--format=custom", f"--file={partial}"], db.url)
        else:
            _copy(db, partial)
        _settle(partial)
        partial.replace(path)
        _settle(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def dated(db: Database, now: datetime) -> Path:
    """Return where a copy made now goes: a name in the archive's own folder of backups."""
    folder = db.folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder / f"station-{now:%Y%m%d-%H%M%S}.{'dump' if db.path is None else 'db'}"


def kept(db: Database) -> pd.DataFrame:
    """Return name, bytes and made_at of the copies in the archive's folder, the newest first."""
    found = [
        (path.name, path.stat().st_size, int(path.stat().st_mtime))
        for path in (db.folder / FOLDER).glob("station-*")
        if path.suffix in {".db", ".dump"} and path.is_file()
    ]
    rows = sorted(found, key=lambda row: (row[2], row[0]), reverse=True)
    return pd.DataFrame(rows, columns=["name", "bytes", "made_at"])


def sizes(db: Database) -> dict[str, int]:
    """Return the bytes of the archive itself and of its lake."""
    if db.path is None:
        with db.reading() as conn:
            own = int(
                conn.execute(select(func.pg_database_size(func.current_database()))).scalar_one()
            )
    else:
        files = [db.path.with_name(db.path.name + end) for end in ("", *SIDE_FILES)]
        own = sum(file.stat().st_size for file in files if file.exists())
    lake = sum(file.stat().st_size for file in (db.folder / LAKE).rglob("*") if file.is_file())
    return {"archive": own, "lake": lake}


def _refuse_to_overwrite(db: Database, path: Path) -> None:
    """Let a backup take the place of nothing but an older one."""
    place = path.parent.resolve() / path.name
    if db.path and place in _own_files(db.path):
        raise BackupError("backup.own_file", backup=str(path))
    if path.is_file() and path.stat().st_size:
        with path.open("rb") as file:
            if not file.read(len(BACKUP_MARKS[0])).startswith(BACKUP_MARKS):
                raise BackupError("backup.occupied", backup=str(path))


def _own_files(archive: Path) -> set[Path]:
    home = archive.parent.resolve()
    return {home / (archive.name + end) for end in ("", *SIDE_FILES, *GUARDS)}


def restore(
    url: str, folder: Path | None, path: Path, *, prepare: Prepare = lambda _db: None
) -> None:
    """Put a backup in the place of the archive at `url`, once it is known to be sound.

    That archive may be damaged or gone, which is what backups are for. `prepare` brings the copy
    up to what has happened since; without that it does not take the archive's place.

    The lake is dropped, since it was derived from the archive before; it is rebuilt when needed.

    Raises:
        BackupError: there is no such backup, or it is damaged; the archive is as it was.
        ArchiveBusyError: a server uses the archive.
    """
    if not path.is_file():
        raise BackupError("backup.missing", backup=str(path))
    target = file_of(url)
    if target is None:
        _restore_postgres(make_url(url), path)
        _prepare(url, folder, prepare)
    else:
        _restore_file(target, path, prepare)
    shutil.rmtree((folder or folder_of(target)) / LAKE, ignore_errors=True)


def _prepare(url: str, folder: Path | None, prepare: Prepare) -> None:
    db = create_or_upgrade(url, folder)
    try:
        prepare(db)
    finally:
        db.close()


def _copy(db: Database, partial: Path) -> None:
    """Copy all pages in one step: in small steps a busy archive would never end."""
    with db.reading() as conn, closing(sqlite3.connect(partial)) as copy:
        source: Any = conn.connection.driver_connection
        try:
            source.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
            found = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.Error as error:
            raise BackupError("backup.failed", program="SQLite", said=str(error)) from error
    if found != "ok":
        raise ArchiveError("archive.unreadable", archive=str(db.path))


def _restore_file(target: Path, path: Path, prepare: Prepare) -> None:
    log = path.with_name(path.name + "-wal")
    if path.resolve() in _own_files(target) or (log.exists() and log.stat().st_size):
        raise BackupError("backup.is_archive", backup=str(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    server, lock = (target.with_name(target.name + end) for end in (".server", ".lock"))
    with claimed(server), _beside(target) as copy:
        shutil.copyfile(path, copy)
        copy.chmod(0o600)
        _prove(copy, path, prepare)
        with WriteLock(lock).held():
            for end in SIDE_FILES:  # first: a stale log would be played into the new file
                target.with_name(target.name + end).unlink(missing_ok=True)
            copy.replace(target)
            _settle(target.parent)


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """Yield the place of a copy on the same disk; whatever is left of it goes at the end."""
    copy = target.with_name(target.name + ".restoring")
    try:
        yield copy
    finally:
        for end in ("", ".lock", *SIDE_FILES):
            copy.with_name(copy.name + end).unlink(missing_ok=True)


def _prove(copy: Path, path: Path, prepare: Prepare) -> None:
    """Bring an older backup up to date, look at every row of it, and prepare it."""
    if not _is_archive(copy):
        raise BackupError("backup.foreign", backup=str(path))
    try:
        db = create_or_upgrade(URL.create("sqlite", database=str(copy)).render_as_string())
    except ArchiveError as error:
        if error.key == "archive.newer":
            raise
        raise BackupError("backup.damaged", backup=str(path), bad="file") from error
    try:
        bad = [check for check in verify(db).checks if check.first_bad]
        if not bad:
            prepare(db)
    finally:
        db.close()
    if bad:
        raise BackupError("backup.damaged", backup=str(path), bad=bad[0].name)
    _settle(copy)


def _is_archive(copy: Path) -> bool:
    """Return whether it says which form its tables have; an empty file would be made an archive."""
    with closing(sqlite3.connect(copy)) as conn:
        try:
            return conn.execute("SELECT version_num FROM alembic_version").fetchone() is not None
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            return False


def _restore_postgres(url: URL, path: Path) -> None:
    """Replace all tables in one transaction; the list of contents proves the file first."""
    _run("pg_restore", ["--list", str(path)], None)
    options = ["--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error"]
    _run("pg_restore", [*options, str(path)], url)


def _run(program: str, options: Sequence[str], url: URL | None) -> None:
    """Run a program of PostgreSQL; the password goes by its environment, not by its name."""
    found = shutil.which(program)
    if found is None:
        raise BackupError("backup.no_program", program=program)
    environment = dict(os.environ)
    if url is not None:
        plain = url.set(drivername="postgresql", password=None)
        options = [f"--dbname={plain.render_as_string()}", *options]
        environment |= {"PGPASSWORD": url.password} if url.password else {}
    done = subprocess.run(  # noqa: S603 - a fixed program, arguments without a shell
        [found, *options], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BackupError("backup.failed", program=program, said=done.stderr.strip())


def _settle(path: Path) -> None:
    """Make sure that a file or a folder's list of names is on the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
