"""The command line as an outside program calls it, on a temporary archive.

A process spends two seconds on its imports, so most tests call the command in their own process.
Each group of commands also has tests that start real ones, by `Apart`.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from station import cli

PROJECT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Station:
    """An archive's folder, and the command `station` in it."""

    folder: Path
    lang: str = "en"

    @property
    def archive(self) -> Path:
        return self.folder / "station.db"

    def command(self, *words: object) -> list[str]:
        before = ["--archive", f"sqlite:///{self.archive}", "--lang", self.lang]
        return [sys.executable, "-m", "station", *before, *map(str, words)]

    def environment(self) -> dict[str, str]:
        kept = {name: text for name, text in os.environ.items() if not name.startswith("STATION_")}
        return kept | {"PYTHONPATH": str(PROJECT), "COLUMNS": "200"}

    def run(self, *words: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Return what a command said; it must end with `code`, and never with a traceback."""
        command = self.command(*words)
        out, err = TextIOWrapper(BytesIO(), "utf-8"), TextIOWrapper(BytesIO(), "utf-8")
        with pytest.MonkeyPatch.context() as given:
            given.chdir(self.folder)
            given.setattr(os, "environ", self.environment())
            given.setattr(sys, "argv", command[2:])
            given.setattr(sys, "stdout", out)
            given.setattr(sys, "stderr", err)
            ended = _ended()
        done = subprocess.CompletedProcess(command, ended, _said(out), _said(err))
        return self._checked(done, code)

    @staticmethod
    def _checked(
        done: subprocess.CompletedProcess[str], code: int
    ) -> subprocess.CompletedProcess[str]:
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done

    def document(self, *words: object, code: int = 0) -> dict[str, Any]:
        """Return the one JSON document that a command prints."""
        said = self.run(*words, "--json", code=code).stdout
        document: dict[str, Any] = json.loads(said, parse_constant=_refused)
        return document

    def write(self, name: str, content: str | bytes) -> Path:
        """Return a file of this name beside the archive."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path


@dataclass(frozen=True, slots=True)
class Apart(Station):
    """The same, each command in a process of its own."""

    def run(self, *words: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Return what a command said; it must end with `code`, and never with a traceback."""
        done = subprocess.run(
            self.command(*words),
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        return self._checked(done, code)


def _ended() -> int:
    """Return the code with which the command line ends."""
    try:
        cli.main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _said(stream: TextIOWrapper) -> str:
    stream.flush()
    kept = stream.buffer
    assert isinstance(kept, BytesIO)
    return kept.getvalue().decode("utf-8")


def _refused(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def add_up(counts: dict[str, int]) -> bool:
    """Return whether the account of an import is closed."""
    parts = ("accepted", "duplicates", "conflicts", "rejected", "ignored")
    return counts["rows"] == sum(counts[part] for part in parts)
