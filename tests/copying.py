"""Copies of archives that may be open: a file taken by hand would drop the locks on it.

Closing any descriptor of a file drops this process's locks on it (POSIX); SQLite then believes that
nobody reads, and a server beside the tests can damage the archive. So SQLite copies it itself.
"""

import shutil
import sqlite3
import subprocess
import sys
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


def content_of(path: Path) -> bytes:
    """Return the bytes of a file of an archive that may be open, as another process reads it."""
    return subprocess.run(["/bin/cat", str(path)], check=True, capture_output=True).stdout


def guard_against_opening(path: Path) -> None:
    """Let nothing but SQLite open a file from now on in this process."""

    def refuse(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and str(arguments[0]) == str(path):
            raise AssertionError(f"{path} is an open archive: see tests/copying.py")

    sys.addaudithook(refuse)
