"""The company's word opens a session once and soon, in the browser that set out."""

import base64
import json
from time import time
from typing import Any

import pytest
from itsdangerous import TimestampSigner
from people import make_account

from station.archive.database import Database
from station.archive.people import accounts, audit, sessions
from station.errors import SignInError
from station.guard.rules import SignInRules
from station.model import Act, Grant, Role
from station.services import access
from station.services.people import company

RULES = SignInRules()
CLIENT, HERE, SUBJECT = "station", "192.0.2.1", "c1f0-chen"


@pytest.fixture
def known(db: Database) -> str:
    """The subject of somebody with an account."""
    account_id = make_account(db, "chen", Grant(Role.ADMINISTRATOR))
    with db.writing() as conn:
        accounts.change(conn, account_id, subject=SUBJECT)
    return SUBJECT


def coded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def word(alg: Any = "RS256", **claims: Any) -> dict[str, Any]:
    """Return what is told of somebody: the claims of his id token, and the token itself."""
    told = {"sub": SUBJECT, "aud": CLIENT, "iat": int(time()), "nonce": "n-0001"} | claims
    return told | {"tokens": {"id": f"{coded({'alg': alg})}.{coded(told)}.c2ln"}}


def ticket(told: dict[str, Any], way: str) -> str:
    return company.ticket(told, client_id=CLIENT, way=way)


def come(db: Database, told: dict[str, Any]) -> str:
    way = company.open_way()
    return company.exchange(db, RULES, ticket=ticket(told, way), way=way, address=HERE)


def acts(db: Database) -> list[str]:
    with db.reading() as conn:
        told = audit.events(conn, station_ids=None, from_s=0, to_s=2**40, limit=10_000)
    return told["act"].tolist()


def test_the_session_ends_so_long_after_the_company_vouched(db: Database, known: str) -> None:
    vouched_at = int(time()) - 300

    token = come(db, word(sub=known, iat=vouched_at))

    with db.reading() as conn:
        session = sessions.find(conn, access.token_hash(token))
    assert session is not None
    assert session.expires_at == vouched_at + RULES.session_hours * access.HOUR_S
    assert access.scope_of(db, token, RULES).account == "chen"


def test_a_clock_that_is_fast_over_there_makes_no_longer_session(db: Database, known: str) -> None:
    token = come(db, word(sub=known, iat=int(time()) + 100))

    with db.reading() as conn:
        session = sessions.find(conn, access.token_hash(token))
    assert session is not None
    assert session.expires_at <= int(time()) + RULES.session_hours * access.HOUR_S


@pytest.mark.usefixtures("known")
def test_a_word_is_used_up_whatever_else_is_told_with_it(db: Database) -> None:
    told = word()
    come(db, told)

    for more in ({}, {"name": "Chen"}, {"provider": "default"}):
        with pytest.raises(SignInError, match=r"company\.failed"):
            come(db, told | more)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("sub", value) for value in ("", " ", None, 7)),
        *(("nonce", value) for value in ("", None, 7)),
        *(("aud", value) for value in ("another", ["another"], None)),
        *(("iat", value) for value in (None, "today")),
    ],
)
def test_a_word_that_is_not_as_it_must_be_makes_no_ticket(name: str, value: object) -> None:
    with pytest.raises(SignInError, match=r"company\.failed"):
        ticket(word(**{name: value}), company.open_way())


@pytest.mark.parametrize("alg", ["none", "HS256", None, ["RS256"]])
def test_a_word_that_others_can_sign_makes_no_ticket(alg: object) -> None:
    with pytest.raises(SignInError, match=r"company\.failed"):
        ticket(word(alg), company.open_way())


@pytest.mark.parametrize(
    "other",
    [
        {"sub": "c1f0-somebody-else"},
        {"nonce": "n-0002"},
        *({"tokens": value} for value in ({"id": "no token"}, {"id": ""}, {}, None)),
    ],
)
def test_claims_that_are_not_those_of_the_token_make_no_ticket(other: dict[str, Any]) -> None:
    with pytest.raises(SignInError, match=r"company\.failed"):
        ticket(word() | other, company.open_way())


@pytest.mark.parametrize("ago_s", [company.FRESH_S + 10, -company.SLACK_S - 10, 90_000])
def test_a_word_of_another_time_makes_no_ticket(ago_s: int) -> None:
    with pytest.raises(SignInError, match=r"company\.failed"):
        ticket(word(iat=int(time()) - ago_s), company.open_way())


def test_the_server_says_what_was_wrong(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(SignInError):
        ticket(word(iat=int(time()) - company.FRESH_S - 10), company.open_way())

    assert "compare the clocks" in caplog.text
    assert SUBJECT not in caplog.text


def test_a_word_may_be_meant_for_others_too() -> None:
    assert ticket(word(aud=["another", CLIENT]), company.open_way())


@pytest.mark.parametrize("alg", ["RS256", "PS512", "ES256", "EdDSA"])
def test_every_way_of_signing_that_only_the_provider_can_is_taken(alg: str) -> None:
    assert ticket(word(alg), company.open_way())


@pytest.mark.parametrize("way", ["", "made.up.way"])
def test_who_did_not_set_out_here_gets_no_ticket(way: str) -> None:
    assert not company.is_way(way)
    with pytest.raises(SignInError):
        ticket(word(), way)


def test_a_way_is_open_for_ten_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    made_at = int(time()) - company.WAY_S - 2
    with monkeypatch.context() as earlier:
        earlier.setattr(TimestampSigner, "get_timestamp", lambda _: made_at)
        way = company.open_way()

    assert company.is_way(company.open_way())
    assert not company.is_way(way)


@pytest.mark.usefixtures("known")
def test_a_ticket_is_good_for_a_minute(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    made_at = int(time()) - company.TICKET_S - 2
    with monkeypatch.context() as earlier:
        earlier.setattr(TimestampSigner, "get_timestamp", lambda _: made_at)
        way = company.open_way()
        late = ticket(word(), way)

    with pytest.raises(SignInError, match=r"company\.failed"):
        company.exchange(db, RULES, ticket=late, way=way, address=HERE)
    assert come(db, word())


@pytest.mark.usefixtures("known")
def test_a_ticket_of_another_browser_is_none(db: Database) -> None:
    mine = ticket(word(), company.open_way())

    for way in ("", company.open_way()):
        with pytest.raises(SignInError, match=r"company\.failed"):
            company.exchange(db, RULES, ticket=mine, way=way, address=HERE)


def test_who_has_no_account_is_told_what_to_tell(db: Database) -> None:
    with pytest.raises(SignInError) as refused:
        come(db, word(sub="c1f0-nobody"))

    assert refused.value.key == "company.no_account"
    assert refused.value.facts == {"subject": "c1f0-nobody"}
    assert acts(db) == [Act.SIGN_IN_FAILED]


def test_who_is_locked_is_refused_and_his_word_is_not_used_up(db: Database, known: str) -> None:
    with db.writing() as conn:
        account = accounts.find(conn, subject=known)
        assert account is not None
        accounts.change(conn, account.id, disabled_at=1)

    with pytest.raises(SignInError, match=r"company\.no_account"):
        come(db, word(sub=known))


def test_knocking_in_vain_has_an_end_and_is_forgiven(db: Database, known: str) -> None:
    for number in range(2 * RULES.attempts):
        come(db, word(sub=known, nonce=f"n-{number}"))
    for number in range(RULES.attempts):
        with pytest.raises(SignInError, match=r"company\.no_account"):
            come(db, word(sub="c1f0-nobody", nonce=f"m-{number}"))

    with pytest.raises(SignInError, match=r"sign_in\.too_many"):
        come(db, word(sub="c1f0-nobody", nonce="m-last"))
    assert come(db, word(sub=known, nonce="n-last"))
