"""The command line as an outside program calls it: a process of its own, on a temporary archive."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
        done = subprocess.run(
            self.command(*words),
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
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


def _refused(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def add_up(counts: dict[str, int]) -> bool:
    """Return whether the account of an import is closed."""
    parts = ("accepted", "duplicates", "conflicts", "rejected", "ignored")
    return counts["rows"] == sum(counts[part] for part in parts)
