"""The dashboard speaks only under the names that the settings give it."""

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from people import token_for
from serving import serving

from station.config import Settings
from station.services import keeping

HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an archive without a sale."""
    folder = tmp_path_factory.mktemp("server")
    keeping.create(Settings(), f"sqlite:///{folder / 'station.db'}").close()
    return folder


@pytest.fixture
def token(folder: Path) -> str:
    """The token of somebody who is signed in there."""
    return token_for(f"sqlite:///{folder / 'station.db'}")


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[int]:
    """The port of a dashboard that may be called station.example."""
    config = folder / "config.yaml"
    config.write_text("server: {allowed_hosts: [station.example]}\n", encoding="utf-8")
    with serving(f"sqlite:///{folder / 'station.db'}", config=config) as url:
        yield int(url.rpartition(":")[2])


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
    port: int, token: str, host: str, status: int
) -> None:
    headers = HANDSHAKE | {
        "Cookie": f"station={token}",
        "Host": f"{host}:{port}",
        "Origin": f"http://{host}:{port}",
    }

    assert answer(port, "/_stcore/stream", headers) == status


@pytest.mark.slow
def test_a_till_is_let_in_without_a_cookie_and_a_foreign_page_is_not(port: int) -> None:
    host = f"station.example:{port}"

    assert answer(port, "/api/v1/health", {"Host": host}) == 200
    assert answer(port, "/api/v1/receipts", {"Host": host}) == 405
    assert answer(port, "/api/v1/health", {"Host": host, "Origin": "http://evil.example"}) == 403
    assert answer(port, "/api/v1/health", {"Host": "evil.example"}) == 403
    assert answer(port, "/api/v1/health", {"Host": host, "Sec-Fetch-Site": "cross-site"}) == 403
    assert answer(port, "/api/docs", {"Host": host}) == 404
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/api/v1/members/find", body=b"{}", headers={"Host": host})
    refused = connection.getresponse()
    told = json.loads(refused.read())
    connection.close()
    assert (refused.status, told["code"]) == (401, "till.no_key_sent")
    assert "frame-ancestors 'none'" in refused.headers["Content-Security-Policy"]
    assert refused.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in refused.headers


@pytest.mark.slow
def test_tills_are_answered_alone_on_postgresql_only(folder: Path) -> None:
    command = [sys.executable, "-m", "station", "--lang", "en"]
    archive = ["--archive", f"sqlite:///{folder / 'station.db'}"]

    done = subprocess.run([*command, *archive, "api"], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("The till interface runs by itself on a PostgreSQL archive only")


@pytest.mark.slow
@pytest.mark.postgres
def test_a_server_for_tills_alone_has_no_dashboard(postgres_url: str) -> None:
    keeping.create(Settings(), postgres_url).close()

    with serving(postgres_url, command="api") as url:
        port = int(url.rpartition(":")[2])
        assert answer(port, "/api/v1/health", {}) == 200
        assert answer(port, "/api/v1/health", {"Origin": "http://evil.example"}) == 403
        assert answer(port, "/", {}) == 404
        assert answer(port, "/sign-in", {}) == 404
