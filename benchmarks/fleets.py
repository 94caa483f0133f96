"""How long it takes to tell of 5,000 organisations with 50 vehicles each, on a remembered board.

python benchmarks/fleets.py [organisations] [vehicles each]
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from sqlalchemy import insert

from station.archive import stations, tables
from station.archive.customers.tables import customer_fields
from station.archive.database import Database
from station.config import Settings
from station.model import DAY_S, Station, day_number
from station.services import access, board, keeping
from station.services.ask import Ask
from station.services.customers import fleets, settling

AS_OF = date(2026, 10, 31)
FILLS = 4
CHUNK = 50_000
ON_CREDIT = 10
"""Each so many-th organisation buys on credit."""


def put(db: Database, table: object, rows: list[dict[str, object]]) -> None:
    for start in range(0, len(rows), CHUNK):
        with db.writing() as conn:
            conn.execute(insert(table), rows[start : start + CHUNK])


def build(db: Database, organisations: int, each: int) -> None:
    """Fill an archive: one station, organisations and their vehicles, a few fills each."""
    last = day_number(AS_OF)
    with db.writing() as conn:
        station_id = stations.add(conn, Station("A0001", "甲站"))
    people = range(1, organisations + 1)
    put(db, tables.customers, [
        {"id": n, "code": f"C{n}", "is_organisation": 1, "owner_kind": "company",
         "organisation_name": f"甲{n}公司", "station_id": station_id}
        for n in people
    ])  # fmt: skip
    put(db, customer_fields, [
        {"customer_id": n, "field": field, "value": value}
        for n in people
        for field, value in (("fleet_size", "60"), ("settle_day", "31"))
        if field == "fleet_size" or n % ON_CREDIT == 0
    ])  # fmt: skip
    ids = range(1, organisations * each + 1)
    put(db, tables.vehicles, [
        {"id": n, "use": "unknown", "use_source": "inferred", "owner_kind": "unknown",
         "owner_source": "inferred", "vehicle_type": ""}
        for n in ids
    ])  # fmt: skip
    put(db, tables.vehicle_keys, [
        {"id": n, "vehicle_id": n, "kind": "plate", "text": f"粤B{n:06d}", "colour": "",
         "plate_kind": "", "energy": "", "flags": ""}
        for n in ids
    ])  # fmt: skip
    put(db, tables.vehicle_owners, [
        {"vehicle_id": n, "customer_id": 1 + (n - 1) // each, "from_day": last - 400} for n in ids
    ])  # fmt: skip
    with db.writing() as conn:
        product = {"id": 1, "code": "D0", "fuel": "diesel", "unit": "l"}
        conn.execute(insert(tables.products).values(product))
        batch = {"id": 1, "kind": "sales", "source": "x", "file_name": "x", "file_hash": "x",
                 "whole_file": 0, "status": "done", "account": "x", "started_at": 0, "accepted": 0,
                 "duplicates": 0, "conflicts": 0, "rejected": 0, "ignored": 0}  # fmt: skip
        conn.execute(insert(tables.batches).values(batch))
    for fill in range(FILLS):
        put(db, tables.sales, [sale(n, fill, station_id, last) for n in ids])


def sale(vehicle: int, fill: int, station_id: int, last: int) -> dict[str, object]:
    at = (last - 20 * fill - vehicle % 17) * DAY_S + vehicle % 80_000
    return {
        "batch_id": 1, "station_id": station_id, "key_kind": "receipt",
        "natural_key": f"{vehicle}-{fill}", "key_id": vehicle, "card_no": "", "sold_at": at,
        "local_at": at, "has_time": 1, "business_day": at // DAY_S, "product_id": 1,
        "quantity_milli": 100_000, "amount_minor": 70_500, "currency": "CNY",
        "receipt_no": f"{vehicle}-{fill}", "nozzle": "1",
    }  # fmt: skip


def timed(name: str, act: Callable[[], object]) -> None:
    start = time.perf_counter()
    act()
    print(f"{name}: {time.perf_counter() - start:.2f} s")


def main() -> None:
    organisations, each = (int(word) for word in (*sys.argv[1:], "5000", "50")[:2])
    with tempfile.TemporaryDirectory() as folder:
        db = keeping.create(Settings(), f"sqlite:///{Path(folder) / 'station.db'}")
        timed("build", lambda: build(db, organisations, each))
        ask = replace(Ask(db, Settings(), access.local_operator(db), AS_OF))
        timed("board, the first time", lambda: board.vehicles(ask))
        timed("fleets, the first time", lambda: fleets.fleets(ask))
        timed("fleets, again", lambda: fleets.fleets(ask))
        timed("one fleet", lambda: fleets.fleet(ask, customer_id=organisations // 2))
        timed("calendar, the first time", lambda: settling.calendar(ask, month=AS_OF))
        timed("calendar, again", lambda: settling.calendar(ask, month=AS_OF))
        print(f"organisations: {len(fleets.fleets(ask)):,}")
        print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")
        db.close()


if __name__ == "__main__":
    main()
