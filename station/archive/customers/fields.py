"""What is known of customers field by field, what it was before, and when it was checked."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    union_all,
    update,
)

from station.archive.customers.stands import stands
from station.archive.customers.tables import customer_fields, field_changes, field_checks
from station.archive.rows import frame, slices
from station.archive.tables import accounts, customers

COLUMNS = {
    "owner_kind": "owner_kind",
    "organisation_name": "organisation_name",
    "station": "station_id",
    "since": "since_day",
}
"""The columns of a customer's own row by field; name and phone are put by `sealed.put_contacts`."""
SILENT = ("", "unknown")
"""What stands in a column of which nothing is known."""


class Value(NamedTuple):
    """What stands in a field that has no column of its own; a sealed one leaves `value` empty."""

    customer_id: int
    field: str
    value: str
    value_sealed: bytes | None


class Change(NamedTuple):
    """A field was changed; what was and what is came sealed and leave sealed, none is nothing."""

    customer_id: int
    field: str
    old_sealed: bytes | None
    new_sealed: bytes | None
    account: str
    written_at: int
    reason: str


class Check(NamedTuple):
    """Somebody made sure on a day that a customer is reached this way, or is not."""

    customer_id: int
    field: str
    checked_day: int
    is_good: bool
    account: str


def values(
    conn: Connection, customer_ids: Collection[int], names: Collection[str] | None = None
) -> list[Value]:
    """Return what stands in the fields of customers, only in these if any are named."""
    query = select(*[customer_fields.c[name] for name in Value._fields])
    if names is not None:
        query = query.where(customer_fields.c.field.in_(names))
    return [
        Value(*row)
        for some in slices(sorted(customer_ids))
        for row in conn.execute(query.where(customer_fields.c.customer_id.in_(some)))
    ]


def put(conn: Connection, new: Sequence[Value], *, standing: Collection[Value] = ()) -> None:
    """Let values stand in their fields, in the place of those that are `standing` there."""
    wanted = {(one.customer_id, one.field) for one in new}
    _drop(conn, customer_fields, wanted & {(one.customer_id, one.field) for one in standing})
    if new:
        conn.execute(insert(customer_fields), [one._asdict() for one in new])


def take(conn: Connection, customer_id: int, field: str) -> None:
    """Let nothing stand in a field any more."""
    _drop(conn, customer_fields, [(customer_id, field)])


def _drop(conn: Connection, table: Table, fields: Iterable[tuple[int, str]]) -> None:
    place = tuple_(table.c.customer_id, table.c.field)
    for some in slices(sorted(fields)):
        conn.execute(delete(table).where(place.in_(some)))


def put_core(conn: Connection, customer_id: int, field: str, value: str | int | None) -> None:
    """Let a value stand in a column of the customer's own row."""
    change = update(customers).where(customers.c.id == bindparam("its_id"))
    conn.execute(change.values({COLUMNS[field]: value}), {"its_id": customer_id})


def note(conn: Connection, news: Sequence[Change]) -> None:
    """Write down what was changed."""
    if news:
        conn.execute(insert(field_changes), [one._asdict() for one in news])


def changes(conn: Connection, customer_ids: Collection[int]) -> list[Change]:
    """Return what was ever changed of customers, in this order."""
    columns = [field_changes.c[name] for name in Change._fields]
    query = select(*columns).where(field_changes.c.customer_id.in_(customer_ids))
    return [Change(*row) for row in conn.execute(query.order_by(field_changes.c.id))]


def put_checks(conn: Connection, news: Sequence[Check]) -> None:
    """Let checks stand in the place of earlier ones."""
    if news:
        _drop(conn, field_checks, {(one.customer_id, one.field) for one in news})
        rows = [one._asdict() | {"is_good": int(one.is_good)} for one in news]
        conn.execute(insert(field_checks), rows)


def drop_checks(conn: Connection, fields: Iterable[tuple[int, str]]) -> None:
    """Forget that fields were checked: something else stands there now."""
    _drop(conn, field_checks, fields)


def checks(conn: Connection, customer_ids: Collection[int]) -> dict[tuple[int, str], Check]:
    """Return the last check of each field of customers, by customer and field."""
    columns = [field_checks.c[name] for name in Check._fields]
    query = select(*columns).where(field_checks.c.customer_id.in_(customer_ids))
    rows = [Check(*row)._replace(is_good=bool(row.is_good)) for row in conn.execute(query)]
    return {(row.customer_id, row.field): row for row in rows}


def made_at(conn: Connection, customer_ids: Collection[int]) -> dict[int, int]:
    """Return when each customer was first written down, where that is known."""
    query = select(customers.c.id, customers.c.made_at).where(customers.c.id.in_(customer_ids))
    return {row.id: row.made_at for row in conn.execute(query) if row.made_at is not None}


def cards(conn: Connection, station_ids: Collection[int], bits: Mapping[str, int]) -> pd.DataFrame:
    """Return one row a customer who was not erased and is registered at one of these stations.

    Columns: customer_id, stands_id (whom he was found to be), station_id, is_organisation,
    keeper, made_by, made_at, since_day, and `known`, the sum of the bits of what is known of him.
    """
    told = {name: bit for name, bit in bits.items() if name not in _columns_of_core()}
    more = (
        select(customer_fields.c.customer_id, func.sum(_bit_of(told)).label("known"))
        .where(customer_fields.c.field.in_(list(told)))
        .group_by(customer_fields.c.customer_id)
        .subquery()
    )
    own = sum(
        (case((is_told, bits[name]), else_=0) for name, is_told in _columns_of_core().items()
         if name in bits),
        literal(0),
    )  # fmt: skip
    query = (
        select(
            customers.c.id.label("customer_id"),
            stands().label("stands_id"),
            customers.c.station_id,
            customers.c.is_organisation,
            func.coalesce(accounts.c.name, "").label("keeper"),
            customers.c.made_by,
            customers.c.made_at,
            customers.c.since_day,
            (own + func.coalesce(more.c.known, 0)).label("known"),
        )
        .outerjoin(more, more.c.customer_id == customers.c.id)
        .outerjoin(accounts, accounts.c.id == customers.c.keeper_id)
        .where(customers.c.erased_at.is_(None), _at(station_ids))
    )
    return frame(conn, query)


def _at(station_ids: Collection[int]) -> ColumnElement[bool]:
    """Tell the customers of these stations, and who was found to be one of them or they him."""
    here = customers.alias()
    at_them = here.c.station_id.in_(station_ids)
    kept = select(here.c.merged_into).where(at_them, here.c.merged_into.is_not(None))
    gone = select(here.c.id).where(at_them)
    return or_(
        customers.c.station_id.in_(station_ids),
        customers.c.id.in_(kept),
        and_(customers.c.merged_into.is_not(None), customers.c.merged_into.in_(gone)),
    )


def _bit_of(bits: Mapping[str, int]) -> ColumnElement[int]:
    return case(*[(customer_fields.c.field == name, bit) for name, bit in bits.items()], else_=0)


def _columns_of_core() -> dict[str, ColumnElement[bool]]:
    """Return for each field of the customer's own row the condition that it is known."""
    return {
        "name": customers.c.name_sealed.is_not(None),
        "phone": customers.c.phone_sealed.is_not(None),
        "organisation_name": customers.c.organisation_name.not_in(SILENT),
        "owner_kind": customers.c.owner_kind.not_in(SILENT),
        "station": customers.c.station_id.is_not(None),
        "since": customers.c.since_day.is_not(None),
    }


def ways(conn: Connection, station_ids: Collection[int], names: Sequence[str]) -> pd.DataFrame:
    """Return one row for each field by which a customer of these stations is reached.

    Columns: customer_id, stands_id, station_id, field, made_at, since_day, changed_at (missing
    where it never was), checked_day and is_good (missing where it never was checked).
    """
    core = [name for name in ("name", "phone") if name in names]
    kept = [select(customers.c.id.label("customer_id"), literal(name).label("field"))
            .where(_columns_of_core()[name]) for name in core]  # fmt: skip
    more = select(customer_fields.c.customer_id, customer_fields.c.field)
    reached = union_all(*kept, more.where(customer_fields.c.field.in_(names))).subquery()
    changed = (
        select(
            field_changes.c.customer_id,
            field_changes.c.field,
            func.max(field_changes.c.written_at).label("changed_at"),
        )
        .where(field_changes.c.field.in_(names))
        .group_by(field_changes.c.customer_id, field_changes.c.field)
        .subquery()
    )
    query = (
        select(
            customers.c.id.label("customer_id"),
            stands().label("stands_id"),
            customers.c.station_id,
            reached.c.field,
            customers.c.made_at,
            customers.c.since_day,
            changed.c.changed_at,
            field_checks.c.checked_day,
            field_checks.c.is_good,
        )
        .join(reached, reached.c.customer_id == customers.c.id)
        .outerjoin(changed, _same_field(changed, reached))
        .outerjoin(field_checks, _same_field(field_checks, reached))
        .where(customers.c.erased_at.is_(None), _at(station_ids))
    )
    return frame(conn, query.order_by(customers.c.id))


def _same_field(one: Any, other: Any) -> ColumnElement[bool]:
    return and_(one.c.customer_id == other.c.customer_id, one.c.field == other.c.field)
