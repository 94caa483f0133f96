"""A started server on a demo archive, and Chromium to look at it."""

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from people import token_for
from playwright.sync_api import Browser, sync_playwright
from proxying import free_port

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_S = 60


@pytest.fixture(scope="session")
def server_url(demo_archive: str) -> Iterator[str]:
    """The address of a dashboard on the small demo network; it stops with the tests."""
    with serving(demo_archive) as url:
        yield url


@pytest.fixture
def token(demo_archive: str) -> str:
    """The token of somebody who may open every page of the small demo network."""
    return token_for(demo_archive)


@contextmanager
def serving(archive: str, *, config: Path | None = None, port: int = 0) -> Iterator[str]:
    """Yield the address of a dashboard on an archive, and stop it at the end."""
    port = port or free_port()
    settings = ["--config", str(config)] if config else []
    command = [sys.executable, "-m", "station", *settings, "--archive", archive, "serve"]
    process = subprocess.Popen([*command, "--port", str(port)])
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_until_healthy(url: str) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own loopback
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"the server did not answer within {START_S} s")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium; where there is none the tests skip, or fail when they must run."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("STATION_TEST_STRICT"):
            pytest.fail("Chromium is missing and STATION_TEST_STRICT is set")
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
