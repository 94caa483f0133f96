"""Why does a regular stay away? What was heard so far, and the form for the next answer."""

from datetime import date
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from station.errors import StationError
from station.model import LapseReason
from station.pages.parts import blocks
from station.pages.parts.desk import Desk
from station.services import board
from station.services.customers import lapses

FREQUENT = (
    LapseReason.PRICE,
    LapseReason.COMPETITOR_PROMO,
    LapseReason.SERVICE,
    LapseReason.QUEUE,
    LapseReason.ROUTE,
    LapseReason.VEHICLE_SOLD,
    LapseReason.NOT_LAPSED,
)
"""One tap away; the other reasons are one list further."""

OTHER = "more"
TOLD = "reasons_told"


def draw(desk: Desk, *, vehicle_id: int, station: str) -> None:
    """Draw what was heard of a vehicle and the form for one more answer."""
    if "lapse.record" not in desk.ask.scope.rights:
        return
    history = lapses.history(desk.ask, vehicle_id=vehicle_id)
    if told := st.session_state.pop(TOLD, None):
        st.success(told, icon=":material/check_circle:")
    _history(desk, history)
    _form(desk, vehicle_id, station, answers=len(history))


def _history(desk: Desk, history: pd.DataFrame) -> None:
    for row in history.assign(on=_days(desk, history)).to_dict("records"):
        reason = desk.say(f"word.lapse_reason.{row['reason']}")
        words = desk.say("reasons.shut") if pd.isna(row["note"]) else str(row["note"])
        note = f" — {blocks.plain(words)}" if words else ""
        st.markdown(f"**{blocks.plain(reason)}**{note}")
        heard = desk.say("reasons.heard", day=row["on"], account=row["account"])
        st.caption(blocks.plain(heard))


def _days(desk: Desk, history: pd.DataFrame) -> list[date]:
    """Return the local day on which each answer was written."""
    zones = board.stations_known(desk.ask).set_index("code")["zone"]
    return [
        written_at.astimezone(ZoneInfo(zones[station])).date()
        for written_at, station in zip(history["written_at"], history["station"], strict=True)
    ]


def _form(desk: Desk, vehicle_id: int, station: str, *, answers: int) -> None:
    # The number of answers is in the keys: after saving, the form is a fresh one.
    key = f"reasons_{vehicle_id}_{station}_{answers}"
    reason = _reason(desk, key)
    note = st.text_area(
        desk.say("reasons.note"),
        key=f"{key}_note",
        max_chars=lapses.LONGEST_NOTE,
        placeholder=desk.say("reasons.note_hint"),
        help=desk.say("reasons.note_help"),
    )
    saved = st.button(
        desk.say("reasons.save"), key=f"{key}_save", type="primary", disabled=reason is None
    )
    if saved and reason is not None:
        _save(desk, vehicle_id, station, reason, (note or "").strip())


def _reason(desk: Desk, key: str) -> LapseReason | None:
    """Return the reason, in one tap for the frequent ones and in two for the rest."""
    first = st.pills(
        desk.say("reasons.why"),
        [*FREQUENT, OTHER],
        format_func=lambda reason: (
            desk.say("reasons.more") if reason == OTHER else _word(desk, reason)
        ),
        key=key,
    )
    if first != OTHER:
        return LapseReason(first) if first else None
    rest = [reason for reason in LapseReason if reason not in FREQUENT]
    return st.selectbox(
        desk.say("reasons.which"),
        rest,
        index=None,
        format_func=lambda reason: _word(desk, reason),
        placeholder=desk.say("reasons.which_hint"),
        key=f"{key}_rest",
    )


def _word(desk: Desk, reason: str) -> str:
    return desk.say(f"word.lapse_reason.{reason}")


def _save(desk: Desk, vehicle_id: int, station: str, reason: LapseReason, note: str) -> None:
    try:
        lapses.record(desk.ask, vehicle_id=vehicle_id, station=station, reason=reason, note=note)
    except StationError as error:
        blocks.refused(desk, error)
        return
    st.session_state[TOLD] = desk.say("reasons.saved", reason=_word(desk, reason))
    st.rerun()
