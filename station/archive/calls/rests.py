"""Which customers are at rest: nobody plans to call them until they come again?"""

from collections.abc import Collection
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, insert, select, update

from station.archive.calls import facts
from station.archive.calls.tables import rests
from station.archive.customers import book
from station.archive.rows import slices


@dataclass(frozen=True, slots=True)
class Rest:
    """A customer was put to rest; a visit after `last_day` ends it, or somebody did."""

    customer_id: int
    last_day: int
    reason: str
    account: str
    made_at: int
    ended_by: str = ""
    ended_at: int | None = None
    id: int = 0


def add(conn: Connection, rest: Rest) -> None:
    """Write down that a customer is put to rest."""
    values = {name: value for name, value in asdict(rest).items() if name != "id"}
    conn.execute(insert(rests).values(values))


def end(conn: Connection, customer_ids: Collection[int], *, at: int, account: str) -> int:
    """Return how many rests of these rows of one customer somebody ended now."""
    standing = rests.c.customer_id.in_(customer_ids), rests.c.ended_at.is_(None)
    change = update(rests).where(*standing).values(ended_at=at, ended_by=account)
    return conn.execute(change).rowcount


def of_customer(conn: Connection, customer_ids: Collection[int]) -> list[Rest]:
    """Return every rest of one customer, the newest first."""
    query = select(rests).where(rests.c.customer_id.in_(customer_ids))
    return [Rest(**row) for row in conn.execute(query.order_by(rests.c.id.desc())).mappings()]


def at_rest(conn: Connection) -> dict[int, Rest]:
    """Return the last rest of each customer who rests, by who stands: nobody came since."""
    query = select(rests).where(rests.c.ended_at.is_(None)).order_by(rests.c.id)
    standing = [Rest(**row) for row in conn.execute(query).mappings()]
    whole = book.same_of_many(conn, sorted({one.customer_id for one in standing}))
    came = last_days(conn, whole)
    return {
        whole[one.customer_id][0]: one for one in standing if came[one.customer_id] <= one.last_day
    }


def last_days(conn: Connection, whole: dict[int, list[int]]) -> dict[int, int]:
    """Return by customer the last day of any vehicle of his, 0 if none came."""
    owned: dict[int, list[int]] = {}
    for some in slices(sorted(whole)):
        owned |= facts.vehicles(conn, {one: whole[one] for one in some})
    came = facts.last_days(conn, {one for garage in owned.values() for one in garage})
    return {who: max((came.get(one, 0) for one in owned[who]), default=0) for who in whole}
