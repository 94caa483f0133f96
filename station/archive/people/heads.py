"""The ends of both chains, noted day by day beside the archive: what was cut off is missed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection

from station.archive import notebook
from station.archive.people import audit
from station.archive.points import chain

RESTORED = "restored"


class Chain(NamedTuple):
    """A chain of the archive: where its ends are noted, and how they are found."""

    file: str
    head: Callable[[Connection], tuple[int, str]]
    hash_at: Callable[[Connection, int], str | None]


AUDIT = Chain("audit-heads.jsonl", audit.head, audit.hash_at)
POINTS = Chain("points-heads.jsonl", chain.end, chain.hash_at)
CHAINS = {"audit_heads": AUDIT, "points_heads": POINTS}
"""Both chains, by the check that asks for their ends."""


def note(conn: Connection, folder: Path, day: str, of: Chain = AUDIT) -> dict[str, Any]:
    """Return day, id and hash of a chain's end, noted unless it is where it was."""
    number, digest = of.head(conn)
    line = {"day": day, "id": number, "hash": digest}
    before = notebook.lines(folder / of.file)[-1:]
    if not before or (before[0].get("id"), before[0].get("hash")) != (number, digest):
        notebook.add(folder / of.file, line)
    return line


def mark_restored(conn: Connection, folder: Path, day: str) -> None:
    """Note that the archive is an older one from here on: earlier ends are not asked for."""
    for of in CHAINS.values():
        number, digest = of.head(conn)
        line = {"mark": RESTORED, "day": day, "id": number, "hash": digest}
        notebook.add(folder / of.file, line)


def first_missing(conn: Connection, folder: Path, of: Chain = AUDIT) -> str:
    """Return the first end since the last restore that a chain does not hold, none if all."""
    lines = notebook.lines(folder / of.file)
    marks = [at for at, line in enumerate(lines) if line.get("mark") == RESTORED]
    for line in lines[marks[-1] if marks else 0 :]:
        number = int(line.get("id") or 0)
        if number and of.hash_at(conn, number) != line.get("hash"):
            return f"{line.get('day')} {number}"
    return ""
