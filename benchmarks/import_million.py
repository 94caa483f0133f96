"""How long a file of a million sales takes to come in, against bare executemany of the same rows.

Run: python benchmarks/import_million.py [rows]. Goals for a million: 120 s and 1.5 GiB. The bare
side writes the finished rows of our archive into a file with the same tables and indexes, in chunks
of the same size; it reads no text, checks nothing and knows no vehicles.
"""

import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path

from station.archive import stations
from station.archive.sales import COLUMNS
from station.config import Settings
from station.model import Station
from station.services import access, keeping
from station.services.ask import Ask
from station.services.incoming import files, intake

VEHICLES = 40_000
START = datetime(2025, 1, 1, 6)  # noqa: DTZ001 - what a till writes has no zone
HEADING = "流水号,交易时间,枪号,油品,数量,金额,车牌号,卡号\n"
TABLES = ("stations", "products", "vehicles", "vehicle_keys", "batches")


def lines(count: int) -> Iterator[str]:
    """Yield the lines of a busy chain's year, one sale each 30 s."""
    yield HEADING
    for number in range(count):
        sold = START + timedelta(seconds=30 * number)
        milli = 20_000 + number * 131 % 40_000
        plate = f"粤B{10_000 + number * 7_919 % VEHICLES}"
        yield (
            f"{number:08},{sold:%Y-%m-%d %H:%M:%S},{number % 8},{'92#' if number % 3 else '0#'},"
            f"{milli / 1000:.2f},{milli * 7.5 / 1000:.2f},{plate},\n"
        )


def asked(folder: Path) -> Ask:
    """Return the operator's question on a new archive with one station."""
    settings = Settings()
    db = keeping.create(settings, f"sqlite:///{folder}/station.db")
    with db.writing() as conn:
        stations.add(conn, Station("S1", province="粤"))
    return Ask(db, settings, access.local_operator(db), date.max)


def ours(folder: Path, count: int) -> tuple[float, float]:
    """Return the seconds, by the wall and of the processor, that the import takes."""
    path = folder / "million.csv"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(lines(count))
    ask = asked(folder)
    wall, processor = time.perf_counter(), time.process_time()
    report = intake.import_sales(ask, path=path, options=intake.ImportOptions(station="S1"))
    spent = time.perf_counter() - wall, time.process_time() - processor
    if report.counts.accepted != count:
        sys.exit(f"only {report.counts} came in")
    ask.db.close()
    return spent


def bare(folder: Path) -> tuple[float, float]:
    """Return the same of executemany with the rows that our import made."""
    keeping.create(Settings(), f"sqlite:///{folder}/bare/station.db").close()
    with (
        closing(sqlite3.connect(folder / "station.db")) as source,
        closing(sqlite3.connect(folder / "bare" / "station.db", isolation_level=None)) as conn,
    ):
        conn.execute("PRAGMA synchronous = FULL")
        conn.execute("PRAGMA cache_size = -65536")
        for table in TABLES:
            write(conn, f"INSERT INTO {table}", source.execute(f"SELECT * FROM {table}").fetchall())
        names = ", ".join(COLUMNS)
        rows = source.execute(f"SELECT {names} FROM sales ORDER BY id")
        wall = processor = 0.0
        while chunk := rows.fetchmany(files.CHUNK_ROWS):
            begin = time.perf_counter(), time.process_time()
            write(conn, f"INSERT INTO sales ({names})", chunk)
            wall += time.perf_counter() - begin[0]
            processor += time.process_time() - begin[1]
    return wall, processor


def write(conn: sqlite3.Connection, insert: str, rows: list[tuple[object, ...]]) -> None:
    """Write rows in one transaction."""
    conn.execute("BEGIN IMMEDIATE")
    conn.executemany(f"{insert} VALUES ({', '.join('?' * len(rows[0]))})", rows)
    conn.execute("COMMIT")


def main() -> None:
    """Print seconds, memory and the ratio to the bare run."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        wall, processor = ours(Path(name), count)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        bare_wall, bare_processor = bare(Path(name))
    print(f"ours: {wall:.1f} s, {processor:.1f} s of the processor, peak {peak:,.0f} MiB")
    print(f"bare: {bare_wall:.1f} s, {bare_processor:.1f} s of the processor")
    print(f"ratio: {wall / bare_wall:.1f}, of the processor {processor / bare_processor:.1f}")


if __name__ == "__main__":
    main()
