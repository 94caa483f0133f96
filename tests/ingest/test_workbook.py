"""Excel files are read cell by cell, or refused before they can do harm."""

import zipfile
from datetime import datetime, time
from pathlib import Path

import pytest
import xlsxwriter

from station.errors import FileRefusedError, InputError
from station.ingest.rules import IngestRules
from station.model import KeyKind, RejectedRow, SaleRow
from tests.ingest.conftest import HEADING, LINE, Opener, Reader

MOMENT = datetime(2025, 3, 3, 7, 58, 12)  # noqa: DTZ001 - a clock on the wall
CELLS = ("000001001", MOMENT, 3, "92#", 35.2, 253.79, "粤B12345", "9000000000000007")


def write(path: Path, *rows: tuple[object, ...], hidden: bool = False) -> Path:
    """Write a workbook: a cover sheet first, then the table."""
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm:ss"}) as book:
        cover, sheet = book.add_worksheet("封面"), book.add_worksheet("明细")
        cover.write(0, 0, "加油交易明细表")
        cover.activate()
        if hidden:
            sheet.hide()
        for row, cells in enumerate((("加油站:示范一站(A0001)",), HEADING.split(","), *rows)):
            for column, cell in enumerate(cells):
                sheet.write(row, column, cell)
    return path


def test_a_workbook_gives_the_sale_of_the_same_csv(read: Reader, tmp_path: Path) -> None:
    csv_line = LINE.replace("1001", "000001001") + "9000000000000007"

    (from_csv,) = read(f"{HEADING}\n{csv_line}\n")
    (from_book,) = read(write(tmp_path / "a.xlsx", CELLS), station_code=None)

    assert isinstance(from_csv, SaleRow)
    assert isinstance(from_book, SaleRow)
    assert from_book.sale == from_csv.sale
    assert from_book.line_no == 3


@pytest.mark.parametrize("moment", [45719.33208333334, "2025/3/3 7:58:12", 20250303075812])
def test_times_may_be_serials_or_texts(read: Reader, tmp_path: Path, moment: object) -> None:
    (row,) = read(write(tmp_path / "a.xlsx", (CELLS[0], moment, *CELLS[2:])))

    assert isinstance(row, SaleRow)
    assert row.sale.local_at == 1_740_988_692


def test_a_clock_cell_joins_its_date_cell(read: Reader, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["日期", "时间", "油品", "数量", "金额"])
        sheet.write_datetime(1, 0, MOMENT, book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write_datetime(1, 1, time(7, 58, 12), book.add_format({"num_format": "hh:mm:ss"}))
        sheet.write_row(1, 2, ["92#", 1, 7])

    (row,) = read(path)

    assert isinstance(row, SaleRow)
    assert row.sale.local_at == 1_740_988_692


@pytest.mark.parametrize("card", [1000110000000000007, 9000000000000007, "1.00011E+18"])
def test_a_card_number_that_excel_cut_is_rejected(
    read: Reader, tmp_path: Path, card: object
) -> None:
    (row,) = read(write(tmp_path / "a.xlsx", (*CELLS[:7], card)))

    assert isinstance(row, RejectedRow)
    assert row.reason == "digits_lost"


def test_a_formula_counts_by_its_stored_value_only(read: Reader, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADING.split(","))
        sheet.write_row(1, 0, ["1001", "2025-03-03 07:58:12", 3, "92#"])
        sheet.write_formula(1, 4, "=30+5.2", None, 35.2)
        sheet.write_row(1, 5, [253.79, "=1+1", "9000000000000007"])

    (row,) = read(path)

    assert isinstance(row, SaleRow)
    assert row.sale.quantity_milli == 35_200
    assert row.sale.vehicle
    assert row.sale.vehicle.kind is KeyKind.CARD


def test_hidden_sheets_are_not_read(opened: Opener, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no_heading"):
        opened(write(tmp_path / "a.xlsx", CELLS, hidden=True))


def test_the_first_table_is_read_and_the_others_are_named(opened: Opener, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name in ("三月", "四月", "说明"):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, HEADING.split(",") if name != "说明" else ["说明"])

    file = opened(path)

    assert (file.table.source.sheet, file.skipped_sheets) == ("三月", ("四月",))
    assert not list(file.rows(file.best_key_kind))


def test_a_workbook_over_a_limit_is_refused(opened: Opener, tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", CELLS)

    with pytest.raises(FileRefusedError, match="workbook_too_large"):
        opened(path, rules=IngestRules(max_workbook_bytes=1_000))
    with pytest.raises(FileRefusedError, match="zip_bomb"):
        opened(path, rules=IngestRules(max_workbook_unpacked_bytes=2_000))


def test_what_unpacks_a_hundredfold_is_refused(opened: Opener, tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", CELLS)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/media/big.bin", bytes(20 * 2**20))

    with pytest.raises(FileRefusedError, match="zip_bomb"):
        opened(path)


@pytest.mark.parametrize(
    ("row", "column", "key"), [(0, 16_383, "too_many_columns"), (1_048_575, 400, "too_many_rows")]
)
def test_cells_far_apart_are_refused_before_they_are_laid_out(
    opened: Opener, tmp_path: Path, row: int, column: int, key: str
) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "交易时间")
        sheet.write(row, column, "x")

    with pytest.raises(FileRefusedError, match=key):
        opened(path)


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "legacy_workbook"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "encrypted_workbook",
        ),
        (b"PK\x03\x04" + bytes(100), "broken_workbook"),
    ],
)
def test_other_files_of_excel_are_refused_in_words(
    opened: Opener, content: bytes, key: str
) -> None:
    with pytest.raises(FileRefusedError, match=key):
        opened(content)


def test_another_zip_file_is_no_workbook(opened: Opener, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("content.xml", "<a/>")

    with pytest.raises(FileRefusedError, match="unknown_package"):
        opened(path)


def forge(path: Path, member: str, old: str, new: str) -> Path:
    """Write a workbook of which one text of one member is another."""
    write(path, CELLS)
    return replace(path, member, old, new)


def replace(path: Path, member: str, old: str, new: str) -> Path:
    """Change one text of one member of a workbook."""
    sound = path.rename(path.with_name("sound.xlsx"))
    with zipfile.ZipFile(sound) as source, zipfile.ZipFile(path, "w") as forged:
        for name in source.namelist():
            text = source.read(name)
            if name == member:
                assert old.encode() in text
                text = text.replace(old.encode(), new.encode(), 1)
            forged.writestr(name, text)
    return path


SHEET, TEXTS = "xl/worksheets/sheet2.xml", "xl/sharedStrings.xml"


@pytest.mark.parametrize(
    ("member", "old", "new", "key"),
    [
        (SHEET, 'r="A1"', 'r="AAAAAAAAAAAAAAAAAAAAAAAA1"', "broken_workbook"),
        (SHEET, 'r="A1"', f'r="A{"0" * 30}9999999"', "broken_workbook"),
        (SHEET, 'r="A1"', f'r{" " * 400}="XFD1048576"', "broken_workbook"),
        (SHEET, ' r="A1"', ' t="s"r="XFD1048576"', "too_many_columns"),
        (TEXTS, "uniqueCount=", 'uniqueCount="4294967295" x=', "too_many_rows"),
    ],
)
def test_a_reader_is_never_made_to_reserve_memory_without_end(
    opened: Opener, tmp_path: Path, member: str, old: str, new: str, key: str
) -> None:
    with pytest.raises(FileRefusedError, match=key):
        opened(forge(tmp_path / "a.xlsx", member, old, new))


@pytest.mark.parametrize(
    "entity", ['"secret"', 'SYSTEM "{path}"', 'SYSTEM "http://127.0.0.1:9/secret"']
)
def test_no_entity_of_a_workbook_is_filled_in(
    read: Reader, tmp_path: Path, caplog: pytest.LogCaptureFixture, entity: str
) -> None:
    other = tmp_path / "other.txt"
    other.write_text("secret", encoding="utf-8")
    declared = f"<!DOCTYPE sst [<!ENTITY e {entity.format(path=other)}>]><sst "
    path = forge(tmp_path / "a.xlsx", TEXTS, "<sst ", declared)
    path = replace(path, TEXTS, "粤B12345", "&e;")

    try:
        seen = repr(read(path))
    except FileRefusedError as error:
        seen = str(error)

    assert "secret" not in seen
    assert "secret" not in caplog.text


@pytest.mark.parametrize("number", ["NaN", "1e400", "-inf"])
def test_a_cell_that_is_no_number_rejects_its_row(
    read: Reader, tmp_path: Path, number: str
) -> None:
    path = forge(tmp_path / "a.xlsx", SHEET, "<v>35.2</v>", f"<v>{number}</v>")

    (row,) = read(path)

    assert isinstance(row, RejectedRow)
    assert row.reason == "bad_quantity"


def test_a_damaged_workbook_never_crashes(opened: Opener, tmp_path: Path) -> None:
    sound = write(tmp_path / "a.xlsx", CELLS).read_bytes()
    for at in range(0, len(sound), len(sound) // 60):
        damaged = bytearray(sound)
        damaged[at] ^= 0xFF
        try:
            opened(bytes(damaged))
            opened(sound[:at])
        except InputError:
            continue
