"""Five hundred files that nobody should send, the same ones each time: broken, lying, hostile."""

import io
import random
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter

COUNT = 500
SEED = 20_260_901
SAMPLES = Path(__file__).parents[1] / "samples"
Content = bytes | Callable[[], bytes] | Callable[[Path], None]
"""What a file holds, how that is made, or how the file itself is."""


@dataclass(frozen=True, slots=True)
class Case:
    """A file as it is offered: its kind of import, its name, and what it holds."""

    title: str
    kind: str
    name: str
    content: Content

    def write(self, folder: Path) -> Path:
        """Return the file, made in `folder` under a name that is safe for this disk."""
        path = self.path(folder)
        if isinstance(self.content, bytes):
            path.write_bytes(self.content)
        elif self.content.__code__.co_argcount:
            self.content(path)
        else:
            path.write_bytes(self.content())
        return path

    def path(self, folder: Path) -> Path:
        """Return where the file is made."""
        return folder / f"offered{Path(self.name).suffix[:8]}"


HEADINGS = {
    "sales": "流水号,交易时间,枪号,油品,数量,金额,车牌号,卡号,站点编码",
    "stations": "站点编码,站点名称,片区,币种",
    "customers": "客户编号,客户类型,姓名,手机号,登记站点",
    "vehicles": "车牌号,车牌颜色,用途,客户编号",
    "cards": "卡号,卡类型,客户编号,限车号",
}
ROWS = {
    "sales": "{n},2025-03-03 07:{m:02}:12,3,92#,35.20,253.79,粤B1{n:04},90000000000{n:05},S1",
    "stations": "T{n},示范{n}站,珠三角,CNY",
    "customers": "C{n},个人,甲示川,1001357{n:04},S1",
    "vehicles": "粤B1{n:04},蓝,出租车,",
    "cards": "90000000000{n:05},储值卡,,粤B1{n:04}",
}


def lines(kind: str, rows: int = 40) -> list[str]:
    return [HEADINGS[kind], *(ROWS[kind].format(n=n, m=n % 60) for n in range(1, rows + 1))]


def table(kind: str, rows: int = 40) -> bytes:
    return ("\n".join(lines(kind, rows)) + "\n").encode()


def workbook(kind: str, rows: int = 40) -> bytes:
    held = io.BytesIO()
    with xlsxwriter.Workbook(held) as book:
        sheet = book.add_worksheet("明细")
        for place, line in enumerate(lines(kind, rows)):
            sheet.write_row(place, 0, line.split(","))
    return held.getvalue()


SOUND: tuple[tuple[str, str, bytes], ...] = (
    *((kind, "table.csv", table(kind)) for kind in HEADINGS),
    *((kind, "book.xlsx", workbook(kind)) for kind in ("sales", "customers", "vehicles")),
    ("sales", "journal.xml", (SAMPLES / "naxml_posjournal_plain.xml").read_bytes()),
    ("sales", "totals.xml", (SAMPLES / "naxml_fgm.xml").read_bytes()),
)


def cases(count: int = COUNT) -> list[Case]:
    """Return the first `count` of the files, of every sort some."""
    every = [*_special(), *_truncated()]
    flips = _flipped()
    while len(every) < COUNT:
        every.append(next(flips))
    random.Random(SEED).shuffle(every)
    return every[:count]


def _truncated() -> Iterator[Case]:
    for kind, name, sound in SOUND:
        for share in (0.02, 0.3, 0.55, 0.8, 0.97, 0.999):
            cut = sound[: max(1, int(len(sound) * share))]
            yield Case(f"cut at {share}", kind, name, cut)


def _flipped() -> Iterator[Case]:
    """Yield sound files of which bytes were changed: 20 seeds each, and on."""
    seed = 0
    while True:
        for kind, name, sound in SOUND:
            chance = random.Random(seed * 1_000 + len(sound))
            broken = bytearray(sound)
            for _ in range(chance.choice((1, 3, 10, 60))):
                broken[chance.randrange(len(broken))] = chance.randrange(256)
            yield Case(f"bytes changed, seed {seed}", kind, name, bytes(broken))
        seed += 1


def _special() -> Iterator[Case]:
    for kind in HEADINGS:
        for title, name, content in (*_texts(kind), *_packages(kind), *_places(kind)):
            yield Case(title, kind, name, content)
    for title, content in _documents():
        yield Case(title, "sales", "journal.xml", content)
    yield from (Case(f"{t}, as vehicles", "vehicles", "a.xml", c) for t, c in _documents())


# --- texts ----------------------------------------------------------------------------------------


def _texts(kind: str) -> Iterator[tuple[str, str, Content]]:
    heading, row = lines(kind, 1)
    cells = row.split(",")
    text = "\n".join(lines(kind))

    def with_cell(cell: str, place: int = 1) -> bytes:
        return "\n".join([heading, ",".join([*cells[:place], cell, *cells[place + 1 :]])]).encode()

    yield "empty", "a.csv", lambda: b""
    yield "only a mark", "a.csv", lambda: b"\xef\xbb\xbf"
    yield "only blanks", "a.csv", lambda: b" \r\n\t\r\n" * 2_000
    yield "a NUL in the middle", "a.csv", lambda: text.encode().replace(b"\n", b"\n\0", 3)
    yield "NULs only", "a.csv", lambda: bytes(100_000)
    yield "quotes in quotes", "a.csv", lambda: with_cell('"""' * 501 + '"a"b"c"')
    yield "a quote that does not close", "a.csv", lambda: with_cell('"open') + b"\n" + text.encode()
    yield "a line of 4 MB", "a.csv", lambda: with_cell("长" * 1_400_000)
    yield "a line of 64 MB", "a.csv", lambda path: _long_line(path, heading)
    yield "16,384 columns", "a.csv", lambda: _wide(heading, row)
    yield "1,100,000 rows", "a.csv", lambda: f"{heading}\n".encode() + b"1,2\n" * 1_100_000
    yield (
        "formulas",
        "a.csv",
        lambda: with_cell("=cmd|' /C calc'!A0") + b"\n" + with_cell('=HYPERLINK("x")'),
    )
    yield "an enormous number", "a.csv", lambda: with_cell("9" * 5_000)
    yield "no number at all", "a.csv", lambda: with_cell("nan", 4 if len(cells) > 4 else 1)
    yield "an exponent", "a.csv", lambda: with_cell("1E400", 4 if len(cells) > 4 else 1)
    yield "a day that is none", "a.csv", lambda: with_cell("2025-02-30 25:61:61")
    yield "the year 99999", "a.csv", lambda: with_cell("99999-01-01 00:00:00")
    yield "brackets without end", "a.csv", lambda: with_cell("（" * 20_000)
    yield "two same headings", "a.csv", lambda: f"{heading},{heading}\n{row},{row}\n".encode()
    yield "a second table", "a.csv", lambda: f"{text}\n{text}\n".encode()
    yield "utf-8 mark before utf-16", "a.csv", lambda: b"\xef\xbb\xbf" + text.encode("utf-16")
    yield "utf-16 mark before utf-8", "a.csv", lambda: b"\xff\xfe" + text.encode()
    yield "little mark, big body", "a.csv", lambda: b"\xff\xfe" + text.encode("utf-16-be")
    yield "utf-16 with an odd byte", "a.csv", lambda: text.encode("utf-16") + b"\x0a"
    yield "two marks", "a.csv", lambda: b"\xef\xbb\xbf\xef\xbb\xbf" + text.encode()
    yield (
        "two encodings",
        "a.csv",
        lambda: text.encode() + "\n".join(lines(kind, 9)[1:]).encode("gb18030"),
    )
    yield "a lone surrogate", "a.csv", lambda: text.encode() + b"\n\xed\xa0\x80,1,2\n"
    yield "big5", "a.csv", lambda: text.replace("数", "數").encode("big5", "replace")
    yield (
        "control characters",
        "a.csv",
        lambda: with_cell("".join(map(chr, range(1, 32))).replace("\n", "")),
    )
    yield "right to left", "a.csv", lambda: with_cell("\u202egnp.exe\u202c" * 50)
    yield "html as xls", "a.xls", lambda: f"<html><table><tr><td>{row}</td></tr></table>".encode()
    yield "html as csv", "a.csv", lambda: f"<!DOCTYPE html><table>{text}</table>".encode()
    yield "json", "a.csv", lambda: b'{"rows": [' + b'{"a": 1},' * 5_000 + b"]}"
    yield "a picture", "a.csv", lambda: b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(50_000)
    yield "a program", "a.csv", lambda: b"MZ\x90\0" + random.Random(2).randbytes(50_000)
    yield "a page to print", "a.csv", lambda: b"%PDF-1.7\n" + random.Random(3).randbytes(50_000)


def _long_line(path: Path, heading: str) -> None:
    with path.open("wb") as file:
        file.write(f"{heading}\n".encode())
        file.seek(64 * 2**20, io.SEEK_CUR)  # a hole of NULs on the disk
        file.write(b"x\n")


def _wide(heading: str, row: str) -> bytes:
    extra = ",".join(f"h{n}" for n in range(16_384))
    return f"{heading},{extra}\n{row},{'1,' * 16_383}1\n".encode()


# --- packages -------------------------------------------------------------------------------------


def _packages(kind: str) -> Iterator[tuple[str, str, Content]]:
    book = workbook(kind, 3)
    yield "a workbook named csv", "a.csv", lambda: book
    yield "a table named xlsx", "a.xlsx", lambda: table(kind, 3)
    yield "old excel", "a.xls", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5_000)
    yield "under a password", "a.xlsx", lambda: _locked()
    yield "a zip under a password", "a.xlsx", lambda: _flagged(book)
    yield "a zip bomb", "a.xlsx", lambda: _bomb(book)
    yield "a cell far away", "a.xlsx", lambda: _changed_text(book, 'r="A2"', 'r="XFD1048576"')
    yield (
        "a promise of texts",
        "a.xlsx",
        lambda: _changed_text(book, "uniqueCount=", 'x="" uniqueCount="999999999" y='),
    )
    yield "entities in a sheet", "a.xlsx", lambda: _entities(book)
    yield (
        "macros",
        "a.xlsm",
        lambda: _with(book, "xl/vbaProject.bin", random.Random(4).randbytes(9_000)),
    )
    yield (
        "paths in a package",
        "a.xlsx",
        lambda: _with(book, "../../../etc/cron.d/x", b"* * * * * root x"),
    )
    yield "no sheet at all", "a.xlsx", lambda: _only(book, "xl/workbook.xml")
    yield "a zip of something else", "a.xlsx", lambda: _only(book, "[Content_Types].xml")
    yield "ten thousand members", "a.xlsx", lambda: _many(book)


def _locked() -> bytes:
    mark = "EncryptedPackage".encode("utf-16-le")
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + mark + bytes(5_000)


def _flagged(book: bytes) -> bytes:
    """Return a package that says of its members that they are encrypted."""
    broken = bytearray(book)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = broken.find(mark)
        while place >= 0:
            broken[place + offset] |= 1
            place = broken.find(mark, place + 4)
    return bytes(broken)


def _rebuilt(book: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    held = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book)) as old,
        zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return held.getvalue()


def _bomb(book: bytes) -> bytes:
    spaces = b" " * 400 * 2**20
    return _rebuilt(book, lambda name, old: spaces if name.endswith("sheet1.xml") else old)


def _changed_text(book: bytes, old: str, new: str) -> bytes:
    return _rebuilt(book, lambda _, content: content.replace(old.encode(), new.encode()))


def _entities(book: bytes) -> bytes:
    return _rebuilt(
        book,
        lambda name, content: (
            content.replace(b"?>", b"?>" + LAUGHS, 1).replace(b"<v>", b"<v>&d;", 1)
            if name.endswith("sheet1.xml")
            else content
        ),
    )


def _with(book: bytes, member: str, content: bytes) -> bytes:
    held = io.BytesIO(book)
    with zipfile.ZipFile(held, "a") as package:
        package.writestr(member, content)
    return held.getvalue()


def _only(book: bytes, member: str) -> bytes:
    return _rebuilt(book, lambda name, content: content if name == member else None)


def _many(book: bytes) -> bytes:
    held = io.BytesIO(book)
    with zipfile.ZipFile(held, "a") as package:
        for number in range(10_000):
            package.writestr(f"x/{number}", b"")
    return held.getvalue()


# --- places and names -----------------------------------------------------------------------------


def _places(kind: str) -> Iterator[tuple[str, str, Content]]:
    sound = table(kind, 3)
    yield "a folder", "a.csv", lambda path: path.mkdir()
    yield "nothing there", "a.csv", lambda _: None
    yield "a pipe", "a.csv", lambda path: __import__("os").mkfifo(path)
    yield "a link to an endless file", "a.csv", lambda path: path.symlink_to("/dev/zero")
    yield "a link to a password file", "a.csv", lambda path: path.symlink_to("/etc/passwd")
    yield "a link to itself", "a.csv", lambda path: path.symlink_to(path)
    yield "a path as a name", "../../../../etc/cron.d/a.csv", lambda: sound
    yield "a name of control characters", "a\n\x1b[31m\0\u202e.csv", lambda: sound
    yield "a name without end", "长" * 5_000 + ".csv", sound
    yield "a name that is a formula", "=cmd|' /C calc'!A0.csv", lambda: sound


# --- documents ------------------------------------------------------------------------------------

LAUGHS = (
    b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>'
)


def _documents() -> Iterator[tuple[str, Content]]:
    sound = (SAMPLES / "naxml_posjournal_plain.xml").read_bytes()
    declared, body = sound.split(b"?>", 1)
    declared += b"?>"
    event = sound[sound.index(b"<SaleEvent>") : sound.index(b"</SaleEvent>") + 12]
    line = event[event.index(b"<TransactionLine") : event.index(b"</TransactionLine>") + 18]
    yield (
        "laughs",
        lambda: declared + LAUGHS.replace(b"<!DOCTYPE x", b"<!DOCTYPE NAXML-POSJournal") + body,
    )
    yield "laughs of another", lambda: declared + LAUGHS + body
    yield (
        "one long entity",
        lambda: declared + b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 90_000 + b'">]>' + body,
    )
    yield (
        "a file from outside",
        lambda: declared + b'<!DOCTYPE NAXML-POSJournal SYSTEM "file:///etc/passwd">' + body,
    )
    yield (
        "a parameter entity",
        lambda: declared + b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/">%p;]>' + body,
    )
    yield "an entity nobody declared", lambda: sound.replace(b"UNLEAD", b"&unknown;UNLEAD")
    yield "deep", lambda: sound.replace(b"<SaleEvent>", b"<a>" * 100_000 + b"<SaleEvent>")
    yield (
        "deep in an event",
        lambda: sound.replace(b"<SaleEvent>", b"<SaleEvent>" + b"<a>" * 100_000),
    )
    yield (
        "an endless name",
        lambda: sound.replace(b"<SaleEvent>", b"<" + b"a" * 8_000_000 + b"/><SaleEvent>"),
    )
    yield (
        "an endless value",
        lambda: sound.replace(b"<SaleEvent>", b'<SaleEvent a="' + b"a" * 8_000_000 + b'">'),
    )
    yield (
        "an endless remark",
        lambda: sound.replace(b"<SaleEvent>", b"<!--" + b"a" * 9_000_000 + b"--><SaleEvent>"),
    )
    yield "an endless text", lambda: sound.replace(b"UNLEAD", b"A" * 9_000_000)
    yield (
        "an endless section",
        lambda: sound.replace(b"UNLEAD", b"<![CDATA[" + b"<" * 9_000_000 + b"]]>"),
    )
    yield "an event of many lines", lambda: sound.replace(line, line * 20_000)
    yield (
        "many attributes",
        lambda: sound.replace(
            b"<SaleEvent>", b"<SaleEvent " + b" ".join(b'a%d="1"' % n for n in range(60_000)) + b">"
        ),
    )
    yield (
        "gbk",
        lambda: body.replace(b"UNLEAD", "汽油".encode("gbk")).join(
            [b'<?xml version="1.0" encoding="GBK"?>', b""]
        ),
    )
    yield "an encoding that is none", lambda: b'<?xml version="1.0" encoding="x-none"?>' + body
    yield "utf-7", lambda: b'<?xml version="1.0" encoding="utf-7"?>' + body
    yield (
        "utf-16 declared, utf-8 written",
        lambda: b'<?xml version="1.0" encoding="utf-16"?>' + body,
    )
    yield "two roots", lambda: sound + sound
    yield "the end before the beginning", lambda: b"</NAXML-POSJournal>" + sound
    yield "another root", lambda: sound.replace(b"NAXML-POSJournal", b"NAXML-Other")
    yield "version 9", lambda: sound.replace(b'version="3.4"', b'version="9.1"')
    yield "a style sheet", lambda: declared + b'<?xml-stylesheet href="file:///etc/passwd"?>' + body
    yield (
        "an include",
        lambda: sound.replace(
            b"<SaleEvent>", b'<xi:include xmlns:xi="x" href="/etc/passwd"/><SaleEvent>'
        ),
    )
    yield "quantities that are none", lambda: sound.replace(b"11.198", b"1e999")
    yield (
        "a number without end",
        lambda: sound.replace(b"<TransactionID>900", b"<TransactionID>" + b"9" * 5_000),
    )
    yield "bytes behind the end", lambda: sound + bytes(5_000)
