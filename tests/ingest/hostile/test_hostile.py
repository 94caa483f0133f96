"""Whatever file is offered, the answer is quick, in words, and leaves nothing of it behind."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

RUNNER = Path(__file__).parent / "runner.py"
COUNT = 60
"""Of 500, which `make nightly` runs."""
MOST_SECONDS = 5
MOST_KIB = 300 * 1024


@pytest.mark.slow
def test_hostile_files_are_answered_in_time_and_memory(tmp_path: Path) -> None:
    command = [sys.executable, str(RUNNER), str(COUNT), str(tmp_path / "hostile")]

    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    told = [json.loads(line) for line in ran.stdout.splitlines()]

    assert ran.returncode == 0, ran.stderr[-2_000:]
    assert len(told) == COUNT
    assert [row for row in told if row["outcome"] not in {"taken", "refused"}] == []
    assert [row for row in told if "kept" in row] == []
    assert [row for row in told if row.get("seconds", 0) > MOST_SECONDS] == []
    assert [row for row in told if row["peak_kib"] > MOST_KIB] == []
