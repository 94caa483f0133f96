"""Whose vehicles may be told of: a car that came before it was a customer's leads to nobody."""

import pandas as pd

from station.archive.customers import book, filters
from station.archive.database import Connection
from station.services.ask import Ask


def without_strangers(ask: Ask, frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows of vehicles, their customers out of sight left out.

    In sight is who is registered at a station in sight, or came there while the car was his.

    Args:
        ask: who asks.
        frame: vehicle_id, last_day, customer_id (NaN: none known) and organisation_name.
    """
    with ask.db.reading() as conn:
        here = filters.registered(conn, ask.scope.station_ids)
        is_asked = frame["customer_id"].notna() & ~frame["customer_id"].isin(here)
        here |= _who_came(conn, ask, frame[is_asked])
    is_strange = is_asked & ~frame["customer_id"].isin(here)
    return frame.assign(
        customer_id=frame["customer_id"].mask(is_strange),
        organisation_name=frame["organisation_name"].mask(is_strange, ""),
    )


def _who_came(conn: Connection, ask: Ask, rows: pd.DataFrame) -> set[int]:
    """Return the customers of these rows who came: most by a visit of the row, few by another."""
    ties = book.ties_of(conn, [int(n) for n in rows["vehicle_id"].unique()])
    known = pd.DataFrame(ties, columns=book.Tie._fields)
    held = rows.merge(known, on=["vehicle_id", "customer_id"])
    came = set(held.loc[held["last_day"] >= held["from_day"], "customer_id"])
    unsure = {int(n) for n in rows["customer_id"].unique()} - came
    return came | {one for one in unsure if _has_come(conn, ask, one)}


def _has_come(conn: Connection, ask: Ask, customer_id: int) -> bool:
    customer = book.find(conn, customer_id)
    known = book.stations_of(conn, customer) if customer else frozenset()
    return bool(known & ask.scope.station_ids)
