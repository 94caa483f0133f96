"""Builds the server: the dashboard with its routes, headers and warm start."""

import argparse
import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st
import uvicorn
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config as streamlit_config

from station import text
from station.config import Settings, load_settings
from station.errors import StationError
from station.guard import mask
from station.pages import front
from station.services import access, board, keeping
from station.services.ask import Ask, Database

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
"""Whatever a name or a note holds, the browser asks no other host for anything."""

POLICY_VIOLATION = 1008
"""The code with which a WebSocket is closed to whom it is not meant for."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class SafeHeaders:
    """Adds HEADERS to every HTTP response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - ASGI's own signature
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, send_with_headers)


class OwnPages:
    """Lets only pages of `hosts` talk to the dashboard.

    Streamlit refuses the others too, but asks a service abroad for this machine's address first.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self.app = app
        self.hosts = {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - ASGI's own signature
        if scope["type"] == "websocket" and not self._is_ours(Headers(scope=scope)):
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        else:
            await self.app(scope, receive, send)

    def _is_ours(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        try:
            return origin is None or urlsplit(origin).hostname in self.hosts
        except ValueError:  # no address at all
            return False


async def health(_request: Request) -> JSONResponse:
    """Answer a load balancer; says nothing of the data."""
    return JSONResponse({"status": "ok"})


Lifespan = Callable[[st.App], AbstractAsyncContextManager[None]]


def warming(db: Database, settings: Settings) -> Lifespan:
    """Return the lifespan that calculates the board behind the first visitor's back."""

    @asynccontextmanager
    async def warm(_app: st.App) -> AsyncIterator[None]:
        mask.guard_logs()  # here, where every logger has its handlers
        task = asyncio.create_task(asyncio.to_thread(_warm, db, settings))
        yield
        await task

    return warm


def _warm(db: Database, settings: Settings) -> None:
    try:
        ask = Ask(db, settings, access.local_operator(db), date.max)
        ask = replace(ask, as_of=board.last_day(ask))
        board.vehicles(ask, stations=(), days=settings.dashboard.period_days)
    except StationError:
        return  # the page that is opened first tells what is wrong
    gc.collect()
    gc.freeze()  # later collections pass over all this


def build_app(hosts: Collection[str], lifespan: Lifespan) -> st.App:
    """Return the ASGI application that answers to `hosts`; one a process."""
    return st.App(
        Path(front.__file__),
        routes=[Route("/health", health)],
        middleware=[Middleware(SafeHeaders), Middleware(OwnPages, hosts=hosts)],
        lifespan=lifespan,
    )


def main() -> None:
    """Run the dashboard until it is stopped: `python -m station.server --host H --port P`."""
    parser = argparse.ArgumentParser(prog="station serve")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--lang", default="zh")
    where = parser.parse_args()
    try:
        _serve(where.host, where.port)
    except StationError as error:
        sys.exit(text.say(where.lang, error.key, **error.facts))


def _serve(host: str, port: int) -> None:
    settings = load_settings(Path(path) if (path := os.environ.get("STATION_CONFIG")) else None)
    db = keeping.open_archive(settings, os.environ.get("STATION_ARCHIVE", ""))
    # Against DNS rebinding: Streamlit refuses to talk under any other name.
    hosts = [*settings.server.allowed_hosts, host]
    streamlit_config.set_option("server.allowedHosts", hosts)
    with db.claim_server():
        app = build_app(hosts, warming(db, settings))
        uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
