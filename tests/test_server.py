"""The dashboard speaks only under the names that the settings give it."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from station.config import Settings
from station.services import keeping

START_S = 60
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a dashboard that may be called station.example."""
    folder = tmp_path_factory.mktemp("server")
    config = folder / "config.yaml"
    config.write_text("server: {allowed_hosts: [station.example]}\n", encoding="utf-8")
    url = f"sqlite:///{folder / 'station.db'}"
    keeping.create(Settings(), url).close()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = int(probe.getsockname()[1])
    where = ["--host", "127.0.0.1", "--port", str(free)]
    environment = os.environ | {"STATION_CONFIG": str(config), "STATION_ARCHIVE": url}
    process = subprocess.Popen([sys.executable, "-m", "station.server", *where], env=environment)
    try:
        wait_until_healthy(free)
        yield free
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_until_healthy(port: int) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            if answer(port, "/health", {}) == 200:
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"the server did not answer within {START_S} s")


def answer(port: int, path: str, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.slow
@pytest.mark.parametrize(
    "origin", ["null", "http://[", "http://evil.example", "http://station.example.evil"]
)
def test_a_foreign_page_is_refused_before_streamlit_looks_around(
    port: int, origin: str, capfd: pytest.CaptureFixture[str]
) -> None:
    host = f"station.example:{port}"

    assert answer(port, "/_stcore/stream", HANDSHAKE | {"Host": host, "Origin": origin}) == 403

    assert "external IP" not in capfd.readouterr().err


@pytest.mark.slow
def test_every_answer_carries_the_policy(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/")
    policy = connection.getresponse().headers["Content-Security-Policy"]
    connection.close()

    assert "img-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.slow
@pytest.mark.parametrize(
    ("host", "status"),
    [("station.example", 101), ("127.0.0.1", 101), ("localhost", 403), ("evil.example", 403)],
)
def test_only_a_name_of_the_settings_or_the_address_itself_is_answered(
    port: int, host: str, status: int
) -> None:
    headers = HANDSHAKE | {"Host": f"{host}:{port}", "Origin": f"http://{host}:{port}"}

    assert answer(port, "/_stcore/stream", headers) == status
