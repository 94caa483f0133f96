"""What is kept masked is opened once, for a purpose and a reason."""

from collections.abc import Callable, Sequence

import streamlit as st

from station.errors import StationError
from station.model import Purpose
from station.pages.parts import blocks
from station.pages.parts.desk import Desk


def purpose(desk: Desk, *, key: str) -> Purpose | None:
    """Return for what somebody is to be addressed."""
    return st.pills(
        desk.say("contact.purpose"),
        list(Purpose),
        format_func=lambda one: desk.say(f"word.purpose.{one}"),
        key=f"{key}_purpose",
    )


def show(desk: Desk, opened: Callable[[], Sequence[str | None]]) -> None:
    """Show what is opened in this run only: it is kept nowhere in the browser's session.

    A part is empty where nothing is kept, and none where the key is lost.
    """
    try:
        parts = opened()
    except StationError as error:
        blocks.refused(desk, error)
        return
    shown = [desk.say("contact.shut") if part is None else part for part in parts]
    st.markdown("### " + " · ".join(blocks.plain(part) for part in shown if part))
    st.caption(blocks.plain(desk.say("contact.once")))
