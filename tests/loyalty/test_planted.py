"""The tests of the ledger are worth something: they find every bug that is planted in it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from loyalty import planted
from nights import by_night

TESTS = Path(planted.__file__).parents[1]
STEP = by_night(1, by_day=5)


@pytest.mark.slow
def test_every_planted_bug_is_found() -> None:
    roots = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    ran = subprocess.run(
        [sys.executable, planted.__file__, str(STEP)],
        env=os.environ | {"PYTHONPATH": roots},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr[-2000:]
    told = json.loads(ran.stdout)
    assert len(told) * STEP >= 30
    assert [name for name, found in told.items() if not found] == []
