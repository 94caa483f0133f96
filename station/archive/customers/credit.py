"""What organisations bought, day by day, and which periods they have paid for."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from station.archive.customers.book import during
from station.archive.customers.stands import stands
from station.archive.customers.tables import settlements
from station.archive.keys import borne, named
from station.archive.rows import frame, slices
from station.archive.tables import customers, sales, vehicle_keys
from station.archive.views import visible
from station.model import DAY_S

LINE = ["vehicle_id", "card_no", "day", "currency"]
BOUGHT = ("customer_id", "day", "currency", "amount_minor")
NUMBERS = ("customer_id", "day", "amount_minor")


class Settlement(NamedTuple):
    """That a period was paid for, and who said so."""

    customer_id: int
    period_end_day: int
    settled_day: int
    account: str


class Window(NamedTuple):
    """Whose lines count, at which stations, from one day to the day before another."""

    customer_ids: Collection[int]
    station_ids: Collection[int]
    from_day: int
    to_day: int


def bought(
    conn: Connection, spans: pd.DataFrame, cards: pd.DataFrame, window: Window
) -> pd.DataFrame:
    """Return BOUGHT: what was bought with vehicles while they were a customer's, or by his cards.

    A line counts once: for the organisation whose card paid, else for that whose vehicle it was.
    `spans` are those of `fleet.spans`, `cards` those of `fleet.cards_held`.
    """
    spans = spans[spans["customer_id"].isin(window.customer_ids)]
    vehicle_ids = sorted(set(spans["vehicle_id"].tolist()))
    numbers = sorted(set(cards.loc[cards["customer_id"].isin(window.customer_ids), "number"]))
    wanted = [*_of_vehicles(vehicle_ids), *_of_cards(numbers)]
    parts = [frame(conn, _sums(which, window)) for which in wanted]
    told = [part for part in parts if not part.empty]
    if not told:
        return pd.DataFrame({name: [] for name in BOUGHT}).astype(dict.fromkeys(NUMBERS, "int64"))
    lines = pd.concat([part.astype("object") for part in told]).drop_duplicates(LINE)
    sums = _attributed(lines.reset_index(drop=True), spans, cards)
    return sums[sums["customer_id"].isin(window.customer_ids)].reset_index(drop=True)


def _of_vehicles(vehicle_ids: Sequence[int]) -> Iterator[ColumnElement[bool]]:
    for some in slices(vehicle_ids):
        yield vehicle_keys.c.vehicle_id.in_(some)


def _of_cards(numbers: Sequence[str]) -> Iterator[ColumnElement[bool]]:
    for some in slices(numbers):
        yield sales.c.card_no.in_(some)


def _sums(which: ColumnElement[bool], window: Window) -> Any:
    day = (sales.c.local_at // DAY_S).label("day")
    by = (vehicle_keys.c.vehicle_id, sales.c.card_no, day, sales.c.currency)
    return (
        select(*by, func.sum(sales.c.amount_minor).label("amount_minor"))
        .outerjoin_from(sales, named, named.c.id == sales.c.key_id)
        .outerjoin(vehicle_keys, borne(sales.c.local_at))
        .where(
            which,
            sales.c.station_id.in_(window.station_ids),
            during(sales.c.local_at, window.from_day, window.to_day),
            visible(),
        )
        .group_by(*by)
    )


def _attributed(lines: pd.DataFrame, spans: pd.DataFrame, cards: pd.DataFrame) -> pd.DataFrame:
    """Return lines summed by whose they are; those of nobody fall out."""
    lines = lines.assign(day=lines["day"].astype("int64"), row=lines.index)
    by_card = _owner(lines, cards, "card_no", "number")
    known = lines.dropna(subset="vehicle_id").astype({"vehicle_id": "int64"})
    by_vehicle = _owner(known, spans, "vehicle_id", "vehicle_id")
    whose = by_card.reindex(lines["row"]).fillna(by_vehicle.reindex(lines["row"]))
    told = lines.assign(
        customer_id=whose.to_numpy(), amount_minor=lines["amount_minor"].astype("int64")
    ).dropna(subset="customer_id")
    sums = told.groupby(["customer_id", "day", "currency"])["amount_minor"].sum().reset_index()
    return sums.astype({"customer_id": "int64", "day": "int64"})


def _owner(lines: pd.DataFrame, ties: pd.DataFrame, left: str, right: str) -> "pd.Series[Any]":
    """Return the customer to whom each row's vehicle or card was tied on its day."""
    both = lines[["row", "day", left]].merge(ties, left_on=left, right_on=right)
    held = both[(both["day"] >= both["from_day"]) & (both["day"] < both["to_day"])]
    return held.drop_duplicates("row", keep="last").set_index("row")["customer_id"]


def settled(conn: Connection, customer_ids: Collection[int] | None = None) -> pd.DataFrame:
    """Return customer_id, period_end_day, settled_day and account of what was paid for."""
    query = select(
        stands().label("customer_id"),
        settlements.c.period_end_day,
        settlements.c.settled_day,
        settlements.c.account,
    ).join(customers, customers.c.id == settlements.c.customer_id)
    if customer_ids is not None:
        query = query.where(settlements.c.customer_id.in_(customer_ids))
    told = frame(conn, query.order_by(settlements.c.period_end_day))
    return told.astype({"customer_id": "int64", "period_end_day": "int64"})


def settle(conn: Connection, settlement: Settlement) -> None:
    """Write down that a period was paid for."""
    conn.execute(insert(settlements).values(settlement._asdict()))


def unsettle(
    conn: Connection, customer_ids: Collection[int], *, first_day: int, last_day: int
) -> int:
    """Return how many settlements of a period were taken back."""
    his = settlements.c.customer_id.in_(customer_ids)
    period = settlements.c.period_end_day.between(first_day, last_day)
    return conn.execute(delete(settlements).where(his, period)).rowcount
