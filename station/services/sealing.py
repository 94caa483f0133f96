"""Personal words go into the archive sealed and come out opened; the key lies beside it."""

import json
from collections.abc import Sequence

from station.archive import lapses
from station.archive.batches import SealedRow
from station.archive.database import Database
from station.errors import ArchiveError
from station.guard import seal as seals
from station.model import RejectedRow

KEY_FILE = "station.key"


def seal(db: Database, words: str, *, place: str) -> bytes:
    """Return `words` sealed for a place such as "lapse_notes/17/1788235200".

    Raises:
        ArchiveError: the key is lost or damaged; a new one is made only while nothing is sealed.
    """
    return seals.seal(_key(db), words, place=place)


def unseal(db: Database, sealed: bytes | None, *, place: str) -> str | None:
    """Return the words; none where the key is lost or the bytes were changed or moved."""
    if sealed is None:
        return ""
    try:
        return seals.unseal(_key(db), sealed, place=place)
    except ArchiveError:
        return None


def seal_rows(db: Database, batch_id: int, rows: Sequence[RejectedRow]) -> list[SealedRow]:
    """Return rejected rows as the archive keeps them."""
    if not rows:
        return []
    key = _key(db)
    return [
        SealedRow(
            row.line_no,
            row.reason,
            seals.seal(
                key,
                json.dumps([row.raw, row.facts], ensure_ascii=False),
                place=_row_place(batch_id, row.line_no),
            ),
        )
        for row in rows
    ]


def unseal_rows(db: Database, batch_id: int, rows: Sequence[SealedRow]) -> list[RejectedRow]:
    """Return rejected rows as they were; one that cannot be opened has lost its words."""
    opened = []
    for row in rows:
        words = unseal(db, row.row_sealed, place=_row_place(batch_id, row.line_no))
        raw, facts = json.loads(words) if words else ("", {})
        opened.append(RejectedRow(row.line_no, row.reason, raw, facts))
    return opened


def _row_place(batch_id: int, line_no: int) -> str:
    return f"quarantine/{batch_id}/{line_no}"


def _key(db: Database) -> bytes:
    with db.reading() as conn:
        may_make = not lapses.any_sealed(conn)
    return seals.load_key(db.folder / KEY_FILE, may_make=may_make)
