"""Scans kept with a customer; name and content came sealed and leave sealed."""

from collections.abc import Collection
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, func, insert, select

from station.archive.customers.tables import attachments


@dataclass(frozen=True, slots=True)
class Attachment:
    """A scan without its content."""

    customer_id: int
    kind: str
    media_type: str
    size_bytes: int
    name_sealed: bytes
    account: str
    written_at: int
    id: int = 0


def add(conn: Connection, row: Attachment, content_sealed: bytes) -> int:
    """Return the id of a new scan."""
    values = {k: v for k, v in asdict(row).items() if k != "id"}
    added = insert(attachments).values(**values, content_sealed=content_sealed)
    return int(conn.execute(added.returning(attachments.c.id)).scalar_one())


def of_customer(conn: Connection, customer_ids: Collection[int]) -> list[Attachment]:
    """Return the scans kept with one customer, the newest first."""
    names = tuple(Attachment.__slots__)
    query = select(*[attachments.c[name] for name in names])
    query = query.where(attachments.c.customer_id.in_(customer_ids))
    rows = conn.execute(query.order_by(attachments.c.id.desc())).mappings()
    return [Attachment(**row) for row in rows]


def content(conn: Connection, attachment_id: int) -> bytes:
    """Return the sealed content of a scan."""
    query = select(attachments.c.content_sealed).where(attachments.c.id == attachment_id)
    return bytes(conn.execute(query).scalar_one())


def taken(conn: Connection, customer_ids: Collection[int]) -> tuple[int, int]:
    """Return how many scans are kept with one customer, and of how many bytes together."""
    query = select(func.count(), func.coalesce(func.sum(attachments.c.size_bytes), 0))
    files, size = conn.execute(query.where(attachments.c.customer_id.in_(customer_ids))).one()
    return int(files), int(size)


def remove(conn: Connection, attachment_id: int) -> None:
    """Forget a scan."""
    conn.execute(delete(attachments).where(attachments.c.id == attachment_id))
