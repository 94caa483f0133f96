"""Copies of archives that may be open: a file taken by hand would drop the locks on it.

Closing any descriptor of a file drops this process's locks on it (POSIX); SQLite then believes that
nobody reads, and a server beside the tests can damage the archive. So SQLite copies it itself.
"""

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

FILE = "station.db"
LOCKS = ("*.lock", "*.server")


def copy_archive(folder: Path, to: Path, *, without: tuple[str, ...] = ()) -> str:
    """Copy an archive's folder to a new one, and return the URL of the copy."""
    ignored = shutil.ignore_patterns(f"{FILE}*", *LOCKS, *without)
    shutil.copytree(folder, to, ignore=ignored)
    source = f"{(folder / FILE).absolute().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(source, uri=True)) as archive,
        closing(sqlite3.connect(to / FILE)) as copy,
    ):
        archive.backup(copy)
    (to / FILE).chmod(0o600)
    return f"sqlite:///{to / FILE}"


def copy_files(folder: Path, to: Path) -> Path:
    """Copy the files of an archive that may be open, byte by byte, in a process of its own."""
    subprocess.run(["cp", "-R", str(folder), str(to)], check=True)
    return to
