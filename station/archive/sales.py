"""Sales come in: each natural key once, the first to come stands."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, text
from sqlalchemy.dialects import postgresql, sqlite

from station.archive import twins
from station.archive.books import KeyBook, ProductBook
from station.archive.rows import slices
from station.archive.tables import sales as table
from station.model import Product, Sale

COLUMNS = (
    "batch_id",
    "station_id",
    "key_kind",
    "natural_key",
    "key_id",
    "card_no",
    "sold_at",
    "local_at",
    "has_time",
    "business_day",
    "product_id",
    "quantity_milli",
    "amount_minor",
    "currency",
    "receipt_no",
    "nozzle",
    "serial_no",
    "meter_from_milli",
    "meter_to_milli",
    "reverses",
)
"""What is written of a sale, in this order."""

SaleRow = tuple[int | str | None, ...]
Stored = Row[*tuple[Any, ...]]
"""id, natural_key, product_id, quantity_milli and amount_minor of a sale in the archive."""


class Outcome(StrEnum):
    """What became of one record that came in."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    UNMATCHED = "unmatched"  # a reversal of which there is no sale


def is_reversal(sale: Sale) -> bool:
    """Return whether the line takes back an earlier one."""
    return sale.quantity_milli < 0 or sale.amount_minor < 0


def add(
    conn: Connection,
    batch_id: int,
    sales: Sequence[Sale],
    *,
    station_ids: Mapping[str, int],
    keys: KeyBook,
    products: ProductBook,
) -> list[Outcome]:
    """Return what became of each sale; reversals go through `reversals.add`.

    All rows go in by one statement that skips keys already there. Only when it skipped some is
    the archive asked which.
    """
    if any(sale.quantity_milli < 0 or sale.amount_minor < 0 for sale in sales):
        raise ValueError("a reversal was handed in as a sale")
    if not sales:
        return []
    key_ids = keys.ids(conn, [sale.vehicle for sale in sales])
    product_ids = product_ids_of(conn, sales, products)
    rows = [
        row_of(sale, batch_id, station_ids[sale.station], key_id, product_id, None)
        for sale, key_id, product_id in zip(sales, key_ids, product_ids, strict=True)
    ]
    told = repeated(conn, batch_id, rows)
    fresh = iter(_written(conn, [row for place, row in enumerate(rows) if place not in told]))
    return [told[place] if place in told else next(fresh) for place in range(len(rows))]


def repeated(conn: Connection, batch_id: int, rows: Sequence[SaleRow]) -> dict[int, Outcome]:
    """Return by its place what becomes of each row that came in before by the other way."""
    if not twins.with_tills(conn, {int(row[_STATION] or 0) for row in rows}):
        return {}
    lines = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    return {
        place: _same(twins.content(lines[place]) == twins.content(twin))
        for place, twin in twins.found(conn, batch_id, lines).items()
    }


def _written(conn: Connection, rows: list[SaleRow]) -> list[Outcome]:
    """Return what became of each row, now written where its key was free."""
    last_id = conn.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
    if write(conn, rows) == len(rows):
        return [Outcome.ACCEPTED] * len(rows)
    return _outcomes(conn, rows, last_id)


def product_ids_of(conn: Connection, sales: Sequence[Sale], products: ProductBook) -> list[int]:
    """Return the id of each sale's product."""
    names = [(sale.product, sale.fuel, sale.unit) for sale in sales]
    by_name = {name: Product(*name) for name in set(names)}
    known = products.ids(conn, by_name.values())
    id_of = {name: known[product] for name, product in by_name.items()}
    return [id_of[name] for name in names]


def row_of(
    sale: Sale,
    batch_id: int,
    station_id: int,
    key_id: int | None,
    product_id: int,
    reverses: int | None,
) -> SaleRow:
    """Return the values of COLUMNS."""
    return (
        batch_id,
        station_id,
        sale.key_kind.value,
        sale.natural_key,
        key_id,
        sale.card_no,
        sale.sold_at,
        sale.local_at,
        int(sale.has_time),
        sale.business_day,
        product_id,
        sale.quantity_milli,
        sale.amount_minor,
        sale.currency,
        sale.receipt_no,
        sale.nozzle,
        sale.serial_no,
        sale.meter_from_milli,
        sale.meter_to_milli,
        reverses,
    )


def write(conn: Connection, rows: list[SaleRow]) -> int:
    """Return how many of the rows were written; those whose key is taken were not."""
    if not rows:
        return 0
    return conn.exec_driver_sql(_insert_text(conn.dialect.name), rows).rowcount


def stored(conn: Connection, station_id: int, natural_keys: Iterable[str]) -> dict[str, Stored]:
    """Return the sales of a station that stand under these natural keys."""
    found: dict[str, Stored] = {}
    for names in slices(sorted(set(natural_keys))):
        query = select(*_CONTENT).where(
            table.c.station_id == station_id,
            table.c.natural_key.in_(names),
            text("voided = 0"),  # spelled as in the index, so that the index serves
        )
        found.update({row.natural_key: row for row in conn.execute(query)})
    return found


def judge(row: SaleRow, standing: Stored) -> Outcome:
    """Return whether a row repeats the sale that stands under its key or contradicts it."""
    content = row[_PRODUCT], row[_PRODUCT + 1], row[_PRODUCT + 2]
    return _same(content == (standing.product_id, standing.quantity_milli, standing.amount_minor))


def _same(is_same: bool) -> Outcome:
    return Outcome.DUPLICATE if is_same else Outcome.CONFLICT


_CONTENT = [
    table.c[name] for name in ("id", "natural_key", "product_id", "quantity_milli", "amount_minor")
]
_STATION = COLUMNS.index("station_id")
_KEY = COLUMNS.index("natural_key")
_PRODUCT = COLUMNS.index("product_id")  # followed by quantity and amount


def _outcomes(conn: Connection, rows: list[SaleRow], last_id: int) -> list[Outcome]:
    """Return which rows went in: those that stand with an id after `last_id`, the first of each."""
    standing = {
        station_id: stored(
            conn, station_id, (str(r[_KEY]) for r in rows if r[_STATION] == station_id)
        )
        for station_id in {int(row[_STATION] or 0) for row in rows}
    }
    seen: set[int] = set()
    outcomes = []
    for row in rows:
        sale = standing[int(row[_STATION] or 0)][str(row[_KEY])]
        is_new = sale.id > last_id and sale.id not in seen
        seen.add(sale.id)
        outcomes.append(Outcome.ACCEPTED if is_new else judge(row, sale))
    return outcomes


@cache
def _insert_text(dialect_name: str) -> str:
    """Return the statement that drivers run with plain tuples, twice as fast as with mappings."""
    module = sqlite if dialect_name == "sqlite" else postgresql
    statement = (
        module.insert(table)
        .values({name: bindparam(name) for name in COLUMNS})
        .on_conflict_do_nothing(
            index_elements=["station_id", "natural_key"], index_where=text("voided = 0")
        )
    )
    style = "qmark" if dialect_name == "sqlite" else "format"
    return str(statement.compile(dialect=module.dialect(paramstyle=style)))
