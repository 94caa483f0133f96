"""What was calculated from the archive once: found again, or calculated anew if it was deleted."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

OWNER_ONLY_FOLDER, OWNER_ONLY_FILE = 0o700, 0o600
FILES_MOST = 64
"""Beyond so many of one sort the oldest are deleted."""


class Archive(Protocol):
    """What is needed of the archive: where it lies."""

    @property
    def folder(self) -> Path:
        """The folder that holds the archive."""
        ...


def find(db: Archive, sort: str, mark: str) -> dict[str, Any] | None:
    """Return what was kept of a sort under a mark; None if it is gone or cannot be read."""
    try:
        words = json.loads(_path(db, sort, mark).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return words if isinstance(words, dict) else None


def marks(db: Archive, sort: str) -> list[str]:
    """Return under which marks something of a sort is kept."""
    paths = (db.folder / "derived").glob(f"{sort}-*.json")
    return sorted(path.stem.removeprefix(f"{sort}-") for path in paths)


def keep(db: Archive, sort: str, mark: str, words: Mapping[str, Any]) -> None:
    """Keep `words` under a mark; the oldest of the sort make room. A full disk keeps nothing."""
    path = _path(db, sort, mark)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        path.parent.mkdir(mode=OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY_FILE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(words, file)
        partial.rename(path)
        _make_room(path.parent, sort)
    except OSError:
        return


def _path(db: Archive, sort: str, mark: str) -> Path:
    return db.folder / "derived" / f"{sort}-{mark}.json"


def _make_room(folder: Path, sort: str) -> None:
    kept = sorted(folder.glob(f"{sort}-*.json"), key=lambda path: path.stat().st_mtime)
    for path in kept[:-FILES_MOST]:
        path.unlink(missing_ok=True)
