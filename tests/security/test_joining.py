"""The page on which people register themselves: open to all, and of no use to anybody else."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from security import world as worlds
from security.hostile import EVERY
from security.wire import Answer, call, get
from security.world import OTHER, OWN, World
from serving import serving

from station.model import Channel, Purpose
from station.services.customers import registering
from station.services.customers.registering import ASKED, TRAP, box

pytestmark = pytest.mark.slow
REWARD = "a car wash <b>&</b>"
CONFIG = f"""
registering: {{reward: "{REWARD}", attempts_per_address: 10000, per_station_day: 100000}}
"""
FORM = {"name": "甲示川", "phone": "100 1234 5678", "plate": "粤B24680"}
PAGE = f"/join?station={OWN}&lang=en"
PROOF = re.compile(r'name="proof" value="([^"]+)"')


@pytest.fixture(scope="module")
def own(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world.copied(tmp_path_factory.mktemp("join") / "own") as copy:
        yield copy


@pytest.fixture(scope="module")
def url(own: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    config = tmp_path_factory.mktemp("join") / "config.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    with serving(own.url, config=config) as address:
        yield address


def opened(url: str, path: str = PAGE) -> tuple[str, str]:
    """Return the proof that the page carries and the cookie that came with it."""
    answer = call(url, "GET", path)
    found = PROOF.search(answer.body.decode())
    assert found
    return found[1], answer.headers["Set-Cookie"].partition(";")[0]


def send(url: str, form: dict[str, str], path: str = PAGE, **headers: str) -> Answer:
    """Send a form as a browser does that opened the page before."""
    proof, cookie = opened(url)
    return call(url, "POST", path, form={"proof": proof, **form}, **{"Cookie": cookie} | headers)


def waiting(own: World) -> list[registering.Waiting]:
    ask = worlds.operator_of(own)
    try:
        return registering.waiting(ask)
    finally:
        ask.db.close()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_opens_without_a_session_and_ticks_nothing(url: str, lang: str) -> None:
    answer = call(url, "GET", f"/join?station={OWN}&lang={lang}")
    body = answer.body.decode()

    assert answer.status == 200
    assert body.count('type="checkbox"') == len(ASKED)
    assert "checked" not in body
    assert "<script" not in body
    assert REWARD in unescape(body)
    assert REWARD not in body
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_cookie_goes_nowhere_else_and_is_no_session(url: str) -> None:
    cookie = call(url, "GET", PAGE).headers["Set-Cookie"]

    assert {"HttpOnly", "Path=/join", "SameSite=strict"} <= set(cookie.split("; "))
    token = cookie.partition("=")[2].partition(";")[0]
    assert get(url, "/", token) == (401, b"")


def test_a_form_is_kept_and_thanked_for(url: str, own: World) -> None:
    before = len(waiting(own))

    answer = send(url, {**FORM, box(Purpose.CARE, Channel.SMS): "yes"})

    assert answer.status == 303
    assert answer.headers["Location"] == f"/join?station={OWN}&done=1&lang=en"
    told = waiting(own)
    assert len(told) == before + 1
    assert told[-1].agreed == ((Purpose.CARE, Channel.SMS),)
    done = call(url, "GET", answer.headers["Location"]).body.decode()
    assert "Thank you" in done
    assert "<form" not in done


def test_whoever_is_known_and_whoever_is_not_are_answered_alike(url: str) -> None:
    known, phone = worlds.person(OWN, 1)
    answers = [
        send(url, {"name": name, "phone": number, "plate": plate})
        for name, number, plate in (
            (known, phone, worlds.plate(OWN, 1)),
            (*worlds.person(OTHER, 1), worlds.plate(OTHER, 1)),
            ("乙示山", "100 8765 4321", ""),
        )
    ]

    said = {(a.status, a.headers["Location"], a.body, len(a.headers)) for a in answers}
    assert len(said) == 1


@pytest.mark.parametrize("code", ["Z9999", "", "../A0001", "A0001'--", "<script>"])
def test_a_station_that_is_none_says_nothing(url: str, code: str) -> None:
    answer = call(url, "GET", f"/join?station={code.replace('<', '%3C')}&lang=en")

    assert answer.status == 404
    assert b"<form" not in answer.body
    assert b"<script>" not in answer.body


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost"])
def test_a_form_of_a_foreign_page_is_refused(url: str, own: World, origin: str) -> None:
    before = len(waiting(own))

    answer = send(url, FORM, Origin=origin)

    assert (answer.status, answer.body) == (403, b"")
    assert len(waiting(own)) == before


def test_a_form_that_this_browser_was_not_handed_is_refused(url: str, own: World) -> None:
    before = len(waiting(own))
    proof, cookie = opened(url)
    other, _ = opened(url)
    tries = [
        ({**FORM, "proof": proof}, {}),
        (FORM, {"Cookie": cookie}),
        ({**FORM, "proof": other}, {"Cookie": cookie}),
        ({**FORM, "proof": "made.up"}, {"Cookie": "station_join=made.up"}),
        ({**FORM, "proof": ""}, {"Cookie": "station_join="}),
        ({**FORM, "proof": "甲"}, {"Cookie": "station_join=x"}),
    ]

    answers = [call(url, "POST", PAGE, form=form, **headers) for form, headers in tries]

    assert {answer.status for answer in answers} == {400}
    assert all(b"once more" in answer.body for answer in answers)
    assert len(waiting(own)) == before


def test_only_a_post_keeps_anything(url: str, own: World) -> None:
    before = len(waiting(own))
    proof, cookie = opened(url)

    call(url, "GET", f"{PAGE}&name=x&phone=10012345678&proof={proof}", Cookie=cookie)

    assert len(waiting(own)) == before


@pytest.mark.parametrize(
    "form",
    [{"name": "x" * 9000}, {f"field{n}": "x" for n in range(40)}, {TRAP: "http://x.example"}],
    ids=["too long", "too many fields", "trap"],
)
def test_what_no_person_sends_is_not_kept(url: str, own: World, form: dict[str, str]) -> None:
    before = len(waiting(own))

    answer = send(url, {**FORM, **form})

    assert answer.status in {303, 400}
    assert len(waiting(own)) == before


@pytest.mark.parametrize("words", EVERY[::6])
def test_what_was_typed_comes_back_as_text(url: str, words: str) -> None:
    for name in FORM:
        answer = send(url, {**FORM, "phone": "12", name: words})
        body = answer.body.decode()
        assert answer.status in {303, 400, 429}
        assert "<script" not in body
        assert not re.search(r"<(img|svg|iframe|object|embed|base|meta http|link rel=s)", body)
        if answer.status == 400 and len(words) < 20 and words.isprintable():
            assert words in unescape(body)


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_it_works_on_a_telephone_without_javascript(
    browser: Browser, url: str, own: World, lang: str, tmp_path: Path
) -> None:
    before = len(waiting(own))
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": 390, "height": 844}, locale="en-GB"
    )
    page = context.new_page()
    page.goto(f"{url}/join?station={OWN}&lang={lang}")
    page.fill('input[name="name"]', "甲示川")
    page.fill('input[name="phone"]', "12")
    page.check('input[name="marketing_sms"]')
    page.click("button")
    assert page.locator('[role="alert"]').count() == 1
    assert page.is_checked('input[name="marketing_sms"]')
    assert page.input_value('input[name="name"]') == "甲示川"
    page.fill('input[name="phone"]', "100 1234 5678")
    page.screenshot(path=tmp_path / "join.png", full_page=True)
    page.click("button")

    assert page.locator('[role="status"]').count() == 1
    width = page.locator("main").bounding_box()
    context.close()
    assert width
    assert width["width"] <= 390
    assert len(waiting(own)) == before + 1


def test_a_flood_ends_at_the_limit_and_the_page_still_opens(world: World, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("registering: {attempts_per_address: 5}\n", encoding="utf-8")
    with world.copied(tmp_path / "flood") as own, serving(own.url, config=config) as url:
        answers = [send(url, FORM).status for _ in range(30)]
        page = call(url, "GET", PAGE).status
        kept = len(waiting(own))

    assert answers == [303] * 5 + [429] * 25
    assert (page, kept) == (200, 5)


def test_a_closed_page_is_not_there(world: World, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("registering: {is_open: false}\n", encoding="utf-8")
    with world.copied(tmp_path / "closed") as own, serving(own.url, config=config) as url:
        answers = [call(url, "GET", f"/join?station={code}") for code in (OWN, "Z9999")]
        sent = call(url, "POST", PAGE, form=FORM).status

    assert [answer.status for answer in answers] == [404, 404]
    assert answers[0].body == answers[1].body
    assert sent == 404
