"""Which customers, vehicles and cards may somebody change who sees only some stations?"""

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import Connection, or_, select

from station.archive.customers.book import FOREVER, find, stations_of, ties_of
from station.archive.customers.stands import stands
from station.archive.rows import slices
from station.archive.tables import card_links, cards, customers, vehicle_keys


def foreign_customers(
    conn: Connection, codes: Sequence[str], station_ids: Collection[int]
) -> set[str]:
    """Return which of these customers are registered elsewhere, or nowhere and not known here."""
    found = [
        (row.id, str(row.code))
        for some in slices(sorted(set(codes)))
        for row in conn.execute(
            select(customers.c.id, customers.c.code).where(customers.c.code.in_(some))
        )
    ]
    foreign = _foreign(conn, {customer_id for customer_id, _ in found}, station_ids)
    return {code for customer_id, code in found if customer_id in foreign}


def foreign_plates(
    conn: Connection, texts: Sequence[str], station_ids: Collection[int]
) -> set[str]:
    """Return which of these keys are of vehicles that are such a customer's now."""
    found = [
        (row.vehicle_id, str(row.text))
        for some in slices(sorted(set(texts)))
        for row in conn.execute(
            select(vehicle_keys.c.vehicle_id, vehicle_keys.c.text).where(
                vehicle_keys.c.text.in_(some)
            )
        )
    ]
    ties = ties_of(conn, sorted({vehicle_id for vehicle_id, _ in found}))
    now = [tie for tie in ties if tie.to_day == FOREVER]
    foreign = _foreign(conn, {tie.customer_id for tie in now}, station_ids)
    taken = {tie.vehicle_id for tie in now if tie.customer_id in foreign}
    return {text for vehicle_id, text in found if vehicle_id in taken}


def foreign_cards(
    conn: Connection, numbers: Sequence[str], station_ids: Collection[int]
) -> set[str]:
    """Return which of these cards such a customer holds now, or are bound to a vehicle of his."""
    link = card_links.c
    bound = [
        row
        for some in slices(sorted(set(numbers)))
        for row in conn.execute(
            select(link.customer_id, link.vehicle_id, cards.c.number)
            .join_from(card_links, cards)
            .where(cards.c.number.in_(some), link.to_day.is_(None))
        )
    ]
    nobodys = {row.vehicle_id for row in bound if row.customer_id is None} - {None}
    held: dict[int, set[int]] = defaultdict(set)
    for tie in ties_of(conn, sorted(nobodys)):
        if tie.to_day == FOREVER:
            held[tie.vehicle_id].add(tie.customer_id)
    found = [
        (customer_id, str(row.number))
        for row in bound
        for customer_id in (
            held[row.vehicle_id] if row.customer_id is None else {int(row.customer_id)}
        )
    ]
    foreign = _foreign(conn, {customer_id for customer_id, _ in found}, station_ids)
    return {number for customer_id, number in found if customer_id in foreign}


def foreign_rows(
    conn: Connection, table: str, row_ids: Collection[int], station_ids: Collection[int]
) -> set[int]:
    """Return which of these customers, vehicles or cards are such a customer's now."""
    if table == customers.name:
        return _foreign(conn, row_ids, station_ids)
    if table == cards.name:
        held = [
            (row.card_id, row.customer_id)
            for some in slices(sorted(row_ids))
            for row in conn.execute(
                select(card_links.c.card_id, card_links.c.customer_id).where(
                    card_links.c.card_id.in_(some),
                    card_links.c.customer_id.is_not(None),
                    card_links.c.to_day.is_(None),
                )
            )
        ]
    else:
        ties = ties_of(conn, sorted(row_ids))
        held = [(tie.vehicle_id, tie.customer_id) for tie in ties if tie.to_day == FOREVER]
    foreign = _foreign(conn, {customer_id for _, customer_id in held}, station_ids)
    return {row_id for row_id, customer_id in held if customer_id in foreign}


def _foreign(
    conn: Connection, customer_ids: Collection[int], station_ids: Collection[int]
) -> set[int]:
    """Return which customers are registered elsewhere, or nowhere and not known here."""
    stands_for = _stands_for(conn, customer_ids)
    registered = _registered(conn, set(stands_for.values()))
    foreign = set()
    for customer_id, stands_id in stands_for.items():
        homes = registered[stands_id]
        is_here = bool(homes & set(station_ids)) or (
            not homes and _comes_to(conn, customer_id, station_ids)
        )
        if not is_here:
            foreign.add(customer_id)
    return foreign


def _stands_for(conn: Connection, customer_ids: Collection[int]) -> dict[int, int]:
    """Return which customer stands for each of these."""
    return {
        int(row.id): int(row.stands)
        for some in slices(sorted(customer_ids))
        for row in conn.execute(
            select(customers.c.id, stands().label("stands")).where(customers.c.id.in_(some))
        )
    }


def _registered(conn: Connection, stands_ids: Collection[int]) -> dict[int, set[int]]:
    """Return at which stations the rows of these customers are registered."""
    homes: dict[int, set[int]] = defaultdict(set)
    for some in slices(sorted(stands_ids)):
        rows = or_(customers.c.id.in_(some), customers.c.merged_into.in_(some))
        query = select(stands().label("stands"), customers.c.station_id)
        for row in conn.execute(query.where(rows, customers.c.station_id.is_not(None))):
            homes[row.stands].add(row.station_id)
    return homes


def _comes_to(conn: Connection, customer_id: int, station_ids: Collection[int]) -> bool:
    customer = find(conn, customer_id)
    return customer is not None and not stations_of(conn, customer).isdisjoint(station_ids)
