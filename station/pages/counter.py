"""Whose car is this, and what may he redeem?"""

import streamlit as st

from station.errors import NotFoundError, StationError
from station.pages.parts import (
    acts,
    address,
    blocks,
    call_lists,
    drafts,
    member,
    newcomer,
    screen,
    slips,
)
from station.pages.parts.desk import Desk, current
from station.pages.parts.member import Visit
from station.services import board
from station.services.customers import enrolling, finding
from station.services.points import counter
from station.services.points.counter import Met

AT = "at"
"""How the station of the counter is called in the address."""


def render() -> None:
    """Draw the page: who is served, and beside whoever comes next what was redeemed today."""
    desk = current()
    screen.look()
    with st.container(key="counter"):
        st.title(desk.say("page_counter.title"), anchor=False)
        station = _station(desk)
        work, today = st.columns([3, 2], gap="large")
        with work:
            try:
                is_free = _serve(desk, station)
            except StationError as error:
                blocks.refused(desk, error)
                member.leave(desk)
                is_free = True
        if is_free:
            with today:
                slips.today(desk, station)


def _station(desk: Desk) -> str:
    """Return at which station somebody is served; asked for only of who works at several."""
    codes = enrolling.homes(desk.ask)
    if len(codes) == 1:
        return codes[0]
    names = board.stations_known(desk.ask).set_index("code")["name"]
    address.keep(AT, codes, next((one for one in desk.stations if one in codes), codes[0]))
    with st.container(key="counter_place"):
        chosen = st.selectbox(
            desk.say("page_counter.at"),
            codes,
            format_func=lambda code: str(names.get(code, code)),
            key=AT,
        )
    address.put(AT, chosen, named=[chosen])
    return str(chosen)


def _serve(desk: Desk, station: str) -> bool:
    """Draw what the address names: what came of a form, else the form as it stands.

    Returns whether nobody is served now.
    """
    number, form = drafts.slip(), drafts.key()
    slip = counter.slip(desk.ask, number=number) if number is not None else None
    if slip is None and form:
        slip = counter.slip_of_form(desk.ask, key=form)
    if slip is not None:
        slips.draw(desk, slip)
        return True
    visit: Visit | None = drafts.find(desk, form)
    if visit is None:
        if form:
            st.info(desk.say("page_counter.lost"), icon=":material/info:")
        blocks.answer(desk.say("page_counter.question"))
        _find(desk)
        return True
    call_lists.expected(desk, [visit.label, *(one.label for one in visit.met)])
    if visit.member is None and drafts.step() == newcomer.STEP:
        newcomer.draw(desk, form, visit, station)
    elif visit.member is None:
        _several(desk, visit)
    elif (visit.points or visit.offer) and drafts.step() == member.CONFIRM:
        member.confirm(desk, form, visit, station)
    else:
        member.draw(desk, form, visit, station)
    return False


def _find(desk: Desk, typed: str = "") -> None:
    """Draw the one field for whatever is known, and the way in for somebody new."""
    with st.form("counter_find", border=False):
        words = st.text_input(
            desk.say("page_counter.words"),
            value=typed,
            key=acts.fresh(f"counter_words_{drafts.key()}"),
            max_chars=finding.LONGEST,
            placeholder=desk.say("page_counter.hint"),
            icon=":material/search:",
        )
        sent = st.form_submit_button(
            desk.say("page_counter.find"), type="primary", width="stretch", key="counter_send"
        )
    screen.focus()
    if sent and words.strip():
        _meet(desk, words.strip())
    if st.button(
        desk.say("page_counter.new"),
        key="counter_new",
        width="stretch",
        icon=":material/person_add:",
    ):
        drafts.begin(desk, Visit(words=typed), step=newcomer.STEP)


def _meet(desk: Desk, words: str) -> None:
    """Open who alone was surely meant; of several the teller chooses."""
    try:
        met = counter.meet(desk.ask, words=words)
    except NotFoundError:
        met = []
    except StationError as error:
        blocks.refused(desk, error)
        return
    visit = Visit(words=words, met=tuple(met))
    if len(met) == 1 and met[0].is_sure and met[0].member is not None:
        visit = Visit(words=words, member=met[0].member, label=met[0].label)
    drafts.begin(desk, visit)


def _several(desk: Desk, visit: Visit) -> None:
    """Let the teller choose who is meant; of nobody, type it again or write down somebody new."""
    met = sorted(visit.met, key=lambda one: (not one.is_sure, one.member is None))
    sure = sum(one.is_sure for one in met)
    members = sum(one.member is not None for one in met)
    key = "not_found" if not met else "nobodys" if not members else "found" if sure else "similar"
    blocks.answer(desk.say(f"page_counter.{key}", count=sure, words=visit.words))
    with st.container(key="counter_met", gap="small"):
        for at, one in enumerate(met):
            icon = ":material/person:" if one.member else ":material/person_add:"
            if st.button(_line(desk, one), key=f"counter_met_{at}", width="stretch", icon=icon):
                _choose(desk, visit, one)
    if met:
        member.leave(desk)
    else:
        _find(desk, visit.words)


def _choose(desk: Desk, visit: Visit, one: Met) -> None:
    if one.member is None:
        drafts.begin(desk, Visit(words=one.label), step=newcomer.STEP)
    drafts.begin(desk, Visit(words=visit.words, member=one.member, label=one.label))


def _line(desk: Desk, one: Met) -> str:
    who = one.name or desk.say("page_counter.unnamed")
    if one.member is None:
        who = desk.say("page_counter.no_owner")
    told = [who, desk.say(f"page_card.why_{one.why}")]
    if one.last_day is not None and one.member is not None:
        told.append(desk.say("page_card.seen", day=member.day_of(one.last_day)))
    label = [f"**{blocks.plain(one.label)}**"] if one.label else []
    return " · ".join([*label, *map(blocks.plain, told)])


if __name__ == "__main__":
    render()
