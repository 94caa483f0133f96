"""A chain without a sale, its people, and the dashboard as each of them opens it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from makers import make_station
from people import enter, make_account
from streamlit.testing.v1 import AppTest

from station.archive import stations
from station.archive.database import Database
from station.config import Settings
from station.model import Grant, Role
from station.pages import front
from station.pages.parts import acts
from station.services import access, keeping
from station.services.ask import Ask

RUN_S = 60
WHY = "as agreed"


@dataclass(frozen=True, slots=True)
class Office:
    """Stations N1 and N2 in the north, S1 in the south; `ids` by code."""

    db: Database
    url: str
    ids: dict[str, int]

    def ask(self, name: str) -> Ask:
        """Return what an account may ask now."""
        scope = access.scope_of(self.db, enter(self.db, name), Settings().sign_in)
        return Ask(self.db, Settings(), scope, access.today())

    def operator(self) -> Ask:
        """Return the question of whoever keeps the files."""
        return Ask(self.db, Settings(), access.local_operator(self.db), access.today())

    def open(self, name: str, page: str, lang: str = "en") -> AppTest:
        """Return a page as an account opens it by the front door."""
        app = AppTest.from_file(front.__file__, default_timeout=RUN_S)
        app.session_state["lang"] = lang
        app.session_state["token"] = enter(self.db, name)
        app.run()
        app.switch_page(f"{page}.py")
        return app.run()


def office_at(url: str) -> Iterator[Office]:
    """Yield an office: administrators anna (twice) and bert, and one person of every other role."""
    db = keeping.create(Settings(), url)
    with db.writing() as conn:
        ids = {
            code: stations.add(conn, make_station(code, region=region))
            for code, region in (("N1", "north"), ("N2", "north"), ("S1", "south"))
        }
    for name, person, given in (
        ("anna", "A1", Grant(Role.ADMINISTRATOR)),
        ("anna.two", "A1", Grant(Role.ADMINISTRATOR)),
        ("bert", "B1", Grant(Role.ADMINISTRATOR)),
        ("rita", "R1", Grant(Role.REGIONAL, region="north")),
        ("mona", "M1", Grant(Role.MANAGER, station_id=ids["N1"])),
        ("sven", "S1", Grant(Role.STAFF, station_id=ids["N1"])),
        ("otto", "O1", Grant(Role.AUDITOR)),
    ):
        make_account(db, name, given, person=person)
    yield Office(db, url, ids)
    db.close()


@pytest.fixture
def office(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Yield an office whose archive the front door opens."""
    monkeypatch.setenv("STATION_ARCHIVE", sqlite_url)
    yield from office_at(sqlite_url)


def fresh(app: AppTest, key: str) -> str:
    """Return the key that a widget has now; it is new after every act."""
    is_first = acts.ROUND not in app.session_state
    return f"{key}_{0 if is_first else app.session_state[acts.ROUND]}"


def press(app: AppTest, key: str) -> AppTest:
    """Press the button whose key begins so."""
    button = next(button for button in app.main.button if str(button.key).startswith(key))
    button.click()
    return app.run()


def said(app: AppTest) -> str:
    """Return everything on the page in words, without the signs that keep Markdown off."""
    kinds: list[Any] = [app.main.title, app.main.subheader, app.main.markdown, app.main.caption]
    kinds += [app.main.info, app.main.warning, app.main.success, app.main.error]
    return "\n".join(str(part.value) for kind in kinds for part in kind).replace("\\", "")


def errors(app: AppTest) -> str:
    """Return what was refused."""
    return "\n".join(str(part.value) for part in app.main.error).replace("\\", "")
