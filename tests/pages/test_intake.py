"""A file is looked at, imported and undone on the page as on the command line."""

from datetime import date
from pathlib import Path

import pytest
from opened import desk_of, open_page
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
