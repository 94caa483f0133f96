"""What is done on a page is told once when it is done, and refused where it stands."""

from collections.abc import Callable
from typing import Literal

import streamlit as st

from station.errors import StationError
from station.pages.parts import blocks
from station.pages.parts.desk import Desk
from station.services import trail

TOLD = "acts_told"
ROUND = "acts_round"


def told() -> None:
    """Say what was done just before."""
    if words := st.session_state.pop(TOLD, None):
        st.success(blocks.plain(words), icon=":material/check_circle:")
        st.toast(blocks.plain(words), icon=":material/check_circle:")  # wherever he has scrolled


def fresh(key: str) -> str:
    """Return a widget's key that is new after every act: what was typed is gone with it.

    A refused act is none, so what was typed for it stays.
    """
    return f"{key}_{st.session_state.get(ROUND, 0)}"


def do(desk: Desk, act: Callable[[], str]) -> None:
    """Do it, draw the page anew and say there what `act` returns; or say why it was refused."""
    try:
        words = act()
    except StationError as error:
        blocks.refused(desk, error)
        return
    st.session_state[TOLD] = words
    renew()
    st.rerun()


def renew() -> None:
    """Let every form be drawn empty."""
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1


def why(desk: Desk, *, key: str, width: int | Literal["stretch"] = "stretch") -> str:
    """Return the reason typed for an act."""
    return st.text_input(
        desk.say("blocks.reason"), max_chars=trail.LONGEST_REASON, key=fresh(key), width=width
    )


def with_reason(
    desk: Desk, *, key: str, label: str, icon: str, act: Callable[[str], str], about: str = ""
) -> None:
    """Draw a button that first asks why, and then does it."""
    with st.popover(desk.say(label), icon=icon, key=fresh(f"{key}_open")):
        if about:
            st.caption(blocks.plain(desk.say(about)))
        with st.form(fresh(f"{key}_form"), border=False):
            reason = why(desk, key=f"{key}_reason")
            sent = st.form_submit_button(desk.say(label), key=fresh(f"{key}_do"))
        if sent:
            do(desk, lambda: act(reason))
