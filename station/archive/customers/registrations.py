"""Who registered himself and waits until staff have seen him; what he said is sealed."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from station.archive.customers.tables import registrations
from station.archive.rows import slices

WAITING, CONFIRMED, DECLINED = "waiting", "confirmed", "declined"


@dataclass(frozen=True, slots=True)
class Registration:
    """One registration; its words are none once it was decided."""

    id: int
    station_id: int
    words_sealed: bytes | None
    made_at: int
    status: str
    reward: str
    customer_id: int | None
    account: str
    decided_at: int | None


def add(
    conn: Connection, *, station_id: int, words_sealed: bytes, made_at: int, reward: str
) -> None:
    """Write down that somebody registered himself."""
    values = {
        "station_id": station_id,
        "words_sealed": words_sealed,
        "made_at": made_at,
        "status": WAITING,
        "reward": reward,
        "account": "",
    }
    conn.execute(insert(registrations).values(values))


def waiting(conn: Connection, station_ids: Collection[int]) -> list[Registration]:
    """Return who waits at these stations, whoever waits longest first."""
    row = registrations.c
    query = select(registrations).where(row.status == WAITING, row.station_id.in_(station_ids))
    return [Registration(**found) for found in conn.execute(query.order_by(row.id)).mappings()]


def waiting_anywhere(conn: Connection) -> list[Registration]:
    """Return who waits at any station."""
    query = select(registrations).where(registrations.c.status == WAITING)
    return [Registration(**found) for found in conn.execute(query).mappings()]


def drop(conn: Connection, registration_ids: Collection[int]) -> int:
    """Return how many of these registrations were deleted."""
    return sum(
        conn.execute(delete(registrations).where(registrations.c.id.in_(some))).rowcount
        for some in slices(sorted(registration_ids))
    )


def find(conn: Connection, registration_id: int) -> Registration | None:
    """Return a registration, none if there is none."""
    query = select(registrations).where(registrations.c.id == registration_id)
    row = conn.execute(query).mappings().first()
    return Registration(**row) if row else None


def of_customer(conn: Connection, customer_ids: Collection[int]) -> list[Registration]:
    """Return by which registrations one customer came, the newest first."""
    query = select(registrations).where(registrations.c.customer_id.in_(customer_ids))
    return [
        Registration(**row)
        for row in conn.execute(query.order_by(registrations.c.id.desc())).mappings()
    ]


def decide(
    conn: Connection,
    registration_id: int,
    *,
    status: str,
    account: str,
    now_s: int,
    customer_id: int | None = None,
    reward: str = "",
) -> None:
    """Write down how it went and what he was given; what he had said is forgotten here."""
    values = {
        "status": status,
        "account": account,
        "decided_at": now_s,
        "customer_id": customer_id,
        "reward": reward,
        "words_sealed": None,
    }
    mine = registrations.c.id == registration_id
    conn.execute(update(registrations).where(mine).values(values))


def made_since(conn: Connection, station_id: int, from_s: int) -> int:
    """Return how many registered at a station since an instant."""
    row = registrations.c
    query = select(func.count()).where(row.station_id == station_id, row.made_at >= from_s)
    return int(conn.execute(query).scalar_one())


def forget(conn: Connection, before_s: int) -> int:
    """Return how many were forgotten that nobody confirmed and that came before an instant."""
    row = registrations.c
    old = and_(row.made_at < before_s, row.status != CONFIRMED)
    return conn.execute(delete(registrations).where(old)).rowcount
