"""The address of a calendar: open to whoever has it, the same answer to everybody else."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from services.calls.kindness import Town, town_of
from starlette.applications import Starlette
from starlette.testclient import TestClient

from station.archive.database import open_database
from station.door import paths
from station.door.calendars import Calendars
from station.model import Role
from station.services.calls import calendars


@pytest.fixture
def town(empty_file: Path, tmp_path: Path) -> Iterator[Town]:
    """Yield a town on SQLite."""
    shutil.copy(empty_file, tmp_path / "station.db")
    made = town_of(open_database(f"sqlite:///{tmp_path / 'station.db'}"))
    yield made
    made.ask.db.close()


@pytest.fixture
def door(town: Town) -> Iterator[TestClient]:
    """Yield a browser before the door, signed in nowhere."""
    with TestClient(Starlette(routes=Calendars(town.ask.db, town.ask.settings).routes())) as client:
        yield client


def test_a_calendar_comes_with_a_tag_and_is_not_sent_again(town: Town, door: TestClient) -> None:
    path = calendars.renew(town.as_("sven", Role.STAFF), lang="zh")

    first = door.get(path)
    tag = first.headers["ETag"]
    told = [door.get(path, headers={"If-None-Match": one}) for one in (tag, f'"x", W/{tag}', '"x"')]

    assert first.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert [one.status_code for one in (first, *told)] == [200, 304, 304, 200]
    assert told[0].content == b""


def test_every_wrong_address_is_answered_alike(town: Town, door: TestClient) -> None:
    ask = town.as_("sven", Role.STAFF)
    revoked = calendars.renew(ask, lang="zh")
    calendars.revoke(ask)
    wrong = (revoked, "/calendar/x.ics", f"/calendar/{'a' * 43}.ics", "/calendar/%00.ics")

    answers = {
        (got.status_code, got.content, got.headers.get("ETag"))
        for path in wrong
        for got in [door.get(path)]
    }

    assert answers == {(404, b"", None)}


def test_nothing_is_written_to_it(town: Town, door: TestClient) -> None:
    path = calendars.renew(town.as_("sven", Role.STAFF), lang="zh")

    assert door.post(path, content=b"x").status_code == 405


def test_the_gate_lets_it_pass() -> None:
    assert paths.is_below("/calendar/abc.ics", paths.OPEN)
    assert paths.local("/calendar/abc.ics") == ""
