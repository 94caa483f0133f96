"""Names made to be run are shown as they are, and no request leaves for another host."""

from pathlib import Path

import pytest
from people import token_for
from playwright.sync_api import Browser, Page
from serving import serving
from terminal import Station
from visiting import Visit

from station.pages.front import PAGES

NAMES = [name for entries in PAGES.values() for name, *_ in entries]
WORDS = (
    "![x](http://evil.example/a.png)",
    "<img src=http://evil.example/b.png onerror=alert(1)>",
    '<a href="http://evil.example/c">c</a>',
    "[d](javascript:alert(1))",
    "$x^2$ :red[hot] `code` &lt;b&gt;",
    "two\n\n# lines\n===",
    "=HYPERLINK(1) www.evil.example http://evil.example/e",
)
DAYS = 8

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def quoted(words: str) -> str:
    return '"' + words.replace('"', '""') + '"'


def hostile(folder: Path) -> Station:
    """Return an archive whose names of stations, customers and products are all hostile."""
    station = Station(folder)
    station.run("init")
    names = dict(enumerate(WORDS))
    kinds = {
        "stations": [f"S{n},{quoted(words)}" for n, words in names.items()],
        "customers": [f"C{n},单位,{quoted(words)}" for n, words in names.items()],
        "vehicles": [f"粤B1234{n},C{n}" for n in names],
    }
    headings = {
        "stations": "code,name",
        "customers": "客户编号,客户类型,单位名称",
        "vehicles": "车牌号,客户编号",
    }
    for kind, lines in kinds.items():
        text = "\n".join([headings[kind], *lines])
        station.run("import", kind, station.write(f"{kind}.csv", text))
    sales = [
        f"2026-0{month}-{day:02} 10:00:00,粤B1234{n},{product},30,200,{n}{month}{day}{at},S{n}"
        for n, words in names.items()
        for month in (1, 2)
        for day in range(1, DAYS)
        for at, product in enumerate(("92#", quoted(words)))
    ]
    text = "\n".join(["时间,车牌,油品,升数,金额,流水号,站点", *sales])
    station.run("import", "sales", station.write("sales.csv", text))
    return station


def test_no_page_runs_a_name_or_asks_another_host(browser: Browser, tmp_path: Path) -> None:
    archive = hostile(tmp_path).archive
    with serving(f"sqlite:///{archive}") as url:
        context = browser.new_context(locale="en-GB")
        visit = Visit(context.new_page(), url, token_for(f"sqlite:///{archive}"))
        asked: list[str] = []
        visit.page.on("request", lambda request: asked.append(request.url))
        visit.page.on("dialog", lambda dialog: asked.append(f"dialog {dialog.message}"))
        for name in NAMES:
            visit.open("" if name == "today" else name)
            visit.shoot(f"hostile-{name}")
            assert links_abroad(visit.page) == [], name
        for n, _ in enumerate(WORDS, start=1):
            visit.open(f"card?vehicle={n}")
            visit.shoot(f"hostile-card-{n}")
            assert links_abroad(visit.page) == []
        context.close()

    assert [address for address in asked if not at_home(address, url)] == []
    assert visit.troubles == []


def links_abroad(page: Page) -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        "a[href*='//evil'], a[*|href*='//evil'], img[src*='evil'], a[href^='javascript']",
        "elements => elements.map(element => element.outerHTML)",
    )
    return found


def at_home(address: str, url: str) -> bool:
    return address.startswith((url, url.replace("http", "ws", 1), "data:", "blob:"))
