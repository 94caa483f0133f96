"""Days of a customer's family; kept while he wants it, and not a day longer."""

from collections.abc import Collection
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, insert, select

from station.archive.customers.consents import of_customer as words_of
from station.archive.customers.tables import occasions
from station.archive.rows import slices
from station.model import Consent


@dataclass(frozen=True, slots=True)
class OccasionRow:
    """One day; when it is and what is said of it came sealed and leaves sealed."""

    customer_id: int
    kind: str
    words_sealed: bytes
    account: str
    written_at: int
    id: int = 0


def add(conn: Connection, row: OccasionRow) -> None:
    """Write a day down."""
    conn.execute(insert(occasions).values({k: v for k, v in asdict(row).items() if k != "id"}))


def of_customer(conn: Connection, customer_ids: Collection[int]) -> list[OccasionRow]:
    """Return the days kept of one customer, the newest first."""
    query = select(occasions).where(occasions.c.customer_id.in_(customer_ids))
    rows = conn.execute(query.order_by(occasions.c.id.desc())).mappings()
    return [OccasionRow(**row) for row in rows]


def of_kind(
    conn: Connection, kind: str, customer_ids: Collection[int] | None = None
) -> list[OccasionRow]:
    """Return the days of a kind that are kept of these customers or of all, the newest last."""
    query = select(occasions).where(occasions.c.kind == kind).order_by(occasions.c.id)
    if customer_ids is None:
        return [OccasionRow(**row) for row in conn.execute(query).mappings()]
    return [
        OccasionRow(**row)
        for some in slices(sorted(customer_ids))
        for row in conn.execute(query.where(occasions.c.customer_id.in_(some))).mappings()
    ]


def everything(conn: Connection) -> list[OccasionRow]:
    """Return every day that is kept of anybody, the newest last."""
    rows = conn.execute(select(occasions).order_by(occasions.c.id)).mappings()
    return [OccasionRow(**row) for row in rows]


def remove(conn: Connection, customer_ids: Collection[int], occasion_id: int) -> int:
    """Return whether one of a customer's days was forgotten."""
    mine = occasions.c.customer_id.in_(customer_ids)
    return conn.execute(delete(occasions).where(mine, occasions.c.id == occasion_id)).rowcount


def forget(conn: Connection, customer_ids: Collection[int]) -> int:
    """Return how many days of one customer were forgotten."""
    mine = occasions.c.customer_id.in_(customer_ids)
    return conn.execute(delete(occasions).where(mine)).rowcount


def holders(conn: Connection) -> list[int]:
    """Return the customers of whom a day is kept."""
    return list(conn.execute(select(occasions.c.customer_id).distinct()).scalars())


def said(conn: Connection, customer_ids: Collection[int]) -> list[Consent]:
    """Return what one customer ever said, under whichever of his rows it was written down."""
    words = [word for customer_id in customer_ids for word in words_of(conn, customer_id)]
    return sorted(words, key=lambda word: word.written_at)
