"""Personal text is sealed with AES-GCM, and found by a keyed hash; the keys lie elsewhere."""

import hashlib
import hmac
import secrets
from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from station.errors import ArchiveError
from station.guard.ring import UNNUMBERED, Ring

NONCE_BYTES = 12
SIGN = b"K"
MARK_BYTES = 4
"""`SIGN` and the number of the key; what was sealed before there were numbers has none."""


def mark(number: int) -> bytes:
    """Return how a text begins that was sealed with the key of that number."""
    return SIGN + number.to_bytes(MARK_BYTES - len(SIGN))


def number_of(beginning: bytes) -> int | None:
    """Return the number of the key with which a text that begins like this was sealed, if any."""
    is_marked = beginning.startswith(SIGN) and len(beginning) >= MARK_BYTES
    return int.from_bytes(beginning[len(SIGN) : MARK_BYTES]) if is_marked else None


def seal(ring: Ring, text: str, *, place: str) -> bytes:
    """Return `text` sealed for `place`, such as "customers/17/name"; elsewhere it cannot open."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    key = ring.keys[ring.current].seal
    return mark(ring.current) + nonce + AESGCM(key).encrypt(nonce, text.encode(), place.encode())


def unseal(ring: Ring, sealed: bytes, *, place: str) -> str:
    """Return the text sealed for `place`.

    Raises:
        ArchiveError: a key that is not in the ring, another place, or changed bytes.
    """
    for key, body in _ways(ring, sealed):
        nonce, text = body[:NONCE_BYTES], body[NONCE_BYTES:]
        try:
            return AESGCM(key).decrypt(nonce, text, place.encode()).decode()
        except (InvalidTag, ValueError):
            continue
    raise ArchiveError("error.seal_broken", place=place)


def _ways(ring: Ring, sealed: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield key and body by the mark, then as a text without one may be read."""
    number = number_of(sealed)
    if number is not None and number in ring.keys:
        yield ring.keys[number].seal, sealed[MARK_BYTES:]
    if UNNUMBERED in ring.keys:
        yield ring.keys[UNNUMBERED].seal, sealed


def indexes(ring: Ring, text: str, *, purpose: str) -> tuple[str, ...]:
    """Return the hashes under which `text` may stand, the one of the keys in use first."""
    return tuple(_hash(keys.index, text, purpose) for keys in ring.by_age)


def index(ring: Ring, text: str, *, purpose: str) -> str:
    """Return the hash under which `text` is to be found; equal texts have equal ones."""
    return _hash(ring.keys[ring.current].index, text, purpose)


def lasting_index(ring: Ring, text: str, *, purpose: str) -> str:
    """Return a hash that no rotation changes."""
    return _hash(ring.lasting, text, purpose)


def _hash(key: bytes, text: str, purpose: str) -> str:
    return hmac.digest(key, f"{purpose}\0{text}".encode(), hashlib.sha256).hex()
