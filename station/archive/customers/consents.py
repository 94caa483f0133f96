"""What customers agreed to or withdrew; words are added, never changed."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, insert, select

from station.archive.customers import book
from station.archive.tables import consents
from station.model import Channel, Consent, ConsentSource, Purpose


def add(conn: Connection, words: Sequence[Consent]) -> None:
    """Write down what customers said, in this order."""
    if words:
        rows = [asdict(word) | {"given": int(word.given)} for word in words]
        conn.execute(insert(consents), rows)


def of_customer(conn: Connection, customer_id: int) -> list[Consent]:
    """Return what a customer ever said, in the order in which it was written down."""
    his = consents.c.customer_id.in_(book.same(conn, customer_id))
    query = select(consents).where(his).order_by(consents.c.id)
    return [
        Consent(
            customer_id=row.customer_id,
            purpose=Purpose(row.purpose),
            channel=Channel(row.channel),
            given=bool(row.given),
            source=ConsentSource(row.source),
            text_version=row.text_version,
            on_day=row.on_day,
            account=row.account,
            written_at=row.written_at,
        )
        for row in conn.execute(query)
    ]
