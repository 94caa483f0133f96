"""A till's XML journal comes in like any other file of sales, or is refused before harm is done."""

from collections import Counter
from pathlib import Path

import pytest

from station.errors import FileRefusedError, UnreadableFileError
from station.ingest import xml_stream
from station.ingest.mapping import Mapping
from station.ingest.naxml_totals import Totals, open_totals
from station.ingest.rules import IngestRules
from station.ingest.sales_file import SalesFile, open_sales
from station.model import (
    Fuel,
    IgnoredRow,
    KeyKind,
    RejectedRow,
    Sale,
    SaleRow,
    Station,
    TotalKind,
    Unit,
    day_date,
)

SAMPLES = Path(__file__).parent / "samples"
NOW_S = 1_750_000_000
SITES = {
    "1022": Station("1022", zone="America/New_York", currency="USD"),
    "7": Station("7", zone="America/Chicago", currency="USD"),
}


def opened(path: Path, mapping: Mapping | None = None) -> SalesFile:
    return open_sales(path, mapping, stations=SITES, rules=IngestRules(), now_s=NOW_S)


def rows(path: Path, mapping: Mapping | None = None) -> list[object]:
    file = opened(path, mapping)
    return list(file.rows(file.best_key_kind))


def sales(path: Path, mapping: Mapping | None = None) -> list[Sale]:
    return [row.sale for row in rows(path, mapping) if isinstance(row, SaleRow)]


def journal(
    folder: Path,
    events: str,
    *,
    store: str = "1022",
    version: str = "3.4",
    encoding: str = "utf-8",
    before: str = "",
    prefix: str = "",
) -> Path:
    declared = {"utf-8-sig": "utf-8", "utf-16-le": "utf-16"}.get(encoding, encoding)
    text = (
        f'<?xml version="1.0" encoding="{declared}"?>{before}'
        f'<{prefix}NAXML-POSJournal version="{version}">\n'
        f"<{prefix}TransmissionHeader><{prefix}StoreLocationID>{store}</{prefix}StoreLocationID>"
        f"</{prefix}TransmissionHeader>\n<{prefix}JournalReport>"
        f"<{prefix}JournalHeader><{prefix}EndDate>2025-03-04</{prefix}EndDate>"
        f"<{prefix}EndTime>23:40:35</{prefix}EndTime></{prefix}JournalHeader>\n"
        f"{events}\n</{prefix}JournalReport></{prefix}NAXML-POSJournal>\n"
    )
    path = folder / "journal.xml"
    path.write_bytes(text.encode(encoding))
    return path


def fuel(quantity: str = "10", amount: str = "30.00", uom: str = "", grade: str = "001") -> str:
    unit = f' uom="{uom}"' if uom else ""
    return (
        f"<TransactionLine status='normal'><FuelLine><FuelGradeID>{grade}</FuelGradeID>"
        "<FuelPositionID>9</FuelPositionID><Description>UNLEAD REG</Description>"
        f"<SalesQuantity{unit}>{quantity}</SalesQuantity><SalesAmount>{amount}</SalesAmount>"
        "</FuelLine></TransactionLine>"
    )


def event(lines: str, *, name: str = "SaleEvent", number: int = 900, more: str = "") -> str:
    return (
        f"<{name}><RegisterID>2</RegisterID><TransactionID>{number}</TransactionID>{more}"
        "<BusinessDate>2025-03-03</BusinessDate><ReceiptDate>2025-03-04</ReceiptDate>"
        f"<ReceiptTime>07:15:44</ReceiptTime><TransactionDetailGroup>{lines}"
        f"</TransactionDetailGroup></{name}>"
    )


def tender(code: str, account: str) -> str:
    return (
        f"<TenderInfo><Tender><TenderCode>{code}</TenderCode></Tender>"
        f"<AccountInfo><AccountID>{account}</AccountID></AccountInfo></TenderInfo>"
    )


def test_a_sale_of_the_sample_is_read_in_litres_by_the_receipts_clock() -> None:
    sold, taken_back = sales(SAMPLES / "naxml_posjournal_plain.xml")

    assert (sold.station, sold.product, sold.fuel) == ("1022", "001 UNLEAD REG", Fuel.PETROL)
    assert (sold.quantity_milli, sold.unit, sold.amount_minor) == (42_389, Unit.LITRE, 3_000)
    assert sold.natural_key == "r|2|900|1|20250303"
    assert sold.serial_no == 900
    assert day_date(sold.business_day).isoformat() == "2025-03-03"
    assert sold.local_at % 86_400 == 7 * 3600 + 15 * 60 + 44
    assert (taken_back.quantity_milli, taken_back.amount_minor) == (-42_389, -3_000)
    assert taken_back.sold_at > sold.sold_at


def test_what_sold_nothing_is_counted_and_left_out() -> None:
    counted = Counter(type(row).__name__ for row in rows(SAMPLES / "naxml_posjournal_plain.xml"))

    assert counted == {"SaleRow": 2, "IgnoredRow": 3}  # a cancelled line, a void, a drawer opened


def test_names_with_a_namespace_mean_the_same() -> None:
    (sold,) = sales(SAMPLES / "naxml_posjournal_ns.xml")

    assert (sold.station, sold.product, sold.nozzle) == ("7", "004 DIESEL", "12")
    assert (sold.quantity_milli, sold.fuel, sold.has_time) == (318_429, Fuel.DIESEL, False)


@pytest.mark.parametrize(
    ("uom", "milli"), [("", 37_854), ("gallonUS", 37_854), ("Liter", 10_000), ("litre", 10_000)]
)
def test_a_quantity_is_gallons_unless_the_file_says_otherwise(
    tmp_path: Path, uom: str, milli: int
) -> None:
    (sold,) = sales(journal(tmp_path, event(fuel(uom=uom))))

    assert sold.quantity_milli == milli


def test_a_mapping_may_say_that_a_tills_silence_means_litres(tmp_path: Path) -> None:
    (sold,) = sales(journal(tmp_path, event(fuel())), Mapping("canada", {}, volume="litre"))

    assert sold.quantity_milli == 10_000


def test_a_unit_that_nobody_knows_is_never_guessed(tmp_path: Path) -> None:
    (row,) = rows(journal(tmp_path, event(fuel(uom="firkin"))))

    assert isinstance(row, RejectedRow)
    assert row.reason == "bad_unit"
    assert row.raw.startswith("<SaleEvent>")
    assert row.raw.endswith("</SaleEvent>")


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("utf-8", "无铅 é"),
        ("utf-8-sig", "无铅 é"),
        ("utf-16", "无铅 é"),
        ("iso-8859-1", "ordinär é"),
    ],
)
def test_any_encoding_that_xml_knows_is_read(tmp_path: Path, encoding: str, words: str) -> None:
    lines = fuel().replace("UNLEAD REG", words)
    (sold,) = sales(journal(tmp_path, event(lines), encoding=encoding))
    bad = journal(
        tmp_path, event(lines.replace("<SalesQuantity>10", "<SalesQuantity>x")), encoding=encoding
    )
    (row,) = rows(bad)

    assert sold.product == f"001 {words}"
    assert isinstance(row, RejectedRow)
    assert words in row.raw


@pytest.mark.parametrize("more", ["<TrainingModeFlag value='yes'/>", "<SuspendFlag value='yes'/>"])
def test_training_and_suspended_sales_do_not_count(tmp_path: Path, more: str) -> None:
    assert sales(journal(tmp_path, event(fuel(), more=more))) == []


def test_a_prepayment_is_money_and_its_fuel_counts_once(tmp_path: Path) -> None:
    prepaid = fuel().replace("FuelLine", "FuelPrepayLine")
    found = rows(journal(tmp_path, event(prepaid) + event(fuel(), number=901)))

    assert found[0] == IgnoredRow(found[0].line_no, "prepaid")
    assert isinstance(found[1], SaleRow)


def test_shop_lines_are_pieces_of_the_same_receipt(tmp_path: Path) -> None:
    item = (
        "<TransactionLine><ItemLine><Description>COLA</Description><SalesQuantity>2"
        "</SalesQuantity><SalesAmount>3.19</SalesAmount></ItemLine></TransactionLine>"
    )
    petrol, cola = sales(journal(tmp_path, event(fuel() + item)))

    assert (cola.product, cola.fuel, cola.unit) == ("COLA", Fuel.NONE, Unit.PIECE)
    assert (cola.quantity_milli, cola.amount_minor) == (2_000, 319)
    assert petrol.receipt_no == cola.receipt_no
    assert petrol.natural_key != cola.natural_key


@pytest.mark.parametrize(
    ("more", "kind", "text"),
    [
        ("<LoyaltyID>6035550000000001</LoyaltyID>", KeyKind.CARD, "6035550000000001"),
        ("<CustomerID><PersonalID>K77</PersonalID></CustomerID>", KeyKind.REF, "K77"),
        ("<LoyaltyInfo><LoyaltyID>XXXXXXXX0001</LoyaltyID></LoyaltyInfo>", None, ""),
        (
            tender("fleetCards", "7055000011"), KeyKind.CARD, "7055000011",
        ),
        (
            tender("outsideCredit", "4000000000000002"), None, "",
        ),
    ],
)  # fmt: skip
def test_a_sale_is_known_by_loyalty_fleet_card_or_customer_and_never_by_a_banks_card(
    tmp_path: Path, more: str, kind: KeyKind | None, text: str
) -> None:
    (sold,) = sales(journal(tmp_path, event(fuel(), more=more)))

    assert (sold.vehicle.kind if sold.vehicle else None) == kind
    assert (sold.vehicle.text if sold.vehicle else "") == text


@pytest.mark.parametrize("version", ["3.0", "3.4", "3.9.1", ""])
def test_every_third_version_is_read(tmp_path: Path, version: str) -> None:
    assert len(sales(journal(tmp_path, event(fuel()), version=version))) == 1


BOMB = '<!DOCTYPE NAXML-POSJournal [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
FETCH = '<!DOCTYPE NAXML-POSJournal [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("before", [BOMB, FETCH, '<!DOCTYPE NAXML-POSJournal SYSTEM "a.dtd">'])
def test_a_document_type_is_refused_before_anything_is_expanded(
    tmp_path: Path, before: str
) -> None:
    with pytest.raises(FileRefusedError, match="xml_doctype"):
        opened(journal(tmp_path, event(fuel()), before=before))


def test_another_version_and_a_broken_end_are_refused_whole(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError, match="naxml_version"):
        opened(journal(tmp_path, event(fuel()), version="4.0"))
    path = journal(tmp_path, event(fuel()))
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(FileRefusedError, match="broken_xml"):
        opened(path)


def test_an_event_or_a_name_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError, match="line_too_long"):
        opened(journal(tmp_path, event(fuel() * 20_000)))
    with pytest.raises(FileRefusedError, match="line_too_long"):
        opened(journal(tmp_path, f"<{'a' * 2_000_000}/>"))
    with pytest.raises(FileRefusedError, match="xml_too_deep"):
        opened(journal(tmp_path, "<a>" * 100 + "</a>" * 100))


def test_a_station_that_nobody_knows_rejects_its_lines(tmp_path: Path) -> None:
    (row,) = rows(journal(tmp_path, event(fuel()), store="99"))

    assert isinstance(row, RejectedRow)
    assert row.reason == "unknown_station"


def test_each_event_of_a_long_journal_is_met_once(tmp_path: Path) -> None:
    path = journal(tmp_path, event(fuel()) * 3_000)
    pieces = list(xml_stream.pieces(path, IngestRules(), ending=("Event",)))

    assert len(pieces) == 3_001


# --- totals ---------------------------------------------------------------------------------------


def totals(path: Path) -> Totals:
    return open_totals(path, None, stations=SITES, station_code=None, rules=IngestRules())


def test_the_totals_of_the_sample_are_those_of_its_grade() -> None:
    found = totals(SAMPLES / "naxml_fgm.xml")

    grade = next(total for total in found.totals if total.kind is TotalKind.GRADE)
    assert (found.station.code, found.accepted, found.ignored, found.rejected) == ("1022", 1, 0, ())
    assert (grade.name, day_date(grade.business_day).isoformat()) == ("001", "2025-03-03")
    assert (grade.quantity_milli, grade.amount_minor) == (9_476_585, 750_782)


def movement(folder: Path, details: str, period: str = "2", date: str = "2025-03-03") -> Path:
    path = folder / "fgm.xml"
    path.write_text(
        "<NAXML-MovementReport version='3.4'><TransmissionHeader><StoreLocationID>1022"
        "</StoreLocationID></TransmissionHeader><FuelGradeMovement><MovementHeader>"
        f"<PrimaryReportPeriod>{period}</PrimaryReportPeriod><BusinessDate>{date}</BusinessDate>"
        f"</MovementHeader>{details}</FuelGradeMovement></NAXML-MovementReport>",
        encoding="utf-8",
    )
    return path


def detail(volume: str, inner: str = "{}", grade: str = "001", tested: str = "0") -> str:
    sold = (
        f"<FGMSalesTotals><FuelGradeSalesVolume uom='litre'>{volume}</FuelGradeSalesVolume>"
        "<FuelGradeSalesAmount>10</FuelGradeSalesAmount><PumpTestTotals>"
        f"<PumpTestVolume uom='litre'>{tested}</PumpTestVolume></PumpTestTotals></FGMSalesTotals>"
    )
    return f"<FGMDetail><FuelGradeID>{grade}</FuelGradeID>{inner.format(sold)}</FGMDetail>"


POSITION = "<FGMPositionSummary><FuelPositionID>0{n}</FuelPositionID>{{}}</FGMPositionSummary>"
TENDER = "<FGMTenderSummary>{}</FGMTenderSummary>"


def test_tenders_and_positions_of_one_grade_are_not_added_twice(tmp_path: Path) -> None:
    details = [
        *(detail("10", TENDER), detail("20", TENDER, tested="5")),
        *(detail("12", POSITION.format(n=1)), detail("18", POSITION.format(n=2))),
        detail("7", POSITION.format(n=1), grade="002"),
    ]
    found = totals(movement(tmp_path, "".join(details)))

    sums = {(total.kind, total.name): total.quantity_milli for total in found.totals}
    assert sums[TotalKind.GRADE, "001"] == 30_000
    assert sums[TotalKind.GRADE, "002"] == 7_000
    assert sums[TotalKind.TEST, "001"] == 5_000
    assert (sums[TotalKind.POSITION, "1"], sums[TotalKind.POSITION, "2"]) == (19_000, 18_000)


def test_totals_of_a_shift_are_counted_and_left_out(tmp_path: Path) -> None:
    found = totals(movement(tmp_path, detail("10"), period="98"))

    assert (found.accepted, found.ignored, found.totals) == (0, 1, ())


@pytest.mark.parametrize(
    ("volume", "date", "reason"), [("ten", "2025-03-03", "bad_quantity"), ("1", "soon", "bad_time")]
)
def test_a_total_that_says_nothing_certain_is_rejected(
    tmp_path: Path, volume: str, date: str, reason: str
) -> None:
    found = totals(movement(tmp_path, detail(volume), date=date))

    assert [row.reason for row in found.rejected] == [reason]
    assert found.totals == ()


def test_a_report_of_something_else_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="no_totals"):
        totals(movement(tmp_path, "<MSMDetail/>"))
