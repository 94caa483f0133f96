"""The ring of keys is made once, kept for its owner only, and never half written."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.errors import ArchiveError
from station.guard import ring as rings

WHOLE = rings._text_of(rings.new_ring().turned())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "station.key"


def test_the_keys_are_made_once_and_for_their_owner_only(path: Path) -> None:
    first = rings.load(path, may_make=True)

    assert rings.load(path, may_make=True) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_of_many_first_starts_one_makes_the_keys(path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: rings.load(path, may_make=True), range(8)))

    assert made == [made[0]] * 8
    assert list(path.parent.iterdir()) == [path]


def test_keys_are_not_made_anew_where_they_were_lost(path: Path) -> None:
    with pytest.raises(ArchiveError):
        rings.load(path, may_make=False)

    assert not path.exists()


def test_a_saved_ring_is_read_back_and_nothing_is_left_beside_it(path: Path) -> None:
    ring = rings.load(path, may_make=True).turned()
    (path.parent / "station.key.killed.new").write_text("half")

    rings.save(path, ring)

    assert rings.load(path, may_make=False) == ring
    assert (ring.current, ring.retired, ring.unfinished) == (2, 1, True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_file_with_one_bare_key_is_a_ring_that_can_be_saved(path: Path) -> None:
    path.write_bytes(bytes(range(32)))
    ring = rings.load(path, may_make=False)

    rings.save(path, ring.turned())

    assert (ring.current, ring.retired) == (rings.UNNUMBERED, 0)
    assert rings.load(path, may_make=False).keys[0] == ring.keys[0]
    assert rings.load(path, may_make=False).lasting == ring.lasting


def test_no_key_shows_in_a_ring_that_is_printed() -> None:
    ring = rings.new_ring()

    assert ring.lasting.hex()[:8] not in repr(ring)
    assert repr(ring.keys[1].seal) not in repr(ring)


@given(st.integers(0, len(WHOLE) - 2))
def test_a_ring_cut_anywhere_is_refused(at: int) -> None:
    with pytest.raises(ArchiveError):
        rings._read(WHOLE[:at].encode(), "station.key")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"short",
        bytes(33),
        b"station keys 1\n",
        "钥匙".encode(),
        b"station keys 1\nseal 1 zz\n",
    ],
)
def test_a_damaged_key_file_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    with pytest.raises(ArchiveError):
        rings.load(path, may_make=True)
