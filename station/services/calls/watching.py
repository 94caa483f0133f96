"""Which cars is the counter to watch for? Overdue regulars whom nobody can reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from station.archive import alarms, search, stations
from station.archive import vehicles as garage
from station.archive.calls import facts
from station.archive.customers import book
from station.archive.database import Connection
from station.services.access import right, stations_in_sight
from station.services.ask import Ask
from station.services.calls import clock

MOST_ROWS = 2_000
"""Overdue cars that are gone through for those nobody can reach."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A car: by what it is known, how long it has stayed away, and what it spent in a month.

    `is_known` tells whether a customer is tied to it of whom no telephone is kept.
    """

    vehicle_id: int
    label: str
    station: str
    silent_days: int
    worth: float
    is_known: bool


@right("calls.read")
def watched(ask: Ask, *, stations: Sequence[str] = (), limit: int) -> list[Watched]:
    """Return the overdue regulars without a customer who can be reached, the best first."""
    wanted = stations_in_sight(ask, stations)
    with ask.db.reading() as conn:
        day = _today(conn, wanted)
        since = day - ask.settings.calls.watch_days
        rows = alarms.overdue(conn, wanted, day, since_day=since, limit=MOST_ROWS)
        return _unreached(conn, rows, day)[:limit]


@right("calls.read")
def expected(ask: Ask, *, labels: Sequence[str]) -> list[Watched]:
    """Return which of these plates are watched for at the stations in sight."""
    with ask.db.reading() as conn:
        ids = search.by_text(conn, {one for one in labels if one})
        if not ids:
            return []
        day = _today(conn, ask.scope.station_ids)
        since = day - ask.settings.calls.watch_days
        rows = alarms.of_vehicles(conn, ids, ask.scope.station_ids, day, since_day=since)
        return _unreached(conn, rows, day)


def _unreached(conn: Connection, rows: pd.DataFrame, day: int) -> list[Watched]:
    """Return the cars of these alarms of which no telephone is known."""
    ids = rows["vehicle_id"].tolist()
    holder = {tie.vehicle_id: tie.customer_id for tie in _ties(conn, ids)}
    reached = facts.with_phone(conn, set(holder.values()))
    told = rows[[holder.get(one) not in reached for one in ids]]
    return _shown(conn, told.to_dict("records"), holder, day)


def _ties(conn: Connection, vehicle_ids: Sequence[int]) -> list[book.Tie]:
    """Return the ties that hold now; that of the owner comes last, as it counts."""
    ties = [tie for tie in book.ties_of(conn, vehicle_ids) if tie.to_day == book.FOREVER]
    return sorted(ties, key=lambda tie: (not tie.by_card, tie.from_day))


def _today(conn: Connection, station_ids: frozenset[int]) -> int:
    known = stations.everything(conn)
    return max(clock.moment(known[one].zone).day for one in station_ids)


def _shown(
    conn: Connection, rows: Sequence[Mapping[Any, Any]], holder: Mapping[int, int], day: int
) -> list[Watched]:
    labels = garage.labels(conn, [int(row["vehicle_id"]) for row in rows])
    codes = {number: code for code, number in stations.ids(conn).items()}
    return [
        Watched(
            vehicle_id=int(row["vehicle_id"]),
            label=labels[int(row["vehicle_id"])][0],
            station=codes[int(row["station_id"])],
            silent_days=day - int(row["last_day"]),
            worth=float(row["worth"]),
            is_known=int(row["vehicle_id"]) in holder,
        )
        for row in rows
    ]
