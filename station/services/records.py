"""Stations, customers, vehicles and cards come in from plain tables."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from time import time

from station.archive import batches, lake, stations
from station.archive import records as store
from station.archive.books import KeyBook
from station.archive.database import Connection
from station.archive.sales import Outcome
from station.ingest import quarantine
from station.ingest.mapping import Mapping
from station.ingest.records_file import Record, RecordRow, RecordsFile, open_records
from station.model import (
    CardRecord,
    CustomerRecord,
    ImportCounts,
    RejectedRow,
    Station,
    VehicleRecord,
)
from station.services.access import right
from station.services.ask import Ask
from station.services.intake import KEPT_REJECTED, FileReport

KINDS = ("stations", "customers", "vehicles", "cards")
CHUNK_ROWS = 2_000
Door = Callable[[], AbstractContextManager[Connection]]


class _RehearsalOver(Exception):  # noqa: N818 - not an error: it unwinds the transaction
    """Rolls a dry run back."""


@dataclass(frozen=True, slots=True)
class RecordOptions:
    """How a file of records is to be taken; `name` is what it is called after an upload."""

    mapping: Mapping | None = None
    dry_run: bool = False
    rejects_dir: Path | None = None
    lang: str = "zh"
    name: str = ""


@dataclass(slots=True)
class _Tally:
    """What has become of the rows so far."""

    outcomes: Counter[str] = field(default_factory=Counter)
    rejected: list[RejectedRow] = field(default_factory=list)

    def counts(self) -> ImportCounts:
        """Return the account so far."""
        return ImportCounts(
            accepted=self.outcomes[Outcome.ACCEPTED],
            duplicates=self.outcomes[Outcome.DUPLICATE],
            rejected=len(self.rejected),
        )


@right("records.import")
def import_records(ask: Ask, *, kind: str, path: Path, options: RecordOptions) -> FileReport:
    """Return what became of each row of a file of stations, customers, vehicles or cards.

    A record that changes nothing is a duplicate, so a file may come again.

    Raises:
        UnreadableFileError: the file has no such table.
        FileRefusedError: the file is in doubt as a whole.
    """
    file = open_records(path, kind, options.mapping, rules=ask.settings.ingest)
    name = quarantine.shown(options.name or path.name)
    if options.dry_run:
        return _rehearse(ask, file, name)
    batch_id, tally = _take(ask, file, name, ask.db.writing)
    lake.refresh(ask.db)
    rejects_file = _write_rejects(file, tally.rejected, name, options) if tally.rejected else None
    return _report(file, name, tally, rejects_file, batch_id)


def _rehearse(ask: Ask, file: RecordsFile, name: str) -> FileReport:
    reports: list[FileReport] = []
    with suppress(_RehearsalOver), ask.db.writing() as conn:
        batch_id, tally = _take(ask, file, name, lambda: nullcontext(conn))
        reports.append(_report(file, name, tally, None, batch_id))
        raise _RehearsalOver
    return reports[0]


def _take(ask: Ask, file: RecordsFile, name: str, door: Door) -> tuple[int, _Tally]:
    tally, keys = _Tally(), KeyBook()
    with door() as conn:
        batch = batches.open_batch(
            conn,
            kind=file.kind,
            source=file.source,
            file_name=name,
            file_hash=hashlib.sha256(file.path.read_bytes()).hexdigest(),
            whole_file=False,
            account=ask.scope.account,
            now_s=int(time()),
        )
    rows = file.rows()
    while chunk := list(islice(rows, CHUNK_ROWS)):
        with door() as conn:
            _take_chunk(conn, file.kind, chunk, tally, keys)
    with door() as conn:
        batches.add_rejected(conn, batch.id, tally.rejected)
        batches.finish(conn, batch.id, tally.counts(), int(time()))
    return batch.id, tally


def _take_chunk(
    conn: Connection,
    kind: str,
    chunk: Sequence[RecordRow | RejectedRow],
    tally: _Tally,
    keys: KeyBook,
) -> None:
    tally.rejected += [row for row in chunk if isinstance(row, RejectedRow)]
    rows = [row for row in chunk if isinstance(row, RecordRow)]
    outcomes = _put(conn, kind, [row.record for row in rows], keys)
    for row, outcome in zip(rows, outcomes, strict=True):
        if outcome is Outcome.UNMATCHED:
            tally.rejected.append(_unmatched(row))
        else:
            tally.outcomes[outcome] += 1


def _put(conn: Connection, kind: str, records: Sequence[Record], keys: KeyBook) -> list[Outcome]:
    if kind == "stations":
        return store.put_stations(conn, [r for r in records if isinstance(r, Station)])
    if kind == "customers":
        customers = [r for r in records if isinstance(r, CustomerRecord)]
        return store.put_customers(conn, customers, station_ids=stations.ids(conn))
    if kind == "vehicles":
        vehicles = [r for r in records if isinstance(r, VehicleRecord)]
        return store.put_vehicles(conn, vehicles, keys=keys)
    cards = [r for r in records if isinstance(r, CardRecord)]
    return store.put_cards(conn, cards, keys=keys)


def _unmatched(row: RecordRow) -> RejectedRow:
    """Return the row with what it names and the archive does not know."""
    record = row.record
    if isinstance(record, CustomerRecord):
        return RejectedRow(row.line_no, "unknown_station", row.raw, {"station": record.station})
    code = record.owner_code if isinstance(record, VehicleRecord) else ""
    code = record.customer_code if isinstance(record, CardRecord) else code
    return RejectedRow(row.line_no, "unknown_customer", row.raw, {"customer": code})


def _write_rejects(
    file: RecordsFile, rejected: Sequence[RejectedRow], name: str, options: RecordOptions
) -> Path:
    folder = options.rejects_dir or file.path.parent
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / quarantine.file_name(name)
    quarantine.write_rejected(path, file.table, rejected, options.lang)
    return path


def _report(
    file: RecordsFile, name: str, tally: _Tally, rejects_file: Path | None, batch_id: int
) -> FileReport:
    return FileReport(
        file=name,
        counts=tally.counts(),
        reasons=dict(Counter(row.reason for row in tally.rejected)),
        rejected=tuple(tally.rejected[:KEPT_REJECTED]),
        rejects_file=rejects_file,
        headings=dict(file.headings),
        ignored_headings=file.ignored_headings,
        batch_id=batch_id,
    )
