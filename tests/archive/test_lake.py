"""The lake follows the archive, whatever happens to either."""

import shutil
import stat
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from archive.shop import Shop
from makers import NOON, SHANGHAI_S, make_key, make_reversal, make_sale
from sqlalchemy import update

from station.archive import batches, facts, lake
from station.archive.database import Database
from station.archive.manifest import Manifest, load
from station.archive.tables import vehicle_keys
from station.model import Fuel, Sale, Unit

DAY = 86_400
LATE = 40_000
FEW = lake.LakeRules(buckets=4, most_parts=3)
PASSES = replace(FEW, rows_per_pass=1)


def sold(name: str, day: int = 0, **changes: object) -> Sale:
    at = NOON + day * DAY
    key = make_key(f"粤B{name}")
    return make_sale(
        receipt_no=f"{name}-{day}", sold_at=at, local_at=at + SHANGHAI_S, vehicle=key, **changes
    )


def bring_in(db: Database, given: Sequence[Sale], *, done: bool = True, whole: bool = False) -> int:
    with db.writing() as conn:
        shop = Shop(conn)
        batch = shop.open(str(given[0].receipt_no), whole_file=whole)
        outcomes = shop.add(given, batch)
        if done:
            shop.finish(batch, outcomes)
    return batch


def take_back(db: Database, sale: Sale) -> int:
    with db.writing() as conn:
        shop = Shop(conn)
        batch = shop.open(f"back {sale.receipt_no}")
        shop.finish(batch, shop.take_back([make_reversal(sale)], batch))
    return batch


def undo(db: Database, batch: int) -> None:
    with db.writing() as conn:
        batches.undo(conn, batch)


def reduced(db: Database, rules: lake.LakeRules = FEW, **changes: object) -> pd.DataFrame:
    question = {"station_ids": None, "as_of_day": LATE} | changes
    return lake.reduce(db, rules=rules, **question)


def visits(db: Database, rules: lake.LakeRules = FEW) -> list[int]:
    return reduced(db, rules).visits.tolist()


def manifest(db: Database) -> Manifest:
    found = load(db.folder / "lake")
    assert found is not None
    return found


def test_an_empty_archive_has_no_profiles(db: Database) -> None:
    assert visits(db) == []


def test_sales_of_a_finished_import_are_in_the_lake(db: Database) -> None:
    bring_in(db, [sold("1"), sold("1", 3), sold("2")])

    frame = reduced(db)

    assert frame.visits.tolist() == [2, 1]
    assert frame.gap_median_days.tolist()[0] == 3
    assert frame.quantity_l.tolist() == [60_000, 30_000]


def test_nobody_else_on_the_machine_reads_the_lake(db: Database) -> None:
    folder = db.folder / "lake"
    folder.mkdir(mode=0o755)
    bring_in(db, [sold("A0001")])

    lake.refresh(db)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_next_import_is_appended_to_what_is_there(db: Database) -> None:
    bring_in(db, [sold("1"), sold("2")])
    visits(db)
    before = manifest(db)

    bring_in(db, [sold("1", 3)])

    assert visits(db) == [2, 1]
    assert set(before.parts) < set(manifest(db).parts)


def test_nothing_is_written_when_nothing_changed(db: Database) -> None:
    bring_in(db, [sold("1")])
    visits(db)
    before = manifest(db)
    visits(db)

    assert manifest(db) == before


def test_an_open_import_shows_what_it_has_brought_so_far(db: Database) -> None:
    bring_in(db, [sold("1")], done=False)
    assert visits(db) == [1]

    bring_in(db, [sold("1"), sold("1", 1)], done=False)
    assert visits(db) == [2]


def test_a_whole_file_import_is_invisible_until_it_is_done(db: Database) -> None:
    bring_in(db, [sold("1")], done=False, whole=True)
    assert visits(db) == []

    bring_in(db, [sold("1")], done=True, whole=True)
    assert visits(db) == [1]


def test_an_undone_import_leaves_the_lake_and_may_come_again(db: Database) -> None:
    bring_in(db, [sold("1"), sold("2")])
    assert visits(db) == [1, 1]
    batch = bring_in(db, [sold("1", 1), sold("2", 1)])
    assert visits(db) == [2, 2]

    undo(db, batch)
    assert visits(db) == [1, 1]
    assert batch not in {number for part in manifest(db).parts for number in part.batches}

    bring_in(db, [sold("1", 1)])
    assert visits(db) == [2, 1]


def test_undoing_an_import_takes_the_later_reversals_of_its_sales_along(db: Database) -> None:
    bring_in(db, [sold("1")])
    assert visits(db) == [1]
    batch = bring_in(db, [sold("1", 1)])
    assert visits(db) == [2]
    take_back(db, sold("1", 1))
    assert visits(db) == [1]

    undo(db, batch)

    assert visits(db) == [1]
    assert sum(part.rows for part in manifest(db).parts) == 1


def test_a_reversal_counts_from_its_own_day_on(db: Database) -> None:
    sale = sold("1")
    bring_in(db, [sale, sold("1", 5)])
    with db.writing() as conn:
        late = make_reversal(sale, sold_at=NOON + 9 * DAY, local_at=NOON + 9 * DAY + SHANGHAI_S)
        Shop(conn).take_back([late], Shop(conn).open("late"))
    day = (NOON + SHANGHAI_S) // DAY

    assert reduced(db, as_of_day=day + 8).visits.tolist() == [2]
    assert reduced(db, as_of_day=day + 9).visits.tolist() == [1]


def test_many_small_parts_become_one(db: Database) -> None:
    for day in range(6):
        bring_in(db, [sold("1", day)])
        assert visits(db) == [day + 1]

    assert len(manifest(db).parts) <= FEW.most_parts


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"format": 1}', b"\xff\xfe\x00"])
def test_a_damaged_manifest_is_written_anew(db: Database, damage: bytes) -> None:
    bring_in(db, [sold("1")])
    whole = reduced(db)
    (db.folder / "lake" / "manifest.json").write_bytes(damage)

    assert reduced(db).equals(whole)


@pytest.mark.parametrize("size", [0, 5, 300])
def test_damaged_facts_are_written_anew(db: Database, size: int) -> None:
    batch = bring_in(db, [sold("1"), sold("2")])
    bring_in(db, [sold("3")])
    whole = reduced(db)

    spoil(db, size)
    assert reduced(db).equals(whole)
    spoil(db, size)
    undo(db, batch)
    assert len(reduced(db)) == 1


def spoil(db: Database, size: int) -> None:
    for path in (db.folder / "lake").glob("*.parquet"):
        path.write_bytes(path.read_bytes()[:size] + b"junk")


def test_the_folder_may_be_deleted_at_any_time(db: Database) -> None:
    bring_in(db, [sold("1"), sold("2")])
    before = reduced(db)

    shutil.rmtree(db.folder / "lake")

    pd.testing.assert_frame_equal(reduced(db), before)


def test_a_lost_file_of_the_lake_is_made_again(db: Database) -> None:
    bring_in(db, [sold("1"), sold("2")])
    before = reduced(db)
    for path in (db.folder / "lake").glob("*.parquet"):
        path.unlink()

    pd.testing.assert_frame_equal(reduced(db), before)


def test_a_lake_of_another_format_is_built_anew(db: Database) -> None:
    bring_in(db, [sold("1")])
    assert visits(db) == [1]
    path = db.folder / "lake" / "manifest.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 0'))

    assert visits(db) == [1]
    assert manifest(db).generation == 1


def test_many_rows_are_written_in_several_groups(tmp_path: Path) -> None:
    size = facts.FLUSH_ROWS // 2 + 1
    rows = pa.table({f.name: pa.array(np.ones(size), type=f.type) for f in facts.SCHEMA})
    writer = facts.PartWriter(tmp_path, 1, 4)
    for _ in range(3):
        writer.add(rows)

    (part,) = writer.close()

    assert (part.bucket, part.rows, part.batches) == (1, 3 * size, (1,))
    assert pq.ParquetFile(tmp_path / part.file).num_row_groups > 1


def test_files_of_a_broken_refresh_are_swept(db: Database) -> None:
    bring_in(db, [sold("1")])
    visits(db)
    orphan = db.folder / "lake" / "g9-b0.parquet"
    orphan.write_bytes(b"half")

    bring_in(db, [sold("2")])

    assert visits(db) == [1, 1]
    assert not orphan.exists()


def test_a_vehicle_of_two_keys_in_different_buckets_is_one(db: Database) -> None:
    bring_in(db, [sold("1"), sold("2", 2), sold("3")])
    assert visits(db, PASSES) == [1, 1, 1]

    with db.writing() as conn:
        conn.execute(update(vehicle_keys).where(vehicle_keys.c.id == 2).values(vehicle_id=1))

    frame = reduced(db, PASSES)
    assert frame.visits.tolist() == [2, 1]
    assert frame.gap_median_days.tolist()[0] == 2


def test_passes_do_not_change_the_answer(db: Database) -> None:
    bring_in(db, [sold(str(n), n % 7) for n in range(40)])

    pd.testing.assert_frame_equal(reduced(db), reduced(db, PASSES))


def test_only_stations_in_scope_count(db: Database) -> None:
    bring_in(db, [sold("1"), sold("1", 2, station="S2")])

    assert reduced(db, station_ids=frozenset({2})).station_id.tolist() == [2]
    assert reduced(db, station_ids=frozenset()).empty
    assert reduced(db, network=True).visits.tolist() == [2]


def test_fuel_unit_and_currency_become_numbers(db: Database) -> None:
    charge = {"fuel": Fuel.ELECTRIC, "unit": Unit.KWH, "product": "kWh"}
    bring_in(db, [sold("1", **charge), sold("2", amount_minor=5_000)])

    frame = reduced(db)

    assert frame.visits_electric.tolist() == [1, 0]
    assert frame.quantity_kwh.tolist() == [30_000, 0]
    assert frame.visits_round.tolist() == [0, 1]


def test_other_texts_are_summed_over_their_columns(db: Database) -> None:
    bring_in(db, [sold("1"), sold("2"), sold("3", 1)])

    daily = lake.query(
        db,
        lake.text("daily"),
        station_ids=None,
        as_of_day=LATE,
        by=("station_id", "local_day", "currency"),
        rules=FEW,
    )

    assert daily.visits.tolist() == [2, 1]


def test_a_text_may_read_a_frame_of_ours(db: Database) -> None:
    bring_in(db, [sold("1"), sold("2")])
    classes = pd.DataFrame({"vehicle_id": [1], "station_id": [1], "class": ["regular"]})

    traffic = lake.query(
        db,
        lake.text("traffic"),
        station_ids=None,
        as_of_day=LATE,
        frames={"classes": classes},
        rules=FEW,
    )

    assert sorted(traffic["class"]) == ["regular", "unknown"]
    assert traffic.hour.tolist() == [12, 12]


def test_months_are_counted_from_january_1970(db: Database) -> None:
    bring_in(db, [sold("1"), sold("1", 40)])

    months = lake.query(db, lake.text("months"), station_ids=None, as_of_day=LATE)

    assert sorted(months.month) == [680, 681]


ASK = """
import sys
from pathlib import Path
from station.archive import lake
from station.archive.database import Database
db = Database(sys.argv[1], Path(sys.argv[2]))
print(lake.reduce(db, station_ids=None, as_of_day=40_000).visits.tolist())
"""


@pytest.mark.slow
def test_two_processes_build_one_lake(db: Database, tmp_path: Path) -> None:
    bring_in(db, [sold(str(n)) for n in range(30)])
    url = db.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", ASK, url, str(tmp_path)]

    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [process.communicate()[0].strip() for process in both]

    assert answers == [str([1] * 30)] * 2
    assert manifest(db).generation == 1
