"""Is this the person's password, and is it one that nobody guesses?"""

import threading
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from station.errors import BadValueError, SignInError

LONGEST = 128
"""Characters; a longer one is nobody's password but somebody's attack."""
JUDGED = 40
"""Characters that are judged; what is good so far does not become worse, but takes seconds."""
GOOD_SCORE = 3
"""Of zxcvbn's 0 to 4: ten thousand million guesses would not do."""
AT_ONCE = 2
"""Hashes; each takes 64 MiB and two or more cores."""
LONGEST_WAIT_S = 10.0
NOBODYS_HASH = (
    "$argon2id$v=19$m=65536,t=3,p=4"
    "$5JIPvCGSJTnR9M9kwrSGrA$6a5CB5/f+IzVWQW1nn6XofdW/1/pmQoDAW3uRWDuSvc"
)
"""No password is known for it; it takes as long to look at as anybody's."""

_hasher = PasswordHasher()
_turns = threading.BoundedSemaphore(AT_ONCE)
_judging = threading.Lock()  # zxcvbn keeps the words of one call where the next one looks


def hashed(password: str) -> str:
    """Return what is kept of a password (argon2id).

    Raises:
        SignInError: too many passwords are being looked at.
    """
    with _turn():
        return _hasher.hash(_bytes(_normal(password)))


def matches(known: str | None, password: str) -> bool:
    """Return whether the password is the one that was hashed.

    Whoever has none, or does not exist, is given None: that takes as long and is never true.

    Raises:
        SignInError: too many passwords are being looked at.
    """
    normal = _normal(password)
    if known is None or len(normal) > LONGEST:
        known = NOBODYS_HASH
    with _turn():
        try:
            return _hasher.verify(known, _bytes(normal[:LONGEST])) and known != NOBODYS_HASH
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(known: str | None) -> bool:
    """Return whether a hash was made with weaker numbers than today's; then hash anew."""
    return known is not None and _hasher.check_needs_rehash(known)


def check_strength(password: str, *, least: int, words: Iterable[str] = ()) -> None:
    """Return if a password may be chosen.

    Args:
        password: any characters; none are demanded.
        least: characters that it must have.
        words: what others know of the person: account, name, station.

    Raises:
        BadValueError: it is too short, too long, or too easy to guess.
    """
    normal = _normal(password)
    if len(normal) < max(least, 1):
        raise BadValueError("sign_in.password_short", least=least)
    if len(normal) > LONGEST:
        raise BadValueError("sign_in.password_long", most=LONGEST)
    if _score(normal, list(words)) < GOOD_SCORE:
        raise BadValueError("sign_in.password_easy")


def _score(password: str, words: list[str]) -> int:
    with _judging:
        try:
            return int(zxcvbn(password[:JUDGED], words)["score"])
        finally:
            zxcvbn("-", [])  # forgets the words


def _normal(password: str) -> str:
    """Return one form of what looks alike; nothing is cut or folded."""
    return unicodedata.normalize("NFC", password)


def _bytes(normal: str) -> bytes:
    return normal.encode("utf-8", "surrogatepass")


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=LONGEST_WAIT_S):
        raise SignInError("sign_in.busy")
    try:
        yield
    finally:
        _turns.release()
