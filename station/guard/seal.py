"""Personal text is sealed with AES-GCM under a key that never lies in the archive."""

import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from station.errors import ArchiveError

KEY_BYTES = 32
NONCE_BYTES = 12


def load_key(path: Path, *, may_make: bool) -> bytes:
    """Return the key kept in `path`; where there is none a new one is made, if that is allowed.

    A key must not be made anew once something is sealed: what is sealed under the lost one stays
    shut, and putting that one back would shut out the rest.

    Raises:
        ArchiveError: there is no key, or the file holds something else.
    """
    if not path.exists():
        if not may_make:
            raise ArchiveError("error.key_missing", file=path.name)
        _write_new(path, secrets.token_bytes(KEY_BYTES))
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise ArchiveError("error.key_damaged", file=path.name)
    return key


def _write_new(path: Path, key: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # O_EXCL: of two first starts at once one makes the key and the other reads it.
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())


def seal(key: bytes, text: str, *, place: str) -> bytes:
    """Return `text` sealed for `place`, such as "lapse_notes/17"; elsewhere it cannot be opened."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, text.encode(), place.encode())


def unseal(key: bytes, sealed: bytes, *, place: str) -> str:
    """Return the text sealed for `place`.

    Raises:
        ArchiveError: another key, another place, or changed bytes.
    """
    nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, body, place.encode()).decode()
    except InvalidTag as error:
        raise ArchiveError("error.seal_broken", place=place) from error
