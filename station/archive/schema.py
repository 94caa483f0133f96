"""Which form the tables have, and how an older form becomes today's."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from station.errors import ArchiveError

MIGRATIONS = Path(__file__).parent / "migrations"


def check(conn: Connection, archive: str) -> None:
    """Raise ArchiveError unless the tables have today's form."""
    found = _revision(conn, archive)
    if found is None:
        raise ArchiveError("archive.missing", archive=archive)
    if found != ScriptDirectory(MIGRATIONS).get_current_head():
        raise ArchiveError("archive.older", archive=archive)


def upgrade(conn: Connection, archive: str) -> None:
    """Give the tables today's form within the caller's transaction.

    Raises:
        ArchiveError: the tables are a newer Station's, or another program's.
    """
    if _revision(conn, archive) is None and inspect(conn).get_table_names():
        raise ArchiveError("archive.foreign", archive=archive)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


def _revision(conn: Connection, archive: str) -> str | None:
    """Return the form found; one that we do not know was made by a newer Station."""
    found = MigrationContext.configure(conn).get_current_revision()
    known = {script.revision for script in ScriptDirectory(MIGRATIONS).walk_revisions()}
    if found is not None and found not in known:
        raise ArchiveError("archive.newer", archive=archive)
    return found
