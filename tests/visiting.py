"""A page in the browser, and what went wrong on it."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Page

from station.services.people import sign_in

DRAWN = """() => {
    const drawn = (box, what) => [...document.querySelectorAll(`[data-testid='${box}']`)]
        .every(one => one.querySelector(what));
    return drawn("stPlotlyChart", ".main-svg") && drawn("stDataFrame", "canvas")
        && !document.querySelector("[data-testid='stSkeleton']");
}"""
"""Whether plots and tables are there; they draw themselves after the script."""


@dataclass
class Visit:
    """A page in the browser, and what went wrong on it."""

    page: Page
    url: str
    token: str
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        cookie = {"name": sign_in.COOKIE, "value": self.token, "url": self.url}
        self.page.context.add_cookies([cookie])
        self.page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        self.page.on("console", self._note)

    def _note(self, message: ConsoleMessage) -> None:
        # Below a page's path the browser first looks for the server's own routes in vain.
        looks_for_root = "/_stcore/" in message.location.get("url", "")
        if message.type == "error" and not looks_for_root:
            self.troubles.append(f"console: {message.text} {message.location.get('url', '')}")

    def open(self, path: str) -> None:
        """Open a path of the dashboard and wait until it is drawn."""
        self.page.goto(f"{self.url}/{path}", wait_until="domcontentloaded")
        self.settle()

    def settle(self) -> None:
        """Wait until the script has run to its end."""
        self.page.wait_for_selector("[data-testid='stAppViewContainer'] h1", timeout=30_000)
        self.page.wait_for_selector(
            "[data-testid='stApp'][data-test-script-state='notRunning']", timeout=30_000
        )
        self.page.wait_for_function(DRAWN, timeout=30_000)

    def shoot(self, name: str) -> None:
        """Keep a full picture when STATION_SCREENSHOTS names a folder."""
        folder = os.environ.get("STATION_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
