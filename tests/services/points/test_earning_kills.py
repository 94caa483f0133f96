"""An import killed at any moment and made again earns what one does that nobody disturbed."""

import random
import shutil
from pathlib import Path

import pytest
from killing import nursery
from nights import by_night
from services.points.forecourt import ANNA, BERT, CARL, HEADING, Fill, Forecourt, opened

from station.archive.database import open_database
from station.archive.verify import verify

PREPARE = """
from pathlib import Path
from services.points.forecourt import again
"""
WORK = "again(Path(words[0]), Path(words[1]))"
WHO = (ANNA.plate, BERT.plate, CARL.plate, "粤B99999")


def lines() -> list[Fill]:
    """Return enough lines for some chunks; one in seven is taken back in part."""
    sold = [
        Fill(n, 50 + n % 90, plate=WHO[n % 4], day=f"2026-08-{1 + n % 28:02}")
        for n in range(1, 2_500)
    ]
    back = [
        Fill(100_000 + one.number, 20, plate=one.plate, day="2026-09-01", back=one.number)
        for one in sold[::70]
    ]
    return [*sold, *back]


def made(folder: Path, empty_file: Path) -> Forecourt:
    folder.mkdir()
    shutil.copy(empty_file, folder / "station.db")
    return opened(open_database(f"sqlite:///{folder}/station.db"), folder)


@pytest.mark.slow
def test_a_killed_import_made_again_earns_as_if_it_had_not_been(
    tmp_path: Path, empty_file: Path
) -> None:
    calm, till, tried = (made(tmp_path / name, empty_file) for name in ("calm", "till", "tried"))
    path = tmp_path / "sales.csv"
    path.write_text("\n".join([HEADING, *map(str, lines()), ""]), encoding="utf-8")
    chance, killed = random.Random(6), 0  # noqa: S311 - moments, not secrets

    calm.import_file(path)
    with nursery(PREPARE, WORK) as children:
        whole_s = children.seconds(str(tried.folder), str(path))
        for _ in range(by_night(100, by_day=3)):
            after_s = whole_s * chance.uniform(0.1, 0.9)
            killed += children.killed(str(till.folder), str(path), after_s=after_s)
    till.import_file(path)

    assert killed > 0
    assert till.points() == calm.points() != {}
    assert verify(till.ask.db).ok
