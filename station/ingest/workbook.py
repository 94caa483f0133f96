"""Which rows of text does an Excel workbook hold, if it is safe to open it?

A workbook is a zip file: its true size is measured before anything is parsed, and the places of its
cells are looked at, for two cells far apart would make a reader reserve all that lies between.
"""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import NamedTuple

import python_calamine as calamine

from station.errors import FileRefusedError, UnreadableFileError
from station.ingest.rules import IngestRules

Rows = Callable[[], Iterator[tuple[int, list[str], str]]]
Cell = int | float | str | bool | time | date | datetime | timedelta

ZIP_MARK = b"PK\x03\x04"
OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_MARK = "EncryptedPackage".encode("utf-16-le")
HEAD_BYTES = 64 * 1024
CHUNK_BYTES = 2**20
OVERLAP_BYTES = 256
MARKUP = re.compile(
    rb"\s*<(?:\?xml|!doctype|html|table|head|body|!--|[a-z-]+[\s:>])", re.IGNORECASE
)
PLACE = re.compile(rb"""[\s"']r\s*=\s*["']([A-Za-z]{1,9})([0-9]{1,18})["']""")
PROMISE = re.compile(rb"""[\s"']uniqueCount\s*=\s*["']\s*([0-9]{1,19})""")
"""How many texts the file says it holds: a reader reserves memory for all of them."""
DISGUISED = re.compile(rb"""[\s"'](?:r|uniqueCount)(?:\s{32}|\s*=\s{32}|\s*=\s*["'][^"'<>]{20})""")
"""A place or a promise written so that the two patterns above would pass over it."""
EXACT_FLOAT = 1e15
"""Excel keeps 15 digits; a larger number has lost its tail."""
HALF_SECOND = timedelta(milliseconds=500)


class Reach(NamedTuple):
    """The furthest row and column of a workbook, and how many texts it promises."""

    rows: int
    columns: int
    texts: int


def sheets(path: Path, rules: IngestRules) -> dict[str, Rows]:
    """Return a reader of rows for each visible sheet of a workbook, none for a text file.

    Raises:
        FileRefusedError: the file is of a kind that is not read, or not safe to open.
        UnreadableFileError: there is no such file, or nobody may read it.
    """
    if not path.is_file():  # a pipe or a device would never end
        raise UnreadableFileError("error_ingest.no_file", file=path.name)
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise UnreadableFileError("error_ingest.no_file", file=path.name) from error
    _refuse_other_kinds(path, head)
    if not head.startswith(ZIP_MARK):
        return {}
    _check_package(path, rules)
    try:
        return _visible_sheets(path)
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise FileRefusedError("error_ingest.broken_workbook", file=path.name) from error


def _refuse_other_kinds(path: Path, head: bytes) -> None:
    """Refuse, in words that say what to do, what is neither a text nor a workbook."""
    if head.startswith(OLE_MARK):
        whole = path.read_bytes() if path.stat().st_size < 2**26 else head
        key = "encrypted_workbook" if ENCRYPTED_MARK in whole else "legacy_workbook"
        raise FileRefusedError(f"error_ingest.{key}", file=path.name)
    text = head.removeprefix(b"\xef\xbb\xbf")
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = head[2:].replace(b"\0", b"")
    if MARKUP.match(text):
        raise FileRefusedError("error_ingest.markup_as_table", file=path.name)


def _check_package(path: Path, rules: IngestRules) -> None:
    size = path.stat().st_size
    if size > rules.max_workbook_bytes:
        limit = rules.max_workbook_bytes // 2**20
        raise FileRefusedError("error_ingest.workbook_too_large", file=path.name, limit=limit)
    allowed = min(size * rules.max_workbook_ratio, rules.max_workbook_unpacked_bytes)
    try:
        with zipfile.ZipFile(path) as package:
            _check_members(package, path, allowed, rules)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError) as error:
        raise FileRefusedError("error_ingest.broken_workbook", file=path.name) from error
    except RuntimeError as error:  # what zipfile says of a member under a password
        raise FileRefusedError("error_ingest.encrypted_workbook", file=path.name) from error


def _check_members(package: zipfile.ZipFile, path: Path, allowed: int, rules: IngestRules) -> None:
    names = package.namelist()
    if "xl/workbook.xml" not in names:
        raise FileRefusedError("error_ingest.unknown_package", file=path.name)
    if sum(info.file_size for info in package.infolist()) > allowed:
        raise FileRefusedError("error_ingest.zip_bomb", file=path.name)
    unpacked = 0  # what the package says of its sizes may be a lie
    for name in names:
        reach = Reach(0, 0, 0)
        for total, text in _unpacked(package, name):
            reach = Reach(*map(max, reach, _reach(text, name)))
            if unpacked + total > allowed:
                raise FileRefusedError("error_ingest.zip_bomb", file=path.name)
        unpacked += package.getinfo(name).file_size
        _check_extent(reach, rules)


def _unpacked(package: zipfile.ZipFile, name: str) -> Iterator[tuple[int, bytes]]:
    """Yield the bytes unpacked so far and the text of a chunk, with the end of the one before."""
    total, rest = 0, b""
    with package.open(name) as member:
        while chunk := member.read(CHUNK_BYTES):
            total += len(chunk)
            text = rest + chunk
            yield total, text
            rest = text[-OVERLAP_BYTES:]


def _reach(text: bytes, name: str) -> Reach:
    """Return how far a piece of a member reaches."""
    if DISGUISED.search(text):
        raise zipfile.BadZipFile(name)
    places = set(PLACE.findall(text))
    return Reach(
        max((int(row) for _, row in places), default=0),
        max((_column_number(letters) for letters, _ in places), default=0),
        max(map(int, PROMISE.findall(text)), default=0),
    )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number


def _check_extent(reach: Reach, rules: IngestRules) -> None:
    if reach.columns > rules.max_columns:
        raise FileRefusedError("error_ingest.too_many_columns", limit=rules.max_columns)
    if reach.rows > rules.max_rows + rules.heading_search_lines:
        raise FileRefusedError("error_ingest.too_many_rows", limit=rules.max_rows)
    if max(reach.rows * reach.columns, reach.texts) > rules.max_workbook_cells:
        raise FileRefusedError("error_ingest.too_many_rows", limit=rules.max_rows)


def _visible_sheets(path: Path) -> dict[str, Rows]:
    with calamine.CalamineWorkbook.from_path(str(path)) as book:
        visible = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.visible == calamine.SheetVisibleEnum.Visible
            and sheet.typ == calamine.SheetTypeEnum.WorkSheet
        ]
        return {name: partial(_rows, book.get_sheet_by_name(name)) for name in visible}


def _rows(sheet: calamine.CalamineSheet) -> Iterator[tuple[int, list[str], str]]:
    """Yield the rows of a sheet; the raw text is the row as CSV."""
    if sheet.start is None:
        return
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="")
    for number, cells in enumerate(sheet.iter_rows(), start=sheet.start[0] + 1):
        texts = [text_of(cell) for cell in cells]
        line.seek(0)
        line.truncate()
        writer.writerow(texts)
        yield number, texts, line.getvalue()


def text_of(cell: Cell) -> str:
    """Return the cell's value as our readers of text expect it.

    A number of which Excel has lost digits is written with an exponent, for it to be seen.
    """
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float | int):
        return _number_text(cell)
    if isinstance(cell, datetime):
        return (cell + HALF_SECOND).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(cell, time):
        return cell.strftime("%H:%M:%S")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _number_text(number: float) -> str:
    if not abs(number) < EXACT_FLOAT:  # so that what is no number at all is seen too
        return f"{number:.14E}"
    if number == int(number):
        return str(int(number))
    return format(Decimal(repr(number)), "f")
