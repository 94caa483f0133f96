"""What a till says it sold comes in, to be compared with the sales that came."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from time import time

from station.archive import batches, controls, stations
from station.errors import FileRefusedError
from station.ingest import naxml_totals
from station.ingest.naxml_totals import Totals
from station.model import Act, ImportCounts
from station.services import trail
from station.services.access import right
from station.services.ask import Ask
from station.services.incoming.files import (
    KEPT_REJECTED,
    Door,
    FileOptions,
    FileReport,
    open_batch,
    rehearsal,
    write_rejects,
)
from station.services.personal import sealing

TOTALS = "totals"
"""The kind of a batch that brings what tills say they sold."""


@right("sales.import")
def import_totals(
    ask: Ask,
    *,
    path: Path,
    options: FileOptions,
    station_code: str = "",
    whole_file: bool = False,
) -> FileReport:
    """Return what became of each total of a file; one that the archive has is a duplicate.

    Of a day that comes again with other totals the later file counts.

    Raises:
        UnreadableFileError: the file tells no totals, or not of which station.
        FileRefusedError: it is in doubt as a whole.
    """
    with ask.db.reading() as conn:
        known = stations.everything(conn)
    file = naxml_totals.open_totals(
        path,
        options.mapping,
        stations={known[i].code: known[i] for i in sorted(ask.scope.station_ids) if i in known},
        station_code=station_code or None,
        rules=ask.settings.ingest,
    )
    if whole_file and file.rejected:
        raise FileRefusedError("intake.not_whole", rejected=len(file.rejected))
    if options.dry_run:
        with rehearsal(ask.db) as door:
            return _take(ask, path, file, options, door)
    report = _take(ask, path, file, options, ask.db.writing)
    if not file.rejected:
        return report
    return replace(report, rejects_file=write_rejects(path, file.table, file.rejected, options))


def _take(ask: Ask, path: Path, file: Totals, options: FileOptions, door: Door) -> FileReport:
    name = options.name_of(path)
    with door() as conn:
        batch_id = open_batch(
            conn, ask, path, kind=TOTALS, source=file.source, name=name, whole_file=False
        )
        station_id = stations.ids(conn)[file.station.code]
        days = {total.business_day for total in file.totals}
        said = {(t.kind.value, t.name, t.business_day): t for t in file.totals}
        is_known = said.items() <= controls.standing(conn, station_id, days).items()
        counts = ImportCounts(
            accepted=0 if is_known else file.accepted,
            duplicates=file.accepted if is_known else 0,
            rejected=len(file.rejected),
            ignored=file.ignored,
        )
        controls.put(conn, batch_id, station_id, () if is_known else file.totals)
        batches.brought(conn, batch_id, [station_id])
        sealed = sealing.seal_rows(ask.db, batch_id, file.rejected)
        batches.add_rejected(conn, batch_id, sealed)
        batches.finish(conn, batch_id, counts, int(time()))
        about = f"batch:{batch_id}"
        trail.note(conn, ask.scope, Act.IMPORT, about, station_id=station_id, count=counts.accepted)
    return FileReport(
        file=name,
        counts=counts,
        reasons=dict(Counter(row.reason for row in file.rejected)),
        rejected=file.rejected[:KEPT_REJECTED],
        batch_id=batch_id,
    )
