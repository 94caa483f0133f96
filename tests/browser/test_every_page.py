"""Every page opens in both languages at both widths, without error and without overflow."""

from collections.abc import Iterator

import pytest
from people import token_for
from playwright.sync_api import Browser
from visiting import Visit

from station.pages.front import PAGES

NAMES = [name for entries in PAGES.values() for name, *_ in entries]
FIRST = "today"  # the front page has no path of its own
WIDTHS = {"desktop": (1440, 900), "phone": (390, 844)}

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def windows(browser: Browser, server_url: str, demo_archive: str) -> Iterator[dict[str, Visit]]:
    """A window of each width, signed in, that goes from page to page."""
    visits, token = {}, token_for(demo_archive)
    for width, (wide, high) in WIDTHS.items():
        context = browser.new_context(viewport={"width": wide, "height": high}, locale="en-GB")
        visits[width] = Visit(context.new_page(), server_url, token)
    yield visits
    for visit in visits.values():
        visit.page.context.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_a_page_opens_without_error_or_overflow(
    windows: dict[str, Visit], name: str, lang: str, width: str
) -> None:
    visit = windows[width]
    visit.troubles.clear()

    visit.open(f"{'' if name == FIRST else name}?lang={lang}")

    visit.shoot(f"{name}-{lang}-{width}")
    page = visit.page
    assert page.locator("[data-testid='stException']").count() == 0
    assert page.locator("[data-testid='stAlertContentError']").count() == 0
    assert visit.troubles == []
    assert page.evaluate("document.scrollingElement.scrollWidth") <= WIDTHS[width][0]
