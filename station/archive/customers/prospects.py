"""Who could become a customer: taken up, decided on, and won by his first purchase."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
from sqlalchemy import BigInteger, Connection, Select, and_, cast, func, insert, or_, select, update

from station.archive.customers import links
from station.archive.customers.book import FOREVER, by_card
from station.archive.customers.links import Link
from station.archive.customers.sealed import REACHED_BY, Contact, contact_of
from station.archive.customers.stands import stands
from station.archive.customers.tables import prospects
from station.archive.keys import borne, named
from station.archive.rows import frame, slices
from station.archive.tables import (
    accounts,
    card_links,
    cards,
    customers,
    sales,
    vehicle_keys,
    vehicle_owners,
)
from station.archive.views import visible
from station.model import DAY_S, KeyKind

OPEN, PAUSED, GIVEN_UP, WON = "open", "paused", "given_up", "won"


@dataclass(frozen=True, slots=True)
class Prospect:
    """A customer who is none yet; `pause_until_day` is the day on which he comes back."""

    customer_id: int
    source: str
    reliability: str
    belongs: str
    standing: str
    event: str
    account: str
    made_at: int
    pause_until_day: int | None = None
    won_day: int | None = None


def add(conn: Connection, prospect: Prospect) -> None:
    """Write down that a customer is a prospect."""
    conn.execute(insert(prospects).values(asdict(prospect)))


def find(conn: Connection, customer_ids: Collection[int]) -> Prospect | None:
    """Return the prospect among the rows of one customer, the oldest where there are several."""
    query = select(prospects).where(prospects.c.customer_id.in_(customer_ids))
    oldest = query.order_by(prospects.c.made_at, prospects.c.customer_id)
    row = conn.execute(oldest).mappings().first()
    return Prospect(**row) if row else None


def change(conn: Connection, customer_id: int, **values: object) -> None:
    """Change what is written of a prospect."""
    mine = prospects.c.customer_id == customer_id
    conn.execute(update(prospects).where(mine).values(values))


def listing(conn: Connection, station_ids: Collection[int]) -> pd.DataFrame:
    """Return the prospects registered at these stations, one row a person, as they are written.

    Columns: those of Prospect, and prospect_id, organisation_name, station_id, keeper_id, keeper
    and vehicle_id, the newest that is his. A customer who was found to be another stands under
    that one, who tells his name; `prospect_id` is the one who was taken up.
    """
    own, first = customers.alias("own"), customers.alias("first")
    query = (
        select(
            prospects,
            first.c.id.label("first_id"),
            first.c.organisation_name,
            own.c.station_id,
            first.c.keeper_id,
            accounts.c.name.label("keeper"),
        )
        .join(own, own.c.id == prospects.c.customer_id)
        .join(first, first.c.id == stands(own))
        .outerjoin(accounts, accounts.c.id == first.c.keeper_id)
        .where(own.c.station_id.in_(station_ids), first.c.erased_at.is_(None))
        .order_by(prospects.c.made_at.desc(), prospects.c.customer_id)
    )
    rows = frame(conn, query).drop_duplicates("first_id", keep="last")
    vehicles = _vehicles(conn, rows["customer_id"].tolist())
    return rows.assign(
        prospect_id=rows["customer_id"],
        customer_id=rows.pop("first_id"),
        keeper=rows["keeper"].fillna(""),
        vehicle_id=rows["customer_id"].map(vehicles).astype("Int64"),
    ).reset_index(drop=True)


def _vehicles(conn: Connection, customer_ids: Sequence[int]) -> dict[int, int]:
    """Return the newest vehicle that is each customer's now."""
    query = select(vehicle_owners.c.customer_id, vehicle_owners.c.vehicle_id)
    query = query.where(vehicle_owners.c.to_day.is_(None)).order_by(vehicle_owners.c.id)
    return {
        int(row.customer_id): int(row.vehicle_id)
        for some in slices(customer_ids)
        for row in conn.execute(query.where(vehicle_owners.c.customer_id.in_(some)))
    }


def contacts_of(conn: Connection, customer_ids: Sequence[int]) -> dict[int, Contact]:
    """Return how customers are reached, sealed."""
    query = select(customers.c.id, customers.c.erased_at, *[customers.c[n] for n in REACHED_BY])
    return {
        int(row.id): contact_of(row)
        for some in slices(customer_ids)
        for row in conn.execute(query.where(customers.c.id.in_(some)))
    }


def tie(conn: Connection, vehicle_id: int, customer_id: int, day: int) -> None:
    """Let a vehicle be a customer's from a day on."""
    link = Link(vehicle_id, (customer_id,), day)
    links.put(conn, vehicle_owners, "vehicle_id", ("customer_id",), [link])


# --- won --------------------------------------------------------------------------------------


def first_purchases(conn: Connection, customer_ids: Collection[int] | None = None) -> pd.Series:
    """Return by customer_id the local day of the first purchase since he was taken up.

    Of those only who have not been won yet. A purchase is a line of a vehicle while it is his, or
    one paid by a card while that is his; one that was taken back whole is none.
    """
    waiting = _waiting(conn, customer_ids)
    if not waiting:
        return pd.Series(dtype="int64")
    whole = _whole(conn, waiting)
    bought = pd.concat([*_by_vehicles(conn, whole), *_by_cards(conn, whole, waiting)])
    bought["customer_id"] = bought["holder"].map(whole)
    bought["made_at"] = bought["customer_id"].map(waiting)
    since = bought[bought["sold_at"] > bought["made_at"]]
    days = since["local_at"].astype("int64") // DAY_S
    return days.groupby(since["customer_id"].astype("int64")).min()


def _waiting(conn: Connection, customer_ids: Collection[int] | None) -> dict[int, int]:
    """Return since when each prospect waits who is not won."""
    query = select(prospects.c.customer_id, prospects.c.made_at).where(
        prospects.c.won_day.is_(None)
    )
    rows = conn.execute(query).all()
    chosen = None if customer_ids is None else set(customer_ids)
    return {row.customer_id: row.made_at for row in rows if chosen is None or row[0] in chosen}


def _whole(conn: Connection, waiting: Iterable[int]) -> dict[int, int]:
    """Return whose prospect each customer is who was found to be one of those waiting."""
    query = select(customers.c.id, stands().label("first"))
    firsts = {
        row.first: row.id
        for some in slices(sorted(waiting))
        for row in conn.execute(query.where(customers.c.id.in_(some)))
    }
    return {
        int(row.id): int(firsts[row.first])
        for some in slices(sorted(firsts))
        for row in conn.execute(
            query.where(or_(customers.c.id.in_(some), customers.c.merged_into.in_(some)))
        )
    }


def _by_vehicles(conn: Connection, whole: dict[int, int]) -> Iterator[pd.DataFrame]:
    """Yield holder, sold_at and local_at of the lines of their vehicles while they were theirs."""
    carried = by_card().label("vehicle_id")
    for some in slices(sorted(whole)):
        owned = vehicle_owners.c
        query = (
            _lines(owned.customer_id)
            .join(named, named.c.id == sales.c.key_id)
            .join(vehicle_keys, borne(sales.c.local_at))
            .join(vehicle_owners, owned.vehicle_id == vehicle_keys.c.vehicle_id)
            .where(owned.customer_id.in_(some), _held(owned.from_day, owned.to_day))
        )
        yield frame(conn, query)
        held = (
            select(carried, card_links.c.customer_id, card_links.c.from_day, card_links.c.to_day)
            .join_from(card_links, cards)
            .where(card_links.c.customer_id.in_(some))
            .subquery()
        )
        query = (
            _lines(held.c.customer_id)
            .join(named, named.c.id == sales.c.key_id)
            .join(vehicle_keys, borne(sales.c.local_at))
            .join(held, held.c.vehicle_id == vehicle_keys.c.vehicle_id)
            .where(_held(held.c.from_day, held.c.to_day))
        )
        yield frame(conn, query)


def _by_cards(
    conn: Connection, whole: dict[int, int], waiting: dict[int, int]
) -> Iterator[pd.DataFrame]:
    """Yield the same of the lines paid by their cards; few have one, so the scan is spared most."""
    since = min(waiting.values()) - DAY_S  # a station's clock is less than a day off
    for some in slices(sorted(whole)):
        mine = card_links.c.customer_id.in_(some)
        if conn.execute(select(card_links.c.id).where(mine).limit(1)).first() is None:
            continue
        query = (
            _lines(card_links.c.customer_id)
            .join(cards, cards.c.number == sales.c.card_no)
            .join(card_links, card_links.c.card_id == cards.c.id)
            .where(mine, sales.c.local_at >= since)
            .where(_held(card_links.c.from_day, card_links.c.to_day))
        )
        yield frame(conn, query)


def _lines(holder: Any) -> Select[Any]:
    """Return the lines that stand; one that another line takes back is none."""
    back = sales.alias("back")
    taken_back = select(back.c.id).where(back.c.reverses == sales.c.id, back.c.voided == 0)
    return (
        select(holder.label("holder"), sales.c.sold_at, sales.c.local_at)
        .select_from(sales)
        .where(visible(), sales.c.reverses.is_(None), sales.c.quantity_milli > 0)
        .where(~taken_back.exists())
    )


def _held(from_day: Any, to_day: Any) -> Any:
    return and_(
        sales.c.local_at >= cast(from_day, BigInteger) * DAY_S,
        sales.c.local_at < cast(func.coalesce(to_day, FOREVER), BigInteger) * DAY_S,
    )


def settle_won(conn: Connection) -> int:
    """Return how many prospects were found to have bought; their day is written down for good."""
    won = first_purchases(conn)
    for customer_id, day in won.items():
        change(conn, int(str(customer_id)), won_day=int(day), standing=WON, pause_until_day=None)
    return len(won)


# --- what the archive knows of others ---------------------------------------------------------


def paid_by_others(conn: Connection, station_ids: Collection[int], from_day: int) -> pd.DataFrame:
    """Return vehicle_id, organisation_name and lines: who paid by an organisation's card lately."""
    query = (
        select(
            vehicle_keys.c.vehicle_id, customers.c.organisation_name, func.count().label("lines")
        )
        .select_from(sales)
        .join(named, named.c.id == sales.c.key_id)
        .join(vehicle_keys, borne(sales.c.local_at))
        .join(cards, cards.c.number == sales.c.card_no)
        .join(card_links, card_links.c.card_id == cards.c.id)
        .join(customers, customers.c.id == card_links.c.customer_id)
        .where(
            sales.c.station_id.in_(station_ids),
            sales.c.local_at >= from_day * DAY_S,
            sales.c.card_no != "",
            customers.c.is_organisation == 1,
            customers.c.organisation_name != "",
            card_links.c.to_day.is_(None),  # a card given back vouches for nobody
            _held(card_links.c.from_day, card_links.c.to_day),
            visible(),
        )
        .group_by(vehicle_keys.c.vehicle_id, customers.c.organisation_name)
    )
    rows = frame(conn, query.order_by(func.count().desc(), customers.c.organisation_name))
    return rows.drop_duplicates("vehicle_id", ignore_index=True)


def vehicle_of(conn: Connection, key_id: int) -> int:
    """Return which vehicle is known by a key."""
    query = select(vehicle_keys.c.vehicle_id).where(vehicle_keys.c.id == key_id)
    return int(conn.execute(query).scalar_one())


def with_plate(conn: Connection, plate: str) -> list[int]:
    """Return the vehicles known by a plate, whatever its colour."""
    key = vehicle_keys.c
    query = select(key.vehicle_id).where(key.kind == KeyKind.PLATE.value, key.text == plate)
    return sorted(set(conn.execute(query).scalars()))
