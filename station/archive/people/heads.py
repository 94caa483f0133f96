"""The end of the audit chain, noted day by day beside the archive: what was cut off is missed."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from station.archive import notebook
from station.archive.people import audit

FILE = "audit-heads.jsonl"
RESTORED = "restored"


def note(conn: Connection, folder: Path, day: str) -> dict[str, Any]:
    """Return day, id and hash of the chain's end, noted unless it is where it was."""
    event_id, digest = audit.head(conn)
    line = {"day": day, "id": event_id, "hash": digest}
    before = notebook.lines(folder / FILE)[-1:]
    if not before or (before[0].get("id"), before[0].get("hash")) != (event_id, digest):
        notebook.add(folder / FILE, line)
    return line


def mark_restored(conn: Connection, folder: Path, day: str) -> None:
    """Note that the archive is an older one from here on: earlier ends are not asked for."""
    event_id, digest = audit.head(conn)
    notebook.add(folder / FILE, {"mark": RESTORED, "day": day, "id": event_id, "hash": digest})


def first_missing(conn: Connection, folder: Path) -> str:
    """Return the first end since the last restore that the chain does not hold, none if all."""
    lines = notebook.lines(folder / FILE)
    marks = [at for at, line in enumerate(lines) if line.get("mark") == RESTORED]
    for line in lines[marks[-1] if marks else 0 :]:
        event_id = int(line.get("id") or 0)
        if event_id and audit.hash_at(conn, event_id) != line.get("hash"):
            return f"{line.get('day')} {event_id}"
    return ""
