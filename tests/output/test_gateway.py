"""Messages go to the gateway and nowhere else: signed, under one key, tried again, not for ever."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from station.errors import BadValueError
from station.output import gateway
from station.output.gateway import Gateway, GatewayRules

SECRET = "s" * 40
RULES = GatewayRules(timeout_s=1, tries=3, wait_s=0)
Answering = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def listening(answer: Answering) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the address of a server here, and what it was told so far."""
    told: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.append({"path": self.path, "headers": dict(self.headers), "body": body})
            answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/send?x=1", told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def with_status(*statuses: int, **headers: str) -> Answering:
    """Return what answers with these, the last one again and again."""
    left = list(statuses)

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(left.pop(0) if len(left) > 1 else left[0])
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


def deliver(url: str, rules: GatewayRules = RULES) -> gateway.Answer:
    return gateway.deliver(Gateway(url, SECRET), b'{"a":1}', key="list-0001", rules=rules)


def test_a_body_comes_signed_under_its_key() -> None:
    with listening(with_status(202)) as (url, told):
        answer = deliver(url)

    (got,) = told
    at, signed = got["headers"]["Station-Timestamp"], got["headers"]["Station-Signature"]
    wanted = gateway.signature(SECRET, at=int(at), key="list-0001", body=got["body"])
    assert (answer.is_taken, answer.tries, got["path"]) == (True, 1, "/send?x=1")
    assert signed == f"v1={wanted}"
    assert got["headers"]["Idempotency-Key"] == "list-0001"
    assert abs(int(at) - time.time()) < 60


@pytest.mark.parametrize("change", [{"at": 2}, {"key": "other"}, {"body": b"x"}])
def test_a_signature_is_of_instant_key_and_body(change: dict[str, Any]) -> None:
    facts = {"at": 1, "key": "list", "body": b"a"}

    assert gateway.signature(SECRET, **facts) != gateway.signature(SECRET, **(facts | change))


@pytest.mark.parametrize("status", [500, 503, 429, 408])
def test_what_asks_for_another_try_is_tried_again_under_the_same_key(status: int) -> None:
    with listening(with_status(status, 200)) as (url, told):
        answer = deliver(url)

    assert (answer.status, answer.tries) == (200, 2)
    assert {one["headers"]["Idempotency-Key"] for one in told} == {"list-0001"}
    assert len({one["body"] for one in told}) == 1


def test_it_gives_up_after_its_tries_and_waits_longer_each_time() -> None:
    waits: list[float] = []
    rules = GatewayRules(timeout_s=1, tries=3, wait_s=1)
    with listening(with_status(503)) as (url, told):
        answer = gateway.deliver(
            Gateway(url, SECRET), b"{}", key="list-0001", rules=rules, pause=waits.append
        )

    assert (answer.is_taken, len(told), waits) == (False, 3, [1.0, 2.0])


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422])
def test_a_plain_no_is_not_asked_again(status: int) -> None:
    with listening(with_status(status)) as (url, told):
        answer = deliver(url)

    assert (answer.is_taken, answer.status, len(told)) == (False, status, 1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nobody_is_followed_elsewhere(status: int) -> None:
    with (
        listening(with_status(200)) as (elsewhere, caught),
        listening(with_status(status, Location=elsewhere)) as (url, told),
    ):
        answer = deliver(url)

    assert (answer.is_taken, len(told), caught) == (False, 1, [])


def test_an_answer_letter_by_letter_is_not_waited_for() -> None:
    def drip(request: BaseHTTPRequestHandler) -> None:
        try:
            for _ in range(100):
                request.wfile.write(b"H")
                request.wfile.flush()
                time.sleep(0.05)
        except OSError:
            pass

    with listening(drip) as (url, _):
        began = time.monotonic()
        answer = deliver(url, GatewayRules(timeout_s=1, tries=1))

    assert (answer.status, answer.is_taken) == (0, False)
    assert time.monotonic() - began < 4


def test_where_nobody_listens_it_says_so() -> None:
    assert deliver("http://127.0.0.1:9/", GatewayRules(1, 1, 0)) == gateway.Answer(0, 1)


@pytest.mark.parametrize(
    "url",
    [
        *("https://sms.example/send", "https://sms.example:8443/", "http://127.0.0.1:8000/a"),
        *("http://localhost/", "http://[::1]:9/"),
    ],
)
def test_what_nobody_can_read_on_its_way_is_safe(url: str) -> None:
    assert gateway.is_safe(url)


@pytest.mark.parametrize(
    "url",
    [
        *("http://sms.example/", "http://10.0.0.1/", "ftp://localhost/", "file:///etc/passwd", ""),
        *("https://", "https://user:word@sms.example/", "https://sms.example:99999/"),
        *("http://127.0.0.1.sms.example/", "http://localhost@sms.example/", "https://a/\r\nX: y"),
    ],
)
def test_anything_else_is_not(url: str) -> None:
    assert not gateway.is_safe(url)
    with pytest.raises(BadValueError, match="bad_address"):
        deliver(url)


def test_the_secret_is_not_told_in_words() -> None:
    assert SECRET not in repr(Gateway("https://sms.example/", SECRET))
