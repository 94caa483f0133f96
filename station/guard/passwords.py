"""Passwords are kept as argon2id hashes and looked at two at a time."""

import unicodedata
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from station.errors import BadValueError, SignInError

LONGEST = 128
WAIT_S = 10.0
_hasher = PasswordHasher()
_turns = BoundedSemaphore(2)
_nobodys = _hasher.hash("the password of no account")


def hashed(password: str) -> str:
    """Return what is stored of a password."""
    return _hasher.hash(_normal(password))


def matches(stored: str | None, password: str) -> bool:
    """Return whether a password is the stored one; without one it takes the same time to say no.

    Raises:
        SignInError: too many passwords are being looked at.
    """
    if not _turns.acquire(timeout=WAIT_S):
        raise SignInError("sign_in.busy")
    try:
        return _hasher.verify(stored or _nobodys, _normal(password)) and stored is not None
    except (Argon2Error, InvalidHashError):
        return False
    finally:
        _turns.release()


def check_strength(password: str, *, least: int, words: tuple[str, ...] = ()) -> None:
    """Refuse a password that is short, long or easily guessed.

    Raises:
        BadValueError: it says what is wrong.
    """
    if len(_normal(password)) < least:
        raise BadValueError("sign_in.password_short", least=least)
    if len(password) > LONGEST:
        raise BadValueError("sign_in.password_long", most=LONGEST)
    if any(word and word.casefold() in password.casefold() for word in words):
        raise BadValueError("sign_in.password_easy")


def _normal(password: str) -> str:
    return unicodedata.normalize("NFC", password)
