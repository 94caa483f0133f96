"""Keys fall back, and reversals name their sales, where columns are poor."""

import pytest

from station.errors import FileRefusedError
from station.ingest.row_words import reversed_number
from station.model import RejectedRow, SaleKeyKind, SaleRow
from tests.ingest.conftest import HEADING, LINE, Opener, Reader

TOTALISER = f"{HEADING},起码,止码"


@pytest.mark.parametrize(
    ("original", "note", "own", "number"),
    [
        ("", "撤单000012805", "000012806", "000012805"),
        ("", "撤单000012805", "12806", "12805"),
        ("", "撤单 12805", "000012806", "000012805"),
        ("12805", "", "12806", "12805"),
        ("A-12805", "撤单1", "A-12806", "A-12805"),
        ("", "Refund of receipt 4711", "4712", "4711"),
        ("", "客户电话后补", "4712", ""),
        ("", "", "", ""),
    ],
)
def test_a_reversal_names_its_sale_in_the_form_of_its_own_number(
    original: str, note: str, own: str, number: str
) -> None:
    assert reversed_number(original, note, own) == number


@pytest.mark.parametrize(
    ("start", "end", "key"),
    [
        ("118220.35", "118255.55", "t|3|118220350|118255550"),
        ("118,220.350", "118255.55", "t|3|118220350|118255550"),
    ],
)
def test_a_totaliser_key_does_not_depend_on_how_readings_are_written(
    read: Reader, start: str, end: str, key: str
) -> None:
    (row,) = read(f'{TOTALISER}\n{LINE},"{start}","{end}"\n', None, SaleKeyKind.TOTALISER)

    assert isinstance(row, SaleRow)
    assert row.sale.natural_key == key


def test_a_reversal_that_repeats_the_readings_has_a_key_of_its_own(read: Reader) -> None:
    line = LINE.replace("35.20", "-35.20")

    (row,) = read(f"{TOTALISER}\n{line},1,2\n", None, SaleKeyKind.TOTALISER)

    assert isinstance(row, SaleRow)
    assert row.sale.natural_key == "t|3|1000|2000|-"


def test_a_reading_that_is_no_number_rejects_the_row(read: Reader) -> None:
    (row,) = read(f"{TOTALISER}\n{LINE},x,2\n", None, SaleKeyKind.TOTALISER)

    assert isinstance(row, RejectedRow)
    assert row.reason == "bad_totaliser"


@pytest.mark.parametrize("receipt", ["", "0", "000"])
def test_a_line_without_a_receipt_number_is_told_apart_by_content(
    read: Reader, receipt: str
) -> None:
    (row,) = read(f"{HEADING}\n{LINE.replace('1001', receipt)}\n", None, SaleKeyKind.RECEIPT)

    assert isinstance(row, SaleRow)
    assert row.sale.key_kind is SaleKeyKind.CONTENT
    assert len(row.sale.natural_key) == 34


def test_a_currency_that_is_none_rejects_the_row(read: Reader) -> None:
    good, bad = read(f"{HEADING},币种\n{LINE},人民币\n{LINE},大洋\n")

    assert isinstance(good, SaleRow)
    assert good.sale.currency == "CNY"
    assert isinstance(bad, RejectedRow)
    assert bad.reason == "bad_currency"


def test_a_station_asked_for_must_exist(opened: Opener) -> None:
    with pytest.raises(FileRefusedError, match="station_unknown"):
        opened(f"{HEADING}\n{LINE}\n", station_code="Z9")


def test_a_file_tells_what_it_reads_and_what_not(opened: Opener) -> None:
    file = opened(f"{HEADING},姓名\n{LINE},某人\n")

    assert (file.encoding, file.source, file.row_count) == ("utf-8-sig", "pos", 1)
    assert file.headings["车牌号"] == "plate"
    assert file.ignored_headings == ("姓名",)
