"""Which sales does a NAXML journal hold, as tills outside China write it?

A journal becomes a table with one row for each thing sold, under our own headings, so that what is
true of every other file of sales is true of it too. A row's raw text is the whole event.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from station.errors import FileRefusedError
from station.ingest import xml_stream
from station.ingest.headings import Columns
from station.ingest.mapping import Mapping
from station.ingest.rules import IngestRules
from station.ingest.table import Record, Source, Table
from station.ingest.xml_stream import Element, Piece

JOURNAL, MOVEMENT = "NAXML-POSJournal", "NAXML-MovementReport"
SOURCE = "naxml"
SALE, REFUND, VOID = "SaleEvent", "RefundEvent", "VoidEvent"
EVENT = ("Event",)
PARTS = (*EVENT, "TransmissionHeader", "JournalHeader")
GOODS = ("FuelLine", "FuelPrepayLine", "ItemLine", "MerchandiseCodeLine")
NOT_SOLD = frozenset({"cancel", "cancelled", "canceled", "void", "voided"})
GIVEN_BACK = frozenset({"return", "returned", "refund"})
OWN_ACCOUNTS = ("fleet", "house", "local", "loyalty")
"""Words in the code of a tender whose account is a card of the chain or of a fleet.

The number of a bank's card is not kept.
"""
UNITS = {
    **dict.fromkeys(("gallonus", "usgallon", "gallon", "gallons", "gal", "gll"), "us_gallon"),
    **dict.fromkeys(("litre", "liter", "litres", "liters", "l", "ltr"), "litre"),
    **dict.fromkeys(("kilogram", "kilograms", "kg", "kgm"), "kg"),
    **dict.fromkeys(("kwh", "kilowatthour", "kilowatthours"), "kwh"),
    **dict.fromkeys(("m3", "cubicmeter", "cubicmetre", "mtq"), "m3"),
}
"""Our unit for the words of `uom`."""
COLUMNS = (
    *("sold_at", "business_date", "station", "terminal", "nozzle", "product", "grade", "fuel"),
    *("unit", "litres", "amount", "card_no", "vehicle_ref", "receipt_no", "line_no", "txn_type"),
    "ignored",
)
Cells = dict[str, str]


@dataclass(frozen=True, slots=True)
class Header:
    """What holds for the events that follow: the store, and the period they belong to."""

    store: str = ""
    ends: str = ""


def is_journal(path: Path) -> bool:
    """Return whether a file is a journal of a till."""
    return xml_stream.root_name(path) == JOURNAL


def is_movement(path: Path) -> bool:
    """Return whether a file tells a till's totals."""
    return xml_stream.root_name(path) == MOVEMENT


def mapping_for(mapping: Mapping | None) -> Mapping:
    """Return how the rows are read: a mapping file may say zone, currency and unit, no columns."""
    given = mapping or Mapping(SOURCE, {})
    return replace(
        given,
        columns={},
        identity="vehicle_ref",
        formats=(),
        volume="",  # each line says its own
        fuel_column="fuel",
        fuel_true=frozenset({"1"}),
    )


def journal(path: Path, mapping: Mapping | None, rules: IngestRules) -> tuple[Table, Columns]:
    """Return a journal as a table, and where our fields stand in it."""
    volume = (mapping.volume if mapping else "") or rules.journal_volume
    source = Source("naxml", ",", partial(_records, path, volume, rules))
    columns = Columns(len(COLUMNS), {name: place for place, name in enumerate(COLUMNS)})
    wrap = partial(xml_stream.frame, path, rules, ending=EVENT)
    return Table(source, (), COLUMNS, 0, frozenset(), wrap=wrap), columns


def _records(path: Path, volume: str, rules: IngestRules) -> Iterator[Record]:
    """Yield the rows of a journal in its order."""
    header = Header()
    for piece in xml_stream.pieces(path, rules, ending=PARTS):
        element = piece.element
        if element.name == JOURNAL:
            require_version(element, path)
        elif element.name == "TransmissionHeader":
            header = replace(header, store=element.said("StoreLocationID"))
        elif element.name == "JournalHeader":
            header = replace(header, ends=_moment(element, "End"))
        else:
            yield from _rows(piece, header, volume)


def require_version(root: Element, path: Path) -> None:
    """Return if a file is of a version that is read.

    Raises:
        FileRefusedError: it is not.
    """
    version = root.attributes.get("version", "").strip()
    if version and version.split(".")[0] != "3":
        facts = {"file": path.name, "version": version[:20]}
        raise FileRefusedError("error_ingest.naxml_version", **facts)


def _rows(piece: Piece, header: Header, volume: str) -> Iterator[Record]:
    """Yield a row for each thing that an event sold, or one that says that it sold nothing."""
    event, is_empty = piece.element, True
    shared = _shared(event, header)
    for number, line in enumerate(event.each("TransactionLine"), start=1):
        goods = next((child for child in line.children if child.name in GOODS), None)
        if goods is not None:
            is_empty = False
            cells = shared | _line(line, goods, number, volume)
            cells["ignored"] = shared["ignored"] or cells["ignored"]
            yield line.line_no, [cells.get(name, "") for name in COLUMNS], piece.raw
    if is_empty:
        cells = shared | {"ignored": shared["ignored"] or "nothing_sold"}
        yield event.line_no, [cells.get(name, "") for name in COLUMNS], piece.raw


def _shared(event: Element, header: Header) -> Cells:
    """Return what all rows of an event say alike."""
    business_date = event.said("BusinessDate")
    card_no = _plain_number(event.said("LoyaltyID")) or _account(event)
    is_refund = event.name == REFUND
    written = (
        _moment(event, "Receipt") or _moment(event, "EventEnd") or _moment(event, "EventStart")
    )
    # A refund is looked for behind its sale, so one without a clock counts as the period's last.
    late = header.ends if is_refund else ""
    return {
        "sold_at": written or late or business_date or header.ends.split(" ")[0],
        "business_date": business_date,
        "station": header.store,
        "terminal": event.said("RegisterID"),
        "card_no": card_no,
        "vehicle_ref": _vehicle(event) or (_customer(event) if not card_no else ""),
        "receipt_no": event.said("TransactionID"),
        "txn_type": "refund" if is_refund else "",
        "ignored": _ignored(event),
    }


def _ignored(event: Element) -> str:
    if _is_set(event, "TrainingModeFlag"):
        return "training"
    if event.name == VOID or _is_set(event, "SuspendFlag"):
        return "cancelled"
    return "" if event.name in (SALE, REFUND) else "nothing_sold"


def _is_set(event: Element, flag: str) -> bool:
    found = next(event.each(flag), None)
    if found is None:
        return False
    return (found.attributes.get("value") or found.text).strip().casefold() in ("yes", "true", "1")


def _moment(element: Element, prefix: str) -> str:
    """Return a date and its clock as one text, empty without a date."""
    date = element.said(f"{prefix}Date")
    return f"{date} {element.said(f'{prefix}Time')}".strip() if date else ""


def _line(line: Element, goods: Element, number: int, volume: str) -> Cells:
    status = line.attributes.get("status", "").strip().casefold()
    quantity = next(goods.each("SalesQuantity"), None)
    is_fuel = goods.name == "FuelLine"
    grade = goods.said("FuelGradeID") if is_fuel else ""
    words = goods.said("Description") or goods.said("POSCode") or goods.said("MerchandiseCode")
    cells = {
        "nozzle": goods.said("FuelPositionID"),
        "product": words or grade,
        "grade": grade,
        "fuel": "1" if is_fuel else "0",
        "unit": (unit_of(quantity) or volume) if is_fuel else "",
        "litres": quantity.text.strip() if quantity is not None else "",
        "amount": goods.said("SalesAmount"),
        "line_no": line.said("TransactionLineSequenceNumber") or str(number),
        "ignored": "cancelled" if status in NOT_SOLD else "",
    }
    if goods.name == "FuelPrepayLine":  # the fuel has a line of its own when it has flowed
        cells["ignored"] = cells["ignored"] or "prepaid"
    return cells | ({"txn_type": "refund"} if status in GIVEN_BACK else {})


def unit_of(quantity: Element | None) -> str:
    """Return the unit of a quantity, empty where the file names none."""
    word = quantity.attributes.get("uom", "").strip().casefold() if quantity is not None else ""
    return UNITS.get(word, word)


def _plain_number(text: str) -> str:
    """Return a number, nothing where it is masked."""
    return "" if any(mark in text.casefold() for mark in ("*", "xx")) else text


def _account(event: Element) -> str:
    """Return the card of the chain or of a fleet with which was paid, if one was."""
    for tender in event.each("TenderInfo"):
        code = f"{tender.said('TenderCode')} {tender.said('TenderSubCode')}".casefold()
        if any(word in code for word in OWN_ACCOUNTS):
            number = _plain_number(tender.said("AccountID") or tender.said("AccountNumber"))
            if number:
                return number
    return ""


def _vehicle(event: Element) -> str:
    return event.said("VehicleID") or event.said("VehicleNumber")


def _customer(event: Element) -> str:
    """Return the number of the customer, wherever in the element it stands."""
    named = next(event.each("CustomerID"), None)
    if named is None:
        return ""
    texts = (named.text, *(part.text for part in named.children))
    return next((text.strip() for text in texts if text.strip()), "")
