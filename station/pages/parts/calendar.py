"""One's own calendar on one's own telephone: make the address, show it once, take it back."""

from urllib.parse import urlsplit

import streamlit as st

from station.errors import StationError
from station.pages.parts import acts, blocks
from station.pages.parts.desk import Desk
from station.services.calls import calendars

RIGHT = "calls.read"


def draw(desk: Desk) -> None:
    """Draw how one's dates come into a telephone; nothing for whoever has none."""
    if RIGHT not in desk.ask.scope.rights or not desk.ask.scope.account_id:
        return
    st.subheader(desk.say("calendar.heading"), anchor=False)
    st.caption(blocks.plain(desk.say("calendar.about")))
    kept = calendars.subscribed(desk.ask)
    if kept is not None:
        since = desk.say("calendar.since", at=blocks.moment(desk, kept.made_at))
        st.markdown(blocks.plain(since))
    with st.container(horizontal=True):
        label = "calendar.renew" if kept else "calendar.make"
        made = st.button(desk.say(label), key="calendar_make", icon=":material/event:")
        if kept is not None and st.button(
            desk.say("calendar.revoke"), key="calendar_revoke", icon=":material/link_off:"
        ):
            acts.do(desk, lambda: _revoked(desk))
    if made:
        _show(desk)


def _show(desk: Desk) -> None:
    """Show the address in this run only: it is kept nowhere."""
    try:
        path = calendars.renew(desk.ask, lang=desk.lang)
    except StationError as error:
        blocks.refused(desk, error)
        return
    place = urlsplit(st.context.url or "")
    server = f"{place.scheme}://{place.netloc}" if place.netloc else ""
    st.code(server + path, language=None, wrap_lines=True)
    st.caption(blocks.plain(desk.say("calendar.once")))


def _revoked(desk: Desk) -> str:
    calendars.revoke(desk.ask)
    return desk.say("calendar.revoked")
