"""A ward and a kind town whose clocks a test may set: on SQLite, or on both engines in turn."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from services.calls.kindness import BERT, CARL, Town, town_of
from services.calls.ward import Ward, again, opened

from station.archive.database import Database, open_database
from station.services.calls import clock

VISITS = [(BERT, 2), (CARL, 30), (CARL, 20), (CARL, 1)]
"""Who came to the kind town's stations, and so many days ago."""


@pytest.fixture(scope="session")
def first_ward(empty_file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ward]:
    """Return the folder of a ward, made once to be copied, and what was in it."""
    folder = tmp_path_factory.mktemp("ward")
    shutil.copy(empty_file, folder / "station.db")
    db = open_database(f"sqlite:///{folder / 'station.db'}")
    made = opened(db)
    db.close()
    return folder, made


@pytest.fixture
def ward(
    first_ward: tuple[Path, Ward], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Ward]:
    folder, first = first_ward
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    made = again(first, open_database(f"sqlite:///{tmp_path / 'station.db'}"))
    monkeypatch.setattr(clock, "time", lambda: made.now)
    yield made
    made.ask.db.close()


@pytest.fixture
def anywhere(db: Database, monkeypatch: pytest.MonkeyPatch) -> Ward:
    made = opened(db)
    monkeypatch.setattr(clock, "time", lambda: made.now)
    return made


@pytest.fixture
def town(empty_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    shutil.copy(empty_file, tmp_path / "station.db")
    made = town_of(open_database(f"sqlite:///{tmp_path / 'station.db'}"), VISITS)
    monkeypatch.setattr(clock, "time", lambda: made.now)
    yield made
    made.ask.db.close()


@pytest.fixture
def anytown(db: Database, monkeypatch: pytest.MonkeyPatch) -> Town:
    made = town_of(db, VISITS)
    monkeypatch.setattr(clock, "time", lambda: made.now)
    return made
