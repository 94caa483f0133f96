"""Sealed text opens with its key, at its place, and nowhere else."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.errors import ArchiveError
from station.guard import seal

KEY = bytes(range(32))


@given(st.text(), st.text())
def test_what_is_sealed_opens_at_its_place(words: str, place: str) -> None:
    assert seal.unseal(KEY, seal.seal(KEY, words, place=place), place=place) == words


def test_a_sealed_text_moved_to_another_row_stays_shut() -> None:
    sealed = seal.seal(KEY, "moved to the ring road", place="lapse_notes/1")

    with pytest.raises(ArchiveError):
        seal.unseal(KEY, sealed, place="lapse_notes/2")


def test_another_key_opens_nothing() -> None:
    sealed = seal.seal(KEY, "moved", place="lapse_notes/1")

    with pytest.raises(ArchiveError):
        seal.unseal(bytes(32), sealed, place="lapse_notes/1")


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "station.key"

    first = seal.load_key(path, may_make=True)

    assert seal.load_key(path, may_make=True) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_damaged_key_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "station.key"
    path.write_bytes(b"short")

    with pytest.raises(ArchiveError):
        seal.load_key(path, may_make=True)


def test_a_key_is_not_made_anew_where_one_was_lost(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError):
        seal.load_key(tmp_path / "station.key", may_make=False)

    assert not (tmp_path / "station.key").exists()
