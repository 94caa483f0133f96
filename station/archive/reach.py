"""Which customers, vehicles and cards may somebody change who sees only some stations?"""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Connection, select

from station.archive.rows import slices
from station.archive.tables import card_links, cards, customers, vehicle_keys, vehicle_owners


def foreign_customers(
    conn: Connection, codes: Sequence[str], station_ids: Collection[int]
) -> set[str]:
    """Return which of these customers are registered at none of the stations."""
    return {
        str(code)
        for some in slices(sorted(set(codes)))
        for code in conn.execute(
            select(customers.c.code).where(customers.c.code.in_(some), _is_foreign(station_ids))
        ).scalars()
    }


def foreign_plates(
    conn: Connection, texts: Sequence[str], station_ids: Collection[int]
) -> set[str]:
    """Return which of these keys are of vehicles that belong to such a customer now."""
    owned = (
        select(vehicle_keys.c.text)
        .join(vehicle_owners, vehicle_owners.c.vehicle_id == vehicle_keys.c.vehicle_id)
        .join(customers)
        .where(vehicle_owners.c.to_day.is_(None), _is_foreign(station_ids))
    )
    return {
        str(text)
        for some in slices(sorted(set(texts)))
        for text in conn.execute(owned.where(vehicle_keys.c.text.in_(some))).scalars()
    }


def foreign_cards(
    conn: Connection, numbers: Sequence[str], station_ids: Collection[int]
) -> set[str]:
    """Return which of these cards are held by such a customer now."""
    held = (
        select(cards.c.number)
        .join(card_links, card_links.c.card_id == cards.c.id)
        .join(customers)
        .where(card_links.c.to_day.is_(None), _is_foreign(station_ids))
    )
    return {
        str(number)
        for some in slices(sorted(set(numbers)))
        for number in conn.execute(held.where(cards.c.number.in_(some))).scalars()
    }


def _is_foreign(station_ids: Collection[int]) -> ColumnElement[bool]:
    return customers.c.station_id.is_not(None) & customers.c.station_id.not_in(station_ids)
