"""What every import shares: how a file is to be taken, its batch, its rehearsal, its account."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from time import time
from typing import Any

from station.archive import batches
from station.archive.database import Connection
from station.ingest import quarantine
from station.ingest.mapping import Mapping
from station.ingest.records_file import PERSONAL
from station.ingest.table import Table
from station.model import ImportCounts, RejectedRow
from station.services.ask import Ask, Database

SALES = "sales"
"""The kind of a batch that brings sales; the others are records.KINDS."""
CHUNK_ROWS = 2_000  # about 100 ms under the writer's lock
CHUNK_CHARS = 8 * 2**20  # of the texts of those rows
KEPT_REJECTED = 200  # rows that a report carries; the quarantine holds them all
Door = Callable[[], AbstractContextManager[Connection]]
"""Opens the transaction of one chunk."""


class _RehearsalOver(Exception):  # noqa: N818 - not an error: it unwinds the transaction
    """Rolls a dry run back."""


@dataclass(frozen=True, slots=True)
class FileOptions:
    """How a file is to be taken; without a mapping its headings are recognised.

    `name` is what the file is called when its path is not its own, as after an upload.
    """

    mapping: Mapping | None = None
    dry_run: bool = False
    rejects_dir: Path | None = None
    lang: str = "zh"
    name: str = ""

    def name_of(self, path: Path) -> str:
        """Return what the file is called."""
        return quarantine.shown(self.name or path.name)


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file; `rejected` holds the first rows not taken, as they may be seen."""

    file: str
    counts: ImportCounts
    reasons: dict[str, int] = field(default_factory=dict)
    rejected: tuple[RejectedRow, ...] = ()
    rejects_file: Path | None = None
    headings: dict[str, str] = field(default_factory=dict)
    ignored_headings: tuple[str, ...] = ()
    batch_id: int = 0


@contextmanager
def rehearsal(db: Database) -> Iterator[Door]:
    """Yield a door to one transaction that is rolled back in the end; writers wait meanwhile."""
    with suppress(_RehearsalOver), db.writing() as conn:
        yield lambda: nullcontext(conn)
        raise _RehearsalOver


def open_batch(
    conn: Connection, ask: Ask, path: Path, *, kind: str, source: str, name: str, whole_file: bool
) -> int:
    """Return the id of a file's batch: a new one, or that of an earlier run broken off."""
    batch = batches.open_batch(
        conn,
        kind=kind,
        source=source,
        file_name=name,
        file_hash=_hash(path),
        whole_file=whole_file,
        account=ask.scope.account,
        now_s=int(time()),
    )
    return batch.id


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_rejects(
    path: Path, table: Table, rejected: Iterable[RejectedRow], options: FileOptions
) -> Path:
    """Return the file of the rows that `path` was refused, to be corrected and imported again."""
    folder = options.rejects_dir or path.parent
    folder.mkdir(parents=True, exist_ok=True)
    ending, write = (
        (".xml", quarantine.write_events) if table.wrap else (".csv", quarantine.write_rejected)
    )
    rejects = folder / quarantine.file_name(options.name_of(path), ending)
    write(rejects, table, rejected, options.lang)
    return rejects


def as_shown(kind: str, rows: Sequence[RejectedRow]) -> list[RejectedRow]:
    """Return rejected rows as they may be seen: of a file of customers, not their cells."""
    return [replace(row, raw="") for row in rows] if kind == PERSONAL else list(rows)


def as_document(reports: Sequence[FileReport]) -> dict[str, Any]:
    """Return the import result of docs/en/commands.md as plain data."""
    files = [
        {
            "file": report.file,
            "rows": report.counts.rows,
            **asdict(report.counts),
            "rejects_file": str(report.rejects_file) if report.rejects_file else None,
            "reasons": report.reasons,
        }
        for report in reports
    ]
    total = sum((report.counts for report in reports), ImportCounts())
    return {"files": files, "totals": {"rows": total.rows, **asdict(total)}}
