"""A consent holds from the day it was given until the day it was withdrawn, per purpose and way."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nights import by_night

from station.guard import consent
from station.model import Channel, Consent, ConsentSource, Purpose

DAYS = 12
SERVICE, MARKETING = Purpose.SERVICE, Purpose.MARKETING


def word(
    day: int,
    *,
    given: bool = True,
    purpose: Purpose = MARKETING,
    channel: Channel = Channel.PHONE,
) -> Consent:
    return Consent(1, purpose, channel, given, ConsentSource.PAPER, "v1", day, "clerk", 0)


HISTORIES = st.lists(
    st.builds(
        word,
        st.integers(1, DAYS),
        given=st.booleans(),
        purpose=st.sampled_from([SERVICE, MARKETING]),
        channel=st.sampled_from([Channel.PHONE, Channel.SMS]),
    ),
    max_size=8,
)


def naive(history: list[Consent], purpose: Purpose, channel: Channel, day: int) -> bool:
    """Go day by day through what was said, as one would by hand."""
    stands = False
    for today in range(day + 1):
        for one in history:
            if (one.on_day, one.purpose, one.channel) == (today, purpose, channel):
                stands = one.given
    return stands


def agree(history: list[Consent]) -> bool:
    return all(
        consent.is_given(history, purpose=purpose, channel=channel, day=day)
        == naive(history, purpose, channel, day)
        for purpose, channel in product(Purpose, (Channel.PHONE, Channel.SMS, Channel.VISIT))
        for day in (0, DAYS // 2, DAYS)
    )


@given(HISTORIES)
def test_any_history_is_read_as_by_hand(history: list[Consent]) -> None:
    assert agree(history)


@pytest.mark.slow
@settings(max_examples=by_night(10_000, by_day=1_000), deadline=None)
@given(HISTORIES)
def test_thousands_of_histories_are_read_as_by_hand(history: list[Consent]) -> None:
    assert agree(history)


def test_a_form_found_late_does_not_undo_a_withdrawal() -> None:
    history = [word(10), word(15, given=False), word(12)]

    assert not consent.is_given(history, purpose=MARKETING, channel=Channel.PHONE, day=20)
    assert consent.is_given(history, purpose=MARKETING, channel=Channel.PHONE, day=13)
    assert not consent.is_given(history, purpose=SERVICE, channel=Channel.PHONE, day=13)
