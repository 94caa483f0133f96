"""The door of a started server: who comes in, who does not, and what its pages never do."""

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from people import make_account, token_for
from security.wire import Answer, call, get, wire
from security.world import OWN, World
from serving import serving
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from station.config import Settings
from station.guard.rules import SignInRules
from station.model import Grant, Role
from station.services import access, keeping
from station.services.ask import Ask
from station.services.people import accounts, sign_in

pytestmark = pytest.mark.slow
STREAMLIT = Subprotocol("streamlit")
GOOD, OTHER = "seven grey herons over the ferry", "a lighthouse made of old stamps"
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}",
    "'; DROP TABLE accounts; --",
    "</title><svg onload=alert(1)>",
    "javascript:alert(1)",
    "\r\nSet-Cookie: station=mine",
)
OUR_SCRIPT = b"<script>\n// The code"
ELSEWHERE = (
    "//evil.example/",
    "/\\evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/sign-out",
    "/ok\r\nX-Evil: 1",
)
CLOSED = ("/", "/card?vehicle=1", "/media/abc.csv", "/_stcore/health", "/_stcore/upload_file/a/b",
          "/component/x", "/sign-inX", "/demolition", "/healthX", "/welcomes/x")  # fmt: skip
HIDDEN = ("/_stcore/metrics", "/auth/login", "/auth/logout", "/oauth2callback", "/agent/x")


@pytest.fixture(scope="module")
def own(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world.copied(tmp_path_factory.mktemp("door") / "own") as copy:
        yield copy


@pytest.fixture(scope="module")
def url(own: World) -> Iterator[str]:
    with serving(own.url) as address:
        yield address


@pytest.fixture(scope="module")
def zhao(own: World, url: str) -> str:
    """An account whose person chose GOOD at the door."""
    answer = choose(url, invited(own, "zhao"))
    assert answer.status == 303
    return "zhao"


def invited(world: World, name: str) -> str:
    """Return the code by which a new account's person comes in."""
    db = keeping.open_archive(Settings(), world.url)
    account_id = make_account(db, name, Grant(Role.MANAGER, world.ids[OWN]))
    with db.writing() as conn:
        code = sign_in.invite(conn, account_id, SignInRules())
    db.close()
    return code


def choose(url: str, code: str, password: str = GOOD, again: str = GOOD) -> Answer:
    form = {"code": code, "password": password, "again": again}
    return call(url, "POST", "/welcome", form=form)


def come(url: str, name: str, password: str, after: str = "", **headers: str) -> Answer:
    form = {"name": name, "password": password, "next": after}
    return call(url, "POST", "/sign-in", form=form, **headers)


@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize("who", ["", "made up", "x" * 3000])
def test_nothing_is_answered_without_a_session(url: str, path: str, who: str) -> None:
    assert get(url, path, who) == (401, b"")


def test_whoever_wants_a_page_is_sent_to_the_sign_in(url: str) -> None:
    answer = call(url, "GET", "/lapsed?lang=en&station=A0001", Accept="text/html")

    assert answer.status == 303
    assert answer.headers["Location"] == "/sign-in?next=%2Flapsed%3Flang%3Den%26station%3DA0001"


@pytest.mark.parametrize("path", HIDDEN)
def test_what_is_nobodys_business_is_not_there(url: str, own: World, path: str) -> None:
    assert get(url, path, token_for(own.url, "administrator")) == (404, b"")


def test_name_and_password_open_the_page_that_was_asked_for(url: str, zhao: str) -> None:
    answer = come(url, zhao, GOOD, "/lapsed?lang=en")

    assert (answer.status, answer.headers["Location"]) == (303, "/lapsed?lang=en")
    assert get(url, "/", answer.cookie)[0] == 200
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert "SameSite=lax" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("after", ELSEWHERE)
def test_the_sign_in_leads_nowhere_but_to_the_dashboard(url: str, zhao: str, after: str) -> None:
    answer = come(url, zhao, GOOD, after)

    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert "X-Evil" not in answer.headers


def test_each_sign_in_has_its_own_token_and_a_planted_one_is_none(url: str, zhao: str) -> None:
    planted = "0123456789abcdef" * 3
    first = come(url, zhao, GOOD, Cookie=f"station={planted}")
    second = come(url, zhao, GOOD)

    assert len({planted, first.cookie, second.cookie}) == 3
    assert get(url, "/", planted)[0] == 401
    assert get(url, "/", first.cookie[:-1])[0] == 401


@pytest.mark.parametrize("words", HOSTILE)
def test_what_was_typed_comes_back_as_text(url: str, words: str) -> None:
    asked = call(url, "GET", "/sign-in?lang=%22%3E&next=%22%3E%3Cscript%3E")
    refused = come(url, words, words, words)
    welcomed = choose(url, words, words)
    demo = call(url, "POST", "/demo", form={"name": words, "next": words})

    for answer in (asked, refused, welcomed, demo):
        assert answer.status in {200, 400}
        body = answer.body.replace(OUR_SCRIPT, b"")
        assert "Set-Cookie" not in answer.headers
        assert not any(tag in body for tag in (b"<script", b"<img", b"<svg", b'href="java'))


@pytest.mark.parametrize("path", ["/sign-in", "/welcome", "/demo", "/company", "/sign-out"])
@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:9", "http://localhost", "http://["]
)
def test_a_form_of_a_foreign_page_is_refused(url: str, zhao: str, path: str, origin: str) -> None:
    form = {"name": zhao, "password": GOOD}

    answer = call(url, "POST", path, form=form, Origin=origin)

    assert (answer.status, answer.body) == (403, b"")


def test_a_foreign_page_signs_nobody_out(url: str, zhao: str) -> None:
    who = come(url, zhao, GOOD).cookie

    call(url, "GET", "/sign-out", who=who)
    call(url, "POST", "/sign-out", form={}, who=who, Origin="http://evil.example")

    assert get(url, "/", who)[0] == 200


def test_signing_out_ends_the_session_everywhere(url: str, zhao: str) -> None:
    who = come(url, zhao, GOOD).cookie
    with wire(url, who) as tab:
        answer = call(url, "POST", "/sign-out", form={}, who=who)
        told = b"".join(tab.run())

    assert "storage" in answer.headers["Clear-Site-Data"]
    assert b"signed out" in told
    assert b"stPlotlyChart" not in told
    assert get(url, "/", who)[0] == 401
    with pytest.raises(InvalidStatus), wire(url, who):
        pass


def test_signing_in_again_ends_the_session_before(url: str, zhao: str) -> None:
    first = come(url, zhao, GOOD).cookie
    second = come(url, zhao, GOOD, Cookie=f"station={first}").cookie

    assert get(url, "/", second)[0] == 200
    assert get(url, "/", first)[0] == 401


def test_a_locked_person_with_three_tabs_is_out_of_all_at_his_next_action(
    own: World, url: str
) -> None:
    choose(url, invited(own, "qian"))
    who = [come(url, "qian", GOOD).cookie for _ in range(3)]
    with wire(url, who[0]) as one, wire(url, who[1]) as two, wire(url, who[2]) as three:
        db = keeping.open_archive(Settings(), own.url)
        ask = Ask(db, Settings(), access.local_operator(db), access.today())
        accounts.disable(ask, name="qian", reason="left")
        db.close()
        told = [b"".join(tab.run()) for tab in (one, two, three)]

    assert all(b"signed out" in words for words in told)
    assert come(url, "qian", GOOD).status == 400


def test_a_code_works_once_and_only_from_behind_the_hash(own: World, url: str) -> None:
    code = invited(own, "sun")

    assert call(url, "GET", f"/welcome?code={code}&token={code}").status == 200
    assert code.encode() not in call(url, "GET", f"/welcome?code={code}").body
    assert choose(url, code, "short", "short").status == 400
    assert choose(url, code, GOOD, OTHER).status == 400
    assert choose(url, code).status == 303
    assert choose(url, code).status == 400


def test_the_doors_forms_ask_for_nothing_but_these(url: str) -> None:
    for path, fields in (
        ("/sign-in", {"next", "name", "password"}),
        ("/welcome", {"code", "password", "again"}),
    ):
        body = call(url, "GET", path).body.decode()
        asked = {part.split('"')[0] for part in body.split('name="')[1:]} - {"viewport"}
        assert asked - {"color-scheme"} == fields
        assert body.count('type="password"') == len(fields & {"password", "again"})
        assert "autocomplete=" in body


@pytest.mark.parametrize("path", ["/sign-in", "/", "/static/%2e%2e/x", "/health", "/nothing"])
def test_every_answer_says_of_what_type_it_is(url: str, path: str) -> None:
    answer = call(url, "GET", path)

    assert answer.headers["Content-Type"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_socket_that_names_somebody_elses_session_gets_its_own(own: World, url: str) -> None:
    with wire(url, token_for(own.url, "administrator")) as theirs:
        theirs.run("")
        taken = theirs.session_id
        with wire(url, token_for(own.url, "staff"), resume=taken) as mine:
            told = b"".join(mine.run(""))

    assert mine.session_id not in {"", taken}
    assert b"administrator" not in told
    assert "intake" not in mine.pages


def test_a_socket_may_take_up_its_own_session_again(own: World, url: str) -> None:
    who = token_for(own.url, "staff")
    with wire(url, who) as first:
        first.run("")
    with wire(url, who, resume=first.session_id) as second:
        second.run("")

    assert second.session_id == first.session_id


@pytest.mark.parametrize("who", ["", "made up"])
def test_a_socket_without_a_session_is_refused(url: str, who: str) -> None:
    with pytest.raises(InvalidStatus), wire(url, who):
        pass


def test_one_session_cannot_hold_sockets_without_end(own: World, url: str) -> None:
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    headers = {"Cookie": f"station={token_for(own.url, 'staff')}", "Origin": url}
    open_sockets = 0
    with ExitStack() as stack, suppress(InvalidStatus):
        for _ in range(60):
            socket = connect(address, additional_headers=headers, subprotocols=[STREAMLIT])
            stack.enter_context(socket)
            open_sockets += 1

    assert open_sockets == 40


def test_behind_tls_the_cookie_is_bound_to_this_host(world: World, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("sign_in: {secure_cookie: true}\n", encoding="utf-8")

    with world.copied(tmp_path / "tls") as own, serving(own.url, config=config) as url:
        answer = choose(url, invited(own, "li"))
        by_other_name = get(url, "/", token_for(own.url, "staff"))

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-station=")
    assert {"Secure", "HttpOnly", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie
    assert by_other_name[0] == 401
