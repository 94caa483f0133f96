"""Which plates are one vehicle: a number without a colour joins the only coloured one."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy import Connection, Row, Table, bindparam, select, update

from station.archive.books import add_vehicles
from station.archive.rows import frame, slices
from station.archive.tables import (
    card_links,
    lapse_notes,
    products,
    sales,
    vehicle_keys,
    vehicle_owners,
    vehicles,
)
from station.model import Fuel, KeyKind, PlateColour, Source

TELLING = (Fuel.PETROL.value, Fuel.DIESEL.value)
"""Fuels of which a vehicle takes one kind only."""

PLATES = vehicle_keys.c.kind == KeyKind.PLATE.value

Key = Row[*tuple[Any, ...]]
"""id, vehicle_id, text and colour of a plate."""


class Number(NamedTuple):
    """A number seen without a colour, and the same number with colours in the same time."""

    plain: Key
    coloured: list[Key]


def relink(conn: Connection, texts: Collection[str]) -> int:
    """Return how many keys changed their vehicle; call it after an import with its plates.

    The outcome follows from all keys and sales of a number, not from the order they came in.
    """
    moved = 0
    for some in slices(sorted(set(texts))):
        numbers = _numbers(conn, some)
        apart = _contradicting(conn, [n for n in numbers if len(n.coloured) == 1])
        joined = [n for n in numbers if len(n.coloured) == 1 and n.plain.id not in apart]
        parted = [n for n in numbers if len(n.coloured) > 1 or n.plain.id in apart]
        moved += _join(conn, joined) + _part(conn, parted)
    return moved


def to_review(conn: Connection) -> pd.DataFrame:
    """Return the numbers whose fuels keep the plain plate and its only coloured one apart."""
    plain, coloured = vehicle_keys.alias(), vehicle_keys.alias()
    pairs = (
        select(
            plain.c.text,
            coloured.c.colour,
            plain.c.vehicle_id.label("plain_vehicle_id"),
            coloured.c.vehicle_id.label("coloured_vehicle_id"),
        )
        .join(coloured, (coloured.c.kind == plain.c.kind) & (coloured.c.text == plain.c.text))
        .where(
            plain.c.kind == KeyKind.PLATE.value,
            plain.c.valid_to_day.is_(None),
            coloured.c.valid_to_day.is_(None),
            plain.c.colour == PlateColour.UNKNOWN.value,
            coloured.c.colour != PlateColour.UNKNOWN.value,
        )
    )
    found = frame(conn, pairs.order_by(plain.c.text))
    single = found[~found["text"].duplicated(keep=False)]
    return single[single["plain_vehicle_id"] != single["coloured_vehicle_id"]].reset_index(
        drop=True
    )


def _numbers(conn: Connection, texts: Sequence[str]) -> list[Number]:
    columns = vehicle_keys.c
    shown = ("id", "vehicle_id", "text", "colour", "valid_from_day", "valid_to_day")
    query = select(*[columns[name] for name in shown])
    of_text: dict[str, list[Key]] = defaultdict(list)
    for key in conn.execute(query.where(PLATES, columns.text.in_(texts)).order_by(columns.id)):
        of_text[key.text].append(key)
    return [
        Number(plain, coloured)
        for keys in of_text.values()
        for plain in keys
        if plain.colour == PlateColour.UNKNOWN
        and (coloured := [key for key in keys if key.colour and _at_once(plain, key)])
    ]


def _at_once(one: Key, other: Key) -> bool:
    """Return whether two keys are borne on a day in common."""
    return all(
        ends.valid_to_day is None or begins.valid_from_day < ends.valid_to_day
        for begins, ends in ((one, other), (other, one))
    )


def _contradicting(conn: Connection, numbers: Sequence[Number]) -> set[int]:
    """Return the plain keys that took petrol where the coloured one took diesel, or reversed."""
    fuels = _fuels(conn, [key.id for n in numbers for key in (n.plain, n.coloured[0])])
    return {
        n.plain.id
        for n in numbers
        if (mine := fuels.get(n.plain.id))
        and (other := fuels.get(n.coloured[0].id))
        and mine.isdisjoint(other)
    }


def _fuels(conn: Connection, key_ids: Sequence[int]) -> dict[int, set[str]]:
    fuels: dict[int, set[str]] = defaultdict(set)
    query = select(sales.c.key_id, products.c.fuel).join(products).distinct()
    for some in slices(key_ids):
        told = query.where(
            sales.c.key_id.in_(some), sales.c.voided == 0, products.c.fuel.in_(TELLING)
        )
        for key_id, fuel in conn.execute(told):
            fuels[key_id].add(fuel)
    return fuels


def _join(conn: Connection, numbers: Iterable[Number]) -> int:
    """Make one vehicle of each number: the coloured one, unless only the other has notes."""
    split = [n for n in numbers if n.plain.vehicle_id != n.coloured[0].vehicle_id]
    noted = _noted(conn, [key.vehicle_id for n in split for key in (n.plain, n.coloured[0])])
    moves = []
    for plain, (coloured,) in split:
        keeps_plain = plain.vehicle_id in noted and coloured.vehicle_id not in noted
        moves.append((coloured, plain) if keeps_plain else (plain, coloured))
    _move(conn, [(key.id, to.vehicle_id) for key, to in moves])
    _carry(conn, {key.vehicle_id: to.vehicle_id for key, to in moves})
    return len(moves)


def _part(conn: Connection, numbers: Iterable[Number]) -> int:
    """Give each plain key a vehicle of its own where it shares one."""
    shared = [
        n.plain for n in numbers if n.plain.vehicle_id in {key.vehicle_id for key in n.coloured}
    ]
    if shared:
        fresh = add_vehicles(conn, len(shared))
        _move(conn, [(key.id, new) for key, new in zip(shared, fresh, strict=True)])
    return len(shared)


def _noted(conn: Connection, vehicle_ids: Sequence[int]) -> set[int]:
    column = lapse_notes.c.vehicle_id
    return {
        vehicle_id
        for some in slices(vehicle_ids)
        for vehicle_id in conn.execute(select(column).where(column.in_(some))).scalars()
    }


def _move(conn: Connection, moves: Sequence[tuple[int, int]]) -> None:
    if moves:
        to = update(vehicle_keys).where(vehicle_keys.c.id == bindparam("key"))
        rows = [{"key": key_id, "new": vehicle_id} for key_id, vehicle_id in moves]
        conn.execute(to.values(vehicle_id=bindparam("new")), rows)


def _carry(conn: Connection, moves: dict[int, int]) -> None:
    """Take owners, cards and what is known of its use along to the vehicle a key moved to."""
    for table in (vehicle_owners, card_links):
        _carry_links(conn, table, moves)
    for some in slices(sorted(moves)):
        told = select(vehicles).where(
            vehicles.c.id.in_(some), vehicles.c.use_source != Source.INFERRED.value
        )
        for row in conn.execute(told):
            silent = update(vehicles).where(
                vehicles.c.id == moves[row.id], vehicles.c.use_source == Source.INFERRED.value
            )
            conn.execute(silent.values(use=row.use, use_source=row.use_source))


def _carry_links(conn: Connection, table: Table, moves: dict[int, int]) -> None:
    ids = sorted(moves)
    taken = {
        (link.vehicle_id, link.customer_id, link.from_day)
        for some in slices(sorted(moves.values()))
        for link in conn.execute(select(table).where(table.c.vehicle_id.in_(some)))
    }
    for some in slices(ids):
        for link in conn.execute(select(table).where(table.c.vehicle_id.in_(some))).all():
            to = moves[link.vehicle_id]
            if (to, link.customer_id, link.from_day) not in taken:
                conn.execute(update(table).where(table.c.id == link.id).values(vehicle_id=to))
