"""A counter whose clock a test may set: on SQLite, or on both engines in turn."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from services.points import forecourt
from services.points.counter import Counter, opened
from services.points.forecourt import Forecourt

from station.archive.database import Database, open_database
from station.services.points import booking


@pytest.fixture
def counter(empty_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    shutil.copy(empty_file, tmp_path / "station.db")
    made = opened(open_database(f"sqlite:///{tmp_path / 'station.db'}"))
    monkeypatch.setattr(booking, "time", lambda: made.now)
    yield made
    made.ask.db.close()


@pytest.fixture
def anywhere(db: Database, monkeypatch: pytest.MonkeyPatch) -> Counter:
    made = opened(db)
    monkeypatch.setattr(booking, "time", lambda: made.now)
    return made


@pytest.fixture
def till(empty_file: Path, tmp_path: Path) -> Iterator[Forecourt]:
    """Yield a forecourt on SQLite."""
    shutil.copy(empty_file, tmp_path / "station.db")
    made = forecourt.opened(
        open_database(f"sqlite:///{tmp_path / 'station.db'}"), tmp_path / "till"
    )
    yield made
    made.ask.db.close()


@pytest.fixture
def till_anywhere(db: Database, tmp_path: Path) -> Forecourt:
    """Return a forecourt, on both engines in turn."""
    return forecourt.opened(db, tmp_path / "till")
