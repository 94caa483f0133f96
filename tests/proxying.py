"""nginx with the shipped example, before an upstream of a test's choice."""

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPMessage, HTTPResponse
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from serving import free_port

NAME = "station.example"
EXAMPLE = Path(__file__).parents[1] / "docs" / "proxy" / "nginx.conf"
START_S = 20
FRAME = """
daemon off;
master_process off;  # one process, a child of the test's
pid {home}/nginx.pid;
error_log stderr;
events {{}}
http {{
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    # What Debian's own nginx.conf says before it includes ours.
    ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
    ssl_prefer_server_ciphers on;
    gzip on;
    keepalive_timeout 65;
    include {home}/station.conf;
}}
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: HTTPMessage
    body: bytes


@dataclass(frozen=True, slots=True)
class Proxy:
    """A started nginx: its ports on loopback, its folder and the certificate it shows."""

    tls_port: int
    plain_port: int
    home: Path
    trusts: ssl.SSLContext = field(repr=False)

    def connect(self, *, name: str = NAME) -> ssl.SSLSocket:
        """Return a TLS connection on which the proxy was called by `name`."""
        plain = socket.create_connection(("127.0.0.1", self.tls_port), timeout=20)
        return self.trusts.wrap_socket(plain, server_hostname=name)

    def ask(
        self,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        body: bytes = b"",
    ) -> Answer:
        """Return the answer to a request over TLS."""
        with self.connect() as connection:
            return ask(connection, path, headers, method=method, body=body)

    def ask_plainly(self, path: str, host: str = NAME) -> Answer:
        """Return the answer to a request without TLS."""
        with socket.create_connection(("127.0.0.1", self.plain_port), timeout=20) as connection:
            return ask(connection, path, {"Host": host})


def ask(
    connection: socket.socket,
    path: str,
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "GET",
    body: bytes = b"",
) -> Answer:
    """Send one request, its path and headers exactly as they are given, and return the answer."""
    lines = {"Host": NAME, "Connection": "close"} | dict(headers or {})
    if body and "Transfer-Encoding" not in lines:
        lines["Content-Length"] = str(len(body))
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    connection.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body)
    answer = HTTPResponse(connection, method=method)
    answer.begin()
    return Answer(answer.status, answer.headers, answer.read() if answer.status != 101 else b"")


@contextmanager
def proxying(upstream_port: int, home: Path) -> Iterator[Proxy]:
    """Yield nginx with the shipped example before an upstream, and stop it at the end."""
    trusts = write_certificate(home)
    proxy = Proxy(free_port(), free_port(), home, trusts)
    (home / "station.conf").write_text(adapted(proxy, upstream_port), encoding="utf-8")
    (home / "nginx.conf").write_text(FRAME.format(home=home), encoding="utf-8")
    command = [nginx(), "-e", "stderr", "-p", home, "-c", home / "nginx.conf"]
    with (home / "errors.log").open("wb") as errors:
        process = subprocess.Popen([str(part) for part in command], stderr=errors)
    try:
        _wait_until_open(proxy, process)
        yield proxy
    finally:
        process.terminate()
        process.wait(timeout=20)


def adapted(proxy: Proxy, upstream_port: int) -> str:
    """Return the example with nothing but its addresses and paths changed."""
    text = EXAMPLE.read_text("utf-8")
    for told, ours in {
        "server 127.0.0.1:8501;": f"server 127.0.0.1:{upstream_port};",
        "listen 443 ": f"listen 127.0.0.1:{proxy.tls_port} ",
        "listen 80 ": f"listen 127.0.0.1:{proxy.plain_port} ",
        "/etc/nginx/tls": str(proxy.home),
        "/var/log/nginx": str(proxy.home),
    }.items():
        assert told in text, told
        text = text.replace(told, ours)
    return text


def nginx() -> str:
    """Return the path of nginx; where there is none the test skips, or fails when it must run."""
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        if os.environ.get("STATION_TEST_STRICT") == "1":
            pytest.fail("nginx is not installed")
        pytest.skip("nginx is not installed")
    return found


def write_certificate(home: Path) -> ssl.SSLContext:
    """Make a certificate for an hour and return what trusts it and nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (home / "station.crt").write_bytes(pem)
    (home / "station.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return ssl.create_default_context(cadata=pem.decode("ascii"))


def _wait_until_open(proxy: Proxy, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", proxy.tls_port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"nginx did not start: {(proxy.home / 'errors.log').read_text('utf-8')}")
