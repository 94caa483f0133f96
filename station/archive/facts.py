"""Rows of the archive become integer facts in Parquet, and parts of the lake are rewritten."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import Connection, func, select

from station.archive.keys import ALWAYS, FOREVER, borne_in_turn
from station.archive.manifest import Part
from station.archive.rows import slices
from station.archive.tables import products, sales, vehicle_keys
from station.archive.views import visible
from station.frames import UNITS
from station.model import DAY_S, Fuel, currency_code, minor_per_major

FUEL_CODES = {
    Fuel.NONE: 0,
    Fuel.PETROL: 1,
    Fuel.DIESEL: 2,
    Fuel.GAS: 3,
    Fuel.ELECTRIC: 4,
    Fuel.OTHER: 5,
}
UNIT_CODES = {unit: number for number, unit in enumerate(UNITS, start=1)}
"""Any other unit is 0: pieces are no fuel."""
FETCH_ROWS = 20_000
FLUSH_ROWS = 1_000_000

SCHEMA = pa.schema(
    [
        ("sale_id", pa.int64()),
        ("batch_id", pa.int32()),
        ("key_id", pa.int64()),  # 0: no vehicle known
        ("station_id", pa.int32()),
        ("utc_s", pa.int64()),
        ("local_day", pa.int32()),
        ("month", pa.int32()),  # months since January 1970
        ("hour", pa.int8()),
        ("has_time", pa.int8()),
        ("fuel", pa.int8()),
        ("product_id", pa.int32()),
        ("unit", pa.int8()),
        ("quantity_milli", pa.int64()),
        ("amount_minor", pa.int64()),
        ("currency", pa.int16()),
        ("minor_per_major", pa.int16()),
        ("reverses_id", pa.int64()),  # 0: no reversal
    ]
)
READ = (
    "id",
    "batch_id",
    "key_id",
    "station_id",
    "sold_at",
    "local_at",
    "has_time",
    "product_id",
    "quantity_milli",
    "amount_minor",
    "currency",
    "reverses",
)
"""What is read of a sale."""
SORTED_BY = [("key_id", "ascending"), ("station_id", "ascending"), ("utc_s", "ascending")]
KEYS_SCHEMA = pa.schema(
    [
        ("key_id", pa.int64()),
        ("vehicle_id", pa.int64()),
        ("home", pa.int32()),
        ("from_day", pa.int32()),  # the vehicle bears the key on the days from this one …
        ("to_day", pa.int32()),  # … to the one before this
    ]
)
SPREAD = -1
"""Home of a vehicle whose keys lie in several buckets."""


@dataclass(frozen=True, slots=True)
class ProductCodes:
    """Fuel and unit code of each product, by its id."""

    fuel: np.ndarray
    unit: np.ndarray


def product_codes(conn: Connection) -> ProductCodes:
    """Return the codes of every product of the archive."""
    rows = conn.execute(select(products.c.id, products.c.fuel, products.c.unit)).all()
    size = 1 + max((row.id for row in rows), default=0)
    fuel, unit = np.zeros(size, dtype="int8"), np.zeros(size, dtype="int8")
    for row in rows:
        fuel[row.id] = FUEL_CODES[Fuel(row.fuel)]
        unit[row.id] = UNIT_CODES.get(row.unit, 0)
    return ProductCodes(fuel, unit)


def stream(conn: Connection, codes: ProductCodes, batch_id: int, after: int) -> Iterator[pa.Table]:
    """Yield the facts of one batch beyond sale id `after`, a chunk at a time.

    A reversal has the key of the sale it reverses, so both lie in one bucket.
    """
    rows = (
        select(*(sales.c[name] for name in READ))
        .where(sales.c.batch_id == batch_id, sales.c.id > after, sales.c.voided == 0)
        .order_by(sales.c.id)
    )
    result = conn.execution_options(yield_per=FETCH_ROWS).execute(rows)
    for chunk in result.partitions():
        yield _facts(dict(zip(READ, zip(*chunk, strict=True), strict=True)), codes)


def of_keys(conn: Connection, codes: ProductCodes, key_ids: Sequence[int]) -> pa.Table:
    """Return the facts of the lines that count of these keys."""
    query = select(*(sales.c[name] for name in READ)).where(visible())
    tables = [SCHEMA.empty_table()]
    for some in slices(key_ids):
        rows = conn.execute(query.where(sales.c.key_id.in_(some))).all()
        if rows:
            read = dict(zip(READ, zip(*map(tuple, rows), strict=True), strict=True))
            tables.append(_facts(read, codes))
    return pa.concat_tables(tables)


def _facts(read: Mapping[str, Sequence[Any]], codes: ProductCodes) -> pa.Table:
    seconds = np.array(read["local_at"], dtype="int64")
    days = seconds // DAY_S
    product = np.array(read["product_id"], dtype="int32")
    money = {name: (currency_code(name), minor_per_major(name)) for name in set(read["currency"])}
    columns = {
        "sale_id": read["id"],
        "batch_id": read["batch_id"],
        "key_id": [key or 0 for key in read["key_id"]],
        "station_id": read["station_id"],
        "utc_s": read["sold_at"],
        "local_day": days,
        "month": days.astype("datetime64[D]").astype("datetime64[M]").astype("int64"),
        "hour": seconds % DAY_S // 3600,
        "has_time": read["has_time"],
        "fuel": codes.fuel[product],
        "product_id": product,
        "unit": codes.unit[product],
        "quantity_milli": read["quantity_milli"],
        "amount_minor": read["amount_minor"],
        "currency": [money[name][0] for name in read["currency"]],
        "minor_per_major": [money[name][1] for name in read["currency"]],
        "reverses_id": [sale or 0 for sale in read["reverses"]],
    }
    arrays = [pa.array(columns[field.name], type=field.type) for field in SCHEMA]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


@dataclass(slots=True)
class _Bucket:
    writer: pq.ParquetWriter
    file: str
    rows: int
    batches: set[int]


class PartWriter:
    """Writes facts into one new file a bucket; `close` returns the parts it made."""

    def __init__(self, folder: Path, generation: int, buckets: int) -> None:
        self.folder = folder
        self.generation = generation
        self.buckets = buckets
        self._open: dict[int, _Bucket] = {}
        self._held: list[pa.Table] = []
        self._held_rows = 0

    def add(self, facts: pa.Table) -> None:
        """Take a chunk; chunks are gathered into row groups worth reading."""
        self._held.append(facts)
        self._held_rows += facts.num_rows
        if self._held_rows >= FLUSH_ROWS:
            self._flush()

    def close(self) -> tuple[Part, ...]:
        """Finish the files and return their parts."""
        self._flush()
        for bucket in self._open.values():
            bucket.writer.close()
        return tuple(
            Part(bucket.file, number, bucket.rows, tuple(sorted(bucket.batches)))
            for number, bucket in sorted(self._open.items())
        )

    def _flush(self) -> None:
        if not self._held_rows:
            return
        facts = pa.concat_tables(self._held).sort_by(SORTED_BY)
        self._held, self._held_rows = [], 0
        homes = np.asarray(facts["key_id"]) % self.buckets
        for number in np.unique(homes):
            self._write(int(number), facts.filter(pa.array(homes == number)))

    def _write(self, number: int, facts: pa.Table) -> None:
        if number not in self._open:
            file = f"g{self.generation}-b{number}.parquet"
            writer = pq.ParquetWriter(self.folder / file, SCHEMA, compression="zstd")
            self._open[number] = _Bucket(writer, file, 0, set())
        bucket = self._open[number]
        bucket.writer.write_table(facts)
        bucket.rows += facts.num_rows
        bucket.batches.update(_batches(facts))


def leaving(folder: Path, parts: Iterable[Part], gone: Collection[int]) -> pa.Array:
    """Return the ids of the sales in `parts` that came with a batch of `gone`."""
    ids = [pa.array([], type=pa.int64())]
    for part in parts:
        if set(gone).intersection(part.batches):
            table = pq.read_table(folder / part.file, columns=["sale_id", "batch_id"])
            ids += table.filter(_within(table["batch_id"], gone))["sale_id"].chunks
    return pa.concat_arrays(ids)


def holds(folder: Path, part: Part, gone: Collection[int], left: pa.Array) -> bool:
    """Return whether `part` has rows of a batch of `gone`, or reversals of sales that `left`."""
    if set(gone).intersection(part.batches):
        return True
    if not len(left):
        return False
    reverses = pq.read_table(folder / part.file, columns=["reverses_id"])["reverses_id"]
    return bool(pc.any(pc.is_in(reverses, value_set=left)).as_py())


def rewrite(
    folder: Path, parts: Sequence[Part], gone: Collection[int], left: pa.Array, generation: int
) -> tuple[Part, ...]:
    """Return one sorted part in place of `parts` of a bucket, without what is gone.

    No part comes back when no row stays.
    """
    facts = pa.concat_tables(pq.read_table(folder / part.file) for part in parts)
    out = pc.or_(_within(facts["batch_id"], gone), pc.is_in(facts["reverses_id"], value_set=left))
    facts = facts.filter(pc.invert(out))
    if not facts.num_rows:
        return ()
    bucket = parts[0].bucket
    file = f"g{generation}-b{bucket}-whole.parquet"
    pq.write_table(facts.sort_by(SORTED_BY), folder / file, compression="zstd")
    return (Part(file, bucket, facts.num_rows, _batches(facts)),)


def _within(batch_ids: pa.ChunkedArray, wanted: Collection[int]) -> pa.ChunkedArray:
    return pc.is_in(batch_ids, value_set=pa.array(sorted(wanted), type=pa.int32()))


def _batches(facts: pa.Table) -> tuple[int, ...]:
    return tuple(sorted(pc.unique(facts["batch_id"]).to_pylist()))


def keys_mark(conn: Connection) -> tuple[int, ...]:
    """Return numbers that change when a key is added or moves to another vehicle."""
    key, vehicle = vehicle_keys.c.id, vehicle_keys.c.vehicle_id
    row = conn.execute(
        select(
            func.count(),
            func.coalesce(func.max(key), 0),
            func.coalesce(func.sum(vehicle), 0),
            func.coalesce(func.sum(vehicle * (key % 1009)), 0),
            func.coalesce(func.sum(vehicle_keys.c.valid_from_day), 0),
        ).select_from(vehicle_keys)
    ).one()
    return tuple(int(number) for number in row)


def write_keys(conn: Connection, path: Path, buckets: int) -> None:
    """Write which vehicle bears each key and when, and in which bucket all of its keys lie."""
    rows = conn.execution_options(yield_per=FETCH_ROWS).execute(
        select(vehicle_keys.c.id, vehicle_keys.c.vehicle_id).order_by(vehicle_keys.c.id)
    )
    # As tuples: numpy would ask each Row what else it may be, which takes ten times as long.
    chunks = [np.array([tuple(row) for row in chunk], "int64") for chunk in rows.partitions()]
    pairs = np.concatenate([np.empty((0, 2), dtype="int64"), *chunks])
    turns = np.array(borne_in_turn(conn), dtype="int64").reshape(-1, 4)
    pairs = pairs[~np.isin(pairs[:, 0], turns[:, 0])]
    keys = np.concatenate([pairs[:, 0], turns[:, 0]])
    vehicles = np.concatenate([pairs[:, 1], turns[:, 1]])
    table = keys_table(keys, vehicles, buckets, turns=turns[:, 2:])
    pq.write_table(table, path, compression="zstd")


def keys_table(
    keys: np.ndarray, vehicles: np.ndarray, buckets: int, *, turns: np.ndarray | None = None
) -> pa.Table:
    """Return the key table: `home` is the one bucket of a vehicle's keys, or `SPREAD`.

    `turns` are first day and first day no more of the last rows; all others are borne always. Key
    0, of lines without a vehicle, belongs to vehicle 0.
    """
    keys, vehicles = np.append(0, keys), np.append(0, vehicles)
    days = np.tile(np.array([[ALWAYS, FOREVER]]), (len(keys), 1))
    if turns is not None and len(turns):
        days[-len(turns) :] = turns
    homes = keys % buckets
    _, place = np.unique(vehicles, return_inverse=True)
    size = int(place.max()) + 1
    low, high = np.full(size, buckets), np.full(size, -1)
    np.minimum.at(low, place, homes)
    np.maximum.at(high, place, homes)
    home = np.where(low == high, low, SPREAD)[place]
    columns = [keys, vehicles, home, days[:, 0], days[:, 1]]
    return pa.table(
        [pa.array(column, type=f.type) for column, f in zip(columns, KEYS_SCHEMA, strict=True)],
        schema=KEYS_SCHEMA,
    )
