"""Personal words go into the archive sealed and come out opened; the keys lie beside it.

Seal inside `db.writing()`: the keys change under its lock, and what is sealed must be sealed with
those in use when it is written.
"""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from station.archive.batches import SealedRow
from station.archive.customers import sealed as store
from station.archive.customers.sealed import Contact, Kind, SealedText
from station.archive.database import Connection, Database
from station.errors import ArchiveError
from station.guard import ring as rings
from station.guard import seal as seals
from station.guard.ring import Ring
from station.model import RejectedRow

KEY_FILE = "station.key"
NAMES_AT_ONCE = 1_000
"""Names indexed in one turn of writing."""
PHONE, NAME, CODE = "phone", "name", "code"
PURPOSES = {
    Kind.NAME: NAME,
    Kind.PHONE: PHONE,
    Kind.PERSON_NAME: NAME,
    Kind.PERSON_PHONE: PHONE,
}
"""For which search a kind is hashed beside being sealed."""


def seal(db: Database, words: str, *, place: str) -> bytes:
    """Return `words` sealed for a place such as `note_place` names.

    Raises:
        ArchiveError: the keys are lost or damaged; new ones are made only while nothing is sealed.
    """
    return seals.seal(_ring(db), words, place=place)


def unseal(db: Database, sealed: bytes | None, *, place: str) -> str | None:
    """Return the words; none where the key is lost or the bytes were changed or moved."""
    if sealed is None:
        return ""
    ring = _ring_if_any(db)
    return None if ring is None else _opened(ring, sealed, place)


def _opened(ring: Ring, sealed: bytes, place: str) -> str | None:
    try:
        return seals.unseal(ring, sealed, place=place)
    except ArchiveError:
        return None


def note_place(vehicle_id: int, written_at: int) -> str:
    """Return to which row a note belongs; moved to another it cannot be opened."""
    return store.place(Kind.NOTE, vehicle_id=vehicle_id, written_at=written_at)


def seal_rows(db: Database, batch_id: int, rows: Sequence[RejectedRow]) -> list[SealedRow]:
    """Return rejected rows as the archive keeps them."""
    if not rows:
        return []
    ring = _ring(db)
    return [
        SealedRow(
            row.line_no,
            row.reason,
            seals.seal(
                ring,
                json.dumps([row.raw, row.facts], ensure_ascii=False),
                place=store.place(Kind.ROW, batch_id=batch_id, line_no=row.line_no),
            ),
        )
        for row in rows
    ]


def unseal_rows(db: Database, batch_id: int, rows: Sequence[SealedRow]) -> list[RejectedRow]:
    """Return rejected rows as they were; one that cannot be opened has lost its words."""
    opened = []
    for row in rows:
        words = unseal(
            db, row.row_sealed, place=store.place(Kind.ROW, batch_id=batch_id, line_no=row.line_no)
        )
        raw, facts = json.loads(words) if words else ("", {})
        opened.append(RejectedRow(row.line_no, row.reason, raw, facts))
    return opened


def seal_contact(db: Database, contact: Contact, *, name: str, phone: str) -> Contact:
    """Return the contact with a name and a phone; what is empty stays as it was."""
    ring = _ring(db)
    if name:
        place = store.place(Kind.NAME, id=contact.id)
        contact = replace(
            contact,
            name_sealed=seals.seal(ring, name, place=place),
            name_index=_index(ring, Kind.NAME, name),
            name_of=None,
        )
    if phone:
        place = store.place(Kind.PHONE, id=contact.id)
        contact = replace(
            contact,
            phone_sealed=seals.seal(ring, phone, place=place),
            phone_index=_index(ring, Kind.PHONE, phone),
            phone_of=None,
        )
    return contact


def unseal_contact(db: Database, contact: Contact) -> tuple[str | None, str | None]:
    """Return name and phone, empty where there is none, None where it cannot be opened."""
    named, phoned = contact.name_of or contact.id, contact.phone_of or contact.id
    return (
        unseal(db, contact.name_sealed, place=store.place(Kind.NAME, id=named)),
        unseal(db, contact.phone_sealed, place=store.place(Kind.PHONE, id=phoned)),
    )


def phone_indexes(db: Database, phone: str) -> tuple[str, ...]:
    """Return every hash under which a phone (E.164) may stand, also while keys are changed."""
    return seals.indexes(_ring(db), phone, purpose=PHONE)


def name_indexes(db: Database, name: str) -> tuple[str, ...]:
    """Return every hash under which a name may stand, however it is spaced and cased."""
    return seals.indexes(_ring(db), plain_name(name), purpose=NAME)


def index(db: Database, kind: Kind, words: str) -> str | None:
    """Return the hash by which a text of a kind is found; none of a kind nobody searches."""
    return _index(_ring(db), kind, words)


def _index(ring: Ring, kind: Kind, words: str) -> str | None:
    purpose = PURPOSES.get(kind)
    told = plain_name(words) if purpose == NAME else words
    return seals.index(ring, told, purpose=purpose) if purpose and told else None


def plain_name(name: str) -> str:
    """Return a name as it is compared: width, case, spaces and separating dots do not matter."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(sign for sign in folded if sign.isalnum())


def index_names(db: Database) -> int:
    """Return how many customers are now found by their names who were sealed before that.

    A chunk at a time, so that other writers need not wait; names that cannot be opened stay so.
    """
    after_id, done = 0, 0
    while True:
        with db.writing(changes_figures=False) as conn:
            texts = store.unindexed(conn, after_id=after_id, limit=NAMES_AT_ONCE)
            if not texts:
                return done
            ring = _ring_if_any(db)
            if ring is None:
                return done
            opened = ((text, _opened(ring, text.sealed, text.place)) for text in texts)
            found = [
                replace(t, index=_index(ring, Kind.NAME, words)) for t, words in opened if words
            ]
            named = [text for text in found if text.index]
            store.put_name_index(conn, named)
        after_id, done = texts[-1].id, done + len(named)


def _ring_if_any(db: Database) -> Ring | None:
    """Return the keys, none where they are lost."""
    try:
        return _ring(db)
    except ArchiveError:
        return None


def code_index(db: Database, code: str) -> str:
    """Return a hash of a customer's code that stays the same for ever: who was erased."""
    return seals.lasting_index(_ring(db), code, purpose=CODE)


def _ring(db: Database) -> Ring:
    path = db.folder / KEY_FILE
    try:
        seen = path.stat()
    except FileNotFoundError:
        with db.reading() as conn:
            may_make = not store.any_sealed(conn)
        return rings.load(path, may_make=may_make)
    return _cached(path, seen.st_ino, seen.st_mtime_ns, seen.st_size)


@lru_cache(maxsize=8)
def _cached(path: Path, *_seen: int) -> Ring:
    """Return the ring of a file as it was when it was looked at; a new one has a new stamp."""
    return rings.load(path, may_make=False)


def begin_rotation(db: Database, conn: Connection) -> bool:
    """Put new keys to use; return whether a rotation was under way, which then goes on instead.

    Their number is one that no text carries: some may be sealed with keys that were lost.
    """
    ring = _ring(db)
    if ring.unfinished:
        return True
    numbers = map(seals.number_of, store.beginnings(conn, seals.MARK_BYTES))
    taken = {number for number in numbers if number is not None}
    rings.save(db.folder / KEY_FILE, ring.turned(taken))
    return False


def current_mark(db: Database) -> bytes:
    """Return how everything begins that is sealed with the keys in use."""
    return seals.mark(_ring(db).current)


def reseal(db: Database, kind: Kind, old: Sequence[SealedText]) -> list[SealedText]:
    """Return the texts that can be opened, sealed and indexed with the keys in use."""
    ring, new = _ring(db), []
    for text in old:
        words = _opened(ring, text.sealed, text.place)
        if words is not None:
            sealed = seals.seal(ring, words, place=text.place)
            new.append(replace(text, sealed=sealed, index=_index(ring, kind, words)))
    return new


def end_rotation(db: Database) -> None:
    """Note that nothing the old keys can open is sealed with them any more."""
    rings.save(db.folder / KEY_FILE, replace(_ring(db), unfinished=False))


def retired_keys(db: Database) -> int:
    """Return how many keys are kept only for what was sealed before."""
    return _ring(db).retired


def forget_retired(db: Database) -> None:
    """Keep the keys in use only."""
    rings.save(db.folder / KEY_FILE, _ring(db).only_current())
