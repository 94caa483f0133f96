"""The archive is kept: made, opened, proved, copied, and looked after once a day."""

import os
from pathlib import Path
from time import time

from station.archive import backup as backups
from station.archive import batches, lake
from station.archive import verify as proofs
from station.archive.database import Database, create_or_upgrade, open_database
from station.config import Settings
from station.errors import NotAllowedError
from station.model import DAY_S, Act
from station.services import sealing, trail
from station.services.access import right
from station.services.ask import Ask


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
    backups.backup(ask.db, path)
    trail.noted(ask.db, ask.scope, Act.KEEPING, "archive:backup")


def restore(settings: Settings, url: str, path: Path) -> None:
    """Put a verified backup in the archive's place; whoever can write its files may do so.

    Raises:
        BackupError: the backup is not sound; the archive is left as it was.
    """
    backups.restore(url or settings.archive.url, _folder(settings, url), path)


@right("archive.verify")
def verify(ask: Ask) -> proofs.Verification:
    """Return what proves the archive sound, or the first row that is not."""
    return proofs.verify(ask.db)


@right("archive.keep")
def nightly(ask: Ask) -> list[str]:
    """Do what is due once a day and return what was done; doing it twice changes nothing."""
    lake.refresh(ask.db)
    horizon_s = int(time()) - ask.settings.archive.quarantine_days * DAY_S
    with ask.db.writing(changes_figures=False) as conn:
        batches.forget_rejected(conn, horizon_s)
    return ["lake", "quarantine"]
