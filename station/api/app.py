"""Builds the till's app: what a terminal may ask, and how it is answered."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, FastAPI, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.middleware import Middleware

from station.api import bodies, refusals
from station.api.bodies import (
    ConfirmBody,
    FindBody,
    Health,
    HoldBody,
    Key,
    MemberAnswer,
    Move,
    QueueAnswer,
    QueueAnswers,
    QueueBody,
    QuoteAnswer,
    QuoteBody,
    Redeemable,
    Refused,
    ReleaseBody,
    ReverseBody,
    Taken,
)
from station.api.door import TillDoor
from station.api.turns import Turns
from station.config import Settings
from station.errors import SignInError, StationError
from station.model import Unit, day_date
from station.services.access import MINUTE_S
from station.services.ask import Ask, Database
from station.services.incoming import receipts
from station.services.points import tills
from station.services.points.booking import Receipt as Booked
from station.services.points.members import By, Named
from station.services.points.tills import AtTill

T = TypeVar("T")
WHERE = "/api"
"""Where the server mounts the app."""
OK, BUSY = 200, 503
KILOBYTE = 1024
ABOUT = """For the terminals of a point of sale. How a till uses it, offline too: docs/en/till.md.

Every request but `health` carries the terminal's key: `Authorization: Bearer till_...`. Every
change carries an `Idempotency-Key` of the till's own making; the same request under the same key,
sent again at any time, changes nothing and is answered as before. Messages are Chinese or English
by `Accept-Language`."""
BEARER = HTTPBearer(auto_error=False, scheme_name="terminal", description="The terminal's key.")
KeyHeader = Annotated[
    Key,
    Header(
        alias="Idempotency-Key",
        description="Made by the till for each request it makes, and sent again with each retry.",
        examples=["a17-000831-hold"],
    ),
]
CHANGES = {
    400: "No key, or none that can be; or no JSON.",
    404: "There is nothing of the kind, or it is not this station's.",
    409: "It cannot be done so, or the key stood for something else.",
}
GONE = "What came in under this key was taken out again since."
ANYWHERE = {
    400: "The request is no JSON.",
    401: "No terminal has this key, or not any more.",
    403: "A till may not do this.",
    413: "The request is too large.",
    422: "The request is not formed as it must be.",
    429: "Too often; see Retry-After.",
    500: "A fault of the server's.",
    503: "The archive is busy or does not answer; see Retry-After.",
}


def build(db: Database, settings: Settings) -> FastAPI:
    """Return the till's app on an archive."""
    rules = settings.till
    door = Middleware(TillDoor, most_bytes=rules.body_kilobytes * KILOBYTE, wait_s=rules.answer_s)
    app = FastAPI(
        title="Station: tills",
        version="1",
        description=ABOUT,
        docs_url=None,  # its pages fetch scripts from other hosts
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        servers=[{"url": WHERE}],
        root_path_in_servers=False,
        middleware=[door],
    )
    app.state.turns = Turns(db, settings)
    refusals.install(app)
    app.include_router(open_router)
    app.include_router(router)
    return app


def _refusals(told: dict[int, str]) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": Refused, "description": said} for status, said in told.items()}


def turns_of(request: Request) -> Turns:
    """Return the work of tills on this app's archive."""
    turns: Turns = request.app.state.turns
    return turns


async def asker(
    request: Request,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)],
) -> Ask:
    """Return the question of the till that asks."""
    if given is None:
        raise SignInError("till.no_key_sent")
    address = request.client.host if request.client else ""
    return await turns_of(request).ask_of(given.credentials, address)


Asker = Annotated[Ask, Depends(asker)]
open_router = APIRouter(prefix="/v1")
router = APIRouter(prefix="/v1", responses=_refusals(ANYWHERE))


async def answered(request: Request, work: Callable[[], T]) -> T:
    """Return what a service returns, in time."""
    return await turns_of(request).done(work)


@open_router.get("/health", responses=_refusals({BUSY: ANYWHERE[BUSY], 500: ANYWHERE[500]}))
async def health(request: Request) -> Health:
    """Say whether the archive answers; needs no key, and says nothing of the data."""
    turns = turns_of(request)
    await turns.done(turns.db.data_version)
    return Health()


@router.post("/members/find", responses=_refusals({404: CHANGES[404], 409: CHANGES[409]}))
async def find_member(request: Request, ask: Asker, body: FindBody) -> MemberAnswer:
    """Find a member of the chain: a masked name, what he may spend, and what runs out when."""
    found = await answered(request, lambda: tills.member(ask, member=_named(body.member)))
    return MemberAnswer(
        name=found.name,
        balance=found.balance,
        held=found.held,
        debt=found.debt,
        is_frozen=found.is_frozen,
        endings=[bodies.Ending(day=_day(one.day), points=one.points) for one in found.endings],
        redeemable=_redeemable(found),
    )


def _redeemable(found: AtTill) -> Redeemable:
    return Redeemable(**{name: getattr(found, name) for name in Redeemable.model_fields})


@router.post("/quotes", responses=_refusals({404: CHANGES[404], 409: CHANGES[409]}))
async def quote(request: Request, ask: Asker, body: QuoteBody) -> QuoteAnswer:
    """Say what a receipt would bring the member named, were it sent now; nothing is changed."""
    return await answered(request, lambda: _quote(ask, body))


def _quote(ask: Ask, body: QuoteBody) -> QuoteAnswer:
    named = _named(body.member) if body.member else None
    told = asdict(receipts.quote(ask, receipt=_receipt(body.receipt), member=named))
    if named is None:
        return QuoteAnswer(**told)
    found = tills.member(ask, member=named)
    return QuoteAnswer(**told, redeemable=_redeemable(found))


@router.post("/holds", responses=_refusals(CHANGES))
async def hold(request: Request, ask: Asker, key: KeyHeader, body: HoldBody) -> Move:
    """Set points apart; they go back by themselves at `until_at`."""
    return await answered(request, lambda: _hold(ask, key, body))


@router.post("/holds/confirm", responses=_refusals(CHANGES))
async def confirm(request: Request, ask: Asker, key: KeyHeader, body: ConfirmBody) -> Move:
    """Redeem what was set apart at this station, or less; the rest goes back."""
    return await answered(request, lambda: _confirm(ask, key, body))


@router.post("/holds/release", responses=_refusals(CHANGES))
async def release(request: Request, ask: Asker, key: KeyHeader, body: ReleaseBody) -> Move:
    """Let go what was set apart at this station."""
    return await answered(request, lambda: _release(ask, key, body))


@router.post("/redemptions/reverse", responses=_refusals(CHANGES))
async def reverse(request: Request, ask: Asker, key: KeyHeader, body: ReverseBody) -> Move:
    """Undo a redemption that this terminal made a moment ago; later it takes a manager."""
    return await answered(request, lambda: _reverse(ask, key, body))


@router.post("/receipts", responses=_refusals(CHANGES | {410: GONE}))
async def post_receipt(request: Request, ask: Asker, key: KeyHeader, body: bodies.Receipt) -> Taken:
    """Bring a receipt in, whole or not at all; a line that is there already is not doubled."""
    return await answered(request, lambda: _take(ask, key, body))


@router.post("/queue")
async def queue(request: Request, ask: Asker, body: QueueBody) -> QueueAnswers:
    """Do what waited while there was no line, one by one; each is answered for itself.

    Send again, under the same keys, what is answered with 503 or not at all.
    """
    lang = refusals.language_of(request.headers.get("accept-language", ""))
    turns_of(request).charge(ask.scope, len(body.requests) - 1)
    return await answered(
        request, lambda: QueueAnswers(answers=[_queued(ask, one, lang) for one in body.requests])
    )


def _queued(ask: Ask, one: Any, lang: str) -> QueueAnswer:
    """Return what became of one request of a queue."""
    try:
        done = QUEUED[one.do](ask, one.key, one)
    except StationError as error:
        no = refusals.refused(error, lang)
        return QueueAnswer(key=one.key, status=refusals.told(error).status, refused=no)
    return QueueAnswer(key=one.key, status=OK, answer=done)


def _queued_hold(ask: Ask, key: str, one: bodies.QueuedHold) -> Move:
    latest_at = one.made_at + ask.settings.ledger.hold_min * MINUTE_S
    return _hold(ask, key, one, latest_at=latest_at)


def _hold(ask: Ask, key: str, body: HoldBody, *, latest_at: int | None = None) -> Move:
    member = _named(body.member)
    return _move(
        tills.reserve(ask, key=key, member=member, points=body.points, latest_at=latest_at)
    )


def _confirm(ask: Ask, key: str, body: ConfirmBody) -> Move:
    return _move(tills.confirm(ask, key=key, of=body.of, points=body.points))


def _release(ask: Ask, key: str, body: ReleaseBody) -> Move:
    return _move(tills.release(ask, key=key, of=body.of))


def _reverse(ask: Ask, key: str, body: ReverseBody) -> Move:
    return _move(tills.reverse(ask, key=key, of=body.of, reason=body.reason))


def _take(ask: Ask, key: str, body: bodies.Receipt) -> Taken:
    return Taken(**asdict(receipts.take(ask, key=key, receipt=_receipt(body))))


QUEUED: dict[str, Callable[[Ask, str, Any], Move | Taken]] = {
    "hold": _queued_hold,
    "confirm": _confirm,
    "release": _release,
    "reverse": _reverse,
    "receipt": _take,
}


def _named(member: bodies.Member) -> Named:
    return Named(By(member.by), member.text)


def _receipt(body: bodies.Receipt) -> receipts.Receipt:
    return receipts.Receipt(
        receipt_no=body.receipt_no,
        sold_at=body.sold_at,
        lines=tuple(_line(line) for line in body.lines),
        terminal_no=body.terminal_no or "",
        plate=body.plate or "",
        card_no=body.card_no or "",
        business_day=body.business_day or "",
        original_receipt_no=body.original_receipt_no or "",
    )


def _line(line: bodies.Line) -> receipts.Line:
    return receipts.Line(
        product=line.product,
        quantity_milli=line.quantity_milli,
        unit=Unit(line.unit),
        amount_minor=line.amount_minor,
        line_no=line.line_no or "",
        nozzle=line.nozzle or "",
    )


def _move(told: Booked) -> Move:
    return Move(
        number=told.number,
        points=told.points,
        balance=told.balance,
        at=told.at,
        until_at=told.until_at,
    )


def _day(number: int | None) -> str | None:
    return None if number is None else day_date(number).isoformat()
