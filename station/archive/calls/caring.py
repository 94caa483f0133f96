"""Whom we thought of, in which words, and which messages left the house."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

import pandas as pd
from sqlalchemy import Connection, delete, func, insert, select, update

from station.archive.calls.care_tables import care_contacts, care_lists, care_words
from station.archive.customers.stands import stands
from station.archive.customers.tables import customer_fields
from station.archive.rows import frame, slices
from station.archive.tables import customers


class Thought(NamedTuple):
    """That somebody was thought of on an occasion; `about` tells two of one kind apart."""

    customer_id: int
    station_id: int
    occasion: str
    about: str
    due_day: int
    channel: str
    list_id: int | None
    account: str
    day: int
    at: int


class Words(NamedTuple):
    """How a station writes on an occasion, since when, by whom and why."""

    station_id: int
    occasion: str
    lang: str
    words: str
    offer: str
    account: str
    written_at: int
    reason: str


@dataclass(frozen=True, slots=True)
class Sending:
    """A list of messages: in which words, how it stands, and under which key it is sent."""

    station_id: int
    occasion: str
    channel: str
    lang: str
    words: str
    offer: str
    status: str
    people: int
    account: str
    made_at: int
    reason: str
    key: str
    tries: int = 0
    answered_at: int | None = None
    answer: str = ""
    id: int = 0


# --- who is thought of ----------------------------------------------------------------------------


def people(conn: Connection, station_ids: Collection[int]) -> pd.DataFrame:
    """Return customer_id, station_id, keeper_id and is_organisation of these stations' customers.

    One row for each that stands for himself and was not erased. Where his own record names no
    station or keeper, one that was found to be his does.
    """
    query = select(
        stands().label("customer_id"),
        customers.c.id,
        customers.c.station_id,
        customers.c.keeper_id,
        customers.c.is_organisation,
        customers.c.code,
    ).where(customers.c.erased_at.is_(None))
    rows = frame(conn, query.order_by(customers.c.merged_into.is_not(None), customers.c.id))
    if rows.empty:
        return rows.drop(columns="id")
    told = rows.drop(columns="id").groupby("customer_id", as_index=False, sort=True).first()
    return told[told["station_id"].isin(station_ids)].reset_index(drop=True)


def days_told(conn: Connection, names: Collection[str]) -> list[tuple[int, str, str]]:
    """Return who, field and value of these fields, of whoever stands for each customer."""
    query = (
        select(stands(), customer_fields.c.field, customer_fields.c.value)
        .join_from(customer_fields, customers)
        .where(customer_fields.c.field.in_(names), customer_fields.c.value != "")
        .order_by(customers.c.merged_into.is_not(None), customers.c.id)
    )
    return [(int(one), str(field), str(value)) for one, field, value in conn.execute(query)]


# --- thoughts -------------------------------------------------------------------------------------


def add(conn: Connection, thoughts: Sequence[Thought]) -> None:
    """Write down that these customers were thought of."""
    if thoughts:
        conn.execute(insert(care_contacts), [one._asdict() for one in thoughts])


def had(conn: Connection, customer_ids: Collection[int]) -> set[tuple[int, str, str]]:
    """Return who stands, occasion and about of what these customers were thought of for."""
    found: set[tuple[int, str, str]] = set()
    for some in slices(sorted(customer_ids)):
        query = select(stands(), care_contacts.c.occasion, care_contacts.c.about)
        rows = query.join_from(care_contacts, customers).where(stands().in_(some))
        found |= {(int(one), str(kind), str(about)) for one, kind, about in conn.execute(rows)}
    return found


def of_customer(conn: Connection, customer_ids: Collection[int]) -> list[Thought]:
    """Return on what a customer was thought of, the newest first."""
    query = select(*[care_contacts.c[name] for name in Thought._fields])
    mine = care_contacts.c.customer_id.in_(customer_ids)
    rows = conn.execute(query.where(mine).order_by(care_contacts.c.id.desc()))
    return [Thought(*row) for row in rows]


def of_rows(
    conn: Connection, row_ids: Collection[int], from_day: int, but_list: int | None = None
) -> list[Thought]:
    """Return the thoughts of these rows of customers since a day, without those of one list."""
    query = select(*[care_contacts.c[name] for name in Thought._fields])
    query = query.where(care_contacts.c.day >= from_day)
    if but_list is not None:
        query = query.where(func.coalesce(care_contacts.c.list_id, 0) != but_list)
    return [
        Thought(*row)
        for some in slices(sorted(row_ids))
        for row in conn.execute(query.where(care_contacts.c.customer_id.in_(some)))
    ]


def since(conn: Connection, station_ids: Collection[int], from_day: int) -> list[Thought]:
    """Return on what anybody was thought of at these stations since a day."""
    query = select(*[care_contacts.c[name] for name in Thought._fields])
    here = care_contacts.c.station_id.in_(station_ids)
    rows = conn.execute(query.where(here, care_contacts.c.day >= from_day))
    return [Thought(*row) for row in rows]


def forget(conn: Connection, before_s: int) -> int:
    """Return how many thoughts from before an instant were forgotten."""
    return conn.execute(delete(care_contacts).where(care_contacts.c.at < before_s)).rowcount


# --- lists ----------------------------------------------------------------------------------------


def put_list(conn: Connection, new: Sending) -> int:
    """Return the id of a new list."""
    values = {name: value for name, value in asdict(new).items() if name != "id"}
    added = insert(care_lists).values(values).returning(care_lists.c.id)
    return int(conn.execute(added).scalar_one())


def lists(conn: Connection, station_ids: Collection[int], *, limit: int) -> list[Sending]:
    """Return the newest lists of these stations, the newest first."""
    query = select(care_lists).where(care_lists.c.station_id.in_(station_ids))
    rows = conn.execute(query.order_by(care_lists.c.id.desc()).limit(limit)).mappings()
    return [Sending(**row) for row in rows]


def by_key(conn: Connection, key: str) -> Sending | None:
    """Return the list that a form made, none if it made none."""
    row = conn.execute(select(care_lists).where(care_lists.c.key == key)).mappings().first()
    return None if row is None else Sending(**row)


def find_list(conn: Connection, list_id: int, station_ids: Collection[int]) -> Sending | None:
    """Return a list of one of these stations, none if there is none."""
    mine = (care_lists.c.id == list_id) & care_lists.c.station_id.in_(station_ids)
    row = conn.execute(select(care_lists).where(mine)).mappings().first()
    return None if row is None else Sending(**row)


def members(conn: Connection, list_id: int) -> list[Thought]:
    """Return whom a list is for, in order."""
    query = select(*[care_contacts.c[name] for name in Thought._fields])
    rows = conn.execute(query.where(care_contacts.c.list_id == list_id).order_by("id"))
    return [Thought(*row) for row in rows]


def mark_list(conn: Connection, list_id: int, **changes: object) -> None:
    """Write down what became of a list."""
    conn.execute(update(care_lists).where(care_lists.c.id == list_id).values(**changes))


def take_out(conn: Connection, list_id: int, customer_ids: Collection[int] | None = None) -> int:
    """Return how many of a list, all of it unless named, were not thought of after all."""
    mine = care_contacts.c.list_id == list_id
    if customer_ids is not None:
        mine &= care_contacts.c.customer_id.in_(customer_ids)
    return conn.execute(delete(care_contacts).where(mine)).rowcount


# --- words ----------------------------------------------------------------------------------------


def put_words(conn: Connection, new: Words) -> None:
    """Keep new words; those before stay in the history."""
    conn.execute(insert(care_words).values(new._asdict()))


def history(conn: Connection, station_id: int, occasion: str, lang: str) -> list[Words]:
    """Return how a station ever wrote on an occasion, the newest first."""
    words = care_words.c
    query = select(*[words[name] for name in Words._fields]).where(
        words.station_id == station_id, words.occasion == occasion, words.lang == lang
    )
    return [Words(*row) for row in conn.execute(query.order_by(words.id.desc()))]
