"""Which elements does an XML file hold, read piece by piece and never believed?

The reader is expat without a document type: entities cannot be declared, so none can be expanded
or fetched. What one piece may take is bounded, and so is what is kept of the file at a time.
"""

import codecs
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

from station.errors import FileRefusedError
from station.ingest.rules import IngestRules

CHUNK_BYTES = 64 * 1024
DEEPEST = 40
"""Levels of elements; a journal has a dozen."""
BYTES_PER_CHARACTER = 4
UTF_16 = {
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
    b"<\0": "utf-16-le",
    b"\0<": "utf-16-be",
}
UNKNOWN_ENCODING = 18
"""What expat says of an encoding it does not know."""


@dataclass(slots=True)
class Element:
    """An element by its local name, whatever its namespace."""

    name: str
    attributes: dict[str, str]
    line_no: int = 0
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def each(self, *names: str) -> Iterator["Element"]:
        """Yield the elements under this one that have such a name, in their order."""
        for child in self.children:
            if child.name in names:
                yield child
            yield from child.each(*names)

    def said(self, name: str) -> str:
        """Return the text of the first element of this name, empty without one."""
        return next((child.text.strip() for child in self.each(name)), "")


@dataclass(frozen=True, slots=True)
class Piece:
    """A whole element of the file, and how it stood there."""

    element: Element
    raw: str
    path: tuple[str, ...]
    """The names, as written, of the elements around it, the outermost first."""
    start: int
    """The byte of the file at which it begins."""


def root_name(path: Path) -> str:
    """Return the local name of the outermost element of an XML file, empty if it is none.

    Of a file with a document type it is the name that this gives.
    """
    if not path.is_file():  # a pipe or a device would never end
        return ""
    try:
        with path.open("rb") as file:
            head = file.read(CHUNK_BYTES)
    except OSError:
        return ""
    found: list[str] = []

    def stop(name: str, *_: object) -> None:
        found.append(name)
        raise _FoundError  # before anything is expanded

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = parser.StartElementHandler = stop
    with suppress(_FoundError, expat.ExpatError, LookupError, ValueError):
        parser.Parse(head, False)
    return local(found[0]) if found else ""


class _FoundError(Exception):
    """Ends the reading of a head."""


def local(name: str) -> str:
    """Return a name without its prefix."""
    return name.rpartition(":")[2]


def pieces(path: Path, rules: IngestRules, *, ending: tuple[str, ...]) -> Iterator[Piece]:
    """Yield the outermost elements whose names end so, and the root's attributes before them.

    The root comes first, without its children.

    Raises:
        FileRefusedError: the file is no sound XML, declares a document type, or is out of bounds.
    """
    with path.open("rb") as file:
        yield from _Reader(file, path.name, rules, ending).read()


class _Reader:
    """Reads one file; `held` is the part of it from byte `held_at` that may still be asked for."""

    def __init__(
        self, file: BinaryIO, name: str, rules: IngestRules, ending: tuple[str, ...]
    ) -> None:
        self.file, self.name, self.ending = file, name, ending
        self.most = rules.max_event_chars
        self.held, self.held_at = bytearray(), 0
        self.around: list[str] = []
        self.open: list[Element] = []
        self.ready: list[Piece] = []
        self.start = 0
        self.encoding = "utf-8"
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.XmlDeclHandler = self._declared
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def read(self) -> Iterator[Piece]:
        fed = 0
        while chunk := self.file.read(CHUNK_BYTES):
            if not fed:
                self.encoding = UTF_16.get(chunk[:2], "utf-8")
            fed += len(chunk)
            self.held += chunk
            self._feed(chunk, is_last=False)
            yield from self._taken()
            self._forget(fed)
        self._feed(b"", is_last=True)
        yield from self._taken()

    def _taken(self) -> Iterator[Piece]:
        ready, self.ready = self.ready, []
        yield from ready

    def _feed(self, chunk: bytes, *, is_last: bool) -> None:
        try:
            self.parser.Parse(chunk, is_last)
        except expat.ExpatError as error:
            if error.code == UNKNOWN_ENCODING:
                raise FileRefusedError("error_ingest.unknown_encoding", file=self.name) from error
            facts = {"file": self.name, "line": error.lineno}
            raise FileRefusedError("error_ingest.broken_xml", **facts) from error
        except (LookupError, ValueError) as error:  # an encoding that Python does not know
            raise FileRefusedError("error_ingest.unknown_encoding", file=self.name) from error

    def _forget(self, fed: int) -> None:
        """Let go of what nobody will ask for; refuse what would have to be held too long."""
        done = self.start if self.open else self.parser.CurrentByteIndex
        if fed - done > self.most * BYTES_PER_CHARACTER:
            raise FileRefusedError("error_ingest.line_too_long", limit=self.most)
        del self.held[: done - self.held_at]
        self.held_at = done

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and self.encoding == "utf-8":
            self.encoding = encoding

    def _refuse_doctype(self, *_: object) -> None:
        raise FileRefusedError("error_ingest.xml_doctype", file=self.name)

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        plain, is_root = local(name), not self.around
        here = Element(plain, {local(key): value for key, value in attributes.items()})
        here.line_no = self.parser.CurrentLineNumber
        if self.open:
            self.open[-1].children.append(here)
            self.open.append(here)
        elif is_root or plain.endswith(self.ending):
            self.start = self.parser.CurrentByteIndex
            if is_root:
                self.ready.append(Piece(here, "", (name,), self.start))
            else:
                self.open.append(here)
        self.around.append(name)
        if len(self.around) > DEEPEST:
            raise FileRefusedError("error_ingest.xml_too_deep", file=self.name)

    def _text(self, text: str) -> None:
        if self.open:
            self.open[-1].text += text

    def _end(self, name: str) -> None:
        self.around.pop()
        if not self.open:
            return
        whole = self.open.pop()
        if not self.open:
            end = self.parser.CurrentByteIndex
            raw = self.held[self.start - self.held_at : end - self.held_at]
            text = raw.decode(self.encoding, "replace") + f"</{name}>" if raw else f"<{name}/>"
            self.ready.append(Piece(whole, text, tuple(self.around), self.start))


def frame(path: Path, rules: IngestRules, *, ending: tuple[str, ...]) -> tuple[str, str]:
    """Return what stands before the first such element of a file, and what closes it again."""
    with path.open("rb") as file:
        reader = _Reader(file, path.name, rules, ending)
        root, first = tuple(islice(reader.read(), 2))
        file.seek(root.start)
        before = file.read(min(first.start - root.start, rules.max_event_chars))
    opening = before.decode(reader.encoding, "replace")
    return opening, "".join(f"</{name}>" for name in reversed(first.path))
