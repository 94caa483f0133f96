"""Every page opens in both languages at both widths, without error and without overflow."""

from collections.abc import Iterator

import pytest
from nights import by_night
from people import token_for
from playwright.sync_api import Browser, ViewportSize
from visiting import Visit

from station import text
from station.pages.front import PAGES

NAMES = [name for entries in PAGES.values() for name, *_ in entries]
FIRST = "today"  # the front page has no path of its own
WIDTHS: dict[str, ViewportSize] = {
    "phone": {"width": 390, "height": 844},
    "desktop": {"width": 1440, "height": 900},
}
VIEWS = [
    (name, lang)
    for at, name in enumerate(NAMES)
    for lang in by_night(text.LANGUAGES, by_day=text.LANGUAGES[at % 2 :][:1])
]
"""By day each page in one language, in turn."""
FITS = "width => document.scrollingElement.scrollWidth <= width"

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def window(browser: Browser, server_url: str, demo_archive: str) -> Iterator[Visit]:
    """A window, signed in, that goes from page to page."""
    context = browser.new_context(locale="en-GB")
    yield Visit(context.new_page(), server_url, token_for(demo_archive))
    context.close()


@pytest.mark.parametrize(("name", "lang"), VIEWS)
def test_a_page_opens_without_error_or_overflow(window: Visit, name: str, lang: str) -> None:
    page = window.page
    window.troubles.clear()
    page.set_viewport_size(WIDTHS["phone"])

    window.open(f"{'' if name == FIRST else name}?lang={lang}")

    for width, size in WIDTHS.items():
        page.set_viewport_size(size)
        window.settle()
        window.shoot(f"{name}-{lang}-{width}")
        assert page.locator("[data-testid='stException']").count() == 0
        assert page.locator("[data-testid='stAlertContentError']").count() == 0
        page.wait_for_function(
            FITS, arg=size["width"], timeout=5_000
        )  # plots follow a little later
    assert window.troubles == []
