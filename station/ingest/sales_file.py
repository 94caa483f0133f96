"""Which sales does a till's file hold?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from station.errors import FileRefusedError
from station.ingest import headings, naxml, sites, table
from station.ingest.headings import Columns
from station.ingest.mapping import Mapping
from station.ingest.rules import IngestRules
from station.ingest.sale_rows import Context, reader
from station.ingest.sites import Sites
from station.ingest.table import Source, Survey, Table
from station.model import ReadRow, SaleKeyKind, Station

DEFAULT_SOURCE = "pos"
NEEDED = (("sold_at", "sold_date"), ("litres",))
NEEDED_WITHOUT_MAPPING = (*NEEDED, ("product",), ("amount", "paid", "due"))


@dataclass(frozen=True, slots=True)
class SalesFile:
    """A sales file, looked through once: nothing of it is taken if it must be refused."""

    path: Path
    source: str
    table: Table
    columns: Columns
    key_kind_available: frozenset[SaleKeyKind]
    row_count: int
    _context: Context

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

    @property
    def skipped_sheets(self) -> tuple[str, ...]:
        """Return the further sheets of a workbook that hold tables and are not read."""
        return self.table.skipped_sheets

    @property
    def new_stations(self) -> tuple[Station, ...]:
        """Return the stations that the file names and the mapping creates."""
        return self._context.sites.new

    @property
    def station_codes(self) -> frozenset[str]:
        """Return the codes of the stations whose lines the file may hold."""
        sites = self._context.sites
        named = {*sites.by_text.values(), *([sites.default] if sites.default else [])}
        return frozenset(station.code for station in named)

    @property
    def best_key_kind(self) -> SaleKeyKind:
        """Return the surest kind of key that the headings allow."""
        return next(kind for kind in SaleKeyKind if kind in self.key_kind_available)

    def rows(self, key_kind: SaleKeyKind) -> Iterator[ReadRow]:
        """Yield what each row below the heading says, in the order of the file.

        Raises:
            FileRefusedError: the headings do not allow keys of this kind.
        """
        if key_kind not in self.key_kind_available:
            raise FileRefusedError("error_ingest.key_kind_missing", kind=key_kind.value)
        read = reader(replace(self._context, key_kind=key_kind))
        return (read(line_no, cells, raw) for line_no, cells, raw in self.table.records())


def open_sales(
    path: Path,
    mapping: Mapping | None = None,
    *,
    stations: dict[str, Station],
    station_code: str | None = None,
    rules: IngestRules,
    now_s: int,
) -> SalesFile:
    """Return a sales file ready to be read row by row.

    Args:
        path: a CSV, TSV or XLSX file.
        mapping: how to read it; without one the dictionary of headings serves.
        stations: every known station by its code.
        station_code: whose lines these are, if whoever imports says so.
        rules: the limits.
        now_s: the instant of the import; later sales are rejected.

    Raises:
        UnreadableFileError: the file has no table of sales.
        FileRefusedError: the file is in doubt as a whole, and nothing of it is taken.
    """
    if naxml.is_journal(path):
        found, columns = naxml.journal(path, mapping, rules)
        mapping = naxml.mapping_for(mapping)
    else:
        found, columns = _table_and_columns(path, mapping, rules)
    place = columns.place("sold_at" if "sold_at" in columns.places else "sold_date")
    seen = table.survey(found, rules, time_place=place, watch=columns.place("station"))
    context = Context(
        columns=columns,
        mapping=mapping or _usual_mapping(columns),
        sites=_sites(found, columns, seen, mapping, stations, station_code),
        rules=rules,
        now_s=now_s,
        key_kind=SaleKeyKind.CONTENT,
        last_line=seen.last_line,
    )
    kinds = frozenset(_key_kinds(columns))
    return SalesFile(path, context.mapping.name, found, columns, kinds, seen.rows, context)


def of_till(
    rows: Sequence[dict[str, str]],
    station: Station,
    *,
    source: str,
    rules: IngestRules,
    now_s: int,
) -> SalesFile:
    """Return the lines of a receipt that a till sent, by our names of fields, as a file of it.

    They are read by the same reader as a file's rows, so both ways in give the same sale.
    """
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    cells = [(n, [row.get(name, "") for name in names], "") for n, row in enumerate(rows, start=1)]
    context = Context(
        columns=Columns(len(names), {name: place for place, name in enumerate(names)}),
        mapping=Mapping(source, {}),
        sites=Sites({}, station),
        rules=rules,
        now_s=now_s,
        key_kind=SaleKeyKind.RECEIPT,
        last_line=len(rows),
    )
    found = Table(Source("utf-8", "", lambda: iter(cells)), (), names, 0, frozenset(names))
    kinds = frozenset({SaleKeyKind.RECEIPT})
    return SalesFile(Path(source), source, found, context.columns, kinds, len(rows), context)


def _table_and_columns(
    path: Path, mapping: Mapping | None, rules: IngestRules
) -> tuple[Table, Columns]:
    found = _table(path, mapping, rules)
    columns = headings.resolve(found.heading, headings.SALES, mapping)
    headings.require(columns, found.heading, *(NEEDED if mapping else NEEDED_WITHOUT_MAPPING))
    return found, columns


def _usual_mapping(columns: Columns) -> Mapping:
    """Return how a file without a mapping is read: by plates, if it has any."""
    by_ref = "vehicle_ref" in columns.places and "plate" not in columns.places
    return Mapping(DEFAULT_SOURCE, {}, identity="vehicle_ref" if by_ref else "plate")


def _table(path: Path, mapping: Mapping | None, rules: IngestRules) -> Table:
    known = headings.known_headings(headings.SALES, mapping)
    enough = max(1, (len(mapping.columns) + 1) // 2) if mapping else table.SURE_HEADINGS
    return table.open_table(path, known, rules, enough=enough)


def _sites(
    found: Table,
    columns: Columns,
    seen: Survey,
    mapping: Mapping | None,
    stations: dict[str, Station],
    station_code: str | None,
) -> Sites:
    texts = seen.watched if "station" in columns.places else None
    chosen = sites.choose(
        stations, asked=station_code, title=sites.named_in(found.head), texts=texts
    )
    if mapping and mapping.creates_stations and texts:
        usual = Station("")
        like = replace(
            usual, zone=mapping.zone or usual.zone, currency=mapping.currency or usual.currency
        )
        return sites.with_new(chosen, texts, like)
    return chosen


def _key_kinds(columns: Columns) -> Iterator[SaleKeyKind]:
    if "receipt_no" in columns.places:
        yield SaleKeyKind.RECEIPT
    if columns.places.keys() >= {"nozzle", "totaliser_start", "totaliser_end"}:
        yield SaleKeyKind.TOTALISER
    yield SaleKeyKind.CONTENT
