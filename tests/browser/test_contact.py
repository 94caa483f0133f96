"""The owner on a card, masked, fits a phone; shown in full, his number is in no address."""

import pytest
from playwright.sync_api import Browser, expect
from visiting import Visit

from station.services import board
from station.services.ask import Ask
from station.services.customers import contacts

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WIDTHS = {"desktop": (1440, 900), "phone": (390, 844)}


@pytest.fixture(scope="session")
def owned(demo_ask: Ask) -> tuple[int, contacts.Contact]:
    """Return a vehicle and its owner, of whom name and telephone are kept."""
    rows = board.vehicles(demo_ask)
    for vehicle_id in map(int, rows.loc[rows["customer_id"].notna(), "vehicle_id"].unique()):
        for owner in contacts.of_vehicle(demo_ask, vehicle_id=vehicle_id):
            if owner.name and owner.phone and not owner.organisation_name:
                return vehicle_id, owner
    raise AssertionError


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_contact_fits_and_is_shown_once(
    browser: Browser,
    server_url: str,
    token: str,
    owned: tuple[int, contacts.Contact],
    lang: str,
    width: str,
) -> None:
    vehicle_id, owner = owned
    wide, high = WIDTHS[width]
    context = browser.new_context(viewport={"width": wide, "height": high}, locale="en-GB")
    visit = Visit(context.new_page(), server_url, token)
    page = visit.page

    visit.open(f"card?lang={lang}&vehicle={vehicle_id}")
    masked = page.get_by_text(owner.phone)
    expect(masked).to_be_visible()
    masked.scroll_into_view_if_needed()
    visit.shoot(f"contact-{lang}-{width}")
    page.get_by_role("button", name={"zh": "查看完整信息", "en": "Show in full"}[lang]).click()
    visit.settle()
    visit.shoot(f"contact-open-{lang}-{width}")

    assert visit.troubles == []
    assert page.evaluate("document.scrollingElement.scrollWidth") <= wide
    context.close()
