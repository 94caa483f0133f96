"""Files of customers, vehicles, cards and stations as offices really send them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
from makers import make_station

from station.archive import stations
from station.archive.database import Database
from station.config import Settings
from station.errors import FileRefusedError
from station.model import ImportCounts
from station.services import access
from station.services.ask import Ask
from station.services.incoming import records
from station.services.incoming.files import FileOptions, FileReport


@dataclass(frozen=True, slots=True)
class Office:
    """Where the files are brought in."""

    ask: Ask
    folder: Path

    def take(self, kind: str, lines: Sequence[str], encoding: str = "gb18030") -> FileReport:
        path = self.folder / f"{kind}.csv"
        path.write_text("\r\n".join(lines), encoding=encoding)
        return self.take_file(kind, path)

    def take_file(self, kind: str, path: Path) -> FileReport:
        return records.import_records(
            self.ask, kind=kind, path=path, options=FileOptions(lang="en")
        )


@pytest.fixture
def office(db: Database, tmp_path: Path) -> Office:
    with db.writing() as conn:
        stations.add(conn, make_station("S1"))
    return Office(Ask(db, Settings(), access.local_operator(db), date.max), tmp_path)


FILES: dict[str, tuple[Sequence[str], ImportCounts, dict[str, int]]] = {
    "customers": (
        [
            "客户信息登记表,,,",
            "制表单位:示范一站,,制表日期:2025-03-01,",
            ",,,",
            "客户编号(必填), 姓 名 ,手机号码：,登记站点,序号",
            "C1,甲示川,\t10012345678,S1,1",
            "C2,乙例澜,1.38E+10,S1,2",
            "C3,丙样,'10012345679,S1,3",
            ",丁戊,10012345670,S1,4",
            "C1,甲示川,10012345678,S1,5",
            ",,,,",
            "合计:,3人,,,",
            "制表人：,,,,",
        ],
        ImportCounts(accepted=2, duplicates=1, rejected=2, ignored=2),
        {"phone_digits_lost": 1, "no_code": 1},
    ),
    "vehicles": (
        [
            "车辆台账,,,",
            "车牌号码,号牌颜色,使用性质,备注",
            "粤B·12345,蓝牌,出租客运,",
            "粤Ｂ12346,黄,货运,老客户",
            "粤B12347,蓝,飞船,",
            "小计,2,,",
            "总计：,3,,",
        ],
        ImportCounts(accepted=2, rejected=1, ignored=2),
        {"unknown_word": 1},
    ),
    "cards": (
        [
            "卡片清单,,",
            "加油卡号,卡种,限车号",
            "'9000000000000000019,储值卡,粤B12345",
            "9.00E+18,储值卡,",
            '"=""9000000000000000027""",储值卡,',
            "共计,3张,",
        ],
        ImportCounts(accepted=2, rejected=1, ignored=1),
        {"digits_lost": 1},
    ),
    "stations": (
        [
            "加油站一览表,,,",
            "油站编码,油站名称,片区,省份",
            "S1,示范一站,珠三角,广东省",
            "S2,示范二站,珠三角,火星",
            "S3,示范三站,珠三角,粤",
            "合计,3座,,",
        ],
        ImportCounts(accepted=2, rejected=1, ignored=1),
        {"unknown_word": 1},
    ),
}


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("kind", FILES)
def test_titles_totals_and_odd_cells_do_no_harm(office: Office, kind: str, encoding: str) -> None:
    lines, counts, reasons = FILES[kind]

    report = office.take(kind, lines, encoding)

    assert (report.counts, report.reasons) == (counts, reasons)


def test_a_workbook_with_merged_cells_and_numbers_is_read_cell_by_cell(office: Office) -> None:
    path = office.folder / "book.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("客户")
        sheet.merge_range(0, 0, 0, 3, "客户信息登记表")
        sheet.write_row(1, 0, ["客户编号", "客户类型", "姓名", "手机号"])
        sheet.merge_range(2, 0, 3, 0, "C1")
        sheet.write_row(2, 1, ["个人", "甲示川", 10012345678])
        sheet.write_row(3, 1, ["个人", "乙例澜", 10012345679])
        sheet.write_row(4, 0, [1002, "个人", "丙样", 1.23456789012345e17])
        sheet.write_row(5, 0, ["合计", 3])
    report = office.take_file("customers", path)

    assert report.counts == ImportCounts(accepted=1, rejected=2, ignored=1)
    assert report.reasons == {"no_code": 1, "phone_digits_lost": 1}


def test_two_columns_of_one_heading_leave_a_doubt_and_are_refused(office: Office) -> None:
    with pytest.raises(FileRefusedError, match="two_same_headings"):
        office.take("customers", ["客户编号,手机号,手机号", "C1,10012345678,10012345679"])


def test_a_corrected_file_of_rejected_rows_brings_only_those(office: Office) -> None:
    lines, *_ = FILES["customers"]
    first = office.take("customers", lines)
    assert first.rejects_file is not None
    text = first.rejects_file.read_text("utf-8-sig").replace("1.38E+10", "10012345677")
    first.rejects_file.write_text(text.replace(",丁戊,", "C4,丁戊,"), encoding="utf-8-sig")

    second = office.take_file("customers", first.rejects_file)

    assert second.counts == ImportCounts(accepted=2)
