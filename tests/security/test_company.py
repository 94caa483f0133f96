"""The company's own sign-in before a started server: a provider that tells the truth, and lies."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
from itsdangerous import URLSafeTimedSerializer
from people import enter, make_account, token_for
from security.provider import (
    CLAIMS,
    HEADERS,
    OTHER_FAULTS,
    SECRET,
    Provider,
    serving_for_company,
)
from security.wire import Wire, wire
from security.world import OWN, World, markers, secrets
from serving import free_port, serving
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidStatus

from station.archive.people import accounts as book
from station.config import Settings
from station.model import Grant, Role
from station.services import access, keeping
from station.services.people import company, sign_in

pytestmark = pytest.mark.slow
USER = "_streamlit_user"
FAILED = "/sign-in?company=1"
TICKET = re.compile(r'"ticket": "([^"]+)"')
SUBJECTS = {"chen": "c1f0-chen", "feng": "c1f0-feng"}
PATHS = ("/company", "/company/back", "/auth/login", "/auth/logout", "/oauth2callback")


@pytest.fixture(scope="module")
def own(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The two stations, with a manager whom the company knows and somebody who was locked."""
    with world.copied(tmp_path_factory.mktemp("company") / "own") as copy:
        db = keeping.open_archive(Settings(), copy.url)
        for name, subject in SUBJECTS.items():
            account_id = make_account(db, name, Grant(Role.MANAGER, copy.ids[OWN]))
            with db.writing(changes_figures=False) as conn:
                book.change(conn, account_id, subject=subject)
                if name == "feng":
                    book.change(conn, account_id, disabled_at=1)
        db.close()
        yield copy


@pytest.fixture(scope="module")
def served(own: World) -> Iterator[tuple[str, Provider]]:
    with serving_for_company(own) as served:
        yield served


@pytest.fixture
def url(served: tuple[str, Provider]) -> str:
    return served[0]


@pytest.fixture
def provider(served: tuple[str, Provider]) -> Provider:
    """The provider, truthful, at which somebody with an account signs in next."""
    provider = served[1]
    provider.fault, provider.subject = "", SUBJECTS["chen"]
    return provider


class Visitor:
    """A browser without its screen: it keeps cookies, and does what the pages say."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = httpx2.Client(base_url=url, trust_env=False)

    def set_out(self) -> None:
        """Press the button on the sign-in page."""
        answer = self.post("/company")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/?company=1")

    def post(self, path: str, **form: str) -> httpx2.Response:
        return self.client.post(path, data=form, headers={"Origin": self.url})

    def open(self, path: str = "/") -> httpx2.Response:
        return self.client.get(path, headers={"Accept": "text/html"})

    def tab(self, stack: ExitStack) -> Wire:
        """Open the front page as a browser does, its cookies and all."""
        self.client.get("/_stcore/health")
        told = {cookie.name: cookie.value or "" for cookie in self.client.cookies.jar}
        cookies = "; ".join(f"{name}={value}" for name, value in told.items())
        xsrf = told.get("_streamlit_xsrf", "")
        return stack.enter_context(wire(self.url, "", xsrf=xsrf, Cookie=cookies))

    def told(self, query: str = "") -> list[ForwardMsg]:
        """Return what the front page says."""
        with ExitStack() as stack:
            return messages(self.tab(stack).run(query=query))

    def go(self) -> None:
        """Go to the provider, sign in there and come back."""
        self.set_out()
        address = httpx2.URL(self.url).join(sent_to(self.told("company=1")))
        while (answer := self.client.get(address)).is_redirect:
            address = address.join(answer.headers["Location"])
            if address.path == "/":
                return

    def ticket(self) -> str:
        return ticket_in(self.told())

    def come(self) -> httpx2.Response:
        """Go there and back, and hand in what the page was given."""
        self.go()
        return self.post("/company/back", ticket=self.ticket())

    @property
    def session(self) -> str:
        return self.client.cookies.get(sign_in.COOKIE, "")

    @property
    def word(self) -> str:
        """What Streamlit keeps of the provider's word."""
        return self.client.cookies.get(USER, "")

    def keep(self, name: str, value: str) -> None:
        self.client.cookies.set(name, value, domain="127.0.0.1", path="/")


def messages(heard: list[bytes]) -> list[ForwardMsg]:
    return [ForwardMsg.FromString(data) for data in heard]


def sent_to(told: list[ForwardMsg]) -> str:
    """Return where the page sends the browser to sign in, nothing if it does not."""
    return next((m.auth_redirect.url for m in told if m.WhichOneof("type") == "auth_redirect"), "")


def scripts(told: list[ForwardMsg]) -> str:
    return "\n".join(m.delta.new_element.html.body for m in told)


def ticket_in(told: list[ForwardMsg]) -> str:
    found = TICKET.search(scripts(told))
    return found.group(1) if found else ""


@pytest.fixture
def visitor(url: str, provider: Provider) -> Iterator[Visitor]:
    assert provider.url
    visitor = Visitor(url)
    yield visitor
    visitor.client.close()


@pytest.fixture
def stranger(url: str) -> Iterator[Visitor]:
    """Somebody at another computer."""
    stranger = Visitor(url)
    yield stranger
    stranger.client.close()


def held(own: World, token: str) -> access.Scope:
    db = keeping.open_archive(Settings(), own.url)
    try:
        return access.scope_of(db, token, Settings().sign_in)
    finally:
        db.close()


def test_somebody_the_company_knows_comes_in_with_exactly_his_roles(
    own: World, visitor: Visitor
) -> None:
    answer = visitor.come()

    db = keeping.open_archive(Settings(), own.url)
    same = held(own, enter(db, "chen"))
    db.close()
    scope = held(own, visitor.session)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert visitor.open().status_code == 200
    assert (scope.account, scope.role, scope.station_ids) == ("chen", Role.MANAGER, {own.ids[OWN]})
    assert scope.rights == same.rights


def test_the_provider_is_asked_for_a_password_and_for_nothing_but_who_it_is(
    visitor: Visitor, provider: Provider
) -> None:
    visitor.go()

    asked = provider.asked[-1]
    assert (asked["prompt"], asked["scope"]) == ("login", "openid")
    assert asked["code_challenge_method"] == "S256"
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 20


def test_somebody_without_an_account_is_told_and_may_sign_in_as_somebody_else(
    visitor: Visitor, provider: Provider
) -> None:
    provider.subject = "c1f0-<b>nobody</b>"
    refused = visitor.come()
    words = refused.text
    provider.subject = SUBJECTS["chen"]
    answer = visitor.come()

    assert (refused.status_code, "Set-Cookie" in refused.headers) == (403, True)
    assert "c1f0-&lt;b&gt;nobody" in words
    assert 'action="/company"' in words
    assert answer.status_code == 303
    assert visitor.session


def test_somebody_without_an_account_leaves_nothing_behind(
    visitor: Visitor, provider: Provider
) -> None:
    provider.subject = "c1f0-nobody"
    visitor.come()

    assert not visitor.session
    assert visitor.word == ""
    assert visitor.client.cookies.get(company.WAY, "") == ""
    assert visitor.open().headers["Location"] == "/sign-in?next=%2F"


def test_somebody_who_was_locked_is_refused(visitor: Visitor, provider: Provider) -> None:
    provider.subject = SUBJECTS["feng"]
    answer = visitor.come()

    assert answer.status_code == 403
    assert not visitor.session


def test_after_the_sign_out_nobody_comes_back_without_the_provider(
    visitor: Visitor, provider: Provider
) -> None:
    visitor.go()
    word = visitor.word
    assert word
    visitor.post("/company/back", ticket=visitor.ticket())
    assert visitor.word == ""
    visitor.post("/sign-out")
    visits = len(provider.asked)

    assert visitor.open().headers["Location"] == "/sign-in?next=%2F"
    visitor.keep(USER, word)
    assert visitor.open("/?company=1").headers["Location"].startswith("/sign-in")
    with pytest.raises(InvalidStatus):
        visitor.told()

    visitor.set_out()
    assert visitor.word == ""
    visitor.keep(USER, word)
    assert ticket_in(visitor.told("company=1")) == ""
    answer = visitor.post("/company/back", ticket=visitor.ticket())
    assert answer.status_code == 403
    assert not visitor.session
    assert len(provider.asked) == visits


def test_signing_out_also_forgets_what_the_company_said(visitor: Visitor) -> None:
    visitor.go()
    assert visitor.word
    visitor.post("/sign-out")

    assert visitor.word == ""
    assert visitor.client.cookies.get(company.WAY, "") == ""


def refused(visitor: Visitor) -> None:
    """Assert that whoever goes the whole way does not come in, and is told so."""
    visitor.go()
    told = visitor.told()
    answer = visitor.post("/company/back", ticket=ticket_in(told))

    assert FAILED in scripts(told)
    assert ticket_in(told) == ""
    assert answer.status_code == 403
    assert not visitor.session
    assert "did not succeed" in visitor.client.get(FAILED, headers={"Accept-Language": "en"}).text


@pytest.mark.parametrize("fault", CLAIMS)
def test_an_id_token_that_says_the_wrong_thing_lets_nobody_in(
    visitor: Visitor, provider: Provider, fault: str
) -> None:
    provider.fault = fault

    refused(visitor)


@pytest.mark.parametrize("fault", HEADERS)
def test_an_id_token_signed_with_a_key_of_its_own_lets_nobody_in(
    visitor: Visitor, provider: Provider, fault: str
) -> None:
    provider.fault = fault

    refused(visitor)
    assert provider.fetched == []


@pytest.mark.parametrize("fault", OTHER_FAULTS)
def test_an_id_token_without_a_signature_of_the_provider_s_kind_lets_nobody_in(
    visitor: Visitor, provider: Provider, fault: str
) -> None:
    provider.fault = fault

    refused(visitor)


def forged(visitor: Visitor, told: dict[str, Any], key: str) -> str:
    """Return Streamlit's cookie as it would be, signed with another key."""
    words = json.dumps(told | {"origin": visitor.url, "is_logged_in": True, "provider": "default"})
    return str(URLSafeTimedSerializer(key, salt=USER).dumps(words))


def test_a_changed_user_cookie_lets_nobody_in(visitor: Visitor) -> None:
    visitor.go()
    word = visitor.word
    payload, _, signature = word.rpartition(".")
    told = {"sub": SUBJECTS["chen"], "aud": "station-dashboard", "iat": 2**31, "nonce": "1"}
    turned = "B" if word[9] == "A" else "A"
    assert visitor.ticket()

    for changed in (
        f"{word[:9]}{turned}{word[10:]}",
        f"{word[:-1]}{'A' if word[-1] != 'A' else 'E'}",
        *(payload, f"{payload}.", f"{payload}.{signature[::-1]}", ""),
        json.dumps(told).replace('"', "'"),
        *(forged(visitor, told, key) for key in ("", "a-random-key-here", SECRET)),
    ):
        visitor.keep(USER, changed)
        assert ticket_in(visitor.told()) == "", changed


def test_a_ticket_is_good_once(visitor: Visitor) -> None:
    visitor.go()
    way, ticket = visitor.client.cookies[company.WAY], visitor.ticket()
    first = visitor.post("/company/back", ticket=ticket)
    session = visitor.session
    visitor.client.cookies.clear()
    visitor.keep(company.WAY, way)
    second = visitor.post("/company/back", ticket=ticket)

    assert (first.status_code, second.status_code) == (303, 403)
    assert session
    assert not visitor.session


def test_a_ticket_is_good_in_the_browser_that_set_out_only(
    visitor: Visitor, stranger: Visitor
) -> None:
    visitor.go()
    ticket = visitor.ticket()
    without = stranger.post("/company/back", ticket=ticket)
    stranger.set_out()
    answer = stranger.post("/company/back", ticket=ticket)

    assert (without.status_code, answer.status_code) == (403, 403)
    assert not stranger.session


def test_a_foreign_page_hands_in_no_ticket_and_sends_nobody_out(visitor: Visitor) -> None:
    visitor.go()
    ticket = visitor.ticket()
    for origin in ("http://evil.example", "null", "http://localhost"):
        for path in ("/company/back", "/company"):
            form = {"ticket": ticket}
            answer = visitor.client.post(path, data=form, headers={"Origin": origin})
            assert answer.status_code == 403
            assert "Set-Cookie" not in answer.headers


def test_a_foreign_link_leads_to_the_sign_in_page_at_most(stranger: Visitor) -> None:
    for path in (
        *("/?company=1", "/auth/login?provider=x", "/oauth2callback?code=1&state=2"),
        *("/company", "/company/back", "/company/back?ticket=1"),
    ):
        answer = stranger.open(path)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/sign-in")
        assert "Set-Cookie" not in answer.headers


def test_a_link_with_somebody_else_s_code_signs_nobody_in(
    visitor: Visitor, stranger: Visitor
) -> None:
    visitor.set_out()
    at = visitor.client.get(sent_to(visitor.told("company=1"))).headers["Location"]
    back = visitor.client.get(at).headers["Location"]
    stranger.set_out()
    answer = stranger.client.get(back)

    assert answer.headers["Location"] == "/"
    assert stranger.word == ""
    assert ticket_in(stranger.told()) == ""


def test_a_tab_that_stays_open_does_not_vouch_again(visitor: Visitor) -> None:
    visitor.go()
    with ExitStack() as stack:
        tab = visitor.tab(stack)
        way = visitor.client.cookies[company.WAY]
        first = visitor.post("/company/back", ticket=ticket_in(messages(tab.run())))
        visitor.post("/sign-out")
        visitor.keep(company.WAY, way)
        second = visitor.post("/company/back", ticket=ticket_in(messages(tab.run())))

    assert (first.status_code, second.status_code) == (303, 403)
    assert not visitor.session


def test_the_sign_in_starts_at_the_provider_even_with_a_word_at_hand(
    visitor: Visitor,
) -> None:
    visitor.go()
    told = visitor.told("company=1")

    assert sent_to(told).startswith("/auth/login?provider=")
    assert scripts(told).strip() == ""


def test_an_anonymous_socket_is_for_people_on_their_way_only(url: str, stranger: Visitor) -> None:
    way = company.open_way()  # signed by another process
    for cookie in ("", f"{company.WAY}=made.up.way", f"{company.WAY}={way}"):
        with pytest.raises(InvalidStatus), wire(url, "", Cookie=cookie):
            pass
    assert stranger.open().headers["Location"] == "/sign-in?next=%2F"


def test_somebody_on_his_way_sees_the_sign_in_and_nothing_else(
    own: World, visitor: Visitor
) -> None:
    with ExitStack() as stack:
        signed = stack.enter_context(wire(visitor.url, token_for(own.url, "manager")))
        signed.run("")
        visitor.set_out()
        tab = visitor.tab(stack)
        heard = tab.run()
        for page in signed.pages.values():
            heard += tab.run(page, query="vehicle=1")

    words = b"".join([*heard, *tab.raw])
    kinds = {m.WhichOneof("type") for m in messages(heard)}
    drawn = {m.delta.new_element.WhichOneof("type") for m in messages(heard)} - {None}
    assert len(signed.pages) > 5
    assert tab.pages == {}
    assert kinds <= {"new_session", "session_status_changed", "session_event", "delta",
                     "page_config_changed", "script_finished", "page_info_changed",
                     "parent_message", "auth_redirect"}  # fmt: skip
    assert drawn <= {"button_group", "alert", "markdown", "html"}
    assert [word for word in (*markers(), *secrets(), "甲站") if word.encode() in words] == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/card", 401),
        ("/media/abc.csv", 401),
        ("/_stcore/upload_file/a/b", 401),
        ("/_stcore/metrics", 404),
        ("/auth/logout", 404),
        ("/component/x", 401),
    ],
)
def test_somebody_on_his_way_goes_nowhere_else(visitor: Visitor, path: str, status: int) -> None:
    visitor.set_out()

    assert visitor.client.get(path).status_code == status


def test_people_on_their_way_from_one_address_hold_so_many_sockets(visitor: Visitor) -> None:
    open_sockets = 0
    with ExitStack() as stack, suppress(InvalidStatus):
        for _ in range(50):
            visitor.set_out()
            visitor.keep(sign_in.COOKIE, f"made up {open_sockets}")
            visitor.tab(stack)
            open_sockets += 1

    assert open_sockets == 40


@pytest.fixture(scope="module")
def plain_url(own: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard without the company's own sign-in, whose file lies there nevertheless."""
    with own.copied(tmp_path_factory.mktemp("plain") / "own") as copy, serving(copy.url) as url:
        yield url


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_it_its_paths_are_not_there(plain_url: str, path: str, method: str) -> None:
    headers = {"Origin": plain_url}
    answer = httpx2.request(method, plain_url + path, headers=headers, trust_env=False)

    assert (answer.status_code, answer.content) == (404, b"")


def test_without_it_the_door_does_not_speak_of_it(plain_url: str) -> None:
    page = httpx2.get(f"{plain_url}/sign-in", trust_env=False).text
    way = {company.WAY: company.open_way()}
    answer = httpx2.get(f"{plain_url}/?company=1", cookies=way, trust_env=False)

    assert "/company" not in page
    assert answer.status_code == 401


def test_a_server_does_not_start_with_a_secret_that_others_can_read(
    own: World, tmp_path: Path
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("sign_in: {oidc: true}\n", encoding="utf-8")
    with own.copied(tmp_path / "own") as copy:
        file = copy.folder / "company.toml"
        file.touch()
        file.chmod(0o644)
        command = [sys.executable, "-m", "station", "--config", str(config)]
        told = subprocess.run(
            [*command, "--archive", copy.url, "--lang", "en", "serve", "--port", str(free_port())],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    assert told.returncode != 0
    assert "chmod 600" in told.stdout + told.stderr
