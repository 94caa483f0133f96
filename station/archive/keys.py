"""Whose is a plate on a day? Lines name a key; the vehicle that bears it may change."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    and_,
    case,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from station.archive.books import add_vehicles
from station.archive.rows import slices
from station.archive.tables import vehicle_keys
from station.model import DAY_S, KeyKind

NAME = ("kind", "text", "colour")
"""By which columns two keys are one name, borne by one vehicle after the other."""
KEPT = ("tail", "plate_kind", "energy", "flags")
ALWAYS, FOREVER = -(2**31), 2**31 - 1
"""Days before and after every other."""

named = vehicle_keys.alias("named")
"""The key that a line names; `vehicle_keys` joined by `borne` is the one that counts then."""


def borne(instant: Column[int]) -> ColumnElement[bool]:
    """Return the condition that a key is the one that was named, as it was borne at an instant."""
    key = vehicle_keys.c
    return and_(
        *(key[name] == named.c[name] for name in NAME),
        or_(key.valid_from_day == 0, instant >= key.valid_from_day * DAY_S),
        or_(key.valid_to_day.is_(None), instant < key.valid_to_day * DAY_S),
    )


def vehicles_now(conn: Connection, key_ids: Sequence[int]) -> dict[int, int]:
    """Return which vehicle bears each of these keys now."""
    key = vehicle_keys.c
    found: dict[int, int] = {}
    for some in slices(sorted(set(key_ids))):
        query = (
            select(named.c.id, key.vehicle_id)
            .join_from(named, vehicle_keys, and_(*(key[name] == named.c[name] for name in NAME)))
            .where(named.c.id.in_(some), key.valid_to_day.is_(None))
        )
        found |= {int(key_id): int(vehicle) for key_id, vehicle in conn.execute(query)}
    return found


def borne_in_turn(conn: Connection) -> list[tuple[int, int, int, int]]:
    """Return key, vehicle, first day and first day no more of every key that changed hands.

    Any key of a name may be the one that lines name.
    """
    key = vehicle_keys.c
    moved = select(*[key[name] for name in NAME]).where(key.valid_from_day > 0)
    query = select(vehicle_keys).where(tuple_(*[key[name] for name in NAME]).in_(moved))
    bearers: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for row in conn.execute(query.order_by(key.valid_from_day)):
        bearers[tuple(getattr(row, name) for name in NAME)].append(row)
    return [
        (one.id, row.vehicle_id, start, end)
        for rows in bearers.values()
        for one in rows
        for row, start, end in _turns(rows)
    ]


def borne_by(conn: Connection, vehicle_ids: Collection[int]) -> list[tuple[int, int, int, int]]:
    """Return key, vehicle, first day and first day no more of all that lines may name for these."""
    key = vehicle_keys.c
    query = select(
        named.c.id,
        key.vehicle_id,
        case((key.valid_from_day == 0, ALWAYS), else_=key.valid_from_day),
        func.coalesce(key.valid_to_day, FOREVER),
    ).join_from(vehicle_keys, named, and_(*(key[name] == named.c[name] for name in NAME)))
    return [
        (int(key_id), int(vehicle_id), int(start), int(end))
        for some in slices(sorted(vehicle_ids))
        for key_id, vehicle_id, start, end in conn.execute(query.where(key.vehicle_id.in_(some)))
    ]


def _turns(rows: Sequence[Any]) -> list[tuple[Any, int, int]]:
    starts = [ALWAYS, *(row.valid_from_day for row in rows[1:])]
    return list(zip(rows, starts, [*starts[1:], FOREVER], strict=True))


def move_plate(
    conn: Connection, vehicle_id: int, text: str, *, day: int, to_vehicle_id: int | None
) -> int:
    """Return the vehicle that bears a plate from a day on, a new one where none is named.

    All keys of the number go together, whether a colour was written or not.
    """
    key = vehicle_keys.c
    own = and_(
        key.vehicle_id == vehicle_id,
        key.kind == KeyKind.PLATE.value,
        key.text == text,
        key.valid_to_day.is_(None),
    )
    rows = conn.execute(select(vehicle_keys).where(own)).all()
    (target,) = [to_vehicle_id] if to_vehicle_id else add_vehicles(conn, 1)
    conn.execute(update(vehicle_keys).where(own).values(valid_to_day=day))
    conn.execute(
        insert(vehicle_keys),
        [
            {name: getattr(row, name) for name in (*NAME, *KEPT)}
            | {"vehicle_id": target, "valid_from_day": day}
            for row in rows
        ],
    )
    return target


def plates_of(conn: Connection, vehicle_id: int) -> list[tuple[str, str, int, int | None]]:
    """Return text, colour, first day and first day no more of the plates a vehicle bore."""
    key = vehicle_keys.c
    query = select(key.text, key.colour, key.valid_from_day, key.valid_to_day).where(
        key.vehicle_id == vehicle_id, key.kind == KeyKind.PLATE.value
    )
    newest = query.order_by(key.valid_from_day.desc(), key.text, key.colour.desc())
    return [tuple(row) for row in conn.execute(newest)]
