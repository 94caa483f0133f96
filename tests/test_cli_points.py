"""The ledger at the command line: told in words and as JSON, and safe to repeat."""

import json
from pathlib import Path

import pytest
from services.points.counter import ANNA, Counter, opened
from typer.testing import CliRunner

from station.archive.database import create_or_upgrade
from station.cli import app
from station.model import Role
from station.services.people import approvals

runner = CliRunner()


@pytest.fixture
def shop(tmp_path: Path) -> Counter:
    made = opened(create_or_upgrade(f"sqlite:///{tmp_path / 'station.db'}"))
    made.earn(ANNA, 100)
    return made


def run(shop: Counter, *words: str) -> str:
    archive = str(shop.ask.db.url)
    told = runner.invoke(app, ["--archive", archive, "--lang", "en", "points", *words])
    assert told.exit_code == 0, told.stderr
    return told.stdout


def test_points_are_redeemed_once_under_a_key_and_given_back(shop: Counter) -> None:
    redeem = ["redeem", ANNA.card, "40", "--by", "card", "--station", "S1", "--json"]

    first, again = (json.loads(run(shop, *redeem, "--key", "form-0001")) for _ in range(2))

    assert first == again
    assert (first["points"], first["balance"]) == (40, 60)
    assert "given back" in run(shop, "reverse", str(first["number"]), "--reason", "mistake")
    run(shop, "reverse", str(first["number"]), "--reason", "mistake")
    assert json.loads(run(shop, "balance", ANNA.plate, "--json"))["balance"] == 100


def test_a_balance_tells_what_runs_out_when(shop: Counter) -> None:
    shop.earn(ANNA, 20, days=4_000)

    said = run(shop, "balance", ANNA.code, "--by", "code")

    assert "120 points" in said
    assert "20 of them count up to" in said
    assert "100 of them do not run out" in said


def test_a_correction_waits_for_somebody_else_whoever_asks(shop: Counter) -> None:
    adjust = ["adjust", ANNA.plate, "--points", "-30", "--reason", "pump was wrong"]
    (checker,) = shop.staff(checker=Role.REGIONAL)

    said = [run(shop, *adjust, "--key", "form-0001") for _ in range(2)]

    assert said == ["The correction waits for a second person to agree.\n"] * 2
    assert shop.balance(ANNA).balance == 100
    (number,) = approvals.waiting(checker)["id"]
    approvals.decide(checker, request_id=int(number), approve=True)
    moves = json.loads(run(shop, "history", ANNA.plate, "--json"))
    assert [(row["move"], row["member"]) for row in moves] == [("adjust", -30), ("earn", 100)]
    assert "earn" in run(shop, "history", ANNA.plate)


def test_what_is_over_is_booked_out_at_the_command_line(shop: Counter) -> None:
    assert json.loads(run(shop, "expire", "--json")) == {"members": 0, "points": 0, "holds": 0}


def test_a_refusal_is_one_clear_sentence(shop: Counter) -> None:
    archive = str(shop.ask.db.url)
    words = ["points", "redeem", ANNA.plate, "101", "--station", "S1"]

    told = runner.invoke(app, ["--archive", archive, "--lang", "en", *words])

    assert told.exit_code == 1
    assert told.stderr.strip() == "The member may spend 100 points, not 101. Choose fewer."
