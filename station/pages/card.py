"""Who is this? A vehicle or a customer, found by whatever is known of it."""

import streamlit as st

from station.model import day_date
from station.pages.parts import blocks, customer, vehicle
from station.pages.parts.desk import Desk, current
from station.services.customers import cards

SEARCH = "card_search"
LONGEST_NUMBER = 18
"""Digits of a vehicle's or customer's number; the archive has no longer ones."""


def render() -> None:
    """Draw the page."""
    desk = current()
    words = _search(desk)
    vehicle_id, customer_id = _asked_for("vehicle"), _asked_for("customer")
    if words:
        _found(desk, words)
    elif vehicle_id is not None:
        vehicle.draw(desk, vehicle_id)
    elif customer_id is not None:
        customer.draw(desk, customer_id)
    else:
        blocks.answer(desk.say("page_card.answer_none"))


def _search(desk: Desk) -> str:
    st.title(desk.say("page_card.title"), anchor=False)
    words = st.text_input(
        desk.say("page_card.search"),
        key=SEARCH,
        placeholder=desk.say("page_card.search_hint"),
        icon=":material/search:",
        label_visibility="collapsed",
    )
    return (words or "").strip()


def _asked_for(what: str) -> int | None:
    asked = st.query_params.get(what, "")
    return int(asked) if asked.isdecimal() and len(asked) <= LONGEST_NUMBER else None


def _found(desk: Desk, words: str) -> None:
    """List what the search found; a tap opens the card."""
    found = cards.find(desk.ask, words=words)
    key = "page_card.found" if len(found) else "page_card.found_none"
    blocks.answer(desk.say(key, vehicles=len(found), words=words))
    for row in found.to_dict("records"):
        seen = desk.say("page_card.seen", day=day_date(int(row["last_day"])))
        kind = desk.say(f"word.key_kind.{row['key_kind']}")
        st.button(
            f"**{blocks.plain(row['label'])}** · {kind} · {seen}",
            key=f"card_open_{row['vehicle_id']}",
            on_click=_open,
            args=(int(row["vehicle_id"]),),
        )


def _open(vehicle_id: int) -> None:
    st.query_params["vehicle"] = str(vehicle_id)
    st.session_state[SEARCH] = ""


if __name__ == "__main__":
    render()
