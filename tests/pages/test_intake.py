"""A file is looked at, imported and undone on the page as on the command line."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from opened import desk_of, open_page, words_of
from streamlit.testing.v1 import AppTest

from station.config import Settings
from station.services import access, keeping
from station.services.ask import Ask
from station.services.incoming import intake, records
from station.services.incoming.files import FileOptions

SAMPLES = Path(__file__).parents[1] / "ingest" / "samples"
GBK = "cn_station_trades_gbk.csv"


@pytest.fixture
def ask(empty_archive: str, tmp_path: Path) -> Ask:
    """Return a question on an archive that knows the sample's station and holds no sale."""
    db = keeping.open_archive(Settings(), empty_archive)
    ask = Ask(db, Settings(), access.local_operator(db), date(2025, 3, 4))
    stations = tmp_path / "stations.csv"
    stations.write_text("站点编码,站点名称\nA0001,示范一站\n", encoding="utf-8")
    records.import_records(ask, kind="stations", path=stations, options=FileOptions())
    return Ask(db, Settings(), access.local_operator(db), date(2025, 3, 4))


def uploaded(ask: Ask, name: str = GBK, content: bytes | None = None) -> AppTest:
    page = open_page("intake", desk_of(ask))
    page.file_uploader[0].upload(name, content or (SAMPLES / GBK).read_bytes())
    return page.run()


def figures(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def press(page: AppTest, words: str) -> AppTest:
    next(button for button in page.button if button.label == words).click()
    return page.run()


def test_looking_says_what_would_come_in_and_changes_nothing(ask: Ask) -> None:
    page = press(uploaded(ask), "查看")

    assert figures(page) == {"接收": "11", "重复": "0", "冲突": "0", "拒收": "0", "忽略": "2"}
    assert "sales" not in intake.listing(ask)["kind"].tolist()


def test_an_imported_file_is_listed_under_its_own_name(ask: Ask) -> None:
    page = press(uploaded(ask), "导入")

    assert figures(page)["接收"] == "11"
    newest = intake.listing(ask).iloc[0]
    assert (newest["file_name"], newest["accepted"]) == (GBK, 11)


def test_a_file_that_cannot_be_read_is_refused_in_words(ask: Ask) -> None:
    page = press(uploaded(ask, "notes.csv", b"hello\nworld\n"), "导入")

    assert not page.exception
    assert len(page.error) == 1
    assert not figures(page)


def test_a_name_that_holds_a_path_stays_a_name(ask: Ask) -> None:
    page = press(uploaded(ask, "../../etc/passwd.csv"), "导入")

    assert figures(page)["接收"] == "11"
    assert not list(ask.db.folder.parent.rglob("passwd*"))


def test_the_page_says_what_is_missing_and_which_nozzle_sees_no_plates(ask: Ask) -> None:
    press(uploaded(ask), "导入")
    page = open_page("intake", desk_of(ask))

    assert not page.exception
    assert "数据缺了吗？" in words_of(page)
    assert "各油枪流水中认出车辆的比例" in words_of(page)


def test_a_journal_is_imported_and_its_totals_compared(ask: Ask, tmp_path: Path) -> None:
    stations = tmp_path / "abroad.csv"
    stations.write_text("code,name,currency,zone\n1022,Exit 9,USD,America/New_York\n", "utf-8")
    records.import_records(ask, kind="stations", path=stations, options=FileOptions())
    ask = replace(ask, scope=access.local_operator(ask.db))
    for name in ("naxml_posjournal_plain.xml", "naxml_fgm.xml"):
        press(uploaded(ask, name, (SAMPLES / name).read_bytes()), "导入")

    page = open_page("intake", desk_of(ask))
    tables = "".join(frame.value.to_string() for frame in page.dataframe)

    assert not page.exception
    assert "收银日合计" in tables
    assert "油品 001" in tables


def test_a_file_of_customers_is_taken_back_and_the_page_says_how_much(
    ask: Ask, tmp_path: Path
) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("客户编号,客户类型\nC1,个人\nC2,个人\n", encoding="utf-8")
    records.import_records(ask, kind="customers", path=path, options=FileOptions())
    page = open_page("intake", desk_of(ask))
    page.session_state["intake_history"] = {"selection": {"rows": [0], "columns": []}}
    page = page.run()

    page.checkbox[-1].check()
    page = press(page.run(), "撤销此次导入")

    assert [one.value for one in page.success] == ["已删除此文件带来的 2 条记录。"]
    assert intake.listing(ask)["status"].iloc[0] == "undone"
