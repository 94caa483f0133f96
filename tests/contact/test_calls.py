"""What must be known of a call before it is saved, and what follows from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.contact import calls
from station.contact.calls import CallRules, Heard, Lack, Try
from station.model import (
    NOT_REACHED,
    REASONS,
    CallCode,
    CallMeasure,
    CallNeed,
    CallPurpose,
    LapseReason,
)

RULES, DAY = CallRules(), 20_000
WIN_BACK, KEEP = CallPurpose.WIN_BACK, CallPurpose.KEEP
heards = st.builds(
    Heard,
    code=st.sampled_from(CallCode),
    satisfaction=st.none() | st.integers(1, 5),
    reason=st.none() | st.sampled_from(LapseReason),
    need=st.none() | st.sampled_from(CallNeed),
    measure=st.none() | st.sampled_from(CallMeasure),
)
tries = st.lists(
    st.builds(Try, day=st.just(DAY), at_min=st.integers(0, 1439), is_reached=st.booleans())
)


def test_every_reason_stands_in_one_group() -> None:
    grouped = [reason for some in REASONS.values() for reason in some]

    assert sorted(grouped) == sorted(LapseReason)


@given(heards, tries)
def test_no_lost_regular_closes_without_reason_and_measure(heard: Heard, made: list[Try]) -> None:
    done = calls.completed(heard, WIN_BACK)
    missing = list(calls.lacks(done, WIN_BACK, made, day=DAY, rules=RULES))

    if calls.is_closing(done, WIN_BACK) and not missing:
        assert done.reason is not None
        assert done.measure is not None


@given(heards, tries)
def test_unknown_stands_only_after_enough_tries_at_different_hours(
    heard: Heard, made: list[Try]
) -> None:
    missing = list(calls.lacks(heard, WIN_BACK, made, day=DAY, rules=RULES))
    hours = {one.at_min // 60 for one in made if not one.is_reached}

    is_unknown = heard.reason is LapseReason.UNKNOWN
    assert (Lack.UNKNOWN_TOO_SOON in missing) == (is_unknown and len(hours) < RULES.tries)


@given(heards)
def test_a_call_that_keeps_a_regular_needs_no_reason(heard: Heard) -> None:
    assert calls.completed(heard, KEEP) == heard
    missing = set(calls.lacks(heard, KEEP, [], day=DAY, rules=RULES))
    assert missing <= {Lack.UNKNOWN_TOO_SOON}


@given(heards, st.sampled_from("ABCD"))
def test_the_next_day_lies_ahead_or_there_is_none_after_the_end(heard: Heard, grade: str) -> None:
    day = calls.next_day(heard, grade, day=DAY, rules=RULES)

    is_over = heard.code in calls.FINAL or heard.measure is CallMeasure.LET_GO
    assert (day is None) == is_over
    assert day is None or day > DAY


@pytest.mark.parametrize("code", NOT_REACHED)
def test_who_was_not_reached_is_tried_again_tomorrow(code: CallCode) -> None:
    assert calls.next_day(Heard(code), "A", day=DAY, rules=RULES) == DAY + 1


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"has_complaint": True, "reason": LapseReason.PRICE}, "complaint"),
        ({"reason": LapseReason.PRICE}, "after_offer"),
        ({"reason": LapseReason.ROUTE}, "after_none"),
        ({"need": CallNeed.INVOICE}, "need"),
        ({"need": CallNeed.NONE, "has_promised": True}, "promise"),
        ({}, "win_back"),
    ],
)
def test_one_thing_is_suggested(told: dict[str, object], said: str) -> None:
    known = {"reason": None, "need": None, "has_complaint": False, "has_promised": False}

    assert calls.suggestion(WIN_BACK, **known | told) == said
