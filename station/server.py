"""Builds the server: the dashboard with its routes, headers and warm start."""

import argparse
import asyncio
import gc
import os
import sys
import tomllib
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config as streamlit_config

from station import api, text
from station.config import Settings, load_settings
from station.door import calendars, entry, gate, joining
from station.door.paths import POLICY_VIOLATION, TILLS
from station.errors import ArchiveError, StationError
from station.guard import mask
from station.pages import front
from station.services import access, board, keeping
from station.services.ask import Ask, Database
from station.services.calls import newcomers
from station.services.people import provider, sign_in

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
"""Whatever a name or a note holds, the browser asks no other host for anything."""

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - to be named otherwise, not to be listened at
"""Addresses at which a server listens but nobody can visit it."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class SafeHeaders:
    """Adds HEADERS to every HTTP response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - ASGI's own signature
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("Content-Type", "text/plain; charset=utf-8")
            await send(message)

        await self.app(scope, receive, send_with_headers)


class OwnPages:
    """Answers under the names of `hosts` only, and lets only their pages send anything.

    Streamlit refuses foreign WebSockets too, but asks a service abroad for this machine's address
    first, and knows nothing of the door's forms.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self.app = app
        self.hosts = {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - ASGI's own signature
        if scope["type"] == "lifespan" or self._is_ours(scope):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        else:
            await PlainTextResponse("", status_code=403)(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        if scope["path"] == "/health":  # a load balancer calls by the address
            return True
        try:
            host = urlsplit(f"//{headers.get('host', '')}")
            origin = urlsplit(headers.get("origin", f"//{host.netloc}"))
            is_here = host.port is None or origin.netloc.lower() == host.netloc.lower()
        except ValueError:  # no address at all
            return False
        return is_here and host.hostname in self.hosts and origin.hostname == host.hostname


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
        newcomers.first_days(ask)
    except StationError:
        return  # the page that is opened first tells what is wrong
    gc.collect()
    gc.freeze()  # later collections pass over all this


def parts(db: Database, settings: Settings, hosts: Collection[str]) -> dict[str, Any]:
    """Return what Streamlit's application is made of beside the script of its front page."""
    return {
        "routes": [
            Route("/health", health),
            Mount(TILLS, api.build(db, settings)),
            *entry.Door(db, settings).routes(),
            *joining.Joining(db, settings).routes(),
            *calendars.Calendars(db, settings).routes(),
        ],
        "middleware": [
            Middleware(SafeHeaders),
            Middleware(OwnPages, hosts=hosts),
            Middleware(gate.Gate, db=db, settings=settings),
        ],
        "lifespan": warming(db, settings),
        "secrets": company_secrets(db, hosts) if settings.sign_in.oidc else None,
    }


def for_tills(db: Database, settings: Settings, hosts: Collection[str]) -> Starlette:
    """Return the app that answers tills alone, with no dashboard beside it.

    Raises:
        ArchiveError: the archive is a SQLite file, of which there is one server.
    """
    if db.path is not None:
        raise ArchiveError("till.needs_postgres")
    return Starlette(
        routes=[Route("/health", health), Mount(TILLS, api.build(db, settings))],
        middleware=[Middleware(SafeHeaders), Middleware(OwnPages, hosts=hosts)],
    )


def company_secrets(db: Database, hosts: Collection[str]) -> dict[str, Any]:
    """Return what Streamlit's sign-in asks for; its cookies are signed by a key of this start's."""
    told = asdict(provider.provider(db.folder, hosts))
    asked = {"scope": "openid", "prompt": told.pop("prompt")}
    kept = {"cookie_secret": sign_in.new_token(), "expose_tokens": ["id"]}  # to the front page only
    return {"auth": told | kept | {"client_kwargs": asked}}


def configure(hosts: Collection[str]) -> None:
    """Give Streamlit the settings that come with the front page, wherever it was started.

    It finds the file by itself only below the folder in which it was started. Against DNS
    rebinding it refuses to talk under any name but those of `hosts`.
    """
    file = Path(front.__file__).parent / ".streamlit" / "config.toml"
    for name, value in flattened(tomllib.loads(file.read_text(encoding="utf-8"))):
        streamlit_config.set_option(name, value)
    streamlit_config.set_option("server.allowedHosts", list(hosts))


def flattened(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted name and the value of every setting."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from flattened(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def opened() -> tuple[Database, Settings]:
    """Return the archive and the settings that the environment names.

    Raises:
        StationError: they cannot be used.
    """
    settings = load_settings(Path(path) if (path := os.environ.get("STATION_CONFIG")) else None)
    return keeping.open_archive(settings, os.environ.get("STATION_ARCHIVE", "")), settings


def for_streamlit_run() -> dict[str, Any]:
    """Return the parts for `streamlit run streamlit_app.py`, which listens by its own settings."""
    db, settings = opened()
    configure(settings.server.allowed_hosts)
    return parts(db, settings, settings.server.allowed_hosts)


def main() -> None:
    """Run the dashboard until it is stopped: `python -m station.server --host H --port P`."""
    parser = argparse.ArgumentParser(prog="station serve")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--lang", default="zh")
    parser.add_argument("--only-api", action="store_true")
    where = parser.parse_args()
    try:
        if where.only_api:
            _serve_tills(where.host, where.port, where.lang)
        else:
            _serve(where.host, where.port, where.lang)
    except StationError as error:
        sys.exit(text.say(where.lang, error.key, **error.facts))


def _serve(host: str, port: int, lang: str) -> None:
    db, settings = opened()
    hosts = [*settings.server.allowed_hosts, host]
    configure(hosts)
    with db.claim_server():
        app = st.App(Path(front.__file__), **parts(db, settings, hosts))
        _greet(db, settings, host=host, port=port, lang=lang)
        _run(app, settings, host=host, port=port)


def _serve_tills(host: str, port: int, lang: str) -> None:
    db, settings = opened()
    app = for_tills(db, settings, [*settings.server.allowed_hosts, host])
    mask.guard_logs()
    address = _address(settings, host, port)
    print(text.say(lang, "cli.serving_tills", address=address + TILLS), flush=True)  # noqa: T201 - for whoever started it
    _run(app, settings, host=host, port=port)


def _run(app: ASGIApp, settings: Settings, *, host: str, port: int) -> None:
    proxies = list(settings.server.trusted_proxies)
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
    )


def _address(settings: Settings, host: str, port: int) -> str:
    """Return where the server is visited."""
    named = settings.server.allowed_hosts[0] if host in EVERYWHERE else host
    return f"http://{named}:{port}"


def _greet(db: Database, settings: Settings, *, host: str, port: int, lang: str) -> None:
    """Say where the dashboard is, and to an archive without accounts how the first comes in."""
    address, token = _address(settings, host, port), sign_in.first_link(db, settings.sign_in)
    print(text.say(lang, "cli.serving", address=address), flush=True)  # noqa: T201 - for whoever started it
    if token:
        link = sign_in.welcome_link(token, address)
        print(text.say(lang, "cli.first_link", link=link), flush=True)  # noqa: T201 - for whoever started it


if __name__ == "__main__":
    main()
