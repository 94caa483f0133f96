"""The archive is made, copied, lost, restored and looked after."""

from dataclasses import replace
from pathlib import Path

import pytest

from station.archive.verify import content_hash
from station.config import Settings
from station.errors import ArchiveError, BackupError
from station.services import access, board, keeping
from station.services.ask import Ask


def url_in(folder: Path) -> str:
    return f"sqlite:///{folder}/station.db"


def hash_of(url: str) -> str:
    db = keeping.open_archive(Settings(), url)
    with db.reading() as conn:
        found = content_hash(conn)
    db.close()
    return found


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

    assert first == second == ["stations", "lake", "quarantine"]
    db.close()
