"""Where in a file is the table, and which text stands in each of its cells?"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from station.errors import FileRefusedError, UnreadableFileError
from station.ingest import encoding, headings, inert, workbook
from station.ingest.rules import IngestRules

Record = tuple[int, list[str], str]
"""Line number, cells and raw text of one row."""

DELIMITERS = ",;\t"
BLANK = f" {DELIMITERS}"
BROKEN_QUOTES = "error_ingest.broken_quotes"
SURE_HEADINGS = 3
"""As many known headings make a heading line."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file or sheet as rows of text; `records` reads it from its start, as often as asked."""

    encoding: str
    delimiter: str
    records: Callable[[], Iterator[Record]]
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The table of a file: the lines above its heading, the heading, and how to read on.

    `skipped_sheets` are the sheets that look like tables too and are not read. Where the rows are
    parts of a document, `wrap` returns what stood before and behind them.
    """

    source: Source
    head: tuple[tuple[str, ...], ...]
    heading: tuple[str, ...]
    heading_line: int
    known: frozenset[str]
    skipped_sheets: tuple[str, ...] = ()
    wrap: Callable[[], tuple[str, str]] | None = None

    def records(self) -> Iterator[Record]:
        """Yield the rows below the heading that are not blank."""
        for record in self.source.records():
            if record[0] > self.heading_line and any(map(str.strip, record[1])):
                yield record


@dataclass(frozen=True, slots=True)
class Survey:
    """What a first reading of the whole table found: nothing is taken before it is through."""

    rows: int
    last_line: int
    watched: frozenset[str]


def open_table(path: Path, known: frozenset[str], rules: IngestRules, *, enough: int) -> Table:
    """Return the table of a CSV or XLSX file; `enough` known headings make its heading line.

    Raises:
        FileRefusedError: the file is of another kind, too large, broken or in doubt.
        UnreadableFileError: the file is empty or has no heading line.
    """
    sources = workbook_sources(path, rules) or text_sources(path, rules)
    heads = [_head(source, rules.heading_search_lines) for source in sources]
    if not any(cell.strip(BLANK) for head in heads for _, cells, _ in head for cell in cells):
        raise UnreadableFileError("error_ingest.empty_file", file=path.name)
    scores = [_heading_at(head, known, enough) for head in heads]
    likely = [at for at, (score, _) in enumerate(scores) if score >= enough]
    is_book = bool(sources[0].sheet)
    best = (
        likely[0] if is_book and likely else max(range(len(sources)), key=lambda at: scores[at][0])
    )
    skipped = tuple(sources[at].sheet for at in likely if is_book and at != best)
    if scores[best][0] < 1:
        raise UnreadableFileError("error_ingest.no_heading", file=path.name)
    at = scores[best][1]
    head = heads[best]
    if len(head[at][1]) > rules.max_columns:
        raise FileRefusedError("error_ingest.too_many_columns", limit=rules.max_columns)
    above = tuple(tuple(cells) for _, cells, _ in head[:at])
    return Table(sources[best], above, _trimmed(head[at][1]), head[at][0], known, skipped)


def _head(source: Source, lines: int) -> list[Record]:
    """Return the first rows; cut by a wrong delimiter, quotes may break them off early."""
    head: list[Record] = []
    try:
        head.extend(islice(source.records(), lines))
    except FileRefusedError as error:
        if error.key != BROKEN_QUOTES:
            raise
    return head


def _heading_at(head: Sequence[Record], known: frozenset[str], enough: int) -> tuple[int, int]:
    """Return the score and place of the heading: the first sure line, else the likeliest."""
    scores = [headings.recognised(cells, known) for _, cells, _ in head]
    sure = [at for at, score in enumerate(scores) if score >= enough]
    at = sure[0] if sure else scores.index(max(scores, default=0)) if scores else 0
    return (scores[at] + enough * bool(sure), at) if scores else (0, 0)


def _trimmed(cells: Iterable[str]) -> tuple[str, ...]:
    """Return the heading without the empty cells at its end."""
    texts = list(cells)
    while texts and not texts[-1].strip():
        texts.pop()
    return tuple(texts)


def survey(table: Table, rules: IngestRules, *, time_place: int, watch: int) -> Survey:
    """Return how far the table goes and which texts stand in the column `watch`.

    Raises:
        FileRefusedError: a second table follows, quotes do not close, or there are too many rows.
    """
    rows = last_line = 0
    seen = set()
    for line_no, cells, _ in table.records():
        rows += 1
        last_line = line_no
        time = cells[time_place] if 0 <= time_place < len(cells) else ""
        if not "0" <= time[:1] <= "9" and _is_heading(cells, table):
            raise FileRefusedError("error_ingest.second_table", line=line_no)
        if rows > rules.max_rows:
            raise FileRefusedError("error_ingest.too_many_rows", limit=rules.max_rows)
        if 0 <= watch < len(cells) and time:
            seen.add(cells[watch])
    return Survey(rows, last_line, frozenset(seen))


def _is_heading(cells: Sequence[str], table: Table) -> bool:
    filled = sum(1 for cell in cells if cell.strip())
    found = headings.recognised(cells, table.known)
    return found >= SURE_HEADINGS or (found > 1 and found * 2 >= filled)


def workbook_sources(path: Path, rules: IngestRules) -> list[Source]:
    """Return the visible sheets of a workbook, none if the file is none."""
    sheets = workbook.sheets(path, rules)
    return [Source("xlsx", ",", records, sheet=name) for name, records in sheets.items()]


def text_sources(path: Path, rules: IngestRules) -> list[Source]:
    """Return the file as cut by each delimiter; the one that shows the heading is right."""
    if path.stat().st_size > rules.max_text_bytes:
        limit = rules.max_text_bytes // 2**20
        raise FileRefusedError("error_ingest.text_too_large", file=path.name, limit=limit)
    name = encoding.detect(path, rules.min_common_share)
    return [Source(name, mark, _reader(path, name, mark, rules)) for mark in DELIMITERS]


def _reader(
    path: Path, encoding_name: str, delimiter: str, rules: IngestRules
) -> Callable[[], Iterator[Record]]:
    def records() -> Iterator[Record]:
        with path.open(encoding=encoding_name, newline="") as file:
            yield from _records(file, delimiter, rules.max_line_chars)

    return records


def _records(file: TextIO, delimiter: str, max_line_chars: int) -> Iterator[Record]:
    taken: list[str] = []
    reader = csv.reader(_lines(file, taken, max_line_chars), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            raw = "".join(taken)
            first_line = reader.line_num - len(taken) + 1
            taken.clear()
            yield first_line, inert.revive_all(cells) if "'" in raw else cells, raw.rstrip("\r\n")
    except csv.Error as error:
        raise FileRefusedError(BROKEN_QUOTES, line=reader.line_num) from error


def _lines(file: TextIO, taken: list[str], max_line_chars: int) -> Iterator[str]:
    """Yield the lines and leave each in `taken`, for the raw text of its row."""
    while line := file.readline(max_line_chars):
        if len(line) == max_line_chars:
            raise FileRefusedError("error_ingest.line_too_long", limit=max_line_chars)
        taken.append(line)
        yield line
