"""Who is this? A vehicle or a customer, found by whatever is known of it."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from station.errors import StationError
from station.model import day_date
from station.pages.parts import blocks, customer, enrol, vehicle
from station.pages.parts.desk import Desk, current
from station.services.customers import cards, finding

SEARCH, FOUND = "card_search", "card_found"
CARDS = ("vehicle", "customer")
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
        enrol.button(desk, key="card_enrol")


def _search(desk: Desk) -> str:
    st.title(desk.say("page_card.title"), anchor=False)
    words = st.text_input(
        desk.say("page_card.search"),
        key=SEARCH,
        max_chars=finding.LONGEST,
        placeholder=desk.say("page_card.search_hint"),
        icon=":material/search:",
        label_visibility="collapsed",
        on_change=_typed,
        args=(desk,),
    )
    return (words or "").strip()


def _typed(desk: Desk) -> None:
    """Open at Enter what alone was surely meant; of several the reader chooses."""
    try:
        found = cards.find(desk.ask, words=st.session_state[SEARCH])
    except StationError:  # said where the hits are listed
        return
    st.session_state[FOUND] = found  # every look for a telephone counts: once is enough
    rows = found.to_dict("records")
    sure = [row for row in rows if row["why"] not in finding.UNSURE]
    if len(rows) == 1 and len(sure) == 1:
        st.session_state.pop(FOUND)
        _open(*_card_of(rows[0]))


def _asked_for(what: str) -> int | None:
    asked = st.query_params.get(what, "")
    return int(asked) if asked.isdecimal() and len(asked) <= LONGEST_NUMBER else None


def _found(desk: Desk, words: str) -> None:
    """List what the search found, vehicles and customers; a tap opens the card."""
    found = st.session_state.pop(FOUND, None)
    if found is None:
        found = cards.find(desk.ask, words=words)
    blocks.answer(_answer(desk, found["kind"].value_counts().to_dict(), words))
    if found.empty:
        enrol.button(desk, key="card_enrol")
    is_unsure = found["why"].isin(finding.UNSURE)
    for row in found[~is_unsure].to_dict("records"):
        _hit(desk, row)
    if is_unsure.any():
        st.caption(blocks.plain(desk.say("page_card.similar")))
        for row in found[is_unsure].to_dict("records"):
            _hit(desk, row)


def _answer(desk: Desk, counts: Mapping[str, int], words: str) -> str:
    vehicles, customers = (int(counts.get(kind, 0)) for kind in ("vehicle", "customer"))
    key = "found" if vehicles and customers else "found_vehicles" if vehicles else "found_customers"
    if not vehicles + customers:
        key = "found_none"
    return desk.say(f"page_card.{key}", vehicles=vehicles, customers=customers, words=words)


def _hit(desk: Desk, row: Mapping[Any, Any]) -> None:
    is_vehicle = row["kind"] == "vehicle"
    kind = f"word.key_kind.{row['key_kind']}" if is_vehicle else "page_card.customer"
    told = [desk.say(kind), desk.say(f"page_card.why_{row['why']}")]
    if not pd.isna(row["last_day"]):
        told.append(desk.say("page_card.seen", day=day_date(int(row["last_day"]))))
    elif is_vehicle:
        told.append(desk.say("page_card.never_seen"))
    st.button(
        f"**{blocks.plain(row['label'])}** · {' · '.join(map(blocks.plain, told))}",
        key=f"card_open_{row['kind']}_{row['id']}",
        icon=":material/directions_car:" if is_vehicle else ":material/person:",
        on_click=_open,
        args=_card_of(row),
    )


def _card_of(row: Mapping[Any, Any]) -> tuple[str, int]:
    """Return whose card a hit opens: of a vehicle that never came that of its customer."""
    if row["kind"] == "vehicle" and pd.isna(row["last_day"]):
        return "customer", int(row["customer_id"])
    return str(row["kind"]), int(row["id"])


def _open(what: str, number: int) -> None:
    for other in CARDS:
        st.query_params.pop(other, None)
    st.query_params[what] = str(number)
    st.session_state[SEARCH] = ""


if __name__ == "__main__":
    render()
