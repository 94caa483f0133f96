"""How do rejected rows go back to whoever can correct them?"""

import csv
import io
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from station.ingest import inert
from station.ingest.headings import plain
from station.ingest.table import Table
from station.model import RejectedRow
from station.text import say

ADDED = {
    "zh": ("原行号", "原因代码", "原因"),
    "en": ("original line", "reason code", "reason"),
}
"""The columns behind the file's own; a file that has them gets them anew."""
OWN = frozenset(plain(heading) for headings in ADDED.values() for heading in headings)
OWNER_ONLY = 0o600
TWO_DASHES = re.compile("-(?=-)")
"""What may not stand in a remark of XML."""
LONGEST_STEM = 200
"""Bytes; a disk takes names of 255."""


def shown(name: str) -> str:
    """Return a file's name as text; bytes of it that are none become question marks."""
    return name.encode(errors="replace").decode()


def file_name(source: str, ending: str = ".csv") -> str:
    """Return under which name the rejected rows of the file `source` are kept on any disk."""
    stem = "".join(sign for sign in Path(source).stem if sign.isprintable())
    return stem.encode()[:LONGEST_STEM].decode(errors="ignore") + ".rejected" + ending


def write_rejected(path: Path, table: Table, rejected: Iterable[RejectedRow], lang: str) -> int:
    """Return how many rejected rows were written to a CSV file that can be imported again.

    The lines above the heading and the heading are those of the input, for the corrected file to be
    read as the first one was; formulas are written inert. Only its owner may read the file.
    """
    kept = [at for at, heading in enumerate(table.heading) if plain(heading) not in OWN]
    count = 0
    with os.fdopen(_open_private(path), "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerows(_inert(cells) for cells in table.head)
        writer.writerow(_inert([*(table.heading[at] for at in kept), *ADDED[lang]]))
        for row in rejected:
            writer.writerow(_inert(_line(row, table, kept, lang)))
            count += 1
    return count


def write_events(path: Path, table: Table, rejected: Iterable[RejectedRow], lang: str) -> int:
    """Return how many events were written to an XML file that can be imported again.

    An event stands once, however many of its lines were rejected, behind a remark that says why.
    What of it the archive has already comes as duplicates.
    """
    opening, closing = table.wrap() if table.wrap else ("", "")
    count, last = 0, ""
    with os.fdopen(_open_private(path), "w", encoding="utf-8", newline="\n") as file:
        file.write(f'<?xml version="1.0" encoding="UTF-8"?>\n{opening}\n')
        for row in rejected:
            reason = say(lang, f"reason.{row.reason}", **row.facts)
            remark = f"{row.line_no}: {row.reason}: {reason}"
            remark = TWO_DASHES.sub("- ", remark)
            file.write(f"<!-- {remark} -->\n" + (f"{row.raw}\n" if row.raw != last else ""))
            last, count = row.raw, count + 1
        file.write(f"{closing}\n")
    return count


def _open_private(path: Path) -> int:
    """Return a new file that nobody else may read; a link in its place is not followed."""
    path.unlink(missing_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)


def _line(row: RejectedRow, table: Table, kept: list[int], lang: str) -> Iterator[str]:
    """Yield the cells of a row, why it was rejected, and what stood beyond the heading."""
    cells = cells_of(row.raw, table.source.delimiter)
    cells += [""] * (len(table.heading) - len(cells))
    yield from (cells[at] for at in kept)
    yield from (str(row.line_no), row.reason, say(lang, f"reason.{row.reason}", **row.facts))
    yield from cells[len(table.heading) :]


def cells_of(raw: str, delimiter: str) -> list[str]:
    """Return the cells of a row from its raw text."""
    return next(csv.reader(io.StringIO(raw, newline=""), delimiter=delimiter), [])


def _inert(cells: Iterable[str]) -> list[str]:
    return [inert.kill(cell) for cell in cells]
