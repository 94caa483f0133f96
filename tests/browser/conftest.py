"""A started server on a demo archive, and Chromium to look at it."""

import os
import shutil
from collections.abc import Iterator

import pytest
from people import token_for
from playwright.sync_api import Browser, sync_playwright
from serving import serving

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def server_url(demo_archive: str) -> Iterator[str]:
    """The address of a dashboard on the small demo network; it stops with the tests."""
    with serving(demo_archive) as url:
        yield url


@pytest.fixture
def token(demo_archive: str) -> str:
    """The token of somebody who may open every page of the small demo network."""
    return token_for(demo_archive)


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
