"""Who is overdue today, and how many calls a station can make."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pages.conftest import own_archive, own_ask  # noqa: F401 - fixtures

from station.config import Settings
from station.errors import BadValueError, NotAllowedError
from station.model import Stability, day_number
from station.services import access, alarms, board, keeping, sites
from station.services.ask import Ask
from station.services.incoming import records
from station.services.incoming.files import FileOptions

pytestmark = pytest.mark.slow


def test_the_look_up_finds_whom_the_board_calls_overdue_of_late(own_ask: Ask) -> None:  # noqa: F811
    frame = board.vehicles(own_ask)
    day = day_number(own_ask.as_of)
    late = frame["alarm_day"].between(day - 29, day)
    expected = frame[(frame["stability"] == Stability.REGULAR.value) & late]

    changed = alarms.refresh(own_ask)
    found = alarms.overdue(own_ask, days=30)

    assert changed > 0
    assert len(found) == len(expected) > 0
    assert set(found["label"]) == set(expected["label"].str.split("/").str[0])
    assert found["worth"].is_monotonic_decreasing


def test_a_second_refresh_changes_nothing(own_ask: Ask) -> None:  # noqa: F811
    alarms.refresh(own_ask)

    assert alarms.refresh(own_ask) == 0


def test_alarms_of_another_station_are_not_in_sight(own_ask: Ask) -> None:  # noqa: F811
    alarms.refresh(own_ask)
    first = board.stations_known(own_ask)["station_id"].min()
    narrow = replace(own_ask, scope=replace(own_ask.scope, station_ids=frozenset({int(first)})))

    assert set(alarms.overdue(narrow, days=400)["station"]) <= {"A0001"}


def test_nobody_refreshes_without_the_right(own_ask: Ask) -> None:  # noqa: F811
    with pytest.raises(NotAllowedError):
        alarms.refresh(replace(own_ask, scope=replace(own_ask.scope, rights={})))


def test_the_calls_of_a_week_cut_the_list(own_ask: Ask) -> None:  # noqa: F811
    alarms.refresh(own_ask)
    sites.change(own_ask, station="A0001", field="calls_per_week", new="2",
                 from_on=access.today(), reason="two of us")  # fmt: skip

    found = alarms.overdue(own_ask, stations=["A0001"], days=400)

    assert alarms.calls_per_week(own_ask)["A0001"] == 2
    assert found["to_call"].sum() == min(len(found), 2)


@pytest.mark.parametrize("new", ["-1", "many", "1001", ""])
def test_calls_that_cannot_be_are_refused(own_ask: Ask, new: str) -> None:  # noqa: F811
    with pytest.raises(BadValueError):
        sites.change(own_ask, station="A0001", field="calls_per_week", new=new,
                     from_on=access.today(), reason="x")  # fmt: skip


def test_the_night_works_the_alarms_out_anew(own_ask: Ask) -> None:  # noqa: F811
    done = {chore.name: chore.facts for chore in keeping.nightly(own_ask)}

    assert done["alarms"]["number"] > 0
    assert Settings().lapse.overdue_below == 0.5
    assert len(alarms.overdue(replace(own_ask, as_of=own_ask.as_of + timedelta(days=20)), days=50))


def test_a_file_of_stations_leaves_the_calls_as_they_are(own_ask: Ask, tmp_path: Path) -> None:  # noqa: F811
    sites.change(own_ask, station="A0001", field="calls_per_week", new="7",
                 from_on=access.today(), reason="seven")  # fmt: skip
    path = tmp_path / "stations.csv"
    path.write_text("code,name\nA0001,Lake\n", encoding="utf-8")

    records.import_records(own_ask, kind="stations", path=path, options=FileOptions())

    assert alarms.calls_per_week(own_ask)["A0001"] == 7
