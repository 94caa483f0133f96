"""What a demo's customers say when they are called, as far as it follows from what they do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from station.demo.draws import weighted
from station.model import CallCode, CallNeed, LapseReason

T = TypeVar("T")
UNREACHED, WRONG, LATE_WORD = 0.24, 0.006, 0.4
SILENT_CODES = {
    CallCode.NO_ANSWER: 62,
    CallCode.BUSY: 14,
    CallCode.OFF: 12,
    CallCode.VOICEMAIL: 12,
}
AWAY_CODES = {
    CallCode.OK: 60,
    CallCode.OK_PARTIAL: 22,
    CallCode.REFUSED: 8,
    CallCode.CALLBACK: 7,
    CallCode.COMPLAINT: 3,
}
BACK_CODES = {CallCode.OK: 85, CallCode.OK_PARTIAL: 15}
KEPT_CODES = {
    CallCode.OK: 80,
    CallCode.OK_PARTIAL: 12,
    CallCode.CALLBACK: 5,
    CallCode.REFUSED: 2,
    CallCode.COMPLAINT: 1,
}
AWAY_REASONS = {
    LapseReason.PRICE: 28,
    LapseReason.COMPETITOR_PROMO: 17,
    LapseReason.ROUTE: 15,
    LapseReason.CARD_DEAL: 10,
    LapseReason.QUEUE: 9,
    LapseReason.SERVICE: 9,
    LapseReason.MOVED_HOME: 7,
    LapseReason.POINTS: 5,
}
BACK_REASONS = {
    LapseReason.AWAY: 35,
    LapseReason.PRICE: 30,
    LapseReason.ROADWORKS: 20,
    LapseReason.NOT_LAPSED: 15,
}
RIVALLED = (LapseReason.PRICE, LapseReason.COMPETITOR_PROMO, LapseReason.CARD_DEAL)
"""Who stays away for these names where he goes instead."""
RIVALS = {"城东民营加油站": 5, "环城路加油站": 4, "货运市场加油站": 3, "金汇加油站": 2}
NEEDS = {
    CallNeed.NONE: 50,
    CallNeed.DISCOUNT: 18,
    CallNeed.INVOICE: 12,
    CallNeed.WASH: 8,
    CallNeed.CARD: 6,
    CallNeed.SHOP: 6,
}
COMPLAINTS = {
    "晚高峰排队太久，加一次油要等二十分钟": 4,
    "洗车券过期没有提醒": 3,
    "开票信息录错，重开跑了两趟": 3,
    "加油员态度冷淡": 2,
}
AWAY_WORDS = {
    "说等有活动再来": 3,
    "现在固定在单位附近加油": 2,
    "希望保留原来的优惠": 2,
    "下周出车回来联系": 1,
}
BACK_MARKS, AWAY_MARKS, KEPT_MARKS = {5: 5, 4: 4, 3: 1}, {4: 3, 3: 5, 2: 2}, {5: 5, 4: 4, 3: 1}


@dataclass(frozen=True, slots=True)
class Talk:
    """How a call went; `promise_in` are days until he says he comes."""

    code: CallCode
    satisfaction: int | None = None
    reason: LapseReason | None = None
    need: CallNeed | None = None
    promise_in: int | None = None
    competitor: str = ""
    words: str = ""


def lost(rng: np.random.Generator, back_in: int | None, true_reason: str) -> Talk:
    """Return what a regular says who stays away, and who comes again in so many days or not."""
    code = _code(rng, BACK_CODES if back_in else AWAY_CODES)
    if code is CallCode.COMPLAINT:
        return Talk(code, satisfaction=2, words=_one(rng, COMPLAINTS))
    if code is CallCode.REFUSED:
        return Talk(code, reason=LapseReason.REFUSED_TO_SAY)
    if code not in BACK_CODES:
        return Talk(code)
    if back_in:
        reason, marks = _one(rng, BACK_REASONS), BACK_MARKS
    else:
        reason = LapseReason(true_reason or _one(rng, AWAY_REASONS))
        marks = AWAY_MARKS
    promise_in = back_in or (7 if rng.random() < LATE_WORD / 2 else None)
    return Talk(
        code,
        satisfaction=_one(rng, marks),
        reason=reason,
        need=_one(rng, NEEDS),
        promise_in=promise_in if rng.random() < 1 - LATE_WORD else None,
        competitor=_one(rng, RIVALS) if reason in RIVALLED else "",
        words=_one(rng, AWAY_WORDS) if not back_in and rng.random() < LATE_WORD else "",
    )


def kept(rng: np.random.Generator) -> Talk:
    """Return what somebody says who comes as ever."""
    code = _code(rng, KEPT_CODES)
    if code is CallCode.COMPLAINT:
        return Talk(code, satisfaction=2, words=_one(rng, COMPLAINTS))
    if code not in BACK_CODES:
        return Talk(code)
    need = _one(rng, NEEDS)
    return Talk(code, satisfaction=_one(rng, KEPT_MARKS), need=need)


def _code(rng: np.random.Generator, spoken: Mapping[CallCode, int]) -> CallCode:
    chance = rng.random()
    if chance < WRONG:
        return CallCode.INVALID
    return _one(rng, SILENT_CODES if chance < UNREACHED else spoken)


def _one(rng: np.random.Generator, weights: Mapping[T, int]) -> T:
    drawn: T = weighted(weights, 1, rng)[0]
    return drawn
