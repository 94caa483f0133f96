"""A till's server: on SQLite, or on both engines in turn."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from api.tilling import Place, place

from station.archive.database import Database, open_database


@pytest.fixture
def shop(empty_file: Path, tmp_path: Path) -> Iterator[Place]:
    shutil.copy(empty_file, tmp_path / "station.db")
    db = open_database(f"sqlite:///{tmp_path / 'station.db'}")
    with place(db) as made:
        yield made
    db.close()


@pytest.fixture
def anywhere(db: Database) -> Iterator[Place]:
    with place(db) as made:
        yield made
