"""What a demo network's organisations told, brought in as staff would write it down."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from station.archive.customers import book
from station.archive.customers import fields as field_book
from station.archive.customers import fleet as store
from station.archive.database import Connection
from station.contact import payments
from station.model import AgreementKind, ContactRole, day_date, day_number
from station.services import board
from station.services.access import today
from station.services.ask import Ask
from station.services.customers import agreements, fields, kept, persons, settling

UNPAID_SHARE = 3
"""Each so many-th organisation has not paid for its last periods."""
UNPAID_DAYS = 60


def bring(ask: Ask, fields_file: Path, persons_file: Path, agreements_file: Path) -> None:
    """Write down fields, contact persons and agreements of the demo's organisations."""
    known = _fields(ask, fields_file)
    for row in _rows(persons_file):
        persons.add(
            ask,
            customer_id=known[row["customer_code"]],
            role=ContactRole(row["role"]),
            name=row["name"],
            phone=row["phone"],
            since=min(date.fromisoformat(row["since"]), today()),
        )
    for row in _rows(agreements_file):
        agreements.add(
            ask,
            customer_id=known[row["customer_code"]],
            kind=AgreementKind(row["kind"]),
            terms=row["terms"],
            since=date.fromisoformat(row["since"]),
            until=date.fromisoformat(row["until"]),
        )


def _rows(path: Path) -> Iterator[Mapping[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def _fields(ask: Ask, path: Path) -> dict[str, int]:
    """Return the id of each organisation that told something, by its code."""
    told: dict[str, dict[str, str]] = defaultdict(dict)
    for row in _rows(path):
        told[row["customer_code"]][row["field"]] = row["value"]
    with ask.db.writing(changes_figures=False) as conn:
        known = {code: book.id_of(conn, code) or 0 for code in told}
        for code, values in told.items():
            _put(conn, ask, known[code], values)
    return known


def _put(conn: Connection, ask: Ask, customer_id: int, told: Mapping[str, str]) -> None:
    """Put what an organisation told where nothing is known yet; what is known stays."""
    every = fields.known_fields(ask.settings)
    known = {value.field for value in field_book.values(conn, [customer_id])}
    new = [
        kept.value_of(ask.db, customer_id, every[name], words)
        for name, words in told.items()
        if name not in known
    ]
    field_book.put(conn, new)


def settle_most(ask: Ask) -> None:
    """Write down that most of the demo's periods were paid for, as of its last day."""
    ask = replace(ask, as_of=board.last_day(ask))
    day = day_number(ask.as_of)
    with ask.db.reading() as conn:
        told = store.fields(conn, settling.TERMS)
    for row in told.to_dict("records"):
        terms = payments.read_terms(row["settle_day"], row["term_days"])
        customer_id = int(row["customer_id"])
        late_days = 0 if customer_id % UNPAID_SHARE else UNPAID_DAYS
        if terms is not None:
            last = day - terms.term_days - 1 - late_days
            first = last - ask.settings.fleets.unpaid_days - payments.LAST_DAY
            for _, end, _ in payments.periods(terms, from_day=first, to_day=last):
                settling.settle(ask, customer_id=customer_id, period_end=day_date(end))
