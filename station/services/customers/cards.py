"""Who is this? One vehicle with all that is known of it."""

from dataclasses import dataclass

import pandas as pd

from station.archive import lake, views
from station.archive import vehicles as garage
from station.errors import NotFoundError
from station.ingest import plates
from station.model import Act, Use, day_number
from station.services import board, trail
from station.services.access import MINUTE_S, right
from station.services.ask import Ask
from station.services.customers import contacts

NEWEST_LINES = 200


@dataclass(frozen=True, slots=True)
class Card:
    """One vehicle: `rows` of the board at each station in sight, and its newest lines."""

    vehicle_id: int
    label: str
    rows: pd.DataFrame
    lines: pd.DataFrame
    keys: pd.DataFrame
    owners: pd.DataFrame
    cards: pd.DataFrame


@right("cards.read")
def find(ask: Ask, *, words: str, limit: int = 20) -> pd.DataFrame:
    """Return vehicle_id, label, key_kind and last_day of the vehicles in sight that match.

    Finds a whole plate however it is typed, its last four characters, a card or a reference; and
    by a whole telephone the vehicles of whoever has it.
    """
    typed = plates.normalise(words).norm or words
    by_phone = contacts.vehicles_by_phone(ask, words=words)
    with ask.db.reading() as conn:
        found = garage.find_vehicles(conn, typed, limit * 5)
    seen = board.vehicles(ask)[["vehicle_id", "label", "key_kind", "last_day"]]
    seen = seen.sort_values("last_day", ascending=False).drop_duplicates("vehicle_id")
    ids = dict.fromkeys([*by_phone, *found["vehicle_id"]])
    order = pd.DataFrame({"vehicle_id": list(ids)}, dtype="int64")
    return order.merge(seen, on="vehicle_id").head(limit)


@right("cards.read")
def card(ask: Ask, *, vehicle_id: int) -> Card:
    """Return the card of a vehicle that was seen at a station in sight; the look is written down.

    Raises:
        NotFoundError: there is no such vehicle, or none in sight; both answer alike.
    """
    rows = rows_in_sight(ask, vehicle_id)
    trail.looked(
        ask.db,
        ask.scope,
        f"vehicle:{vehicle_id}",
        station_id=int(rows["station_id"][0]),
        again_after_s=ask.settings.looks.same_look_min * MINUTE_S,
    )
    with ask.db.reading() as conn:
        lines = views.lines_of_vehicle(
            conn, vehicle_id, ask.scope.station_ids, day_number(ask.as_of), NEWEST_LINES
        )
        keys = garage.keys_of(conn, vehicle_id)
        owners = garage.owners_of(conn, vehicle_id)
        cards = garage.cards_of(conn, vehicle_id)
    codes = board.station_codes(ask)
    lines = lines.assign(station=lines["station_id"].map(codes))
    return Card(vehicle_id, str(rows["label"][0]), rows, lines, keys, owners, cards)


def rows_in_sight(ask: Ask, vehicle_id: int) -> pd.DataFrame:
    """Return the board's rows of a vehicle, at the station where it comes most first.

    Raises:
        NotFoundError: there is no such vehicle, or none in sight; both answer alike.
    """
    everything = board.vehicles(ask)
    rows = everything[everything["vehicle_id"] == vehicle_id]
    if rows.empty:
        raise NotFoundError("error.vehicle_not_found")
    return rows.sort_values("visits", ascending=False, ignore_index=True)


@right("use.confirm")
def confirm_use(ask: Ask, *, vehicle_id: int, use: Use) -> None:
    """Store what staff know of a vehicle's use; no file and no inference overwrites it.

    Raises:
        NotFoundError: there is no such vehicle in sight.
    """
    rows = rows_in_sight(ask, vehicle_id)
    with ask.db.writing() as conn:
        garage.confirm_use(conn, vehicle_id, use)
        station_id = int(rows["station_id"][0])
        trail.note(conn, ask.scope, Act.CHANGE, f"vehicle:{vehicle_id}:use", station_id=station_id)
    lake.refresh(ask.db)
