"""The free words on a customer or on a vehicle, put and taken with a tap."""

import streamlit as st

from station.pages.parts import acts, blocks
from station.pages.parts.desk import Desk
from station.services.customers import tagging

SHOWN_SUGGESTIONS = 12


def draw(desk: Desk, *, customer_id: int | None = None, vehicle_id: int | None = None) -> None:
    """Draw the words; whoever may change a customer puts others and takes these away."""
    on = {"customer_id": customer_id, "vehicle_id": vehicle_id}
    key = f"tags_{'customer' if vehicle_id is None else 'vehicle'}_{customer_id or vehicle_id}"
    words = tagging.tags_of(desk.ask, **on)
    may_edit = "customers.edit" in desk.ask.scope.rights
    if not words and not may_edit:
        return
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        for word in words:
            if not may_edit:
                st.badge(blocks.plain(word), icon=":material/sell:", color="gray")
            elif st.button(
                blocks.plain(word),
                key=f"{key}_take_{word}",
                icon=":material/close:",
                help=desk.say("tagging.take"),
            ):
                _take(desk, word, on)
        if may_edit:
            with st.popover(desk.say("tagging.add"), icon=":material/sell:", key=f"{key}_open"):
                _add(desk, key, words, on)


def _take(desk: Desk, word: str, on: dict[str, int | None]) -> None:
    def take() -> str:
        tagging.take(desk.ask, tag=word, **on)
        return desk.say("tagging.taken", tag=word)

    acts.do(desk, take)


def _add(desk: Desk, key: str, words: list[str], on: dict[str, int | None]) -> None:
    """Let a word be chosen from those in use, or typed."""
    known = [word for word in tagging.suggestions(desk.ask) if word not in words]
    if known:
        chosen = st.pills(
            desk.say("tagging.in_use"),
            known[:SHOWN_SUGGESTIONS],
            format_func=blocks.plain,
            key=acts.fresh(f"{key}_known"),
        )
        if chosen:
            _put(desk, chosen, on)
    with st.form(acts.fresh(f"{key}_form"), border=False):
        typed = st.text_input(
            desk.say("tagging.new"),
            max_chars=tagging.LONGEST_TAG,
            key=acts.fresh(f"{key}_typed"),
        )
        if st.form_submit_button(desk.say("tagging.put"), key=acts.fresh(f"{key}_put")):
            _put(desk, typed or "", on)


def _put(desk: Desk, word: str, on: dict[str, int | None]) -> None:
    def put() -> str:
        return desk.say("tagging.done", tag=tagging.put(desk.ask, tag=word, **on))

    acts.do(desk, put)
