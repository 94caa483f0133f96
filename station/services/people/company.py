"""Whom the company's own sign-in vouches for: the way there and back, and the session it opens.

A browser that sets out gets a *way*. What comes back is told to the front page, which makes a
*ticket* of it; the door exchanges that for a session. Both are signed by this process alone, so
nothing is kept of people who set out and never come back.
"""

import hashlib
import json
import logging
import secrets
from collections.abc import Mapping
from time import time
from typing import Any

from itsdangerous import BadData, BadSignature, TimestampSigner, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode

from station.archive.database import Connection, Database
from station.archive.people import accounts, sessions
from station.archive.people.accounts import Account
from station.errors import SignInError
from station.guard.rules import SignInRules
from station.model import Act
from station.services import trail
from station.services.access import token_hash
from station.services.people import sign_in

WAY, SECURE_WAY = "station_way", "__Host-station-way"
WAY_S = 600
"""Seconds for which somebody may be on his way: he types his password over there."""
FRESH_S = 600
"""Seconds for which the provider's word counts; it is used within a moment of being given."""
SLACK_S = 120
"""Seconds by which the provider's clock may be fast."""
TICKET_S = 60
"""Seconds between the company's word and the session that it opens."""
ALGORITHMS = frozenset(
    f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)
) | {"EdDSA", "Ed25519"}
"""How an id token may be signed: by a key that only the provider has."""
_log = logging.getLogger(__name__)
_KEY = secrets.token_bytes(32)


def way_cookie(rules: SignInRules) -> str:
    """Return the name of the cookie that holds a way."""
    return SECURE_WAY if rules.secure_cookie else WAY


def open_way() -> str:
    """Return a way: what a browser shows that set out from our own page a moment ago."""
    return _ways().sign(sign_in.new_token()).decode()


def is_way(way: str) -> bool:
    """Return whether this is a way that is still open."""
    try:
        _ways().unsign(way, max_age=WAY_S)
    except BadSignature:
        return False
    return True


def ticket(told: Mapping[str, Any], *, client_id: str, way: str) -> str:
    """Return a ticket for whom the provider vouches, good in the browser with this way only.

    `told` is its id token's claims, whose signature, times, issuer and nonce were verified, with
    the token itself under `tokens`. By the nonce, which is made anew for each visit, `exchange`
    knows a word that was used before.

    Raises:
        SignInError: it is not signed, for somebody else, names nobody or is not of this visit.
    """
    if wrong := _wrong(told, client_id, way):
        _log.warning("An id token of the company's sign-in was refused: %s", wrong)
        raise SignInError("company.failed")
    return _tickets(way).dumps([told["sub"], int(told["iat"]), told["nonce"]])


def _wrong(told: Mapping[str, Any], client_id: str, way: str) -> str:
    """Return what is wrong with the claims of an id token, for whoever keeps the server."""
    audience = told.get("aud")
    meant_for = audience if isinstance(audience, list) else [audience]
    names = [told.get("sub"), told.get("nonce")]
    checks = {
        "no subject or nonce": all(isinstance(name, str) and name.strip() for name in names),
        "meant for another client": client_id in meant_for,
        "not issued now; compare the clocks": _is_fresh(told.get("iat")),
        "not signed as it must be": _is_signed(told),
        "not asked for by this browser": is_way(way),
    }
    return next((words for words, is_right in checks.items() if not is_right), "")


def _is_fresh(issued_at: Any) -> bool:
    is_number = isinstance(issued_at, int | float)
    return is_number and -SLACK_S <= time() - issued_at <= FRESH_S


def _is_signed(told: Mapping[str, Any]) -> bool:
    """Return whether the claims are those of an id token of an algorithm that we take.

    Authlib takes what the provider lists, and that may be `none`.
    """
    parts = str((told.get("tokens") or {}).get("id", "")).split(".")
    try:
        header, claims = (json.loads(base64_decode(part)) for part in parts[:2])
        is_same = all(claims[name] == told[name] for name in ("sub", "nonce", "iat", "aud"))
        return is_same and header["alg"] in ALGORITHMS
    except (BadData, ValueError, TypeError, KeyError):
        return False


def exchange(db: Database, rules: SignInRules, *, ticket: str, way: str, address: str) -> str:
    """Return the token of a session for a ticket; the provider's word is used up by it.

    The session ends so many hours after the company vouched, not after the exchange.

    Raises:
        SignInError: the ticket is none, too old or another browser's, its word was used before, or
            no account that is open carries its subject.
    """
    subject, issued_at, nonce = _opened(ticket, way)
    word = token_hash(f"{nonce}/{issued_at}/{subject}")
    name = f"company/{subject}"
    sign_in.count_attempt(db, rules, name=name, address=address)
    with db.writing(changes_figures=False) as conn:
        account = accounts.find(conn, subject=subject)
        is_open = account is not None and account.disabled_at is None
        if account and is_open and _use_up(conn, account, word, address=address):
            sign_in.forgive(db, conn, name=name, address=address)
            started_s = min(issued_at, int(time()))
            return sign_in.begin(conn, account, rules, address=address, started_s=started_s)
    trail.noted(db, sign_in.nobody(address), Act.SIGN_IN_FAILED, "account:company")
    if is_open:
        raise SignInError("company.failed")
    raise SignInError("company.no_account", subject=subject)


def _use_up(conn: Connection, account: Account, word: str, *, address: str) -> bool:
    """Return whether the provider's word is used for the first time, and note that it was."""
    if sessions.find(conn, word):
        return False
    now_s = int(time())
    noted = sessions.start(
        conn,
        account_id=account.id,
        token_hash=word,
        kind=sessions.TICKET,
        address=address,
        now_s=now_s,
        expires_at=now_s + FRESH_S,
    )
    sessions.end(conn, noted, now_s)
    return True


def _opened(ticket: str, way: str) -> tuple[str, int, str]:
    try:
        subject, issued_at, nonce = _tickets(way).loads(ticket, max_age=TICKET_S)
    except BadSignature as error:
        raise SignInError("company.failed") from error
    return subject, issued_at, nonce


def _ways() -> TimestampSigner:
    return TimestampSigner(_KEY, salt="way", digest_method=hashlib.sha256)


def _tickets(way: str) -> URLSafeTimedSerializer:
    hashed = {"digest_method": hashlib.sha256}
    return URLSafeTimedSerializer(_KEY, salt=f"ticket/{way}", signer_kwargs=hashed)
