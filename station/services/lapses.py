"""Why a regular stays away: written down by whoever spoke to him, the note sealed."""

from datetime import UTC, datetime
from time import time

import pandas as pd

from station.archive import lapses as notes
from station.archive.lapses import LapseNote
from station.errors import ArchiveError, BadValueError
from station.guard import seal
from station.model import LapseReason
from station.services import board, cards
from station.services.access import right, stations_in_sight
from station.services.ask import Ask

KEY_FILE = "station.key"
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
    cards.card(ask, vehicle_id=vehicle_id)
    written_at = int(time())
    sealed = _sealed(ask, note.strip(), vehicle_id=vehicle_id, written_at=written_at)
    with ask.db.writing(changes_figures=False) as conn:
        notes.add(
            conn,
            LapseNote(vehicle_id, station_id, reason, ask.scope.account, written_at, sealed),
        )


def _sealed(ask: Ask, note: str, *, vehicle_id: int, written_at: int) -> bytes | None:
    if not note:
        return None
    with ask.db.reading() as conn:
        may_make = not notes.any_sealed(conn)
    key = seal.load_key(ask.db.folder / KEY_FILE, may_make=may_make)
    return seal.seal(key, note, place=_place(vehicle_id, written_at))


def _place(vehicle_id: int, written_at: int) -> str:
    """Return to which row a note belongs; moved to another it cannot be opened."""
    return f"lapse_notes/{vehicle_id}/{written_at}"


@right("lapse.record")
def history(ask: Ask, *, vehicle_id: int) -> pd.DataFrame:
    """Return written_at, station, reason, note and account of a vehicle's answers, newest first.

    A note that cannot be opened is missing; the answer itself is not lost with it.
    """
    with ask.db.reading() as conn:
        rows = notes.of_vehicle(conn, vehicle_id, ask.scope.station_ids)
    codes = board.stations_known(ask).set_index("station_id")["code"]
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
    """Return the words of a note; none where its key is lost or its bytes were changed."""
    if note.note_sealed is None:
        return ""
    place = _place(note.vehicle_id, note.written_at)
    try:
        key = seal.load_key(ask.db.folder / KEY_FILE, may_make=False)
        return seal.unseal(key, note.note_sealed, place=place)
    except ArchiveError:
        return None


@right("board.read")
def newest(ask: Ask) -> pd.DataFrame:
    """Return vehicle_id, station, reason and written_at of the answers that count, no notes."""
    with ask.db.reading() as conn:
        rows = notes.newest(conn, ask.scope.station_ids)
    codes = board.stations_known(ask).set_index("station_id")["code"]
    return rows.assign(station=rows["station_id"].map(codes))
