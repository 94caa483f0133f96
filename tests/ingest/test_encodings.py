"""Twelve encodings by forty texts: each is read as it was written, or refused; none is garbled."""

from pathlib import Path

import pytest

from station.errors import FileRefusedError, InputError
from station.ingest import table
from station.ingest.headings import CUSTOMERS, known_headings
from station.ingest.rules import IngestRules

ENCODINGS = (
    *("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"),
    *("gbk", "gb18030", "gb2312", "big5", "shift_jis", "iso-8859-1"),
)
READABLE = {"utf-8", "utf-8-sig", "utf-16", "gbk", "gb18030", "gb2312"}
TEXTS = (
    *("甲示川", "乙例澜", "欧阳样", "王示", "镕例", "𠮷野样", "㙓示", "喆例", "堃样", "翀示"),
    *("粤B12345", "粤AD12345", "沪A·12345", "京A12345警", "新能源绿牌", "港ZA1234", "使014578"),
    *("92#汽油", "0号柴油（国VI）", "车用尿素", "示范一站", "示范加油站有限公司", "高速服务区"),
    *(
        "１２３４５",
        "￥253.79元",
        "3号枪",
        "上午8点5分",
        "2025年3月3日",
        "备注：已付",
        "中石样、例",
    ),
    *(
        "plain text",
        "Müller",
        "naïve café",
        "señor",
        "Łódź",
        "Привет",
        "ひらがな",
        "한국어",
        "😀 好",
    ),
    "〇二三",
)
HEADING = "客户编号,姓名,备注"


def written(text: str, encoding: str, *, heading: str = HEADING) -> bytes | None:
    """Return a file of a few rows with the text, None where the encoding cannot write it."""
    try:
        return f"{heading}\nC1,{text},{text}\nC2,{text},\n".encode(encoding)
    except UnicodeEncodeError:
        return None


def read(content: bytes, folder: Path) -> list[str]:
    """Return the text of each row; a refused file raises."""
    path = folder / "file.csv"
    path.write_bytes(content)
    known = known_headings(CUSTOMERS, None)
    found = table.open_table(path, known, IngestRules(), enough=table.SURE_HEADINGS)
    return [cells[1] for _, cells, _ in found.records()]


def test_there_are_forty_texts_and_twelve_encodings() -> None:
    assert (len(set(TEXTS)), len(set(ENCODINGS))) == (40, 12)


@pytest.mark.parametrize("heading", [HEADING, "customer code,full name,note"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_text_is_read_right_or_refused(tmp_path: Path, encoding: str, heading: str) -> None:
    wrong, right = [], 0
    for text in TEXTS:
        content = written(text, encoding, heading=heading)
        if content is None:
            continue
        try:
            found = read(content, tmp_path)
        except InputError:
            continue
        right += found == [text, text]
        wrong += [(text, found)] if found != [text, text] else []

    assert wrong == []
    assert right > 0 or encoding not in READABLE


@pytest.mark.parametrize("encoding", sorted(READABLE - {"gb2312"}))
def test_everyday_texts_of_our_own_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    for text in TEXTS[:4] + TEXTS[10:12] + TEXTS[17:23]:
        content = written(text, encoding)
        assert content is not None
        assert read(content, tmp_path) == [text, text]


def test_joined_files_of_two_encodings_are_refused(tmp_path: Path) -> None:
    content = f"{HEADING}\nC1,甲示川,\n".encode() + "C2,乙例澜,\n".encode("gb18030")

    with pytest.raises(FileRefusedError):
        read(content, tmp_path)
