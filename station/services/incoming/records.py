"""Stations, customers, vehicles and cards come in from plain tables."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from time import time

from station.archive import batches, lake, stations
from station.archive.books import KeyBook
from station.archive.customers import fields, reach, sealed, steps
from station.archive.customers import records as store
from station.archive.customers.fields import Check
from station.archive.customers.records import Replaced
from station.archive.customers.sealed import Contact
from station.archive.customers.steps import Step
from station.archive.database import Connection, Database
from station.archive.sales import Outcome
from station.errors import NotAllowedError
from station.ingest.records_file import (
    PERSONAL,
    UNSAID,
    Record,
    RecordRow,
    RecordsFile,
    open_records,
)
from station.model import (
    Act,
    CardRecord,
    CustomerRecord,
    IgnoredRow,
    ImportCounts,
    RejectedRow,
    Station,
    VehicleRecord,
)
from station.services import sites, trail
from station.services.access import LOCAL_ACCOUNT, right
from station.services.ask import Ask
from station.services.customers import kept
from station.services.customers.kept import News
from station.services.incoming import facts
from station.services.incoming.files import (
    CHUNK_ROWS,
    KEPT_REJECTED,
    Door,
    FileOptions,
    FileReport,
    as_shown,
    open_batch,
    rehearsal,
    write_rejects,
)
from station.services.personal import erasure, sealing

IGNORED = "ignored"
KINDS = ("stations", "customers", "vehicles", "cards")
SEALED_ROWS = 500
"""Rows of one commit where each is sealed: about 100 ms under the writer's lock, as elsewhere."""


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
            ignored=self.outcomes[IGNORED],
        )


@dataclass(frozen=True, slots=True)
class Arrival:
    """What kind of file comes in, as which batch, and when."""

    kind: str
    batch_id: int
    at_s: int


@right("records.import")
def import_records(ask: Ask, *, kind: str, path: Path, options: FileOptions) -> FileReport:
    """Return what became of each row of a file of stations, customers, vehicles or cards.

    A record that changes nothing is a duplicate, so a file may come again.

    Whoever sees only some stations changes nothing of other stations' customers.

    Raises:
        NotAllowedError: stations are brought by whoever keeps them.
        UnreadableFileError: the file has no such table.
        FileRefusedError: the file is in doubt as a whole.
    """
    if kind == "stations" and "stations.keep" not in ask.scope.rights:
        raise NotAllowedError("error.not_allowed", right="stations.keep")
    told = facts.readers(ask.settings)
    file = open_records(path, kind, options.mapping, rules=ask.settings.ingest, facts=told)
    name = options.name_of(path)
    if options.dry_run:
        with rehearsal(ask.db) as door:
            return _report(file, name, *_take(ask, file, name, door))
    batch_id, tally = _take(ask, file, name, ask.db.writing)
    lake.refresh(ask.db)
    report = _report(file, name, batch_id, tally)
    if not tally.rejected:
        return report
    return replace(report, rejects_file=write_rejects(path, file.table, tally.rejected, options))


def _take(ask: Ask, file: RecordsFile, name: str, door: Door) -> tuple[int, _Tally]:
    tally, keys = _Tally(), KeyBook()
    with door() as conn:
        batch_id = open_batch(
            conn,
            ask,
            file.path,
            kind=file.kind,
            source=file.source,
            name=name,
            whole_file=False,
        )
    rows = file.rows()
    while chunk := list(islice(rows, SEALED_ROWS if file.kind == PERSONAL else CHUNK_ROWS)):
        with door() as conn, sites.watched(conn, ask.scope, f"{sites.BY_FILE}{batch_id}"):
            arrival = Arrival(file.kind, batch_id, int(time()))
            _take_chunk(conn, ask, arrival, chunk, tally=tally, keys=keys)
    with door() as conn:
        batches.add_rejected(conn, batch_id, sealing.seal_rows(ask.db, batch_id, tally.rejected))
        counts = batches.finish(conn, batch_id, tally.counts(), int(time()))
        trail.note(conn, ask.scope, Act.IMPORT, f"batch:{batch_id}", count=counts.accepted)
    return batch_id, tally


def _take_chunk(
    conn: Connection,
    ask: Ask,
    arrival: Arrival,
    chunk: Sequence[RecordRow | RejectedRow | IgnoredRow],
    *,
    tally: _Tally,
    keys: KeyBook,
) -> None:
    tally.rejected += [row for row in chunk if isinstance(row, RejectedRow)]
    tally.outcomes[IGNORED] += sum(isinstance(row, IgnoredRow) for row in chunk)
    rows = [row for row in chunk if isinstance(row, RecordRow)]
    barred = _barred(conn, ask, [row.record for row in rows])
    tally.rejected += [
        RejectedRow(row.line_no, why, row.raw) for row, why in zip(rows, barred, strict=True) if why
    ]
    rows = [row for row, why in zip(rows, barred, strict=True) if not why]
    done: list[Step] = []
    outcomes = put(conn, ask, arrival, [row.record for row in rows], keys=keys, done=done)
    steps.write(conn, arrival.batch_id, done)
    for row, outcome in zip(rows, outcomes, strict=True):
        if outcome in {Outcome.UNMATCHED, Outcome.CONFLICT}:
            tally.rejected.append(_not_taken(row, outcome))
        else:
            tally.outcomes[outcome] += 1


def _barred(conn: Connection, ask: Ask, records: Sequence[Record]) -> list[str]:
    """Return why each record may not be put by the asker, nothing where it may."""
    foreign, moves = _foreign(conn, ask, records), _moves(conn, ask, records)
    return [
        "not_in_sight" if is_foreign else "region_by_two" * is_move
        for is_foreign, is_move in zip(foreign, moves, strict=True)
    ]


def _foreign(conn: Connection, ask: Ask, records: Sequence[Record]) -> list[bool]:
    """Return which records would change a customer of a station that the asker does not see."""
    sight, known = ask.scope.station_ids, stations.ids(conn)
    if set(known.values()) <= sight:
        return [False] * len(records)
    codes = reach.foreign_customers(conn, [_customer_code(r) for r in records], sight)
    plates = reach.foreign_plates(conn, [_plate(r) for r in records], sight)
    numbers = [r.number for r in records if isinstance(r, CardRecord)]
    held = reach.foreign_cards(conn, numbers, sight)
    return [
        _customer_code(record) in codes
        or _plate(record) in plates
        or (isinstance(record, CardRecord) and record.number in held)
        or (isinstance(record, CustomerRecord) and known.get(record.station) not in sight)
        for record in records
    ]


def _moves(conn: Connection, ask: Ask, records: Sequence[Record]) -> list[bool]:
    """Return which stations a file would move to another region, which takes two people."""
    if ask.scope.account == LOCAL_ACCOUNT:
        return [False] * len(records)
    regions = {site.code: site.region for site in stations.everything(conn).values()}
    return [
        isinstance(record, Station)
        and bool(record.region)
        and regions.get(record.code, record.region) != record.region
        for record in records
    ]


def _customer_code(record: Record) -> str:
    if isinstance(record, VehicleRecord):
        return record.owner_code
    if isinstance(record, CardRecord):
        return record.customer_code
    return record.code


def _plate(record: Record) -> str:
    """Return the key of the vehicle that a record changes, nothing where it changes none."""
    if isinstance(record, VehicleRecord):
        return record.key.text
    return record.plate.text if isinstance(record, CardRecord) and record.plate else ""


def put(
    conn: Connection,
    ask: Ask,
    arrival: Arrival,
    records: Sequence[Record],
    *,
    keys: KeyBook,
    done: list[Step],
) -> list[Outcome]:
    """Return what became of each record that a file brings, all of one kind."""
    if arrival.kind == "stations":
        sites_told = [r for r in records if isinstance(r, Station)]
        return store.put_stations(conn, sites_told, steps=done)
    if arrival.kind == "customers":
        customers = [r for r in records if isinstance(r, CustomerRecord)]
        return _put_customers(conn, ask, arrival, customers, done)
    if arrival.kind == "vehicles":
        vehicles = [r for r in records if isinstance(r, VehicleRecord)]
        return store.put_vehicles(conn, vehicles, keys=keys, steps=done)
    cards = [r for r in records if isinstance(r, CardRecord)]
    return store.put_cards(conn, cards, keys=keys, steps=done)


def _put_customers(
    conn: Connection,
    ask: Ask,
    arrival: Arrival,
    records: Sequence[CustomerRecord],
    done: list[Step],
) -> list[Outcome]:
    """Return what became of each; what changed of whom the archive knew is written down."""
    replaced: list[Replaced] = []
    last_id = store.last_customer(conn)
    outcomes = store.put_customers(
        conn,
        records,
        station_ids=stations.ids(conn),
        erased=erasure.erased_among(conn, ask.db, [record.code for record in records]),
        made_by=ask.scope.account,
        made_at=arrival.at_s,
        replaced=replaced,
    )
    taken = [outcome in {Outcome.ACCEPTED, Outcome.DUPLICATE} for outcome in outcomes]
    told = [record for record, is_in in zip(records, taken, strict=True) if is_in]
    changed, news = _put_told(conn, ask, told, last_id=last_id)
    news = [*facts.of_columns(replaced), *news]
    kept.note(
        conn,
        ask.db,
        news,
        account=ask.scope.account,
        written_at=arrival.at_s,
        reason=f"{sites.BY_FILE}{arrival.batch_id}",
    )
    checks = _drop_checks(conn, ask, news)
    known = store.ids_of(conn, [record.code for record in told])
    of_each = [(known[record.code], record) for record in told]
    done += facts.steps_of(of_each, news, replaced, checks, last_id=last_id)
    is_new = iter(changed)
    return [
        Outcome.ACCEPTED if is_in and next(is_new) else outcome
        for outcome, is_in in zip(outcomes, taken, strict=True)
    ]


def _drop_checks(conn: Connection, ask: Ask, news: Sequence[News]) -> list[Check]:
    """Forget that what stands there no more was checked, and return what was known of it."""
    names = facts.ways(ask.settings)
    ways = {(one.customer_id, one.field) for one in news if one.field in names}
    held = fields.checks(conn, {customer_id for customer_id, _ in ways}) if ways else {}
    fields.drop_checks(conn, ways)
    return [check for place, check in held.items() if place in ways]


def _put_told(
    conn: Connection, ask: Ask, records: Sequence[CustomerRecord], *, last_id: int
) -> tuple[list[bool], list[News]]:
    """Return for each customer whether the file says anything new, and what that changed.

    Whoever has a number above `last_id` was made in this write, so nothing of his is a change.
    """
    personal = [r for r in records if r.name or r.phone or r.facts]
    known = sealed.contacts(conn, [record.code for record in personal])
    reached, news = _put_contacts(conn, ask.db, records, known)
    met = [
        (facts.Known(known[record.code].id, known[record.code].id <= last_id), record)
        for record in personal
        if record.code in known
    ]
    told, more = facts.put(conn, ask.db, ask.settings, met)
    is_told = iter(told)
    by_fact = [r.code in known and bool(r.name or r.phone or r.facts) and next(is_told)
               for r in records]  # fmt: skip
    before = [one for one in news if one.customer_id <= last_id]
    return [a or b for a, b in zip(reached, by_fact, strict=True)], [*before, *more]


def _put_contacts(
    conn: Connection,
    db: Database,
    records: Sequence[CustomerRecord],
    found: Mapping[str, Contact],
) -> tuple[list[bool], list[News]]:
    """Return for each customer whether his name or phone is new, and from what to what."""
    known, changed, news = dict(found), [], []
    for record in records:
        contact = known.get(record.code)
        fresh = _news(db, contact, record) if contact else []
        if contact and fresh:
            told = {"name": "", "phone": ""} | {one.field: one.new for one in fresh}
            known[record.code] = sealing.seal_contact(db, contact, **told)
        changed.append(bool(fresh))
        news += fresh
    sealed.put_contacts(conn, [one for code, one in known.items() if one is not found[code]])
    return changed, news


def _news(db: Database, contact: Contact, record: CustomerRecord) -> list[News]:
    """Return what the file has other than the archive; blank says nothing."""
    name, phone = sealing.unseal_contact(db, contact)
    return [
        News(contact.id, field, old or "", new)
        for field, old, new in (("name", name, record.name), ("phone", phone, record.phone))
        if new and new != old
    ]


def _not_taken(row: RecordRow, outcome: Outcome) -> RejectedRow:
    """Return the row with what it names and the archive does not know, or no longer."""
    record = row.record
    if outcome is Outcome.CONFLICT:
        return RejectedRow(row.line_no, "erased_customer", row.raw)
    if isinstance(record, CustomerRecord):
        return RejectedRow(row.line_no, "unknown_station", row.raw, {"station": UNSAID})
    code = record.owner_code if isinstance(record, VehicleRecord) else ""
    code = record.customer_code if isinstance(record, CardRecord) else code
    return RejectedRow(row.line_no, "unknown_customer", row.raw, {"customer": code})


def _report(file: RecordsFile, name: str, batch_id: int, tally: _Tally) -> FileReport:
    return FileReport(
        file=name,
        counts=tally.counts(),
        reasons=dict(Counter(row.reason for row in tally.rejected)),
        rejected=tuple(as_shown(file.kind, tally.rejected[:KEPT_REJECTED])),
        headings=dict(file.headings),
        ignored_headings=file.ignored_headings,
        batch_id=batch_id,
    )
