"""Whoever copies the archive's files or a backup reads no name, no telephone and no note."""

import csv
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from copying import content_of
from makers import make_sale, make_station
from terminal import Apart

from station.archive import batches, sales, stations
from station.archive.books import KeyBook, ProductBook
from station.archive.database import Database, create_or_upgrade
from station.config import Settings
from station.model import LapseReason
from station.services import access, board, keeping
from station.services.ask import Ask
from station.services.customers import lapses
from station.services.incoming import intake, records
from station.services.incoming.files import FileOptions
from station.services.incoming.intake import ImportOptions
from station.services.personal import keys, sealing

pytestmark = pytest.mark.slow

NAMES = ("甲示川澜", "乙例祥途", "Wilhelmina Testperson")
PHONES = ("10012345678", "10087654321", "10055556666")
NOTES = ("太贵了所以他去了对面的油站", "a sentence nobody else may read")
CUSTOMERS = f"""\
客户编号,客户类型,姓名,联系人,手机号
C1,个人,{NAMES[0]},,{PHONES[0]}
C2,单位,,{NAMES[1]},+86 {PHONES[1]}
C3,个人,{NAMES[2]},,{PHONES[2]}12345678
C4,{NAMES[2]},{PHONES[2]},,
"""
SALES = f"""\
流水号,交易时间,油品,数量,金额,车牌号,备注
1,2026-09-01 12:00:00,92#,thirty,1,粤B12345,{NAMES[0]} {PHONES[0]}
"""
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "gb18030")
SPELT = {"utf-8": rb"100[0-9]{8}", "utf-16-le": rb"1\x000\x000\x00(?:[0-9]\x00){8}"}


def found(path: Path, words: Iterable[str]) -> list[str]:
    content = content_of(path)
    return [word for word in words for code in ENCODINGS if word.encode(code) in content]


def files_of(db: Database) -> list[Path]:
    """Return the archive with everything that lies beside it."""
    assert db.path is not None
    return [path for path in db.folder.rglob("*") if path.is_file()]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Return the question on an archive with customers, notes and rejected rows, still open."""
    files, home = tmp_path / "files", tmp_path / "home"
    files.mkdir()
    db = create_or_upgrade(f"sqlite:///{home}/station.db")
    with db.writing() as conn:
        ids = {"S1": stations.add(conn, make_station("S1"))}
        batch = batches.open_batch(
            conn, kind="sales", source="t", file_name="t", file_hash="t", whole_file=False,
            account="t", now_s=1,
        )  # fmt: skip
        given = [make_sale(receipt_no=str(n)) for n in range(5)]
        sales.add(conn, batch.id, given, station_ids=ids, keys=KeyBook(), products=ProductBook())
    ask = Ask(db, Settings(), access.local_operator(db), date(2026, 9, 2))
    (files / "customers.csv").write_text(CUSTOMERS, encoding="utf-8")
    (files / "till.csv").write_text(SALES, encoding="gb18030")
    took = records.import_records(
        ask, kind="customers", path=files / "customers.csv", options=FileOptions()
    )
    missed = intake.import_sales(ask, path=files / "till.csv", options=ImportOptions(station="S1"))
    assert (took.counts.accepted, took.counts.rejected, missed.counts.rejected) == (2, 2, 1)
    vehicle = int(board.vehicles(ask)["vehicle_id"].iloc[0])
    for note in NOTES:
        lapses.record(ask, vehicle_id=vehicle, station="S1", reason=LapseReason.PRICE, note=note)
    return ask


def test_no_word_of_a_person_is_in_the_archives_files(ask: Ask) -> None:
    files = files_of(ask.db)

    assert {"station.db", "station.db-wal", sealing.KEY_FILE} <= {path.name for path in files}
    assert [found(path, NAMES + PHONES + NOTES) for path in files] == [[]] * len(files)


def test_nor_in_a_backup_before_and_after_a_change_of_keys(ask: Ask, tmp_path: Path) -> None:
    url, copies = ask.db.folder, []

    for step in (None, keys.rotate, keys.forget):
        if step:
            step(ask)
        copies.append(tmp_path / f"{len(copies)}.db")
        Apart(url).run("backup", copies[-1])

    assert [found(path, NAMES + PHONES + NOTES) for path in copies] == [[]] * 3
    assert [found(path, NAMES + PHONES + NOTES) for path in files_of(ask.db)] == [
        [] for _ in files_of(ask.db)
    ]


def test_what_is_deleted_leaves_no_trace_in_free_pages(ask: Ask, tmp_path: Path) -> None:
    with ask.db.reading() as conn:
        rows = [row.row_sealed for batch in (2, 3) for row in batches.rejected(conn, batch)]
    assert len(rows) == 3

    with ask.db.writing() as conn:
        batches.forget_rejected(conn, 2**40)
    keeping.backup(ask, path=tmp_path / "after.db")

    content = (tmp_path / "after.db").read_bytes()
    assert not any(row in content or row[20:] in content for row in rows)


def test_the_scan_would_find_what_is_there(tmp_path: Path) -> None:
    for code in ENCODINGS:
        (tmp_path / code).write_bytes(b"\0\1" + NAMES[0].encode(code) + b"\2")
        assert found(tmp_path / code, NAMES)[:1] == [NAMES[0]]


def test_no_customer_of_the_demo_network_is_in_its_archive(demo_ask: Ask, tmp_path: Path) -> None:
    customers = demo_ask.db.folder / "files" / "customers.csv"
    with customers.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    phones = {row["手机号"] for row in rows} - {""}
    names = sorted(n for n in {row["姓名"] + row["联系人"] for row in rows} if len(n) == 3)[:60]
    keeping.backup(replace(demo_ask), path=tmp_path / "copy.db")

    for path in (tmp_path / "copy.db", *demo_ask.db.folder.glob("station.db*")):
        content = content_of(path)
        for code, spelt in SPELT.items():
            seen = {hit[1].decode(code) for hit in re.finditer(b"(?=(%s))" % spelt, content)}
            assert phones & seen == set()
        assert found(path, names) == []
    assert len(phones) > 500
