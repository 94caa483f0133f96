"""What the archive knows of its vehicles: one row each, found by plate, and what staff confirm."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sqlalchemy import Connection, case, func, or_, select, update

from station.archive.rows import frame, slices
from station.archive.tables import (
    card_links,
    cards,
    customers,
    vehicle_keys,
    vehicle_owners,
    vehicles,
)
from station.errors import NotFoundError
from station.model import KeyKind, OwnerKind, Source, Use

CUSTOMER = ("customer_id", "customer_code", "organisation_name", "customer_kind")
SUFFIX_LENGTH = 4
"""Characters from which on the end of a plate is looked for too."""


def vehicles_frame(conn: Connection) -> pd.DataFrame:
    """Return one row a vehicle, shown by its plate, its colour where two share the text.

    Columns: vehicle_id, text, colour, label, key_kind, plate_kind, energy, flags, use, use_source,
    owner_kind, owner_source, vehicle_type, customer_id, customer_code, organisation_name,
    card_kind. The kind of owner is the vehicle's own, else its customer's. Texts are empty where
    nothing is known, customer_id is missing.
    """
    shown = _shown(conn)
    shown["label"] = _labels(shown)
    found = shown.merge(_owners(conn), on="vehicle_id", how="left", validate="one_to_one")
    found = found.merge(_cards(conn), on="vehicle_id", how="left", validate="one_to_one")
    for name in CUSTOMER:  # the vehicle's own customer, else the one of its card
        found[name] = found[name].fillna(found.pop(f"card_{name}"))
    texts = ["customer_code", "organisation_name", "customer_kind", "card_kind"]
    found[texts] = found[texts].fillna("").astype("str")
    kind = found.pop("customer_kind")
    is_silent = found["owner_source"] == Source.INFERRED.value
    is_told = is_silent & ~kind.isin(["", OwnerKind.UNKNOWN.value])
    found["owner_kind"] = found["owner_kind"].mask(is_told, kind)
    found["owner_source"] = found["owner_source"].mask(is_told, Source.CARD.value)
    return found


def find_vehicles(conn: Connection, query: str, limit: int) -> pd.DataFrame:
    """Return the keys that are, begin or end with `query`, in this order; it holds vehicle_id."""
    wanted = query.strip().upper()
    text = vehicle_keys.c.text
    matches = [text.startswith(wanted, autoescape=True)]
    if len(wanted) >= SUFFIX_LENGTH:
        matches.append(text.endswith(wanted, autoescape=True))
    found = select(
        vehicle_keys.c.vehicle_id, text, vehicle_keys.c.colour, vehicle_keys.c.kind
    ).where(or_(*matches))
    if not wanted:
        limit = 0
    nearest = found.order_by((text == wanted).desc(), matches[0].desc(), text)
    return frame(conn, nearest.limit(limit))


def confirm_use(conn: Connection, vehicle_id: int, use: Use) -> None:
    """Store what a member of staff knows of a vehicle's use; no file overwrites it.

    Raises:
        NotFoundError: there is no such vehicle.
    """
    values = {"use": use.value, "use_source": Source.CONFIRMED.value}
    change = update(vehicles).where(vehicles.c.id == vehicle_id).values(values)
    if conn.execute(change).rowcount == 0:
        raise NotFoundError("archive.no_vehicle", vehicle=vehicle_id)


def _shown(conn: Connection) -> pd.DataFrame:
    """Return each vehicle with the key that names it best: a plate, coloured, the newest."""
    key = vehicle_keys.c
    query = select(
        key.vehicle_id,
        key.text,
        key.colour,
        key.kind.label("key_kind"),
        key.plate_kind,
        key.energy,
        key.flags,
        vehicles.c.use,
        vehicles.c.use_source,
        vehicles.c.owner_kind,
        vehicles.c.owner_source,
        vehicles.c.vehicle_type,
    ).join(vehicles)
    rank = case((key.kind != KeyKind.PLATE.value, 2), (key.colour == "", 1), else_=0)
    keys = frame(conn, query.add_columns(rank.label("rank"), key.valid_from_day.label("day")))
    best = keys.sort_values(["vehicle_id", "rank", "day"], ascending=[True, True, False])
    return best.drop_duplicates("vehicle_id", ignore_index=True).drop(columns=["rank", "day"])


def _labels(shown: pd.DataFrame) -> pd.Series:
    is_shared = shown["text"].duplicated(keep=False) & (shown["colour"] != "")
    return shown["text"].where(~is_shared, shown["text"] + "/" + shown["colour"])


def _owners(conn: Connection) -> pd.DataFrame:
    query = (
        select(
            vehicle_owners.c.vehicle_id,
            customers.c.id.label("customer_id"),
            customers.c.code.label("customer_code"),
            customers.c.organisation_name,
            customers.c.owner_kind.label("customer_kind"),
        )
        .join(customers)
        .where(vehicle_owners.c.to_day.is_(None))
    )
    newest = frame(conn, query.order_by(vehicle_owners.c.from_day.desc()))
    return newest.drop_duplicates("vehicle_id").astype({"customer_id": "Int64"})


def _cards(conn: Connection) -> pd.DataFrame:
    """Return the newest card of each vehicle: tied to it, or the card it is known by."""
    known_by = select(vehicle_keys.c.vehicle_id).where(
        vehicle_keys.c.kind == KeyKind.CARD.value, vehicle_keys.c.text == cards.c.number
    )
    vehicle_id = func.coalesce(card_links.c.vehicle_id, known_by.limit(1).scalar_subquery())
    query = (
        select(
            vehicle_id.label("vehicle_id"),
            cards.c.kind.label("card_kind"),
            customers.c.id.label("card_customer_id"),
            customers.c.code.label("card_customer_code"),
            customers.c.organisation_name.label("card_organisation_name"),
            customers.c.owner_kind.label("card_customer_kind"),
        )
        .select_from(card_links)
        .join(cards)
        .outerjoin(customers)
        .where(card_links.c.to_day.is_(None))
    )
    newest = frame(conn, query.order_by(card_links.c.from_day.desc(), cards.c.number))
    tied = newest[newest["vehicle_id"].notna()].drop_duplicates("vehicle_id")
    return tied.astype({"vehicle_id": "int64", "card_customer_id": "Int64"})


def labels_of(conn: Connection, vehicle_ids: Sequence[int]) -> dict[int, str]:
    """Return by which text each of these vehicles is known: its newest plate, else another key."""
    key = vehicle_keys.c
    rank = case((key.kind == KeyKind.PLATE.value, 1), else_=0)
    labels: dict[int, str] = {}
    for some in slices(list(vehicle_ids)):
        rows = select(key.vehicle_id, key.text).where(key.vehicle_id.in_(some))
        best = conn.execute(rows.order_by(rank, key.valid_from_day, key.id))
        labels |= {int(vehicle_id): str(text) for vehicle_id, text in best}
    return labels


def without_owner(conn: Connection, day: int) -> "pd.Series[float]":
    """Return by vehicle the day on which its last owner's link ended, if nobody followed."""
    owner = vehicle_owners.c
    ends = select(owner.vehicle_id, owner.from_day, owner.to_day).where(owner.from_day <= day)
    ties = frame(conn, ends)
    last = ties.assign(to_day=ties["to_day"].astype("float64").fillna(np.inf))
    until = last.groupby("vehicle_id")["to_day"].max()
    return until[until <= day].astype("float64")


def keys_of(conn: Connection, vehicle_id: int) -> pd.DataFrame:
    """Return kind, text, colour and flags of every key of a vehicle."""
    key = vehicle_keys.c
    query = select(key.kind, key.text, key.colour, key.flags).where(key.vehicle_id == vehicle_id)
    return frame(conn, query.order_by(key.kind, key.text, key.colour))


def owners_of(conn: Connection, vehicle_id: int) -> pd.DataFrame:
    """Return customer_code, organisation_name, owner_kind, from_day and to_day, newest first."""
    query = (
        select(
            customers.c.code.label("customer_code"),
            customers.c.organisation_name,
            customers.c.owner_kind,
            vehicle_owners.c.from_day,
            vehicle_owners.c.to_day,
        )
        .join(customers)
        .where(vehicle_owners.c.vehicle_id == vehicle_id)
    )
    return frame(conn, query.order_by(vehicle_owners.c.from_day.desc()))


def cards_of(conn: Connection, vehicle_id: int) -> pd.DataFrame:
    """Return number, kind, from_day and to_day of the cards tied to a vehicle, newest first."""
    query = (
        select(cards.c.number, cards.c.kind, card_links.c.from_day, card_links.c.to_day)
        .join(card_links)
        .where(card_links.c.vehicle_id == vehicle_id)
    )
    return frame(conn, query.order_by(card_links.c.from_day.desc()))
