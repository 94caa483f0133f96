"""My calls on a phone: from the list to the saved result in a few taps, once, whatever is cut."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

import pytest
from copying import FILE
from nights import by_night
from people import token_for
from playwright.sync_api import Browser, Page, WebSocketRoute, expect
from serving import serving
from sqlalchemy import select
from town import one
from visiting import Visit

from station.archive.calls import agenda
from station.archive.calls.agenda import Call
from station.archive.customers import consents
from station.archive.people import accounts
from station.archive.tables import customers
from station.model import (
    CallPurpose,
    Channel,
    Consent,
    ConsentSource,
    Grant,
    Purpose,
    Role,
)
from station.services.ask import Ask
from station.services.calls import clock
from station.text import say

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=30_000)
PHONE = {"width": 390, "height": 844}
CALLS = by_night(15, by_day=3)
MOST_S, MOST_TAPS = 20, 4
WHO, ZONE = "calls.sven", "Asia/Shanghai"
BRIEF, SAVE = ".st-key-calls_brief", ".st-key-calls_save button"
CODE, GROUP, REASON = (
    f"[class*='st-key-calls_{part}_'] button" for part in ("code", "group", "reason")
)
FREE, WAITS = ".st-key-calls_list button", ".st-key-calls_blocked button"
RIVAL = "[class*='st-key-calls_rival_'] input"
SAVED, NEXT = ".st-key-calls_saved", ".st-key-calls_next button"
COUNT = "SELECT count(*) FROM call_results"


@dataclass(frozen=True, slots=True)
class Office:
    """A started dashboard, its archive, and the local operator's question on it."""

    url: str
    archive: str
    ask: Ask


@dataclass
class Phone:
    """A phone of somebody with calls to make; `line` says what its connection lets through."""

    visit: Visit
    ask: Ask
    line: set[str]
    customers: Iterator[int]
    taps: list[int] = field(default_factory=list)

    @property
    def page(self) -> Page:
        return self.visit.page

    def plan(self, purpose: CallPurpose) -> int:
        """Return the customer of a new call of today; whoever had one before has none any more."""
        customer_id, now = next(self.customers), clock.moment(ZONE)
        words = [
            Consent(customer_id, one, Channel.PHONE, given=True, source=ConsentSource.PAPER,
                    text_version="1", on_day=now.day - 9, account=WHO, written_at=now.at)
            for one in Purpose
        ]  # fmt: skip
        with self.ask.db.writing() as conn:
            account = accounts.find(conn, name=WHO)
            home = select(customers.c.station_id).where(customers.c.id == customer_id)
            consents.add(conn, words)
            call = Call(
                customer_id=customer_id,
                station_id=int(conn.execute(home).scalar_one()),
                account_id=account.id if account else None,
                day=now.day,
                at_min=None,
                minutes=6,
                purpose=purpose,
                channel=Channel.PHONE,
                why="calls.why_date",
                made_by=WHO,
                made_at=now.at,
                facts={"last_day": now.day, "due_day": now.day},
            )
            agenda.add(conn, call)
        return customer_id

    def open(self, purpose: CallPurpose = CallPurpose.WIN_BACK) -> int:
        """Return the customer whose call was tapped in the list."""
        customer_id = self.plan(purpose)
        self.visit.open("calls?lang=en")
        word = say("en", f"word.call_purpose.{purpose}")
        if not self.page.locator(f"{FREE}:has-text('{word}')").count():  # outside the hours
            self.page.locator("[data-testid='stExpander'] summary").click()
        self.page.locator(f":is({FREE}, {WAITS}):has-text('{word}')").first.click()
        self.page.wait_for_selector(BRIEF)
        self.visit.settle()
        self.taps.append(0)
        return customer_id

    def tap(self, what: str, number: int = 0) -> None:
        self.page.locator(what).nth(number).click()
        self.taps[-1] += 1
        self.visit.settle()

    def tell(self) -> None:
        """Tap how it went and why he stays away; not yet the way to save."""
        self.tap(CODE)
        self.tap(GROUP)
        self.tap(REASON, 1)
        self.page.wait_for_selector(RIVAL)  # asked once the server knows the reason
        self.visit.settle()

    def saved(self) -> int:
        return int(one(self.ask, COUNT))


@pytest.fixture(scope="module")
def office(own_demo: Ask) -> Iterator[Office]:
    """A dashboard on a demo network of its own, for results are written here."""
    archive = f"sqlite:///{own_demo.db.folder / FILE}"
    with serving(archive) as url:
        yield Office(url, archive, own_demo)


@pytest.fixture(scope="module")
def reached(office: Office) -> Iterator[int]:
    """People of the demo network with a telephone."""
    query = select(customers.c.id).where(
        customers.c.phone_sealed.is_not(None),
        customers.c.station_id.is_not(None),
        customers.c.is_organisation == 0,
    )
    with office.ask.db.reading() as conn:
        ids = list(conn.execute(query.order_by(customers.c.id)).scalars())
    return iter(ids)


@pytest.fixture
def phone(browser: Browser, office: Office, reached: Iterator[int]) -> Iterator[Phone]:
    line = {"out", "in"}

    def carry(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        socket.on_message(lambda words: server.send(words) if "out" in line else None)
        server.on_message(lambda words: socket.send(words) if "in" in line else None)

    context = browser.new_context(viewport=PHONE, locale="en-GB")
    context.route_web_socket(re.compile("/_stcore/stream"), carry)
    token = token_for(office.archive, WHO, Grant(Role.MANAGER))
    yield Phone(Visit(context.new_page(), office.url, token), office.ask, line, reached)
    context.close()


def test_a_result_takes_four_taps_and_less_than_twenty_seconds(phone: Phone) -> None:
    before, seconds = phone.saved(), []
    for _ in range(CALLS):
        phone.open()
        began = time.monotonic()
        phone.tell()
        phone.visit.shoot("calls-told")
        phone.tap(SAVE)
        expect(phone.page.locator(SAVED)).to_be_visible()
        seconds.append(time.monotonic() - began)

    phone.visit.shoot("calls-saved")
    assert phone.saved() == before + CALLS
    assert median(phone.taps) <= MOST_TAPS
    assert median(seconds) < MOST_S
    assert phone.page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"]
    assert phone.visit.troubles == []


@pytest.mark.parametrize("lost", ["in", "out"])
def test_a_connection_lost_on_the_way_loses_nothing_and_doubles_nothing(
    phone: Phone, lost: str
) -> None:
    before, customer_id = phone.saved(), phone.open()
    phone.tell()

    phone.page.reload()
    phone.visit.settle()
    expect(phone.page.locator(SAVE)).to_be_enabled()
    phone.line.discard(lost)
    phone.page.locator(SAVE).click()
    deadline = time.monotonic() + 10
    while lost == "in" and phone.saved() == before and time.monotonic() < deadline:
        phone.page.wait_for_timeout(50)
    phone.line.add(lost)
    phone.page.reload()
    if lost == "out":
        phone.visit.settle()
        expect(phone.page.locator(SAVE)).to_be_enabled()
        phone.page.locator(SAVE).click()

    expect(phone.page.locator(SAVED)).to_be_visible()
    assert phone.saved() == before + 1
    told = "SELECT code || ' ' || reason || ' ' || measure FROM call_results WHERE customer_id = "
    assert one(phone.ask, f"{told}{customer_id}") == "ok competitor_promo offer"


def test_two_tabs_of_one_form_save_one_result(phone: Phone) -> None:
    before = phone.saved()
    phone.open(CallPurpose.THIRD_VISIT)
    phone.tap(CODE)
    second = phone.page.context.new_page()
    second.goto(phone.page.url)
    expect(second.locator(SAVE)).to_be_enabled()

    phone.page.locator(SAVE).click(no_wait_after=True)
    second.locator(SAVE).click(no_wait_after=True)

    for page in (phone.page, second):
        expect(page.locator(SAVED)).to_be_visible()
    assert phone.saved() == before + 1
    phone.page.click(NEXT)
    phone.visit.settle()
    phone.page.go_back()
    expect(phone.page.locator(SAVED)).to_be_visible()
