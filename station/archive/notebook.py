"""Lines beside the archive that outlive it: added, never changed, read only by its owner."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

OWNER_ONLY = 0o600


def add(path: Path, line: Mapping[str, Any]) -> None:
    """Add a line; it is on the disk when this returns. Call it inside a write of the archive."""
    words = json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n"
    is_new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, OWNER_ONLY)
    try:
        size = os.fstat(descriptor).st_size
        is_torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, ("\n" * is_torn + words).encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if is_new:
        _settle(path.parent)


def lines(path: Path) -> list[dict[str, Any]]:
    """Return the lines in their order; one that a crash cut short was never acted upon."""
    if not path.exists():
        return []
    found = []
    for words in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            line = json.loads(words)
        except ValueError:
            continue
        if isinstance(line, dict):
            found.append(line)
    return found


def _settle(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
