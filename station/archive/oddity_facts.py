"""What odd patterns are looked for in: fills of a few weeks, movements of points, sign-ups."""

import json
from collections.abc import Collection, Sequence

import pandas as pd
from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from station.archive.customers.stands import stands
from station.archive.customers.tables import batch_steps
from station.archive.keys import ALWAYS, FOREVER, borne_in_turn, named
from station.archive.people import requests as asked
from station.archive.points.tables import point_awards, point_transactions
from station.archive.rows import frame, slices
from station.archive.tables import (
    accounts,
    batches,
    card_links,
    cards,
    customers,
    products,
    requests,
    sales,
    stations,
    vehicle_keys,
)
from station.archive.views import visible
from station.model import DAY_S, Fuel, KeyKind, PointMove

EARNED = "earn:"
"""How the key of a movement begins that a sale earned; its id follows."""
BATTERY = "bev"
SPENT = (PointMove.REDEEM.value, PointMove.CONFIRM.value)
FILL_COLUMNS = (
    *("id", "station_id", "key_id", "card_no", "local_at", "has_time", "quantity_milli"),
    *("amount_minor", "nozzle"),
)


def _member() -> ColumnElement[int]:
    return stands().label("customer_id")


def fills(conn: Connection, from_day: int, to_day: int) -> pd.DataFrame:
    """Return FILL_COLUMNS, fuel, unit and is_refunded of what drove vehicles on these days."""
    back = sales.alias("back")
    taken = exists().where(back.c.reverses == sales.c.id, back.c.voided == 0)
    query = (
        select(
            *[sales.c[name] for name in FILL_COLUMNS],
            products.c.fuel,
            products.c.unit,
            taken.label("is_refunded"),
        )
        .join(products)
        .where(
            sales.c.local_at >= from_day * DAY_S,
            sales.c.local_at < (to_day + 1) * DAY_S,
            sales.c.station_id.in_(select(stations.c.id)),
            sales.c.reverses.is_(None),
            products.c.fuel != Fuel.NONE.value,
            or_(sales.c.key_id.is_not(None), sales.c.card_no != ""),
            visible(),
        )
    )
    return frame(conn, query)


def keys(conn: Connection) -> pd.DataFrame:
    """Return key_id, vehicle_id, from_day, to_day (no more), is_plate and is_electric of all."""
    key = vehicle_keys.c
    is_plate = (key.kind == KeyKind.PLATE.value).label("is_plate")
    is_electric = (key.energy == BATTERY).label("is_electric")
    known = frame(conn, select(key.id.label("key_id"), key.vehicle_id, is_plate, is_electric))
    moved = pd.DataFrame(
        borne_in_turn(conn), columns=["key_id", "bearer_id", "from_day", "to_day"]
    ).astype("int64")
    both = known.merge(moved, on="key_id", how="left")
    both["vehicle_id"] = both["bearer_id"].fillna(both["vehicle_id"]).astype("int64")
    days = {"from_day": ALWAYS, "to_day": FOREVER}
    return both.fillna(days).drop(columns="bearer_id").astype(dict.fromkeys(days, "int64"))


def bound(conn: Connection) -> pd.DataFrame:
    """Return number, kind, vehicle_id, customer_id, from_day and to_day of every card's links."""
    link = card_links.c
    query = select(
        cards.c.number,
        cards.c.kind,
        func.coalesce(link.vehicle_id, 0).label("vehicle_id"),
        func.coalesce(link.customer_id, 0).label("customer_id"),
        link.from_day,
        func.coalesce(link.to_day, FOREVER).label("to_day"),
    ).outerjoin(card_links)
    return frame(conn, query.order_by(cards.c.number, link.from_day, link.id))


def bound_to(conn: Connection, number: str) -> list[int]:
    """Return the vehicles that a card belongs to now."""
    link = card_links.c
    query = select(link.vehicle_id).join(cards).where(cards.c.number == number)
    query = query.where(link.to_day.is_(None), link.vehicle_id.is_not(None))
    return list(conn.execute(query.order_by(link.id)).scalars())


def earned(conn: Connection, from_s: int) -> pd.DataFrame:
    """Return id, sale_id, customer_id, points, at and account_id of what sales earned since."""
    moved = point_transactions.c
    account_id = func.coalesce(accounts.c.id, 0).label("account_id")
    query = (
        select(moved.id, moved.key, _member(), moved.points, moved.at, account_id)
        .join(customers, customers.c.id == moved.customer_id)
        .outerjoin(accounts, accounts.c.name == moved.account)
        .where(moved.at >= from_s, moved.key.like(f"{EARNED}%"))
    )
    rows = frame(conn, query.order_by(moved.id))
    sale_id = pd.to_numeric(rows["key"].astype(str).str[len(EARNED) :], errors="coerce")
    known = rows.assign(sale_id=sale_id).dropna(subset=["sale_id"])
    return known.astype({"sale_id": "int64"}).drop(columns="key")


def awarded(conn: Connection, from_day: int) -> pd.DataFrame:
    """Return sale_id, points and is_multiplied of what sales earned from a day on."""
    told = point_awards.c
    is_multiplied = (told.times_num > told.times_den).label("is_multiplied")
    query = select(told.sale_id, told.points, is_multiplied)
    return frame(conn, query.where(told.day >= from_day))


def imported(conn: Connection, sale_ids: Sequence[int]) -> pd.DataFrame:
    """Return sale_id, station_id and ended_at (of the import) of these lines."""
    shown = (sales.c.id.label("sale_id"), sales.c.station_id, batches.c.ended_at)
    query = select(*shown).join(batches).where(visible())
    parts = [frame(conn, query.where(sales.c.id.in_(some))) for some in slices(sale_ids)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def moves(conn: Connection, from_s: int) -> pd.DataFrame:
    """Return what moved points from an instant on, and by whom.

    Columns: id, key, move, customer_id, station_id (where, else the member's), points, day,
    account_id (0: none), is_reversed.
    """
    moved, back = point_transactions.c, point_transactions.alias("back")
    undone = exists().where(back.c.closes == moved.id, back.c.move == PointMove.REVERSE.value)
    query = (
        select(
            moved.id,
            moved.key,
            moved.move,
            _member(),
            func.coalesce(moved.station_id, customers.c.station_id).label("station_id"),
            moved.points,
            moved.day,
            func.coalesce(accounts.c.id, 0).label("account_id"),
            undone.label("is_reversed"),
        )
        .join(customers, customers.c.id == moved.customer_id)
        .outerjoin(accounts, accounts.c.name == moved.account)
        .where(moved.at >= from_s)
    )
    return frame(conn, query.order_by(moved.id))


def askers(conn: Connection, kind: str) -> dict[str, int]:
    """Return by the key of each approved request of a kind the account that asked for it."""
    query = (
        select(requests.c.payload, accounts.c.id)
        .join(accounts, accounts.c.name == requests.c.maker)
        .where(requests.c.kind == kind, requests.c.status == asked.APPROVED)
    )
    return {str(json.loads(payload)["key"]): int(id_) for payload, id_ in conn.execute(query)}


def sign_ups(conn: Connection, from_s: int) -> pd.DataFrame:
    """Return customer_id, station_id, account_id, made_at and phone_index of new members.

    Only those whom an account wrote down one by one: whom a file brought nobody signed up.
    """
    step = batch_steps.c
    by_file = exists().where(
        step.table_name == customers.name, step.row_id == customers.c.id, step.is_new == 1
    )
    query = (
        select(
            customers.c.id.label("customer_id"),
            customers.c.station_id,
            accounts.c.id.label("account_id"),
            customers.c.made_at,
            func.coalesce(customers.c.phone_index, "").label("phone_index"),
        )
        .join(accounts, accounts.c.name == customers.c.made_by)
        .where(
            customers.c.made_at >= from_s,
            customers.c.station_id.is_not(None),
            customers.c.erased_at.is_(None),
            ~by_file,
        )
    )
    return frame(conn, query.order_by(customers.c.id))


def sharing(conn: Connection) -> "pd.Series[int]":
    """Return by the index of a telephone how many members have it, where several do."""
    number = func.count(stands().distinct())
    query = select(customers.c.phone_index, number.label("members")).where(
        and_(customers.c.phone_index.is_not(None), customers.c.erased_at.is_(None))
    )
    shared = query.group_by(customers.c.phone_index).having(number > 1)
    return frame(conn, shared).set_index("phone_index")["members"]


def lines(conn: Connection, sale_ids: Sequence[int], station_ids: Collection[int]) -> pd.DataFrame:
    """Return what these lines tell a reader, the oldest first; those that count no more are gone.

    Those of other stations are left out.

    Columns: id, local_at, has_time, product, quantity_milli, unit, amount_minor, currency, nozzle,
    receipt_no, plate.
    """
    names = ("id", "local_at", "has_time", "quantity_milli", "amount_minor", "currency", "nozzle")
    plate = func.coalesce(named.c.text, "").label("plate")
    query = (
        select(
            *[sales.c[name] for name in names],
            sales.c.receipt_no,
            products.c.code.label("product"),
            products.c.unit,
            plate,
        )
        .join(products)
        .outerjoin(named, and_(named.c.id == sales.c.key_id, named.c.kind == KeyKind.PLATE.value))
        .where(sales.c.id.in_(sale_ids), sales.c.station_id.in_(station_ids), visible())
    )
    return frame(conn, query.order_by(sales.c.local_at, sales.c.id))


def deeds(conn: Connection, numbers: Sequence[int], station_ids: Collection[int]) -> pd.DataFrame:
    """Return id, at, move, points and account of these movements of points, the oldest first.

    Those made at other stations, or at none for a member of another, are left out.
    """
    moved = point_transactions.c
    where = func.coalesce(moved.station_id, customers.c.station_id)
    query = (
        select(moved.id, moved.at, moved.move, moved.points, moved.account)
        .join(customers, customers.c.id == moved.customer_id)
        .where(moved.id.in_(numbers), where.in_(station_ids))
    )
    return frame(conn, query.order_by(moved.id))


def made(
    conn: Connection, customer_ids: Sequence[int], station_ids: Collection[int]
) -> pd.DataFrame:
    """Return customer_id, code and made_at of these members, the oldest first.

    Those of other stations are left out.
    """
    shown = (customers.c.id.label("customer_id"), customers.c.code, customers.c.made_at)
    here = customers.c.station_id.in_(station_ids)
    query = select(*shown).where(customers.c.id.in_(customer_ids), here)
    return frame(conn, query.order_by(customers.c.made_at, customers.c.id))
