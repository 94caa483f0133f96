"""A large archive made at once, for the other benchmarks: rows straight into SQLite.

Vehicles have plates, half of them an owner; organisations have fleets of up to fifty, a fifth of
all vehicles a card. Names and telephones are indexed like real ones; of `SAMPLED` people they are
also sealed. Indexes are dropped while the rows go in and made again.
"""

import sqlite3
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np

from station.archive.customers import sealed
from station.archive.customers.sealed import Contact
from station.config import Settings
from station.model import day_number
from station.services import keeping
from station.services.personal import sealing

STATIONS = 20
SAMPLED = 1_000
CHUNK = 500_000
OFFICES = "ABCDEFGHJKLMNPQRSTUVWXYZ"
PROVINCES = "粤粤粤粤粤粤粤粤湘桂"
AS_OF = date(2026, 9, 1)
LAST_S = day_number(AS_OF) * 86_400
DAYS = 540
LETTERS = "甲乙丙丁戊己庚辛壬癸"


def plate(number: int) -> str:
    """Return the plate of a vehicle; numbers far apart look alike, as in life."""
    office, serial = OFFICES[number // 100_000 % 24], number * 7919 % 100_000
    return f"{PROVINCES[number % 10]}{office}{serial:05d}"


def name(number: int) -> str:
    return f"甲示{chr(0x4E00 + number % 2000)}{chr(0x5E00 + number // 2000)}"


def phone(number: int) -> str:
    return f"+86100{number:08d}"


def organisation(number: int) -> str:
    kind = ("运输", "物流", "建材", "客运", "食品")[number // 50 % 5]
    return "".join(LETTERS[int(digit)] for digit in f"{number:05d}") + kind + "有限公司"


def make(folder: Path, *, vehicles: int, sales: int) -> str:
    """Return the URL of an archive with so many vehicles and sales."""
    folder.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{folder / 'station.db'}"
    keeping.create(Settings(), url).close()
    conn = sqlite3.connect(folder / "station.db", isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-262144", "foreign_keys=OFF"):
        conn.execute(f"PRAGMA {pragma}")
    begin = time.perf_counter()
    indexes = conn.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        " AND tbl_name IN ('sales', 'vehicle_keys', 'customers', 'vehicle_owners', 'card_links')"
    ).fetchall()
    conn.execute("BEGIN")
    for index, _ in indexes:
        conn.execute(f"DROP INDEX {index}")
    _people(conn, vehicles)
    _lines(conn, vehicles, sales)
    for _, sql in indexes:
        conn.execute(sql)
    conn.execute("UPDATE meta SET value = value + 1 WHERE name = 'data_version'")
    conn.execute("COMMIT")
    conn.close()
    _seal(url, min(SAMPLED, vehicles // 2))
    print(f"{vehicles:,} vehicles, {sales:,} sales made in {time.perf_counter() - begin:.0f} s")
    return url


def _people(conn: sqlite3.Connection, vehicles: int) -> None:
    conn.executemany(
        "INSERT INTO stations (id, code, name, region, kind, zone, currency, province,"
        " day_starts_at_min, night_ends_at_min)"
        " VALUES (?, ?, ?, 'South', 'city', 'Asia/Shanghai', 'CNY', '粤', 0, 480)",
        ((i, f"A{i:04d}", f"Station {i}") for i in range(1, STATIONS + 1)),
    )
    conn.executemany(
        "INSERT INTO vehicles VALUES (?, 'unknown', 'inferred', 'unknown', 'inferred', '')",
        ((i,) for i in range(1, vehicles + 1)),
    )
    conn.executemany(
        "INSERT INTO vehicle_keys (id, vehicle_id, kind, text, tail, colour, plate_kind, energy,"
        " flags, valid_from_day) VALUES (?, ?, 'plate', ?, ?, '', 'standard', '', '', 0)",
        ((i, i, text, text[-4:]) for i, text in ((i, plate(i)) for i in range(1, vehicles + 1))),
    )
    customers = vehicles // 2
    conn.executemany(
        "INSERT INTO customers (id, code, is_organisation, owner_kind, organisation_name,"
        " station_id, name_index, phone_index) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (_customer(i) for i in range(1, customers + 1)),
    )
    conn.executemany(
        "INSERT INTO vehicle_owners (vehicle_id, customer_id, from_day) VALUES (?, ?, 0)",
        ((i, _owner(i)) for i in range(1, customers + 1)),
    )
    cards = vehicles // 5
    conn.executemany(
        "INSERT INTO cards VALUES (?, ?, 'personal')", ((i, card(i)) for i in range(1, cards + 1))
    )
    conn.executemany(
        "INSERT INTO card_links (card_id, customer_id, vehicle_id, from_day) VALUES (?, ?, ?, 0)",
        ((i, _owner(i), i) for i in range(1, cards + 1)),
    )


def card(number: int) -> str:
    return f"9000{number:012d}"


def is_organisation(customer: int) -> bool:
    return customer % 50 == 0


def _customer(i: int) -> tuple[object, ...]:
    is_firm = is_organisation(i)
    kind, firm = ("company", organisation(i)) if is_firm else ("private", "")
    return i, f"C-{i}", int(is_firm), kind, firm, i % STATIONS + 1, f"{i:064x}", f"{i:064d}"


def _owner(vehicle: int) -> int:
    """Return whose a vehicle is: every other one is an organisation's of its fifty."""
    return (vehicle // 50 + 1) * 50 if vehicle % 2 and vehicle > SAMPLED else vehicle


def _lines(conn: sqlite3.Connection, vehicles: int, sales: int) -> None:
    conn.execute("INSERT INTO products VALUES (1, 'G92', 'petrol', 'l'), (2, 'D0', 'diesel', 'l')")
    rng = np.random.default_rng(1)
    for batch, start in enumerate(range(0, sales, CHUNK), start=1):
        count = min(CHUNK, sales - start)
        conn.execute(
            "INSERT INTO batches VALUES (?, 'sales', 'till', 'x.csv', ?, 1, 'done', 'x', 0, 0, ?,"
            " 0, 0, 0, 0)",
            (batch, f"{batch:064d}", count),
        )
        conn.executemany(
            "INSERT INTO sales (id, batch_id, station_id, key_kind, natural_key, key_id, card_no,"
            " sold_at, local_at, has_time, business_day, product_id, quantity_milli, amount_minor,"
            " currency, receipt_no, nozzle) VALUES"
            " (?, ?, ?, 'receipt', ?, ?, '', ?, ?, 1, ?, ?, ?, ?, 'CNY', ?, '1')",
            _some_lines(rng, batch, start, count, vehicles),
        )


def _some_lines(
    rng: np.random.Generator, batch: int, start: int, count: int, vehicles: int
) -> Iterator[tuple[object, ...]]:
    """Yield lines of which one in ten is at another station than the vehicle's own."""
    ids = np.arange(start + 1, start + count + 1)
    keys = rng.integers(1, vehicles + 1, count)
    keys[: min(vehicles, count)] = np.where(
        ids[: min(vehicles, count)] <= vehicles, ids[: min(vehicles, count)], keys[:vehicles]
    )
    at = LAST_S - rng.integers(0, DAYS * 86_400, count)
    station = (keys + (rng.random(count) < 0.1)) % STATIONS + 1
    litres, fen = rng.integers(5_000, 60_000, count), rng.integers(3_000, 50_000, count)
    columns = (ids, station, keys, at, at // 86_400, 1 + (keys % 5 == 0), litres, fen)
    for i, s, k, t, d, p, q, a in zip(*(column.tolist() for column in columns), strict=True):
        yield i, batch, s, f"R{i}", k, t - 28_800, t, d, p, q, a, str(i)


def _seal(url: str, people: int) -> None:
    """Seal the names and telephones of some, so that they are really found and opened."""
    db = keeping.open_archive(Settings(), url)
    with db.writing() as conn:
        contacts = [
            sealing.seal_contact(db, Contact(i), name=name(i), phone=phone(i))
            for i in range(1, people + 1)
        ]
        sealed.put_contacts(conn, contacts)
    db.close()
