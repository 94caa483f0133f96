"""Invented people with names, telephones, plates and cards, in a real archive."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from archive.shop import Shop
from makers import NOON, make_key, make_sale
from sqlalchemy import text

from station.archive import batches, stations
from station.archive.customers import fields, records, sealed
from station.archive.customers.fields import Value
from station.archive.database import Connection, Database
from station.config import Settings
from station.model import (
    DAY_S,
    CardRecord,
    CustomerRecord,
    Grant,
    OwnerKind,
    RejectedRow,
    Role,
    Sale,
    VehicleRecord,
    day_number,
)
from station.services import access
from station.services.ask import Ask
from station.services.personal import sealing

NOW = NOON
TODAY = day_number(date(2026, 9, 1))


@dataclass(frozen=True)
class Person:
    """Somebody who does not exist; each is told apart by his number."""

    number: int
    station: str = "S1"

    @property
    def code(self) -> str:
        return f"MEMBER-{self.number:06d}"

    @property
    def name(self) -> str:
        return f"甲示{chr(0x4E00 + self.number % 2000)}{chr(0x5E00 + self.number // 2000)}"

    @property
    def phone(self) -> str:
        return f"+86100{self.number:08d}"

    @property
    def plate(self) -> str:
        return f"粤B{self.number:05d}"

    @property
    def card(self) -> str:
        return f"9000{self.number:08d}"


def ask_of(db: Database, settings: Settings | None = None) -> Ask:
    """Return the local operator's question."""
    return Ask(db, settings or Settings(), access.local_operator(db), date(2026, 9, 1))


def one(ask: Ask, statement: str) -> Any:
    """Return the one value that a statement finds."""
    with ask.db.reading() as conn:
        return conn.execute(text(statement)).scalar()


def settle(db: Database, people: Sequence[Person], since_day: int | None = None) -> dict[str, int]:
    """Return the customer id of each code; each has a vehicle and a card of his own."""
    with db.writing() as conn:
        shop = Shop(conn)
        customers = [
            CustomerRecord(
                p.code,
                is_organisation=False,
                owner_kind=OwnerKind.PRIVATE,
                station=p.station,
                since_day=since_day,
            )
            for p in people
        ]
        records.put_customers(conn, customers, station_ids=stations.ids(conn))
        vehicles = [
            VehicleRecord(make_key(p.plate), owner_code=p.code, since_day=since_day) for p in people
        ]
        records.put_vehicles(conn, vehicles, keys=shop.keys)
        cards = [CardRecord(p.card, customer_code=p.code, since_day=since_day) for p in people]
        records.put_cards(conn, cards, keys=shop.keys)
        known = sealed.contacts(conn, [p.code for p in people])
        sealed.put_contacts(
            conn,
            [sealing.seal_contact(db, known[p.code], name=p.name, phone=p.phone) for p in people],
        )
    return {code: contact.id for code, contact in known.items()}


def visit(person: Person, days_ago: int = 0, **changes: object) -> Sale:
    """Return a line of a person's vehicle, paid by his card."""
    sale = make_sale(
        station=person.station,
        vehicle=make_key(person.plate),
        card_no=person.card,
        sold_at=NOW - days_ago * DAY_S,
        receipt_no=f"R{person.number}-{days_ago}",
    )
    return replace(sale, **changes)


def sell(db: Database, sales: Sequence[Sale]) -> int:
    """Return the batch in which these lines came."""
    with db.writing() as conn:
        shop = Shop(conn)
        batch_id = shop.open(f"file of {sales[0].natural_key}")
        counts = shop.finish(batch_id, shop.add(sales, batch_id))
        assert counts.accepted == len(sales)
    return batch_id


def at(db: Database, code: str, role: Role) -> Grant:
    """Return a role at a station."""
    with db.reading() as conn:
        return Grant(role, station_id=stations.ids(conn)[code])


def reject(db: Database, batch_id: int, rows: Sequence[str]) -> None:
    """Put rows aside as an import does."""
    put = [RejectedRow(at, "bad_phone", row) for at, row in enumerate(rows, start=2)]
    with db.writing() as conn:
        batches.add_rejected(conn, batch_id, sealing.seal_rows(db, batch_id, put))


def tell(conn: Connection, customer_id: int, **told: str) -> None:
    """Let open fields of a customer of whom nothing is known yet hold these values."""
    fields.put(conn, [Value(customer_id, name, value, None) for name, value in told.items()])
