"""What must be known of a call before it is saved, and what follows from it?"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from station.model import (
    NOT_REACHED,
    CallCode,
    CallMeasure,
    CallNeed,
    CallPurpose,
    LapseReason,
)

HIGHEST = 5
CLOSING = (CallCode.OK, CallCode.OK_PARTIAL, CallCode.REFUSED, CallCode.COMPLAINT)
"""He was spoken to: a lost regular is then closed, and that needs a reason and a measure."""
JUDGED = (CallCode.OK, CallCode.OK_PARTIAL, CallCode.SECOND_VISIT, CallCode.COMPLAINT)
"""After these he can say how content he is."""
FINAL = (CallCode.DNC_REQUEST, CallCode.NOT_OURS)
"""Nobody calls again after these."""
SAID_BY_CODE = {
    CallCode.NOT_OURS: LapseReason.ONLY_PASSING,
    CallCode.DNC_REQUEST: LapseReason.REFUSED_TO_SAY,
    CallCode.COMPLAINT: LapseReason.COMPLAINT_OPEN,
}
"""The reason that such a code tells by itself."""
DONE_BY_CODE = {
    CallCode.NOT_OURS: CallMeasure.LET_GO,
    CallCode.DNC_REQUEST: CallMeasure.LET_GO,
    CallCode.COMPLAINT: CallMeasure.MANAGER,
}
_MEASURES: dict[CallMeasure, tuple[LapseReason, ...]] = {
    CallMeasure.OFFER: (
        LapseReason.PRICE,
        LapseReason.COMPETITOR_PROMO,
        LapseReason.CARD_DEAL,
        LapseReason.POINTS,
    ),
    CallMeasure.MANAGER: (
        LapseReason.SERVICE,
        LapseReason.STAFF_CHANGE,
        LapseReason.QUEUE,
        LapseReason.QUALITY_DOUBT,
        LapseReason.QUANTITY_DOUBT,
        LapseReason.COMPLAINT_OPEN,
        LapseReason.CONTRACT,
    ),
    CallMeasure.REPAIR: (LapseReason.STOCKOUT, LapseReason.FACILITY, LapseReason.PAYMENT),
    CallMeasure.CARD_FIX: (
        LapseReason.NOT_LAPSED,
        LapseReason.VEHICLE_SOLD,
        LapseReason.DRIVER_CHANGE,
    ),
    CallMeasure.CALL_AGAIN: (
        LapseReason.AWAY,
        LapseReason.SEASON,
        LapseReason.CLOSURE,
        LapseReason.ROADWORKS,
    ),
}
USUAL_MEASURE = {reason: measure for measure, some in _MEASURES.items() for reason in some}
"""What is usually done about a reason; about every other one nothing can be."""


class Lack(StrEnum):
    """What is missing in a result, or wrong."""

    REASON = "reason"
    MEASURE = "measure"
    UNKNOWN_TOO_SOON = "unknown_too_soon"
    SATISFACTION = "satisfaction"
    PROMISE = "promise"
    NEXT_DAY = "next_day"


@dataclass(frozen=True, slots=True)
class CallRules:
    """How claims and calls are handled.

    A lock holds `lock_days`; a person takes `pool_per_day` customers from the pool, and none whom
    he gave back or lost within `ban_days`. A customer of a grade returns to the pool after
    `recycle_days_*` without a talk, and is contacted again after `next_days_*` unless a day is
    named. After `tries` at different hours in `tries_days` a reason may be unknown. What is not
    reached is tried again after `again_days`. A next contact lies at most `ahead_days` ahead. Calls
    overdue for `late_days` are still shown. Who complained is asked again `aftercare_days` after
    it was settled. Cars nobody can reach are watched for `watch_days`. Who neither came nor was
    spoken to for `silent_days` may be put to rest.
    """

    minutes: int = 6
    lock_days: int = 1
    pool_per_day: int = 10
    ban_days: int = 30
    recycle_days_a: int = 30
    recycle_days_b: int = 60
    recycle_days_c: int = 120
    recycle_days_d: int = 120
    next_days_a: int = 15
    next_days_b: int = 30
    next_days_c: int = 90
    next_days_d: int = 90
    again_days: int = 1
    tries: int = 3
    tries_days: int = 60
    ahead_days: int = 366
    late_days: int = 14
    watch_days: int = 45
    aftercare_days: int = 3
    silent_days: int = 182

    def recycle_days(self, grade: str) -> int:
        """Return after how many days without a talk a customer of a grade is anybody's again."""
        days: int = getattr(self, f"recycle_days_{grade.lower()}")
        return days

    def next_days(self, grade: str) -> int:
        """Return after how many days a customer of a grade is contacted again."""
        days: int = getattr(self, f"next_days_{grade.lower()}")
        return days


@dataclass(frozen=True, slots=True)
class Heard:
    """What staff tapped: how the call went, what he said, what is done, when to call again."""

    code: CallCode
    satisfaction: int | None = None
    reason: LapseReason | None = None
    need: CallNeed | None = None
    measure: CallMeasure | None = None
    promise_day: int | None = None
    next_day: int | None = None

    @property
    def is_reached(self) -> bool:
        """Whether somebody was spoken to."""
        return self.code not in NOT_REACHED


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt: when, in minutes of its day, and whether somebody was spoken to."""

    day: int
    at_min: int
    is_reached: bool


def completed(heard: Heard, purpose: CallPurpose) -> Heard:
    """Return the result with what its code and reason tell by themselves."""
    if purpose is not CallPurpose.WIN_BACK:
        return heard
    reason = heard.reason or SAID_BY_CODE.get(heard.code)
    measure = heard.measure or DONE_BY_CODE.get(heard.code)
    if measure is None and reason is not None:
        measure = USUAL_MEASURE.get(reason, CallMeasure.NONE)
    return replace(heard, reason=reason, measure=measure)


def is_closing(heard: Heard, purpose: CallPurpose) -> bool:
    """Return whether nobody asks a lost regular any more after this."""
    if purpose is not CallPurpose.WIN_BACK:
        return False
    is_let_go = heard.measure is CallMeasure.LET_GO
    return heard.code in CLOSING or heard.code in FINAL or is_let_go


def lacks(
    heard: Heard, purpose: CallPurpose, tries: Collection[Try], *, day: int, rules: CallRules
) -> Iterator[Lack]:
    """Yield what is missing in a result; `tries` are those of this lapse, this one among them."""
    if is_closing(heard, purpose):
        if heard.reason is None:
            yield Lack.REASON
        if heard.measure is None:
            yield Lack.MEASURE
    if heard.reason is LapseReason.UNKNOWN and not may_be_unknown(tries, rules):
        yield Lack.UNKNOWN_TOO_SOON
    if heard.satisfaction is not None and not 1 <= heard.satisfaction <= HIGHEST:
        yield Lack.SATISFACTION
    ahead = day + rules.ahead_days
    if heard.promise_day is not None and not day <= heard.promise_day <= ahead:
        yield Lack.PROMISE
    if heard.next_day is not None and not day < heard.next_day <= ahead:
        yield Lack.NEXT_DAY


def may_be_unknown(tries: Collection[Try], rules: CallRules) -> bool:
    """Return whether he was tried in vain often enough, each time at another hour."""
    return len({one.at_min // 60 for one in tries if not one.is_reached}) >= rules.tries


def next_day(heard: Heard, grade: str, *, day: int, rules: CallRules) -> int | None:
    """Return when he is contacted next: as was told, else as his grade asks; none after the end."""
    if heard.code in FINAL or heard.measure is CallMeasure.LET_GO:
        return None
    if heard.next_day is not None:
        return heard.next_day
    if not heard.is_reached or heard.code is CallCode.CALLBACK:
        return day + rules.again_days
    return day + rules.next_days(grade)


def suggestion(
    purpose: CallPurpose,
    *,
    reason: LapseReason | None,
    need: CallNeed | None,
    has_complaint: bool,
    has_promised: bool,
) -> str:
    """Return the key of the one thing to say or to offer."""
    if has_complaint:
        return "complaint"
    if purpose is CallPurpose.WIN_BACK and reason is not None:
        return f"after_{USUAL_MEASURE.get(reason, CallMeasure.NONE)}"
    if need not in {None, CallNeed.NONE}:
        return "need"
    if has_promised:
        return "promise"
    return str(purpose.value)
