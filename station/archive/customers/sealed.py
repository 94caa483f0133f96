"""What is sealed in the archive, and at which place; sealed it comes in, sealed it leaves."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from string import Formatter
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, LargeBinary, bindparam, func, select, union, update

from station.archive.calls.tables import call_results, complaints
from station.archive.customers.stands import stands
from station.archive.customers.tables import (
    agreements,
    attachments,
    contact_persons,
    customer_fields,
    customer_notes,
    field_changes,
    occasions,
    registrations,
)
from station.archive.rows import slices
from station.archive.tables import customers, lapse_notes, oddity_steps, quarantine

REACHED_BY = ("name_sealed", "phone_sealed", "phone_index", "name_index")
"""What is kept of how a customer is reached."""


class Kind(StrEnum):
    """What is sealed."""

    NAME = "name"
    PHONE = "phone"
    NOTE = "note"
    ROW = "row"
    FIELD = "field"
    OLD = "old"
    NEW = "new"
    PERSON_NAME = "person_name"
    PERSON_PHONE = "person_phone"
    TERMS = "terms"
    REMARK = "remark"
    OCCASION = "occasion"
    FILE_NAME = "file_name"
    FILE = "file"
    REGISTRATION = "registration"
    ODDITY = "oddity"
    CALL = "call"
    COMPETITOR = "competitor"
    COMPLAINT = "complaint"


class Sealing(NamedTuple):
    """Where a kind stands, to which row it belongs, and the hash by which it is found."""

    column: Column[Any]
    place: str
    found_by: Column[Any] | None = None


SEALINGS: dict[Kind, Sealing] = {
    Kind.NAME: Sealing(customers.c.name_sealed, "customers/{id}/name", customers.c.name_index),
    Kind.PHONE: Sealing(customers.c.phone_sealed, "customers/{id}/phone", customers.c.phone_index),
    Kind.NOTE: Sealing(lapse_notes.c.note_sealed, "lapse_notes/{vehicle_id}/{written_at}"),
    Kind.ROW: Sealing(quarantine.c.row_sealed, "quarantine/{batch_id}/{line_no}"),
    Kind.FIELD: Sealing(customer_fields.c.value_sealed, "customer_fields/{customer_id}/{field}"),
    Kind.OLD: Sealing(
        field_changes.c.old_sealed, "field_changes/{customer_id}/{field}/{written_at}/old"
    ),
    Kind.NEW: Sealing(
        field_changes.c.new_sealed, "field_changes/{customer_id}/{field}/{written_at}/new"
    ),
    Kind.PERSON_NAME: Sealing(
        contact_persons.c.name_sealed,
        "contact_persons/{customer_id}/name",
        contact_persons.c.name_index,
    ),
    Kind.PERSON_PHONE: Sealing(
        contact_persons.c.phone_sealed,
        "contact_persons/{customer_id}/phone",
        contact_persons.c.phone_index,
    ),
    Kind.TERMS: Sealing(agreements.c.terms_sealed, "agreements/{customer_id}/{written_at}"),
    Kind.REMARK: Sealing(
        customer_notes.c.words_sealed, "customer_notes/{customer_id}/{written_at}"
    ),
    Kind.OCCASION: Sealing(occasions.c.words_sealed, "occasions/{customer_id}/{written_at}"),
    Kind.FILE_NAME: Sealing(
        attachments.c.name_sealed, "attachments/{customer_id}/{written_at}/name"
    ),
    Kind.FILE: Sealing(
        attachments.c.content_sealed, "attachments/{customer_id}/{written_at}/content"
    ),
    Kind.REGISTRATION: Sealing(
        registrations.c.words_sealed, "registrations/{station_id}/{made_at}"
    ),
    Kind.ODDITY: Sealing(oddity_steps.c.words_sealed, "oddity_steps/{oddity_id}/{written_at}"),
    Kind.CALL: Sealing(call_results.c.words_sealed, "call_results/{key}/words"),
    Kind.COMPETITOR: Sealing(call_results.c.competitor_sealed, "call_results/{key}/competitor"),
    Kind.COMPLAINT: Sealing(complaints.c.said_sealed, "complaints/{customer_id}/{opened_at}"),
}
"""Everything that is sealed; a text moved to another row cannot be opened there."""


def place(kind: Kind, **facts: object) -> str:
    """Return to which row a text belongs; `facts` are the row's columns that its place names."""
    return SEALINGS[kind].place.format(**facts)


def _placed_by(kind: Kind) -> list[Column[Any]]:
    """Return the columns that tell the place of each text of a kind, its id first."""
    column, pattern, _ = SEALINGS[kind]
    names = [name for _, name, _, _ in Formatter().parse(pattern) if name and name != "id"]
    return [column.table.c[name] for name in ("id", *names)]


@dataclass(frozen=True, slots=True)
class SealedText:
    """One sealed text of the archive; `index` is by what a name or phone is found."""

    id: int
    place: str
    sealed: bytes
    index: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """How a customer is reached, sealed; by the indexes he is found.

    `name_of` and `phone_of` are whose row tells the name or the phone, where it is another than
    `id` that was found to be the same customer.
    """

    id: int
    name_sealed: bytes | None = None
    phone_sealed: bytes | None = None
    phone_index: str | None = None
    name_index: str | None = None
    is_erased: bool = False
    name_of: int | None = None
    phone_of: int | None = None


def any_sealed(conn: Connection) -> bool:
    """Return whether anything is sealed; then the keys must not be made anew."""
    return any(
        conn.execute(select(column.table.c.id).where(column.is_not(None)).limit(1)).first()
        for column, _, _ in SEALINGS.values()
    )


def beginnings(conn: Connection, length: int) -> set[bytes]:
    """Return how sealed texts begin."""
    found: set[bytes] = set()
    for column, _, _ in SEALINGS.values():
        begins = func.substr(column, 1, length, type_=LargeBinary)
        found |= set(conn.execute(select(begins).where(column.is_not(None)).distinct()).scalars())
    return found


def texts(
    conn: Connection, kind: Kind, *, after_id: int, but_mark: bytes, limit: int
) -> list[SealedText]:
    """Return the next texts of a kind, by id, that do not begin with `but_mark`."""
    column = SEALINGS[kind].column
    ids = column.table.c.id
    begins = func.substr(column, 1, len(but_mark), type_=LargeBinary)
    query = (
        select(*_placed_by(kind), column.label("sealed"))
        .where(ids > after_id, column.is_not(None), begins != but_mark)
        .order_by(ids)
        .limit(limit)
    )
    return [
        SealedText(row["id"], place(kind, **row), row["sealed"])
        for row in conn.execute(query).mappings()
    ]


def put(conn: Connection, kind: Kind, new: Sequence[SealedText]) -> None:
    """Put texts that were sealed anew in the place of the old ones."""
    if not new:
        return
    column, _, index = SEALINGS[kind]
    values: dict[str, Any] = {column.name: bindparam("its_sealed")}  # no column is called so
    rows = [{"its_id": text.id, "its_sealed": text.sealed} for text in new]
    if index is not None:
        values[index.name] = bindparam("its_index")
        rows = [{**row, "its_index": text.index} for row, text in zip(rows, new, strict=True)]
    change = update(column.table).where(column.table.c.id == bindparam("its_id"))
    conn.execute(change.values(values), rows)


def contacts(conn: Connection, codes: Collection[str]) -> dict[str, Contact]:
    """Return by code how the customers of these codes are reached."""
    shown = ("id", *REACHED_BY, "erased_at", "code")
    query = select(*[customers.c[name] for name in shown])
    return {
        row.code: contact_of(row)
        for some in slices(sorted(set(codes)))
        for row in conn.execute(query.where(customers.c.code.in_(some)))
    }


def contact_of(first: Any, *others: Any) -> Contact:
    """Return how the customer of a row is reached; what it does not tell, his other rows tell."""
    rows = [first, *others]
    named = next((row for row in rows if row.name_sealed is not None), first)
    phoned = next((row for row in rows if row.phone_sealed is not None), first)
    return Contact(
        first.id,
        name_sealed=named.name_sealed,
        name_index=named.name_index,
        phone_sealed=phoned.phone_sealed,
        phone_index=phoned.phone_index,
        is_erased=first.erased_at is not None,
        name_of=None if named is first else named.id,
        phone_of=None if phoned is first else phoned.id,
    )


def _own(contact: Contact) -> Contact:
    """Return what stands in the customer's own row, without what other rows of his tell."""
    if contact.name_of is not None:
        contact = replace(contact, name_sealed=None, name_index=None, name_of=None)
    if contact.phone_of is not None:
        contact = replace(contact, phone_sealed=None, phone_index=None, phone_of=None)
    return contact


def put_contacts(conn: Connection, changed: Sequence[Contact]) -> None:
    """Store how customers are reached."""
    change = update(customers).where(customers.c.id == bindparam("its_id"))
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in REACHED_BY}
    rows = [
        {"its_id": one.id, **{f"new_{name}": getattr(one, name) for name in REACHED_BY}}
        for one in map(_own, changed)
    ]
    if rows:
        conn.execute(change.values(values), rows)


def with_phone(conn: Connection, indexes: Collection[str]) -> list[int]:
    """Return the ids of the customers reached by the phone under one of these hashes.

    An organisation is reached by those of its people who are still there.
    """
    return _found(conn, customers.c.phone_index, contact_persons.c.phone_index, indexes)


def with_name(conn: Connection, indexes: Collection[str]) -> list[int]:
    """Return the ids of the customers whose name, or that of one of their people, is hashed so."""
    return _found(conn, customers.c.name_index, contact_persons.c.name_index, indexes)


def _found(
    conn: Connection, own: Column[Any], of_people: Column[Any], indexes: Collection[str]
) -> list[int]:
    """Return the customers of these rows and people, each once and as the one that stands."""
    people = select(contact_persons.c.customer_id).where(
        of_people.in_(indexes), contact_persons.c.to_day.is_(None)
    )
    rows = union(select(customers.c.id).where(own.in_(indexes)), people)
    found = conn.execute(select(stands()).where(customers.c.id.in_(rows)).distinct())
    return sorted(found.scalars())


def unindexed(conn: Connection, *, after_id: int, limit: int) -> list[SealedText]:
    """Return the next names, by id, that were sealed before names were found by a hash."""
    column = customers.c.name_sealed
    query = (
        select(customers.c.id, column)
        .where(customers.c.id > after_id, column.is_not(None), customers.c.name_index.is_(None))
        .order_by(customers.c.id)
        .limit(limit)
    )
    return [
        SealedText(row.id, place(Kind.NAME, id=row.id), row.name_sealed)
        for row in conn.execute(query)
    ]


def put_name_index(conn: Connection, texts: Sequence[SealedText]) -> None:
    """Store by what names are found that have not changed meanwhile."""
    change = update(customers).where(
        customers.c.id == bindparam("its_id"), customers.c.name_sealed == bindparam("its_name")
    )
    rows = [{"its_id": t.id, "its_name": t.sealed, "new_index": t.index} for t in texts]
    if rows:
        conn.execute(change.values(name_index=bindparam("new_index")), rows)
