"""One call: what to know before it, the number, and what was heard, in a few taps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from time import time
from typing import Any

import streamlit as st

from station import text
from station.errors import StationError
from station.model import (
    NOT_REACHED,
    REASONS,
    RIVALS,
    SPOKEN,
    CallCode,
    CallMeasure,
    CallNeed,
    CallPurpose,
    Channel,
    LapseReason,
    ReasonGroup,
)
from station.pages.parts import acts, blocks, drafts
from station.pages.parts.desk import Desk
from station.services import access
from station.services.calls import brief, calling, recording
from station.services.calls.brief import Brief, Line
from station.services.calls.recording import Report, Saved

FREQUENT = (
    *(CallCode.OK, CallCode.OK_PARTIAL, CallCode.REFUSED, CallCode.CALLBACK),
    *(CallCode.NO_ANSWER, CallCode.BUSY, CallCode.OFF, CallCode.INVALID),
)
"""One tap away; the other results are one list further."""
MORE = "more"
ICONS = {
    "complaint": "report",
    "who": "person",
    "why": "help",
    "last": "history",
    "style": "record_voice_over",
    "suggestion": "lightbulb",
}
WORDED = {"code": "call_code", "style": "style", "need": "call_need"}
"""Facts of a line that are words of a table."""
PROMISES, NEXT = (1, 3, 7), (1, 3, 7, 30)


@dataclass(frozen=True, slots=True)
class Draft:
    """A call as it stands: with whom, what for, since when, and what was tapped so far."""

    customer_id: int
    purpose: CallPurpose
    opened_at: int
    call_id: int = 0
    channel: Channel = Channel.PHONE
    is_incoming: bool = False
    code: CallCode | None = None
    satisfaction: int | None = None
    group: ReasonGroup | None = None
    reason: LapseReason | None = None
    need: CallNeed | None = None
    measure: CallMeasure | None = None
    promise_days: int | None = None
    next_days: int | None = None
    competitor: str = ""
    words: str = ""


def begin(
    desk: Desk,
    customer_id: int,
    purpose: CallPurpose,
    *,
    call_id: int = 0,
    channel: Channel = Channel.PHONE,
    is_incoming: bool = False,
) -> None:
    """Open the form of a call."""
    draft = Draft(
        customer_id=customer_id,
        purpose=purpose,
        opened_at=int(time()),
        call_id=call_id,
        channel=channel,
        is_incoming=is_incoming,
    )
    acts.renew()
    drafts.begin(desk, draft)


def draw(desk: Desk, form: str, draft: Draft) -> None:
    """Draw a call: its brief, the number, the taps, and the way to save."""
    _back(desk)
    told = brief.of(
        desk.ask,
        customer_id=draft.customer_id,
        purpose=draft.purpose,
        call_id=draft.call_id,
    )
    _brief(desk, told)
    if not draft.is_incoming:
        _dial(desk, form, draft, told)
    now = _result(desk, form, draft, told.purpose)
    if now != draft:
        drafts.put(desk, form, now)
    with st.container(key="calls_save"):
        pressed = st.button(
            desk.say("page_calls.save"),
            key=f"calls_save_{form}",
            type="primary",
            width="stretch",
            icon=":material/check:",
            disabled=now.code is None,
        )
    if pressed and now.code is not None:
        _save(desk, form, now, now.code)


def _back(desk: Desk) -> None:
    label = desk.say("page_calls.back")
    if st.button(label, key="calls_back", type="tertiary", icon=":material/arrow_back:"):
        acts.renew()
        drafts.go()


def _brief(desk: Desk, told: Brief) -> None:
    with st.container(border=True, key="calls_brief", gap=None):
        for line in told.lines:
            words = f":material/{ICONS[line.kind]}: {blocks.plain(_said(desk, line))}"
            st.markdown(f":red[{words}]" if line.kind == "complaint" else words)


def _said(desk: Desk, line: Line) -> str:
    return said(desk, line.key, line.facts)


def said(desk: Desk, key: str, facts: Mapping[str, Any]) -> str:
    """Return a sentence filled with facts: words of tables, money and days in the reader's form."""
    told = dict(facts)
    for name, table in WORDED.items():
        if told.get(name):
            told[name] = desk.say(f"word.{table}.{told[name]}")
    if told.get("currency"):
        told["amount"] = text.money(desk.lang, told["amount"], str(told["currency"]))
    return text.say_row(desk.lang, told | {"sentence": key}, "sentence")


# --- the number -----------------------------------------------------------------------------------


def _dial(desk: Desk, form: str, draft: Draft, told: Brief) -> None:
    """Draw why nobody dials now, or the way to the number; it is shown in this run only."""
    if told.taken_by:
        words = desk.say("page_calls.taken", account=told.taken_by)
        st.warning(blocks.plain(words), icon=":material/lock:")
        return
    if told.against:
        words = desk.say(f"calls.rule_{told.against[0]}")
        st.warning(blocks.plain(words), icon=":material/block:")
        return
    label = desk.say("page_calls.dial")
    if st.button(label, key=f"calls_dial_{form}", width="stretch", icon=":material/call:"):
        _number(desk, draft)


def _number(desk: Desk, draft: Draft) -> None:
    try:
        opened = calling.dial(
            desk.ask,
            customer_id=draft.customer_id,
            purpose=draft.purpose,
            channel=draft.channel,
            call_id=draft.call_id,
        )
    except StationError as error:
        blocks.refused(desk, error)
        return
    if opened.phone is None:
        st.error(desk.say("contact.shut"), icon=":material/key_off:")
        return
    if opened.phone:
        label = desk.say("page_calls.dial_now", phone=opened.phone)
        st.link_button(
            blocks.plain(label),
            f"tel:{opened.phone}",
            width="stretch",
            icon=":material/phone_forwarded:",
        )
    if opened.name:
        st.caption(blocks.plain(desk.say("page_calls.dial_for", name=opened.name)))


# --- what was heard -------------------------------------------------------------------------------


def _result(desk: Desk, form: str, draft: Draft, purpose: CallPurpose) -> Draft:
    """Return the draft as it stands after the taps."""
    code = _code(desk, form, draft)
    now = replace(draft, code=code)
    if code is None:
        return now
    if purpose is CallPurpose.WIN_BACK:
        now = _why(desk, form, now)
    if code in SPOKEN:
        now = replace(now, satisfaction=_content(desk, form, draft))
    return _rest(desk, form, now, purpose)


def _code(desk: Desk, form: str, draft: Draft) -> CallCode | None:
    known = draft.code
    default = None if known is None else known if known in FREQUENT else MORE
    out = NOT_REACHED if draft.is_incoming else ()
    first = st.pills(
        desk.say("page_calls.how"),
        [*(one for one in FREQUENT if one not in out), MORE],
        default=default,
        format_func=lambda one: (
            desk.say("page_calls.more") if one == MORE else desk.say(f"word.call_code.{one}")
        ),
        key=f"calls_code_{form}",
    )
    if first != MORE:
        return CallCode(first) if first else None
    rest = [one for one in CallCode if one not in FREQUENT and one not in out]
    chosen = st.pills(
        desk.say("page_calls.which"),
        rest,
        default=known if known in rest else None,
        format_func=lambda one: desk.say(f"word.call_code.{one}"),
        key=f"calls_code_rest_{form}",
    )
    return CallCode(chosen) if chosen else None


def _content(desk: Desk, form: str, draft: Draft) -> int | None:
    st.caption(desk.say("page_calls.content"))
    known = draft.satisfaction
    stars = st.feedback(
        "stars", default=None if known is None else known - 1, key=f"calls_content_{form}"
    )
    return None if stars is None else stars + 1


def _why(desk: Desk, form: str, draft: Draft) -> Draft:
    """Draw the two steps to a reason, and whose customer he is now where a rival has a part."""
    if draft.code in NOT_REACHED and draft.measure is not CallMeasure.LET_GO:
        return replace(draft, group=None, reason=None)
    group = st.pills(
        desk.say("page_calls.why"),
        list(ReasonGroup),
        default=draft.group,
        format_func=lambda one: desk.say(f"word.reason_group.{one}"),
        key=f"calls_group_{form}",
    )
    if not group:
        return replace(draft, group=None, reason=None)
    some = REASONS[ReasonGroup(group)]
    reason = st.pills(
        desk.say("page_calls.why_more"),
        some,
        default=draft.reason if draft.reason in some else None,
        format_func=lambda one: desk.say(f"word.lapse_reason.{one}"),
        key=f"calls_reason_{form}_{group}",
    )
    now = replace(draft, group=ReasonGroup(group), reason=LapseReason(reason) if reason else None)
    if now.reason not in RIVALS:
        return replace(now, competitor="")
    rival = st.text_input(
        desk.say("page_calls.rival"),
        value=draft.competitor,
        max_chars=recording.LONGEST_NAME,
        key=f"calls_rival_{form}",
    )
    return replace(now, competitor=rival or "")


def _rest(desk: Desk, form: str, draft: Draft, purpose: CallPurpose) -> Draft:
    """Draw what may be left out: need, measure, days and words."""
    now = draft
    if draft.code in SPOKEN and purpose is not CallPurpose.WIN_BACK:
        now = replace(now, need=_need(desk, form, draft))
    now = replace(now, next_days=_days(desk, form, "next", NEXT, draft.next_days))
    with st.expander(desk.say("page_calls.words"), icon=":material/edit_note:"):
        if draft.code in SPOKEN:
            promise = _days(desk, form, "promise", PROMISES, draft.promise_days)
            now = replace(now, promise_days=promise)
        if purpose is CallPurpose.WIN_BACK:
            now = replace(now, measure=_measure(desk, form, draft))
        words = st.text_area(
            desk.say("page_calls.words"),
            value=draft.words,
            max_chars=recording.LONGEST_WORDS,
            placeholder=desk.say("page_calls.words_hint"),
            key=f"calls_words_{form}",
            label_visibility="collapsed",
        )
    return replace(now, words=words or "")


def _need(desk: Desk, form: str, draft: Draft) -> CallNeed | None:
    chosen = st.pills(
        desk.say("page_calls.need"),
        list(CallNeed),
        default=draft.need,
        format_func=lambda one: desk.say(f"word.call_need.{one}"),
        key=f"calls_need_{form}",
    )
    return CallNeed(chosen) if chosen else None


def _measure(desk: Desk, form: str, draft: Draft) -> CallMeasure | None:
    known = list(CallMeasure)
    chosen = st.selectbox(
        desk.say("page_calls.measure"),
        known,
        index=known.index(draft.measure) if draft.measure else None,
        format_func=lambda one: desk.say(f"word.call_measure.{one}"),
        placeholder=desk.say("page_calls.pick"),
        key=f"calls_measure_{form}",
    )
    return CallMeasure(chosen) if chosen else None


def _days(
    desk: Desk, form: str, name: str, offered: tuple[int, ...], known: int | None
) -> int | None:
    """Return in how many days something is to be, none: as it follows by itself."""
    chosen = st.pills(
        desk.say(f"page_calls.{name}"),
        offered,
        default=known,
        format_func=lambda days: desk.say(f"page_calls.in_{days}"),
        key=f"calls_{name}_{form}",
    )
    return int(chosen) if chosen else None


# --- saving ---------------------------------------------------------------------------------------


def _save(desk: Desk, form: str, draft: Draft, code: CallCode) -> None:
    today = access.today()
    report = Report(
        customer_id=draft.customer_id,
        code=code,
        purpose=draft.purpose,
        opened_at=draft.opened_at,
        channel=draft.channel,
        call_id=draft.call_id,
        is_incoming=draft.is_incoming,
        satisfaction=draft.satisfaction,
        reason=draft.reason,
        need=draft.need,
        measure=draft.measure,
        promise_on=_in(today, draft.promise_days),
        next_on=_in(today, draft.next_days),
        competitor=draft.competitor,
        words=draft.words,
    )
    try:
        recording.record(desk.ask, key=form, report=report)
    except StationError as error:
        blocks.refused(desk, error)
        return
    drafts.go(form)


def _in(today: date, days: int | None) -> date | None:
    return None if days is None else today + timedelta(days=days)


def saved(desk: Desk, told: Saved) -> None:
    """Draw what was saved by a form, and the way to the next call."""
    with st.container(border=True, key="calls_saved"):
        code = desk.say(f"word.call_code.{told.code}")
        words = blocks.plain(desk.say("page_calls.saved", code=code))
        st.markdown(f":green[:material/check_circle:] **{words}**")
        for words in _lines(desk, told):
            st.markdown(blocks.plain(words))
    if st.button(
        desk.say("page_calls.next_call"),
        key="calls_next",
        type="primary",
        width="stretch",
        icon=":material/arrow_forward:",
    ):
        acts.renew()
        drafts.go()


def _lines(desk: Desk, told: Saved) -> Iterator[str]:
    if told.promise_on is not None:
        yield desk.say("page_calls.saved_promise", day=told.promise_on)
    if told.next_on is not None:
        yield desk.say("page_calls.saved_next", day=told.next_on)
    else:
        yield desk.say("page_calls.saved_last")
    yield desk.say("page_calls.saved_took", seconds=told.took_s)
