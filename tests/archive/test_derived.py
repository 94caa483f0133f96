"""What was calculated once is found again, and nobody else may read it."""

import stat
from pathlib import Path

from station.archive import derived


class Home:
    """An archive that lies in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder


def test_what_is_kept_is_found_again(tmp_path: Path) -> None:
    home = Home(tmp_path)

    derived.keep(home, "rhythm", "a1", {"k": 2.5})

    assert derived.find(home, "rhythm", "a1") == {"k": 2.5}
    assert derived.find(home, "rhythm", "b2") is None


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    derived.keep(Home(tmp_path), "rhythm", "a1", {})

    kept = tmp_path / "derived" / "rhythm-a1.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


def test_a_damaged_file_is_as_good_as_none(tmp_path: Path) -> None:
    home = Home(tmp_path)
    derived.keep(home, "rhythm", "a1", {})

    for words in ("{", "[1]", "\xff"):
        (tmp_path / "derived" / "rhythm-a1.json").write_text(words, encoding="latin-1")

        assert derived.find(home, "rhythm", "a1") is None


def test_the_oldest_make_room(tmp_path: Path) -> None:
    home = Home(tmp_path)

    for number in range(derived.FILES_MOST + 5):
        derived.keep(home, "rhythm", f"{number:03d}", {})

    assert len(list((tmp_path / "derived").iterdir())) == derived.FILES_MOST


def test_a_place_that_takes_nothing_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "derived").write_text("a file where the folder should be")

    derived.keep(Home(tmp_path), "rhythm", "a1", {})

    assert derived.find(Home(tmp_path), "rhythm", "a1") is None
