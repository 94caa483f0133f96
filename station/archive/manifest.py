"""Which files make up the lake, published by one rename."""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FORMAT = 2
"""Raised when facts change shape; a lake of another format is rebuilt."""
KEEP_SECONDS = 900
"""How long a replaced file stays for readers that still use the manifest before."""
NAME = "manifest.json"
OWNER_ONLY = 0o700


@dataclass(frozen=True, slots=True)
class Part:
    """One Parquet file of one bucket, with the batches whose rows it holds."""

    file: str
    bucket: int
    rows: int
    batches: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """The lake as of one `data_version` of the archive."""

    generation: int = 0
    data_version: int = -1
    buckets: int = 0
    batches: dict[int, int] = field(default_factory=dict)  # last sale id taken of each
    open_batches: tuple[int, ...] = ()  # may still grow
    parts: tuple[Part, ...] = ()
    keys_file: str = ""
    keys_mark: tuple[int, ...] = ()  # changes when any key moves to another vehicle
    products: dict[int, str] = field(default_factory=dict)
    stations: tuple[int, ...] = ()
    retired: dict[str, int] = field(default_factory=dict)  # file -> second it left

    @property
    def files(self) -> set[str]:
        """Every file a reader of this manifest needs."""
        return {part.file for part in self.parts} | ({self.keys_file} - {""})


def load(folder: Path) -> Manifest | None:
    """Return the published manifest; None without one that this version can read."""
    try:
        raw = json.loads((folder / NAME).read_text(encoding="utf-8"))
        return _manifest(raw) if raw.pop("format") == FORMAT else None
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, LookupError, AttributeError):  # damaged: it will be rebuilt
        return None


def _manifest(raw: dict[str, Any]) -> Manifest:
    raw["parts"] = tuple(
        Part(**part | {"batches": tuple(part["batches"])}) for part in raw["parts"]
    )
    raw["batches"] = {int(batch): last for batch, last in raw["batches"].items()}
    raw["products"] = {int(product): code for product, code in raw["products"].items()}
    for name in ("open_batches", "keys_mark", "stations"):
        raw[name] = tuple(raw[name])
    return Manifest(**raw)


def publish(folder: Path, manifest: Manifest) -> None:
    """Make `manifest` the lake's truth at once, then sweep files nobody reads any more."""
    partial = folder / f"{NAME}.partial"
    with partial.open("w", encoding="utf-8") as file:
        json.dump({"format": FORMAT, **asdict(manifest)}, file)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(folder / NAME)
    _sweep(folder, manifest)


def retired_since(old: Manifest, new: Manifest) -> dict[str, int]:
    """Return the files that left the lake up to `new` and are still kept for old readers."""
    now = int(time.time())
    kept = {file: at for file, at in old.retired.items() if now - at < KEEP_SECONDS}
    return kept | dict.fromkeys(sorted(old.files - new.files), now)


def _sweep(folder: Path, manifest: Manifest) -> None:
    known = manifest.files | set(manifest.retired)
    for path in folder.glob("*.parquet"):
        if path.name not in known:
            path.unlink()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the only right to write the lake at `folder`; other processes wait.

    The lock lies beside the folder, which may be deleted at any time.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        folder.mkdir(mode=OWNER_ONLY, exist_ok=True)
        folder.chmod(OWNER_ONLY)  # it tells when which vehicle came where
        yield


def clear(folder: Path) -> None:
    """Throw the lake away; the next refresh rebuilds it."""
    shutil.rmtree(folder, ignore_errors=True)
