"""A vehicle, a fleet or a card changes hands on a day: what held ends, what holds begins."""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, and_, insert, or_, select, update

from station.archive.customers.book import same
from station.archive.customers.links import Link, put
from station.archive.customers.stands import stands
from station.archive.tables import card_links, cards, customers, vehicle_owners


class Held(NamedTuple):
    """What a vehicle was tied to, and when; `to_day` is the first day no more."""

    customer_id: int | None
    what: str
    from_day: int
    to_day: int | None


def owners(conn: Connection, vehicle_id: int) -> list[Held]:
    """Return whose a vehicle was by its papers, the newest first."""
    query = (
        select(stands().label("customer_id"), vehicle_owners.c.from_day, vehicle_owners.c.to_day)
        .join_from(vehicle_owners, customers)
        .where(vehicle_owners.c.vehicle_id == vehicle_id)
        .order_by(vehicle_owners.c.from_day.desc(), vehicle_owners.c.id.desc())
    )
    return [Held(row.customer_id, "", row.from_day, row.to_day) for row in conn.execute(query)]


def owner_of(conn: Connection, vehicle_id: int) -> int | None:
    """Return the record that owns a vehicle now, as its papers name it."""
    query = select(vehicle_owners.c.customer_id).where(
        vehicle_owners.c.vehicle_id == vehicle_id, vehicle_owners.c.to_day.is_(None)
    )
    return conn.execute(query.order_by(vehicle_owners.c.from_day.desc())).scalar()


def cards_of(conn: Connection, vehicle_id: int) -> list[Held]:
    """Return the cards that were bound to a vehicle, the newest first."""
    query = (
        select(
            stands().label("customer_id"),
            cards.c.number,
            card_links.c.from_day,
            card_links.c.to_day,
        )
        .join_from(card_links, cards)
        .outerjoin(customers, customers.c.id == card_links.c.customer_id)
        .where(card_links.c.vehicle_id == vehicle_id)
        .order_by(card_links.c.from_day.desc(), card_links.c.id.desc())
    )
    return [
        Held(row.customer_id, row.number, row.from_day, row.to_day) for row in conn.execute(query)
    ]


def holder_of_card(conn: Connection, number: str) -> tuple[int, int | None] | None:
    """Return a card and the record of the customer who holds it now, none if there is no card."""
    card_id = conn.execute(select(cards.c.id).where(cards.c.number == number)).scalar()
    if card_id is None:
        return None
    held = select(card_links.c.customer_id).where(
        card_links.c.card_id == card_id, card_links.c.to_day.is_(None)
    )
    return int(card_id), conn.execute(held.order_by(card_links.c.from_day.desc())).scalar()


def vehicle_of_card(conn: Connection, card_id: int) -> int | None:
    """Return the vehicle to which a card is bound now, none if to none."""
    bound = select(card_links.c.vehicle_id).where(
        card_links.c.card_id == card_id, card_links.c.to_day.is_(None)
    )
    return conn.execute(bound.order_by(card_links.c.from_day.desc())).scalar()


def own(conn: Connection, vehicle_id: int, customer_id: int, day: int) -> None:
    """Let a vehicle be a customer's from a day on; whose it was, it is no more."""
    link = Link(vehicle_id, (customer_id,), day)
    put(conn, vehicle_owners, "vehicle_id", ("customer_id",), [link])


def part(conn: Connection, vehicle_id: int, day: int) -> None:
    """Let a vehicle be nobody's from a day on; cards that were bound to it stay their holders'."""
    _end(conn, vehicle_owners, vehicle_owners.c.vehicle_id == vehicle_id, day)
    bound = _end(conn, card_links, card_links.c.vehicle_id == vehicle_id, day)
    free = [
        {"card_id": row.card_id, "customer_id": row.customer_id, "from_day": day}
        for row in bound
        if row.customer_id is not None
    ]
    if free:
        conn.execute(insert(card_links), free)


def leave(conn: Connection, customer_id: int, day: int) -> list[int]:
    """Return the vehicles that left with a customer on a day; his cards hold no more either."""
    ids = same(conn, customer_id)
    owned = _end(conn, vehicle_owners, vehicle_owners.c.customer_id.in_(ids), day)
    carried = _end(conn, card_links, card_links.c.customer_id.in_(ids), day)
    return sorted({int(row.vehicle_id) for row in [*owned, *carried] if row.vehicle_id})


def bind(
    conn: Connection, card_id: int, customer_id: int | None, vehicle_id: int | None, day: int
) -> None:
    """Let a card be of a customer and bound to a vehicle from a day on, or to none."""
    link = Link(card_id, (customer_id, vehicle_id), day)
    put(conn, card_links, "card_id", ("customer_id", "vehicle_id"), [link])


def follow(conn: Connection, vehicle_id: int, to_vehicle_id: int, day: int) -> None:
    """Let the cards that are bound to a vehicle's plate be bound to its next vehicle."""
    query = select(card_links).where(
        card_links.c.vehicle_id == vehicle_id, card_links.c.to_day.is_(None)
    )
    for row in conn.execute(query).all():
        bind(conn, row.card_id, row.customer_id, to_vehicle_id, day)


def _end(conn: Connection, table: Table, condition: ColumnElement[bool], day: int) -> list[Any]:
    """Return the links that held on a day and are ended by it; what lies ahead never begins."""
    start, end = table.c.from_day, table.c.to_day
    holds = and_(condition, or_(end.is_(None), end > day))
    rows = list(conn.execute(select(table).where(holds)))
    conn.execute(update(table).where(holds, start <= day).values(to_day=day))
    conn.execute(update(table).where(holds, start > day).values(to_day=start))
    return [row for row in rows if row.from_day <= day]
