"""What comes to a till's app: whole, not too large, not from a browser of another site."""

import asyncio

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from station.api import refusals
from station.api.refusals import TOO_LARGE

FOREIGN = frozenset({"cross-site", "same-site"})
"""What a browser says of itself that asks for another site's page."""


class _TooLargeError(Exception):
    """More comes than a request may have."""


class TillDoor:
    """Lets in what a till sends; whatever goes wrong behind it is told without a word of it."""

    def __init__(self, app: ASGIApp, most_bytes: int, wait_s: float) -> None:
        self.app = app
        self.most = most_bytes
        self.wait_s = wait_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - ASGI's own signature
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        lang = refusals.language_of(headers.get("accept-language", ""))
        started = False

        async def send_unkept(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message)["Cache-Control"] = "no-store"
            await send(message)

        if headers.get("sec-fetch-site", "") in FOREIGN:
            await refusals.plain("till.foreign", 403, lang, "stop")(scope, receive, send_unkept)
            return
        try:
            body = await asyncio.wait_for(self._whole(receive, headers), self.wait_s)
        except (_TooLargeError, TimeoutError):
            answer = refusals.plain("till.too_large", TOO_LARGE, lang)
            await answer(scope, receive, send_unkept)
            return
        try:
            await self.app(scope, _once(body, receive), send_unkept)
        except Exception as error:  # noqa: BLE001 - nothing of it may reach a log or the till
            answer = refusals.broken(error, lang)
            if not started:
                await answer(scope, receive, send_unkept)

    async def _whole(self, receive: Receive, headers: Headers) -> bytes:
        """Return all that a request holds, which is at most what it may hold."""
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self.most:
            raise _TooLargeError
        parts, size = [], 0
        while True:
            message = await receive()
            part = message.get("body", b"")
            size += len(part)
            if size > self.most:
                raise _TooLargeError
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)


def _once(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that hands over what came, and then what else happens."""
    is_told = False

    async def received() -> Message:
        nonlocal is_told
        if is_told:
            return await receive()
        is_told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return received
