"""Why regulars stay away, as staff heard it; notes are added, never changed."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, func, insert, select

from station.archive.rows import frame
from station.archive.tables import lapse_notes
from station.model import LapseReason


@dataclass(frozen=True, slots=True)
class LapseNote:
    """One answer; `note_sealed` came sealed and leaves sealed."""

    vehicle_id: int
    station_id: int
    reason: LapseReason
    account: str
    written_at: int
    note_sealed: bytes | None = None


def add(conn: Connection, note: LapseNote) -> int:
    """Return the id of the note, now the newest of its vehicle and station."""
    values = {
        "vehicle_id": note.vehicle_id,
        "station_id": note.station_id,
        "reason": note.reason.value,
        "note_sealed": note.note_sealed,
        "account": note.account,
        "written_at": note.written_at,
    }
    added = insert(lapse_notes).values(values).returning(lapse_notes.c.id)
    return int(conn.execute(added).scalar_one())


def of_vehicle(
    conn: Connection, vehicle_id: int, station_ids: Collection[int]
) -> list[tuple[int, LapseNote]]:
    """Return id and note of a vehicle's notes at these stations, the newest first."""
    query = select(lapse_notes).where(
        lapse_notes.c.vehicle_id == vehicle_id, lapse_notes.c.station_id.in_(station_ids)
    )
    rows = conn.execute(query.order_by(lapse_notes.c.id.desc()))
    return [(row.id, note_of(row)) for row in rows]


def note_of(row: Any) -> LapseNote:
    """Return the note of a row."""
    return LapseNote(
        vehicle_id=row.vehicle_id,
        station_id=row.station_id,
        reason=LapseReason(row.reason),
        account=row.account,
        written_at=row.written_at,
        note_sealed=row.note_sealed,
    )


def newest(
    conn: Connection, station_ids: Collection[int], vehicle_ids: Collection[int] | None = None
) -> pd.DataFrame:
    """Return vehicle_id, station_id, reason, account and written_at of the notes that count."""
    ids = (
        select(func.max(lapse_notes.c.id))
        .where(lapse_notes.c.station_id.in_(station_ids))
        .group_by(lapse_notes.c.vehicle_id, lapse_notes.c.station_id)
    )
    if vehicle_ids is not None:
        ids = ids.where(lapse_notes.c.vehicle_id.in_(vehicle_ids))
    shown = ("vehicle_id", "station_id", "reason", "account", "written_at")
    query = select(*[lapse_notes.c[name] for name in shown]).where(lapse_notes.c.id.in_(ids))
    return frame(conn, query.order_by(lapse_notes.c.vehicle_id, lapse_notes.c.station_id))
