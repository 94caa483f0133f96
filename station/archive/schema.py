"""Which form the tables have, and how an older form becomes today's."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from station.errors import ArchiveError

MIGRATIONS = Path(__file__).parent / "migrations"


class Forms(NamedTuple):
    """Every form that the tables ever had, and today's."""

    known: frozenset[str]
    head: str | None


def check(conn: Connection, archive: str) -> None:
    """Raise ArchiveError unless the tables have today's form."""
    found = _revision(conn, archive)
    if found is None:
        raise ArchiveError("archive.missing", archive=archive)
    if found != _forms(MIGRATIONS).head:
        raise ArchiveError("archive.older", archive=archive)


def upgrade(conn: Connection, archive: str) -> None:
    """Give the tables today's form within the caller's transaction.

    Raises:
        ArchiveError: the tables are a newer Station's, or another program's.
    """
    found = _revision(conn, archive)
    if found is None and inspect(conn).get_table_names():
        raise ArchiveError("archive.foreign", archive=archive)
    if found == _forms(MIGRATIONS).head:  # Alembic would read every migration to find that out
        return
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


def _revision(conn: Connection, archive: str) -> str | None:
    """Return the form found; one that we do not know was made by a newer Station."""
    found = MigrationContext.configure(conn).get_current_revision()
    if found is not None and found not in _forms(MIGRATIONS).known:
        raise ArchiveError("archive.newer", archive=archive)
    return found


@cache
def _forms(migrations: Path) -> Forms:
    """Return the forms that a folder of migrations makes; reading it runs each of them once."""
    scripts = ScriptDirectory(migrations)
    known = frozenset(script.revision for script in scripts.walk_revisions())
    return Forms(known, scripts.get_current_head())
