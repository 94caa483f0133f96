"""Builds the server: the dashboard with its routes, headers and warm start."""

import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
import uvicorn
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from station.pages import front

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class SafeHeaders:
    """Adds HEADERS to every HTTP response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, send_with_headers)


async def health(_request: Request) -> JSONResponse:
    """Answer a load balancer; says nothing of the data."""
    return JSONResponse({"status": "ok"})


@asynccontextmanager
async def warm(_app: st.App) -> AsyncIterator[None]:
    """Freeze what is loaded at start, so that later collections pass over it."""
    gc.collect()
    gc.freeze()
    yield


def build_app() -> st.App:
    """Return the ASGI application; one a process."""
    return st.App(
        Path(front.__file__),
        routes=[Route("/health", health)],
        middleware=[Middleware(SafeHeaders)],
        lifespan=warm,
    )


def serve(*, host: str, port: int, ready: Callable[[], None] | None = None) -> None:
    """Run the dashboard until it is stopped; `ready` is called when it answers."""
    server = uvicorn.Server(
        uvicorn.Config(build_app(), host=host, port=port, log_level="warning", ws_max_size=2**25)
    )
    if ready is None:
        server.run()
        return
    startup: Callable[..., Awaitable[None]] = server.startup

    async def startup_then_tell(*args: object, **kwargs: object) -> None:
        await startup(*args, **kwargs)
        ready()

    server.startup = startup_then_tell  # type: ignore[method-assign]  # uvicorn has no hook for it
    server.run()
