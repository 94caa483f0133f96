"""How customers want to be addressed, and what they complained of."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from station.archive.calls.tables import complaints, contact_wishes
from station.archive.rows import slices
from station.model import Channel, ConsentSource


@dataclass(frozen=True, slots=True)
class Wish:
    """What a customer asked for on a day, on one channel or (none named) on all.

    Nothing but service by an unwanted channel, nothing at all by one that he barred, whatever he
    wished for besides; `most` are contacts in 30 days.
    """

    customer_id: int
    channel: Channel | None
    weekdays: str
    from_min: int | None
    to_min: int | None
    most: int | None
    is_unwanted: bool
    is_barred: bool
    source: ConsentSource
    on_day: int
    account: str
    written_at: int


def add(conn: Connection, wish: Wish) -> None:
    """Write down what a customer asked for."""
    values = asdict(wish) | {
        "channel": wish.channel or "",
        "is_unwanted": int(wish.is_unwanted),
        "is_barred": int(wish.is_barred),
    }
    conn.execute(insert(contact_wishes).values(values))


def standing(conn: Connection, customer_ids: Collection[int], day: int) -> dict[int, list[Wish]]:
    """Return by row of a customer the wishes that count on a day, one a channel."""
    newest: dict[tuple[int, str], Wish] = {}
    for some in slices(sorted(customer_ids)):
        query = select(contact_wishes).where(
            contact_wishes.c.customer_id.in_(some), contact_wishes.c.on_day <= day
        )
        for row in conn.execute(query.order_by(contact_wishes.c.on_day, contact_wishes.c.id)):
            newest[int(row.customer_id), str(row.channel)] = _wish(row)
    found: dict[int, list[Wish]] = defaultdict(list)
    for (customer_id, _), wish in newest.items():
        found[customer_id].append(wish)
    return found


def ever(conn: Connection, customer_ids: Collection[int]) -> list[Wish]:
    """Return every wish of one customer, the newest first."""
    query = select(contact_wishes).where(contact_wishes.c.customer_id.in_(customer_ids))
    return [_wish(row) for row in conn.execute(query.order_by(contact_wishes.c.id.desc()))]


def _wish(row: Any) -> Wish:
    values = {name: getattr(row, name) for name in Wish.__slots__}
    return Wish(
        **values
        | {
            "channel": Channel(row.channel) if row.channel else None,
            "is_unwanted": bool(row.is_unwanted),
            "is_barred": bool(row.is_barred),
            "source": ConsentSource(row.source),
        }
    )


# --- complaints -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a customer complained of, sealed; open until somebody closed it."""

    customer_id: int
    station_id: int
    said_sealed: bytes | None
    account: str
    opened_at: int
    closed_at: int | None = None
    closed_by: str = ""
    id: int = 0


def complain(conn: Connection, complaint: Complaint) -> int:
    """Return the id of a new complaint."""
    values = {name: value for name, value in asdict(complaint).items() if name != "id"}
    added = insert(complaints).values(values).returning(complaints.c.id)
    return int(conn.execute(added).scalar_one())


def close(conn: Connection, complaint_id: int, *, at: int, account: str) -> bool:
    """Return whether a complaint was open and is closed now."""
    open_ = complaints.c.closed_at.is_(None)
    change = update(complaints).where(complaints.c.id == complaint_id, open_)
    return bool(conn.execute(change.values(closed_at=at, closed_by=account)).rowcount)


def complaint(conn: Connection, complaint_id: int) -> Complaint | None:
    """Return a complaint by its id, none if there is none."""
    row = conn.execute(select(complaints).where(complaints.c.id == complaint_id)).first()
    return None if row is None else _complaint(row)


def _complaint(row: Any) -> Complaint:
    return Complaint(**{name: getattr(row, name) for name in Complaint.__slots__})


def complaints_of(conn: Connection, customer_ids: Collection[int]) -> list[Complaint]:
    """Return what one customer complained of, the newest first."""
    query = select(complaints).where(complaints.c.customer_id.in_(customer_ids))
    return [_complaint(row) for row in conn.execute(query.order_by(complaints.c.id.desc()))]


def open_of(conn: Connection, customer_ids: Collection[int]) -> int:
    """Return how many complaints of one customer are open."""
    told = complaints.c
    his = told.customer_id.in_(customer_ids), told.closed_at.is_(None)
    return int(conn.execute(select(func.count()).where(*his)).scalar_one())


def complaining(conn: Connection, customer_ids: Collection[int]) -> set[int]:
    """Return which rows of customers have an open complaint."""
    found: set[int] = set()
    for some in slices(sorted(customer_ids)):
        query = select(complaints.c.customer_id).where(
            complaints.c.customer_id.in_(some), complaints.c.closed_at.is_(None)
        )
        found |= {int(one) for one in conn.execute(query).scalars()}
    return found


def forget(conn: Connection, before_s: int) -> int:
    """Return how many closed complaints lost their words, having been made before an instant."""
    told = complaints.c
    old = told.opened_at < before_s, told.said_sealed.is_not(None), told.closed_at.is_not(None)
    return conn.execute(update(complaints).where(*old).values(said_sealed=None)).rowcount
