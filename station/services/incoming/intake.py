"""Sales come in: from a file to lines in the archive, with every row accounted for."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from time import time

import pandas as pd

from station.archive import batches, lake, relink, reversals, sales, stations
from station.archive.books import KeyBook, ProductBook
from station.archive.database import Connection
from station.archive.points import awards
from station.archive.sales import Outcome
from station.errors import FileRefusedError
from station.ingest import naxml, sales_file
from station.ingest.mapping import Mapping
from station.ingest.sales_file import SalesFile
from station.model import (
    Act,
    IgnoredRow,
    ImportCounts,
    KeyKind,
    Progress,
    ReadRow,
    RejectedRow,
    SaleKeyKind,
    SaleRow,
    Station,
    quiet,
)
from station.services import trail
from station.services.access import right
from station.services.ask import Ask
from station.services.incoming import totals
from station.services.incoming.files import (
    CHUNK_CHARS,
    CHUNK_ROWS,
    KEPT_REJECTED,
    SALES,
    Door,
    FileOptions,
    FileReport,
    as_shown,
    open_batch,
    rehearsal,
    write_rejects,
)
from station.services.incoming.records import KINDS
from station.services.incoming.undoing import Undone, take_back
from station.services.personal import sealing
from station.services.points import awarding, returning, vouchers

REJECTED, CONFLICT, IGNORED = "rejected", "conflict", "ignored"
ASIDE = {Outcome.CONFLICT: CONFLICT, Outcome.UNMATCHED: "reversal_without_sale"}


@dataclass(frozen=True, slots=True)
class ImportOptions(FileOptions):
    """How a file of sales is to be taken.

    Where `more_follow`, the lake waits for the last file; whoever asks earlier refreshes it.
    """

    station: str = ""
    whole_file: bool = False
    more_follow: bool = False


@right("sales.import")
def import_sales(
    ask: Ask, *, path: Path, options: ImportOptions, progress: Progress = quiet
) -> FileReport:
    """Return what became of each row of a sales file; importing it again changes nothing.

    Rows are committed in chunks, so a stop at any moment leaves whole chunks, and importing the
    same file again ends as if it had never been stopped. With `whole_file` nothing counts until
    everything is in, and one bad row refuses the file. A dry run changes nothing. A file of a
    till's totals is kept for comparison.

    Raises:
        UnreadableFileError: nothing of the file could be read.
        FileRefusedError: the file contradicts itself or the archive, or was to be whole and is not.
    """
    if naxml.is_movement(path):
        return totals.import_totals(
            ask,
            path=path,
            options=options,
            station_code=options.station,
            whole_file=options.whole_file,
        )
    file = _open(ask, path, options)
    request = Request(ask, path, file, options, _settled_key_kind(ask, file), progress)
    if options.whole_file:
        _refuse_bad_rows(file.rows(request.key_kind))
    if options.dry_run:
        return _rehearse(request)
    report = _take(request)
    if not options.more_follow:
        lake.refresh(ask.db)
    return report


def _open(ask: Ask, path: Path, options: ImportOptions) -> SalesFile:
    return sales_file.open_sales(
        path,
        _allowed(ask, options.mapping),
        stations=_stations_in_sight(ask),
        station_code=options.station or None,
        rules=ask.settings.ingest,
        now_s=int(time()),
    )


def _allowed(ask: Ask, mapping: Mapping | None) -> Mapping | None:
    """Return the mapping; only who keeps the stations may have it create some."""
    if mapping is None or "stations.keep" in ask.scope.rights:
        return mapping
    return replace(mapping, creates_stations=False)


def _stations_in_sight(ask: Ask) -> dict[str, Station]:
    with ask.db.reading() as conn:
        known = stations.everything(conn)
    return {known[i].code: known[i] for i in sorted(ask.scope.station_ids) if i in known}


def _settled_key_kind(ask: Ask, file: SalesFile) -> SaleKeyKind:
    """Return how the lines are told apart: as when their stations' source first came in."""
    with ask.db.reading() as conn:
        ids = stations.ids(conn)
        kinds = [
            batches.source_key_kind(conn, ids[code], file.source)
            for code in sorted(file.station_codes & ids.keys())
        ]
    fixed = {kind for kind in kinds if kind is not None}
    if len(fixed) > 1 or not fixed <= file.key_kind_available:
        wanted = ", ".join(sorted(fixed))
        raise FileRefusedError("intake.key_kind", source=file.source, wanted=wanted)
    return fixed.pop() if fixed else file.best_key_kind


def _refuse_bad_rows(rows: Iterator[ReadRow]) -> None:
    bad = sum(isinstance(row, RejectedRow) for row in rows)
    if bad:
        raise FileRefusedError("intake.not_whole", rejected=bad)


@dataclass(frozen=True, slots=True)
class Request:
    """Who wants which file taken, how, and how its lines are told apart."""

    ask: Ask
    path: Path
    file: SalesFile
    options: ImportOptions
    key_kind: SaleKeyKind
    progress: Progress

    @property
    def name(self) -> str:
        """What the file is called."""
        return self.options.name_of(self.path)


@dataclass(frozen=True, slots=True)
class Work:
    """A request under way: its batch, and the door through which its chunks are written."""

    request: Request
    batch_id: int
    station_ids: dict[str, int]
    door: Door
    keys: KeyBook = field(default_factory=KeyBook)
    products: ProductBook = field(default_factory=ProductBook)

    @property
    def earns_at_once(self) -> bool:
        """Whether lines earn as they come in; those of a whole file do when all are in."""
        options = self.request.options
        return not options.whole_file and not options.dry_run


@dataclass(slots=True)
class Tally:
    """What has become of the rows so far, and what waits for the end of the file."""

    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    first_rejected: list[RejectedRow] = field(default_factory=list)
    reversals: list[SaleRow] = field(default_factory=list)
    plates: set[str] = field(default_factory=set)

    def put_aside(self, rows: Sequence[RejectedRow]) -> None:
        """Note rows that the archive keeps apart: those not taken, and those in conflict."""
        rejected = [row for row in rows if row.reason != CONFLICT]
        self.outcomes[CONFLICT] += len(rows) - len(rejected)
        self.outcomes[REJECTED] += len(rejected)
        self.reasons.update(row.reason for row in rows)
        self.first_rejected.extend(rows[: KEPT_REJECTED - len(self.first_rejected)])

    def counts(self) -> ImportCounts:
        """Return the account so far."""
        return ImportCounts(
            accepted=self.outcomes[Outcome.ACCEPTED],
            duplicates=self.outcomes[Outcome.DUPLICATE],
            conflicts=self.outcomes[CONFLICT],
            rejected=self.outcomes[REJECTED],
            ignored=self.outcomes[IGNORED],
        )


def _take(request: Request) -> FileReport:
    """Import for good: every chunk in a transaction of its own."""
    db = request.ask.db
    work = _begin(request, db.writing)
    tally = _read_in(work)
    if request.options.whole_file and tally.outcomes[REJECTED]:
        with db.writing() as conn:
            batches.undo(conn, work.batch_id)
        raise FileRefusedError("intake.not_whole", rejected=tally.outcomes[REJECTED])
    with db.writing() as conn:
        relink.relink(conn, tally.plates)
        if request.options.whole_file:
            _earn(conn, work, 0)
            _take_back(conn, work, 0)
        counts = batches.finish(conn, work.batch_id, tally.counts(), int(time()))
        trail.note(
            conn,
            request.ask.scope,
            Act.IMPORT,
            f"batch:{work.batch_id}",
            station_id=_only_station(work),
            count=counts.accepted,
        )
    return _report(work, tally, counts, _write_rejects(work) if counts.rejected else None)


def _only_station(work: Work) -> int | None:
    """Return whose sales a file holds, none where it holds those of several."""
    codes = work.request.file.station_codes
    return work.station_ids.get(next(iter(codes))) if len(codes) == 1 else None


def _rehearse(request: Request) -> FileReport:
    with rehearsal(request.ask.db) as door:
        work = _begin(request, door)
        tally = _read_in(work)
        return _report(work, tally, tally.counts(), None)


def _begin(request: Request, door: Door) -> Work:
    with door() as conn:
        batch_id = open_batch(
            conn,
            request.ask,
            request.path,
            kind=SALES,
            source=request.file.source,
            name=request.name,
            whole_file=request.options.whole_file,
        )
        return Work(request, batch_id, stations.ids(conn), door)


def _read_in(work: Work) -> Tally:
    tally, done = Tally(), 0
    rows = work.request.file.rows(work.request.key_kind)
    while chunk := _chunk(rows):
        with work.door() as conn:
            take_chunk(conn, work, tally, chunk)
        done += len(chunk)
        work.request.progress(done, work.request.file.row_count)
    with work.door() as conn:
        take_reversals(conn, work, tally)
    return tally


def _chunk(rows: Iterator[ReadRow]) -> list[ReadRow]:
    """Return the next rows, fewer where their texts are long."""
    chunk: list[ReadRow] = []
    chars = 0
    for row in islice(rows, CHUNK_ROWS):
        chunk.append(row)
        chars += len(row.raw) if not isinstance(row, IgnoredRow) else 0
        if chars > CHUNK_CHARS:
            break
    return chunk


def take_chunk(conn: Connection, work: Work, tally: Tally, rows: Sequence[ReadRow]) -> None:
    """Bring in rows, all but the reversals, which wait in the tally for the end of the file."""
    tally.outcomes[IGNORED] += sum(isinstance(row, IgnoredRow) for row in rows)
    _put_aside(conn, work, tally, [row for row in rows if isinstance(row, RejectedRow)])
    lines = [row for row in rows if isinstance(row, SaleRow)]
    tally.reversals += [row for row in lines if sales.is_reversal(row.sale)]
    plain = [row for row in lines if not sales.is_reversal(row.sale)]
    _know_stations(conn, work, {row.sale.station for row in lines})
    newest = awards.newest_sale(conn)
    outcomes = sales.add(
        conn,
        work.batch_id,
        [row.sale for row in plain],
        station_ids=work.station_ids,
        keys=work.keys,
        products=work.products,
    )
    _note(conn, work, tally, plain, outcomes)
    if work.earns_at_once:
        _earn(conn, work, newest)
    tally.plates.update(
        row.sale.vehicle.text
        for row in plain
        if row.sale.vehicle and row.sale.vehicle.kind is KeyKind.PLATE
    )


def _earn(conn: Connection, work: Work, newest: int) -> None:
    """Let the sales that came in after the one with this number earn, and coupons be used again."""
    ask = work.request.ask
    vouchers.come(conn, ask, work.batch_id, newest)
    if ask.settings.programme.versions:
        relink.relink(conn, work.keys.fresh(conn))  # whose they are is told by their vehicles
        new = awards.of_batch(conn, work.batch_id, newest, reversals=False)
        for start in range(0, len(new), CHUNK_ROWS):
            awarding.award(conn, ask, new[start : start + CHUNK_ROWS])


def _take_back(conn: Connection, work: Work, newest: int) -> None:
    """Let the reversals that came in after the line with this number take back, coupons too."""
    new = awards.of_batch(conn, work.batch_id, newest, reversals=True)
    returning.take_back_of(conn, work.request.ask, new)
    vouchers.taken_back(conn, work.request.ask, new)


def take_reversals(conn: Connection, work: Work, tally: Tally) -> None:
    """Bring in the reversals; last, so that no order of lines or chunks decides what they meet."""
    if not tally.reversals:
        return
    newest = awards.newest_sale(conn)
    outcomes = reversals.add(
        conn,
        work.batch_id,
        [row.sale for row in tally.reversals],
        station_ids=work.station_ids,
        products=work.products,
        rules=work.request.ask.settings.reversals,
    )
    _note(conn, work, tally, tally.reversals, outcomes)
    if work.earns_at_once:
        _take_back(conn, work, newest)


def _note(
    conn: Connection,
    work: Work,
    tally: Tally,
    rows: Sequence[SaleRow],
    outcomes: Sequence[Outcome],
) -> None:
    tally.outcomes.update(o for o in outcomes if o in {Outcome.ACCEPTED, Outcome.DUPLICATE})
    aside = [
        RejectedRow(row.line_no, ASIDE[outcome], row.raw)
        for row, outcome in zip(rows, outcomes, strict=True)
        if outcome in ASIDE
    ]
    _put_aside(conn, work, tally, aside)


def _put_aside(conn: Connection, work: Work, tally: Tally, rows: Sequence[RejectedRow]) -> None:
    sealed = sealing.seal_rows(work.request.ask.db, work.batch_id, rows)
    batches.add_rejected(conn, work.batch_id, sealed)
    tally.put_aside(rows)


def _know_stations(conn: Connection, work: Work, codes: set[str]) -> None:
    """Add the stations that a mapping allows to be created; fix how each source is keyed."""
    file = work.request.file
    for station in file.new_stations:
        if station.code in codes and station.code not in work.station_ids:
            work.station_ids[station.code] = stations.add(conn, station)
    for code in sorted(codes):
        station_id = work.station_ids[code]
        if batches.source_key_kind(conn, station_id, file.source) is None:
            batches.fix_source(conn, station_id, file.source, work.request.key_kind)
    batches.brought(conn, work.batch_id, [work.station_ids[code] for code in codes])


def _write_rejects(work: Work) -> Path:
    request = work.request
    with request.ask.db.reading() as conn:
        sealed = batches.rejected(conn, work.batch_id)
    rows = sealing.unseal_rows(request.ask.db, work.batch_id, sealed)
    rejects = (row for row in rows if row.reason != CONFLICT)
    return write_rejects(request.path, request.file.table, rejects, request.options)


def _report(
    work: Work, tally: Tally, counts: ImportCounts, rejects_file: Path | None
) -> FileReport:
    return FileReport(
        file=work.request.name,
        counts=counts,
        reasons=dict(tally.reasons),
        rejected=tuple(tally.first_rejected),
        rejects_file=rejects_file,
        headings=dict(work.request.file.headings),
        ignored_headings=tuple(work.request.file.ignored_headings),
        batch_id=work.batch_id,
    )


@right("batches.read")
def listing(ask: Ask) -> pd.DataFrame:
    """Return every import in sight, the newest first."""
    with ask.db.reading() as conn:
        return batches.listing(conn, _sight(ask))


@right("batches.read")
def rejected(ask: Ask, *, batch_id: int) -> list[RejectedRow]:
    """Return the rows that an import could not take, in the order of the file.

    Raises:
        NotFoundError: there is no such import in sight.
    """
    with ask.db.reading() as conn:
        batches.require(conn, batch_id, _sight(ask))
        kind, sealed = batches.kind_of(conn, batch_id), batches.rejected(conn, batch_id)
    return as_shown(kind, sealing.unseal_rows(ask.db, batch_id, sealed))


def _sight(ask: Ask) -> batches.Sight:
    return batches.Sight(ask.scope.station_ids, ask.scope.account)


@right("batches.undo")
def undo(ask: Ask, *, batch_id: int) -> Undone:
    """Return what an import's undoing took out or put back; the file may come again.

    Of records, what was changed since is left, and what something names since is kept.

    Raises:
        NotFoundError: there is no such import in sight.
        NotAllowedError: stations are taken back by whoever keeps them.
        FileRefusedError: it was undone before, or can be no more.
    """
    with ask.db.reading() as conn:
        batches.require(conn, batch_id, _sight(ask))
        kind = batches.kind_of(conn, batch_id)
    undone = take_back(ask, batch_id) if kind in KINDS else _void(ask, batch_id)
    lake.refresh(ask.db)
    return undone


def _void(ask: Ask, batch_id: int) -> Undone:
    with ask.db.writing() as conn:
        voided = batches.undo(conn, batch_id)
        returning.undo(conn, ask, batch_id)
        vouchers.undo(conn, ask, batch_id)
        trail.note(conn, ask.scope, Act.UNDO, f"batch:{batch_id}", count=voided)
    return Undone(voided)
