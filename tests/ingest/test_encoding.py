"""A file is read in its own encoding or refused; it is never read as nonsense."""

import codecs

import pytest

from station.errors import FileRefusedError, InputError
from station.model import SaleRow
from tests.ingest.conftest import HEADING, LINE, Opener, Reader

READ = {
    "utf-8": ("utf-8", b""),
    "utf-8 with mark": ("utf-8", codecs.BOM_UTF8),
    "utf-16 little": ("utf-16-le", codecs.BOM_UTF16_LE),
    "utf-16 big": ("utf-16-be", codecs.BOM_UTF16_BE),
    "gbk": ("gbk", b""),
    "gb18030": ("gb18030", b""),
    "gb2312": ("gb2312", b""),
}
REFUSED = {
    "big5": ("big5", b""),
    "utf-16 without mark": ("utf-16-le", b""),
    "utf-32": ("utf-32", b""),
    "shift-jis": ("shift_jis", b""),
    "euc-kr": ("euc_kr", b""),
}
TEXTS = ("92号车用汽油", "车用尿素", "矿泉水", "玻璃水", "香烟", "纸巾", "洗车服务", "Coffee")
TRADITIONAL = "交易時間,油品,數量,金額,備註\n2025-03-03 08:00,汽油,1,7,單位職員優惠\n"


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("text", TEXTS)
def test_what_was_written_is_read(read: Reader, name: str, text: str) -> None:
    encoding, mark = READ[name]
    content = mark + f"{HEADING}\n{LINE.replace('92#', text)}\n".encode(encoding)

    (row,) = read(content)

    assert isinstance(row, SaleRow)
    assert row.sale.product in (text, "G92", "UREA")
    assert row.sale.vehicle is not None
    assert row.sale.vehicle.text == "粤B12345"


@pytest.mark.parametrize("name", REFUSED)
def test_other_encodings_are_refused(opened: Opener, name: str) -> None:
    encoding, mark = REFUSED[name]
    text = TRADITIONAL if name == "big5" else "日時,数量,金額\n2025-03-03,1,7\n"
    content = mark + (f"시간,수량\n{text[-20:]}" if name == "euc-kr" else text).encode(
        encoding, "ignore"
    )

    with pytest.raises(InputError):
        opened(content)


def test_utf_8_with_one_broken_byte_is_not_read_as_chinese(opened: Opener) -> None:
    content = f"{HEADING}\n{LINE}\n".encode() + b"1002,\xff\n"

    with pytest.raises(FileRefusedError):
        opened(content)


def test_a_file_joined_from_two_encodings_is_refused(opened: Opener) -> None:
    lines = "\n".join([HEADING, *[LINE] * 60])
    content = f"{lines}\n".encode("gbk") + LINE.replace("92#", "汽油").encode()

    with pytest.raises(FileRefusedError, match="mixed_encodings"):
        opened(content)


def test_rare_names_survive_in_gb18030(read: Reader) -> None:
    (row,) = read(f"{HEADING}\n{LINE.replace('92#', '㙓镕𠮷牌矿泉水饮料')}\n".encode("gb18030"))

    assert isinstance(row, SaleRow)
    assert row.sale.product == "㙓镕𠮷牌矿泉水饮料"
