"""Calls at the command line: listed, claimed and recorded, and safe to repeat."""

import gc
import json

import pytest
from people import enter
from services.calls.ward import LI, WANG, Ward
from town import one
from typer.testing import CliRunner

from station.cli import app
from station.model import CallPurpose

runner = CliRunner()


def run(ward: Ward, *words: str, name: str = "clerk") -> tuple[int, str, str]:
    head = ["--archive", str(ward.ask.db.url), "--lang", "en", "--as", name]
    token = {"STATION_TOKEN": enter(ward.ask.db, name)}
    told = runner.invoke(app, [*head, "calls", *words], env=token)
    code, said, refused = told.exit_code, told.stdout, told.stderr
    del told
    gc.collect()  # closes the command's archive now, not while this one is writing
    return code, said, refused


def test_calls_are_listed_in_words_and_as_json(ward: Ward) -> None:
    ward.plan(LI, ward.clerk, CallPurpose.KEEP)

    _, said, _ = run(ward, "list")
    _, told, _ = run(ward, "list", "--all", "--station", "S1", "--json", name="boss")

    assert "甲**  D  Keep in touch" in said
    (call,) = json.loads(told)["calls"]
    assert (call["customer_id"], call["against"], call["account"]) == (ward.who(LI), [], "clerk")
    assert "There is no call" in run(ward, "list", name="colleague")[1]


def test_a_customer_is_claimed_once_and_given_back(ward: Ward) -> None:
    assert run(ward, "claim", LI.code)[0] == 0
    code, _, refused = run(ward, "claim", LI.code, name="colleague")

    assert (code, refused.strip()) == (
        1,
        "Account clerk is in touch with this customer now. Ask there, or take another one.",
    )
    assert "in the pool again" in run(ward, "claim", LI.code, "--release")[1]


def test_a_result_is_recorded_once_under_a_key(ward: Ward) -> None:
    ward.plan(LI, ward.clerk)
    words = ["record", LI.code, "--code", "ok", "--key", "K1", "--json"]

    code, _, refused = run(ward, *words)
    assert (code, "needs a reason" in refused) == (1, True)
    first, again = (run(ward, *words, "--reason", "price")[1] for _ in range(2))

    assert first == again
    assert json.loads(first)["code"] == "ok"
    assert one(ward.ask, "SELECT count(*) FROM call_results") == 1


@pytest.mark.parametrize("code", ["no_answer", "callback"])
def test_the_next_contact_is_told(ward: Ward, code: str) -> None:
    ward.keep(WANG, ward.clerk)

    _, said, _ = run(ward, "record", WANG.code, "--code", code)

    assert "Next contact on 2 Sept 2026." in said
