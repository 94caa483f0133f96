"""A till's file becomes sales, or says why not."""

import random
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from station.errors import FileRefusedError, InputError, UnreadableFileError
from station.ingest.mapping import mapping_of
from station.ingest.rules import IngestRules
from station.model import (
    Fuel,
    IgnoredRow,
    KeyKind,
    PlateColour,
    RejectedRow,
    Sale,
    SaleKeyKind,
    SaleRow,
    Unit,
)
from tests.ingest.conftest import HEADING, LINE, SAMPLES, Opener, Reader

BROKEN = {
    "two same headings": (f"{HEADING},金额\n{LINE},1\n", "two_same_headings"),
    "two headings of one meaning": (
        "交易时间,油品,数量,金额(元),金额\n2025-03-03 08:00,92#,1,1,1\n",
        "two_same_headings",
    ),
    "a second table": (f"{HEADING}\n{LINE}\n\n油品,数量,金额\n92#,1,7\n", "second_table"),
    "the heading again": (f"{HEADING}\n{LINE}\n{HEADING}\n{LINE}\n", "second_table"),
    "an open quote": (f'{HEADING}\n{LINE}\n1002,"2025-03-03 08:00:00,3\n', "broken_quotes"),
    "NUL bytes": (f"{HEADING}\n{LINE}\n\0\n", "unknown_encoding"),
    "a web page": ("<html><table><tr><td>交易时间</td></tr></table></html>", "markup_as_table"),
    "XML": ('<?xml version="1.0"?><Workbook/>', "markup_as_table"),
}


def sales(rows: list[object]) -> list[Sale]:
    return [row.sale for row in rows if isinstance(row, SaleRow)]


def only_reason(rows: list[object]) -> str:
    (row,) = rows
    assert isinstance(row, RejectedRow | IgnoredRow), row
    return row.reason


@pytest.mark.parametrize("name", ["cn_station_trades_gbk.csv", "cn_station_trades_utf8bom.csv"])
def test_the_sample_gives_eleven_sales_a_pump_test_and_a_total(read: Reader, name: str) -> None:
    rows = read(SAMPLES / name, station_code=None)

    assert len(sales(rows)) == 11
    assert [(row.line_no, row.reason) for row in rows if isinstance(row, IgnoredRow)] == [
        (7, "pump_test"),
        (16, "total_line"),
    ]
    assert sum(sale.quantity_milli for sale in sales(rows) if sale.fuel is Fuel.PETROL) == 143_400
    assert {sale.business_day for sale in sales(rows)} == {20_150}


def test_both_encodings_of_the_sample_give_the_same_sales(read: Reader) -> None:
    gbk = read(SAMPLES / "cn_station_trades_gbk.csv", station_code=None)
    utf8 = read(SAMPLES / "cn_station_trades_utf8bom.csv", station_code=None)

    assert sales(gbk) == sales(utf8)


def test_the_lines_of_the_sample_are_understood(read: Reader) -> None:
    rows = sales(read(SAMPLES / "cn_station_trades_utf8bom.csv", station_code=None))

    by_receipt = {sale.receipt_no[-3:]: sale for sale in rows}
    truck, reversal, gas = by_receipt["803"], by_receipt["806"], by_receipt["811"]
    assert truck.vehicle
    assert (truck.vehicle.text, truck.vehicle.colour) == ("粤B67890", PlateColour.YELLOW)
    assert (truck.nozzle, truck.product, truck.amount_minor) == ("5", "D0", 197_164)
    assert (reversal.quantity_milli, reversal.amount_minor) == (-30_000, -21_630)
    assert reversal.reverses_hint == by_receipt["805"].receipt_no
    assert (gas.product, gas.unit) == ("CNG", Unit.CUBIC_METRE)
    assert by_receipt["812"].product == "UREA"
    assert by_receipt["812"].fuel is Fuel.NONE
    assert by_receipt["813"].vehicle is None


def test_every_kind_of_key_is_offered_where_its_columns_are(opened: Opener) -> None:
    sample = opened(SAMPLES / "cn_station_trades_utf8bom.csv", station_code=None)
    bare = opened("日期,油品,数量,金额\n2025-03-03,92#,1,7\n")

    assert sample.key_kind_available == set(SaleKeyKind)
    assert bare.key_kind_available == {SaleKeyKind.CONTENT}
    with pytest.raises(FileRefusedError, match="key_kind_missing"):
        bare.rows(SaleKeyKind.RECEIPT)


@pytest.mark.parametrize("kind", SaleKeyKind)
def test_each_kind_of_key_tells_the_lines_of_the_sample_apart(
    read: Reader, kind: SaleKeyKind
) -> None:
    rows = sales(read(SAMPLES / "cn_station_trades_utf8bom.csv", None, kind, station_code=None))

    assert len({sale.natural_key for sale in rows}) == len(rows) == 11


def test_a_line_without_the_parts_of_its_key_is_told_apart_by_content(read: Reader) -> None:
    rows = sales(
        read(
            SAMPLES / "cn_station_trades_utf8bom.csv",
            None,
            SaleKeyKind.TOTALISER,
            station_code=None,
        )
    )

    assert {sale.product for sale in rows if sale.key_kind is SaleKeyKind.CONTENT} == {"UREA"}


@pytest.mark.parametrize(("text", "key"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_refused_as_a_whole(opened: Opener, text: str, key: str) -> None:
    with pytest.raises(FileRefusedError, match=key):
        opened(text)


@pytest.mark.parametrize("missing", ["交易时间", "油品", "数量", "金额"])
def test_a_missing_column_is_named_with_the_headings_seen(opened: Opener, missing: str) -> None:
    text = f"{HEADING}\n{LINE}\n".replace(missing, "别的")

    with pytest.raises(UnreadableFileError, match="missing_column") as refusal:
        opened(text)

    assert "别的" in str(refusal.value.facts["seen"])


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", " ,,\n"])
def test_an_empty_file_is_unreadable(opened: Opener, content: str) -> None:
    with pytest.raises(UnreadableFileError, match="empty_file"):
        opened(content)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("253.79", "二百", "bad_amount"),
        ("253.79", "", "bad_amount"),
        ("253.79", "25²", "bad_amount"),
        ("253.79", "99999999", "absurd_amount"),
        ("35.20", "加满", "bad_quantity"),
        ("35.20", "5000000", "absurd_quantity"),
        ("2025-03-03", "2035-03-03", "future"),
        ("2025-03-03", "2005-03-03", "too_old"),
        ("2025-03-03", "2025-02-30", "bad_time"),
        ("2025-03-03 07:58:12", "0001-01-01 00:00:00+08:00", "bad_time"),
        ("2025-03-03 07:58:12", "9999-12-31 23:59:59-08:00", "bad_time"),
        ("2025-03-03 07:58:12", "2025-03-03 07:58:12+99:99", "bad_time"),
        ("2025-03-03", "03/04/2025", "bad_time"),
        ("92#", "", "no_product"),
        ("粤B12345,", "粤B12345,1.00011E+18", "digits_lost"),
        ("粤B12345,", "粤B12345,1000110000000000000", "digits_lost"),
        ("粤B12345,", "粤B12345,1000110000000000007.0", "digits_lost"),
        ("粤B12345,", "粤B12345,,,多", "too_many_cells"),
        ("粤B12345,", "粤B12345", "truncated_row"),
        ("1001", "1" * 61, "too_long"),
    ],
)
def test_a_bad_cell_rejects_its_row_with_the_reason(
    read: Reader, old: str, new: str, reason: str
) -> None:
    rows = read(f"{HEADING}\n{LINE.replace(old, new, 1)}\n")

    assert only_reason(rows) == reason


@pytest.mark.parametrize("minutes", [0, 9])
def test_a_clock_a_few_minutes_ahead_is_forgiven(read: Reader, minutes: int) -> None:
    sold_s = 1_740_959_892

    assert sales(read(f"{HEADING}\n{LINE}\n", now_s=sold_s - minutes * 60))
    assert only_reason(read(f"{HEADING}\n{LINE}\n", now_s=sold_s - 660)) == "future"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("检测(不回罐)", "pump_test"),
        ("Pump Test", "pump_test"),
        ("自用", "own_use"),
        ("作废", "cancelled"),
        ("补扣", "late_deduction"),
    ],
)
def test_what_is_no_sale_is_ignored(read: Reader, words: str, reason: str) -> None:
    assert only_reason(read(f"{HEADING},交易类型\n{LINE},{words}\n")) == reason


def test_a_refund_written_positive_is_negative(read: Reader) -> None:
    (sale,) = sales(read(f"{HEADING},交易类型,备注\n{LINE},退款,原单号:1000\n"))

    assert (sale.quantity_milli, sale.amount_minor) == (-35_200, -25_379)
    assert sale.reverses_hint == "1000"


def test_a_reversal_on_the_receipt_of_its_sale_has_a_key_of_its_own(read: Reader) -> None:
    negative = LINE.replace("35.20", "-35.20").replace("253.79", "(253.79)")

    rows = sales(read(f"{HEADING}\n{LINE}\n{negative}\n"))

    assert [sale.natural_key for sale in rows] == [
        "r||1001|G92|20250303",
        "r||1001|G92-|20250303",
    ]


def test_the_lines_of_one_receipt_are_kept_apart_by_product_or_line(read: Reader) -> None:
    shop = LINE.replace("92#", "矿泉水")

    by_product = sales(read(f"{HEADING}\n{LINE}\n{shop}\n"))
    by_line = sales(read(f"{HEADING},行号\n{LINE},1\n{LINE},2\n"))

    assert [sale.natural_key for sale in by_product] == [
        "r||1001|G92|20250303",
        "r||1001|矿泉水|20250303",
    ]
    assert len({sale.natural_key for sale in by_line}) == 2


@pytest.mark.parametrize("nozzle", ["3", "03", "3号枪", "３", "003号", "3.0"])
@pytest.mark.parametrize("receipt", ["1001", "0001001", "'1001", '="1001"'])
def test_spellings_of_nozzle_and_receipt_do_not_change_the_key(
    read: Reader, nozzle: str, receipt: str
) -> None:
    cells = LINE.replace(",3,", f",{nozzle},").replace("1001", receipt)

    (by_receipt,) = sales(read(f"{HEADING}\n{cells}\n"))
    (by_content,) = sales(read(f"{HEADING}\n{cells}\n", None, SaleKeyKind.CONTENT))
    (plain,) = sales(read(f"{HEADING}\n{LINE}\n", None, SaleKeyKind.CONTENT))

    assert by_receipt.natural_key == "r||1001|G92|20250303"
    assert by_content.natural_key == plain.natural_key


@pytest.mark.parametrize(
    ("plate", "card", "kind", "text"),
    [
        ("粤B12345", "9000000000000007", KeyKind.PLATE, "粤B12345"),
        ("无牌", "\t9000000000000007", KeyKind.CARD, "9000000000000007"),
        ("", "='1000110000000000007'", KeyKind.CARD, "1000110000000000007"),
        ("胡说八道的文字", "9000 0000 0000 0007", KeyKind.CARD, "9000000000000007"),
        ("", "", None, ""),
        ("油桶", "9000000000000007", None, ""),
        ("", "900000******0007", None, ""),
    ],
)
def test_a_plate_names_the_vehicle_else_the_card_does(
    read: Reader, plate: str, card: str, kind: KeyKind | None, text: str
) -> None:
    cells = LINE.replace("粤B12345,", f'{plate},"{card}"')

    (sale,) = sales(read(f"{HEADING}\n{cells}\n"))

    assert (sale.vehicle.kind if sale.vehicle else None) == kind
    assert (sale.vehicle.text if sale.vehicle else "") == text


def test_the_colour_column_wins_over_the_plates_own_words(read: Reader) -> None:
    (sale,) = sales(read(f"{HEADING},车牌颜色\n{LINE},黄色\n"))

    assert sale.vehicle
    assert sale.vehicle.colour is PlateColour.YELLOW


@pytest.mark.parametrize(
    ("asked", "title", "column"),
    [
        ("A0002", "加油站:示范一站(A0001)", ""),
        ("A0002", "", "A0001"),
        (None, "加油站:示范一站(A0001)", "A0002"),
        ("A0002", "油站名称,示范一站", ""),
        ("A0001", "", "B9999"),
    ],
)
def test_contradicting_stations_refuse_the_file(
    opened: Opener, asked: str | None, title: str, column: str
) -> None:
    heading, line = (f"{HEADING},站点", f"{LINE},{column}") if column else (HEADING, LINE)

    with pytest.raises(FileRefusedError, match="station_contradiction"):
        opened(f"{title}\n{heading}\n{line}\n", station_code=asked)


@pytest.mark.parametrize("named", ["A0001", "示范一站", "a0001", "示范一站(A0001)"])
def test_a_station_is_found_by_code_or_name(read: Reader, named: str) -> None:
    by_column = sales(read(f"{HEADING},站点\n{LINE},{named}\n", station_code=None))
    by_title = sales(read(f"油站：{named}\n{HEADING}\n{LINE}\n", station_code=None))
    by_cell = sales(read(f"报表,油站名称,{named}\n{HEADING}\n{LINE}\n", station_code=None))

    assert by_column[0].station == by_title[0].station == by_cell[0].station == "A0001"


def test_an_unknown_station_rejects_the_row(read: Reader) -> None:
    (row,) = read(f"{HEADING},站点\n{LINE},B9999\n", station_code=None)

    assert isinstance(row, RejectedRow)
    assert (row.reason, row.facts) == ("unknown_station", {"station": "B9999"})


def test_a_file_that_names_no_station_is_unreadable(opened: Opener) -> None:
    with pytest.raises(UnreadableFileError, match="no_station"):
        opened(f"{HEADING}\n{LINE}\n", station_code=None)


@pytest.mark.parametrize(
    ("clock", "shift", "day"),
    [
        ("2025-03-03 23:50:00", "2", 20_150),
        ("2025-03-04 02:00:00", "2", 20_150),
        ("2025-03-04 02:00:00", "夜班", 20_150),
        ("2025-03-04 02:00:00", "1", 20_151),
        ("2025-03-04 09:00:00", "2", 20_151),
        ("2025-03-04 02:00:00", "", 20_151),
    ],
)
def test_the_night_shift_sells_for_the_day_before(
    read: Reader, clock: str, shift: str, day: int
) -> None:
    line = LINE.replace("2025-03-03 07:58:12", clock)

    (sale,) = sales(read(f"{HEADING},班次\n{line},{shift}\n"))

    assert sale.business_day == day


def test_the_business_date_column_goes_before_the_shift(read: Reader) -> None:
    (sale,) = sales(read(f"{HEADING},班次,营业日\n{LINE},1,2025-03-02\n"))

    assert sale.business_day == 20_149


def test_the_hour_that_comes_twice_keeps_both_receipts(read: Reader) -> None:
    lines = [LINE.replace("2025-03-03 07:58:12", "2024-11-03 01:30:00")] * 2
    lines[1] = lines[1].replace("1001", "1002")

    rows = sales(read("\n".join([HEADING, *lines]), station_code="A0002"))

    assert [sale.sold_at for sale in rows] == [1_730_611_800] * 2
    assert len({sale.natural_key for sale in rows}) == 2
    assert rows[0].currency == "USD"


CHARGING = {
    "columns": {
        "sold_at": "start",
        "vehicle_ref": "user",
        "station": "place",
        "litres": "kwh",
        "amount": "usd",
        "receipt_no": "session",
    },
    "identity": "vehicle_ref",
    "time": {"zone": "America/New_York"},
    "units": {"volume": "kwh"},
    "defaults": {"currency": "USD"},
    "unknown_stations": "create",
}


def test_a_mapping_reads_a_foreign_file_and_creates_its_stations(opened: Opener) -> None:
    text = "session,start,user,place,kwh,usd,weekday\n1,2015-01-05 08:00:00,77,461,0,0.58,Mon\n"
    rules = IngestRules()

    file = opened(text, mapping_of(CHARGING, name="charging"), station_code=None, rules=rules)
    (sale,) = sales(list(file.rows(SaleKeyKind.RECEIPT)))

    assert [(site.code, site.zone) for site in file.new_stations] == [("461", "America/New_York")]
    assert (sale.fuel, sale.unit, sale.quantity_milli) == (Fuel.ELECTRIC, Unit.KWH, 0)
    assert sale.vehicle
    assert (sale.vehicle.kind, sale.vehicle.text) == (KeyKind.REF, "77")
    assert sale.sold_at - sale.local_at == 5 * 3600
    assert (file.source, file.ignored_headings) == ("charging", ("weekday",))


def test_us_gallons_become_litres_exactly(read: Reader) -> None:
    document = {
        "columns": {"sold_at": "when", "litres": "gal", "product": "grade"},
        "units": {"volume": "us_gallon"},
        "time": {"utc": True, "formats": ["%m/%d/%Y %I:%M %p"]},
    }

    (sale,) = sales(
        read(
            "when,gal,grade\n03/04/2025 01:05 PM,10,Unleaded\n",
            mapping_of(document, name="us"),
            station_code="A0002",
        )
    )

    assert (sale.quantity_milli, sale.unit, sale.fuel) == (37_854, Unit.LITRE, Fuel.PETROL)
    assert (sale.sold_at, sale.sold_at - sale.local_at) == (1_741_093_500, 5 * 3600)
    assert sale.amount_minor == 0


def test_lines_that_are_no_fuel_by_the_files_own_column(read: Reader) -> None:
    document = {
        "columns": {"sold_at": "ts", "litres": "qty", "product": "item", "amount": "sum"},
        "fuel": {"column": "is_fuel", "true_values": ["1", ""]},
    }
    text = "ts,qty,item,sum,is_fuel\n" + "".join(
        f"2025-03-03 08:00:00,1,{item},5,{flag}\n"
        for item, flag in (("X9", "1"), ("X9", ""), ("Diesel", "1"), ("Coffee", "0"))
    )

    rows = sales(read(text, mapping_of(document, name="till")))

    assert [sale.fuel for sale in rows] == [Fuel.OTHER, Fuel.OTHER, Fuel.DIESEL, Fuel.NONE]
    assert rows[3].unit is Unit.PIECE


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_any_usual_delimiter_is_found(read: Reader, delimiter: str) -> None:
    text = f"{HEADING}\n{LINE}\n".replace(",", delimiter)

    assert len(sales(read(text))) == 1


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_cell_may_be_quoted(read: Reader, delimiter: str) -> None:
    lines = [delimiter.join(f'"{cell}"' for cell in row.split(",")) for row in (HEADING, LINE)]

    assert len(read("\n".join(lines))) == 1


def test_lines_below_the_table_are_rejected_one_by_one(read: Reader) -> None:
    rows = read(f"{HEADING}\n{LINE}\n操作员,某人,,,,,,\n")

    assert [type(row) for row in rows] == [SaleRow, RejectedRow]


def test_without_plates_the_chains_own_number_names_the_vehicle(read: Reader) -> None:
    (sale,) = sales(read("date,product,qty,amount,vehicle\n2025-03-03,92,1,7,V7\n"))

    assert sale.vehicle
    assert (sale.vehicle.kind, sale.vehicle.text) == (KeyKind.REF, "V7")


def test_date_and_time_may_stand_in_two_columns(read: Reader) -> None:
    text = "日期,时间,油品,数量,金额\n2025/3/3,7:58:12,92#,1,7\n2025-03-03,,92#,1,7\n"

    first, second = sales(read(text))

    assert (first.has_time, first.local_at % 86_400) == (True, 28_692)
    assert (second.has_time, second.local_at % 86_400) == (False, 0)


def test_limits_refuse_before_a_row_is_taken(opened: Opener) -> None:
    with pytest.raises(FileRefusedError, match="too_many_rows"):
        opened(f"{HEADING}\n{LINE}\n{LINE}\n", rules=IngestRules(max_rows=1))
    with pytest.raises(FileRefusedError, match="line_too_long"):
        opened(f"{HEADING}\n{LINE}\n{'x' * 2_000}", rules=IngestRules(max_line_chars=1_000))


lines = st.builds(
    lambda receipt, minute, product, litres: (
        f"{receipt},2025-03-03 07:{minute:02}:00,3,{product},{litres / 100},{litres / 10},粤B12345,"
    ),
    st.integers(1, 20),
    st.integers(0, 59),
    st.sampled_from(["92#", "0#", "矿泉水"]),
    st.integers(-9_999, 9_999),
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=st.lists(lines, min_size=1, max_size=12),
    seed=st.randoms(use_true_random=False),
    kind=st.sampled_from([SaleKeyKind.RECEIPT, SaleKeyKind.CONTENT]),
)
def test_the_order_of_rows_does_not_change_their_keys(
    read: Reader, table: list[str], seed: random.Random, kind: SaleKeyKind
) -> None:
    shuffled = seed.sample(table, len(table))

    first = sales(read("\n".join([HEADING, *table]), None, kind))
    second = sales(read("\n".join([HEADING, *shuffled]), None, kind))

    assert sorted(s.natural_key for s in first) == sorted(s.natural_key for s in second)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.binary(max_size=300), at=st.integers(0, 200), marked=st.booleans())
def test_random_bytes_are_read_or_refused_but_never_crash(
    read: Reader, noise: bytes, at: int, marked: bool
) -> None:
    sound = f"{HEADING}\n{LINE}\n{LINE}\n".encode()
    content = sound[:at] + noise + sound[at:] if marked else noise

    try:
        rows = read(content)
    except InputError:
        return

    assert all(isinstance(row, SaleRow | RejectedRow | IgnoredRow) for row in rows)


@pytest.mark.parametrize(
    "cell", ["(" * 100_000, "revers" * 15_000, "站点 " * 30_000, "1" * 100_000, " " * 99_999 + "x"]
)
def test_a_huge_cell_is_dealt_with_at_once(read: Reader, cell: str) -> None:
    started = time.perf_counter()

    read(f"{cell}\n{HEADING},备注\n{LINE.replace('35.20', '-35.20')},{cell}\n{cell},{LINE}\n")

    assert time.perf_counter() - started < 1


@pytest.mark.slow
def test_a_sample_cut_or_flipped_anywhere_is_read_or_refused(read: Reader, tmp_path: Path) -> None:
    draw = random.Random(7)  # noqa: S311 - the same bytes each time
    sound = (SAMPLES / "cn_station_trades_gbk.csv").read_bytes()
    for _ in range(300):
        content = bytearray(sound[: draw.randrange(1, len(sound))])
        for _ in range(draw.randrange(4)):
            content[draw.randrange(len(content))] = draw.randrange(256)
        path = tmp_path / "flipped.csv"
        path.write_bytes(content)
        try:
            read(path, station_code="A0001")
        except InputError:
            continue
