"""What customers agreed to or withdrew; words are added, never changed."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, insert, select

from station.archive.customers import book
from station.archive.rows import slices
from station.archive.tables import consents
from station.model import Channel, Consent, ConsentSource, Purpose


def add(conn: Connection, words: Sequence[Consent]) -> None:
    """Write down what customers said, in this order."""
    if words:
        rows = [asdict(word) | {"given": int(word.given)} for word in words]
        conn.execute(insert(consents), rows)


def of_customer(conn: Connection, customer_id: int) -> list[Consent]:
    """Return what a customer ever said, in the order in which it was written down."""
    return of_rows(conn, book.same(conn, customer_id))


def of_rows(conn: Connection, customer_ids: Collection[int]) -> list[Consent]:
    """Return what these rows of customers ever said, in the order in which it was written down."""
    found = [
        row
        for some in slices(sorted(customer_ids))
        for row in conn.execute(select(consents).where(consents.c.customer_id.in_(some)))
    ]
    return [_consent(row) for row in sorted(found, key=lambda row: row.id)]


def _consent(row: Any) -> Consent:
    return Consent(
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
