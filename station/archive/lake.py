"""The lake: sales as integer Parquet facts, and every figure that is derived from all of them.

The lake lies in the archive's folder, is brought up to date when it is asked, and may be deleted
at any time. DuckDB reads it; the texts of station/analysis/*.sql run on it word for word.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, select

from station.archive import facts
from station.archive.manifest import (
    OWNER_ONLY,
    Manifest,
    Part,
    clear,
    load,
    locked,
    publish,
    retired_since,
)
from station.archive.tables import batches, meta, products
from station.archive.tables import stations as stations_table
from station.frames import REDUCED

SQL_FOLDER = Path(__file__).parents[1] / "analysis"
ALWAYS = -(2**31)
"""A from_day before every sale."""


class Archive(Protocol):
    """What the lake needs of the archive: where it lies, and a way to read it."""

    @property
    def folder(self) -> Path:
        """The folder that holds the archive."""
        ...

    def reading(self) -> AbstractContextManager[Connection]:
        """Return a connection that sees one state of the archive."""
        ...


@dataclass(frozen=True, slots=True)
class LakeRules:
    """How the lake is cut up and how much memory a question may take."""

    buckets: int = 16
    most_parts: int = 16
    rows_per_pass: int = 2_000_000
    memory: str = "900MB"
    threads: int = 2


@dataclass(frozen=True, slots=True)
class Question:
    """Which sales count: up to `as_of_day`, visits from `from_day`, of these stations."""

    station_ids: frozenset[int] | None
    as_of_day: int
    from_day: int | None = None
    network: bool = False


RULES = LakeRules()
DAMAGES = (duckdb.IOException, duckdb.InvalidInputException, pa.ArrowException)
"""What is raised of files that were deleted, cut or changed under us."""
OWN_KEYS = """
CREATE OR REPLACE TABLE keys AS
SELECT key_id, vehicle_id, from_day, to_day FROM all_keys WHERE home IN (SELECT home FROM homes)
"""
SALES = """
SELECT k.vehicle_id, f.* FROM facts f JOIN keys k
ON k.key_id = f.key_id AND f.local_day >= k.from_day AND f.local_day < k.to_day
"""


def text(name: str) -> str:
    """Return the SQL text `name` of station/analysis."""
    return (SQL_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


# --- bringing the lake up to date -----------------------------------------------------------


def refresh(db: Archive, rules: LakeRules = RULES) -> Manifest:
    """Return the manifest of a lake that holds every visible sale of the archive."""
    folder = _folder(db)
    with db.reading() as conn:
        version = _data_version(conn)
        current = load(folder)
        if current is not None and current.data_version == version:
            return current
    with locked(folder), db.reading() as conn:
        try:
            return _renew(conn, folder, rules)
        except DAMAGES:
            clear(folder)
            folder.mkdir(mode=OWNER_ONLY)
            return _renew(conn, folder, rules)


def _folder(db: Archive) -> Path:
    return db.folder / "lake"


def _data_version(conn: Connection) -> int:
    row = conn.execute(select(meta.c.value).where(meta.c.name == "data_version")).scalar()
    return int(row or 0)


def _renew(conn: Connection, folder: Path, rules: LakeRules) -> Manifest:
    version = _data_version(conn)  # read first: what changes meanwhile is for the next refresh
    old = _usable(load(folder), folder, rules)
    if old.data_version == version:
        return old
    visible, growing = _visible(conn)
    gone = old.batches.keys() - visible
    new = replace(
        old,
        generation=old.generation + 1,
        data_version=version,
        batches={batch: last for batch, last in old.batches.items() if batch in visible},
        open_batches=tuple(sorted(growing)),
        products={row.id: row.code for row in conn.execute(select(products.c.id, products.c.code))},
        stations=tuple(conn.execute(select(stations_table.c.id)).scalars()),
    )
    new = _append(conn, folder, new, _wanting(visible, old))
    new = _tidy(folder, new, gone, rules)
    new = _renew_keys(conn, folder, new)
    new = replace(new, retired=retired_since(old, new))
    publish(folder, new)
    return new


def _usable(manifest: Manifest | None, folder: Path, rules: LakeRules) -> Manifest:
    """Return `manifest`, or an empty one when it or a file of it is missing."""
    if manifest is None or not all((folder / file).exists() for file in manifest.files):
        return Manifest(buckets=rules.buckets)
    return manifest


def _visible(conn: Connection) -> tuple[set[int], set[int]]:
    """Return the batches whose sales count, and those of them that may still grow."""
    rows = conn.execute(
        select(batches.c.id, batches.c.status, batches.c.whole_file).where(
            batches.c.kind == "sales", batches.c.status != "undone"
        )
    ).all()
    growing = {row.id for row in rows if row.status == "open" and not row.whole_file}
    return growing | {row.id for row in rows if row.status == "done"}, growing


def _wanting(visible: set[int], old: Manifest) -> list[int]:
    """Return the visible batches of which the lake may lack rows."""
    return sorted(visible - (old.batches.keys() - set(old.open_batches)))


def _append(conn: Connection, folder: Path, new: Manifest, wanting: Sequence[int]) -> Manifest:
    writer = facts.PartWriter(folder, new.generation, new.buckets)
    codes = facts.product_codes(conn)
    last = dict(new.batches)
    for batch in wanting:
        last.setdefault(batch, 0)
        for chunk in facts.stream(conn, codes, batch, last[batch]):
            writer.add(chunk)
            last[batch] = chunk["sale_id"][-1].as_py()
    return replace(new, batches=last, parts=new.parts + writer.close())


def _tidy(folder: Path, new: Manifest, gone: set[int], rules: LakeRules) -> Manifest:
    """Drop the rows of batches that are gone; merge the parts of a bucket that has too many."""
    parts: list[Part] = []
    for bucket in sorted({part.bucket for part in new.parts}):
        own = [part for part in new.parts if part.bucket == bucket]
        left = facts.leaving(folder, own, gone)
        stale = [part for part in own if facts.holds(folder, part, gone, left)]
        changed = own if len(own) > rules.most_parts else stale
        parts += [part for part in own if part not in changed]
        if changed:
            parts += facts.rewrite(folder, changed, gone, left, new.generation)
    return replace(new, parts=tuple(parts))


def _renew_keys(conn: Connection, folder: Path, new: Manifest) -> Manifest:
    mark = facts.keys_mark(conn)
    if new.keys_file and mark == new.keys_mark:
        return new
    file = f"g{new.generation}-keys.parquet"
    facts.write_keys(conn, folder / file, new.buckets)
    return replace(new, keys_file=file, keys_mark=mark)


# --- asking -----------------------------------------------------------------------------------


def reduce(
    db: Archive,
    *,
    station_ids: frozenset[int] | None,
    as_of_day: int,
    from_day: int | None = None,
    network: bool = False,
    rules: LakeRules = RULES,
) -> pd.DataFrame:
    """Return frames.REDUCED: one row a vehicle and station, or a vehicle when `network`."""
    question = Question(station_ids, as_of_day, from_day, network)
    frame = ask(db, text("profile"), question, rules=rules)
    frame = frame.sort_values(["vehicle_id", "station_id"], ignore_index=True)
    return frame[list(REDUCED)].astype(dict(REDUCED))


def query(
    db: Archive,
    sql: str,
    *,
    station_ids: frozenset[int] | None,
    as_of_day: int,
    from_day: int | None = None,
    by: Sequence[str] = (),
    frames: Mapping[str, pd.DataFrame] | None = None,
    rules: LakeRules = RULES,
) -> pd.DataFrame:
    """Return what `sql` says over `visits`, `sales`, `ask`, `scope_stations` and `frames`.

    The text runs once a share of the vehicles. Without `by` the rows of all shares are returned
    together (one row a vehicle, say); with `by` they are summed over those columns.
    """
    question = Question(station_ids, as_of_day, from_day)
    frame = ask(db, sql, question, frames=frames, rules=rules)
    if not by:
        return frame
    return frame.groupby(list(by), as_index=False, sort=True).sum()


def ask(
    db: Archive,
    sql: str,
    question: Question,
    *,
    frames: Mapping[str, pd.DataFrame] | None = None,
    rules: LakeRules = RULES,
) -> pd.DataFrame:
    """Return the rows of `sql` for each share of the vehicles, one below the other."""
    try:
        return read(_folder(db), refresh(db, rules), sql, question, frames or {}, rules)
    except DAMAGES:  # the folder may be deleted at any time, and is rebuilt if it is damaged
        with locked(_folder(db)):
            clear(_folder(db))
        return read(_folder(db), refresh(db, rules), sql, question, frames or {}, rules)


def read(
    folder: Path,
    manifest: Manifest,
    sql: str,
    question: Question,
    frames: Mapping[str, pd.DataFrame],
    rules: LakeRules = RULES,
) -> pd.DataFrame:
    """Return the rows of `sql` over the parts of `manifest`."""
    with _connected(folder, manifest, question, rules) as duck:
        for name, frame in frames.items():
            duck.register(name, frame)
        shares: list[pd.DataFrame] = [
            duck.sql(sql).df()
            for homes in passes(manifest, rules)
            if _show(duck, folder, manifest, homes)
        ]
    return pd.concat(shares, ignore_index=True)


def passes(manifest: Manifest, rules: LakeRules) -> list[tuple[int, ...]]:
    """Return the homes of vehicles read together, so that a pass stays near `rows_per_pass`.

    When there are several passes a last one, over all buckets, serves the vehicles whose keys lie
    in more than one.
    """
    groups: list[tuple[int, ...]] = []
    room = -1
    for bucket in range(manifest.buckets):
        rows = sum(part.rows for part in manifest.parts if part.bucket == bucket)
        if room < rows:
            groups.append(())
            room = max(rows, rules.rows_per_pass)
        groups[-1] += (bucket,)
        room -= rows
    return [(*groups[0], facts.SPREAD)] if len(groups) == 1 else [*groups, (facts.SPREAD,)]


@contextmanager
def _connected(
    folder: Path, manifest: Manifest, question: Question, rules: LakeRules
) -> Iterator[Any]:
    with duckdb.connect(
        config={
            "threads": rules.threads,
            "memory_limit": rules.memory,
            "temp_directory": str(folder / "spill"),
            "preserve_insertion_order": False,
        }
    ) as duck:
        duck.read_parquet(str(folder / manifest.keys_file)).create_view("all_keys")
        scope = manifest.stations if question.station_ids is None else question.station_ids
        duck.register("scope_stations", pd.DataFrame({"station_id": sorted(scope)}, dtype="int64"))
        duck.register("ask", pd.DataFrame([asked(question)]))
        yield duck


def asked(question: Question) -> dict[str, int]:
    """Return the one row of the table `ask`."""
    from_day = ALWAYS if question.from_day is None else question.from_day
    return {
        "as_of_day": question.as_of_day,
        "from_day": from_day,
        "network": int(question.network),
    }


def _show(duck: Any, folder: Path, manifest: Manifest, homes: tuple[int, ...]) -> bool:
    """Let the views `sales` and `visits` show the vehicles of `homes`; False if there are none."""
    spread = facts.SPREAD in homes
    parts = [part for part in manifest.parts if spread or part.bucket in homes]
    duck.register("homes", pd.DataFrame({"home": homes}))
    duck.execute(OWN_KEYS)
    if not duck.table("keys").limit(1).fetchall():
        return False
    files = [str(folder / part.file) for part in parts]
    shown = duck.read_parquet(files) if files else duck.from_arrow(facts.SCHEMA.empty_table())
    shown.create_view("facts", replace=True)
    duck.sql(SALES).create_view("sales", replace=True)
    duck.sql(text("visits")).create_view("visits", replace=True)
    return True
