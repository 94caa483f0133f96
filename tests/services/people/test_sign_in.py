"""Only the person who chose a password comes in by it, and guessing gets nobody anywhere."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import time

import pytest
from argon2 import PasswordHasher
from people import enter, make_account

from station.archive.database import Database
from station.archive.people import accounts, audit, sessions
from station.errors import BadValueError, NotFoundError, SignInError
from station.guard.rules import SignInRules
from station.model import Act, Grant, Role
from station.services import access
from station.services.people import sign_in

pytestmark = pytest.mark.usefixtures("quick_passwords")
GOOD = "seven grey herons over the ferry"
OTHER = "a lighthouse made of old stamps"
HERE, THERE = "192.0.2.1", "192.0.2.2"
RULES = SignInRules()


@pytest.fixture
def owner(db: Database) -> Iterator[str]:
    """An account whose person chose GOOD by the link that was made for him."""
    account_id = make_account(db, "wang.li", Grant(Role.ADMINISTRATOR))
    with db.writing() as conn:
        link = sign_in.invite(conn, account_id, RULES)
    sign_in.choose_password(db, RULES, token=link, password=GOOD, address=HERE)
    return "wang.li"


def come(db: Database, name: str, password: str, address: str = HERE) -> str:
    return sign_in.sign_in(db, RULES, name=name, password=password, address=address)


def acts(db: Database) -> list[str]:
    with db.reading() as conn:
        told = audit.events(conn, station_ids=None, from_s=0, to_s=2**40, limit=10_000)
    return told["act"].tolist()


def test_the_right_password_lets_in(db: Database, owner: str) -> None:
    token = come(db, " Wang.Li ", GOOD)

    assert access.scope_of(db, token, RULES).account == owner


def test_every_sign_in_has_a_token_of_its_own(db: Database, owner: str) -> None:
    assert come(db, owner, GOOD) != come(db, owner, GOOD)


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize("name", ["wang.li", "nobody", "", "local", "x" * 5000])
def test_what_was_wrong_is_never_said(db: Database, name: str) -> None:
    with pytest.raises(SignInError) as refused:
        come(db, name, OTHER)

    assert (refused.value.key, refused.value.facts) == ("sign_in.wrong", {})
    assert acts(db)[0] == Act.SIGN_IN_FAILED


def test_a_link_works_once(db: Database) -> None:
    account_id = make_account(db, "zhao")
    with db.writing() as conn:
        link = sign_in.invite(conn, account_id, RULES)
    sign_in.choose_password(db, RULES, token=link, password=GOOD, address=HERE)

    with pytest.raises(NotFoundError):
        sign_in.choose_password(db, RULES, token=link, password=OTHER, address=HERE)
    assert come(db, "zhao", GOOD)


def test_a_newer_link_ends_the_older(db: Database) -> None:
    account_id = make_account(db, "zhao")
    with db.writing() as conn:
        older = sign_in.invite(conn, account_id, RULES)
        newer = sign_in.invite(conn, account_id, RULES)

    with pytest.raises(NotFoundError):
        sign_in.invited(db, older)
    assert sign_in.invited(db, newer) == "zhao"


def test_a_link_that_is_too_old_opens_nothing(db: Database) -> None:
    account_id = make_account(db, "zhao")
    with db.writing() as conn:
        accounts.invite(conn, account_id, access.token_hash("old"), int(time()) - 1)

    with pytest.raises(NotFoundError):
        sign_in.invited(db, "old")


@pytest.mark.parametrize("password", ["short", "password1234", "wang.liwang.li", "111111111111"])
def test_an_easy_password_is_refused_and_the_link_still_works(db: Database, password: str) -> None:
    account_id = make_account(db, "wang.li")
    with db.writing() as conn:
        link = sign_in.invite(conn, account_id, RULES)

    with pytest.raises(BadValueError):
        sign_in.choose_password(db, RULES, token=link, password=password, address=HERE)

    assert sign_in.invited(db, link) == "wang.li"


def test_the_first_link_makes_an_administrator_who_says_his_name(db: Database) -> None:
    link = sign_in.first_link(db, RULES)
    assert link

    token = sign_in.choose_password(
        db, RULES, token=link, password=GOOD, name="Sun.Mei", address=HERE
    )

    scope = access.scope_of(db, token, RULES)
    assert (scope.account, scope.role) == ("sun.mei", Role.ADMINISTRATOR)
    assert sign_in.first_link(db, RULES) is None


@pytest.mark.parametrize("name", ["", "local", "a b", "<b>", "x" * 70, "first administrator"])
def test_the_first_account_needs_a_name(db: Database, name: str) -> None:
    link = sign_in.first_link(db, RULES) or ""

    with pytest.raises(BadValueError):
        sign_in.choose_password(db, RULES, token=link, password=GOOD, name=name, address=HERE)


def test_the_first_administrator_stands_in_the_log_once(db: Database) -> None:
    sign_in.first_link(db, RULES)
    sign_in.first_link(db, RULES)

    with db.reading() as conn:
        told = audit.events(conn, station_ids=None, from_s=0, to_s=2**40, limit=10)
    assert told["object"].tolist() == ["account:1:grant:1", "account:1:made"]
    assert told["account"].tolist() == ["local", "local"]


def test_there_is_no_account_that_was_not_made(db: Database) -> None:
    with db.reading() as conn:
        assert accounts.count(conn) == 0


def test_ten_wrong_passwords_are_looked_at_and_no_more(db: Database, owner: str) -> None:
    answers = []
    for _ in range(RULES.attempts + 3):
        with pytest.raises(SignInError) as refused:
            come(db, owner, OTHER)
        answers.append(refused.value.key)

    assert answers == ["sign_in.wrong"] * 10 + ["sign_in.too_many"] * 3
    with pytest.raises(SignInError):
        come(db, owner, GOOD)
    assert come(db, owner, GOOD, THERE)


def test_guessing_beside_each_other_gets_no_more_guesses(db: Database, owner: str) -> None:
    def guess(_: int) -> str:
        with pytest.raises(SignInError) as refused:
            come(db, owner, OTHER)
        return refused.value.key

    with ThreadPoolExecutor(16) as crowd:
        answers = list(crowd.map(guess, range(40)))

    assert answers.count("sign_in.too_many") == 40 - RULES.attempts


@pytest.mark.slow
def test_of_a_thousand_guesses_ten_are_looked_at(db: Database, owner: str) -> None:
    looked_at = 0
    for _ in range(1000):
        with pytest.raises(SignInError) as refused:
            come(db, owner, OTHER)
        looked_at += refused.value.key == "sign_in.wrong"

    assert looked_at == RULES.attempts
    assert come(db, owner, GOOD, THERE)


def test_one_address_cannot_go_through_all_accounts(db: Database) -> None:
    rules = replace(RULES, attempts_per_address=4)
    answers = []
    for n in range(6):
        with pytest.raises(SignInError) as refused:
            sign_in.sign_in(db, rules, name=f"guess{n}", password=OTHER, address=HERE)
        answers.append(refused.value.key)

    assert answers == ["sign_in.wrong"] * 4 + ["sign_in.too_many"] * 2


@pytest.mark.slow
def test_a_house_full_of_addresses_is_one_address(db: Database, owner: str) -> None:
    for place in range(RULES.attempts):
        with pytest.raises(SignInError):
            come(db, owner, OTHER, f"2001:db8:1:2::{place:x}")

    with pytest.raises(SignInError) as refused:
        come(db, owner, GOOD, "2001:db8:1:2:ffff::1")
    assert refused.value.key == "sign_in.too_many"
    assert come(db, owner, GOOD, "2001:db8:1:3::1")
    assert come(db, owner, GOOD, "::ffff:192.0.2.1")


@pytest.mark.slow
def test_the_right_password_makes_up_for_the_wrong_ones(db: Database, owner: str) -> None:
    for _ in range(3):
        for _ in range(RULES.attempts - 1):
            with pytest.raises(SignInError):
                come(db, owner, OTHER)
        assert come(db, owner, GOOD)


def test_what_was_typed_as_a_name_is_not_kept(db: Database) -> None:
    with pytest.raises(SignInError):
        come(db, GOOD, "oops")

    with db.reading() as conn:
        kept = conn.exec_driver_sql("SELECT account_hash, address FROM attempts").all()
        told = audit.events(conn, station_ids=None, from_s=0, to_s=2**40, limit=9)
    assert GOOD not in f"{kept} {told.to_dict()}"


def aged(db: Database, token: str, *, seen_ago_s: int) -> None:
    with db.writing() as conn:
        session = sessions.find(conn, access.token_hash(token))
        assert session is not None
        sessions.touch(conn, session.id, int(time()) - seen_ago_s)


def test_who_does_nothing_for_half_an_hour_is_signed_out(db: Database, owner: str) -> None:
    idle, busy = enter(db, owner), enter(db, owner)
    aged(db, idle, seen_ago_s=31 * 60)
    aged(db, busy, seen_ago_s=29 * 60)

    with pytest.raises(SignInError):
        access.scope_of(db, idle, RULES)
    assert access.scope_of(db, busy, RULES)


def test_a_session_ends_after_its_hours_whatever_is_done(db: Database, owner: str) -> None:
    with db.writing() as conn:
        account = accounts.find(conn, name=owner)
        assert account is not None
        begun = int(time()) - RULES.session_hours * 3600 + 2
        young = sign_in.begin(conn, account, RULES, address=HERE, started_s=begun)
        old = sign_in.begin(conn, account, RULES, address=HERE, started_s=begun - 4)

    assert access.scope_of(db, young, RULES)
    with pytest.raises(SignInError):
        access.scope_of(db, old, RULES)


def test_signing_out_ends_the_session_on_the_server(db: Database, owner: str) -> None:
    token, elsewhere = enter(db, owner), enter(db, owner)

    sign_in.sign_out(db, token)
    sign_in.sign_out(db, token)
    sign_in.sign_out(db, "never heard of")

    with pytest.raises(SignInError):
        access.scope_of(db, token, RULES)
    assert access.scope_of(db, elsewhere, RULES)
    assert acts(db).count(Act.SIGN_OUT) == 1


def test_a_demo_account_is_none_outside_a_demo_archive(db: Database) -> None:
    with db.writing() as conn:
        accounts.add(conn, name="demo.staff", person="d", now_s=1, is_demo=True)

    assert sign_in.demo_accounts(db) == []
    with pytest.raises(SignInError):
        sign_in.sign_in_demo(db, RULES, name="demo.staff", address=HERE)

    with db.writing() as conn:
        accounts.mark_demo(conn)
    assert sign_in.sign_in_demo(db, RULES, name="demo.staff", address=HERE)
    with pytest.raises(SignInError):
        come(db, "demo.staff", "")


def test_nobody_else_comes_in_by_the_demo_door(db: Database, owner: str) -> None:
    with db.writing() as conn:
        accounts.mark_demo(conn)

    with pytest.raises(SignInError):
        sign_in.sign_in_demo(db, RULES, name=owner, address=HERE)


def test_tokens_are_long_random_and_kept_as_hashes_only(db: Database, owner: str) -> None:
    tokens = {sign_in.new_token() for _ in range(10_000)}
    token = enter(db, owner)

    assert len(tokens) == 10_000
    assert min(map(len, tokens)) >= 43  # 256 bits
    with db.reading() as conn:
        kept = conn.exec_driver_sql("SELECT token_hash FROM sessions").scalars().all()
    assert access.token_hash(token) in kept
    assert token not in kept


def test_a_hash_made_with_weaker_numbers_is_renewed_by_signing_in(db: Database, owner: str) -> None:
    def kept() -> str | None:
        with db.reading() as conn:
            account = accounts.find(conn, name=owner)
            return account.password_hash if account else None

    weak = PasswordHasher(memory_cost=8_192).hash(GOOD)
    with db.writing() as conn:
        account = accounts.find(conn, name=owner)
        assert account is not None
        accounts.change(conn, account.id, password_hash=weak)

    come(db, owner, GOOD)

    assert kept() != weak
    assert come(db, owner, GOOD)
