"""What the archive knows of its vehicles: one row each, found by plate, and what staff confirm."""

from collections.abc import Collection

import numpy as np
import pandas as pd
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    and_,
    case,
    func,
    select,
    union,
    update,
)

from station.archive.customers.book import by_card
from station.archive.customers.stands import stands
from station.archive.rows import frame
from station.archive.tables import (
    card_links,
    cards,
    customers,
    vehicle_keys,
    vehicle_owners,
    vehicles,
)
from station.errors import NotFoundError
from station.model import KeyKind, OwnerKind, Source, Use, day_date

CUSTOMER = ("customer_id", "customer_code", "organisation_name", "customer_kind")


_FIRST = customers.alias("first")
_OTHER = customers.alias("other")
SILENT = {"organisation_name": "", "owner_kind": OwnerKind.UNKNOWN.value}
"""What a column holds where it tells nothing."""


def _told(name: str) -> ColumnElement[str]:
    """Return what the row that stands tells, else the first that was found to be the same."""
    silent = SILENT[name]
    other = (
        select(_OTHER.c[name])
        .where(_OTHER.c.merged_into == _FIRST.c.id, _OTHER.c[name] != silent)
        .order_by(_OTHER.c.id)
        .limit(1)
    )
    is_asked = _FIRST.c[name] == silent
    if name == "organisation_name":  # a person has none: spares a look for each
        is_asked = and_(is_asked, _FIRST.c.is_organisation == 1)
    found = func.coalesce(other.correlate(_FIRST).scalar_subquery(), silent)
    return case((is_asked, found), else_=_FIRST.c[name])


def vehicles_frame(conn: Connection, vehicle_ids: Collection[int] | None = None) -> pd.DataFrame:
    """Return one row a vehicle, shown by its plate, its colour where two share the text.

    Columns: vehicle_id, text, colour, label, key_kind, plate_kind, energy, flags, use, use_source,
    owner_kind, owner_source, vehicle_type, customer_id, customer_code, organisation_name,
    card_kind. The kind of owner is the vehicle's own, else its customer's. Texts are empty where
    nothing is known, customer_id is missing. With `vehicle_ids` only these are told of.
    """
    shown = _labelled(conn, vehicle_ids)
    owners, held = _owners(conn, vehicle_ids), _cards(conn, vehicle_ids)
    found = shown.merge(owners, on="vehicle_id", how="left", validate="one_to_one")
    found = found.merge(held, on="vehicle_id", how="left", validate="one_to_one")
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


def labels(conn: Connection, vehicle_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Return label and kind of key by which `vehicles_frame` shows each of a few vehicles."""
    shown = _labelled(conn, vehicle_ids)
    told = zip(shown["vehicle_id"], shown["label"], shown["key_kind"], strict=True)
    return {int(vehicle_id): (label, kind) for vehicle_id, label, kind in told}


def _labelled(conn: Connection, vehicle_ids: Collection[int] | None) -> pd.DataFrame:
    """Return each vehicle with the key that names it best and `label`, how it is called."""
    shown = _shown(conn, None if vehicle_ids is None else _namesakes(conn, vehicle_ids))
    shown = shown.assign(label=_labels(shown)).drop(columns="valid_to_day")
    if vehicle_ids is None:
        return shown
    return shown[shown["vehicle_id"].isin(vehicle_ids)].reset_index(drop=True)


def _namesakes(conn: Connection, vehicle_ids: Collection[int]) -> set[int]:
    """Return these vehicles and all that share a text with one of them."""
    key = vehicle_keys.c
    own = conn.execute(select(key.text).where(key.vehicle_id.in_(vehicle_ids))).scalars()
    same = select(key.vehicle_id).where(key.kind.in_(list(KeyKind)), key.text.in_(set(own)))
    return {*vehicle_ids, *conn.execute(same).scalars()}


def confirm_use(conn: Connection, vehicle_id: int, use: Use) -> None:
    """Store what a member of staff knows of a vehicle's use; no file overwrites it.

    Raises:
        NotFoundError: there is no such vehicle.
    """
    values = {"use": use.value, "use_source": Source.CONFIRMED.value}
    change = update(vehicles).where(vehicles.c.id == vehicle_id).values(values)
    if conn.execute(change).rowcount == 0:
        raise NotFoundError("archive.no_vehicle", vehicle=vehicle_id)


def _shown(conn: Connection, vehicle_ids: Collection[int] | None) -> pd.DataFrame:
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
    if vehicle_ids is not None:
        query = query.where(key.vehicle_id.in_(vehicle_ids))
    rank = case((key.kind != KeyKind.PLATE.value, 2), (key.colour == "", 1), else_=0)
    is_past = case((key.valid_to_day.is_(None), 0), else_=1)
    order = {"is_past": is_past, "rank": rank, "day": -key.valid_from_day}
    more = [column.label(name) for name, column in order.items()]
    keys = frame(conn, query.add_columns(*more, key.valid_to_day))
    best = keys.sort_values(["vehicle_id", *order]).drop_duplicates("vehicle_id", ignore_index=True)
    return best.drop(columns=list(order))


def _labels(shown: pd.DataFrame) -> pd.Series:
    """Return how vehicles are called; one that gave its plate away, also until when it had it."""
    past = shown["valid_to_day"].notna()
    is_shared = shown["text"].where(~past).duplicated(keep=False) & (shown["colour"] != "") & ~past
    labels = shown["text"].where(~is_shared, shown["text"] + "/" + shown["colour"])
    until = [f"{text} (→{day_date(int(day))})" for text, day in _past(shown[past])]
    return labels.mask(past, pd.Series(until, index=shown.index[past], dtype="object"))


def _past(rows: pd.DataFrame) -> list[tuple[str, int]]:
    return list(zip(rows["text"], rows["valid_to_day"], strict=True))


def _owners(conn: Connection, vehicle_ids: Collection[int] | None) -> pd.DataFrame:
    query = (
        select(
            vehicle_owners.c.vehicle_id,
            _FIRST.c.id.label("customer_id"),
            _FIRST.c.code.label("customer_code"),
            _told("organisation_name").label("organisation_name"),
            _told("owner_kind").label("customer_kind"),
        )
        .select_from(vehicle_owners)
        .join(customers)
        .join(_FIRST, _FIRST.c.id == stands())
        .where(vehicle_owners.c.to_day.is_(None))
    )
    if vehicle_ids is not None:
        query = query.where(vehicle_owners.c.vehicle_id.in_(vehicle_ids))
    newest = frame(conn, query.order_by(vehicle_owners.c.from_day.desc(), vehicle_owners.c.id))
    return newest.drop_duplicates("vehicle_id").astype({"customer_id": "Int64"})


def _cards(conn: Connection, vehicle_ids: Collection[int] | None) -> pd.DataFrame:
    """Return the newest card of each vehicle: tied to it, or the card it is known by."""
    known_by = select(vehicle_keys.c.vehicle_id).where(
        vehicle_keys.c.kind == KeyKind.CARD.value, vehicle_keys.c.text == cards.c.number
    )
    vehicle_id = func.coalesce(card_links.c.vehicle_id, known_by.limit(1).scalar_subquery())
    query = (
        select(
            vehicle_id.label("vehicle_id"),
            cards.c.kind.label("card_kind"),
            _FIRST.c.id.label("card_customer_id"),
            _FIRST.c.code.label("card_customer_code"),
            _told("organisation_name").label("card_organisation_name"),
            _told("owner_kind").label("card_customer_kind"),
        )
        .select_from(card_links)
        .join(cards)
        .outerjoin(customers)
        .outerjoin(_FIRST, _FIRST.c.id == stands())
        .where(card_links.c.to_day.is_(None))
    )
    if vehicle_ids is not None:
        query = query.where(card_links.c.card_id.in_(_cards_near(vehicle_ids)))
    newest = frame(conn, query.order_by(card_links.c.from_day.desc(), cards.c.number))
    tied = newest[newest["vehicle_id"].notna()].drop_duplicates("vehicle_id")
    return tied.astype({"vehicle_id": "int64", "card_customer_id": "Int64"})


def _cards_near(vehicle_ids: Collection[int]) -> CompoundSelect[int]:
    """Find the cards that are tied to these vehicles, or by which one of them is known."""
    numbers = select(vehicle_keys.c.text).where(
        vehicle_keys.c.vehicle_id.in_(vehicle_ids), vehicle_keys.c.kind == KeyKind.CARD.value
    )
    return union(
        select(card_links.c.card_id).where(card_links.c.vehicle_id.in_(vehicle_ids)),
        select(cards.c.id).where(cards.c.number.in_(numbers)),
    )


def without_owner(
    conn: Connection, day: int, vehicle_ids: Collection[int] | None = None
) -> "pd.Series[float]":
    """Return by vehicle the day on which its last owner's link ended, if nobody followed.

    An owner who was found to be another still owns it: only the ends of the links count.
    """
    owner = vehicle_owners.c
    ends = select(owner.vehicle_id, owner.from_day, owner.to_day).where(owner.from_day <= day)
    if vehicle_ids is not None:
        ends = ends.where(owner.vehicle_id.in_(vehicle_ids))
    ties = frame(conn, ends)
    last = ties.assign(to_day=ties["to_day"].astype("float64").fillna(np.inf))
    until = last.groupby("vehicle_id")["to_day"].max()
    return until[until <= day].astype("float64")


def of_customers(conn: Connection, customer_ids: Collection[int]) -> list[int]:
    """Return the vehicles that `vehicles_frame` may show as one of these customers', in order."""
    theirs = select(customers.c.id).where(stands().in_(customer_ids))
    owned = select(vehicle_owners.c.vehicle_id).where(
        vehicle_owners.c.customer_id.in_(theirs), vehicle_owners.c.to_day.is_(None)
    )
    carried = select(by_card()).select_from(card_links).join(cards)
    carried = carried.where(card_links.c.customer_id.in_(theirs), card_links.c.to_day.is_(None))
    found = {*conn.execute(owned).scalars(), *conn.execute(carried).scalars()}
    return sorted(int(vehicle_id) for vehicle_id in found - {None})


def keys_of(conn: Connection, vehicle_id: int) -> pd.DataFrame:
    """Return kind, text, colour and flags of every key of a vehicle."""
    key = vehicle_keys.c
    query = select(key.kind, key.text, key.colour, key.flags).where(key.vehicle_id == vehicle_id)
    return frame(conn, query.order_by(key.kind, key.text, key.colour))


def owners_of(conn: Connection, vehicle_id: int) -> pd.DataFrame:
    """Return customer_code, organisation_name, owner_kind, from_day and to_day, newest first."""
    query = (
        select(
            _FIRST.c.code.label("customer_code"),
            _told("organisation_name").label("organisation_name"),
            _told("owner_kind").label("owner_kind"),
            vehicle_owners.c.from_day,
            vehicle_owners.c.to_day,
        )
        .select_from(vehicle_owners)
        .join(customers)
        .join(_FIRST, _FIRST.c.id == stands())
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
