"""What calls do, at the command line."""

import json
from pathlib import Path

import pytest
from archive.shop import Shop
from town import NOW, TODAY, Person, sell, settle, visit
from typer.testing import CliRunner

from station.archive import stations
from station.archive.calls import holdouts
from station.archive.calls.holdouts import HoldOut
from station.archive.database import create_or_upgrade
from station.cli import app
from station.model import Arm

runner = CliRunner()


@pytest.fixture
def archive(tmp_path: Path) -> str:
    """Return the URL of an archive in which twenty fell due, and all who were called came back."""
    db = create_or_upgrade(f"sqlite:///{tmp_path / 'station.db'}")
    people = [Person(number) for number in range(20)]
    ids = list(settle(db, people, since_day=TODAY - 400).values())
    sell(db, [visit(one, 20 if one.number % 2 else 300 + one.number) for one in people])
    sell(db, [visit(Person(99), 0)])
    with db.writing() as conn:
        place = Shop(conn).station_ids["S1"]
        holdouts.add(conn, [
            HoldOut(one, "2026-Q3", place, TODAY - 40, Arm.CALL if number % 2 else Arm.HOLD, 0.4,
                    "B", 9.0, 300.0, 0.5, is_capped=False, made_at=NOW)
            for number, one in enumerate(ids)
        ])  # fmt: skip
        assert stations.ids(conn)["S1"] == place
    db.close()
    return f"sqlite:///{tmp_path / 'station.db'}"


def run(archive: str, *words: str) -> str:
    told = runner.invoke(app, ["--archive", archive, "--lang", "en", "calls", "effect", *words])
    assert told.exit_code == 0, told.stderr
    return told.stdout


def test_the_verdict_comes_first_and_each_station_after_it(archive: str) -> None:
    said = run(archive).splitlines()

    assert said[0].startswith("Yes: 100% of those to be called came back, 0% of those left")
    assert said[-1].startswith("S1: 20 fell due, +100.0 points")


def test_a_program_is_told_numbers_and_null_where_nothing_is_known(archive: str) -> None:
    told = json.loads(run(archive, "--json"))

    assert told["whole"]["sentence"] == "effect.works"
    assert (told["whole"]["called"], told["whole"]["held"]) == (10, 10)
    assert told["whole"]["litres"] is None
    assert told["path"][-1]["due"] == 20
    assert [row["station"] for row in told["stations"]] == ["S1"]
    assert json.loads(run(archive, "--json", "--as-of", "2026-08-01"))["whole"]["due"] == 0
