"""Which stations, customers, vehicles or cards does a file name?"""

import unicodedata
import zoneinfo
from collections.abc import Callable, Iterator
from collections.abc import Mapping as Readers
from dataclasses import dataclass, replace
from pathlib import Path

from station.errors import BadValueError, UnreadableFileError
from station.ingest import headings, phones, record_words, table, times, vehicle_keys
from station.ingest.headings import Columns, Dictionary
from station.ingest.mapping import Mapping
from station.ingest.row_words import is_total
from station.ingest.rules import IngestRules
from station.ingest.table import Table
from station.model import (
    CardRecord,
    CustomerRecord,
    IgnoredRow,
    OwnerKind,
    RejectedRow,
    Station,
    StationKind,
    Use,
    VehicleKey,
    VehicleRecord,
)

Row = dict[str, str]
Record = Station | CustomerRecord | VehicleRecord | CardRecord
LONGEST = {
    "code": 40,
    "customer": 80,
    "name": 80,
    "person": 80,
    "organisation": 200,
    "word": 40,
    "kind": 20,
}
CARD_FIELDS = frozenset({"number", "card_no"})
"""Fields whose leading mark proves that a spreadsheet has not cut them."""
PERSONAL = "customers"
"""The kind of file of whose cells nothing is said when a row is rejected: they may name persons."""
FACTS_OF_CELLS = frozenset({"value", "station"})
UNSAID = "…"
PERSON_WORDS = frozenset({"个人", "自然人", "私人", "person", "individual", "private"})
ORGANISATION_WORDS = frozenset(
    {"单位", "企业", "公司", "机构", "政府", "organisation", "organization", "company", "business"}
)
PROVINCES = frozenset("京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新")


@dataclass(frozen=True, slots=True)
class Fact:
    """How a column that tells more of customers is headed, and how its cells are read."""

    headings: tuple[str, ...]
    read: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A record with its place in the file."""

    line_no: int
    raw: str
    record: Record


@dataclass(frozen=True, slots=True)
class RecordsFile:
    """A file of records, looked through once."""

    path: Path
    kind: str
    source: str
    table: Table
    columns: Columns
    row_count: int
    _last_line: int
    _read: Callable[[Row], Record]

    @property
    def encoding(self) -> str:
        """Return the name of the encoding, or xlsx."""
        return self.table.source.encoding

    @property
    def headings(self) -> dict[str, str]:
        """Return our field for each of their headings that is read."""
        return self.columns.headings

    @property
    def ignored_headings(self) -> tuple[str, ...]:
        """Return their headings that are not read."""
        return self.columns.ignored

    def rows(self) -> Iterator[RecordRow | RejectedRow | IgnoredRow]:
        """Yield what each row below the heading says, in the order of the file."""
        for line_no, cells, raw in self.table.records():
            if is_total(cells):
                yield IgnoredRow(line_no, "total_line")
                continue
            try:
                yield RecordRow(line_no, raw, self._read(self._row(line_no, cells)))
            except BadValueError as error:
                yield RejectedRow(line_no, error.key, raw, facts_of(error, self.kind))

    def _row(self, line_no: int, cells: list[str]) -> Row:
        width = self.columns.width
        facts = {"cells": len(cells), "headings": width}
        if any(map(str.strip, cells[width:])):
            raise BadValueError("too_many_cells", **facts)
        if len(cells) < width and line_no == self._last_line:
            raise BadValueError("truncated_row", **facts)
        padded = cells + [""] * (width - len(cells))
        return {
            name: padded[place] if name in CARD_FIELDS else tidy(padded[place])
            for name, place in self.columns.places.items()
        }


def facts_of(error: BadValueError, kind: str) -> dict[str, str]:
    """Return what may be said of a bad row: of a file of customers no cell is repeated.

    A name may stand in any column of a file whose cells are shifted.
    """
    return {
        name: UNSAID if kind == PERSONAL and name in FACTS_OF_CELLS else str(value)[:80]
        for name, value in error.facts.items()
    }


def tidy(text: str) -> str:
    """Return a cell as plain text."""
    return unicodedata.normalize("NFKC", text).strip().removeprefix("'")


def open_records(
    path: Path,
    kind: str,
    mapping: Mapping | None = None,
    *,
    rules: IngestRules,
    facts: Readers[str, Fact] | None = None,
) -> RecordsFile:
    """Return a file of records ready to be read row by row.

    Args:
        path: a CSV, TSV or XLSX file.
        kind: stations, customers, vehicles or cards.
        mapping: how to read it; without one the dictionary of headings serves.
        rules: the limits.
        facts: what more a file of customers may tell, by field.

    Raises:
        UnreadableFileError: the file has no such table.
        FileRefusedError: the file is in doubt as a whole, and nothing of it is taken.
    """
    if kind not in KINDS:
        raise UnreadableFileError("error_ingest.unknown_kind", kind=kind)
    dictionary, needed, reader_of = KINDS[kind]
    told = (facts or {}) if kind == PERSONAL else {}
    own = {name: fact.headings for name, fact in told.items() if name not in dictionary}
    dictionary = dictionary | own
    known = headings.known_headings(dictionary, mapping)
    found = table.open_table(path, known, rules, enough=table.SURE_HEADINGS)
    columns = headings.resolve(found.heading, dictionary, mapping)
    headings.require(columns, found.heading, needed)
    first = columns.place(next(name for name in needed if name in columns.places))
    seen = table.survey(found, rules, time_place=first, watch=-1)
    source = mapping.name if mapping else kind
    read = reader_of(mapping, rules)
    theirs = {heading: told[name] for heading, name in columns.headings.items() if name in told}
    if theirs:
        read = _with_facts(read, theirs, columns.headings)
    return RecordsFile(path, kind, source, found, columns, seen.rows, seen.last_line, read)


def fields_of(kind: str) -> frozenset[str]:
    """Return the fields that a mapping of such a file may name."""
    return frozenset(KINDS[kind][0])


def _station_reader(_: Mapping | None, __: IngestRules) -> Callable[[Row], Record]:
    return _station


def _station(row: Row) -> Station:
    usual = Station("")
    zone = row.get("zone") or usual.zone
    if zone not in zoneinfo.available_timezones():
        raise BadValueError("unknown_zone", value=zone)
    currency = row.get("currency", "").upper() or usual.currency
    currency = "CNY" if currency in ("人民币", "RMB") else currency
    if len(currency) != len("CNY") or not (currency.isascii() and currency.isalpha()):
        raise BadValueError("bad_currency", value=currency)
    return Station(
        code=_needed(row, "code", "code"),
        name=_short(row, "name", "name"),
        region=_short(row, "region", "name"),
        kind=record_words.meaning(StationKind, row.get("kind", ""), StationKind.OTHER),
        zone=zone,
        currency=currency,
        province=_province(row.get("province", "")),
        day_starts_at_min=_minute(row.get("day_starts", ""), usual.day_starts_at_min),
        night_ends_at_min=_minute(row.get("night_ends", ""), usual.night_ends_at_min),
    )


def _province(text: str) -> str:
    """Return the character with which plates of the province begin; names become it."""
    if not text or text in PROVINCES:
        return text
    name = text.removesuffix("省").removesuffix("市").removesuffix("自治区")
    if name not in record_words.PROVINCES:
        raise BadValueError("unknown_word", value=text)
    return record_words.PROVINCES[name]


def _minute(text: str, otherwise: int) -> int:
    if not text:
        return otherwise
    try:
        return times.clock_of(text)[0] // 60
    except ValueError as error:
        raise BadValueError("bad_time", value=text) from error


def _customer_reader(mapping: Mapping | None, rules: IngestRules) -> Callable[[Row], Record]:
    region = (mapping.phones if mapping else "") or rules.phone_region
    return lambda row: _customer(row, region)


def _customer(row: Row, region: str) -> CustomerRecord:
    owner = record_words.meaning(OwnerKind, row.get("owner_kind", ""), OwnerKind.UNKNOWN)
    is_organisation = _is_organisation(row, owner)
    if owner is OwnerKind.UNKNOWN and not is_organisation:
        owner = OwnerKind.PRIVATE
    return CustomerRecord(
        code=_needed(row, "code", "customer"),
        is_organisation=is_organisation,
        owner_kind=owner,
        organisation_name=_first(row, COMPANY, "organisation") * is_organisation,
        station=_short(row, "station", "code"),
        since_day=_day(row),
        name=" ".join(_first(row, CONTACT if is_organisation else PERSON, "person").split()),
        phone=phones.read(row.get("phone", ""), region),
    )


def _with_facts(
    read: Callable[[Row], Record], told: Readers[str, Fact], names: Readers[str, str]
) -> Callable[[Row], Record]:
    """Return a reader of customers that reads these columns too; an empty cell says nothing.

    Args:
        read: reads the rest of a row.
        told: how the cells below each of their headings are read.
        names: our field for each of their headings.
    """

    def reader(row: Row) -> Record:
        record = read(row)
        if not isinstance(record, CustomerRecord):
            return record
        cells = {names[h]: _fact(h, fact, row[names[h]]) for h, fact in told.items()}
        return replace(record, facts={name: words for name, words in cells.items() if words})

    return reader


def _fact(heading: str, fact: Fact, cell: str) -> str:
    if not cell:
        return ""
    try:
        return fact.read(cell)
    except BadValueError as error:
        raise BadValueError(error.key, field=heading) from error


COMPANY, PERSON = ("organisation_name", "customer_name"), ("name", "customer_name", "contact")
CONTACT = ("contact", "name")
"""Where the name of a company, of a person and of whom to ask for at a company may stand."""


def _first(row: Row, names: tuple[str, ...], size: str) -> str:
    """Return the first of these columns that is not empty."""
    return next((text for name in names if (text := _short(row, name, size))), "")


def _is_organisation(row: Row, owner: OwnerKind) -> bool:
    word = row.get("customer_kind", "").casefold()
    if word in PERSON_WORDS or word in ORGANISATION_WORDS:
        return word in ORGANISATION_WORDS
    if word:
        raise BadValueError("unknown_word", value=word)
    return owner in (OwnerKind.COMPANY, OwnerKind.GOVERNMENT, OwnerKind.RENTAL)


def _vehicle_reader(mapping: Mapping | None, _: IngestRules) -> Callable[[Row], Record]:
    profile = mapping.plates if mapping else "CN"

    def read(row: Row) -> VehicleRecord:
        key = _plate(row, "plate", profile) or vehicle_keys.ref_key(row.get("vehicle_ref", ""))
        key = key or vehicle_keys.card_key(vehicle_keys.card_number(row.get("card_no", "")))
        if key is None:
            raise BadValueError("no_vehicle")
        return VehicleRecord(
            key=key,
            use=record_words.meaning(Use, row.get("use", ""), Use.UNKNOWN),
            owner_kind=record_words.meaning(
                OwnerKind, row.get("owner_kind", ""), OwnerKind.UNKNOWN
            ),
            owner_code=_short(row, "customer_code", "customer"),
            vehicle_type=_short(row, "vehicle_type", "word"),
            since_day=_day(row),
        )

    return read


def _card_reader(mapping: Mapping | None, _: IngestRules) -> Callable[[Row], Record]:
    profile = mapping.plates if mapping else "CN"

    def read(row: Row) -> CardRecord:
        number = vehicle_keys.card_number(row.get("number", ""))
        if not number or "*" in number:
            raise BadValueError("bad_card")
        return CardRecord(
            number=number,
            kind=_short(row, "kind", "kind"),
            customer_code=_short(row, "customer_code", "customer"),
            plate=_plate(row, "bound_plate", profile),
            since_day=_day(row),
        )

    return read


def _plate(row: Row, name: str, profile: str) -> VehicleKey | None:
    text = row.get(name, "")
    return vehicle_keys.plate_key(text, row.get("plate_colour", ""), profile, "") if text else None


def _needed(row: Row, name: str, size: str) -> str:
    text = _short(row, name, size)
    if not text:
        raise BadValueError("no_code")
    return text


def _short(row: Row, name: str, size: str) -> str:
    text = row.get(name, "")
    if len(text) > LONGEST[size]:
        raise BadValueError("too_long", column=name, limit=LONGEST[size])
    return text


def _day(row: Row) -> int | None:
    text = row.get("since", "")
    if not text:
        return None
    try:
        return times.read(text).day
    except (ValueError, OverflowError) as error:
        raise BadValueError("bad_time", value=text) from error


Reader = Callable[[Mapping | None, IngestRules], Callable[[Row], Record]]
KINDS: dict[str, tuple[Dictionary, tuple[str, ...], Reader]] = {
    "stations": (headings.STATIONS, ("code",), _station_reader),
    "customers": (headings.CUSTOMERS, ("code",), _customer_reader),
    "vehicles": (headings.VEHICLES, ("plate", "vehicle_ref", "card_no"), _vehicle_reader),
    "cards": (headings.CARDS, ("number",), _card_reader),
}
"""For each kind of file: its headings, of which one is needed, and how a row is read."""
