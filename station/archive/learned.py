"""What was learned of all vehicles together is kept beside the lake, so that nobody waits for it.

It is derived and may be deleted at any time.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from station.archive.lake import Archive
from station.archive.manifest import locked
from station.archive.tables import batches

NAME = "learned.json"
FORMAT = 1
MOST = 500
"""Lessons that are kept, the newest."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was learned `of` whom, as of which day and version, from how many lines."""

    of: str
    day: int
    version: int
    lines: int
    what: dict[str, Any]


def load(db: Archive) -> list[Lesson]:
    """Return every lesson, the oldest first; none where there is nothing that can be read."""
    try:
        raw = json.loads((db.folder / "lake" / NAME).read_text(encoding="utf-8"))
        return [Lesson(**lesson) for lesson in raw["lessons"]] if raw["format"] == FORMAT else []
    except (OSError, ValueError, TypeError, LookupError):
        return []


def add(db: Archive, new: Sequence[Lesson]) -> None:
    """Keep lessons; one of the same and the same day takes the place of the old one."""
    folder = db.folder / "lake"
    with locked(folder):
        known = {(lesson.of, lesson.day): lesson for lesson in load(db)}
        for lesson in new:
            known.pop((lesson.of, lesson.day), None)
            known[lesson.of, lesson.day] = lesson
        kept = [asdict(lesson) for lesson in list(known.values())[-MOST:]]
        partial = folder / f"{NAME}.partial"
        partial.write_text(json.dumps({"format": FORMAT, "lessons": kept}), encoding="utf-8")
        partial.rename(folder / NAME)


def lines(conn: Connection) -> int:
    """Return how many lines were taken by the imports that stand."""
    taken = select(func.coalesce(func.sum(batches.c.accepted), 0))
    return int(
        conn.execute(
            taken.where(batches.c.kind == "sales", batches.c.status != "undone")
        ).scalar_one()
    )
