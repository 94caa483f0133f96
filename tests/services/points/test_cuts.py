"""What was acknowledged is on the disk: the power may go at any moment."""

import os
from pathlib import Path

import pytest

pytest.importorskip("apsw")

from services.points import cutting

CUTS = 100_000 if os.environ.get("STATION_TEST_LONG") else 1_000
TURNS = 40


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> cutting.Recording:
    return cutting.recorded(tmp_path_factory.mktemp("recorded"), TURNS)


@pytest.mark.slow
def test_a_thousand_cuts_lose_nothing_that_was_acknowledged(
    recording: cutting.Recording, tmp_path: Path
) -> None:
    deeds = cutting.noted(recording, tmp_path, "FULL")

    found = list(cutting.cuts(recording, deeds, tmp_path, CUTS))

    assert len(found) == CUTS
    assert {one.damage for one in found} == {""}
    assert sum(one.lost for one in found) == 0


@pytest.mark.slow
def test_the_cuts_find_out_whoever_does_not_wait_for_the_disk(
    recording: cutting.Recording, tmp_path: Path
) -> None:
    deeds = cutting.noted(recording, tmp_path, "NORMAL")

    found = list(cutting.cuts(recording, deeds, tmp_path, 100))

    assert sum(one.lost > 0 for one in found) > 10
