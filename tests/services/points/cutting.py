"""The power goes at any moment: what the disk then holds, by what it was promised and what not.

What the services say to the archive is recorded, and said again through a file system that notes
each write and each sync. A cut keeps what was synced; of every later write each sector of 512 bytes
may be there or not.
"""

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import apsw
from services.points import killing
from sqlalchemy import event

from station.archive.sqlite import WRITER
from station.services.ask import Ask

SECTOR = 512
FILE, LOG = "station.db", "station.db-wal"
ACKNOWLEDGED = "acknowledged"


class Deed(NamedTuple):
    """Something that happened to a file; or, of no file, that a commit was acknowledged."""

    kind: str
    name: str = ""
    offset: int = 0
    data: bytes = b""


@dataclass
class Recording:
    """What the services said between two moments, and the file as it was at the first."""

    file: bytes
    said: list[tuple[str, Any]] = field(default_factory=list)
    balances: list[int] = field(default_factory=list)


def recorded(folder: Path, times: int) -> Recording:
    """Return what so many redemptions, earnings and runs of expiry say to the archive."""
    killing.begin(folder)
    shutil.copy(folder / FILE, folder / "before.db")
    recording = Recording((folder / "before.db").read_bytes())
    ask = killing.opened(folder)
    recording.balances.append(killing.held(ask))
    with _listening(ask, recording):
        for turn in range(times):
            kind = killing.KINDS[turn % 3]
            killing.do(ask, f"{kind} turn-{turn:06d}")
            recording.balances.append(killing.held(ask))
            recording.said.append((ACKNOWLEDGED, None))
    ask.db.close()
    return recording


class _listening:  # noqa: N801 - used as a word
    """Notes each statement of the writer."""

    def __init__(self, ask: Ask, recording: Recording) -> None:
        self.engine, self.said = ask.db.engine, recording.said

    def __enter__(self) -> None:
        event.listen(self.engine, "before_cursor_execute", self._execute)
        event.listen(self.engine, "commit", self._commit)

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._execute)
        event.remove(self.engine, "commit", self._commit)

    def _execute(self, *told: Any) -> None:
        _, _, statement, parameters, _, is_many = told
        rows = parameters if is_many else [parameters]
        self.said += [(statement, tuple(row)) for row in rows]

    def _commit(self, _conn: object) -> None:
        self.said.append(("COMMIT", ()))


class NotingSystem(apsw.VFS):
    """A file system that notes what is written and synced."""

    def __init__(self, deeds: list[Deed]) -> None:
        self.deeds = deeds
        super().__init__("noting", "", maxpathname=1024)

    def xOpen(self, name: Any, flags: list[int]) -> "NotingFile":  # noqa: N802 - SQLite's name
        return NotingFile(self.deeds, name, flags)


class NotingFile(apsw.VFSFile):
    """A file of it."""

    def __init__(self, deeds: list[Deed], name: Any, flags: list[int]) -> None:
        self.deeds = deeds
        path = name if isinstance(name, str | None) else name.filename()
        self.name = Path(path or "nameless").name
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self.deeds.append(Deed("write", self.name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self.deeds.append(Deed("sync", self.name))
        super().xSync(flags)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        self.deeds.append(Deed("truncate", self.name, size))
        super().xTruncate(size)


def noted(recording: Recording, folder: Path, synchronous: str) -> list[Deed]:
    """Return what a file system sees of a recording, with the writer's own pragmas but for one."""
    deeds: list[Deed] = []
    system = NotingSystem(deeds)
    (folder / FILE).write_bytes(recording.file)
    conn = apsw.Connection(str(folder / FILE), vfs="noting")
    pragmas = {"locking_mode": "EXCLUSIVE", "journal_mode": "WAL"}
    for name, value in (pragmas | dict(WRITER) | {"synchronous": synchronous}).items():
        conn.execute(f"PRAGMA {name} = {value}").fetchall()
    for statement, parameters in recording.said:
        if statement == ACKNOWLEDGED:
            deeds.append(Deed(ACKNOWLEDGED))
        else:
            conn.execute(statement, parameters).fetchall()
    seen = list(deeds)
    conn.close()
    system.unregister()
    return seen


class Found(NamedTuple):
    """What a cut left: whether it is damaged, and how many acknowledged acts are lost."""

    damage: str
    lost: int


def cuts(recording: Recording, deeds: list[Deed], folder: Path, times: int) -> Iterator[Found]:
    """Yield what is found after the power went at so many random moments."""
    for seed in range(times):
        chance = random.Random(seed)  # noqa: S311 - moments, not secrets
        moment = chance.randrange(1, len(deeds))
        done = deeds[:moment]
        for name, content in _left(recording.file, done, chance).items():
            (folder / name).write_bytes(content)
        acknowledged = sum(deed.kind == ACKNOWLEDGED for deed in done)
        yield _judged(folder / FILE, recording.balances, acknowledged)
        for path in folder.glob(f"{FILE}*"):
            path.unlink()


def _left(file: bytes, done: list[Deed], chance: random.Random) -> dict[str, bytearray]:
    """Return the files as a cut leaves them."""
    files = {FILE: bytearray(file), LOG: bytearray()}
    synced = {
        name: max(
            (at for at, d in enumerate(done) if d.kind == "sync" and d.name == name), default=-1
        )
        for name in files
    }
    for at, deed in enumerate(done):
        if deed.name not in files:
            continue
        content, is_safe = files[deed.name], at < synced[deed.name]
        if deed.kind == "write":
            _write(content, deed, None if is_safe else chance)
        elif deed.kind == "truncate" and (is_safe or chance.random() < 0.5):
            del content[deed.offset :]
    return files


def _write(content: bytearray, deed: Deed, chance: random.Random | None) -> None:
    """Write all of it, or by chance all, none, or some of its sectors."""
    fate = "kept" if chance is None else chance.choice(("kept", "lost", "torn"))
    if fate == "lost":
        return
    for start in range(0, len(deed.data), SECTOR):
        if fate == "torn" and chance is not None and chance.random() < 0.5:
            continue
        some, at = deed.data[start : start + SECTOR], deed.offset + start
        content.extend(bytes(max(0, at + len(some) - len(content))))
        content[at : at + len(some)] = some


def _judged(path: Path, balances: list[int], acknowledged: int) -> Found:
    """Return what is found of what was acknowledged when the file is opened again."""
    try:
        with closing(sqlite3.connect(path)) as conn:
            (state,) = conn.execute("PRAGMA quick_check").fetchone()
            (balance,) = conn.execute('SELECT sum("left") FROM point_lots').fetchone()
            odd = conn.execute(
                "SELECT transaction_id FROM point_entries GROUP BY 1 HAVING sum(points) <> 0"
            ).fetchone()
    except sqlite3.DatabaseError as error:
        return Found(str(error), 0)
    if state != "ok" or odd or balance not in balances:
        return Found(f"{state} {odd} {balance}", 0)
    newest = len(balances) - 1 - balances[::-1].index(balance)
    return Found("", max(0, acknowledged - newest))
