"""Who is overdue today, and how many calls a station can make."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from copying import copy_archive
from pages.conftest import ask_of, own_archive, own_ask  # noqa: F401 - fixtures
from typer.testing import CliRunner

from station.cli import app
from station.config import Settings
from station.errors import BadValueError, NotAllowedError
from station.model import LapseReason, Stability, day_date, day_number
from station.services import access, alarms, board, keeping, sites
from station.services.ask import Ask
from station.services.customers import holding, merging
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


@pytest.fixture(scope="module")
def renewed_archive(demo_archive: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a copy of the demo archive whose alarms are worked out."""
    folder = Path(demo_archive.removeprefix("sqlite:///")).parent
    home = tmp_path_factory.mktemp("renewed")
    alarms.refresh(ask_of(copy_archive(folder, home / "own", without=("files",))))
    return home / "own"


@pytest.fixture
def renewed(renewed_archive: Path, tmp_path: Path) -> Ask:
    """Return a question on an own copy of it."""
    return ask_of(copy_archive(renewed_archive, tmp_path / "mine"))


def silent_regulars(ask: Ask) -> pd.DataFrame:
    """Return the regulars of one owner each that are overdue, the most frequent first."""
    rows = board.vehicles(ask)
    rows = rows[(rows["stability"] == Stability.REGULAR.value) & (rows["state"] == "overdue")]
    plated = rows[(rows["key_kind"] == "plate") & ~rows["vehicle_id"].duplicated(keep=False)]
    return plated.sort_values("visits", ascending=False, ignore_index=True)


def middle(row: pd.Series) -> date:
    return day_date(int(row["first_day"] + row["last_day"]) // 2)


def test_a_plate_that_moves_takes_its_alarm_along(renewed: Ask) -> None:
    row = silent_regulars(renewed).iloc[0]

    holding.move_plate(renewed, vehicle_id=int(row["vehicle_id"]),
                       plate=row["label"].split("/")[0], on=middle(row))  # fmt: skip

    assert alarms.refresh(renewed) == 0
    known = board.vehicles(renewed)
    assert known.loc[known["vehicle_id"] == row["vehicle_id"], "visits"].sum() < row["visits"]


def test_a_vehicle_that_is_sold_is_no_more_called_overdue(renewed: Ask) -> None:
    row = silent_regulars(renewed).iloc[1]

    holding.sell(renewed, vehicle_id=int(row["vehicle_id"]), on=renewed.as_of)

    states = alarms.overdue(renewed, days=400).set_index("vehicle_id")["state"]
    assert states[row["vehicle_id"]] == "sold"


def test_a_fleet_that_leaves_is_no_more_called_overdue(renewed: Ask) -> None:
    rows = silent_regulars(renewed).dropna(subset="customer_id")
    customer_id = int(rows["customer_id"].iloc[0])

    holding.leave(renewed, customer_id=customer_id, on=renewed.as_of,
                  reason=LapseReason.CONTRACT)  # fmt: skip

    states = alarms.overdue(renewed, days=400).set_index("vehicle_id")["state"]
    assert states[rows["vehicle_id"].iloc[0]] in {"fleet_left", "sold"}


def test_a_station_of_another_kind_has_other_alarms(renewed: Ask) -> None:
    known = board.stations_known(renewed).set_index("code")
    new = str(known.loc["A0002", "kind"])

    sites.change(renewed, station="A0001", field="kind", new=new,
                 from_on=access.today(), reason="the new road")  # fmt: skip

    assert alarms.refresh(renewed) == 0


def test_two_rows_of_one_customer_move_no_alarm_when_they_are_merged(renewed: Ask) -> None:
    before = alarms.overdue(renewed, days=400)
    people = board.vehicles(renewed)
    people = people[people["organisation_name"].fillna("") == ""].dropna(subset="customer_id")
    kept_id, gone_id = people["customer_id"].astype(int).unique()[:2].tolist()

    merge_id = merging.merge(renewed, kept_id=kept_id, gone_id=gone_id, reason="the same man")
    after = alarms.overdue(renewed, days=400)
    alarms.refresh(renewed)

    assert after["alarm_day"].tolist() == before["alarm_day"].tolist()
    assert alarms.overdue(renewed, days=400)["alarm_day"].tolist() == before["alarm_day"].tolist()
    merging.undo(renewed, merge_id=merge_id)


def test_a_file_of_stations_renews_the_alarms(renewed: Ask, tmp_path: Path) -> None:
    path = tmp_path / "stations.csv"
    path.write_text("code,name,kind\nA0001,Lake,motorway\nA0002,Hill,motorway\n", encoding="utf-8")

    result = CliRunner().invoke(
        app, ["--archive", str(renewed.db.url), "import", "stations", str(path)]
    )

    assert result.exit_code == 0, result.output
    assert alarms.refresh(ask_of(str(renewed.db.url))) == 0
