"""Who is this? One vehicle with all that is known of it."""

from dataclasses import dataclass

import pandas as pd

from station.archive import glance, lake, views
from station.archive import vehicles as garage
from station.errors import NotFoundError
from station.model import Act, Use, day_number
from station.services import board, trail
from station.services.access import MINUTE_S, right
from station.services.ask import Ask
from station.services.customers import finding

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
    """Return finding.COLUMNS of the vehicles and customers in sight that the words mean.

    Finds a plate however it is typed, without its province, by its last four characters or with
    one sign misread; a card, a reference, a customer's code; a whole telephone and a whole name;
    a part of an organisation's name. The surest comes first, `why` says by what it was found.
    `last_day` is missing where none is known; a vehicle that never came names its `customer_id`.
    """
    return finding.find(ask, words, limit)


@right("cards.read")
def card(ask: Ask, *, vehicle_id: int) -> Card:
    """Return the card of a vehicle that was seen at a station in sight; the look is written down.

    Raises:
        NotFoundError: there is no such vehicle, or none in sight; both answer alike.
    """
    rows = board.vehicle(ask, vehicle_id=vehicle_id)
    rows = rows.sort_values("visits", ascending=False, ignore_index=True)
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


def stations_visited(ask: Ask, vehicle_id: int) -> list[int]:
    """Return the stations in sight where a vehicle came, that of most visits first.

    Its own lines tell; nothing is judged.

    Raises:
        NotFoundError: there is no such vehicle, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        (told,) = glance.look(conn, (vehicle_id,), day_number(ask.as_of), {})
    here = told[told["station_id"].isin(ask.scope.station_ids)]
    if here.empty:
        raise NotFoundError("error.vehicle_not_found")
    return here.sort_values("visits", ascending=False)["station_id"].astype(int).tolist()


@right("use.confirm")
def confirm_use(ask: Ask, *, vehicle_id: int, use: Use) -> None:
    """Store what staff know of a vehicle's use; no file and no inference overwrites it.

    Raises:
        NotFoundError: there is no such vehicle in sight.
    """
    station_id = stations_visited(ask, vehicle_id)[0]
    with ask.db.writing() as conn:
        garage.confirm_use(conn, vehicle_id, use)
        trail.note(conn, ask.scope, Act.CHANGE, f"vehicle:{vehicle_id}:use", station_id=station_id)
    lake.refresh(ask.db)
