"""The people of an organisation: who is what there, since when, and how he is reached."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from station.archive.customers.tables import contact_persons
from station.model import ContactRole


@dataclass(frozen=True, slots=True)
class ContactPerson:
    """Somebody of an organisation; name and phone came sealed and leave sealed."""

    customer_id: int
    role: ContactRole
    from_day: int
    id: int = 0
    to_day: int | None = None
    checked_day: int | None = None
    name_sealed: bytes | None = None
    name_index: str | None = None
    phone_sealed: bytes | None = None
    phone_index: str | None = None


COLUMNS = tuple(name for name in ContactPerson.__dataclass_fields__ if name != "id")


def add(conn: Connection, person: ContactPerson) -> int:
    """Return the id of a person of an organisation who is new."""
    added = insert(contact_persons).values(_values(person)).returning(contact_persons.c.id)
    return int(conn.execute(added).scalar_one())


def put(conn: Connection, person: ContactPerson) -> None:
    """Put what is known of a person in the place of what was."""
    change = update(contact_persons).where(contact_persons.c.id == person.id)
    conn.execute(change.values(_values(person)))


def _values(person: ContactPerson) -> dict[str, Any]:
    values = {name: getattr(person, name) for name in COLUMNS}
    return values | {"role": person.role.value}


def find(conn: Connection, person_id: int) -> ContactPerson | None:
    """Return a person, none if there is none."""
    query = select(contact_persons).where(contact_persons.c.id == person_id)
    row = conn.execute(query).first()
    return None if row is None else _person(row)


def of_customers(conn: Connection, customer_ids: Collection[int]) -> list[ContactPerson]:
    """Return the persons of an organisation, those who are there before those who left."""
    query = select(contact_persons).where(contact_persons.c.customer_id.in_(customer_ids))
    order = (contact_persons.c.to_day.is_not(None), contact_persons.c.id)
    return [_person(row) for row in conn.execute(query.order_by(*order))]


def _person(row: Any) -> ContactPerson:
    values = {name: getattr(row, name) for name in ("id", *COLUMNS)}
    return ContactPerson(**values | {"role": ContactRole(row.role)})
