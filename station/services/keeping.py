"""The archive is kept: made, opened, proved, copied, and looked after once a day."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import time

import pandas as pd

from station.archive import backup as copies
from station.archive import lake
from station.archive import verify as proofs
from station.archive.customers import prospects
from station.archive.database import Connection, Database, create_or_upgrade, open_database
from station.archive.people import accounts, audit, heads
from station.archive.points import chain as ledger
from station.config import Settings
from station.errors import ArchiveError, BackupError, NotAllowedError, PointsError
from station.model import Act
from station.services import alarms, noticing, pacing, sites, trail
from station.services.access import right, start_of_today, today
from station.services.ask import Ask
from station.services.calls import lots, nights
from station.services.customers import living, valuing
from station.services.incoming import receipts
from station.services.personal import erasure, retention, sealing
from station.services.points import astray, gifts, lapsing, offering

DUTIES = ("nightly", "verify", "backup")
"""What is to be done to an archive again and again; each leaves an event."""
LEDGER = ("points", "integrity", "foreign_keys", "triggers")
"""How the checks begin by which the ledger of points is proved sound."""


@dataclass(frozen=True, slots=True)
class Done:
    """When a duty was last done, by whom, and what was wrong then; nothing if all was well."""

    at: int
    account: str
    wrong: str


@dataclass(frozen=True, slots=True)
class Condition:
    """How the archive is: where, how large, what was done to it, and where its log ends."""

    engine: str
    sizes: Mapping[str, int]
    done: Mapping[str, Done]
    is_demo: bool
    settings_hash: str
    events: int
    head: str


def create(settings: Settings, url: str = "") -> Database:
    """Return the archive, made or brought up to date.

    Raises:
        ArchiveError: it was made by a newer Station, or cannot be read.
    """
    return create_or_upgrade(url or settings.archive.url, _folder(settings, url))


def open_archive(settings: Settings, url: str = "") -> Database:
    """Return the archive ready to use.

    Raises:
        ArchiveError: there is none, or it must be upgraded first.
    """
    return open_database(url or settings.archive.url, _folder(settings, url))


def require_keeper(db: Database) -> None:
    """Return if this process may act as the local operator: it can read the archive's key.

    Raises:
        NotAllowedError: there is a key, and it cannot.
    """
    key = db.folder / sealing.KEY_FILE
    if key.exists() and not os.access(key, os.R_OK):
        raise NotAllowedError("error.not_keeper", file=key.name)


def _folder(settings: Settings, url: str) -> Path | None:
    """Return where lake and quarantine lie; beside the file for a SQLite archive named by hand."""
    if (url or settings.archive.url).startswith("sqlite"):
        return None
    return Path(settings.archive.folder)


@right("archive.keep")
def backup(ask: Ask, *, path: Path) -> None:
    """Write a consistent copy of the archive to `path` while it is in use.

    Raises:
        BackupError: it could not be made or is not sound.
    """
    erasure.settle(ask.db)
    copies.backup(ask.db, path)
    _done(ask, "backup")


@right("archive.keep")
def backup_here(ask: Ask) -> str:
    """Return the name of a new copy among the archive's own backups.

    Raises:
        BackupError: it could not be made or is not sound.
    """
    try:
        path = copies.dated(ask.db, datetime.now(UTC).astimezone())
        backup(ask, path=path)
    except OSError as error:
        said = error.strerror or ""
        raise BackupError("backup.failed", program="Station", said=said) from error
    return path.name


@right("archive.verify")
def backups(ask: Ask) -> pd.DataFrame:
    """Return name, bytes and made_at of the archive's own backups, the newest first."""
    return copies.kept(ask.db)


@right("archive.verify")
def condition(ask: Ask) -> Condition:
    """Return how the archive is and when it was last looked after."""
    with ask.db.reading() as conn:
        last = {
            duty: audit.latest(conn, act=Act.KEEPING, object_name=f"archive:{duty}")
            for duty in DUTIES
        }
        is_demo = accounts.is_demo(conn)
        events, head = audit.head(conn)
    return Condition(
        engine=ask.db.url.get_backend_name(),
        sizes=copies.sizes(ask.db),
        done={duty: Done(e.at, e.account, e.reason) for duty, e in last.items() if e},
        is_demo=is_demo,
        settings_hash=ask.settings.hash,
        events=events,
        head=head,
    )


def restore(settings: Settings, url: str, path: Path) -> None:
    """Put a verified backup in the archive's place; whoever can write its files may do so.

    Whoever was erased since is forgotten again before it counts, and nobody stays signed in.

    Raises:
        BackupError: the backup is not sound; the archive is left as it was.
        ArchiveError: the key file is lost, so it cannot be told who was erased since.
    """
    where, folder = url or settings.archive.url, _folder(settings, url)
    copies.restore(where, folder, path, prepare=erasure.prepare_restored)
    db = open_database(where, folder)
    try:
        with db.writing(changes_figures=False) as conn:
            heads.mark_restored(conn, db.folder, today().isoformat())
    finally:
        db.close()


@right("archive.verify")
def verify(ask: Ask) -> proofs.Verification:
    """Return what proves the archive sound, or the first row that is not."""
    found = proofs.verify(ask.db)
    missing = [proofs.Check(name, _missing_head(ask.db, of)) for name, of in heads.CHAINS.items()]
    lot = proofs.Check("hold_outs", _broken_lot(ask.db))
    found = proofs.Verification((*found.checks, *missing, lot))
    _mark_ledger(ask.db, found)
    bad = next((check.name for check in found.checks if check.first_bad), "")
    with suppress(ArchiveError):  # a damaged archive may be read, and not written
        _done(ask, "verify", count=len(found.checks), wrong=bad)
    return found


def _mark_ledger(db: Database, found: proofs.Verification) -> None:
    """Let nothing be spent from a ledger that is not sound, until it is."""
    is_sound = not any(c.first_bad for c in found.checks if c.name.startswith(LEDGER))
    with suppress(ArchiveError), db.writing(changes_figures=False) as conn:
        ledger.mark(conn, is_sound=is_sound)


def _missing_head(db: Database, of: heads.Chain) -> str:
    """Return which noted end of a chain is not in it; what cannot be read was named before."""
    try:
        with db.reading() as conn:
            return heads.first_missing(conn, db.folder, of)
    except ArchiveError:
        return ""


def _broken_lot(db: Database) -> str:
    """Return of whom something else is kept than the lot said; what cannot be read was named."""
    try:
        with db.reading() as conn:
            return lots.first_broken(conn)
    except ArchiveError:
        return ""


def _done(ask: Ask, duty: str, *, count: int = 1, wrong: str = "") -> None:
    trail.noted(ask.db, ask.scope, Act.KEEPING, f"archive:{duty}", count=count, reason=wrong)


@dataclass(frozen=True, slots=True)
class Chore:
    """Something that was done; `name` is a key of locale/*/cli.toml, `facts` fill it."""

    name: str
    facts: Mapping[str, object] = field(default_factory=dict)


def _note_nightly(conn: Connection, ask: Ask) -> None:
    """Write down, once a day, that the archive was looked after."""
    account, name, day_s = ask.scope.account, "archive:nightly", start_of_today()
    if not audit.has(conn, account=account, act=Act.KEEPING, object_name=name, from_s=day_s):
        trail.note(conn, ask.scope, Act.KEEPING, name)


def _birthdays(ask: Ask) -> int:
    """Return how many birthdays were remembered; rules that changed their past give nothing."""
    try:
        return gifts.birthdays(ask)
    except PointsError:  # every import says so
        return 0


def _settle_sites(db: Database) -> None:
    """Let the settings of stations hold whose day has come."""
    with db.reading() as conn:
        is_due = sites.waits(conn)
    if is_due:
        with db.writing() as conn:
            sites.apply_due(conn)


def _worked_out(ask: Ask) -> list[Chore]:
    """Work out anew what rests on all sales, and return what that was."""
    pacing.learn_today(ask)
    alarms_changed = alarms.renew(ask)
    return [
        Chore("rhythm"),
        Chore("alarms", {"number": alarms_changed}),
        Chore("listed", {"number": noticing.renew(ask)}),
        Chore("grades", {"number": valuing.renew(ask)}),
        Chore("stages", {"number": living.renew(ask)}),
    ]


@right("archive.keep")
def nightly(ask: Ask, *, now_s: int | None = None) -> list[Chore]:
    """Do what is due once a day and return what was done; doing it twice changes nothing."""
    now_s = int(time()) if now_s is None else now_s
    _settle_sites(ask.db)
    again = erasure.replay(ask.db)
    receipts.close_days(ask.db)
    lake.refresh(ask.db)
    named = sealing.index_names(ask.db)
    forgotten = retention.forget_old(ask.db, ask.settings, now_s)
    lapsed = lapsing.expire(ask, now_s=now_s)
    over = offering.lapse(ask, now_s=now_s)
    born = _birthdays(ask)
    with ask.db.writing(changes_figures=False) as conn:
        won = prospects.settle_won(conn)
        if sum(forgotten.values()):
            told = ", ".join(f"{kind} {number}" for kind, number in forgotten.items() if number)
            trail.note(conn, ask.scope, Act.KEEPING, "archive:retention", reason=told)
        _note_nightly(conn, ask)
        day = datetime.fromtimestamp(now_s, UTC).date().isoformat()
        head = heads.note(conn, ask.db.folder, day)
        heads.note(conn, ask.db.folder, day, heads.POINTS)
    is_clean = erasure.settle(ask.db)
    worked_out = _worked_out(ask)
    numbers = forgotten | {"named": named, "won": won, "coupons": over, "birthdays": born}
    numbers |= {"astray": astray.count(ask)} | nights.look_after(ask, now_s)
    return [
        Chore("stations"),
        Chore("lake"),
        *worked_out,
        *(Chore(kind, {"number": n}) for kind, n in numbers.items()),
        Chore("points", asdict(lapsed)),
        Chore("replayed", {"number": again}),
        Chore("clean" if is_clean else "not_clean"),
        Chore("head", head),
    ]
