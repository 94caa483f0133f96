"""A backup taken under load restores to a sound archive; a damaged one changes nothing."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from archive.shop import Shop
from makers import make_sale

from station.archive import batches
from station.archive.backup import backup, restore
from station.archive.database import Database, create_or_upgrade, open_database
from station.archive.verify import content_hash, verify
from station.errors import ArchiveBusyError, BackupError


def import_chunks(db: Database, stop: threading.Event, acknowledged: list[int]) -> None:
    """Commit chunks of ten sales until told to stop."""
    with db.writing() as conn:
        shop = Shop(conn)
        batch_id = shop.open()
    while not stop.is_set():
        with db.writing() as conn:
            shop.conn = conn
            first = len(acknowledged) * 10
            shop.add([make_sale(receipt_no=f"R{first + n}") for n in range(10)], batch_id)
        acknowledged.append(first + 10)


def sales_in(db: Database) -> int:
    with db.reading() as conn:
        return int(conn.exec_driver_sql("SELECT count(*) FROM sales").scalar_one())


@pytest.mark.slow
def test_a_backup_under_load_holds_all_that_was_acknowledged(
    db: Database, url: str, tmp_path: Path
) -> None:
    stop, acknowledged = threading.Event(), list[int]()
    importer = threading.Thread(target=import_chunks, args=(db, stop, acknowledged))
    importer.start()
    while len(acknowledged) < 5:
        stop.wait(0.01)

    before = acknowledged[-1]
    backup(db, tmp_path / "copy.backup")
    stop.set()
    importer.join()
    db.close()
    (tmp_path / "lake").mkdir()
    restore(url, tmp_path, tmp_path / "copy.backup")

    restored = open_database(url, tmp_path)
    assert verify(restored).ok
    assert before <= sales_in(restored) <= acknowledged[-1]
    assert sales_in(restored) % 10 == 0
    assert not (tmp_path / "lake").exists()
    restored.close()


def test_a_restored_archive_is_the_one_that_was_backed_up(
    db: Database, url: str, tmp_path: Path
) -> None:
    with db.writing() as conn:
        shop = Shop(conn)
        batch_id = shop.open()
        shop.finish(batch_id, shop.add([make_sale()], batch_id))
        then = content_hash(conn)
    backup(db, tmp_path / "copy.backup")
    with db.writing() as conn:
        batches.undo(conn, batch_id)
    db.close()
    restore(url, tmp_path, tmp_path / "copy.backup")

    restored = open_database(url, tmp_path)
    with restored.reading() as conn:
        assert content_hash(conn) == then
    restored.close()
    assert (tmp_path / "copy.backup").stat().st_mode & 0o777 == 0o600


@pytest.fixture
def archive(sqlite_url: str) -> Database:
    db = create_or_upgrade(sqlite_url)
    with db.writing() as conn:
        Shop(conn).add([make_sale()])
    db.close()
    return db


@pytest.mark.parametrize("keep", [0, 100, 8192])
def test_a_damaged_backup_leaves_the_archive_alone(
    archive: Database, sqlite_url: str, tmp_path: Path, keep: int
) -> None:
    copy = tmp_path / "copy.backup"
    backup(archive, copy)
    whole = copy.read_bytes()
    copy.write_bytes(whole[:keep] + b"\x07" * (len(whole) - keep))

    with pytest.raises(BackupError):
        restore(sqlite_url, tmp_path, copy)

    db = open_database(sqlite_url)
    assert sales_in(db) == 1
    db.close()
    assert not list(tmp_path.glob("*.restoring*"))


def test_a_backup_that_is_not_there_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match=r"backup\.missing"):
        restore(sqlite_url, tmp_path, tmp_path / "none")


def test_an_empty_or_foreign_file_is_no_backup(
    archive: Database, sqlite_url: str, tmp_path: Path
) -> None:
    empty, foreign = tmp_path / "empty.backup", tmp_path / "foreign.backup"
    empty.touch()
    with closing(sqlite3.connect(foreign)) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")

    for file in (empty, foreign):
        with pytest.raises(BackupError, match=r"backup\.foreign"):
            restore(sqlite_url, tmp_path, file)

    assert sales_in(archive) == 1


def test_a_live_archive_is_no_backup(archive: Database, sqlite_url: str, tmp_path: Path) -> None:
    with archive.writing() as conn:
        Shop(conn).add([make_sale(receipt_no="R2")])
    other = f"sqlite:///{tmp_path}/other.db"

    for url in (sqlite_url, other):
        with pytest.raises(BackupError, match=r"backup\.is_archive"):
            restore(url, tmp_path, tmp_path / "station.db")

    assert sales_in(archive) == 2


@pytest.mark.parametrize("name", ["station.db", "station.db-wal", "station.db.lock"])
def test_a_backup_does_not_replace_the_archive(
    archive: Database, tmp_path: Path, name: str
) -> None:
    with pytest.raises(BackupError, match=r"backup\.own_file"):
        backup(archive, tmp_path / "lake" / ".." / name)

    assert sales_in(archive) == 1


def test_a_backup_takes_no_place_but_that_of_an_older_one(
    archive: Database, tmp_path: Path
) -> None:
    key, copy = tmp_path / "station.key", tmp_path / "copy.backup"
    key.write_bytes(b"k" * 32)

    with pytest.raises(BackupError, match=r"backup\.occupied"):
        backup(archive, key)
    backup(archive, copy)
    backup(archive, copy)

    assert key.read_bytes() == b"k" * 32


def test_a_served_archive_is_not_replaced(
    archive: Database, sqlite_url: str, tmp_path: Path
) -> None:
    backup(archive, tmp_path / "copy.backup")

    with archive.claim_server(), pytest.raises(ArchiveBusyError):
        restore(sqlite_url, tmp_path, tmp_path / "copy.backup")


def test_a_restore_makes_an_archive_where_there_was_none(archive: Database, tmp_path: Path) -> None:
    backup(archive, tmp_path / "copy.backup")
    url = f"sqlite:///{tmp_path}/new/place/station.db"
    restore(url, tmp_path / "new/place", tmp_path / "copy.backup")

    db = open_database(url)
    assert sales_in(db) == 1
    db.close()


def test_a_stale_log_is_not_played_into_the_restored_file(
    archive: Database, sqlite_url: str, tmp_path: Path
) -> None:
    backup(archive, tmp_path / "copy.backup")
    with archive.writing() as conn:
        Shop(conn).add([make_sale(receipt_no="R2")])
    assert (tmp_path / "station.db-wal").stat().st_size > 0

    restore(sqlite_url, tmp_path, tmp_path / "copy.backup")

    db = open_database(sqlite_url)
    assert sales_in(db) == 1
    db.close()


@pytest.mark.postgres
def test_the_programs_of_postgres_are_named_when_missing(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = create_or_upgrade(postgres_url, tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(BackupError, match="pg_dump"):
        backup(db, tmp_path / "copy.backup")
    db.close()
