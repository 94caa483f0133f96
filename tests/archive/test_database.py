"""Readers and writers: one moment for each reader, one writer at a time, on every connection."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from archive.shop import Shop
from makers import make_sale, make_station
from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from station.archive import lapses, schema, stations
from station.archive.customers import tables as _tables  # noqa: F401 - hers belong to it too
from station.archive.database import Database, create_or_upgrade, open_database
from station.archive.lapses import LapseNote
from station.archive.sqlite import journal_mode
from station.archive.tables import metadata
from station.errors import ArchiveBusyError, ArchiveError
from station.model import LapseReason

TESTS = Path(__file__).parent.parent


@pytest.fixture
def on_sqlite(sqlite_url: str, tmp_path: Path) -> Iterator[Database]:
    db = create_or_upgrade(sqlite_url, tmp_path)
    yield db
    db.close()


def pragma(conn: Connection, name: str) -> object:
    return conn.exec_driver_sql(f"PRAGMA {name}").scalar_one()


@pytest.mark.parametrize("version", ["3.7.0", "3.40.1", "3.51.1", "3.51.2", "3.51.3", "3.54.1"])
def test_the_log_is_written_ahead_wherever_the_file_system_has_locks(version: str) -> None:
    assert journal_mode(version, has_locks=True) == "wal"
    assert journal_mode(version, has_locks=False) == "delete"


def test_a_library_older_than_the_log_does_without() -> None:
    assert journal_mode("3.6.23", has_locks=True) == "delete"


def test_every_reading_connection_has_its_pragmas(on_sqlite: Database) -> None:
    def read() -> list[object]:
        names = ["journal_mode", "query_only", "wal_autocheckpoint", "mmap_size", "foreign_keys"]
        with on_sqlite.reading() as conn:
            return [pragma(conn, name) for name in names]

    expected = ["wal", 1, 0, 0, 1]
    with ThreadPoolExecutor(1) as other, on_sqlite.reading():
        assert read() == expected  # a second connection beside the open one
        assert other.submit(read).result() == expected
    assert read() == expected  # a pooled one, used before


def test_every_writing_connection_has_its_pragmas(on_sqlite: Database) -> None:
    def read() -> list[object]:
        with on_sqlite.writing() as conn:
            names = ("synchronous", "foreign_keys", "busy_timeout", "secure_delete")
            return [pragma(conn, name) for name in names]

    with ThreadPoolExecutor(1) as other:
        assert read() == other.submit(read).result() == [2, 1, 10_000, 1]


def test_a_reader_cannot_change_anything(db: Database) -> None:
    with db.reading() as conn, pytest.raises(DatabaseError):
        stations.add(conn, make_station())


def test_a_reader_sees_one_moment(db: Database) -> None:
    with db.reading() as conn:
        before = stations.ids(conn)
        with db.writing() as writer:
            stations.add(writer, make_station())
        assert stations.ids(conn) == before == {}
    with db.reading() as conn:
        assert list(stations.ids(conn)) == ["S1"]


def test_a_failed_writer_leaves_nothing_and_lets_the_next_one_in(db: Database) -> None:
    version = db.data_version()
    with pytest.raises(IntegrityError), db.writing() as conn:  # noqa: PT012 - all of it is undone
        stations.add(conn, make_station())
        stations.add(conn, make_station())

    assert db.data_version() == version
    with db.writing() as conn:
        assert stations.ids(conn) == {}
    assert db.data_version() == version + 1


def test_a_thread_that_writes_cannot_begin_to_write_again(on_sqlite: Database) -> None:
    with (
        on_sqlite.writing(),
        pytest.raises(RuntimeError, match="already"),
        on_sqlite.writing(),
    ):
        pytest.fail("two writers at once")


@pytest.mark.slow
def test_eight_threads_write_in_turn(db: Database) -> None:
    before = db.data_version()

    def write(_: int) -> None:
        for _ in range(200):
            with db.writing():
                pass

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(8)))

    assert db.data_version() == before + 1_600


def test_threads_are_let_in_in_the_order_they_came(on_sqlite: Database) -> None:
    order: list[int] = []

    def write(number: int) -> None:
        with on_sqlite.writing():
            order.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(5)]
    with on_sqlite.writing():
        for thread in threads:
            thread.start()
            time.sleep(0.02)
    for thread in threads:
        thread.join()

    assert order == [0, 1, 2, 3, 4]


def start(script: str, url: str) -> subprocess.Popen[str]:
    """Start a process of our own that runs `script` with the archive open as `db`."""
    code = (
        "import sys, time\n"
        "from station.archive.database import open_database\n"
        "from archive.shop import Shop\n"
        "from makers import make_sale\n"
        "db = open_database(sys.argv[1])\n" + script
    )
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    return subprocess.Popen(
        [sys.executable, "-c", code, url],
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_two_processes_write_in_turn(db: Database, url: str) -> None:
    before = db.data_version()
    script = "for _ in range(200):\n    with db.writing(): pass\n"
    others = [start(script, url), start(script, url)]
    for _ in range(200):
        with db.writing():
            pass

    assert [other.communicate() and other.returncode for other in others] == [0, 0]
    assert db.data_version() == before + 600


ENDLESS_IMPORT = """
with db.writing() as conn:
    shop = Shop(conn)
    batch = shop.open()
n = 0
while True:
    with db.writing() as conn:
        shop.conn = conn
        shop.add([make_sale(receipt_no=f"R{n + i}") for i in range(100)], batch)
    n += 100
    print(n, flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("pause_s", [0.0, 0.011, 0.023])
def test_a_killed_import_leaves_whole_chunks(db: Database, url: str, pause_s: float) -> None:
    importer = start(ENDLESS_IMPORT, url)
    assert importer.stdout is not None
    said = [int(importer.stdout.readline()) for _ in range(3)]
    time.sleep(pause_s)
    importer.send_signal(signal.SIGKILL)
    said += [int(line) for line in importer.communicate()[0].split()]

    with db.writing() as conn:  # the next writer is not kept out
        count = conn.exec_driver_sql("SELECT count(*) FROM sales").scalar_one()
    assert count % 100 == 0
    assert said[-1] <= count <= said[-1] + 100


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM sales",
        "UPDATE sales SET amount_minor = 1",
        "UPDATE sales SET natural_key = 'x'",
        "UPDATE sales SET reverses = id",
        "DELETE FROM lapse_notes",
        "UPDATE lapse_notes SET reason = 'price'",
    ],
)
def test_what_came_in_cannot_be_changed(shop: Shop, statement: str) -> None:
    shop.add([make_sale()])
    vehicle_id = shop.conn.exec_driver_sql("SELECT id FROM vehicles").scalar_one()
    lapses.add(shop.conn, LapseNote(vehicle_id, 1, LapseReason.PRICE, "clerk", 1))

    with pytest.raises(DatabaseError, match="append-only"), shop.conn.begin_nested():
        shop.conn.exec_driver_sql(statement)


def test_a_sale_may_be_voided(shop: Shop) -> None:
    shop.add([make_sale()])

    assert shop.conn.exec_driver_sql("UPDATE sales SET voided = 1").rowcount == 1


def test_only_the_owner_reads_the_files(on_sqlite: Database, tmp_path: Path) -> None:
    with on_sqlite.writing() as conn:
        stations.add(conn, make_station())

    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("station.db*")}
    assert set(modes.values()) == {0o600}
    assert "station.db-wal" in modes


def test_one_server_keeps_a_second_one_out(on_sqlite: Database, sqlite_url: str) -> None:
    other = open_database(sqlite_url)

    with on_sqlite.claim_server():
        with pytest.raises(ArchiveBusyError) as refusal, other.claim_server():
            pytest.fail("two servers at once")
        assert refusal.value.facts["pid"] == str(os.getpid())
    with other.claim_server():
        other.close()


def test_the_migrations_make_the_tables_that_the_code_knows(db: Database) -> None:
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415

    with db.reading() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_making_an_archive_again_keeps_it(db: Database, url: str, tmp_path: Path) -> None:
    with db.writing() as conn:
        stations.add(conn, make_station())
    again = create_or_upgrade(url, tmp_path)

    with again.reading() as conn:
        assert list(stations.ids(conn)) == ["S1"]
    again.close()


@pytest.mark.parametrize(
    ("revision", "key"),
    [("0000", "archive.newer"), ("9999", "archive.newer"), (None, "archive.missing")],
)
def test_another_form_is_refused(db: Database, url: str, revision: str, key: str) -> None:
    with db.writing() as conn:
        conn.exec_driver_sql("DELETE FROM alembic_version")
        if revision:
            conn.execute(text("INSERT INTO alembic_version VALUES (:it)"), {"it": revision})

    with pytest.raises(ArchiveError) as refusal:
        open_database(url)
    assert refusal.value.key == key


NEXT = """
from alembic import op
import sqlalchemy as sa

revision = "9999"
down_revision = "HEAD"


def upgrade() -> None:
    op.add_column("stations", sa.Column("note", sa.Text, server_default="", nullable=False))
"""


def test_an_older_form_is_refused_until_it_is_brought_up_to_date(
    db: Database, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrations = shutil.copytree(schema.MIGRATIONS, tmp_path / "100% new")
    head = ScriptDirectory(schema.MIGRATIONS).get_current_head()
    (migrations / "versions" / "v9999_next.py").write_text(NEXT.replace("HEAD", str(head)))
    monkeypatch.setattr(schema, "MIGRATIONS", migrations)
    with db.writing() as conn:
        stations.add(conn, make_station())

    with pytest.raises(ArchiveError) as refusal:
        open_database(url)
    assert refusal.value.key == "archive.older"
    create_or_upgrade(url, tmp_path).close()
    open_database(url).close()


def test_an_archive_that_is_not_there_is_not_made(sqlite_url: str, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError) as refusal:
        open_database(sqlite_url)

    assert refusal.value.key == "archive.missing"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_archive_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "station.db").write_text("plate,litres\n" * 100)

    with pytest.raises(ArchiveError) as refusal:
        open_database(sqlite_url)
    assert refusal.value.key == "archive.unreadable"


def test_closing_plays_the_log_into_the_file(on_sqlite: Database, tmp_path: Path) -> None:
    with on_sqlite.writing() as conn:
        stations.add(conn, make_station())
    on_sqlite.close()

    with sqlite3.connect(tmp_path / "station.db") as plain:
        assert plain.execute("SELECT count(*) FROM stations").fetchone() == (1,)
    plain.close()


def test_an_archive_let_go_of_while_another_writes_waits_for_nobody(
    on_sqlite: Database, sqlite_url: str
) -> None:
    other = open_database(sqlite_url)
    with other.reading():
        pass

    with on_sqlite.writing() as conn:
        conn.execute(text("UPDATE meta SET value = value + 1"))
        other.close()  # as the collector of rubbish does, in the midst of a write

    with on_sqlite.reading() as conn:
        assert conn.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"


def test_a_note_spares_the_readers_a_new_calculation(db: Database) -> None:
    before = db.data_version()

    with db.writing(changes_figures=False) as conn:
        conn.exec_driver_sql("INSERT INTO meta (name, value) VALUES ('aside', 1)")

    assert db.data_version() == before


def test_a_full_disk_undoes_what_was_written_and_is_told(sqlite_url: str) -> None:
    db = create_or_upgrade(sqlite_url)
    with db.writing() as conn:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        conn.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(ArchiveError, match=r"archive\.full"), db.writing() as conn:
        Shop(conn).add([make_sale(receipt_no=f"R{n}") for n in range(2_000)])

    with db.reading() as conn:
        assert conn.execute(text("SELECT count(*) FROM sales")).scalar_one() == 0
    db.close()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_an_archive_without_a_file_is_refused(url: str) -> None:
    with pytest.raises(ArchiveError, match=r"archive\.bad_url"):
        create_or_upgrade(url)


def test_tables_of_another_program_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "recipes.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")

    with pytest.raises(ArchiveError, match=r"archive\.foreign"):
        create_or_upgrade(f"sqlite:///{path}")

    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]
