"""How much slower our import into SQLite is than bare executemany of the same rows.

Run: python benchmarks/archive_insert.py [rows]. Both sides commit chunks of 5,000 rows into files
with the same tables, indexes and triggers. Processor time is compared: on a shared machine the wall
clock measures the neighbours.
"""

import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from station.archive import batches, stations
from station.archive.books import KeyBook, ProductBook
from station.archive.database import Database, create_or_upgrade
from station.archive.sales import COLUMNS, add
from station.model import Fuel, KeyKind, PlateColour, Sale, SaleKeyKind, Station, Unit, VehicleKey

CHUNK = 5_000
VEHICLES = 40_000
START = 1_788_235_200


def make_sales(count: int) -> list[Sale]:
    """Return sales of many vehicles, each with its own receipt."""
    return [
        Sale(
            station="S1",
            key_kind=SaleKeyKind.RECEIPT,
            natural_key=f"T1|{n:08}|1|{20_600 + n // 1_000}",
            vehicle=VehicleKey(
                KeyKind.PLATE, f"粤B{n * 7_919 % VEHICLES:05}", PlateColour.BLUE, "small", "fuel"
            ),
            card_no="",
            sold_at=START + n * 80,
            local_at=START + n * 80 + 28_800,
            has_time=True,
            business_day=20_600 + n // 1_000,
            product="G92",
            fuel=Fuel.PETROL,
            quantity_milli=30_000 + n % 1_000,
            unit=Unit.LITRE,
            amount_minor=22_500 + n % 1_000,
            currency="CNY",
            receipt_no=f"{n:08}",
            nozzle=str(n % 8),
        )
        for n in range(count)
    ]


def chunks(count: int) -> Iterator[slice]:
    """Yield the slices of the chunks."""
    return (slice(start, start + CHUNK) for start in range(0, count, CHUNK))


def prepared(folder: Path, name: str) -> tuple[Database, int, dict[str, int]]:
    """Return an archive with one station and an open batch."""
    db = create_or_upgrade(f"sqlite:///{folder}/{name}.db", folder)
    with db.writing() as conn:
        station_ids = {"S1": stations.add(conn, Station("S1"))}
        batch = batches.open_batch(
            conn,
            kind="sales",
            source="bench",
            file_name="bench.csv",
            file_hash=name,
            whole_file=False,
            account="bench",
            now_s=START,
        )
    return db, batch.id, station_ids


def ours(folder: Path, sales: list[Sale], name: str = "ours") -> tuple[float, Path]:
    """Return the processor seconds that our import takes, and its file."""
    db, batch_id, station_ids = prepared(folder, name)
    keys, products = KeyBook(), ProductBook()
    begin = time.process_time()
    for part in chunks(len(sales)):
        with db.writing() as conn:
            add(conn, batch_id, sales[part], station_ids=station_ids, keys=keys, products=products)
    spent = time.process_time() - begin
    db.close()
    return spent, folder / f"{name}.db"


def bare(folder: Path, source: Path) -> float:
    """Return the processor seconds of executemany with the rows, keys and products of `source`."""
    db, *_ = prepared(folder, "bare")
    db.close()
    names = ", ".join(COLUMNS)
    with sqlite3.connect(source) as conn:
        rows = conn.execute(f"SELECT {names} FROM sales ORDER BY id").fetchall()
        others = {t: conn.execute(f"SELECT * FROM {t}").fetchall() for t in OTHERS}
    conn = sqlite3.connect(folder / "bare.db", isolation_level=None)
    conn.execute("PRAGMA synchronous = FULL")
    conn.execute("PRAGMA foreign_keys = 1")
    conn.execute("PRAGMA cache_size = -65536")
    begin = time.process_time()
    conn.execute("BEGIN IMMEDIATE")
    for table, content in others.items():
        marks = ", ".join("?" * len(content[0]))
        conn.executemany(f"INSERT INTO {table} VALUES ({marks})", content)
    conn.execute("COMMIT")
    marks = ", ".join("?" * len(COLUMNS))
    for part in chunks(len(rows)):
        conn.execute("BEGIN IMMEDIATE")
        conn.executemany(f"INSERT INTO sales ({names}) VALUES ({marks})", rows[part])
        conn.execute("COMMIT")
    spent = time.process_time() - begin
    conn.close()
    return spent


OTHERS = ("products", "vehicles", "vehicle_keys")


def main() -> None:
    """Print rows a second of both sides and their ratio."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    sales = make_sales(count)
    for _ in range(3):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            mine, source = ours(folder, sales)
            limit = bare(folder, source)
        print(
            f"ours {count / mine:,.0f} rows/s, bare {count / limit:,.0f} rows/s, "
            f"ratio {mine / limit:.2f}"
        )


if __name__ == "__main__":
    main()
