"""What is sealed in the archive, and at which place; sealed it comes in, sealed it leaves."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Connection, LargeBinary, bindparam, func, select, update

from station.archive.rows import slices
from station.archive.tables import customers, lapse_notes, quarantine


def contact_place(customer_id: int, field: str) -> str:
    """Return to which row a customer's name or phone belongs; moved it cannot be opened."""
    return f"customers/{customer_id}/{field}"


def note_place(vehicle_id: int, written_at: int) -> str:
    """Return to which row a note belongs."""
    return f"lapse_notes/{vehicle_id}/{written_at}"


def row_place(batch_id: int, line_no: int) -> str:
    """Return to which row of which import a rejected row belongs."""
    return f"quarantine/{batch_id}/{line_no}"


class Kind(StrEnum):
    """What is sealed."""

    NAME = "name"
    PHONE = "phone"
    NOTE = "note"
    ROW = "row"


COLUMNS: dict[Kind, Column[Any]] = {
    Kind.NAME: customers.c.name_sealed,
    Kind.PHONE: customers.c.phone_sealed,
    Kind.NOTE: lapse_notes.c.note_sealed,
    Kind.ROW: quarantine.c.row_sealed,
}
PLACES: dict[Kind, Callable[[Any], str]] = {
    Kind.NAME: lambda row: contact_place(row.id, Kind.NAME),
    Kind.PHONE: lambda row: contact_place(row.id, Kind.PHONE),
    Kind.NOTE: lambda row: note_place(row.vehicle_id, row.written_at),
    Kind.ROW: lambda row: row_place(row.batch_id, row.line_no),
}
PLACED_BY: dict[Kind, tuple[Column[Any], ...]] = {
    Kind.NAME: (customers.c.id,),
    Kind.PHONE: (customers.c.id,),
    Kind.NOTE: (lapse_notes.c.id, lapse_notes.c.vehicle_id, lapse_notes.c.written_at),
    Kind.ROW: (quarantine.c.id, quarantine.c.batch_id, quarantine.c.line_no),
}


@dataclass(frozen=True, slots=True)
class SealedText:
    """One sealed text of the archive; `index` is by what a phone is found."""

    id: int
    place: str
    sealed: bytes
    index: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """How a customer is reached, sealed; `index` is by what his phone is found."""

    id: int
    name_sealed: bytes | None = None
    phone_sealed: bytes | None = None
    phone_index: str | None = None
    is_erased: bool = False


def any_sealed(conn: Connection) -> bool:
    """Return whether anything is sealed; then the keys must not be made anew."""
    return any(
        conn.execute(select(column.table.c.id).where(column.is_not(None)).limit(1)).first()
        for column in COLUMNS.values()
    )


def beginnings(conn: Connection, length: int) -> set[bytes]:
    """Return how sealed texts begin."""
    found: set[bytes] = set()
    for column in COLUMNS.values():
        begins = func.substr(column, 1, length, type_=LargeBinary)
        found |= set(conn.execute(select(begins).where(column.is_not(None)).distinct()).scalars())
    return found


def texts(
    conn: Connection, kind: Kind, *, after_id: int, but_mark: bytes, limit: int
) -> list[SealedText]:
    """Return the next texts of a kind, by id, that do not begin with `but_mark`."""
    column, ids = COLUMNS[kind], COLUMNS[kind].table.c.id
    begins = func.substr(column, 1, len(but_mark), type_=LargeBinary)
    query = (
        select(*PLACED_BY[kind], column.label("sealed"))
        .where(ids > after_id, column.is_not(None), begins != but_mark)
        .order_by(ids)
        .limit(limit)
    )
    place = PLACES[kind]
    return [SealedText(row.id, place(row), row.sealed) for row in conn.execute(query)]


def put(conn: Connection, kind: Kind, new: Sequence[SealedText]) -> None:
    """Put texts that were sealed anew in the place of the old ones."""
    if not new:
        return
    column = COLUMNS[kind]
    values: dict[str, Any] = {column.name: bindparam("new_sealed")}
    if kind is Kind.PHONE:
        values[customers.c.phone_index.name] = bindparam("new_index")
    change = update(column.table).where(column.table.c.id == bindparam("its_id")).values(values)
    rows = [{"its_id": text.id, "new_sealed": text.sealed} for text in new]
    if kind is Kind.PHONE:
        rows = [{**row, "new_index": text.index} for row, text in zip(rows, new, strict=True)]
    conn.execute(change, rows)


def contacts(conn: Connection, codes: Collection[str]) -> dict[str, Contact]:
    """Return by code how the customers of these codes are reached."""
    shown = ("id", "name_sealed", "phone_sealed", "phone_index", "erased_at", "code")
    query = select(*[customers.c[name] for name in shown])
    return {
        row.code: contact_of(row)
        for some in slices(sorted(set(codes)))
        for row in conn.execute(query.where(customers.c.code.in_(some)))
    }


def contact_of(row: Any) -> Contact:
    """Return how the customer of a row is reached."""
    is_erased = row.erased_at is not None
    return Contact(row.id, row.name_sealed, row.phone_sealed, row.phone_index, is_erased)


def put_contacts(conn: Connection, changed: Sequence[Contact]) -> None:
    """Store how customers are reached."""
    names = ("name_sealed", "phone_sealed", "phone_index")
    change = update(customers).where(customers.c.id == bindparam("its_id"))
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    rows = [
        {"its_id": one.id, **{f"new_{name}": getattr(one, name) for name in names}}
        for one in changed
    ]
    if rows:
        conn.execute(change.values(values), rows)


def with_phone(conn: Connection, indexes: Collection[str]) -> list[int]:
    """Return the ids of the customers whose phone stands under one of these hashes."""
    query = select(customers.c.id).where(customers.c.phone_index.in_(indexes))
    return list(conn.execute(query.order_by(customers.c.id)).scalars())
