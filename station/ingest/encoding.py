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
LAST_OF_TWO_BYTES, LAST_SIGN = "\u07ff", "\u00bf"
"""The last characters that UTF-8 writes with two bytes, and of the signs among them."""
BESIDE_LETTERS = re.compile("[A-Za-z][\u0080-\u07ff]|[\u0080-\u07ff][A-Za-z]")
BIG5_EVERYDAY = "\xc6"
"""First byte of the last everyday characters of Big5."""
LEADS = re.compile("([\x80-\xff]).", re.DOTALL)
PLATE = re.compile("[京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新][A-Z]")
FEW = 20
"""As few characters do not tell GB18030 from Big5 where they read as well in both."""
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
            if mark[:3] != codecs.BOM_UTF8 and _may_be_chinese(file):
                raise FileRefusedError("error_ingest.implausible_text", file=path.name)
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
    is_sure = False
    for cells in _chinese_cells(file):
        for cell in cells:
            text = cell.decode("gb18030", "replace")
            marks = CHINESE.findall(text)
            is_sure = is_sure or not _may_be_big5(cell) or bool(PLATE.search(text))
            fitting = sum(map(is_common, marks))
            common, total = common + fitting, total + len(marks)
            if fitting * 2 < len(marks) and _is_utf_8(cell):
                raise FileRefusedError("error_ingest.mixed_encodings", file=path.name)
    if common < total * min_common_share or not (is_sure or total > FEW):
        raise FileRefusedError("error_ingest.implausible_text", file=path.name)


def _may_be_big5(cell: bytes) -> bool:
    """Return whether the cell reads as well as everyday characters of Big5."""
    try:
        cell.decode("big5")
    except UnicodeDecodeError:
        return False
    return all(lead <= BIG5_EVERYDAY for lead in LEADS.findall(cell.decode("latin-1")))


def _may_be_chinese(file: BinaryIO) -> bool:
    """Return whether text that decodes as UTF-8 reads as well, or better, as GB18030.

    Two bytes of an everyday Chinese character may be one letter of UTF-8. Real UTF-8 gives itself
    away by a Chinese character, or by a letter that stands beside plain ones, as in Müller.
    """
    found = False
    for cells in _chinese_cells(file):
        for cell in cells:
            text = cell.decode("utf-8")
            marks = CHINESE.findall(text)
            if max(marks) > LAST_OF_TWO_BYTES or BESIDE_LETTERS.search(text):
                return False
            if all(mark <= LAST_SIGN for mark in marks) or not _is_everyday(cell):
                return False
            found = True
    return found


def _is_everyday(cell: bytes) -> bool:
    """Return whether a cell is made of everyday characters of GB18030."""
    try:
        text = cell.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return all(map(is_common, CHINESE.findall(text)))


def _chinese_cells(file: BinaryIO) -> Iterator[set[bytes]]:
    """Yield the distinct cells with anything but ASCII, a chunk of whole lines at a time."""
    file.seek(0)
    while chunk := file.read(CHUNK_BYTES):
        chunk += file.readline(CHUNK_BYTES)
        if chunk.isascii():
            continue
        cells = set(CELL.findall(chunk))
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
