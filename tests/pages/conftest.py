"""The dashboard without a browser: the real front door on a real archive."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from copying import copy_archive
from pages.office import office  # noqa: F401 - a fixture
from people import token_for
from streamlit.testing.v1 import AppTest

from station.config import Settings
from station.pages import front
from station.services import access, board, keeping
from station.services.ask import Ask

RUN_S = 60
OpenPage = Callable[..., AppTest]


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> OpenPage:
    """Return a function that opens a page of an archive, in a language, with URL parameters."""

    def opened(archive: str, name: str, lang: str = "zh", **parameters: str) -> AppTest:
        monkeypatch.setenv("STATION_ARCHIVE", archive)
        app = AppTest.from_file(front.__file__, default_timeout=RUN_S)
        app.session_state["lang"] = lang
        app.session_state["token"] = token_for(archive)
        app.run()
        if name != "today":
            app.switch_page(f"{name}.py")
            app.query_params.update(parameters)
            app.run()
        return app

    return opened


@pytest.fixture
def own_archive(demo_archive: str, tmp_path: Path) -> str:
    """Return the URL of a copy of the demo archive that a test may change."""
    folder = Path(demo_archive.removeprefix("sqlite:///")).parent
    return copy_archive(folder, tmp_path / "own", without=("files",))


@pytest.fixture
def empty_archive(sqlite_url: str) -> str:
    """Return the URL of an archive without a sale."""
    keeping.create(Settings(), sqlite_url).close()
    return sqlite_url


def ask_of(archive: str) -> Ask:
    """Return the local operator's question on an archive, as of its last day."""
    settings = Settings()
    db = keeping.open_archive(settings, archive)
    ask = Ask(db, settings, access.local_operator(db), date.max)
    return replace(ask, as_of=board.last_day(ask))


@pytest.fixture
def own_ask(own_archive: str) -> Ask:
    """Return the local operator's question on the test's own archive."""
    return ask_of(own_archive)
