"""A dashboard that is started for tests, as whoever runs it starts it, and stopped after them."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

START_S = 60


@contextmanager
def serving(
    archive: str, *, config: Path | None = None, port: int = 0, command: str = "serve"
) -> Iterator[str]:
    """Yield the address of a dashboard (or `api`) on an archive, and stop it at the end."""
    port = port or free_port()
    settings = ["--config", str(config)] if config else []
    station = [sys.executable, "-m", "station", *settings, "--archive", archive, command]
    process = subprocess.Popen([*station, "--port", str(port)])
    try:
        _wait_until_healthy(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def free_port() -> int:
    """Return a port of loopback at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(port: int) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            if _is_healthy(port):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"the server did not answer within {START_S} s")


def _is_healthy(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/health")
    status = connection.getresponse().status
    connection.close()
    return status == 200
