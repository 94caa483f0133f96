"""The company's own sign-in as people meet it: in Chromium, with a provider at another site."""

import re
from collections.abc import Iterator

import pytest
from people import make_account
from playwright.sync_api import Browser, Page, expect
from security import world as worlds
from security.provider import Provider, serving_for_company
from security.world import OWN

from station.archive.people import accounts
from station.config import Settings
from station.model import Grant, Role
from station.services import keeping
from station.services.people import company, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SUBJECT, PATIENCE_MS = "c1f0-chen", 30_000


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Provider]]:
    """A dashboard with a manager whom the company knows, and the company's provider."""
    world = worlds.build(tmp_path_factory.mktemp("company"))
    db = keeping.open_archive(Settings(), world.url)
    account_id = make_account(db, "chen", Grant(Role.MANAGER, world.ids[OWN]))
    with db.writing(changes_figures=False) as conn:
        accounts.change(conn, account_id, subject=SUBJECT)
    db.close()
    with serving_for_company(world) as served:
        yield served


@pytest.fixture
def page(browser: Browser, served: tuple[str, Provider]) -> Iterator[Page]:
    """The sign-in page, in a browser that was never here."""
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.goto(served[0])
    yield page
    context.close()


def enter(page: Page) -> None:
    page.get_by_role("button", name="Sign in with the company's account").click()


def sees_own_name(page: Page) -> None:
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar).to_contain_text("chen", timeout=PATIENCE_MS)
    expect(sidebar).to_contain_text("Station manager")


def names_of_cookies(page: Page) -> set[str]:
    return {cookie["name"] for cookie in page.context.cookies()}


def test_somebody_the_company_knows_comes_in_works_and_goes(
    page: Page, served: tuple[str, Provider]
) -> None:
    served[1].subject = SUBJECT
    enter(page)

    sees_own_name(page)
    links = page.get_by_test_id("stSidebarNavLink")
    assert "Lapsed" in " ".join(links.all_inner_texts())
    page.get_by_role("link", name="Lapsed").click()
    expect(page).to_have_url(re.compile("/lapsed"), timeout=PATIENCE_MS)
    kept = names_of_cookies(page)
    assert sign_in.COOKIE in kept
    assert not any(name.startswith("_streamlit_user") or name == company.WAY for name in kept)

    page.get_by_test_id("stSidebar").locator(".st-key-sign_out button:visible").first.click()
    expect(page).to_have_url(re.compile("/sign-in"), timeout=PATIENCE_MS)
    assert sign_in.COOKIE not in names_of_cookies(page)
    page.goto(served[0])
    assert "/sign-in" in page.url


def test_somebody_without_an_account_is_told_and_signs_in_as_somebody_else(
    page: Page, served: tuple[str, Provider]
) -> None:
    served[1].subject = "c1f0-nobody"
    enter(page)

    said = page.get_by_role("alert")
    expect(said).to_contain_text("knows you as c1f0-nobody", timeout=PATIENCE_MS)
    served[1].subject = SUBJECT
    page.get_by_role("button", name="Sign in as somebody else").click()
    sees_own_name(page)


def test_what_goes_wrong_over_there_is_said_on_the_sign_in_page(
    page: Page, served: tuple[str, Provider]
) -> None:
    served[1].fault = "refused over there"
    enter(page)

    said = page.get_by_role("alert")
    expect(said).to_contain_text("did not succeed", timeout=PATIENCE_MS)
    served[1].fault = ""
    assert "/sign-in" in page.url


def test_a_link_on_a_foreign_page_signs_nobody_in(page: Page, served: tuple[str, Provider]) -> None:
    served[1].subject = SUBJECT
    visits = len(served[1].asked)
    page.goto("about:blank")
    page.set_content(f'<a href="{served[0]}/?company=1">win a car</a>')
    page.get_by_role("link").click()
    expect(page).to_have_url(re.compile("/sign-in"), timeout=PATIENCE_MS)

    assert len(served[1].asked) == visits
    assert sign_in.COOKIE not in names_of_cookies(page)


def test_the_way_back_in_the_history_leads_nowhere(
    page: Page, served: tuple[str, Provider]
) -> None:
    served[1].subject = SUBJECT
    enter(page)
    sees_own_name(page)
    page.get_by_test_id("stSidebar").locator(".st-key-sign_out button:visible").first.click()
    expect(page).to_have_url(re.compile("/sign-in"), timeout=PATIENCE_MS)
    visits = len(served[1].asked)

    for _ in range(4):
        page.go_back(wait_until="domcontentloaded")
        page.wait_for_timeout(300)

    assert sign_in.COOKIE not in names_of_cookies(page)
    assert len(served[1].asked) == visits
