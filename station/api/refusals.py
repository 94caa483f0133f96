"""How is a till told no: the status, a code, a sentence in its language, and what to do next."""

import logging
import re
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from station import text
from station.api.bodies import Fault, Refused
from station.errors import (
    ArchiveBusyError,
    ArchiveError,
    GoneError,
    InputError,
    KeyReusedError,
    LimitReachedError,
    NotAllowedError,
    NotFoundError,
    PointsError,
    SignInError,
    StationError,
)

Action = Literal["correct", "new_key", "retry", "stop"]
SOON_S, LATER_S, HOUR_S = 1, 10, 3600
BAD_KEY, UNPROCESSABLE, BROKEN, TOO_LARGE = 400, 422, 500, 413
FIELD = re.compile(r"[A-Za-z_]+|\d+|Idempotency-Key")
"""A name of ours in a place; others tell of the reader's own works."""
HERE = str(Path(__file__).parents[1])
LOG = logging.getLogger("station.api")


@dataclass(frozen=True, slots=True)
class Told:
    """With which status something is refused, what the till does next, and when it may retry."""

    status: int
    action: Action
    retry_after_s: int | None = None


RULES: tuple[tuple[type[StationError], Told], ...] = (
    (SignInError, Told(401, "stop")),
    (KeyReusedError, Told(409, "new_key")),
    (LimitReachedError, Told(429, "stop", HOUR_S)),
    (NotAllowedError, Told(403, "stop")),
    (GoneError, Told(410, "stop")),
    (NotFoundError, Told(404, "correct")),
    (PointsError, Told(409, "correct")),
    (InputError, Told(409, "correct")),
    (ArchiveBusyError, Told(503, "retry", SOON_S)),
    (ArchiveError, Told(503, "retry", LATER_S)),
    (StationError, Told(409, "stop")),
)
"""The first class that an error is of decides."""
BY_STATUS = {404: "till.no_path", 405: "till.no_method", 413: "till.too_large"}
UNSURE = frozenset({"points.clock_behind", "points.unsound"})
"""What is wrong with the server, not with what was asked."""


def language_of(accepts: str) -> str:
    """Return the language that a till prefers: Chinese unless it names another."""
    return "zh" if not accepts or accepts == "*" or accepts.lower().startswith("zh") else "en"


def told(error: StationError) -> Told:
    """Return how an error is answered."""
    if error.key in UNSURE:
        return Told(503, "retry", LATER_S)
    rule = next(rule for kind, rule in RULES if isinstance(error, kind))
    wait_s = error.facts.get("wait_s")
    if isinstance(wait_s, int):
        return Told(rule.status, "retry", wait_s)
    return rule


def refused(error: StationError, lang: str) -> Refused:
    """Return what a till is told of an error."""
    rule = told(error)
    if isinstance(error, ArchiveError) and not isinstance(error, ArchiveBusyError):
        error = ArchiveError("till.archive_away")  # where it lies is nobody's business out there
    said = text.say(lang, error.key, **error.facts)
    return Refused(
        code=error.key, message=said, action=rule.action, retry_after_s=rule.retry_after_s
    )


def answer(status: int, body: Refused) -> JSONResponse:
    """Return a refusal as it is sent."""
    headers = {}
    if body.retry_after_s is not None:
        headers["Retry-After"] = str(body.retry_after_s)
    if status == told(SignInError("")).status:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body.model_dump(exclude_defaults=True), status, headers)


def plain(key: str, status: int, lang: str, action: Action = "correct") -> JSONResponse:
    """Return a refusal that no service made."""
    return answer(status, Refused(code=key, message=text.say(lang, key), action=action))


def broken(error: BaseException, lang: str) -> JSONResponse:
    """Return what a till is told of a fault of ours; where it lies is logged, not what it says.

    An error's words may hold what was asked for.
    """
    every = traceback.extract_tb(error.__traceback__)
    places = [f"{part.filename}:{part.lineno}" for part in every if HERE in part.filename]
    LOG.error("a till's request failed: %s at %s", type(error).__name__, " < ".join(places[::-1]))
    return plain("till.broken", BROKEN, lang, "retry")


def install(app: FastAPI) -> None:
    """Let an app refuse in one form, whoever refuses."""

    def lang(request: Request) -> str:
        return language_of(request.headers.get("accept-language", ""))

    def of_station(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, StationError)  # noqa: S101 - as it was installed
        return answer(told(error).status, refused(error, lang(request)))

    def of_form(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - as it was installed
        return _misformed(error, lang(request))

    def of_path(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # noqa: S101 - as it was installed
        key = BY_STATUS.get(error.status_code, "till.bad_request")
        said = plain(key, error.status_code, lang(request))
        said.headers.update(error.headers or {})
        return said

    handlers: dict[type[Exception], Callable[[Request, Exception], JSONResponse]] = {
        StationError: of_station,
        RequestValidationError: of_form,
        HTTPException: of_path,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def _misformed(error: RequestValidationError, lang: str) -> JSONResponse:
    """Return which places of a request are wrong; never what stood there."""
    faults = [Fault(place=_place(one["loc"]), problem=str(one["type"])) for one in error.errors()]
    is_key = any(one["loc"][0] == "header" for one in error.errors())
    key, status = ("till.key_needed", BAD_KEY) if is_key else ("till.bad_request", UNPROCESSABLE)
    said = Refused(code=key, message=text.say(lang, key), action="correct", faults=faults)
    return answer(status, said)


def _place(where: Sequence[object]) -> str:
    """Return a place by the names of fields and the numbers of items."""
    named = (str(part) for part in where)
    return ".".join(part for part in named if FIELD.fullmatch(part))
