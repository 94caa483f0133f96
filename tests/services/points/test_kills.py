"""Many processes, some of them killed: nothing acknowledged is lost, and nothing is done twice."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from nights import by_night
from services.points import killing

KILLS = 10_000 if os.environ.get("STATION_TEST_LONG") else 200
PROCESSES, EACH, POINTS = 8, 5, 100
TELLER, SNATCHER = (Path(__file__).with_name(name) for name in ("teller.py", "snatching.py"))


@pytest.mark.slow
def test_killed_two_hundred_times_the_ledger_is_as_it_was_told(tmp_path: Path) -> None:
    script = [sys.executable, killing.__file__, str(tmp_path), str(KILLS)]

    ran = subprocess.run(script, capture_output=True, text=True, check=True)

    seen = json.loads(ran.stdout)
    assert seen["kills"] == KILLS
    assert (seen.get("lost", 0), seen["wrong balance"], seen["unsound"]) == (0, 0, 0)
    assert seen["acknowledged"] > KILLS
    assert seen["committed and not acknowledged"] > 0


@pytest.mark.slow
def test_killed_while_coupons_are_taken_and_used_none_is_lost_or_doubled(tmp_path: Path) -> None:
    kills = str(by_night(2_000, by_day=12))
    script = [sys.executable, SNATCHER, str(tmp_path), kills]

    ran = subprocess.run(script, capture_output=True, text=True, check=True)

    seen = json.loads(ran.stdout)
    wrong = ("lost", "wrong balance", "wrong count", "wrong budget", "unsound")
    assert [seen.get(name, 0) for name in wrong] == [0] * len(wrong)
    assert seen["acknowledged"] > 0


@pytest.mark.slow
def test_eight_processes_redeem_no_more_than_there_is(tmp_path: Path) -> None:
    killing.begin(tmp_path)
    ask = killing.opened(tmp_path)
    there = killing.held(ask)
    killing.redeem(ask, "leave-some", there - 10 * POINTS)
    tellers = [
        subprocess.Popen(
            [sys.executable, TELLER, tmp_path, str(at), str(EACH), str(POINTS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for at in range(PROCESSES)
    ]
    for one in tellers:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"

    said = [one.communicate("go\n")[0] for one in tellers]

    assert sum(map(int, said)) == 10
    assert killing.held(ask) == 0
    assert killing.verify(ask.db).ok
    ask.db.close()
