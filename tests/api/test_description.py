"""The description of the till's interface is whole, is the one in the docs, and is kept to."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from api.describe import DESCRIPTION, described
from api.tilling import ANNA, Place
from nights import by_night


def test_the_description_in_the_docs_is_that_of_the_server(shop: Place) -> None:
    assert DESCRIPTION.read_text("utf-8") == described(shop.db), (
        "it is out of date: python tests/api/describe.py"
    )


def test_every_answer_is_described_and_every_change_needs_a_key() -> None:
    paths = json.loads(DESCRIPTION.read_text("utf-8"))["paths"]

    for path, verbs in paths.items():
        for told in verbs.values():
            is_open = path == "/v1/health"
            assert bool(told.get("security")) != is_open
            assert {"500", "503"} <= told["responses"].keys()
            asked = {one["name"] for one in told.get("parameters", [])}
            changes = path not in {"/v1/health", "/v1/members/find", "/v1/quotes", "/v1/queue"}
            assert ("Idempotency-Key" in asked) == changes
            assert asked <= {"Idempotency-Key"}, "what names a person stands in the body"


@pytest.mark.slow
def test_the_server_keeps_to_its_description_whatever_is_sent(shop: Place, tmp_path: Path) -> None:
    till = shop.till()
    till.hold(ANNA, 10)
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{shop.url}/api/v1/openapi.json"),
        *("-H", f"Authorization: Bearer {till.key}", "--checks", "all", "--seed", "1"),
        *("--phases", by_night("examples,coverage,fuzzing", by_day="coverage,fuzzing")),
        *("-n", by_night("1000", by_day="2"), "--no-color", "--warnings", "off"),
    ]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-1_000:]
    assert "No issues found" in done.stdout or "passed" in done.stdout


def test_pages_that_fetch_scripts_from_elsewhere_are_switched_off(shop: Place) -> None:
    till = shop.till()

    for path in ("/docs", "/redoc", "/../docs", "/../redoc"):
        assert till.client.get(path).status_code == 404
