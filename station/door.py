"""Who comes in: sign-in, first password, sign-out, and the gate before every other path."""

import re
import time
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from anyio import to_thread
from jinja2 import Environment, FileSystemLoader
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from station import text
from station.config import Settings
from station.errors import BadValueError, SignInError, StationError
from station.services import access
from station.services.ask import Database
from station.services.people import company, resuming, sign_in

OPEN = ("/sign-in", "/sign-out", "/welcome", "/demo", "/company", "/health", "/static")
"""Paths for which nobody needs to be signed in; they show nothing of the archive."""
FORMS = ("/demo", "/company", "/company/back", "/sign-out")
"""Of these, those to which forms are sent; whoever opens one is sent to the sign-in."""
HIDDEN = ("/_stcore/metrics", "/_stcore/agent", "/agent", "/auth/logout")
"""Paths of Streamlit's that are nobody's business."""
COMPANY = ("/company", "/auth", "/oauth2callback")
"""Paths of the company's own sign-in; without it they are hidden too."""
ON_THE_WAY = (
    *("/auth/login", "/oauth2callback"),
    *("/_stcore/stream", "/_stcore/host-config", "/_stcore/health"),
)
"""Paths that, with the front page, take somebody to the company's own sign-in and back."""
OF_STREAMLIT = re.compile(r"_streamlit_user(_tokens)?(_\d{1,3})?")
"""Cookies in which Streamlit keeps what the company said of a person, for 30 days."""
MOST_SOCKETS = 40
"""WebSockets that one session may hold open; a tab has one. So many may an address on its way."""
TAKE_S = 60
"""Seconds for which a file that was made on a click can be fetched."""
MOST_TAKEN = 100_000
RESUMING = 3
"""Place of a session's id among the names of protocols, where Streamlit puts it."""
EMPTY: Mapping[str, str] = {}
LONGEST_FORM = 8_192
POLICY_VIOLATION = 1008
"""The code with which a WebSocket is closed to whom it is not meant for."""

PAGES = Path(__file__).parent / "pages"
_templates = Environment(loader=FileSystemLoader(PAGES), autoescape=True)


@dataclass(frozen=True, slots=True)
class Door:
    """The routes by which people come in to an archive and leave it."""

    db: Database
    settings: Settings

    def routes(self) -> list[Route]:
        """Return the routes; only a POST from a page of ours changes anything."""
        return [
            Route("/sign-in", self.sign_in, methods=["GET", "POST"]),
            Route("/welcome", self.welcome, methods=["GET", "POST"]),
            Route("/demo", self.demo, methods=["POST"]),
            Route("/company", self.set_out, methods=["POST"]),
            Route("/company/back", self.come_back, methods=["POST"]),
            Route("/sign-out", self.sign_out, methods=["POST"]),
            *[Route(path, _to_sign_in) for path in FORMS],
        ]

    async def sign_in(self, request: Request) -> Response:
        """Ask for account and password, and let in whoever has both."""
        if request.method == "GET":
            failed = SignInError("company.failed") if "company" in request.query_params else None
            return await self._ask_in(request, error=failed)
        form = await _form(request)

        def enter() -> str:
            return sign_in.sign_in(
                self.db,
                self.settings.sign_in,
                name=form.get("name", ""),
                password=form.get("password", ""),
                address=_address(request),
            )

        try:
            token = await to_thread.run_sync(enter)
        except StationError as error:
            return await self._ask_in(request, error=error, name=form.get("name", ""))
        return await self._let_in(request, token, form.get("next", ""))

    async def _ask_in(
        self, request: Request, *, error: StationError | None = None, name: str = ""
    ) -> Response:
        demo = await to_thread.run_sync(sign_in.demo_accounts, self.db)
        return _page(
            request,
            "sign_in",
            error=error,
            name=name,
            demo=demo,
            oidc=self.settings.sign_in.oidc,
            next=_local(request.query_params.get("next", "")),
        )

    async def welcome(self, request: Request) -> Response:
        """Let whoever holds a code that works once choose the account's password.

        The code stands behind the # of a link, where no server and no log sees it; the page puts
        it into its form.
        """
        if request.method == "GET":
            return await self._choose(request)
        form = await _form(request)
        try:
            session = await to_thread.run_sync(self._chosen, form, _address(request))
        except StationError as error:
            return await self._choose(request, error=error, form=form)
        return await self._let_in(request, session)

    async def _choose(
        self,
        request: Request,
        *,
        error: StationError | None = None,
        form: Mapping[str, str] = EMPTY,
    ) -> Response:
        return _page(
            request,
            "welcome",
            error=error,
            code=form.get("code", ""),
            name=form.get("name", ""),
            first=await to_thread.run_sync(sign_in.awaits_first, self.db),
            least=self.settings.sign_in.min_password,
        )

    def _chosen(self, form: Mapping[str, str], address: str) -> str:
        if form.get("password", "") != form.get("again", ""):
            raise BadValueError("sign_in.passwords_differ")
        return sign_in.choose_password(
            self.db,
            self.settings.sign_in,
            token=form.get("code", "").strip(),
            password=form.get("password", ""),
            name=form.get("name", ""),
            address=address,
        )

    async def demo(self, request: Request) -> Response:
        """Let anybody in under a demo account, where the archive is a demo."""
        form = await _form(request)

        def enter() -> str:
            return sign_in.sign_in_demo(
                self.db,
                self.settings.sign_in,
                name=form.get("name", ""),
                address=_address(request),
            )

        try:
            token = await to_thread.run_sync(enter)
        except StationError as error:
            return await self._ask_in(request, error=error)
        return await self._let_in(request, token, form.get("next", ""))

    async def set_out(self, request: Request) -> Response:
        """Send somebody to the company's own sign-in, and remember his browser for a moment."""
        answer = RedirectResponse("/?company=1", status_code=303)
        self._forget_company(request, answer)
        name = company.way_cookie(self.settings.sign_in)
        answer.set_cookie(name, company.open_way(), max_age=company.WAY_S, **self._cookie())
        return answer

    async def come_back(self, request: Request) -> Response:
        """Let in whom the company's own sign-in vouched for a moment ago, in this browser."""
        form = await _form(request)

        def enter() -> str:
            return company.exchange(
                self.db,
                self.settings.sign_in,
                ticket=form.get("ticket", ""),
                way=_way(request, self.settings),
                address=_address(request),
            )

        try:
            token = await to_thread.run_sync(enter)
        except StationError as error:
            answer = _page(request, "refused", error=error, status=403)
            self._forget_company(request, answer)
            return answer
        return await self._let_in(request, token)

    def _forget_company(self, request: Request, answer: Response) -> None:
        """Have the browser forget what it holds of the company's own sign-in."""
        way = company.way_cookie(self.settings.sign_in)
        for name in request.cookies:
            if name == way or OF_STREAMLIT.fullmatch(name):
                answer.delete_cookie(name, **self._cookie())

    async def sign_out(self, request: Request) -> Response:
        """End the session, and have the browser forget what it holds of it."""
        await to_thread.run_sync(sign_in.sign_out, self.db, _token(request.scope, self.settings))
        answer = RedirectResponse("/sign-in", status_code=303)
        answer.delete_cookie(sign_in.cookie_name(self.settings.sign_in), **self._cookie())
        self._forget_company(request, answer)
        answer.headers["Clear-Site-Data"] = '"cache", "storage"'
        return answer

    async def _let_in(self, request: Request, token: str, after: str = "") -> Response:
        """Hand the browser its new session; the one it had before ends."""
        await to_thread.run_sync(sign_in.sign_out, self.db, _token(request.scope, self.settings))
        answer = RedirectResponse(_local(after) or "/", status_code=303)
        hours = self.settings.sign_in.session_hours
        answer.set_cookie(
            sign_in.cookie_name(self.settings.sign_in),
            token,
            max_age=hours * access.HOUR_S,
            **self._cookie(),
        )
        self._forget_company(request, answer)
        return answer

    def _cookie(self) -> dict[str, Any]:
        is_secure = self.settings.sign_in.secure_cookie
        return {"path": "/", "httponly": True, "samesite": "lax", "secure": is_secure}


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a form that came whole and is no longer than a form of ours."""
    if int(request.headers.get("content-length") or LONGEST_FORM + 1) > LONGEST_FORM:
        return {}
    form = await request.form(max_files=0, max_fields=8)
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _address(request: HTTPConnection) -> str:
    return request.client.host if request.client else ""


def _way(request: HTTPConnection, settings: Settings) -> str:
    return request.cookies.get(company.way_cookie(settings.sign_in), "")


def _local(path: str) -> str:
    """Return a path of the dashboard; nothing for an address that leads elsewhere."""
    parts = urlsplit(path.replace("\\", "/"))
    is_ours = (
        path.startswith("/") and not path.startswith("//") and not (parts.scheme or parts.netloc)
    )
    return path if is_ours and path.isprintable() and not _is_below(parts.path, OPEN) else ""


def _language(request: Request) -> str:
    asked = request.query_params.get("lang", "")
    if asked in text.LANGUAGES:
        return asked
    accepts = request.headers.get("accept-language", "zh").lower()
    return "zh" if accepts.startswith("zh") else "en"


def _page(
    request: Request,
    page: str,
    /,
    *,
    error: StationError | None = None,
    status: int = 0,
    **facts: object,
) -> Response:
    lang = _language(request)

    def say(key: str, **values: object) -> str:
        return text.say(lang, key, **values)

    html = _templates.get_template("door.html").render(
        page=page,
        lang=lang,
        other="en" if lang == "zh" else "zh",
        say=say,
        icon=quote((PAGES / "icon.svg").read_text(encoding="utf-8")),
        error=say(error.key, **error.facts) if error else "",
        **facts,
    )
    code = status or (400 if error else 200)
    return HTMLResponse(html, status_code=code, headers={"Cache-Control": "no-store"})


class Gate:
    """Lets nobody but who is signed in past the pages of the door."""

    def __init__(self, app: ASGIApp, db: Database, settings: Settings) -> None:
        self.app = app
        self.db = db
        self.settings = settings
        self._taken: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._sockets: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - ASGI's own signature
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
        elif _is_below(scope["path"], self._hidden()):
            await _answer_nothing(scope, receive, send)
        elif _is_below(scope["path"], OPEN):
            await self.app(scope, receive, send)
        else:
            await self._let_pass(scope, receive, send)

    async def _let_pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = _token(scope, self.settings)
        is_in = await self._is_in(token)
        if not is_in and not self._is_on_the_way(scope):
            await _turn_away(scope, receive, send)
        elif scope["type"] == "websocket":
            who = token if is_in else f"from {_address(HTTPConnection(scope))}"
            await self._talk(scope, who, receive, send)
        else:
            await self.app(scope, receive, self._once(scope, token, send))

    def _hidden(self) -> tuple[str, ...]:
        return HIDDEN if self.settings.sign_in.oidc else HIDDEN + COMPANY

    async def _talk(self, scope: Scope, who: str, receive: Receive, send: Send) -> None:
        """Pass a WebSocket on, but for the session of somebody else that it may name."""
        if self._sockets[who] >= MOST_SOCKETS:
            await _close(send)
            return
        self._sockets[who] += 1
        try:
            await self.app(_without_foreign_session(scope, who), _bytes_only(receive), send)
        finally:
            self._sockets[who] -= 1
            self._sockets += Counter()  # forgets who holds none

    async def _is_in(self, token: str) -> bool:
        def ask() -> bool:
            try:
                access.scope_of(self.db, token, self.settings.sign_in)
            except StationError:
                return False
            return True

        return bool(token) and await to_thread.run_sync(ask)

    def _is_on_the_way(self, scope: Scope) -> bool:
        """Return whether this is a step of the company's own sign-in, taken by who set out."""
        is_step = scope["path"] == "/" or _is_below(scope["path"], ON_THE_WAY)
        if not (self.settings.sign_in.oidc and is_step):
            return False
        return company.is_way(_way(HTTPConnection(scope), self.settings))

    def _once(self, scope: Scope, token: str, send: Send) -> Send:
        """Return a `send` that hands a made file to who made it only, and only for a moment."""
        if not scope["path"].startswith("/media/"):
            return send
        refused = False

        async def send_once(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start":
                headers = Headers(raw=message["headers"])
                is_file = headers.get("content-disposition", "").startswith("attachment")
                refused = is_file and not self._may_take(scope["path"], token)
                if refused:
                    message = {"type": "http.response.start", "status": 404, "headers": []}
                else:
                    MutableHeaders(scope=message)["Cache-Control"] = "no-store"
            elif refused:
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        return send_once

    def _may_take(self, path: str, token: str) -> bool:
        now = time.monotonic()
        owner, first = self._taken.setdefault(path, (token, now))
        while len(self._taken) > MOST_TAKEN:
            self._taken.popitem(last=False)
        return owner == token and now - first <= TAKE_S


def _token(scope: Scope, settings: Settings) -> str:
    return HTTPConnection(scope).cookies.get(sign_in.cookie_name(settings.sign_in), "")


def _is_below(path: str, roots: tuple[str, ...]) -> bool:
    """Return whether a path is one of `roots` or lies under it."""
    return any(path == root or path.startswith(f"{root}/") for root in roots)


def _without_foreign_session(scope: Scope, token: str) -> Scope:
    """Return the handshake without the session it wants to resume, unless the same token opened it.

    Streamlit hands a session to whoever knows its id, which stands in addresses of uploads.
    """
    wanted: list[str] = list(scope.get("subprotocols", []))
    if len(wanted) < RESUMING or resuming.may_resume(wanted[RESUMING - 1], token):
        return scope
    kept = wanted[: RESUMING - 1]
    headers = [pair for pair in scope["headers"] if pair[0] != b"sec-websocket-protocol"]
    headers.append((b"sec-websocket-protocol", ", ".join(kept).encode()))
    return {**scope, "subprotocols": kept, "headers": headers}


def _bytes_only(receive: Receive) -> Receive:
    """Return a `receive` on which a text, which is none of the dashboard's messages, hangs up."""

    async def received() -> Message:
        message = await receive()
        if message["type"] == "websocket.receive" and message.get("bytes") is None:
            return {"type": "websocket.disconnect", "code": POLICY_VIOLATION}
        return message

    return received


async def _close(send: Send) -> None:
    await send({"type": "websocket.close", "code": POLICY_VIOLATION})


async def _to_sign_in(_request: Request) -> Response:
    return RedirectResponse("/sign-in", status_code=303)


async def _answer_nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer as if the path were not there."""
    if scope["type"] == "websocket":
        await _close(send)
    else:
        await PlainTextResponse("", status_code=404)(scope, receive, send)


async def _turn_away(scope: Scope, receive: Receive, send: Send) -> None:
    """Send whoever opens a page to the sign-in, and anything else away."""
    if scope["type"] == "websocket":
        await _close(send)
        return
    wants_page = "text/html" in Headers(scope=scope).get("accept", "")
    if scope["method"] != "GET" or not wants_page:
        await PlainTextResponse("", status_code=401)(scope, receive, send)
        return
    query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
    after = quote(_local(scope["path"] + query), safe="")
    where = f"/sign-in?next={after}" if after else "/sign-in"
    await RedirectResponse(where, status_code=303)(scope, receive, send)
