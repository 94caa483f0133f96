"""What a till may send, and what it is answered: whole numbers, short texts, nothing unknown."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.config import JsonDict

SHOWN = r"^[^\x00-\x1f\x7f]+$"
"""Signs that can be seen, on one line."""
KEY = r"^[\x21-\x7e]+$"
MOST_LINES, MOST_QUEUED = 100, 100
MOST_NUMBER = 2**53 - 1
"""The largest whole number that every language of tills reads exactly."""
MOST_POINTS = 1_000_000_000
EARLIEST_S, LATEST_S = 946_684_800, 4_102_444_800
"""2000-01-01 and 2100-01-01."""


def _whole(number: object) -> object:
    """Return a number as JSON means it: 5.0 is the whole number 5."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


WHOLE = BeforeValidator(_whole)
Key = Annotated[str, Field(min_length=8, max_length=48, pattern=KEY)]
Number = Annotated[int, Field(ge=1, le=MOST_NUMBER), WHOLE]
Points = Annotated[int, Field(ge=1, le=MOST_POINTS), WHOLE]
Instant = Annotated[int, Field(ge=EARLIEST_S, le=LATEST_S), WHOLE]
Of = Annotated[
    Number | Key,
    Field(
        description="The number of the transaction, or the key under which this terminal asked "
        "for it.",
        examples=[1042, "a17-000831-hold"],
    ),
]
MEMBER = {"by": "plate", "text": "粤B12345"}
LINE = {
    "product": "92#",
    "quantity_milli": 30_000,
    "unit": "l",
    "amount_minor": 23_940,
    "line_no": "1",
    "nozzle": "3",
}
RECEIPT = {"receipt_no": "000831", "sold_at": 1_795_760_000, "plate": "粤B12345", "lines": [LINE]}
HOLD = {"member": MEMBER, "points": 500}


def _shown(most: int, **more: Any) -> Any:
    return Field(min_length=1, max_length=most, pattern=SHOWN, **more)


def _like(*examples: dict[str, Any]) -> ConfigDict:
    """Return how a body is read, with examples of it."""
    shown: JsonDict | None = {"examples": list(examples)} if examples else None
    return ConfigDict(extra="forbid", strict=True, frozen=True, json_schema_extra=shown)


class Body(BaseModel):
    """Anything else than what is named is refused."""

    model_config = _like()


class Member(Body):
    """A member by his full plate, card or telephone; it stands in no address and no log."""

    model_config = _like(MEMBER)
    by: Literal["plate", "card", "phone"]
    text: Annotated[str, _shown(40)]


class FindBody(Body):
    """Who is at the till?"""

    model_config = _like({"member": MEMBER})
    member: Member


class Line(Body):
    """A line of a receipt; quantity and amount below 0 take a sale back."""

    model_config = _like(LINE)
    product: Annotated[str, _shown(60, description="As the till calls it: 92#, 0#柴油, 矿泉水.")]
    quantity_milli: Annotated[int, Field(ge=-(10**11), le=10**11), WHOLE]
    unit: Literal["l", "kwh", "m3", "kg", "pc"]
    amount_minor: Annotated[
        int, Field(ge=-(10**11), le=10**11, description="What was paid, in fen."), WHOLE
    ]
    line_no: Annotated[
        str | None,
        _shown(
            20,
            description="As in the export files. Without one a receipt has one line of each "
            "product, as in files without line numbers.",
        ),
    ] = None
    nozzle: Annotated[str | None, _shown(20)] = None


class Receipt(Body):
    """A whole receipt, with the numbers that the till's export files carry too."""

    model_config = _like(RECEIPT)
    receipt_no: Annotated[str, _shown(60)]
    sold_at: Annotated[
        Instant,
        Field(
            description="Seconds since 1970-01-01 UTC; no more than a few days ago "
            "(till.receipt_days)."
        ),
    ]
    lines: Annotated[list[Line], Field(min_length=1, max_length=MOST_LINES)]
    terminal_no: Annotated[
        str | None,
        _shown(
            40,
            description="What the export files call this terminal, if they do. The terminal was "
            "added with it, so it may be left out; another number is refused.",
        ),
    ] = None
    plate: Annotated[str | None, _shown(40)] = None
    card_no: Annotated[str | None, _shown(40)] = None
    business_day: Annotated[str | None, Field(pattern=r"^\d{4}-\d{2}-\d{2}$", max_length=10)] = None
    original_receipt_no: Annotated[
        str | None, _shown(60, description="The receipt that a return takes back.")
    ] = None


class QuoteBody(Body):
    """What would this basket earn the member, and what may he redeem?

    Whether a card or plate on the receipt is anybody else's is not told.
    """

    model_config = _like({"receipt": RECEIPT, "member": MEMBER})
    receipt: Receipt
    member: Member | None = None


class HoldBody(Body):
    """Set points apart."""

    model_config = _like(HOLD)
    member: Member
    points: Points


class ConfirmBody(Body):
    """Redeem what was set apart, or less; the rest goes back."""

    model_config = _like({"of": "a17-000831-hold", "points": 500})
    of: Of
    points: Points


class ReleaseBody(Body):
    """Let go what was set apart."""

    model_config = _like({"of": 1042})
    of: Of


class ReverseBody(Body):
    """Undo a redemption of this terminal's."""

    model_config = _like({"of": 1043, "reason": "customer_left"})
    of: Of
    reason: Literal["customer_left", "wrong_member", "wrong_points", "till_fault", "other"]


class Queued(Body):
    """What a request of the queue carries beside its body."""

    key: Annotated[Key, Field(description="The key with which it is sent, each time the same.")]
    made_at: Annotated[Instant, Field(description="When the till made it.")]


class QueuedHold(Queued, HoldBody):
    """A hold made offline; it is refused once its time is over."""

    model_config = _like()
    do: Literal["hold"]


class QueuedConfirm(Queued, ConfirmBody):
    """A confirmation made offline."""

    model_config = _like()
    do: Literal["confirm"]


class QueuedRelease(Queued, ReleaseBody):
    """A release made offline."""

    model_config = _like()
    do: Literal["release"]


class QueuedReverse(Queued, ReverseBody):
    """A reversal made offline."""

    model_config = _like()
    do: Literal["reverse"]


class QueuedReceipt(Queued, Receipt):
    """A receipt of a sale made offline."""

    model_config = _like()
    do: Literal["receipt"]


Request = Annotated[
    QueuedHold | QueuedConfirm | QueuedRelease | QueuedReverse | QueuedReceipt,
    Field(discriminator="do"),
]


class QueueBody(Body):
    """Requests that waited while there was no line, in the order in which they were made."""

    model_config = _like(
        {
            "requests": [
                {"do": "receipt", "key": "a17-000831", "made_at": 1_795_760_000, **RECEIPT},
                {
                    "do": "confirm",
                    "key": "a17-000831-done",
                    "made_at": 1_795_760_060,
                    "of": "a17-000831-hold",
                    "points": 500,
                },
            ]
        }
    )
    requests: Annotated[list[Request], Field(min_length=1, max_length=MOST_QUEUED)]


class Answer(BaseModel):
    """What a till is answered; more may be added to an answer, never taken away."""

    model_config = ConfigDict(frozen=True)


class Health(Answer):
    """The archive answers."""

    status: Literal["ok"] = "ok"


class Ending(Answer):
    """Points that count up to a day and no longer; without a day they stay."""

    day: Annotated[str | None, Field(examples=["2027-06-30"])]
    points: int


class Redeemable(Answer):
    """What a member may redeem now at this station, by the rules of the day."""

    least: Annotated[int, Field(description="The fewest points.")]
    step: Annotated[int, Field(description="Points are redeemed in multiples of this.")]
    most: Annotated[int, Field(description="The most he may redeem now, 0 if none.")]
    worth_points: Annotated[int, Field(description="So many points ...")]
    worth_minor: Annotated[int, Field(description="... are worth so many fen; 0: no rule says.")]
    currency: str


class MemberAnswer(Answer):
    """A member as the till may know him."""

    name: Annotated[str, Field(description="Masked.", examples=["王**"])]
    balance: Annotated[int, Field(description="What he may spend now; below 0 he owes.")]
    held: int
    debt: int
    is_frozen: bool
    endings: list[Ending]
    redeemable: Redeemable


class Taken(Answer):
    """What became of a receipt's lines; `duplicates` were there already."""

    accepted: int
    duplicates: int
    points: Annotated[int, Field(description="What its lines earned when they came in.")]
    is_known: Annotated[bool, Field(description="Whether a member was known by card or plate.")]


class QuoteAnswer(Taken):
    """What a receipt would bring the member who was named, and what he may redeem.

    Without a member, or with another's card or plate, `points` is 0 and `is_known` false.
    """

    redeemable: Redeemable | None = None


class Move(Answer):
    """A transaction of the ledger and what the member may spend after it."""

    number: int
    points: int
    balance: int
    at: Annotated[int, Field(description="Seconds since 1970-01-01 UTC.")]
    until_at: Annotated[int | None, Field(description="Of a hold: when it goes back by itself.")]


class Fault(Answer):
    """A place in the request and what is wrong there."""

    place: Annotated[str, Field(examples=["body.lines.0.unit"])]
    problem: Annotated[str, Field(examples=["literal_error"])]


class Refused(Answer):
    """Why not, in the language of Accept-Language (zh or en), and what to do next."""

    code: Annotated[str, Field(examples=["points.not_enough"])]
    message: Annotated[str, Field(examples=["可用积分只有 300，不够 500。请减少积分。"])]
    action: Annotated[
        Literal["correct", "new_key", "retry", "stop"],
        Field(
            description="correct: send something else under a new key. new_key: send the same "
            "under a new key. retry: send the very same later. stop: do not send it again, show "
            "the message."
        ),
    ]
    retry_after_s: int | None = None
    faults: list[Fault] = []


class QueueAnswer(Answer):
    """What became of one request of the queue: an answer, or why not."""

    key: str
    status: int
    answer: Move | Taken | None = None
    refused: Refused | None = None


class QueueAnswers(Answer):
    """What became of each, in the order in which they came."""

    answers: list[QueueAnswer]
