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


def test_a_standing_tells_of_levels_or_that_there_are_none(shop: Counter, tmp_path: Path) -> None:
    assert "no levels yet" in run(shop, "standing", ANNA.plate)
    rules = tmp_path / "config.yaml"
    tiers = "{levels: [{name: silver, least: 4, en: Silver}]}"
    rules.write_text(
        f"programme: {{versions: [{{name: first, starts: 2026-01-01, tiers: {tiers}}}]}}\n",
        encoding="utf-8",
    )
    archive = ["--archive", str(shop.ask.db.url), "--config", str(rules), "--lang", "en"]

    said = runner.invoke(app, [*archive, "points", "standing", ANNA.plate])
    plain = runner.invoke(app, [*archive, "points", "standing", ANNA.plate, "--json"])

    assert "No level yet: 0 of 4 fills for Silver" in said.stdout, said.stderr
    assert (json.loads(plain.stdout)["above"], json.loads(plain.stdout)["missing"]) == ("silver", 4)


def test_what_open_points_may_cost_is_told_in_words_and_as_json(shop: Counter) -> None:
    said, told = run(shop, "liability"), json.loads(run(shop, "liability", "--json"))

    assert "100 points are open" in said
    assert (told["open"], told["breakage"], told["is_known"]) == (100, 0, False)
    assert [row["issued"] for row in told["flows"]] == [100]
    past = json.loads(run(shop, "liability", "--as-of", "2020-01-01", "--json"))
    assert (past["open"], past["flows"]) == (0, [])


def test_rules_of_a_file_are_tried_at_the_command_line(shop: Counter, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(
        "name: tried\nstarts: 2027-01-01\nearning:\n  rules:\n"
        "    - {name: money, points: 1, per: 1, of: money}\n",
        encoding="utf-8",
    )

    said = run(shop, "simulate", str(file), "--days", "30")
    told = json.loads(run(shop, "simulate", str(file), "--json"))

    assert "“tried” (from 1 Jan 2027) tried against" in said
    assert (told["name"], told["lines"], told["stations"]) == ("tried", 0, [])


@pytest.mark.parametrize("words", [(), ("rules.yaml", "--next")])
def test_a_trial_needs_one_version_that_there_is(shop: Counter, words: tuple[str, ...]) -> None:
    archive = str(shop.ask.db.url)

    told = runner.invoke(app, ["--archive", archive, "points", "simulate", *words])

    assert told.exit_code in {1, 2}


OFFERS = """
programme:
  versions:
    - name: first
      starts: 2026-01-01
      offers:
        - {name: ten, points: 40, off_minor: 1000, least_minor: 5000, en: Ten off}
        - {name: tea, points: 10, stock: 1, en: A tea}
"""


@pytest.fixture
def offering(shop: Counter, tmp_path: Path) -> list[str]:
    """Return how a command begins in an archive with offers."""
    rules = tmp_path / "config.yaml"
    rules.write_text(OFFERS, encoding="utf-8")
    archive = ["--archive", str(shop.ask.db.url), "--config", str(rules), "--lang", "en"]
    return [*archive, "points"]


def told(words: list[str], *more: str) -> str:
    done = runner.invoke(app, [*words, *more])
    assert done.exit_code == 0, done.stderr
    return done.stdout


def test_offers_are_told_with_what_stands_in_the_way(offering: list[str], shop: Counter) -> None:
    shop.redeem(ANNA, 70)

    said = told(offering, "offers", ANNA.plate, "--station", "S1")
    plain = json.loads(told(offering, "offers", ANNA.plate, "--station", "S1", "--json"))

    assert "Ten off: 40 points\n  This takes 40 points, and there are 30." in said
    assert "A tea: 10 points, 1 left" in said
    assert [(one["name"], one["refusal"] is None) for one in plain] == [
        ("ten", False),
        ("tea", True),
    ]


def test_an_offer_is_taken_and_used_once_for_a_receipt(offering: list[str], shop: Counter) -> None:
    take = ["take", ANNA.plate, "ten", "--station", "S1", "--key", "form-take", "--json"]
    first, again = (json.loads(told(offering, *take)) for _ in range(2))
    use = ["use", first["code"], "--station", "S1", "--amount", "20000", "--key", "form-used"]

    unnamed = runner.invoke(app, [*offering, *use])
    said = [told(offering, *use, "--receipt", "0815") for _ in range(2)]

    assert first == again
    assert shop.balance(ANNA).balance == 60
    assert "type its number" in unnamed.stderr
    assert said[0] == said[1]
    assert "Ten off: 10.00 CNY off 200.00 CNY, 190.00 CNY to be paid." in said[0]


def test_a_reward_is_handed_out_without_an_amount(offering: list[str]) -> None:
    taken = told(offering, "take", ANNA.plate, "tea", "--station", "S1")
    code = taken.partition("code ")[2][:10]

    said = told(offering, "use", code, "--station", "S1", "--key", "form-tea-1")

    assert "A tea: handed out." in said
    other = runner.invoke(app, [*offering, "use", code, "--station", "S1"])
    assert (other.exit_code, "used already" in other.stderr) == (1, True)
