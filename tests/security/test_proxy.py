"""The reverse-proxy example lets through what it should, as it should, and nothing else."""

import json
import socket
import ssl
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from proxying import NAME, Answer, Proxy, ask, proxying
from serving import free_port, serving
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

from station.config import Settings
from station.services import keeping

LONG_COOKIES = 5
MEGABYTE = 1024 * 1024
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
SAFE = (
    "Strict-Transport-Security",
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Referrer-Policy",
    "Permissions-Policy",
    "Cache-Control",
)
BLOCKED = (
    "/_stcore/metrics",
    "/_stcore/metrics/",
    "/_stcore//metrics",
    "/_stcore/%6Detrics",
    "/today/../_stcore/metrics",
    "/_stcore/metrics?families=cache_memory_bytes",
    "/_stcore/agent",
    "/_stcore/agent/mcp",
    "/_stcore/agent/interact",
    "/_stcore/agent/openapi.json",
    "/_stcore/script-health-check",
    "/_stcore/anything-new",
    "/agent/interact",
    "/.git/config",
    "/static/.env",
)
FORGED = {
    "X-Forwarded-For": "203.0.113.7",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-User": "chief",
    "X_Forwarded_User": "chief",
    "X-Forwarded-Email": "chief@evil.example",
    "X-Auth-Request-User": "chief",
    "X-Remote-User": "chief",
    "Remote-User": "chief",
    "X-Real-IP": "203.0.113.7",
    "True-Client-IP": "203.0.113.7",
    "Forwarded": "for=203.0.113.7;host=evil.example",
    "X-Original-URL": "/_stcore/metrics",
    "X-Rewrite-URL": "/_stcore/metrics",
    "X-HTTP-Method-Override": "DELETE",
    "Proxy": "http://evil.example",
    "Via": "1.1 evil.example",
}

SECRETS = (
    "/welcome?token=s3cret",
    "/company/back?ticket=s3cret",
    "/oauth2callback?code=s3cret&state=s3cret",
    "/media/s3cret.csv",
    "/_stcore/upload_file/s3cret/s3cret",
)

pytestmark = pytest.mark.slow


class Echo(BaseHTTPRequestHandler):
    """Answers with what arrived, and sets a cookie without Secure."""

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        arrived = {"headers": list(self.headers.items()), "bytes": len(self.rfile.read(length))}
        body = json.dumps(arrived).encode()
        self.send_response(200)
        self.send_header("Set-Cookie", "_streamlit_xsrf=2; Path=/; SameSite=Lax")
        if self.path.startswith("/oauth2callback"):
            for number in range(LONG_COOKIES):
                self.send_header("Set-Cookie", f"_streamlit_user_{number}={'x' * 4000}; Path=/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_GET  # noqa: N815 - the library's own names

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """The proxy before a server that tells what reached it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with proxying(server.server_port, tmp_path_factory.mktemp("echo")) as proxy:
            yield proxy
        server.shutdown()


@pytest.fixture(scope="module")
def station_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a dashboard that is called station.example."""
    folder = tmp_path_factory.mktemp("station")
    config, url = folder / "config.yaml", f"sqlite:///{folder / 'station.db'}"
    config.write_text(f"server: {{allowed_hosts: [{NAME}]}}\n", encoding="utf-8")
    keeping.create(Settings(), url).close()
    with serving(url, config=config) as address:
        yield int(address.rpartition(":")[2])


@pytest.fixture(scope="module")
def station(station_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """The proxy before a dashboard."""
    with proxying(station_port, tmp_path_factory.mktemp("proxy")) as proxy:
        yield proxy


def directly(port: int, path: str, headers: dict[str, str] | None = None) -> Answer:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        return ask(connection, path, headers)


def headers_at(proxy: Proxy, headers: dict[str, str]) -> dict[str, str]:
    """Return the headers that reached the application."""
    arrived = json.loads(proxy.ask("/", headers).body)["headers"]
    assert len({name.lower() for name, _ in arrived}) == len(arrived), "a header came twice"
    return {name.lower(): value for name, value in arrived}


def agreed(proxy: Proxy, version: ssl.TLSVersion, ciphers: str = "ALL") -> str | None:
    """Return the protocol that a client gets who knows one version and these ciphers only."""
    context = ssl.create_default_context(cafile=proxy.home / "station.crt")
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = context.maximum_version = version
    plain = socket.create_connection(("127.0.0.1", proxy.tls_port), timeout=10)
    with context.wrap_socket(plain, server_hostname=NAME) as connection:
        return connection.version()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_today_s_tls_is_spoken(echo: Proxy, version: ssl.TLSVersion) -> None:
    assert agreed(echo, version) == version.name.replace("_", ".")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_yesterday_s_tls_is_refused(echo: Proxy, version: ssl.TLSVersion) -> None:
    with pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):
        agreed(echo, version)


def test_a_cipher_without_integrity_of_its_own_is_refused(echo: Proxy) -> None:
    with pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE"):
        agreed(echo, ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES256-SHA:ECDHE-ECDSA-AES128-SHA256")


def test_the_newest_tls_is_preferred(echo: Proxy) -> None:
    with echo.connect() as connection:
        assert connection.version() == "TLSv1.3"


def test_without_tls_there_is_only_the_way_to_tls(echo: Proxy) -> None:
    for host in (NAME, "evil.example"):
        answer = echo.ask_plainly("/lapsed?lang=en", host)

        assert answer.status == 301
        assert answer.headers["Location"] == f"https://{NAME}/lapsed?lang=en"


def test_a_browser_is_told_to_come_by_tls_for_a_year(station: Proxy) -> None:
    told = station.ask("/health").headers["Strict-Transport-Security"]

    assert int(told.partition("max-age=")[2].partition(";")[0]) >= 365 * 24 * 3600
    assert "includeSubDomains" in told


@pytest.mark.parametrize(
    ("path", "status"), [("/health", 200), ("/sign-in", 200), ("/_stcore/metrics", 404)]
)
def test_every_safe_header_comes_exactly_once(station: Proxy, path: str, status: int) -> None:
    answer = station.ask(path)

    assert answer.status == status
    assert {name: len(answer.headers.get_all(name, [])) for name in SAFE} == dict.fromkeys(SAFE, 1)


def test_the_dashboard_s_own_policy_stands(station: Proxy, station_port: int) -> None:
    for name in SAFE[1:-1]:
        assert station.ask("/").headers[name] == directly(station_port, "/").headers[name]


@pytest.mark.parametrize(
    "path", ["/", "/health", "/sign-in", "/_stcore/health", "/_stcore/metrics"]
)
def test_every_answer_names_what_it_is_and_how_it_is_written(station: Proxy, path: str) -> None:
    answer = station.ask(path)

    kind = answer.headers["Content-Type"] or ""
    assert kind == "application/json" or kind.endswith("; charset=utf-8") or not answer.body


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"https://{NAME}.evil.example"])
def test_no_other_site_may_read_an_answer(station: Proxy, origin: str) -> None:
    for path in ("/", "/health", "/sign-in", "/_stcore/health", "/_stcore/host-config"):
        answer = station.ask(path, {"Origin": origin})

        assert "Access-Control-Allow-Origin" not in answer.headers


def test_nobody_learns_which_server_answers(station: Proxy) -> None:
    for path in ("/health", "/_stcore/metrics"):
        assert station.ask(path).headers["Server"] == "nginx"


@pytest.mark.parametrize("path", BLOCKED)
def test_a_blocked_path_is_not_there(station: Proxy, path: str) -> None:
    answer = station.ask(path)

    assert answer.status == 404
    assert b"nginx" in answer.body, "it should not have reached the dashboard"


@pytest.mark.parametrize(
    "path", ["/", "/today", "/sign-in", "/_stcore/health", "/_stcore/host-config"]
)
def test_the_dashboard_s_own_paths_answer_as_without_the_proxy(
    station: Proxy, station_port: int, path: str
) -> None:
    answer = station.ask(path)

    assert answer.status == directly(station_port, path, {"Host": NAME}).status
    assert answer.body == directly(station_port, path, {"Host": NAME}).body


def test_what_a_till_shows_arrives_where_tills_ask_and_nowhere_else(
    echo: Proxy, station: Proxy
) -> None:
    shown = {"Authorization": "Bearer till_x", "Idempotency-Key": "a1-000001"}

    assert shown.keys().isdisjoint(headers_at(echo, shown))
    assert station.ask("/api/v1/health").status == 200
    answer = station.ask("/api/v1/members/find", shown | {"Accept-Language": "en"})
    assert answer.status == 405  # it was a GET, and it arrived


def test_forged_headers_do_not_arrive(echo: Proxy) -> None:
    arrived = headers_at(echo, FORGED)

    assert "203.0.113.7" not in str(arrived)
    assert "evil.example" not in str(arrived)
    assert "chief" not in str(arrived)
    assert set(arrived) == {"host", "x-forwarded-for", "x-forwarded-proto"}


def test_the_application_learns_who_calls_and_how(echo: Proxy) -> None:
    arrived = headers_at(echo, {"X-Forwarded-For": "203.0.113.7, 198.51.100.1"})

    assert arrived["x-forwarded-for"] == "127.0.0.1"
    assert arrived["x-forwarded-proto"] == "https"
    assert arrived["host"] == NAME


def test_what_the_pages_need_arrives(echo: Proxy) -> None:
    sent = {
        "Accept": "text/html",
        "Accept-Encoding": "gzip",
        "Accept-Language": "zh-CN",
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": "a=1; b=2",
        "If-Modified-Since": "Thu, 01 Jan 2026 00:00:00 GMT",
        "If-None-Match": '"tag"',
        "If-Range": '"tag"',
        "Origin": f"https://{NAME}",
        "Range": "bytes=0-9",
        "Referer": f"https://{NAME}/today",
        "Sec-Fetch-Dest": "document",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Site": "same-origin",
        "Sec-Fetch-User": "?1",
        "User-Agent": "Browser/1",
        "X-Xsrftoken": "2|token",
    }

    arrived = headers_at(echo, sent)

    assert {name: arrived[name.lower()] for name in sent} == sent


def test_another_name_is_answered_by_nobody(echo: Proxy) -> None:
    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        echo.connect(name="evil.example")

    assert echo.ask("/", {"Host": "evil.example"}).status == 421


def test_every_cookie_travels_by_tls_only(echo: Proxy) -> None:
    cookies = echo.ask("/").headers.get_all("Set-Cookie")

    assert cookies == ["_streamlit_xsrf=2; Path=/; SameSite=Lax; Secure"]


def test_a_websocket_passes_in_both_directions(tmp_path: Path) -> None:
    with serve(shout, "127.0.0.1", 0, subprotocols=["streamlit"]) as upstream:
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        with (
            proxying(upstream.socket.getsockname()[1], tmp_path) as proxy,
            socket.create_connection(("127.0.0.1", proxy.tls_port)) as plain,
            connect(
                f"wss://{NAME}/_stcore/stream",
                sock=plain,
                ssl=proxy.trusts,
                subprotocols=["streamlit"],
            ) as client,
        ):
            client.send(b"x" * MEGABYTE)
            assert client.recv() == b"X" * MEGABYTE
        upstream.shutdown()


def shout(connection: ServerConnection) -> None:
    for message in connection:
        connection.send(message.upper())


@pytest.mark.parametrize("origin", [f"https://{NAME}", "https://evil.example"])
def test_the_stream_answers_as_without_the_proxy(
    station: Proxy, station_port: int, origin: str
) -> None:
    headers = HANDSHAKE | {"Host": NAME, "Origin": origin}

    answer = station.ask("/_stcore/stream", headers)

    assert answer.status == directly(station_port, "/_stcore/stream", headers).status


@pytest.mark.parametrize(
    ("path", "protocol"), [("/", "websocket"), ("/", "h2c"), ("/_stcore/stream", "h2c")]
)
def test_no_other_change_of_protocol_arrives(echo: Proxy, path: str, protocol: str) -> None:
    headers = {"Connection": "Upgrade, close", "Upgrade": protocol}

    arrived = dict(json.loads(echo.ask(path, headers).body)["headers"])

    assert {"Upgrade", "Connection"}.isdisjoint(arrived)


def test_a_file_of_20_mb_passes(echo: Proxy) -> None:
    body = b"0" * (20 * MEGABYTE + 1024)

    answer = echo.ask("/_stcore/upload_file/session/file", method="PUT", body=body)

    assert json.loads(answer.body)["bytes"] == len(body)


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("/_stcore/upload_file/session/file", 22 * MEGABYTE),
        ("/_stcore/host-config", MEGABYTE),
        ("/sign-in", MEGABYTE),
        ("/", MEGABYTE),
    ],
)
def test_too_large_a_body_is_refused_before_it_is_sent(echo: Proxy, path: str, size: int) -> None:
    answer = echo.ask(path, {"Content-Length": str(size)}, method="PUT")

    assert answer.status == 413


def test_too_large_a_body_is_refused_though_its_size_is_not_told(echo: Proxy) -> None:
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (MEGABYTE, b"0" * MEGABYTE)

    answer = echo.ask("/", {"Transfer-Encoding": "chunked"}, method="PUT", body=body)

    assert answer.status == 413


def test_attempts_to_sign_in_are_slowed_but_the_form_is_shown(echo: Proxy) -> None:
    tries = [echo.ask("/sign-in", method="POST", body=b"name=a").status for _ in range(40)]

    assert 10 <= tries.count(200) <= 15
    assert tries.count(200) + tries.count(429) == 40
    assert echo.ask("/sign-in").status == 200


def test_one_address_holds_about_a_hundred_connections_at_most(tmp_path: Path) -> None:
    waiting = b"POST / HTTP/1.1\r\nHost: station.example\r\nContent-Length: 9\r\n\r\n"
    with proxying(free_port(), tmp_path) as proxy, ExitStack() as held:
        for _ in range(110):  # the last few may still be on their way
            held.enter_context(proxy.connect()).sendall(waiting)

        assert proxy.ask("/").status == 429


def test_all_that_the_company_s_own_sign_in_says_of_a_person_passes(echo: Proxy) -> None:
    answer = echo.ask("/oauth2callback?code=1&state=2")
    cookies = answer.headers.get_all("Set-Cookie", [])

    assert answer.status == 200
    assert len(cookies) == LONG_COOKIES + 1
    assert all("; Secure" in cookie or "; secure" in cookie for cookie in cookies)


def test_the_log_holds_no_secret(echo: Proxy) -> None:
    for path in SECRETS:
        echo.ask(path, {"Cookie": "s3cret", "Referer": "https://s3cret"})

    logged = (echo.home / "station.log").read_text("utf-8")
    assert '"GET /welcome"' in logged
    assert '"GET /media/-"' in logged
    assert "s3cret" not in logged


def test_the_log_holds_no_secret_when_the_dashboard_is_down(tmp_path: Path) -> None:
    with proxying(free_port(), tmp_path) as proxy:
        for path in SECRETS[:3]:
            assert proxy.ask(path).status == 502
        logs = [path.read_text("utf-8") for path in tmp_path.glob("*.log")]

    assert "s3cret" not in "".join(logs)


def test_a_client_that_dawdles_is_let_go(echo: Proxy) -> None:
    with echo.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: station.example\r\n")
        connection.settimeout(15)

        assert connection.recv(100) == b""
