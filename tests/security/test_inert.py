"""Strings made to be run go through every text field and come out on every page, inert."""

import csv
import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from nights import by_night
from people import EVERYTHING, make_account, token_for
from playwright.sync_api import Browser, Page
from security import hostile
from security.wire import get, wire
from serving import serving
from streamlit.proto.WidgetStates_pb2 import WidgetState
from visiting import Visit

from station.archive import views
from station.config import Settings
from station.errors import StationError
from station.model import Channel, ConsentSource, Grant, LapseReason, Purpose, Role
from station.pages.front import PAGES
from station.services import access, board, keeping, sheets, sites
from station.services.ask import Ask
from station.services.customers import (
    attachments,
    contacts,
    lapses,
    leads,
    notes,
    occasions,
    registering,
)
from station.services.customers.attachments import ScanKind
from station.services.customers.leads import Decision, Lead
from station.services.customers.occasions import Occasion, OccasionKind
from station.services.customers.prospects import Belongs
from station.services.incoming import intake, records
from station.services.incoming.files import FileOptions
from station.services.people import accounts, sign_in
from station.services.personal import privacy
from station.text import FORMULA_STARTS

pytestmark = pytest.mark.slow
NAMES = [name for entries in PAGES.values() for name, *_ in entries]
EVERY = by_night(hostile.EVERY, by_day=hostile.EVERY[::6])  # of each act, each break some
CARDS = by_night(12, by_day=6)
FIRST = date(2026, 1, 1)
RULES = Settings().sign_in
RULED = replace(Settings(), registering=replace(Settings().registering, attempts_per_address=999))
VIEWS = ("kept", "attack", "develop", "given_up", "opportunities", "waiting")
RAN = "window.ran !== undefined || document.querySelector('iframe[srcdoc], object, embed, base')"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An archive in which everything that can be typed or imported is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    url = f"sqlite:///{folder / 'station.db'}"
    db = keeping.create(Settings(), url)
    make_account(db, "tester", *EVERYTHING)
    ask = Ask(db, Settings(), access.local_operator(db), date.max)
    for kind, lines in files().items():
        path = folder / f"{kind}.csv"
        path.write_text("\n".join(lines), encoding="utf-8")
        ask = replace(ask, scope=access.local_operator(db))
        if kind == "sales":
            intake.import_sales(ask, path=path, options=intake.ImportOptions())
        else:
            records.import_records(ask, kind=kind, path=path, options=FileOptions())
    type_everything(replace(ask, as_of=board.last_day(ask)))
    db.close()
    return url


def quoted(words: str) -> str:
    return '"' + words.replace('"', '""') + '"'


def files() -> dict[str, list[str]]:
    every = list(enumerate(EVERY))
    sales = [
        f"{FIRST + timedelta(days=n % 7 + 7 * at)} 1{n % 9}:{n % 60:02}:00,粤B7{n % CARDS:02}K1,"
        f"{product},30,200,R{n}-{at}-{place},S{n % CARDS}"
        for n, words in every
        for at in range(6)
        for place, product in enumerate(("92#", quoted(words)))
    ]
    return {
        "stations": ["code,name,region", *(f"S{n},{quoted(w)},{quoted(w)}" for n, w in every)],
        "customers": [
            "客户编号,客户类型,单位名称,联系人,手机号,登记站点",
            *(f"C{n},单位,{quoted(w)},{quoted(w)},1001357{n:04},S{n % CARDS}" for n, w in every),
        ],
        "vehicles": [
            "车牌号,客户编号,车辆类型",
            *(f"粤B7{n:02}K1,C{n},{quoted(EVERY[n][:40])}" for n in range(CARDS)),
        ],
        "cards": [
            "卡号,卡类型,客户编号",
            *(f"\t10001100000000{n:05},{quoted(w[:20])},C{n}" for n, w in every),
        ],
        "sales": ["时间,车牌,油品,升数,金额,流水号,站点", *sales],
    }


def type_everything(ask: Ask) -> None:
    """Put each string into each field that somebody types into; a refusal is an answer too."""
    known = board.vehicles(ask)[["vehicle_id", "station"]].drop_duplicates("vehicle_id")
    pairs = list(known.itertuples(index=False))
    frame = board.stations_known(ask)
    for n, words in enumerate(EVERY):  # no figure changes meanwhile, so each vehicle is read once
        vehicle_id, station = pairs[n % len(pairs)]
        reason = list(LapseReason)[n % len(LapseReason)]
        lapses.record(ask, vehicle_id=vehicle_id, station=station, reason=reason, note=words)
    owners = {pair[0]: contacts.of_vehicle(ask, vehicle_id=pair[0]) for pair in pairs}
    for n, words in enumerate(EVERY):
        sheets.export(
            ask, frame=frame, headings={"name": words}, kind="csv", name=words, reason=words
        )
        for owner in owners[pairs[n % len(pairs)][0]]:
            tried(
                privacy.record_consent,
                ask,
                customer_id=owner.customer_id,
                purpose=Purpose.CARE,
                channel=Channel.PHONE,
                given=True,
                source=next(iter(ConsentSource)),
                text_version=words[:40],
            )
            about = {"customer_id": owner.customer_id, "purpose": Purpose.SERVICE}
            tried(contacts.reveal, ask, **about, reason=words)
        confide(ask, n, words)
        accounts.add(ask, name=f"a{n}", person=words[:40], subject=words)
        tried(accounts.add, ask, name=words)
        given = Grant(Role.STAFF, 1 + n % CARDS)
        accounts.ask_grant(ask, name=f"a{n}", given=given, reason=words)
        named = {"station": "S1", "field": "name", "from_on": FIRST}
        tried(sites.change, ask, **named, new=words, reason=words)
        typed = {"name": words, "password": words, "address": "192.0.2.7"}
        tried(sign_in.sign_in, ask.db, replace(RULES, attempts_per_address=1), **typed)


def confide(ask: Ask, n: int, words: str) -> None:
    """Put a string into each field in which something is told of a customer."""
    his = {"customer_id": 1 + n}
    form = {"name": words[:40], "phone": f"1001358{n:04}", "plate": words[:20]}
    tried(registering.register, ask.db, RULED, station="S1", form=form, address="192.0.2.7")
    tried(registering.decline, ask, registration_id=1 + n, reason=words)
    lead = Lead("S1", words[:80], name=words[:40], phone=f"1001359{n:04}", keeper=words)
    tried(leads.add_lead, ask, lead=lead)
    tried(leads.add_lead, ask, lead=replace(lead, keeper=""))
    tried(leads.enlist, ask, **his, belongs=Belongs.RIVALS)
    for field in ("need", "scene", "pain_point"):
        tried(leads.write_opportunity, ask, **his, field=field, words=words)
    tried(leads.decide, ask, **his, decision=Decision.GIVE_UP, reason=words)
    tried(leads.decide, ask, **his, decision=Decision.CONTINUE)
    tried(notes.add, ask, **his, words=words)
    day = Occasion(OccasionKind.OTHER, 1, 1, note=words)
    tried(occasions.add, ask, **his, occasion=day)
    kept = {"kind": ScanKind.OTHER, "name": words, "content": b"%PDF-1.7 %%EOF"}
    tried(attachments.add, ask, **his, **kept)


def tried(service: Callable[..., object], *args: object, **kwargs: object) -> None:
    """Call a service; that it refuses is an answer too."""
    with suppress(StationError):
        service(*args, **kwargs)


def test_the_archive_is_whole_afterwards(archive: str) -> None:
    db = keeping.open_archive(Settings(), archive)
    ask = Ask(db, Settings(), access.local_operator(db), date.max)
    with db.reading() as conn:
        counts = views.counts(conn)
    known = set(board.stations_known(ask)["name"])

    assert keeping.verify(ask).ok
    assert (counts["stations"], counts["sales"]) == (len(EVERY), 12 * len(EVERY))
    assert len(known) > len(EVERY) * 0.9  # full width signs become plain ones, and one was renamed
    db.close()


@pytest.mark.browser
def test_no_page_runs_any_of_them(browser: Browser, archive: str) -> None:
    with serving(archive) as url:
        context = browser.new_context(locale="en-GB")
        visit = Visit(context.new_page(), url, token_for(archive))
        asked: list[str] = []
        visit.page.on("request", lambda request: asked.append(request.url))
        visit.page.on("dialog", lambda dialog: asked.append(f"dialog {dialog.message}"))
        cards = [f"card?vehicle={n}" for n in range(1, CARDS + 1)]
        lists = [f"prospects?prospects_view={view}&prospects_who=1" for view in VIEWS]
        for path in [*(name if name != "today" else "" for name in NAMES), *cards, *lists]:
            visit.open(path)
            assert links_abroad(visit.page) == [], path
            assert not visit.page.evaluate(RAN), path
        context.close()

    assert [address for address in asked if not at_home(address, url)] == []


def test_no_export_holds_a_cell_that_acts(archive: str) -> None:
    who = token_for(archive)
    texts, books = [], []
    with serving(archive) as url, wire(url, who) as session:
        for name in ("stability", "use", "audit", *(f"card {n}" for n in range(1, CARDS + 1))):
            page, _, vehicle = name.partition(" ")
            session.files.clear()
            session.run(page, query=f"vehicle={vehicle}")
            states = [
                WidgetState(id=widget, string_value="=1+1")
                for widget in session.widgets
                if widget.endswith("_reason")
            ]
            session.run(page, *states, query=f"vehicle={vehicle}")
            for file_id in session.files.values():
                status, content = get(url, session.make(file_id), who)
                assert status == 200
                (books if content.startswith(b"PK") else texts).append(content)

    cells = [cell for text in texts for row in rows_of(text) for cell in row]
    assert len(cells) > 3_000
    assert sum(cell.startswith("'") for cell in cells) > len(EVERY) // 10
    assert [cell for cell in cells if cell.startswith(FORMULA_STARTS) and not is_number(cell)] == []
    assert len(books) > CARDS
    assert [part for book in books for part in formulas(book)] == []


def rows_of(text: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.decode("utf-8-sig"))))


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def formulas(content: bytes) -> list[str]:
    """Return the formulas and links of a workbook."""
    found = []
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        for name in book.namelist():
            if name.startswith("xl/worksheets/sheet"):
                tree = ET.fromstring(book.read(name))  # noqa: S314 - of workbooks that we wrote
                found += [e.tag for e in tree.iter() if e.tag.endswith(("}f", "}hyperlink"))]
    return found


def test_no_string_breaks_a_command(tmp_path: Path) -> None:
    db = keeping.create(Settings(), f"sqlite:///{tmp_path / 'station.db'}")
    ask = Ask(db, Settings(), access.local_operator(db), date.max)

    for words in EVERY:
        tried(board.vehicles, ask, stations=[words])
        tried(contacts.by_code, ask, code=words)
        tried(sites.setting_on, ask, station=words, field=words, day=FIRST)
        tried(accounts.disable, ask, name=words, reason=words)
        sign_in.sign_out(db, words)

    assert keeping.verify(ask).ok
    db.close()


def links_abroad(page: Page) -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        "a[href*='//evil'], a[*|href*='//evil'], img[src*='evil'], a[href^='javascript']",
        "elements => elements.map(element => element.outerHTML)",
    )
    return found


def at_home(address: str, url: str) -> bool:
    return address.startswith((url, url.replace("http", "ws", 1), "data:", "blob:"))
