"""One customer on one screen: who he is, what he drives, and all that happened with him."""

from dataclasses import dataclass

import pandas as pd

from station.archive import vehicles as garage
from station.archive.customers import book, timeline
from station.archive.database import Connection
from station.model import MILLI, day_number, minor_per_major
from station.services import board, trail
from station.services.access import MINUTE_S, right
from station.services.ask import Ask
from station.services.customers import contacts
from station.services.customers.contacts import Contact, Seen

NEWEST = 200
"""Visits and other events that a timeline goes back."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """A customer as whoever asks may see him; `vehicles` are rows of the board, now his.

    `unseen` are how his vehicles are called that never came to a station in sight; they are told
    where he is registered only. `complaints` are those that are open.
    """

    customer_id: int
    code: str
    is_organisation: bool
    owner_kind: str
    station: str
    since_day: int | None
    contact: Contact
    vehicles: pd.DataFrame
    unseen: tuple[str, ...]
    cards: pd.DataFrame
    complaints: int


@right("cards.read")
def portrait(ask: Ask, *, customer_id: int) -> Portrait:
    """Return a customer in sight with his vehicles and cards; the look is written down.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        seen = contacts.in_sight(conn, ask, customer_id)
        his = book.vehicles_of(conn, [customer_id])
        cards = timeline.cards_now(conn, customer_id)
        complaints = contacts.complaints(conn, ask, seen.customer)
    trail.looked(
        ask.db,
        ask.scope,
        f"customer:{customer_id}",
        station_id=seen.station_id,
        again_after_s=ask.settings.looks.same_look_min * MINUTE_S,
    )
    customer, codes = seen.customer, board.station_codes(ask)
    rows = board.some(ask, vehicle_ids=his)
    unseen = set(his) - set(rows["vehicle_id"]) if customer.station_id in seen.here else set()
    with ask.db.reading() as conn:
        called = garage.labels(conn, unseen)
    return Portrait(
        customer_id=customer.id,
        code=customer.code,
        is_organisation=customer.is_organisation,
        owner_kind=customer.owner_kind,
        station=str(codes.get(customer.station_id, "")),
        since_day=customer.since_day,
        contact=contacts.of_customer(ask, customer_id=customer_id),
        vehicles=_rows_of(rows, his),
        unseen=tuple(sorted(label for label, _ in called.values())),
        cards=cards,
        complaints=complaints,
    )


def _rows_of(rows: pd.DataFrame, vehicle_ids: list[int]) -> pd.DataFrame:
    """Return one row a vehicle, the one of the station it visits most, the dearest first."""
    mine = rows[rows["vehicle_id"].isin(vehicle_ids)]
    most = mine.sort_values("visits", ascending=False).drop_duplicates("vehicle_id")
    return most.sort_values("amount", ascending=False, ignore_index=True)


@right("cards.read")
def happened(ask: Ask, *, customer_id: int) -> pd.DataFrame:
    """Return what happened with a customer, the newest first.

    Columns: at (second of the station's clock), kind, station (code, empty where none is told),
    label (a vehicle's, of visits), sentence and the numbers it is filled with. Words told in
    confidence are not in it.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        seen = contacts.in_sight(conn, ask, customer_id)
        parts = [_visits(conn, ask, seen), *timeline.events(conn, customer_id)]
    told = [part for part in parts if not part.empty]
    if not told:
        return pd.DataFrame(columns=["at", "kind", "station", "label", "sentence"])
    rows = pd.concat(told, ignore_index=True).sort_values("at", ascending=False).head(NEWEST)
    codes = board.station_codes(ask)
    is_in_sight = rows["station_id"].isna() | rows["station_id"].isin(codes.index)
    rows = rows[is_in_sight].reset_index(drop=True)
    return rows.assign(
        station=rows["station_id"].map(codes).fillna(""),
        sentence="portrait." + rows["kind"].astype("str"),
    )


def _visits(conn: Connection, ask: Ask, seen: Seen) -> pd.DataFrame:
    rows = timeline.visits(
        conn,
        book.spans(conn, seen.customer.id),
        ask.scope.station_ids,
        as_of_day=day_number(ask.as_of),
        limit=NEWEST,
    )
    return rows.assign(
        kind="visit",
        quantity=rows["quantity_milli"] / MILLI,
        amount=rows["amount_minor"] / rows["currency"].map(minor_per_major),
    )
