"""Why a regular stays away: written down by whoever spoke to him, the note sealed."""

from datetime import UTC, datetime
from time import time

import pandas as pd

from station.analysis.states import EXPLAINING
from station.archive import lapses as notes
from station.archive.lapses import LapseNote
from station.errors import BadValueError
from station.model import Act, LapseReason
from station.services import board, trail
from station.services.access import right, stations_in_sight
from station.services.ask import Ask
from station.services.customers import cards
from station.services.personal import sealing

LONGEST_NOTE = 500


@right("lapse.record")
def record(ask: Ask, *, vehicle_id: int, station: str, reason: LapseReason, note: str) -> None:
    """Write down why a vehicle stays away from a station; the newest answer counts.

    Raises:
        BadValueError: the note is too long.
        NotFoundError: vehicle or station is not in sight.
    """
    if len(note) > LONGEST_NOTE:
        raise BadValueError("error.note_too_long", limit=LONGEST_NOTE)
    (station_id,) = stations_in_sight(ask, [station])
    cards.stations_visited(ask, vehicle_id)
    written_at = int(time())
    words, place = note.strip(), sealing.note_place(vehicle_id, written_at)
    with ask.db.writing(changes_figures=_moves_state(ask, vehicle_id, station_id, reason)) as conn:
        sealed = sealing.seal(ask.db, words, place=place) if words else None
        notes.add(
            conn,
            LapseNote(vehicle_id, station_id, reason, ask.scope.account, written_at, sealed),
        )
        object_name = f"vehicle:{vehicle_id}:lapse"
        trail.note(conn, ask.scope, Act.CHANGE, object_name, station_id=station_id)


def _moves_state(ask: Ask, vehicle_id: int, station_id: int, reason: LapseReason) -> bool:
    """Return whether a vehicle's state rests on this answer, or on the one before it."""
    with ask.db.reading() as conn:
        heard = notes.of_vehicle(conn, vehicle_id, {station_id})
    return bool({reason, *(note.reason for _, note in heard[:1])} & EXPLAINING)


@right("lapse.record")
def history(ask: Ask, *, vehicle_id: int) -> pd.DataFrame:
    """Return written_at, station, reason, note and account of a vehicle's answers, newest first.

    A note that cannot be opened is missing; the answer itself is not lost with it.
    """
    with ask.db.reading() as conn:
        rows = notes.of_vehicle(conn, vehicle_id, ask.scope.station_ids)
    codes = board.station_codes(ask)
    columns = ["written_at", "station", "reason", "note", "account"]
    return pd.DataFrame(
        [
            (
                datetime.fromtimestamp(note.written_at, UTC),
                codes[note.station_id],
                note.reason.value,
                _opened(ask, note),
                note.account,
            )
            for _, note in rows
        ],
        columns=columns,
    )


def _opened(ask: Ask, note: LapseNote) -> str | None:
    place = sealing.note_place(note.vehicle_id, note.written_at)
    return sealing.unseal(ask.db, note.note_sealed, place=place)


@right("board.read")
def newest(ask: Ask) -> pd.DataFrame:
    """Return vehicle_id, station, reason and written_at of the answers that count, no notes."""
    with ask.db.reading() as conn:
        rows = notes.newest(conn, ask.scope.station_ids)
    codes = board.station_codes(ask)
    return rows.assign(station=rows["station_id"].map(codes))
