"""Nobody but who is signed in gets past the pages of the door."""

import time
from collections import Counter, OrderedDict
from urllib.parse import quote

from anyio import to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from station.config import Settings
from station.door.forms import address_of, token_of, way_of
from station.door.paths import (
    COMPANY,
    HIDDEN,
    ON_THE_WAY,
    OPEN,
    POLICY_VIOLATION,
    is_below,
    local,
)
from station.errors import StationError
from station.services import access
from station.services.ask import Database
from station.services.people import company, resuming

MOST_SOCKETS = 40
"""WebSockets that one session may hold open; a tab has one. So many may an address on its way."""
TAKE_S = 60
"""Seconds for which a file that was made on a click can be fetched."""
MOST_TAKEN = 100_000
RESUMING = 3
"""Place of a session's id among the names of protocols, where Streamlit puts it."""


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
        elif is_below(scope["path"], self._hidden()):
            await _answer_nothing(scope, receive, send)
        elif is_below(scope["path"], OPEN):
            await self.app(scope, receive, send)
        else:
            await self._let_pass(scope, receive, send)

    async def _let_pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = token_of(scope, self.settings)
        is_in = await self._is_in(token)
        if not is_in and not self._is_on_the_way(scope):
            await _turn_away(scope, receive, send)
        elif scope["type"] == "websocket":
            who = token if is_in else f"from {address_of(HTTPConnection(scope))}"
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
        is_step = scope["path"] == "/" or is_below(scope["path"], ON_THE_WAY)
        if not (self.settings.sign_in.oidc and is_step):
            return False
        return company.is_way(way_of(HTTPConnection(scope), self.settings))

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
    after = quote(local(scope["path"] + query), safe="")
    where = f"/sign-in?next={after}" if after else "/sign-in"
    await RedirectResponse(where, status_code=303)(scope, receive, send)
