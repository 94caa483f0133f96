"""The counter on a phone: pressed twice, in two tabs, cut off and reloaded, it does one thing."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from people import token_for
from playwright.sync_api import Browser, Page, WebSocketRoute, expect
from town import one
from visiting import Visit

from station.loyalty.ledger import Earning
from station.model import Grant, Role
from station.services import board
from station.services.ask import Ask
from station.services.points import balances, crediting
from station.services.points.members import By, Named

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=30_000)
PHONE = {"width": 390, "height": 844}
DOUBLE_MS, READ_MS, KEY_MS = 150, 600, 60
MINUTE_S = 60
POINTS = 2_000
FIND, SEND = "[class*='st-key-counter_words'] input", ".st-key-counter_send button"
QUICK, DO = ".st-key-counter_quick_500 button", ".st-key-counter_do button"
SLIP, NEXT = ".st-key-slip_big", ".st-key-counter_next button"


@dataclass
class Phone:
    """A phone at a counter; `line` says what its connection lets through."""

    visit: Visit
    ask: Ask
    plate: str
    line: set[str]

    @property
    def page(self) -> Page:
        return self.visit.page

    def find(self) -> None:
        self.visit.open("counter?lang=en")
        self.page.fill(FIND, self.plate)
        self.page.click(SEND)
        self.page.wait_for_selector(QUICK)

    def ask_to_redeem(self) -> None:
        """Find him, and come to the sentence that is to be confirmed."""
        self.find()
        self.page.click(QUICK)
        self.page.wait_for_selector(DO)
        self.page.wait_for_timeout(READ_MS)

    def spent(self) -> int:
        return POINTS - balances.balance(self.ask, member=Named(By.PLATE, self.plate)).balance

    def tap_twice(self, what: str) -> None:
        self.page.locator(what).scroll_into_view_if_needed()
        box = self.page.locator(what).bounding_box()
        assert box is not None
        at = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.page.mouse.click(*at)
        self.page.wait_for_timeout(DOUBLE_MS)
        self.page.mouse.click(*at)


@pytest.fixture(scope="module")
def plates(demo_ask: Ask) -> Iterator[str]:
    """The plates of members of the demo network, each with points of his own."""
    rows = board.vehicles(demo_ask)
    labels = rows.loc[rows["customer_id"].notna() & (rows["key_kind"] == "plate"), "label"]
    return iter(_given(demo_ask, sorted(set(labels))))


def _given(ask: Ask, labels: list[str]) -> Iterator[str]:
    for label in labels:
        found = balances.balance(ask, member=Named(By.PLATE, label))
        earning = Earning(POINTS - found.balance, None, f"counter-{label}")
        with ask.db.writing(changes_figures=False) as conn:
            crediting.credit(conn, ask, [crediting.Credit(found.customer_id, None, earning)])
        yield label


@pytest.fixture
def phone(
    browser: Browser, server_url: str, demo_archive: str, demo_ask: Ask, plates: Iterator[str]
) -> Iterator[Phone]:
    line = {"out", "in"}

    def carry(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        socket.on_message(lambda words: server.send(words) if "out" in line else None)
        server.on_message(lambda words: socket.send(words) if "in" in line else None)

    context = browser.new_context(viewport=PHONE, locale="en-GB")
    context.route_web_socket(re.compile("/_stcore/stream"), carry)
    token = token_for(demo_archive, "counter.sven", Grant(Role.MANAGER))
    yield Phone(Visit(context.new_page(), server_url, token), demo_ask, next(plates), line)
    context.close()


def test_a_double_tap_goes_one_step_and_redeems_once(phone: Phone) -> None:
    phone.find()
    phone.visit.shoot("counter-found")

    phone.tap_twice(QUICK)
    phone.page.wait_for_selector(DO)
    phone.page.wait_for_timeout(READ_MS)
    phone.visit.shoot("counter-confirm")
    assert phone.spent() == 0
    phone.tap_twice(DO)

    expect(phone.page.locator(SLIP)).to_contain_text("500")
    phone.visit.settle()
    phone.visit.shoot("counter-slip")
    assert phone.spent() == 500
    assert phone.page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"]
    assert phone.visit.troubles == []


def test_two_tabs_of_one_form_and_the_way_back_redeem_once(phone: Phone) -> None:
    phone.ask_to_redeem()
    second = phone.page.context.new_page()
    second.goto(phone.page.url)
    second.wait_for_selector(DO)

    phone.page.click(DO, no_wait_after=True)
    second.click(DO, no_wait_after=True)

    for page in (phone.page, second):
        expect(page.locator(SLIP)).to_contain_text("500")
    phone.page.click(NEXT)
    phone.page.wait_for_selector(FIND)
    phone.page.go_back()
    expect(phone.page.locator(SLIP)).to_contain_text("500")
    assert phone.spent() == 500


@pytest.mark.parametrize("lost", ["in", "out"])
def test_a_connection_lost_after_the_press_redeems_once(phone: Phone, lost: str) -> None:
    phone.ask_to_redeem()

    phone.line.discard(lost)
    phone.page.click(DO)
    deadline = time.monotonic() + 10
    while lost == "in" and not phone.spent() and time.monotonic() < deadline:
        phone.page.wait_for_timeout(50)
    phone.line.add(lost)
    phone.page.reload()
    if lost == "out":
        phone.page.wait_for_selector(DO)
        phone.page.wait_for_timeout(READ_MS)
        phone.page.click(DO)

    expect(phone.page.locator(SLIP)).to_contain_text("500")
    assert phone.spent() == 500


def test_somebody_new_is_a_member_in_under_a_minute_and_once(phone: Phone) -> None:
    phone.visit.open("counter?lang=en")
    began = time.monotonic()
    phone.page.click(".st-key-counter_new button")
    for field, words in (("name", "乙柜台川"), ("phone", "10098765001"), ("plate", "粤B98765")):
        box = phone.page.locator(f"[class*='st-key-counter_{field}'] input")
        box.press_sequentially(words, delay=KEY_MS)
    phone.page.get_by_role("button", name="marketing").click()
    phone.tap_twice(".st-key-counter_save button")

    expect(phone.page.locator(".st-key-counter_member")).to_be_visible()
    assert time.monotonic() - began < MINUTE_S
    phone.visit.shoot("counter-enrolled")
    made = "SELECT count(*) FROM customers WHERE made_by = 'counter.sven'"
    assert one(phone.ask, made) == 1
