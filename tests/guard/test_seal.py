"""Sealed text opens with its key, at its place, and nowhere else."""

import re

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from station.errors import ArchiveError
from station.guard import ring as rings
from station.guard import seal

RING = rings.new_ring()
HEX_SHA256 = re.compile(r"[0-9a-f]{64}")
PHONE = "+8610012345678"


@given(st.text(), st.text())
def test_what_is_sealed_opens_at_its_place(words: str, place: str) -> None:
    assert seal.unseal(RING, seal.seal(RING, words, place=place), place=place) == words


def test_a_sealed_text_moved_to_another_row_stays_shut() -> None:
    sealed = seal.seal(RING, "moved to the ring road", place="lapse_notes/1")

    with pytest.raises(ArchiveError):
        seal.unseal(RING, sealed, place="lapse_notes/2")


def test_another_ring_opens_nothing() -> None:
    sealed = seal.seal(RING, "moved", place="lapse_notes/1")

    with pytest.raises(ArchiveError):
        seal.unseal(rings.new_ring(), sealed, place="lapse_notes/1")


@given(st.binary(max_size=60))
def test_bytes_that_were_never_sealed_are_refused(content: bytes) -> None:
    with pytest.raises(ArchiveError):
        seal.unseal(RING, content, place="lapse_notes/1")


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_changed_byte_shuts_the_text(where: int, change: int) -> None:
    changed = bytearray(seal.seal(RING, "moved", place="p"))
    changed[where % len(changed)] ^= change

    with pytest.raises(ArchiveError):
        seal.unseal(RING, bytes(changed), place="p")


def test_sealing_twice_gives_two_texts() -> None:
    assert seal.seal(RING, "moved", place="p") != seal.seal(RING, "moved", place="p")


def test_a_turned_ring_seals_anew_and_opens_what_is_older() -> None:
    older = seal.seal(RING, "moved", place="p")
    turned = RING.turned()

    newer = seal.seal(turned, "moved", place="p")

    assert [seal.unseal(turned, sealed, place="p") for sealed in (older, newer)] == ["moved"] * 2
    assert newer.startswith(seal.mark(turned.current))
    with pytest.raises(ArchiveError):
        seal.unseal(RING, newer, place="p")


def test_forgotten_keys_open_nothing() -> None:
    older = seal.seal(RING, "moved", place="p")

    with pytest.raises(ArchiveError):
        seal.unseal(RING.turned().only_current(), older, place="p")


@pytest.mark.parametrize("nonce", [b"K\0\0\1" + bytes(8), b"K\0\0\0" + bytes(8), bytes(12)])
def test_what_the_bare_key_of_old_sealed_opens_in_its_ring(nonce: bytes) -> None:
    key = bytes(range(32))
    old = nonce + AESGCM(key).encrypt(nonce, b"moved", b"lapse_notes/1/2")
    ring = rings._read(key, "station.key")

    assert seal.unseal(ring, old, place="lapse_notes/1/2") == "moved"
    assert seal.unseal(ring.turned(), old, place="lapse_notes/1/2") == "moved"


def test_an_index_is_keyed_and_says_what_it_is_of() -> None:
    turned = RING.turned()

    found = seal.indexes(turned, PHONE, purpose="phone")

    assert found == (
        seal.index(turned, PHONE, purpose="phone"),
        seal.index(RING, PHONE, purpose="phone"),
    )
    assert len({*found, seal.index(turned, PHONE, purpose="code")}) == 3
    assert all(HEX_SHA256.fullmatch(one) for one in found)


def test_a_lasting_index_survives_every_rotation() -> None:
    later = RING.turned().only_current().turned()

    assert seal.lasting_index(later, "C1", purpose="code") == seal.lasting_index(
        RING, "C1", purpose="code"
    )
