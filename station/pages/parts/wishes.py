"""How does this customer want to be addressed, who says so, and since when?"""

from datetime import time

import streamlit as st

from station.model import Channel, ConsentSource, day_date
from station.pages.parts import acts, blocks
from station.pages.parts.desk import Desk
from station.services.calls import clock, wishing
from station.services.calls.rostering import WEEK
from station.services.calls.wishing import ANY, Said, Wanted, Wish

HOUR_MIN = 60
LIFT = "calls.plan"


def draw(desk: Desk, *, customer_id: int) -> None:
    """Draw the wishes of a customer that count, and the form for what he says now."""
    told = wishing.counting(desk.ask, customer_id=customer_id)
    st.subheader(desk.say("wishing.title"), anchor=False)
    if not told:
        st.caption(blocks.plain(desk.say("wishing.none")))
    for one in told:
        st.markdown(f"**{blocks.plain(_way(desk, one.channel))}** &nbsp;{_wanted(desk, one)}")
        source = desk.say(f"word.consent_source.{one.source}")
        day = day_date(one.on_day)
        said = desk.say("wishing.said", day=day, source=source, account=one.account)
        st.caption(blocks.plain(said))
        if one.is_barred and LIFT in desk.ask.scope.rights:
            _lift(desk, customer_id, one.channel)
    _history(desk, wishing.history(desk.ask, customer_id=customer_id))
    if "calls.record" in desk.ask.scope.rights:
        _form(desk, customer_id)


def _way(desk: Desk, channel: Channel | None) -> str:
    return desk.say(f"word.channel.{channel}" if channel else "wishing.any_way")


def _wanted(desk: Desk, one: Wish) -> str:
    """Return a wish in words."""
    if one.is_barred:
        return blocks.plain(desk.say("wishing.barred"))
    parts = []
    if one.is_unwanted:
        parts.append(desk.say("wishing.unwanted"))
    if one.weekdays:
        names = [desk.say(f"roster.day_{number}") for number in one.weekdays]
        parts.append(desk.say("roster.day_join").join(names))
    if one.from_min is not None or one.to_min is not None:
        first, last = one.from_min or 0, one.to_min or clock.DAY_MIN
        parts.append(desk.say("wishing.hours", first=blocks.clock(first), last=blocks.clock(last)))
    if one.most is not None:
        parts.append(desk.say("wishing.most_told", most=one.most))
    return blocks.plain(desk.say("wishing.join").join(parts) or desk.say("wishing.no_wish"))


def _history(desk: Desk, said: list[Said]) -> None:
    """Draw, folded, all that he ever said, also what does not count any more."""
    if len(said) <= 1:
        return
    with st.expander(desk.say("wishing.history", words=len(said))):
        for one in said:
            wish = one.wish
            lifted = desk.say("wishing.lifted_told") if one.is_lift else ""
            way, wanted = blocks.plain(_way(desk, wish.channel)), _wanted(desk, wish)
            st.markdown(f"**{way}** &nbsp;{blocks.plain(lifted)}{wanted}")
            source = desk.say(f"word.consent_source.{wish.source}")
            day = day_date(wish.on_day)
            told = desk.say("wishing.said", day=day, source=source, account=wish.account)
            st.caption(blocks.plain(told))


def _lift(desk: Desk, customer_id: int, channel: Channel | None) -> None:
    """Draw the way to write down that he lets himself be addressed so again."""
    key = acts.fresh(f"bar_{customer_id}_{channel or ANY}")
    with st.popover(desk.say("wishing.lift"), icon=":material/lock_open:", key=f"{key}_open"):
        st.caption(blocks.plain(desk.say("wishing.lift_about")))
        with st.form(key, border=False):
            source = _source(desk, key)
            on = st.date_input(desk.say("wishing.on"), "today", key=f"{key}_on")
            why = acts.why(desk, key=f"bar_{customer_id}_{channel or ANY}_why")
            sent = st.form_submit_button(desk.say("wishing.lift"), key=f"{key}_do")

        def lift() -> str:
            wishing.lift(
                desk.ask, customer_id=customer_id, channel=channel, source=source, on=on, why=why
            )
            return desk.say("wishing.lifted")

        if sent:
            acts.do(desk, lift)


def _form(desk: Desk, customer_id: int) -> None:
    key = acts.fresh(f"wish_{customer_id}")
    with st.popover(desk.say("wishing.write"), icon=":material/schedule:", key=f"{key}_open"):
        with st.form(key, border=False):
            channel = _channel(desk, key)
            weekdays = st.pills(
                desk.say("wishing.weekdays"),
                WEEK,
                selection_mode="multi",
                format_func=lambda number: desk.say(f"roster.day_{number}"),
                key=f"{key}_days",
            )
            with st.container(horizontal=True):
                span = _time(desk, f"{key}_from", "from"), _time(desk, f"{key}_to", "to")
            most = st.number_input(
                desk.say("wishing.most"), 1, wishing.MOST, None, 1, key=f"{key}_most"
            )
            is_unwanted = st.checkbox(desk.say("wishing.is_unwanted"), key=f"{key}_unwanted")
            source = _source(desk, key)
            on = st.date_input(desk.say("wishing.on"), "today", key=f"{key}_on")
            sent = st.form_submit_button(desk.say("wishing.write"), key=f"{key}_do")

        def write() -> str:
            first, last = map(_minute, span)
            wanted = Wanted(channel, tuple(weekdays), first, last, most, is_unwanted)
            wishing.wish(desk.ask, customer_id=customer_id, wanted=wanted, source=source, on=on)
            return desk.say("wishing.written")

        if sent:
            acts.do(desk, write)


def _channel(desk: Desk, key: str) -> Channel | None:
    chosen = st.selectbox(
        desk.say("wishing.way"),
        [Channel.PHONE, *(one for one in Channel if one is not Channel.PHONE), ANY],
        format_func=lambda one: _way(desk, None if one == ANY else Channel(one)),
        key=f"{key}_way",
    )
    return None if chosen in {None, ANY} else Channel(chosen)


def _source(desk: Desk, key: str) -> ConsentSource:
    chosen = st.selectbox(
        desk.say("wishing.source"),
        list(ConsentSource),
        index=list(ConsentSource).index(ConsentSource.COUNTER),
        format_func=lambda one: desk.say(f"word.consent_source.{one}"),
        key=f"{key}_source",
    )
    return chosen or ConsentSource.COUNTER


def _time(desk: Desk, key: str, what: str) -> time | None:
    return st.time_input(desk.say(f"wishing.{what}"), None, key=key)


def _minute(when: time | None) -> int | None:
    return None if when is None else when.hour * HOUR_MIN + when.minute
