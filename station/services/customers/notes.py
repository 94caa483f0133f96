"""What did anybody hear of a customer or agree with him? Added, never changed, never exported."""

from dataclasses import dataclass
from time import time

from station.archive import stations
from station.archive.customers import book, sealed, talks
from station.archive.customers.sealed import Kind
from station.archive.customers.talks import Talk
from station.archive.database import Database
from station.errors import BadValueError
from station.model import Act
from station.services import trail
from station.services.access import right
from station.services.ask import Ask
from station.services.customers import contacts
from station.services.personal import sealing

LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class Note:
    """One note; its words are none where the key is lost, and empty once they were forgotten.

    `station` is empty where it was written at a station that the reader does not see.
    """

    words: str | None
    station: str
    account: str
    written_at: int


@right("contact.reveal")
def listing(ask: Ask, *, customer_id: int) -> list[Note]:
    """Return the notes on a customer, the newest first, for whoever works where he is known.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        contacts.in_sight(conn, ask, customer_id)
        rows = talks.of_customer(conn, book.same(conn, customer_id))
        known = stations.everything(conn)
    names = {i: known[i].name or known[i].code for i in ask.scope.station_ids if i in known}
    return [
        Note(opened(ask.db, row), names.get(row.station_id, ""), row.account, row.written_at)
        for row in rows
    ]


def opened(db: Database, row: Talk) -> str | None:
    """Return the words of a note."""
    facts = {"customer_id": row.customer_id, "written_at": row.written_at}
    return sealing.unseal(db, row.words_sealed, place=sealed.place(Kind.REMARK, **facts))


@right("contact.reveal")
def add(ask: Ask, *, customer_id: int, words: str) -> None:
    """Write down what was heard, sealed; it cannot be changed, and is forgotten after its years.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        NotAllowedError: he was erased.
        BadValueError: nothing is said, or too much.
    """
    words = words.strip()
    if not words:
        raise BadValueError("notes.empty")
    if len(words) > LONGEST:
        raise BadValueError("error.note_too_long", limit=LONGEST)
    with ask.db.writing(changes_figures=False) as conn:
        seen, now_s = contacts.there(conn, ask, customer_id), int(time())
        place = sealed.place(Kind.REMARK, customer_id=customer_id, written_at=now_s)
        hidden = sealing.seal(ask.db, words, place=place)
        talks.add(conn, Talk(customer_id, seen.station_id, hidden, ask.scope.account, now_s))
        what = f"customer:{customer_id}:note"
        trail.note(conn, ask.scope, Act.CHANGE, what, station_id=seen.station_id)
