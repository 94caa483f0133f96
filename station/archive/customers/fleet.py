"""Which vehicles and cards are which organisation's, all organisations at once."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Select, func, select

from station.archive.customers import book
from station.archive.customers.book import FOREVER, Tie
from station.archive.customers.stands import stands
from station.archive.customers.tables import customer_fields
from station.archive.rows import frame, slices
from station.archive.tables import (
    card_links,
    cards,
    customers,
    vehicle_keys,
    vehicle_owners,
)
from station.model import KeyKind

SPAN = ("customer_id", "vehicle_id", "from_day", "to_day")


def organisations(conn: Connection) -> pd.DataFrame:
    """Return id, code, organisation_name, owner_kind, station_id and since_day of each that stands.

    One row for each station at which any of the customers that it is now was registered.
    """
    places = select(stands().label("id"), customers.c.station_id).distinct().subquery()
    told = [customers.c[name] for name in ("id", "code", "organisation_name", "owner_kind")]
    query = (
        select(*told, places.c.station_id, customers.c.since_day)
        .join(places, places.c.id == customers.c.id)
        .where(customers.c.is_organisation == 1, customers.c.merged_into.is_(None))
    )
    return frame(conn, query.order_by(customers.c.id, places.c.station_id))


def fields(
    conn: Connection, names: Collection[str], customer_ids: Collection[int] = ()
) -> pd.DataFrame:
    """Return customer_id and a column of text for each field, empty where it is not known.

    Of customers merged into one the word of the one that stands counts first. Of all customers,
    unless some are named.
    """
    query = (
        select(stands().label("customer_id"), customer_fields.c.field, customer_fields.c.value)
        .join(customers, customers.c.id == customer_fields.c.customer_id)
        .where(customer_fields.c.field.in_(names), customer_fields.c.value != "")
        .order_by(customers.c.merged_into.is_not(None), customers.c.id)
    )
    if customer_ids:
        query = query.where(customers.c.id.in_(customer_ids))
    told = frame(conn, query).drop_duplicates(["customer_id", "field"])
    table = told.pivot_table(index="customer_id", columns="field", values="value", aggfunc="first")
    table = table.reindex(columns=list(names)).astype(object).fillna("")
    return table.rename_axis(columns=None).reset_index()


def spans(conn: Connection, only: Collection[int] | None = None) -> pd.DataFrame:
    """Return SPAN: when which vehicle was an organisation's, as `book.spans` tells of one.

    Of every organisation, unless some are named by the ids under which they stand.
    """
    alike = _alike(conn)
    if only is not None:
        alike = {own: stood for own, stood in alike.items() if stood in only}
    ties: dict[int, list[Tie]] = defaultdict(list)
    for tie in book.ties_of(conn, _touched(conn, None if only is None else sorted(alike))):
        ties[tie.vehicle_id].append(
            tie._replace(customer_id=alike.get(tie.customer_id, tie.customer_id))
        )
    ours = set(alike.values())
    rows = [span for his in ties.values() for span in _held(his, ours)]
    return pd.DataFrame(rows, columns=list(SPAN)).astype("int64")


def _held(ties: Sequence[Tie], ours: Collection[int]) -> Iterator[tuple[int, int, int, int]]:
    """Yield the spans of a vehicle's organisations; most vehicles have one tie."""
    if len(ties) == 1:
        (tie,) = ties
        yield tie.customer_id, tie.vehicle_id, tie.from_day, tie.to_day
        return
    for customer_id in {tie.customer_id for tie in ties}.intersection(ours):
        for span in book.held(ties, customer_id):
            yield customer_id, *span


def _alike(conn: Connection) -> Mapping[int, int]:
    """Return under which customer each organisation stands."""
    query = select(customers.c.id, stands()).where(customers.c.is_organisation == 1)
    return {int(own): int(stood) for own, stood in conn.execute(query)}


def _touched(conn: Connection, only: Sequence[int] | None) -> list[int]:
    """Return the vehicles that were ever tied to an organisation."""
    is_ours = customers.c.is_organisation == 1
    if only is not None:
        return sorted({i for some in slices(only) for i in _tied(conn, customers.c.id.in_(some))})
    return sorted(_tied(conn, is_ours))


def _tied(conn: Connection, is_ours: ColumnElement[bool]) -> set[int]:
    owned = select(vehicle_owners.c.vehicle_id).join(customers).where(is_ours)
    bound = select(card_links.c.vehicle_id).join(customers).where(is_ours)
    known = (
        select(vehicle_keys.c.vehicle_id)
        .join(cards, cards.c.number == vehicle_keys.c.text)
        .join(card_links, card_links.c.card_id == cards.c.id)
        .join(customers, customers.c.id == card_links.c.customer_id)
        .where(is_ours, vehicle_keys.c.kind == KeyKind.CARD.value)
    )
    found = {i for query in (owned, bound, known) for i in conn.execute(query).scalars()}
    return {int(vehicle_id) for vehicle_id in found - {None}}


def cards_held(conn: Connection) -> pd.DataFrame:
    """Return number, customer_id, from_day and to_day of the cards that organisations held.

    Where two held one at once, the newer comes last.
    """
    query = (
        select(
            cards.c.number,
            stands().label("customer_id"),
            card_links.c.from_day,
            func.coalesce(card_links.c.to_day, FOREVER).label("to_day"),
        )
        .join_from(card_links, cards)
        .join(customers, customers.c.id == card_links.c.customer_id)
        .where(customers.c.is_organisation == 1)
    )
    return frame(conn, query.order_by(card_links.c.from_day, card_links.c.id))


def labels(conn: Connection, vehicle_ids: Sequence[int]) -> "pd.Series[str]":
    """Return by what each of these vehicles is shown, by its id."""
    parts = [frame(conn, _labelled(some)) for some in slices(vehicle_ids)]
    if not parts:
        return pd.Series(dtype=object)
    keys = pd.concat(parts, ignore_index=True).drop_duplicates("vehicle_id", keep="last")
    return keys.set_index("vehicle_id")["text"]


def _labelled(vehicle_ids: Sequence[int]) -> Select[Any]:
    key = vehicle_keys.c
    is_plate = key.kind == KeyKind.PLATE.value
    query = select(key.vehicle_id, key.text).where(key.vehicle_id.in_(vehicle_ids))
    return query.order_by(is_plate, key.valid_from_day)
