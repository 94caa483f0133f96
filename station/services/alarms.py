"""Who is overdue today: worked out once for every visit, kept by its day, and looked up."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from station.archive import alarms as kept
from station.archive import stations as sites
from station.archive import vehicles as garage
from station.model import Stability, day_number
from station.services import access, board
from station.services.access import right, stations_in_sight
from station.services.ask import Ask

MOST = 10_000
"""Rows of one look-up."""


@right("sales.import")
def refresh(ask: Ask) -> int:
    """Return how many alarm dates in sight are new or gone, once those of all are worked out."""
    return renew(ask)


def renew(ask: Ask) -> int:
    """Return the same; whoever asks, the whole chain's are worked out."""
    everybody = replace(ask, scope=access.local_operator(ask.db))
    everybody = replace(everybody, as_of=board.last_day(everybody))
    frame = board.vehicles(everybody)
    regulars = frame[frame["stability"] == Stability.REGULAR.value]
    rows = regulars.assign(worth=regulars["monthly_amount"].fillna(0.0))
    changed = {
        id_: _put(ask, id_, rows[rows["station_id"] == id_]) for id_ in everybody.scope.station_ids
    }
    return sum(changed[id_] for id_ in ask.scope.station_ids & changed.keys())


def _put(ask: Ask, station_id: int, rows: pd.DataFrame) -> int:
    """Write one station's alarms by itself, so that nobody waits long for his turn."""
    with ask.db.writing(changes_figures=False) as conn:
        return kept.put(conn, station_id, rows)


@right("board.read")
def overdue(
    ask: Ask, *, stations: Sequence[str] = (), days: int = 7, limit: int = MOST
) -> pd.DataFrame:
    """Return who became overdue in the last `days` up to as-of, the most worth a call first.

    Columns: vehicle_id, label, station, last_day, alarm_day, lost_day, state (as of the last
    import), worth (what it spent in a month), and to_call: within the station's calls of a week.
    """
    wanted, day = stations_in_sight(ask, stations), day_number(ask.as_of)
    with ask.db.reading() as conn:
        rows = kept.overdue(conn, wanted, day, since_day=day - days + 1, limit=min(limit, MOST))
        shown = garage.labels(conn, rows["vehicle_id"].tolist())
        codes = {id_: code for code, id_ in sites.ids(conn).items()}
        known = sites.everything(conn)
    calls = {id_: station.calls_per_week for id_, station in known.items()}
    rank = rows.groupby("station_id").cumcount()
    return rows.assign(
        label=rows["vehicle_id"].map({vehicle: label for vehicle, (label, _) in shown.items()}),
        station=rows["station_id"].map(codes),
        to_call=rank < rows["station_id"].map(calls),
    )


@right("board.read")
def calls_per_week(ask: Ask) -> dict[str, int]:
    """Return how many customers each station in sight can call in a week, by its code."""
    with ask.db.reading() as conn:
        known = sites.everything(conn)
    return {
        station.code: station.calls_per_week
        for id_, station in known.items()
        if id_ in ask.scope.station_ids
    }
