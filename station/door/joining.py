"""The page on which people register themselves, outside the sign-in, and what comes of it."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from anyio import to_thread
from itsdangerous import BadSignature, TimestampSigner
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from station.config import Settings
from station.door.forms import EMPTY, address_of, form_of, language_of, page_of
from station.door.paths import JOIN
from station.errors import BadValueError, LimitReachedError, NotFoundError, StationError
from station.services.access import MINUTE_S
from station.services.ask import Database
from station.services.customers import registering
from station.services.people import sign_in

COOKIE, SECURE_COOKIE = "station_join", "__Secure-station-join"
DONE = "done"
TOO_MANY = 429
FIELDS = len(registering.ASKED) + 6
"""Fields of the form: the boxes, and name, phone, plate, proof, station, and the trap."""
TYPED = ("name", "phone", "plate")
_KEY = secrets.token_bytes(32)


@dataclass(frozen=True, slots=True)
class Joining:
    """The routes by which people register themselves at a station.

    A form is taken only from the browser to which it was handed a while ago: the form carries a
    signed proof and the browser the same in a cookie, which no other site can make it send.
    """

    db: Database
    settings: Settings

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route(JOIN, self.join, methods=["GET", "POST"])]

    async def join(self, request: Request) -> Response:
        """Ask who somebody is and what he agrees to, and keep it until staff have seen him."""
        code = request.query_params.get("station", "")
        try:
            _, named = await to_thread.run_sync(
                registering.station_at, self.db, self.settings, code
            )
        except NotFoundError as error:
            return page_of(request, "closed", error=error, status=404)
        if request.method == "GET":
            return self._ask(request, code, named)
        form = await form_of(request, fields=FIELDS)
        try:
            self._check(request, form)
            await to_thread.run_sync(self._keep, code, form, address_of(request))
        except StationError as error:
            return self._ask(request, code, named, error=error, form=form)
        facts = {"station": code, DONE: "1", "lang": language_of(request)}
        answer = RedirectResponse(f"{JOIN}?{urlencode(facts)}", status_code=303)
        answer.delete_cookie(self._cookie_name(), path=JOIN)
        return answer

    def _keep(self, code: str, form: dict[str, str], address: str) -> None:
        registering.register(self.db, self.settings, station=code, form=form, address=address)

    def _ask(
        self,
        request: Request,
        code: str,
        named: str,
        *,
        error: StationError | None = None,
        form: Mapping[str, str] = EMPTY,
    ) -> Response:
        is_done = DONE in request.query_params and request.method == "GET"
        proof = _signer().sign(sign_in.new_token()).decode()
        answer = page_of(
            request,
            "done" if is_done else "join",
            error=error,
            status=TOO_MANY if isinstance(error, LimitReachedError) else 0,
            station=code,
            named=named,
            proof=proof,
            typed={name: form.get(name, "") for name in TYPED},
            ticked={name for name in BOXES if name in form},
            boxes=BOXES,
            trap=registering.TRAP,
            rules=self.settings.registering,
        )
        if not is_done:
            answer.set_cookie(
                self._cookie_name(),
                proof,
                max_age=self.settings.registering.form_min * MINUTE_S,
                path=JOIN,
                httponly=True,
                samesite="strict",
                secure=self.settings.sign_in.secure_cookie,
            )
        return answer

    def _cookie_name(self) -> str:
        return SECURE_COOKIE if self.settings.sign_in.secure_cookie else COOKIE

    def _check(self, request: Request, form: Mapping[str, str]) -> None:
        """Refuse a form that this browser was not handed a while ago."""
        shown, kept = form.get("proof", ""), request.cookies.get(self._cookie_name(), "")
        is_same = bool(shown) and hmac.compare_digest(shown.encode(), kept.encode())
        try:
            _signer().unsign(shown, max_age=self.settings.registering.form_min * MINUTE_S)
        except BadSignature:
            is_same = False
        if not is_same:
            raise BadValueError("join.too_old")


BOXES = {registering.box(*pair): pair for pair in registering.ASKED}


def _signer() -> TimestampSigner:
    return TimestampSigner(_KEY, salt="join")
