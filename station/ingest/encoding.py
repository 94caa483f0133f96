"""In which encoding is a text file written, and is what it then says plausible?

Chinese UTF-8 often decodes as GB18030 without an error, into nonsense. So UTF-8 is tried first and
strictly, and GB18030 only counts if the text consists of common characters.
"""

import codecs
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from station.errors import FileRefusedError

CHUNK_BYTES = 2**20
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
LEVEL_1 = (0xB0, 0xD7)
"""First bytes of the 3,755 everyday characters of GB 2312."""
CHINESE = re.compile("[\u0080-\U0010ffff]")
CELL = re.compile(rb'[^,;\t"\r\n]+')
PUNCTUATION = frozenset("，。、；：？！（）【】《》“”‘’·—…￥¥№＃＋－％／＝～℃㎡×÷±°")


def detect(path: Path, min_common_share: float) -> str:
    """Return the Python name of the encoding in which every byte of the file can be read.

    Raises:
        FileRefusedError: no encoding fits, or the text it gives is nonsense.
    """
    with path.open("rb") as file:
        mark = file.read(4)
        if mark.startswith(UTF_16_MARKS):
            return _checked(file, "utf-16", path)
        if _decodes(file, "utf-8"):
            return "utf-8-sig"
        if not _decodes(file, "gb18030"):
            raise FileRefusedError("error_ingest.unknown_encoding", file=path.name)
        _check_plausible(file, min_common_share, path)
    return "gb18030"


def _checked(file: BinaryIO, encoding: str, path: Path) -> str:
    if not _decodes(file, encoding):
        raise FileRefusedError("error_ingest.unknown_encoding", file=path.name)
    return encoding


def _decodes(file: BinaryIO, encoding: str) -> bool:
    """Return whether the whole file can be read so; a NUL character fits no encoding."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    file.seek(0)
    try:
        while chunk := file.read(CHUNK_BYTES):
            if "\0" in decoder.decode(chunk):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _check_plausible(file: BinaryIO, min_common_share: float, path: Path) -> None:
    """Refuse text of rare characters (Big5, Latin-1) and cells that are UTF-8 after all."""
    common = total = 0
    for cells in _chinese_cells(file):
        for cell in cells:
            marks = CHINESE.findall(cell.decode("gb18030", "replace"))
            fitting = sum(map(is_common, marks))
            common, total = common + fitting, total + len(marks)
            if fitting * 2 < len(marks) and _is_utf_8(cell):
                raise FileRefusedError("error_ingest.mixed_encodings", file=path.name)
    if common < total * min_common_share:
        raise FileRefusedError("error_ingest.implausible_text", file=path.name)


def _chinese_cells(file: BinaryIO) -> Iterator[set[bytes]]:
    """Yield the distinct cells with anything but ASCII, a chunk of whole lines at a time."""
    file.seek(0)
    while chunk := file.read(CHUNK_BYTES):
        cells = set(CELL.findall(chunk + file.readline(CHUNK_BYTES)))
        yield {cell for cell in cells if not cell.isascii()}


@lru_cache(maxsize=2**16)
def is_common(character: str) -> bool:
    """Return whether an everyday text may hold this character."""
    if character in PUNCTUATION or "\uff01" <= character <= "\uff5e":
        return True
    try:
        coded = character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return LEVEL_1[0] <= coded[0] <= LEVEL_1[1]


def _is_utf_8(cell: bytes) -> bool:
    try:
        cell.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
