"""Of every customer: which vehicles were his when, since when he is known, what he cost."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy import Column, ColumnElement, Connection, Select, case, func, select

from station.archive.calls.tables import call_results, calls
from station.archive.customers import book
from station.archive.customers.book import Tie
from station.archive.customers.fleet import SPAN
from station.archive.customers.stands import stands
from station.archive.customers.tables import (
    agreements,
    customer_fields,
    field_changes,
    registrations,
)
from station.archive.points.offer_tables import coupons
from station.archive.points.referrals import State, referrals
from station.archive.points.tables import point_awards
from station.archive.rows import frame
from station.archive.tables import (
    accounts,
    card_links,
    customers,
    sales,
    vehicle_keys,
    vehicle_owners,
)
from station.archive.views import visible
from station.model import DAY_S, AgreementKind

MINUTE_S = 60
NEEDS = ("need", "scene", "pain_point")
"""The fields that say what somebody could be served with."""
OFFERS = (AgreementKind.PRICE_OFFER.value, AgreementKind.CONTRACT.value)
INFLUENCE = "influence"
"""The field that says why others follow a customer."""


class Period(NamedTuple):
    """From which day to which, both included."""

    first: int
    last: int


def everybody(conn: Connection) -> pd.DataFrame:
    """Return since_day, made_day, station_id and keeper_id by customer_id of all who stand.

    Whoever was erased is left out. Of several records that are one the earliest day counts.
    """
    own = customers.alias("own")
    query = (
        select(
            stands(own).label("customer_id"),
            func.min(own.c.since_day).label("since_day"),
            func.min(own.c.made_at).label("made_at"),
            func.min(customers.c.station_id).label("station_id"),
            func.min(customers.c.keeper_id).label("keeper_id"),
        )
        .join_from(own, customers, customers.c.id == stands(own))
        .where(customers.c.erased_at.is_(None))
        .group_by(stands(own))
    )
    rows = frame(conn, query).astype("float64").astype({"customer_id": "int64"})
    made = (rows["made_at"] // DAY_S).fillna(rows["since_day"])
    told = rows.assign(made_day=made).set_index("customer_id")
    return told[["since_day", "made_day", "station_id", "keeper_id"]]


def known(conn: Connection) -> pd.DataFrame:
    """Return code, organisation_name, station_id, keeper_id, keeper and made_at by customer_id.

    Of all who stand and were not erased.
    """
    names = ("code", "organisation_name", "station_id", "keeper_id", "made_at")
    query = (
        select(
            customers.c.id.label("customer_id"),
            *(customers.c[name] for name in names),
            accounts.c.name.label("keeper"),
        )
        .outerjoin(accounts, accounts.c.id == customers.c.keeper_id)
        .where(customers.c.merged_into.is_(None), customers.c.erased_at.is_(None))
    )
    rows = frame(conn, query)
    told = rows.assign(
        keeper=rows["keeper"].fillna(""),
        made_at=rows["made_at"].astype("float64"),
        station_id=rows["station_id"].astype("float64"),
    )
    return told.astype({"customer_id": "int64"}).set_index("customer_id")


def held(conn: Connection) -> pd.DataFrame:
    """Return SPAN: when which vehicle was whose, as `book.spans` tells of one customer."""
    touched = {
        int(one)
        for query in (
            select(vehicle_owners.c.vehicle_id).distinct(),
            select(card_links.c.vehicle_id).where(card_links.c.vehicle_id.is_not(None)).distinct(),
            select(vehicle_keys.c.vehicle_id).where(vehicle_keys.c.kind == "card").distinct(),
        )
        for one in conn.execute(query).scalars()
    }
    ties: dict[int, list[Tie]] = defaultdict(list)
    for tie in book.ties_of(conn, sorted(touched)):
        ties[tie.vehicle_id].append(tie)
    rows = [
        (one, *span)
        for his in ties.values()
        for one in dict.fromkeys(tie.customer_id for tie in his)
        for span in _spans(his, one)
    ]
    return pd.DataFrame(rows, columns=list(SPAN)).astype("int64")


def _spans(ties: list[Tie], customer_id: int) -> list[tuple[int, int, int]]:
    """Return the spans of one customer's; most vehicles have one tie."""
    if len(ties) == 1:
        (tie,) = ties
        return [(tie.vehicle_id, tie.from_day, tie.to_day)]
    return [(span.vehicle_id, *span[1:]) for span in book.held(ties, customer_id)]


# --- what he costs, and who follows him -----------------------------------------------------------


def discounts(
    conn: Connection, period: Period, station_ids: Collection[int] | None = None
) -> "pd.Series[int]":
    """Return by customer how much money coupons took off at stations, in the smallest unit."""
    query = (
        select(stands().label("customer_id"), func.sum(coupons.c.off_minor).label("amount"))
        .join_from(coupons, customers, customers.c.id == coupons.c.customer_id)
        .where(coupons.c.state == "used", coupons.c.used_day.between(*period))
        .group_by(stands())
    )
    if station_ids is not None:
        query = query.where(coupons.c.used_station_id.in_(station_ids))
    return _by_customer(conn, query)


def points(
    conn: Connection, period: Period, station_ids: Collection[int] | None = None
) -> "pd.Series[int]":
    """Return by customer how many points sales at stations earned him."""
    award = point_awards.c
    query = (
        select(stands().label("customer_id"), func.sum(award.points).label("amount"))
        .join_from(point_awards, sales, sales.c.id == award.sale_id)
        .join(customers, customers.c.id == award.customer_id)
        .where(award.day.between(*period), visible())
        .group_by(stands())
    )
    if station_ids is not None:
        query = query.where(sales.c.station_id.in_(station_ids))
    return _by_customer(conn, query)


def _by_customer(conn: Connection, query: Select[Any]) -> "pd.Series[int]":
    rows = frame(conn, query)
    return rows.astype("int64").set_index("customer_id")["amount"]


def call_minutes(
    conn: Connection, period: Period, station_ids: Collection[int] | None = None
) -> "pd.Series[int]":
    """Return by customer how many minutes of staff calls and visits took.

    As long as was planned; where nobody had planned it, from when the form was opened.
    """
    took = (call_results.c.at - call_results.c.opened_at + MINUTE_S - 1) // MINUTE_S
    minutes = func.coalesce(calls.c.minutes, case((took < 1, 1), else_=took))
    query = (
        select(stands().label("customer_id"), func.sum(minutes).label("amount"))
        .join_from(call_results, customers, customers.c.id == call_results.c.customer_id)
        .outerjoin(calls, calls.c.id == call_results.c.call_id)
        .where(call_results.c.at.between(period.first * DAY_S, (period.last + 1) * DAY_S - 1))
        .group_by(stands())
    )
    if station_ids is not None:
        query = query.where(call_results.c.station_id.in_(station_ids))
    return _by_customer(conn, query)


def influential(conn: Connection, least_brought: int) -> set[int]:
    """Return whom others follow: so his card says, or he brought so many who bought."""
    told = (
        select(stands())
        .join_from(customer_fields, customers, customers.c.id == customer_fields.c.customer_id)
        .where(customer_fields.c.field == INFLUENCE, customer_fields.c.value != "")
    )
    brought = (
        select(stands())
        .join_from(referrals, customers, customers.c.id == referrals.c.referred_by)
        .where(referrals.c.state == State.REWARDED.value)
        .group_by(stands())
        .having(func.count() >= least_brought)
    )
    return {int(one) for query in (told, brought) for one in conn.execute(query).scalars()}


# --- who means to buy -----------------------------------------------------------------------------


def intents(conn: Connection) -> Mapping[str, "pd.Series[int]"]:
    """Return by the word for it and by customer the first day on which he showed a need.

    need: he said what he needs; offer: he was made an offer; registered: he registered himself.
    """
    change, known = field_changes.c, registrations.c
    said = _first(conn, change.customer_id, change.written_at, change.field.in_(NEEDS))
    came = _first(conn, known.customer_id, known.decided_at, known.status == "confirmed")
    offered = _first(
        conn, agreements.c.customer_id, agreements.c.written_at, agreements.c.kind.in_(OFFERS)
    )
    return {"need": said, "offer": offered, "registered": came}


def _first(
    conn: Connection, whose: Column[int], at: Column[int], where: ColumnElement[bool]
) -> "pd.Series[int]":
    query = (
        select(stands().label("customer_id"), func.min(at).label("amount"))
        .join_from(whose.table, customers, customers.c.id == whose)
        .where(where)
        .group_by(stands())
    )
    return _by_customer(conn, query) // DAY_S


def kept(conn: Connection, station_ids: Collection[int] | None = None) -> dict[int, int]:
    """Return by customer the account that looks after him."""
    query = select(customers.c.id, customers.c.keeper_id).where(
        customers.c.keeper_id.is_not(None),
        customers.c.merged_into.is_(None),
        customers.c.erased_at.is_(None),
    )
    if station_ids is not None:
        query = query.where(customers.c.station_id.in_(station_ids))
    return {int(row.id): int(row.keeper_id) for row in conn.execute(query)}
