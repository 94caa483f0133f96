"""Messages leave the house through a gateway: signed, under a key, tried again, never elsewhere."""

import hashlib
import hmac
import http.client
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Timer
from time import sleep, time
from urllib.parse import urlsplit

from station.errors import BadValueError

FILE = "gateway.toml"
"""Beside the archive, as its key is; like that, only its owner may read it."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")
OK, MULTIPLE, TOO_EARLY, TOO_MANY, BROKEN = 200, 300, 425, 429, 500
TIMED_OUT = 408
"""Answers: from which on what is said, and which ask for another try."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where messages go, and the secret by which they are known to be ours."""

    url: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class GatewayRules:
    """How long one waits for a whole answer, and how often one tries."""

    timeout_s: int = 10
    tries: int = 3
    wait_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway said last, 0 where it said nothing; whether that was a yes."""

    status: int
    tries: int

    @property
    def is_taken(self) -> bool:
        """Whether the gateway has taken the messages."""
        return OK <= self.status < MULTIPLE


def is_safe(url: str) -> bool:
    """Return whether nobody between here and an address can read or change what is said."""
    try:
        parts = urlsplit(url)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    is_here = parts.scheme == "http" and parts.hostname in LOOPBACK
    is_plain = (
        not parts.username and not parts.password and not parts.fragment and url.isprintable()
    )
    return ((parts.scheme == "https" and bool(parts.hostname)) or is_here) and has_port and is_plain


def signature(secret: str, *, at: int, key: str, body: bytes) -> str:
    """Return by what the gateway knows that a body is ours, of this instant and for this key."""
    said = f"{at}.{key}.".encode() + body
    return hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()


def deliver(
    gateway: Gateway,
    body: bytes,
    *,
    key: str,
    rules: GatewayRules,
    clock: Callable[[], float] = time,
    pause: Callable[[float], None] = sleep,
) -> Answer:
    """Return what became of a body; under one key a gateway takes it once, however often it comes.

    Tried again is what got no answer, or one that asks for it. An answer that leads elsewhere is
    no yes, and is not followed.

    Raises:
        BadValueError: the address is not safe.
    """
    if not is_safe(gateway.url):
        raise BadValueError("gateway.bad_address", file=FILE)
    status = 0
    for number in range(1, rules.tries + 1):
        status = _post(gateway, body, key=key, at=int(clock()), timeout_s=rules.timeout_s)
        if not _asks_again(status) or number == rules.tries:
            return Answer(status, number)
        pause(rules.wait_s * 2 ** (number - 1))
    return Answer(status, rules.tries)


def _asks_again(status: int) -> bool:
    return status in {0, TIMED_OUT, TOO_EARLY, TOO_MANY} or status >= BROKEN


def _post(gateway: Gateway, body: bytes, *, key: str, at: int, timeout_s: int) -> int:
    """Return the status of one try, 0 where there was no answer."""
    parts = urlsplit(gateway.url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Idempotency-Key": key,
        "Station-Timestamp": str(at),
        "Station-Signature": "v1=" + signature(gateway.secret, at=at, key=key, body=body),
        "Connection": "close",
    }
    line = _line(parts.scheme, parts.hostname or "", parts.port, timeout_s)
    end = Timer(timeout_s, _cut, [line])  # of the whole: an answer may come letter by letter
    end.start()
    try:
        line.request("POST", path, body=body, headers=headers)
        return line.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        end.cancel()
        line.close()


def _cut(line: http.client.HTTPConnection) -> None:
    """Let whoever waits on a line wait no longer."""
    with suppress(OSError, AttributeError):  # it was never opened, or is closed by now
        line.sock.shutdown(socket.SHUT_RDWR)


def _line(scheme: str, host: str, port: int | None, timeout_s: int) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=timeout_s)
    safe = ssl.create_default_context()
    return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=safe)
