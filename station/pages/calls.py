"""Whom do I call now, and what do I say?"""

from collections.abc import Iterator, Sequence

import streamlit as st

from station.errors import StationError
from station.model import CallPurpose, Channel
from station.pages.parts import acts, blocks, call_form, call_lists, drafts, screen
from station.pages.parts.call_form import Draft
from station.pages.parts.desk import Desk, current
from station.services.calls import calling, recording
from station.services.calls.calling import Caller, Task

LONGEST = 80


def render() -> None:
    """Draw the page: the call that is under way, else the day's list."""
    desk = current()
    screen.look("calls")
    with st.container(key="calls"):
        st.title(desk.say("page_calls.title"), anchor=False)
        form = drafts.key()
        told = recording.of_form(desk.ask, key=form) if form and _may(desk) else None
        draft: Draft | None = drafts.find(desk, form) if form else None
        if told is not None:
            call_form.saved(desk, told)
        elif draft is not None:
            _call(desk, form, draft)
        else:
            if form:
                st.info(desk.say("page_calls.lost"), icon=":material/info:")
            _lists(desk)


def _may(desk: Desk, right: str = "calls.record") -> bool:
    return right in desk.ask.scope.rights


def _call(desk: Desk, form: str, draft: Draft) -> None:
    try:
        call_form.draw(desk, form, draft)
    except StationError as error:
        blocks.refused(desk, error)


def _lists(desk: Desk) -> None:
    parts = ["calls", "mine", "pool", "watch"]
    if _may(desk, "calls.assign"):
        parts.append("hand")
    part = blocks.choose(
        desk,
        key="calls_part",
        label="page_calls.part",
        options={name: desk.say(f"page_calls.part_{name}") for name in parts},
        default="calls",
        is_labelled=False,
    )
    if part == "mine":
        call_lists.mine(desk)
    elif part == "pool":
        call_lists.pool(desk)
    elif part == "watch":
        call_lists.watch(desk, stations=desk.stations)
    elif part == "hand":
        call_lists.hand_over(desk)
    else:
        _today(desk)


def _today(desk: Desk) -> None:
    acts.told()
    is_all = _may(desk, "calls.plan") and st.toggle(desk.say("page_calls.all"), key="calls_all")
    ask = calling.of_station if is_all else calling.mine
    tasks = ask(desk.ask, stations=desk.stations)
    free = [task for task in tasks if task.may_be_made]
    blocked = [task for task in tasks if not task.may_be_made]
    blocks.answer(_answer(desk, free, blocked))
    _tasks(desk, free)
    if blocked:
        _blocked(desk, blocked)
    if _may(desk):
        _incoming(desk)


def _answer(desk: Desk, free: Sequence[Task], blocked: Sequence[Task]) -> str:
    if not free:
        key = "answer_blocked" if blocked else "answer_none"
        return desk.say(f"page_calls.{key}", blocked=len(blocked))
    late = sum(task.is_late for task in free)
    return desk.say("page_calls.answer", count=len(free), late=late, who=free[0].name)


def _tasks(desk: Desk, free: Sequence[Task]) -> None:
    with st.container(key="calls_list", gap="small"):
        for task in free:
            _task(desk, task)


def _task(desk: Desk, task: Task) -> None:
    """Draw a call to press; its key is its own, as the list may change between look and press."""
    key = f"calls_task_{task.customer_id}_{task.call_id or 0}"
    icon = ":material/call:" if task.channel is Channel.PHONE else ":material/directions_walk:"
    if st.button(_line(desk, task), key=key, width="stretch", icon=icon):
        call_form.begin(
            desk,
            task.customer_id,
            task.purpose,
            call_id=task.call_id or 0,
            channel=task.channel,
        )


def _line(desk: Desk, task: Task) -> str:
    head = f"**{blocks.plain(task.name)}** · {blocks.plain(task.grade)}"
    return " · ".join([head, *map(blocks.plain, _details(desk, task))])


def _details(desk: Desk, task: Task) -> Iterator[str]:
    yield from task.labels[:1]
    yield desk.say(f"word.call_purpose.{task.purpose}")
    if task.channel is Channel.VISIT:
        yield desk.say("page_calls.visit")
    if task.is_late:
        yield desk.say("page_calls.late", days=task.late_days)
    elif task.at_min is not None:
        yield desk.say("page_calls.at", at=blocks.clock(task.at_min))
    if task.account and task.account != desk.ask.scope.account:
        yield task.account


def _blocked(desk: Desk, blocked: Sequence[Task]) -> None:
    """List whom nobody calls now, each with what speaks against it.

    They open all the same: a call may have been made a minute ago.
    """
    title = desk.say("page_calls.blocked", count=len(blocked))
    with (
        st.expander(blocks.plain(title), icon=":material/block:"),
        st.container(key="calls_blocked", gap="small"),
    ):
        for task in blocked:
            _task(desk, task)
            st.caption(blocks.plain(_against(desk, task)))


def _against(desk: Desk, task: Task) -> str:
    if task.taken_by:
        return desk.say("page_calls.taken", account=task.taken_by)
    return desk.say("blocks.and").join(
        desk.say(f"word.contact_refusal.{one}") for one in task.against
    )


def _incoming(desk: Desk) -> None:
    """Draw the way to log a call that comes in."""
    st.subheader(desk.say("page_calls.incoming"), anchor=False)
    with st.form("calls_incoming", border=False):
        words = st.text_input(
            desk.say("page_calls.incoming_words"),
            key=acts.fresh("calls_incoming_words"),
            max_chars=LONGEST,
            icon=":material/phone_callback:",
        )
        sent = st.form_submit_button(desk.say("page_calls.incoming_find"), width="stretch")
    key = acts.fresh("calls_incoming_found")
    if sent and words.strip():
        try:
            st.session_state[key] = calling.callers(desk.ask, words=words.strip())
        except StationError as error:
            blocks.refused(desk, error)
            return
    found: list[Caller] | None = st.session_state.get(key)
    if found is not None:
        _found(desk, found)


def _found(desk: Desk, found: Sequence[Caller]) -> None:
    if not found:
        st.info(desk.say("page_calls.incoming_none"))
    with st.container(key="calls_found", gap="small"):
        for at, one in enumerate(found):
            said = " · ".join(blocks.plain(part) for part in (one.name, one.label) if part)
            if one.customer_id is None:
                told = blocks.plain(desk.say("page_calls.incoming_nobody"))
                st.caption(f"{said} — {told}")
            elif st.button(
                said, key=f"calls_found_{at}", width="stretch", icon=":material/person:"
            ):
                call_form.begin(desk, one.customer_id, CallPurpose.SERVICE, is_incoming=True)


if __name__ == "__main__":
    render()
