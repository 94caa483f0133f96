"""Which keys seal an archive? A ring of numbered keys, kept in one small file beside it."""

import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from station.errors import ArchiveError

KEY_BYTES = 32
HEADING, ENDING = "station keys 1", "end"
UNNUMBERED = 0
"""The number of the only key of a file from before there were rings."""
FIRST = 1
NEW = ".new"


@dataclass(frozen=True, slots=True)
class Keys:
    """What seals and what indexes; both are made, used and retired together."""

    seal: bytes = field(repr=False)
    index: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ring:
    """Keys by number, of which the highest is in use and the others open what is older.

    `lasting` is never retired: it marks what must be found for ever, such as who was erased.
    `unfinished` says that a rotation was begun and not yet brought to its end.
    """

    keys: Mapping[int, Keys]
    lasting: bytes = field(repr=False)
    unfinished: bool = False

    @property
    def current(self) -> int:
        """The number of the keys in use."""
        return max(self.keys)

    @property
    def retired(self) -> int:
        """How many keys are kept only for what was sealed before."""
        return len(self.keys) - 1

    @property
    def by_age(self) -> list[Keys]:
        """The keys, those in use first."""
        return [self.keys[number] for number in sorted(self.keys, reverse=True)]

    def turned(self, taken: Collection[int] = ()) -> "Ring":
        """Return the ring with new keys in use, their number none of `taken`; a rotation begins."""
        number = next(n for n in count(self.current + 1) if n not in taken)
        return replace(self, keys={**self.keys, number: _new_keys()}, unfinished=True)

    def only_current(self) -> "Ring":
        """Return the ring without what is retired."""
        return Ring({self.current: self.keys[self.current]}, self.lasting)


def new_ring() -> Ring:
    """Return a ring of one."""
    return Ring({FIRST: _new_keys()}, secrets.token_bytes(KEY_BYTES))


def _new_keys() -> Keys:
    return Keys(secrets.token_bytes(KEY_BYTES), secrets.token_bytes(KEY_BYTES))


def load(path: Path, *, may_make: bool) -> Ring:
    """Return the ring kept in `path`; where there is none a new one is made, if that is allowed.

    Keys must not be made anew once something is sealed: what is sealed under the lost ones stays
    shut, and putting those back would shut out the rest.

    Raises:
        ArchiveError: there is no key file, or it holds something else.
    """
    if not path.exists():
        if not may_make:
            raise ArchiveError("error.key_missing", file=path.name)
        _make(path)
    return _read(path.read_bytes(), path.name)


def save(path: Path, ring: Ring) -> None:
    """Put `ring` in the place of the one in `path`: a crash leaves the one or the other.

    Only under the writer's lock.
    """
    for left in path.parent.glob(f"{path.name}.*{NEW}"):  # by a process that was killed
        left.unlink()
    _written_beside(path, ring).replace(path)
    _settle(path.parent)


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    made = _written_beside(path, new_ring())
    try:
        os.link(made, path)  # of two first starts at once one makes the keys, the other reads them
    except FileExistsError:
        made.unlink()
        return
    except OSError:  # a disk without links
        made.replace(path)
    made.unlink(missing_ok=True)
    _settle(path.parent)


def _written_beside(path: Path, ring: Ring) -> Path:
    """Return a finished file on the same disk that only its owner may read."""
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=NEW, dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(_text_of(ring))
        file.flush()
        os.fsync(file.fileno())
    return Path(name)


def _settle(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _text_of(ring: Ring) -> str:
    lines = [HEADING, f"lasting {ring.lasting.hex()}"]
    for number, keys in sorted(ring.keys.items()):
        lines += [f"seal {number} {keys.seal.hex()}", f"index {number} {keys.index.hex()}"]
    return "\n".join([*lines, *["rotating"] * ring.unfinished, ENDING]) + "\n"


def _read(content: bytes, name: str) -> Ring:
    if len(content) == KEY_BYTES and not content.startswith(HEADING.encode()):
        return _of_old_file(content)
    try:
        return _parse(content.decode("ascii").splitlines())
    except (ValueError, KeyError) as error:
        raise ArchiveError("error.key_damaged", file=name) from error


def _of_old_file(key: bytes) -> Ring:
    """Return the ring of a file that holds one bare key; its other keys follow from that one."""

    def derived(purpose: str) -> bytes:
        return hmac.digest(key, f"station {purpose}".encode(), hashlib.sha256)

    return Ring({UNNUMBERED: Keys(key, derived("index"))}, derived("lasting"))


def _parse(lines: list[str]) -> Ring:
    if lines[:1] != [HEADING] or lines[-1] != ENDING:  # a file cut short lacks its newest keys
        raise ValueError(HEADING)
    found: dict[tuple[str, ...], bytes] = {}
    for line in lines[1:-1]:
        *what, key = line.split(" ")
        found[tuple(what)] = b"" if line == "rotating" else _key(key)
    unfinished = found.pop((), None) is not None
    lasting = found.pop(("lasting",))
    numbers = {number for _, number in found}
    keys = {int(n): Keys(found.pop(("seal", n)), found.pop(("index", n))) for n in numbers}
    if found or not keys:
        raise ValueError(HEADING)
    return Ring(keys, lasting, unfinished)


def _key(text: str) -> bytes:
    key = bytes.fromhex(text)
    if len(key) != KEY_BYTES:
        raise ValueError(HEADING)
    return key
