"""The tests of the ledger are worth something: they find every bug that is planted in it."""

import json
import subprocess
import sys

import pytest
from loyalty import planted


@pytest.mark.slow
def test_every_planted_bug_is_found() -> None:
    ran = subprocess.run(
        [sys.executable, planted.__file__], capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stderr[-2000:]
    told = json.loads(ran.stdout)
    assert len(told) >= 30
    assert [name for name, found in told.items() if not found] == []
