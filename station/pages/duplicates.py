"""Who is in the archive twice? Likely pairs side by side; merge them, or tell them apart."""

import math
from functools import partial

import streamlit as st

from station.model import day_date
from station.pages.parts import acts, blocks
from station.pages.parts.desk import Desk, current
from station.services import board
from station.services.customers import duplicates, merging
from station.services.customers.duplicates import Evidence, Pair, Side
from station.services.customers.merging import Entry, Record

PAIRS_SHOWN = 5
FOR, AGAINST = ":material/add_circle:", ":material/remove_circle:"


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_duplicates.title"), anchor=False)
    acts.told()
    pairs, recent = duplicates.pairs(desk.ask), merging.recent(desk.ask)
    key = "answer" if pairs else "answer_none"
    blocks.answer(desk.say(f"page_duplicates.{key}", pairs=len(pairs), merges=len(recent)))
    for pair in _page_of(pairs):
        _pair(desk, pair)
    _recent(desk, recent)


def _page_of(pairs: list[Pair]) -> list[Pair]:
    pages = math.ceil(len(pairs) / PAIRS_SHOWN)
    number = st.pagination(pages, key="duplicates_page") if pages > 1 else 1
    return pairs[(number - 1) * PAIRS_SHOWN : number * PAIRS_SHOWN]


def _pair(desk: Desk, pair: Pair) -> None:
    key = f"duplicates_{pair.first.record.customer_id}_{pair.second.record.customer_id}"
    with st.container(border=True, gap="small"):
        for column, side in zip(st.columns(2), (pair.first, pair.second), strict=True):
            with column:
                _side(desk, side)
        st.markdown("  \n".join(_told(desk, clue) for clue in pair.evidence))
        with st.container(horizontal=True, gap="small"):
            _merge(desk, pair, key)
            if st.button(
                desk.say("page_duplicates.apart"), icon=":material/call_split:", key=f"{key}_apart"
            ):
                acts.do(desk, lambda: _set_apart(desk, pair))


def _told(desk: Desk, clue: Evidence) -> str:
    """Return one clue in words, marked as for or against the pair."""
    said = desk.say(f"likeness.{clue.code}", fact=clue.fact)
    return f"{FOR if clue.weight > 0 else AGAINST} {blocks.plain(said)}"


def _side(desk: Desk, side: Side) -> None:
    st.markdown(f"**{blocks.plain(called(desk, side.record))}**")
    names = board.stations_known(desk.ask).set_index("code")["name"]
    station = str(names.get(side.station, side.station))
    lines = [
        desk.say("page_duplicates.code", code=side.record.code, station=station),
        side.record.phone or desk.say("page_duplicates.no_phone"),
        desk.say("blocks.and").join(side.plates) or desk.say("page_duplicates.no_plate"),
    ]
    if side.last_day is not None:
        lines.append(desk.say("page_duplicates.last_day", day=day_date(side.last_day)))
    st.caption("  \n".join(blocks.plain(line) for line in lines))


def called(desk: Desk, record: Record) -> str:
    """Return how a record is called: the organisation, the masked name, or that there is none."""
    return record.organisation_name or record.name or desk.say("page_duplicates.nameless")


def _merge(desk: Desk, pair: Pair, key: str) -> None:
    records = {side.record.customer_id: side.record for side in (pair.first, pair.second)}
    with (
        st.popover(
            desk.say("page_duplicates.merge"), icon=":material/merge:", key=acts.fresh(f"{key}_in")
        ),
        st.form(acts.fresh(f"{key}_form"), border=False),
    ):
        st.caption(blocks.plain(_undo_told(desk)))
        kept_id = st.radio(
            desk.say("page_duplicates.keep"),
            list(records),
            format_func=lambda one: blocks.plain(
                f"{called(desk, records[one])} · {records[one].code}"
            ),
            key=acts.fresh(f"{key}_keep"),
        )
        reason = acts.why(desk, key=f"{key}_reason")
        sent = st.form_submit_button(
            desk.say("page_duplicates.merge_now"), type="primary", key=acts.fresh(f"{key}_do")
        )
    if sent:
        (gone_id,) = set(records) - {kept_id}
        acts.do(desk, lambda: _do_merge(desk, kept_id, gone_id, reason))


def _undo_told(desk: Desk) -> str:
    return desk.say("page_duplicates.merge_what", days=desk.ask.settings.merging.undo_days)


def _do_merge(desk: Desk, kept_id: int, gone_id: int, reason: str) -> str:
    merging.merge(desk.ask, kept_id=kept_id, gone_id=gone_id, reason=reason)
    return desk.say("page_duplicates.merged", days=desk.ask.settings.merging.undo_days)


def _set_apart(desk: Desk, pair: Pair) -> str:
    duplicates.set_apart(
        desk.ask, one_id=pair.first.record.customer_id, other_id=pair.second.record.customer_id
    )
    return desk.say("page_duplicates.told_apart")


def _recent(desk: Desk, recent: list[Entry]) -> None:
    """List the merges that can still be taken back."""
    if not recent:
        return
    st.subheader(desk.say("page_duplicates.recent"), anchor=False)
    for entry in recent:
        with st.container(border=True, gap="small"):
            kept, gone = (
                f"{called(desk, record)} ({record.code})" for record in (entry.kept, entry.gone)
            )
            said = desk.say("page_duplicates.entry", kept=kept, gone=gone)
            st.markdown(blocks.plain(said))
            facts = {"account": entry.account, "at": blocks.moment(desk, entry.merged_at)}
            told = desk.say(
                "page_duplicates.entry_by", **facts, reason=entry.reason, days=entry.days_left
            )
            st.caption(blocks.plain(told))
            if st.button(
                desk.say("page_duplicates.undo"),
                icon=":material/undo:",
                key=f"duplicates_undo_{entry.id}",
            ):
                acts.do(desk, partial(_undo, desk, entry))


def _undo(desk: Desk, entry: Entry) -> str:
    merging.undo(desk.ask, merge_id=entry.id)
    return desk.say("page_duplicates.undone")


if __name__ == "__main__":
    render()
