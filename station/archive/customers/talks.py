"""What was heard of a customer or agreed with him: notes are added, never changed."""

from collections.abc import Collection
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, and_, insert, select, update

from station.archive.customers.tables import customer_notes


@dataclass(frozen=True, slots=True)
class Talk:
    """One note; its words came sealed and leave sealed, and are none once they were forgotten."""

    customer_id: int
    station_id: int
    words_sealed: bytes | None
    account: str
    written_at: int


def add(conn: Connection, talk: Talk) -> None:
    """Write a note down."""
    conn.execute(insert(customer_notes).values(asdict(talk)))


def of_customer(conn: Connection, customer_ids: Collection[int]) -> list[Talk]:
    """Return the notes on one customer, the newest first."""
    names = tuple(Talk.__slots__)
    query = select(*[customer_notes.c[name] for name in names])
    query = query.where(customer_notes.c.customer_id.in_(customer_ids))
    newest = query.order_by(customer_notes.c.written_at.desc(), customer_notes.c.id.desc())
    return [Talk(**row) for row in conn.execute(newest).mappings()]


def forget(conn: Connection, before_s: int) -> int:
    """Return how many notes lost their words, having been written before an instant."""
    note = customer_notes.c
    old = and_(note.written_at < before_s, note.words_sealed.is_not(None))
    return conn.execute(update(customer_notes).where(old).values(words_sealed=None)).rowcount
