"""Who comes in: sign-in, first password, sign-out, and the gate before every other path."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
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
from station.errors import BadValueError, StationError
from station.services import access, sign_in
from station.services.ask import Database

OPEN = ("/sign-in", "/sign-out", "/welcome", "/demo", "/company", "/health", "/static/")
"""Paths for which nobody needs to be signed in; they show nothing of the archive."""
HIDDEN = ("/_stcore/metrics", "/_stcore/agent", "/agent")
"""Paths of Streamlit's that are nobody's business."""
TAKE_S = 60
"""Seconds for which a file that was made on a click can be fetched."""
MOST_TAKEN = 1_000
LONGEST_FORM = 8_192
POLICY_VIOLATION = 1008
"""The code with which a WebSocket is closed to whom it is not meant for."""

PAGES = Path(__file__).parent / "pages"
_templates = Environment(loader=FileSystemLoader(PAGES), autoescape=True)
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Door:
    """The routes by which people come in to an archive and leave it."""

    db: Database
    settings: Settings

    def routes(self) -> list[Route]:
        """Return the routes; each answers in plain HTML, without a script."""
        return [
            Route("/sign-in", self.sign_in, methods=["GET", "POST"]),
            Route("/welcome", self.welcome, methods=["GET", "POST"]),
            Route("/demo", self.demo, methods=["POST"]),
            Route("/company", self.company, methods=["GET"]),
            Route("/sign-out", self.sign_out, methods=["GET"]),
        ]

    async def sign_in(self, request: Request) -> Response:
        """Ask for account and password, and let in whoever has both."""
        if request.method == "GET":
            return await self._ask_in(request)
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
        return self._let_in(token, form.get("next", ""))

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
        """Let whoever opens a link that works once choose the account's password."""
        form = await _form(request) if request.method == "POST" else {}
        token = form.get("token") or request.query_params.get("token", "")
        try:
            name = await to_thread.run_sync(sign_in.invited, self.db, token)
        except StationError as error:
            return _page(request, "message", error=error, status=404)
        if request.method == "GET":
            return self._choose(request, token, name)
        try:
            session = await to_thread.run_sync(self._chosen, form, token, _address(request))
        except StationError as error:
            return self._choose(request, token, name, error=error)
        return self._let_in(session, "")

    def _choose(
        self, request: Request, token: str, name: str, *, error: StationError | None = None
    ) -> Response:
        least = self.settings.sign_in.min_password
        is_first = name == sign_in.FIRST_ACCOUNT
        return _page(
            request, "welcome", error=error, token=token, name=name, first=is_first, least=least
        )

    def _chosen(self, form: dict[str, str], token: str, address: str) -> str:
        if form.get("password", "") != form.get("again", ""):
            raise BadValueError("sign_in.passwords_differ")
        return sign_in.choose_password(
            self.db,
            self.settings.sign_in,
            token=token,
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
            return self._let_in(await to_thread.run_sync(enter), form.get("next", ""))
        except StationError as error:
            return await self._ask_in(request, error=error)

    async def company(self, request: Request) -> Response:
        """Let in whom the company's own sign-in vouched for a moment ago."""

        def enter() -> str:
            ticket = request.query_params.get("ticket", "")
            address = _address(request)
            return sign_in.exchange(self.db, self.settings.sign_in, ticket=ticket, address=address)

        try:
            return self._let_in(await to_thread.run_sync(enter), "")
        except StationError as error:
            return _page(request, "message", error=error, status=403)

    async def sign_out(self, request: Request) -> Response:
        """End the session and forget its cookie; a foreign page cannot ask for that."""
        if request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
            return RedirectResponse("/", status_code=303)
        name = sign_in.cookie_name(self.settings.sign_in)
        token = request.cookies.get(name, "")
        await to_thread.run_sync(sign_in.sign_out, self.db, token)
        answer = RedirectResponse("/sign-in", status_code=303)
        answer.delete_cookie(name, **self._cookie())
        return answer

    def _let_in(self, token: str, after: str) -> Response:
        answer = RedirectResponse(_local(after) or "/", status_code=303)
        hours = self.settings.sign_in.session_hours
        answer.set_cookie(
            sign_in.cookie_name(self.settings.sign_in),
            token,
            max_age=hours * access.HOUR_S,
            **self._cookie(),
        )
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


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _local(path: str) -> str:
    """Return a path of the dashboard; nothing for an address that leads elsewhere."""
    parts = urlsplit(path.replace("\\", "/"))
    is_ours = (
        path.startswith("/") and not path.startswith("//") and not (parts.scheme or parts.netloc)
    )
    return path if is_ours and path.isprintable() and not path.startswith(OPEN) else ""


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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - ASGI's own signature
        if scope["type"] not in {"http", "websocket"} or scope["path"].startswith(OPEN):
            await self.app(scope, receive, send)
            return
        if scope["path"].startswith(HIDDEN):
            await PlainTextResponse("", status_code=404)(scope, receive, send)
            return
        token = HTTPConnection(scope).cookies.get(sign_in.cookie_name(self.settings.sign_in), "")
        if await self._is_in(token) or self._is_on_the_way(scope):
            await self.app(scope, receive, self._once(scope, token, send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        else:
            await _turned_away(scope)(scope, receive, send)

    async def _is_in(self, token: str) -> bool:
        def ask() -> bool:
            try:
                access.scope_of(self.db, token, self.settings.sign_in)
            except StationError:
                return False
            return True

        return bool(token) and await to_thread.run_sync(ask)

    def _is_on_the_way(self, scope: Scope) -> bool:
        """Return whether this is a step of the company's sign-in, which runs in the front page."""
        path: str = scope["path"]
        steps = ("/auth/", "/oauth2callback", "/_stcore/stream", "/_stcore/host-config")
        return self.settings.sign_in.oidc and (path.startswith(steps) or path == "/")

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


def _turned_away(scope: Scope) -> Response:
    """Send whoever opens a page to the sign-in, and anything else away."""
    wants_page = "text/html" in Headers(scope=scope).get("accept", "")
    if scope["method"] != "GET" or not wants_page:
        return PlainTextResponse("", status_code=401)
    query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
    after = quote(_local(scope["path"] + query), safe="")
    return RedirectResponse(f"/sign-in?next={after}" if after else "/sign-in", status_code=303)
