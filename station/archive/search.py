"""Which vehicles and customers stand under the words that somebody typed? Found by indexes."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, bindparam, func, select, union

from station.archive.customers.book import FOREVER, ties_of
from station.archive.customers.stands import stands
from station.archive.tables import (
    TAIL_LENGTH,
    card_links,
    cards,
    customers,
    sales,
    vehicle_keys,
    vehicle_owners,
)
from station.archive.views import by_key, visible
from station.model import DAY_S, KeyKind

KINDS = tuple(kind.value for kind in KeyKind)
"""Every kind of key: the index that finds a text begins with it."""


def by_text(conn: Connection, texts: Collection[str]) -> dict[int, str]:
    """Return the vehicles that are known by one of these texts, each with that text."""
    key = vehicle_keys.c
    if not texts:
        return {}
    query = select(key.vehicle_id, key.text).where(key.kind.in_(KINDS), key.text.in_(texts))
    return {int(row.vehicle_id): str(row.text) for row in conn.execute(query)}


def by_ending(conn: Connection, ending: str, most: int) -> list[int]:
    """Return the vehicles of which a key ends so; the ending has at least `TAIL_LENGTH` signs."""
    key = vehicle_keys.c
    query = select(key.vehicle_id, key.text).where(key.tail == ending[-TAIL_LENGTH:])
    if len(ending) > TAIL_LENGTH:
        query = query.where(
            func.substr(key.text, func.length(key.text) - len(ending) + 1) == ending
        )
    return [int(row.vehicle_id) for row in conn.execute(query.limit(most))]


_TIED_BY_CARD = (
    select(card_links.c.vehicle_id, card_links.c.customer_id)
    .join(cards)
    .where(cards.c.number == bindparam("number"), card_links.c.to_day.is_(None))
    .order_by(card_links.c.from_day.desc())
)


def by_card(conn: Connection, number: str) -> tuple[list[int], list[int]]:
    """Return the vehicles and the customers to whom a card is tied now."""
    rows = conn.execute(_TIED_BY_CARD, {"number": number}).all()
    vehicle_ids = [int(row.vehicle_id) for row in rows if row.vehicle_id is not None]
    return vehicle_ids, [int(row.customer_id) for row in rows if row.customer_id is not None]


def by_organisation(
    conn: Connection, words: str, station_ids: Collection[int], most: int
) -> list[int]:
    """Return the organisations whose name holds the words, those registered here first."""
    name = customers.c.organisation_name
    is_here = customers.c.station_id.in_(station_ids)
    query = (
        select(customers.c.id)
        .where(name != "", name.icontains(words, autoescape=True))
        .order_by(is_here.desc(), name, customers.c.id)
        .limit(most)
    )
    return [int(customer_id) for customer_id in conn.execute(query).scalars()]


def standing(conn: Connection, customer_ids: Sequence[int]) -> dict[int, int]:
    """Return by which customer each of these is answered for: the one he was found to be."""
    query = select(customers.c.id, stands().label("stands")).where(
        customers.c.id.in_(customer_ids), customers.c.erased_at.is_(None)
    )
    found = {int(row.id): int(row.stands) for row in conn.execute(query)}
    return {customer_id: found[customer_id] for customer_id in customer_ids if customer_id in found}


def registered(
    conn: Connection, customer_ids: Collection[int], station_ids: Collection[int]
) -> set[int]:
    """Return which of these customers are registered at one of these stations."""
    query = select(customers.c.id).where(
        customers.c.id.in_(customer_ids), customers.c.station_id.in_(station_ids)
    )
    return set(conn.execute(query).scalars())


def last_days(
    conn: Connection, vehicle_ids: Collection[int], station_ids: Collection[int], as_of_day: int
) -> dict[int, int]:
    """Return the last local day on which each of these vehicles came to one of these stations."""
    if not vehicle_ids:
        return {}
    query = (
        select(vehicle_keys.c.vehicle_id, func.max(sales.c.local_at).label("at"))
        .join(sales, sales.c.key_id == vehicle_keys.c.id)
        .where(
            vehicle_keys.c.vehicle_id.in_(vehicle_ids),
            by_key(sales.c.station_id).in_(station_ids),
            by_key(sales.c.local_at) < (as_of_day + 1) * DAY_S,
            visible(),
        )
        .group_by(vehicle_keys.c.vehicle_id)
    )
    return {int(row.vehicle_id): int(row.at) // DAY_S for row in conn.execute(query)}


def owned_here(
    conn: Connection, vehicle_ids: Sequence[int], station_ids: Collection[int]
) -> dict[int, int]:
    """Return the vehicles that are a customer's now who is registered here, each with him."""
    ties = [tie for tie in ties_of(conn, vehicle_ids) if tie.to_day == FOREVER]
    here = registered(conn, {tie.customer_id for tie in ties}, station_ids)
    ties = [tie for tie in ties if tie.customer_id in here]
    by_strength = sorted(ties, key=lambda tie: (not tie.by_card, tie.from_day))
    return {tie.vehicle_id: tie.customer_id for tie in by_strength}


def come_here(
    conn: Connection,
    customer_ids: Collection[int],
    station_ids: Collection[int],
    as_of_day: int,
    *,
    fleet: int,
) -> set[int]:
    """Return who of these came here with a vehicle that is theirs by its papers.

    Of each only the first so many vehicles are looked at.
    """
    tie = vehicle_owners.c
    query = (
        select(tie.customer_id, tie.vehicle_id, tie.from_day)
        .where(tie.customer_id.in_(customer_ids), tie.to_day.is_(None))
        .order_by(tie.vehicle_id)
    )
    fleets: dict[int, list[tuple[int, int]]] = {}
    for row in conn.execute(query):
        fleets.setdefault(int(row.customer_id), []).append((int(row.vehicle_id), int(row.from_day)))
    looked = {customer_id: ties[:fleet] for customer_id, ties in fleets.items()}
    asked = {vehicle_id for ties in looked.values() for vehicle_id, _ in ties}
    days = last_days(conn, asked, station_ids, as_of_day)
    return {
        customer_id
        for customer_id, ties in looked.items()
        if any(days.get(vehicle_id, from_day - 1) >= from_day for vehicle_id, from_day in ties)
    }


def vehicles_held(conn: Connection, customer_ids: Collection[int]) -> list[tuple[int, int]]:
    """Return (customer, vehicle) of the open ties of these customers, by papers or by card."""
    by_papers, by_a_card = (
        select(table.c.customer_id, table.c.vehicle_id).where(
            table.c.customer_id.in_(customer_ids),
            table.c.to_day.is_(None),
            table.c.vehicle_id.is_not(None),
        )
        for table in (vehicle_owners, card_links)
    )
    rows = conn.execute(union(by_papers, by_a_card)).all()
    return [(int(row.customer_id), int(row.vehicle_id)) for row in rows]
