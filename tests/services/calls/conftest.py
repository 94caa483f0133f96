"""A kind town on SQLite, and on both engines in turn; both on a working day of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from services.calls.kindness import BERT, CARL, TODAY, Town, town_of

from station.archive.database import Database, create_or_upgrade
from station.services.calls import caring, messages

VISITS = [(BERT, 2), (CARL, 30), (CARL, 20), (CARL, 1)]


@pytest.fixture(autouse=True)
def kind_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the contact rules see the town's own day, not this machine's."""
    for module in (caring, messages):
        monkeypatch.setattr(module, "today", lambda: TODAY)


@pytest.fixture
def town(sqlite_url: str, tmp_path: Path, empty_file: Path) -> Iterator[Town]:
    """Yield a town on SQLite."""
    (tmp_path / "station.db").write_bytes(empty_file.read_bytes())
    db = create_or_upgrade(sqlite_url, tmp_path)
    yield town_of(db, VISITS)
    db.close()


@pytest.fixture
def anytown(db: Database) -> Town:
    """Return a town on both engines in turn."""
    return town_of(db, VISITS)
