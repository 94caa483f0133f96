"""Free words on customers and vehicles."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, or_, select

from station.archive.customers.tables import tags
from station.archive.tables import customers, sales, vehicle_keys
from station.archive.views import by_key, visible


@dataclass(frozen=True, slots=True)
class On:
    """What a word is put on: a customer, known by all his ids, or a vehicle."""

    customer_ids: tuple[int, ...] = ()
    vehicle_id: int | None = None

    @property
    def its(self) -> ColumnElement[bool]:
        """The condition that tells its words."""
        if self.vehicle_id is not None:
            return tags.c.vehicle_id == self.vehicle_id
        return tags.c.customer_id.in_(self.customer_ids)


def of(conn: Connection, on: On) -> list[str]:
    """Return its words in order."""
    return sorted(set(conn.execute(select(tags.c.tag).where(on.its)).scalars()))


def written(conn: Connection, on: On) -> list[tuple[str, int]]:
    """Return its words, each with the instant when it was written."""
    query = select(tags.c.tag, tags.c.written_at).where(on.its).order_by(tags.c.id)
    return [(str(row.tag), int(row.written_at)) for row in conn.execute(query)]


def add(conn: Connection, on: On, tag: str, *, account: str, now_s: int) -> None:
    """Put a word on it; a word that is there stays as it is."""
    if tag in of(conn, on):
        return
    first = on.customer_ids[0] if on.vehicle_id is None else None
    values = {"customer_id": first, "vehicle_id": on.vehicle_id, "tag": tag}
    conn.execute(insert(tags).values(**values, account=account, written_at=now_s))


def remove(conn: Connection, on: On, tag: str) -> bool:
    """Return whether a word was there to be taken away."""
    return conn.execute(delete(tags).where(on.its, tags.c.tag == tag)).rowcount > 0


def in_use(conn: Connection, station_ids: Collection[int], most: int) -> list[str]:
    """Return the words on customers registered here and vehicles seen here, the commonest first."""
    his = and_(customers.c.id == tags.c.customer_id, customers.c.station_id.in_(station_ids))
    came = and_(
        vehicle_keys.c.vehicle_id == tags.c.vehicle_id,
        sales.c.key_id == vehicle_keys.c.id,
        by_key(sales.c.station_id).in_(station_ids),
        visible(),
    )
    query = (
        select(tags.c.tag)
        .where(or_(exists().where(his), exists().where(came)))
        .group_by(tags.c.tag)
        .order_by(func.count().desc(), tags.c.tag)
        .limit(most)
    )
    return [str(tag) for tag in conn.execute(query).scalars()]


def bearers(conn: Connection, words: Collection[str]) -> tuple[set[int], set[int]]:
    """Return the customers and the vehicles that bear one of these words."""
    query = select(tags.c.customer_id, tags.c.vehicle_id).where(tags.c.tag.in_(words))
    rows = conn.execute(query).all()
    return (
        {row.customer_id for row in rows if row.customer_id is not None},
        {row.vehicle_id for row in rows if row.vehicle_id is not None},
    )
