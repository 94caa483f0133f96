"""Profiles of many sales through the lake, against the same SQL in a bare DuckDB script.

    python benchmarks/profiles.py [sales]

Makes synthetic sales (10,000,000 unless told) straight as lake Parquet, then runs both readers
twice in turn, each in a process of its own with 2 threads, and prints the best seconds, the
peak memory in MiB and the ratio of the best times.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from station.archive import facts, lake
from station.archive.manifest import Manifest, load, publish

SALES = 10_000_000
SALES_PER_VEHICLE = 25
STATIONS = 20
CHUNK = 1_000_000
FIRST_S, LAST_S = 1_700_000_000, 1_763_000_000
ROUNDS = 2
QUESTION = lake.Question(station_ids=None, as_of_day=30_000)


def make(folder: Path, sales: int) -> None:
    folder.mkdir(parents=True)
    writer = facts.PartWriter(folder, 1, lake.RULES.buckets)
    rng = np.random.default_rng(1)
    vehicles = max(sales // SALES_PER_VEHICLE, 1)
    for start in range(0, sales, CHUNK):
        writer.add(some_sales(rng, start, min(CHUNK, sales - start), vehicles))
    keys = np.arange(1, vehicles + 1)
    pq.write_table(facts.keys_table(keys, keys, lake.RULES.buckets), folder / "keys.parquet")
    publish(
        folder,
        Manifest(
            generation=1,
            data_version=1,
            buckets=lake.RULES.buckets,
            batches={1: sales},
            parts=writer.close(),
            keys_file="keys.parquet",
            stations=tuple(range(1, STATIONS + 1)),
        ),
    )


def some_sales(rng: np.random.Generator, start: int, count: int, vehicles: int) -> pa.Table:
    """Return sales of which one in five is a shop line within minutes of a fuel line."""
    key = rng.integers(1, vehicles + 1, count)
    utc = np.sort(rng.integers(FIRST_S, LAST_S, count))
    is_shop = rng.random(count) < 0.2
    is_shop[0] = False
    key = np.where(is_shop, np.roll(key, 1), key)
    utc = np.where(is_shop, np.roll(utc, 1) + 120, utc)
    local = utc + 8 * 3600
    day = local // 86_400
    columns = {
        "sale_id": np.arange(start + 1, start + count + 1),
        "batch_id": np.full(count, start // CHUNK + 1),
        "key_id": key,
        "station_id": (key * 7 + rng.integers(0, 2, count)) % STATIONS + 1,
        "utc_s": utc,
        "local_day": day,
        "month": day.astype("datetime64[D]").astype("datetime64[M]").astype("int64"),
        "hour": local % 86_400 // 3600,
        "has_time": np.ones(count),
        "fuel": np.where(is_shop, 0, 1 + (key % 4 == 0)),
        "product_id": np.where(is_shop, 3, 1 + (key % 4 == 0)),
        "unit": np.where(is_shop, 0, 1),
        "quantity_milli": rng.integers(5_000, 60_000, count),
        "amount_minor": rng.integers(3_000, 50_000, count),
        "currency": np.ones(count),
        "minor_per_major": np.full(count, 100),
        "reverses_id": np.zeros(count),
    }
    arrays = [pa.array(columns[f.name].astype(f.type.to_pandas_dtype())) for f in facts.SCHEMA]
    return pa.Table.from_arrays(arrays, schema=facts.SCHEMA)


def through_lake(folder: Path) -> pd.DataFrame:
    return lake.read(folder, load(folder) or Manifest(), lake.text("profile"), QUESTION, {})


def bare(folder: Path) -> pd.DataFrame:
    with duckdb.connect(config={"threads": lake.RULES.threads}) as duck:
        duck.execute("CREATE TABLE ask AS SELECT 30000 AS as_of_day, -1 AS from_day, 0 AS network")
        duck.execute("CREATE TABLE scope_stations AS SELECT range AS station_id FROM range(1, 21)")
        duck.read_parquet(str(folder / "keys.parquet")).create_view("keys")
        duck.read_parquet(str(folder / "g1-*.parquet")).create_view("facts")
        duck.sql(lake.SALES).create_view("sales")
        duck.sql(lake.text("visits")).create_view("visits")
        return duck.sql(lake.text("profile")).df()


def measure(name: str, folder: Path) -> None:
    start = time.perf_counter()
    frame = {"lake": through_lake, "bare": bare}[name](folder)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    total = int(frame["visits"].sum())
    print(json.dumps({"seconds": seconds, "peak": peak, "rows": len(frame), "visits": total}))


def measured(name: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, __file__, name, str(folder)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return dict(json.loads(answer))


def main(sales: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "lake"
        make(folder, sales)
        runs = [(measured("lake", folder), measured("bare", folder)) for _ in range(ROUNDS)]
    best = []
    for place, name in enumerate(("lake", "bare")):
        own = [run[place] for run in runs]
        best.append(min(run["seconds"] for run in own))
        peak = max(run["peak"] for run in own)
        rows, visits = own[0]["rows"], own[0]["visits"]
        print(f"{name}: {best[-1]:6.2f} s, peak {peak:5.0f} MiB, {rows:,} rows, {visits:,} visits")
    print(f"lake / bare: {best[0] / best[1]:.2f}")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measure(sys.argv[1], Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else SALES)
