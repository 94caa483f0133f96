"""What happened with a customer: visits by the day, what he said, what was written down of him."""

from collections.abc import Collection, Sequence
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Select, func, literal, or_, select

from station.archive.customers import book
from station.archive.customers.book import Span, during, within
from station.archive.customers.tables import customer_notes, field_changes, merges
from station.archive.rows import frame
from station.archive.tables import (
    card_links,
    cards,
    consents,
    lapse_notes,
    products,
    sales,
    vehicle_keys,
)
from station.archive.views import visible
from station.model import DAY_S, Fuel

VISIT = ("at", "station_id", "label", "quantity_milli", "unit", "amount_minor", "currency")


def visits(
    conn: Connection,
    his: Sequence[Span],
    station_ids: Collection[int],
    *,
    as_of_day: int,
    limit: int,
) -> pd.DataFrame:
    """Return VISIT of the days on which vehicles of his fuelled while they were his, newest first.

    One row a day, station, vehicle key, unit and currency; what takes a sale back counts on the
    day of that sale, and a day taken back in full is none.
    """
    parts = [frame(conn, _days(mine, station_ids, as_of_day).limit(limit)) for mine in within(his)]
    if not parts:
        return pd.DataFrame(columns=list(VISIT))
    return pd.concat(parts).sort_values("at", ascending=False).head(limit)


def _days(mine: ColumnElement[bool], station_ids: Collection[int], as_of_day: int) -> Select[Any]:
    taken_back = sales.alias()
    local_at = func.coalesce(taken_back.c.local_at, sales.c.local_at)
    quantity = func.sum(sales.c.quantity_milli)
    shown = (
        sales.c.station_id,
        vehicle_keys.c.text.label("label"),
        products.c.unit,
        sales.c.currency,
    )
    return (
        select(
            func.max(local_at).label("at"),
            *shown,
            quantity.label("quantity_milli"),
            func.sum(sales.c.amount_minor).label("amount_minor"),
        )
        .join(vehicle_keys, vehicle_keys.c.id == sales.c.key_id)
        .join(products)
        .outerjoin(taken_back, taken_back.c.id == sales.c.reverses)
        .where(
            mine,
            visible(),
            products.c.fuel != Fuel.NONE.value,
            sales.c.station_id.in_(station_ids),
            sales.c.local_at < (as_of_day + 1) * DAY_S,
        )
        .group_by(func.floor(local_at / DAY_S), *shown)
        .having(quantity > 0)
        .order_by(func.max(local_at).desc())
    )


def events(conn: Connection, customer_id: int) -> list[pd.DataFrame]:
    """Return what else happened, a frame a kind: at, kind, station_id and what tells of it."""
    ids = book.same(conn, customer_id)
    his = book.spans(conn, customer_id)
    return [
        _consents(conn, ids),
        _changes(conn, ids),
        _notes(conn, ids),
        _merges(conn, ids),
        *(_reasons(conn, span) for span in his),
    ]


def _consents(conn: Connection, ids: Collection[int]) -> pd.DataFrame:
    said = consents.c
    query = select(said.written_at.label("at"), said.given, said.purpose, said.channel)
    rows = frame(conn, query.where(said.customer_id.in_(ids)))
    kind = rows.pop("given").map({1: "agreed", 0: "withdrew"})
    return rows.assign(kind=kind, station_id=None)


def _changes(conn: Connection, ids: Collection[int]) -> pd.DataFrame:
    change = field_changes.c
    query = select(
        change.written_at.label("at"),
        change.field,
        change.account,
        literal("changed").label("kind"),
    )
    return frame(conn, query.where(change.customer_id.in_(ids))).assign(station_id=None)


def _notes(conn: Connection, ids: Collection[int]) -> pd.DataFrame:
    note = customer_notes.c
    query = select(
        note.written_at.label("at"),
        note.station_id,
        note.account,
        literal("noted").label("kind"),
    )
    return frame(conn, query.where(note.customer_id.in_(ids)))


def _merges(conn: Connection, ids: Collection[int]) -> pd.DataFrame:
    merge = merges.c
    query = select(
        merge.merged_at.label("at"), merge.account, literal("merged").label("kind")
    ).where(or_(merge.kept_id.in_(ids), merge.gone_id.in_(ids)), merge.undone_at.is_(None))
    return frame(conn, query).assign(station_id=None)


def _reasons(conn: Connection, span: Span) -> pd.DataFrame:
    """Return why a vehicle stayed away while it was his."""
    note = lapse_notes.c
    query = select(
        note.written_at.label("at"),
        note.station_id,
        note.reason,
        note.account,
        literal("stayed_away").label("kind"),
    )
    mine = note.vehicle_id == span.vehicle_id
    return frame(conn, query.where(mine, during(note.written_at, span.from_day, span.to_day)))


def cards_now(conn: Connection, customer_id: int) -> pd.DataFrame:
    """Return number, kind, from_day and to_day of a customer's cards, those he holds first."""
    link = card_links.c
    query = (
        select(cards.c.number, cards.c.kind, link.from_day, link.to_day)
        .join_from(card_links, cards)
        .where(link.customer_id.in_(book.same(conn, customer_id)))
        .order_by(link.to_day.is_not(None), link.from_day.desc())
    )
    return frame(conn, query)
