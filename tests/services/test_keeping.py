"""The archive is made, copied, lost, restored and looked after."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from makers import NOON

from station.archive import backup as backups
from station.archive import notebook
from station.archive.people import heads
from station.archive.verify import content_hash
from station.config import Settings
from station.errors import ArchiveError, BackupError, SignInError
from station.model import DAY_S, Act
from station.services import access, board, keeping, trail
from station.services.ask import Ask
from station.services.people import accounts


def url_in(folder: Path) -> str:
    return f"sqlite:///{folder}/station.db"


def hash_of(url: str) -> str:
    db = keeping.open_archive(Settings(), url)
    with db.reading() as conn:
        found = content_hash(conn)
    db.close()
    return found


@pytest.mark.slow
def test_a_backup_restored_over_nothing_is_the_archive(demo_ask: Ask, tmp_path: Path) -> None:
    backup = tmp_path / "copies" / "one.db"

    keeping.backup(demo_ask, path=backup)
    keeping.restore(Settings(), url_in(tmp_path), backup)

    assert backup.stat().st_mode & 0o077 == 0
    assert hash_of(url_in(tmp_path)) == hash_of(url_in(demo_ask.db.folder))
    db = keeping.open_archive(Settings(), url_in(tmp_path))
    copy = replace(demo_ask, db=db, scope=access.local_operator(db))
    assert keeping.verify(copy).ok
    assert len(board.vehicles(copy)) == len(board.vehicles(demo_ask))
    db.close()


def test_a_backup_replaces_a_damaged_archive(demo_ask: Ask, tmp_path: Path) -> None:
    backup = tmp_path / "one.db"
    keeping.backup(demo_ask, path=backup)
    (tmp_path / "station.db").write_bytes(b"not an archive")

    with pytest.raises(ArchiveError):
        keeping.open_archive(Settings(), url_in(tmp_path))
    keeping.restore(Settings(), url_in(tmp_path), backup)

    assert hash_of(url_in(tmp_path)) == hash_of(url_in(demo_ask.db.folder))


def test_what_is_no_backup_replaces_nothing(tmp_path: Path) -> None:
    keeping.create(Settings(), url_in(tmp_path)).close()
    before = (tmp_path / "station.db").read_bytes()
    (tmp_path / "bad.db").write_bytes(b"not an archive")

    for name in ("bad.db", "nowhere.db"):
        with pytest.raises(BackupError):
            keeping.restore(Settings(), url_in(tmp_path), tmp_path / name)

    assert (tmp_path / "station.db").read_bytes() == before


@pytest.mark.parametrize("url", ["nonsense", "mysql://somebody@somewhere/station"])
def test_an_archive_of_no_known_kind_is_refused(url: str) -> None:
    with pytest.raises(ArchiveError):
        keeping.open_archive(Settings(), url)


def test_the_nightly_work_twice_is_the_nightly_work(tmp_path: Path) -> None:
    db = keeping.create(Settings(), url_in(tmp_path))
    ask = Ask(db, Settings(), access.local_operator(db), board.NO_SALES_DAY)

    first, second = keeping.nightly(ask), keeping.nightly(ask)

    assert first == second
    assert [chore.name for chore in first] == [
        *("stations", "lake", "rhythm", "alarms", "listed", "grades", "stages"),
        *("contacts", "notes", "oddities", "care", "occasions", "registrations", "audit"),
        *("sessions", "quarantine", "undo", "named", "won", "coupons", "birthdays", "astray"),
        *("needless", "recycled", "dated", "drawn", "overdue", "points"),
        *("replayed", "clean", "head"),
    ]
    assert len(notebook.lines(tmp_path / heads.AUDIT.file)) == 1
    db.close()


@pytest.fixture
def watched(url: str, tmp_path: Path) -> Iterator[Ask]:
    """Yield an archive of whose log the end was noted on three days."""
    settings = replace(Settings(), archive=replace(Settings().archive, folder=str(tmp_path)))
    db = keeping.create(settings, url)
    ask = Ask(db, settings, access.local_operator(db), board.NO_SALES_DAY)
    for day in range(3):
        keeping.nightly(ask, now_s=NOON + day * DAY_S)
        trail.noted(db, ask.scope, Act.KEEPING, f"test:{day}")
    yield ask
    db.close()


def first_bad(ask: Ask) -> str:
    return keeping.verify(ask).first_bad


def test_a_log_that_was_written_anew_is_missed(watched: Ask) -> None:
    keeping.nightly(watched)
    assert first_bad(watched) == ""
    with watched.db.writing() as conn:
        for name in ("audit_keep", "audit_stay") if watched.db.path is None else ("audit_keep",):
            on = " ON audit" if watched.db.path is None else ""
            conn.exec_driver_sql(f"DROP TRIGGER {name}{on}")
        conn.exec_driver_sql("DELETE FROM audit WHERE id > 1")
        conn.exec_driver_sql("UPDATE meta SET value = 1 WHERE name = 'audit_last'")

    bad = [check.name for check in keeping.verify(watched).checks if check.first_bad]
    assert "audit_heads" in bad


def test_an_event_that_was_changed_is_named(watched: Ask) -> None:
    with watched.db.writing() as conn:
        on = " ON audit" if watched.db.path is None else ""
        conn.exec_driver_sql(f"DROP TRIGGER audit_blanked{on}")
        conn.exec_driver_sql("UPDATE audit SET account = 'somebody' WHERE id = 2")

    assert first_bad(watched) == "audit: 2"


def test_an_older_copy_is_missed_unless_it_was_restored(
    watched: Ask, url: str, tmp_path: Path
) -> None:
    keeping.backup(watched, path=tmp_path / "older.backup")
    keeping.nightly(watched)
    trail.noted(watched.db, watched.scope, Act.KEEPING, "test:later")
    keeping.nightly(watched, now_s=NOON + 9 * DAY_S)
    watched.db.close()
    backups.restore(url, tmp_path, tmp_path / "older.backup")  # as if copied over it
    db = keeping.open_archive(watched.settings, url)
    ask = replace(watched, db=db)
    assert first_bad(ask).startswith("audit_heads: ")
    db.close()

    keeping.restore(watched.settings, url, tmp_path / "older.backup")

    db = keeping.open_archive(watched.settings, url)
    ask = replace(watched, db=db)
    assert first_bad(ask) == ""
    keeping.nightly(ask)
    assert first_bad(ask) == ""
    db.close()


def test_nobody_stays_signed_in_on_a_restored_archive(
    watched: Ask, url: str, tmp_path: Path
) -> None:
    accounts.add(watched, name="clerk")
    token = accounts.make_token(watched, name="clerk")
    rules = watched.settings.sign_in
    keeping.backup(watched, path=tmp_path / "older.backup")
    assert access.scope_of(watched.db, token, rules).account == "clerk"
    watched.db.close()

    keeping.restore(watched.settings, url, tmp_path / "older.backup")

    db = keeping.open_archive(watched.settings, url)
    with pytest.raises(SignInError):
        access.scope_of(db, token, rules)
    db.close()


def test_a_line_that_a_crash_cut_short_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    notebook.add(path, {"a": 1})
    with path.open("a") as file:
        file.write('{"a": 2')

    notebook.add(path, {"a": 3})

    assert notebook.lines(path) == [{"a": 1}, {"a": 3}]
    assert path.stat().st_mode & 0o777 == 0o600
    assert notebook.lines(tmp_path / "none.jsonl") == []
