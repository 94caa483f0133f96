"""Everything that is kept of one customer, for him to see; nothing of anybody else."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select

from station.archive.customers.book import FOREVER, Span, during, same, within
from station.archive.keys import borne, named
from station.archive.lapses import LapseNote, note_of
from station.archive.rows import frame, slices
from station.archive.tables import (
    audit,
    card_links,
    cards,
    lapse_notes,
    products,
    sales,
    vehicle_keys,
    vehicles,
)
from station.archive.views import visible

LINE = (
    "id",
    "station_id",
    "card_no",
    "local_at",
    "quantity_milli",
    "amount_minor",
    "currency",
    "receipt_no",
    "nozzle",
    "reverses",
)


def keys(conn: Connection, vehicle_ids: Sequence[int]) -> pd.DataFrame:
    """Return vehicle_id, kind, text, colour, plate_kind, energy and flags of vehicles' keys."""
    shown = ("vehicle_id", "kind", "text", "colour", "plate_kind", "energy", "flags")
    query = select(*[vehicle_keys.c[name] for name in shown]).order_by(vehicle_keys.c.id)
    return _gathered(conn, query, vehicle_keys.c.vehicle_id, vehicle_ids)


def facts(conn: Connection, vehicle_ids: Sequence[int]) -> pd.DataFrame:
    """Return id, use, use_source, owner_kind, owner_source and vehicle_type of vehicles."""
    return _gathered(conn, select(vehicles), vehicles.c.id, vehicle_ids)


def cards_of(conn: Connection, customer_id: int) -> pd.DataFrame:
    """Return number, kind, vehicle_id, from_day and to_day of the cards tied to a customer."""
    query = (
        select(
            cards.c.number,
            cards.c.kind,
            card_links.c.vehicle_id,
            card_links.c.from_day,
            card_links.c.to_day,
        )
        .join_from(card_links, cards)
        .where(card_links.c.customer_id.in_(same(conn, customer_id)))
    )
    return frame(conn, query.order_by(card_links.c.id))


def lines(
    conn: Connection, his: Sequence[Span], held: pd.DataFrame, station_ids: Collection[int]
) -> pd.DataFrame:
    """Return the lines of his vehicles while they were his, and those paid by his cards.

    `held` are the cards as `cards_of` tells them. A line by his card on a vehicle that was not his
    names no vehicle. Lines that were taken out again are told as such.
    """
    at_them = sales.c.station_id.in_(station_ids)
    parts = [frame(conn, _lines().where(mine, at_them)) for mine in within(his)]
    parts += [
        frame(conn, _lines().where(paid, at_them)).assign(vehicle_id=None) for paid in _paid(held)
    ]
    told = [part for part in parts if not part.empty]
    if not told:
        return frame(conn, _lines().where(sales.c.id < 0))
    return (
        pd.concat([part.astype("object") for part in told])
        .drop_duplicates("id")
        .sort_values(["local_at", "id"], ignore_index=True)
    )


def paid_at(conn: Connection, held: pd.DataFrame) -> set[int]:
    """Return the stations where his cards paid while they were his."""
    found: set[int] = set()
    for paid in _paid(held):
        found |= set(conn.execute(select(sales.c.station_id).where(paid).distinct()).scalars())
    return found


def _lines() -> Select[Any]:
    return (
        select(
            *[sales.c[name] for name in LINE],
            vehicle_keys.c.vehicle_id,
            products.c.code.label("product"),
            products.c.unit,
            visible().label("counts"),
        )
        .join(products, products.c.id == sales.c.product_id)
        .outerjoin(named, named.c.id == sales.c.key_id)
        .outerjoin(vehicle_keys, borne(sales.c.local_at))
    )


def _paid(held: pd.DataFrame) -> Iterator[ColumnElement[bool]]:
    """Yield conditions on lines; together they tell those that these cards paid in their time."""
    by_days: dict[tuple[int, int], list[str]] = defaultdict(list)
    for card in held.to_dict("records"):
        to_day = FOREVER if pd.isna(card["to_day"]) else int(card["to_day"])
        by_days[int(card["from_day"]), to_day].append(str(card["number"]))
    for (from_day, to_day), numbers in by_days.items():
        for some in slices(numbers):
            yield and_(sales.c.card_no.in_(some), during(sales.c.local_at, from_day, to_day))


def notes(conn: Connection, his: Iterable[Span], station_ids: Collection[int]) -> list[LapseNote]:
    """Return what was noted of his vehicles while they were his."""
    found: list[LapseNote] = []
    for vehicle_id, from_day, to_day in his:
        query = select(lapse_notes).where(
            lapse_notes.c.vehicle_id == vehicle_id,
            lapse_notes.c.station_id.in_(station_ids),
            during(lapse_notes.c.written_at, from_day, to_day),
        )
        found += map(note_of, conn.execute(query.order_by(lapse_notes.c.id)))
    return found


def events(
    conn: Connection, customer_id: int, his: Iterable[Span], station_ids: Collection[int]
) -> pd.DataFrame:
    """Return at, act, object, station_id, count and reason of what was done about him.

    Of whoever did it nothing is told: that is another person. Acts on his vehicles count while
    they were his.
    """
    shown = ("id", "at", "act", "object", "station_id", "count", "reason")
    at_them = or_(audit.c.station_id.is_(None), audit.c.station_id.in_(station_ids))
    query = select(*[audit.c[name] for name in shown])
    his_rows = [_about(f"customer:{one}") for one in same(conn, customer_id)]
    parts = [frame(conn, query.where(or_(*his_rows), at_them))]
    for vehicle_id, from_day, to_day in his:
        mine = and_(_about(f"vehicle:{vehicle_id}"), during(audit.c.at, from_day, to_day))
        parts.append(frame(conn, query.where(mine, at_them)))
    told = [part.astype("object") for part in parts if not part.empty]
    if not told:
        return parts[0].drop(columns="id")
    return pd.concat(told).drop_duplicates("id").sort_values("id").drop(columns="id")


def _about(name: str) -> Any:
    return or_(audit.c.object == name, audit.c.object.startswith(f"{name}:", autoescape=True))


def _gathered(
    conn: Connection, query: Select[Any], column: Any, values: Sequence[int]
) -> pd.DataFrame:
    parts = [frame(conn, query.where(column.in_(some))) for some in slices(values)]
    return pd.concat(parts, ignore_index=True) if parts else frame(conn, query.where(column < 0))
