"""What happened with a customer, the newest first."""

import pandas as pd
import streamlit as st

from station import text
from station.model import DAY_S, day_date
from station.pages.parts import blocks
from station.pages.parts.desk import Desk
from station.services import board
from station.services.customers import fields, portrait

ICONS = {
    "visit": "local_gas_station",
    "agreed": "check",
    "withdrew": "block",
    "changed": "edit",
    "noted": "sticky_note_2",
    "merged": "merge",
    "stayed_away": "help",
}
WORDS = {
    "purpose": "purpose",
    "channel": "channel",
    "reason": "lapse_reason",
    "unit": "unit",
}
"""Columns whose values are said in the reader's words, and where those stand."""


def draw(desk: Desk, *, customer_id: int) -> None:
    """Draw the events of a customer, a page at a time, told by the day."""
    rows = portrait.happened(desk.ask, customer_id=customer_id)
    if rows.empty:
        st.info(desk.say("portrait.empty"))
        return
    chosen = _kind(desk, rows)
    shown = rows if chosen is None else rows[rows["kind"] == chosen]
    page = blocks.paged(desk, _said(desk, shown), key="card_timeline")
    for day, events in page.groupby(page["at"] // DAY_S, sort=False):
        with st.container(border=True, gap="xxsmall"):
            said = desk.say("portrait.day", day=day_date(int(day)))
            st.markdown(f"**{blocks.plain(said)}**")
            for kind, sentence in zip(events["kind"], events["said"], strict=True):
                st.markdown(f":material/{ICONS[kind]}: {blocks.plain(sentence)}")


def _kind(desk: Desk, rows: pd.DataFrame) -> str | None:
    """Return the kind of events that alone is to be shown; none for all."""
    counts = rows["kind"].value_counts()
    if len(counts) == 1:
        return None
    told = {
        str(kind): f"{desk.say(f'portrait.kind_{kind}')} **{n:,}**" for kind, n in counts.items()
    }
    return blocks.choose(
        desk, key="card_events", label="portrait.kinds", options=told, is_labelled=False
    )


def _said(desk: Desk, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with `said`, the sentence of each in the reader's words."""
    names = board.stations_known(desk.ask).set_index("code")["name"]
    worded = {
        column: rows[column].map(lambda value, t=topic: _word(desk, t, value))
        for column, topic in WORDS.items()
        if column in rows
    }
    if "field" in rows:
        known = fields.known_fields(desk.ask.settings)
        called = {name: fields.label(desk.lang, one) for name, one in known.items()}
        worded["field"] = rows["field"].map(called).fillna("")
    told = rows.assign(station=rows["station"].map(names).fillna(""), **worded)
    if "amount" in told:
        spent = zip(told["amount"], told["currency"], strict=True)
        told["money"] = [_money(desk, amount, currency) for amount, currency in spent]
    return told.assign(said=blocks.sentences(desk, told, "sentence"))


def _money(desk: Desk, amount: float, currency: object) -> str:
    return "" if pd.isna(amount) else text.money(desk.lang, amount, str(currency))


def _word(desk: Desk, topic: str, value: object) -> str:
    key = f"word.{topic}.{value}"
    return desk.say(key) if text.has(desk.lang, key) else ""
