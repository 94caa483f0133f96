"""A password is looked at slowly, by few at a time, and is nobody's by accident."""

import threading
import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from argon2 import PasswordHasher, extract_parameters
from hypothesis import given
from hypothesis import strategies as st
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from station.errors import BadValueError, SignInError
from station.guard import passwords

GOOD = "seven lanterns under a wet bridge"


def test_a_password_matches_its_own_hash_only() -> None:
    known = passwords.hashed(GOOD)

    assert passwords.matches(known, GOOD)
    assert not passwords.matches(known, GOOD + " ")
    assert known != passwords.hashed(GOOD)


def test_hashes_are_made_with_the_librarys_numbers() -> None:
    known = passwords.hashed(GOOD)

    assert not passwords.is_outdated(known)
    assert passwords.is_outdated(PasswordHasher(memory_cost=8_192).hash(GOOD))
    assert extract_parameters(passwords.NOBODYS_HASH) == extract_parameters(known)


@pytest.mark.parametrize("known", [None, "", "no hash", passwords.NOBODYS_HASH])
def test_nobody_signs_in_without_a_hash(known: str | None) -> None:
    assert not passwords.matches(known, GOOD)


def test_accents_match_however_they_were_typed() -> None:
    written = "été à la plage 1957"

    known = passwords.hashed(unicodedata.normalize("NFD", written))

    assert passwords.matches(known, unicodedata.normalize("NFC", written))


def test_nothing_of_a_password_is_cut() -> None:
    longest = "长" * (passwords.LONGEST - 1)
    known = passwords.hashed(longest + "甲")

    assert passwords.matches(known, longest + "甲")
    assert not passwords.matches(known, longest + "乙")
    assert not passwords.matches(known, longest + "甲" + "x")


def test_any_signs_can_be_looked_at() -> None:
    assert not passwords.matches(None, "\ud800\0" * 40)


@pytest.mark.parametrize(
    "password", [GOOD, "加油站会员系统二零二六", "пароль из трёх слов", "🐎🔋📎✅🌧🧊🪁🧭🎏🪗"]
)
def test_a_password_of_any_script_is_good(password: str) -> None:
    passwords.check_strength(password, least=8)


@pytest.mark.parametrize(
    ("password", "key"),
    [
        ("kurz genug", "sign_in.password_short"), ("x" * 129, "sign_in.password_long"),
        ("password1234", "sign_in.password_easy"), ("111111111111", "sign_in.password_easy"),
        ("qwertyuiop123", "sign_in.password_easy"), ("abcdefghijklm", "sign_in.password_easy"),
        ("wang.xiaoming88", "sign_in.password_easy"), ("e\u0301" * 11, "sign_in.password_short"),
    ],
)  # fmt: skip
def test_a_weak_password_is_refused_with_its_reason(password: str, key: str) -> None:
    with pytest.raises(BadValueError) as refused:
        passwords.check_strength(password, least=12, words=["wang.xiaoming88", "A0001"])

    assert refused.value.key == key
    assert password not in str(refused.value)


def test_what_is_known_of_one_person_is_forgotten_for_the_next() -> None:
    name = "okonkwo-brightwater"
    with pytest.raises(BadValueError):
        passwords.check_strength(name, least=12, words=[name])

    passwords.check_strength(name, least=12)


@given(st.text(max_size=200))
def test_any_password_is_judged(password: str) -> None:
    with suppress(BadValueError):
        passwords.check_strength(password, least=0, words=[password[:5]])


def test_the_longest_password_is_judged_soon() -> None:
    began = time.perf_counter()

    passwords.check_strength(("4@8({[<369&#!1/|0$5+7%2" * 6)[: passwords.LONGEST], least=12)

    assert time.perf_counter() - began < 5


class Counting:
    """Stands where argon2 is and counts how many are at it at once."""

    def __init__(self) -> None:
        self.now, self.most, self.guard = 0, 0, threading.Lock()

    def verify(self, _known: str, _password: bytes) -> bool:
        with self.guard:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.02)
        with self.guard:
            self.now -= 1
        return True


def test_two_are_looked_at_at_once_and_the_others_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting()
    monkeypatch.setattr(passwords, "_hasher", counting)

    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda _: passwords.matches("x", GOOD), range(12)))

    assert (answers, counting.most) == ([True] * 12, 2)


def test_whoever_waits_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "LONGEST_WAIT_S", 0.01)

    with passwords._turn(), passwords._turn(), pytest.raises(SignInError) as refused:
        passwords.hashed(GOOD)

    assert refused.value.key == "sign_in.busy"
    assert passwords.hashed(GOOD)


@pytest.mark.slow
def test_the_most_used_passwords_are_refused_even_where_short_ones_are_allowed() -> None:
    long_enough = [word for word in FREQUENCY_LISTS["passwords"] if len(word) >= 8]
    most_used = long_enough[:3000]

    allowed = [word for word in most_used if is_taken(word, least=8)]

    assert len(most_used) == 3000
    assert allowed == []


def is_taken(password: str, *, least: int) -> bool:
    try:
        passwords.check_strength(password, least=least)
    except BadValueError:
        return False
    return True
