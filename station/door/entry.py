"""How people come in to an archive and leave it: sign-in, first password, sign-out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from station.config import Settings
from station.door.forms import EMPTY, address_of, form_of, page_of, token_of, way_of
from station.door.paths import FORMS, local
from station.errors import BadValueError, SignInError, StationError
from station.services import access
from station.services.ask import Database
from station.services.people import company, sign_in

OF_STREAMLIT = re.compile(r"_streamlit_user(_tokens)?(_\d{1,3})?")
"""Cookies in which Streamlit keeps what the company said of a person, for 30 days."""


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
        form = await form_of(request)

        def enter() -> str:
            return sign_in.sign_in(
                self.db,
                self.settings.sign_in,
                name=form.get("name", ""),
                password=form.get("password", ""),
                address=address_of(request),
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
        return page_of(
            request,
            "sign_in",
            error=error,
            name=name,
            demo=demo,
            oidc=self.settings.sign_in.oidc,
            next=local(request.query_params.get("next", "")),
        )

    async def welcome(self, request: Request) -> Response:
        """Let whoever holds a code that works once choose the account's password.

        The code stands behind the # of a link, where no server and no log sees it; the page puts
        it into its form.
        """
        if request.method == "GET":
            return await self._choose(request)
        form = await form_of(request)
        try:
            session = await to_thread.run_sync(self._chosen, form, address_of(request))
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
        return page_of(
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
        form = await form_of(request)

        def enter() -> str:
            return sign_in.sign_in_demo(
                self.db,
                self.settings.sign_in,
                name=form.get("name", ""),
                address=address_of(request),
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
        form = await form_of(request)

        def enter() -> str:
            return company.exchange(
                self.db,
                self.settings.sign_in,
                ticket=form.get("ticket", ""),
                way=way_of(request, self.settings),
                address=address_of(request),
            )

        try:
            token = await to_thread.run_sync(enter)
        except StationError as error:
            answer = page_of(request, "refused", error=error, status=403)
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
        await to_thread.run_sync(sign_in.sign_out, self.db, token_of(request.scope, self.settings))
        answer = RedirectResponse("/sign-in", status_code=303)
        answer.delete_cookie(sign_in.cookie_name(self.settings.sign_in), **self._cookie())
        self._forget_company(request, answer)
        answer.headers["Clear-Site-Data"] = '"cache", "storage"'
        return answer

    async def _let_in(self, request: Request, token: str, after: str = "") -> Response:
        """Hand the browser its new session; the one it had before ends."""
        await to_thread.run_sync(sign_in.sign_out, self.db, token_of(request.scope, self.settings))
        answer = RedirectResponse(local(after) or "/", status_code=303)
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


async def _to_sign_in(_request: Request) -> Response:
    return RedirectResponse("/sign-in", status_code=303)
