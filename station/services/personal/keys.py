"""The keys that seal names, telephones and notes are changed, and old ones forgotten."""

from dataclasses import dataclass

from station.archive.customers import sealed as store
from station.archive.customers.sealed import Kind
from station.model import Act, Progress, quiet
from station.services import trail
from station.services.access import right
from station.services.ask import Ask, Database
from station.services.personal import sealing

CHUNK_TEXTS = 500  # well under 100 ms under the writer's lock


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a change of keys did.

    `resumed`: an earlier one had been broken off and was brought to its end. `shut` texts could not
    be opened and were left as they are.
    """

    resealed: int
    shut: int
    resumed: bool


@right("archive.keep")
def rotate(ask: Ask, *, progress: Progress = quiet) -> Rotation:
    """Seal everything anew under new keys; the old ones stay, so that older backups can be opened.

    It may be stopped at any moment and goes on when it is called again.

    Raises:
        ArchiveError: the keys are lost or damaged.
    """
    with ask.db.writing(changes_figures=False) as conn:
        resumed = sealing.begin_rotation(ask.db, conn)
    resealed, shut = _reseal_all(ask.db, progress)
    with ask.db.writing(changes_figures=False) as conn:
        sealing.end_rotation(ask.db)
        trail.note(conn, ask.scope, Act.KEEPING, "keys:rotate", count=resealed)
    return Rotation(resealed, shut, resumed)


@right("archive.keep")
def forget(ask: Ask, *, progress: Progress = quiet) -> int:
    """Return how many retired keys were dropped; what older backups hold sealed stays shut then.

    Whatever the archive itself still holds under them is sealed anew first.

    Raises:
        ArchiveError: the keys are lost or damaged.
    """
    with ask.db.writing(changes_figures=False):
        retired = sealing.retired_keys(ask.db)
    if retired:
        _reseal_all(ask.db, progress)
        with ask.db.writing(changes_figures=False) as conn:
            sealing.forget_retired(ask.db)
            trail.note(conn, ask.scope, Act.KEEPING, "keys:forget", count=retired)
    return retired


def _reseal_all(db: Database, progress: Progress) -> tuple[int, int]:
    """Return how many texts were sealed anew, and how many could not be opened."""
    resealed = shut = 0
    for kind in Kind:
        last_id: int | None = 0
        while last_id is not None:
            last_id, done, failed = _reseal_chunk(db, kind, last_id)
            resealed, shut = resealed + done, shut + failed
            progress(resealed, 0)
    return resealed, shut


def _reseal_chunk(db: Database, kind: Kind, after_id: int) -> tuple[int | None, int, int]:
    """Return the last id of a chunk, none behind the last, and what became of its texts."""
    with db.writing(changes_figures=False) as conn:
        old = store.texts(
            conn,
            kind,
            after_id=after_id,
            but_mark=sealing.current_mark(db),
            limit=CHUNK_TEXTS,
        )
        new = sealing.reseal(db, kind, old)
        store.put(conn, kind, new)
    return (old[-1].id if old else None), len(new), len(old) - len(new)
