"""Who is whose customer: the people a station plans calls to."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection, select

from station.archive.customers.sealed import Contact, contact_of
from station.archive.customers.stands import stands
from station.archive.customers.tables import prospects
from station.archive.rows import slices
from station.archive.tables import customers


class Person(NamedTuple):
    """A customer who stands for himself: where he is registered, and in whose care."""

    customer_id: int
    station_id: int | None
    keeper_id: int | None
    is_organisation: bool


def people(conn: Connection) -> list[Person]:
    """Return every customer who was not erased, once, by his id.

    What his own record does not say, one that was found to be his does.
    """
    query = select(
        stands().label("customer_id"),
        customers.c.station_id,
        customers.c.keeper_id,
        customers.c.is_organisation,
    ).where(customers.c.erased_at.is_(None))
    found: dict[int, Person] = {}
    for row in conn.execute(query.order_by(customers.c.merged_into.is_not(None), customers.c.id)):
        told = Person(row.customer_id, row.station_id, row.keeper_id, bool(row.is_organisation))
        known = found.get(told.customer_id, told)
        found[told.customer_id] = known._replace(
            station_id=known.station_id or told.station_id,
            keeper_id=known.keeper_id or told.keeper_id,
        )
    return [found[one] for one in sorted(found)]


def standings(conn: Connection) -> dict[int, int]:
    """Return of every record of a customer under whom he stands."""
    return {int(one): int(end) for one, end in conn.execute(select(customers.c.id, stands()))}


def leads(conn: Connection, day: int, among: Collection[int]) -> dict[int, str]:
    """Return the reliability of those of these customers who are prospects in work on a day."""
    query = (
        select(stands(), prospects.c.reliability, prospects.c.standing, prospects.c.pause_until_day)
        .join_from(prospects, customers, customers.c.id == prospects.c.customer_id)
        .where(prospects.c.standing.in_(("open", "paused")), prospects.c.won_day.is_(None))
        .order_by(prospects.c.made_at.desc())
    )
    wanted = set(among)
    return {
        int(who): str(reliability)
        for who, reliability, standing, until in conn.execute(query)
        if int(who) in wanted and (standing == "open" or (until or day) <= day)
    }


class Named(NamedTuple):
    """How a customer is called: his code, an organisation's name, and his own, sealed."""

    code: str
    organisation_name: str
    contact: Contact


def named(conn: Connection, customer_ids: Collection[int]) -> dict[int, Named]:
    """Return how each of these customers who stand for themselves is called."""
    found = {}
    for some in slices(sorted(customer_ids)):
        for row in conn.execute(select(customers).where(customers.c.id.in_(some))):
            found[int(row.id)] = Named(row.code, row.organisation_name, contact_of(row))
    return found
