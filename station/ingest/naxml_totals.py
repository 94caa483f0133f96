"""What does a till say it sold in a day, grade by grade and nozzle by nozzle (NAXML FGM)?"""

from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from station.errors import BadValueError, UnreadableFileError
from station.ingest import numbers, sites, times, xml_stream
from station.ingest.mapping import Mapping
from station.ingest.naxml import MOVEMENT, SOURCE, require_version, unit_of
from station.ingest.rules import IngestRules
from station.ingest.sale_keys import nozzle_name
from station.ingest.sale_rows import PLACES
from station.ingest.table import Source, Table
from station.ingest.xml_stream import Element, Piece
from station.model import ControlTotal, RejectedRow, Station, TotalKind, minor_per_major

DETAIL = ("FGMDetail",)
PARTS = (*DETAIL, "MovementHeader", "TransmissionHeader")
DAY_PERIOD = "2"
"""The report period that is a whole day; 98 and others are shifts, which are not compared."""
LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Totals:
    """What a file of totals says; every detail of it is counted once."""

    station: Station
    source: str
    table: Table
    accepted: int
    ignored: int
    totals: tuple[ControlTotal, ...]
    rejected: tuple[RejectedRow, ...]


@dataclass(slots=True)
class _Sums:
    """Thousandths and minor units under each kind, name and day."""

    quantity: dict[tuple[TotalKind, str, int], int] = field(
        default_factory=lambda: defaultdict(int)
    )
    amount: dict[tuple[TotalKind, str, int], int] = field(default_factory=lambda: defaultdict(int))

    def add(self, kind: TotalKind, name: str, day: int, sold: tuple[int, int]) -> None:
        """Add what was sold."""
        self.quantity[kind, name, day] += sold[0]
        self.amount[kind, name, day] += sold[1]


@dataclass(slots=True)
class _Reading:
    """How far a file has been read: the header that holds, and what the details say.

    A file may tell a grade by tenders and once more by positions: `of_positions` counts only where
    nothing else tells of the grade.
    """

    volume: str
    currency: str
    day: str = ""
    is_day: bool = True
    sums: _Sums = field(default_factory=_Sums)
    of_positions: _Sums = field(default_factory=_Sums)
    accepted: int = 0
    ignored: int = 0
    rejected: list[RejectedRow] = field(default_factory=list)


def open_totals(
    path: Path,
    mapping: Mapping | None,
    *,
    stations: dict[str, Station],
    station_code: str | None,
    rules: IngestRules,
) -> Totals:
    """Return the totals of a file; nothing of it is taken if it must be refused.

    Raises:
        UnreadableFileError: it tells of no grade, or not of which station.
        FileRefusedError: it is no sound file of its kind, or the station is in doubt.
    """
    site = _site(path, stations, station_code, rules)
    volume = (mapping.volume if mapping else "") or rules.journal_volume
    reading = _Reading(volume, (mapping.currency if mapping else "") or site.currency)
    for piece in xml_stream.pieces(path, rules, ending=PARTS):
        _take(reading, piece, path)
    if not (reading.accepted or reading.ignored or reading.rejected):
        raise UnreadableFileError("error_ingest.no_totals", file=path.name)
    wrap = partial(xml_stream.frame, path, rules, ending=DETAIL)
    table = Table(Source("naxml", ",", lambda: iter(())), (), (), 0, frozenset(), wrap=wrap)
    return Totals(
        site,
        mapping.name if mapping else SOURCE,
        table,
        reading.accepted,
        reading.ignored,
        tuple(_totals(reading)),
        tuple(reading.rejected),
    )


def _site(
    path: Path, stations: dict[str, Station], station_code: str | None, rules: IngestRules
) -> Station:
    headers = xml_stream.pieces(path, rules, ending=("TransmissionHeader",))
    stores = (piece.element.said("StoreLocationID") for piece in headers)
    store = next((text for text in stores if text), "")
    chosen = sites.choose(stations, asked=station_code, title="", texts=[store] if store else None)
    site = chosen.by_text.get(store) or chosen.default
    if site is None:
        raise UnreadableFileError("error_ingest.store_unknown", station=store[:80])
    return site


def _take(reading: _Reading, piece: Piece, path: Path) -> None:
    element = piece.element
    if element.name == MOVEMENT:
        require_version(element, path)
    elif element.name == "MovementHeader":
        reading.day = element.said("BusinessDate") or element.said("BeginDate")
        reading.is_day = element.said("PrimaryReportPeriod") in ("", DAY_PERIOD)
    elif element.name in DETAIL:
        try:
            _detail(reading, element)
        except BadValueError as error:
            facts = {name: str(value)[:80] for name, value in error.facts.items()}
            reading.rejected.append(RejectedRow(element.line_no, error.key, piece.raw, facts))


def _detail(reading: _Reading, detail: Element) -> None:
    if not reading.is_day:
        reading.ignored += 1
        return
    try:
        day = times.read(reading.day).day
    except (ValueError, OverflowError) as error:
        raise BadValueError("bad_time", value=reading.day) from error
    grade, position = detail.said("FuelGradeID"), nozzle_name(detail.said("FuelPositionID"))
    if not 0 < len(grade) <= LONGEST_NAME:
        raise BadValueError("no_product")
    found = [_sold(sold, reading) for sold in detail.each("FGMSalesTotals")]
    for sold, tested in found:
        if position:
            reading.sums.add(TotalKind.POSITION, position, day, sold)
        sums = reading.of_positions if position else reading.sums
        sums.add(TotalKind.GRADE, grade, day, sold)
        sums.add(TotalKind.TEST, grade, day, tested)
    reading.accepted += 1


def _sold(sold: Element, reading: _Reading) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return quantity and money that were sold, and those of pump tests."""
    names = ("FuelGradeSalesVolume", "FuelGradeSalesAmount", "PumpTestVolume", "PumpTestAmount")
    found = {name: next(sold.each(name), None) for name in names}
    quantity, money, tested, tested_money = (found[name] for name in names)
    return (
        (_quantity(quantity, reading), _money(money, reading)),
        (_quantity(tested, reading), _money(tested_money, reading)),
    )


def _quantity(element: Element | None, reading: _Reading) -> int:
    text = element.text.strip() if element is not None else ""
    if not text:
        return 0
    try:
        if (unit_of(element) or reading.volume) == "us_gallon":
            return numbers.gallons_as_millilitres(text)
        return numbers.fixed(text, numbers.MILLI_PLACES)
    except ValueError as error:
        raise BadValueError("bad_quantity", value=text) from error


def _money(element: Element | None, reading: _Reading) -> int:
    text = element.text.strip() if element is not None else ""
    try:
        return numbers.fixed(text or "0", PLACES[minor_per_major(reading.currency)])
    except ValueError as error:
        raise BadValueError("bad_amount", value=text) from error


def _totals(reading: _Reading) -> list[ControlTotal]:
    quantity = reading.of_positions.quantity | reading.sums.quantity
    amount = reading.of_positions.amount | reading.sums.amount
    return [
        ControlTotal(kind, name, day, milli, amount[kind, name, day])
        for (kind, name, day), milli in sorted(quantity.items())
    ]
