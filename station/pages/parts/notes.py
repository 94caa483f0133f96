"""What was heard of a customer and which days of his family are kept, for whoever works there."""

from typing import TypeVar

import streamlit as st

from station.errors import StationError
from station.pages.parts import acts, blocks
from station.pages.parts.desk import Desk
from station.services import trail
from station.services.customers import notes, occasions
from station.services.customers.occasions import Calendar, Occasion, OccasionKind, Shown

Kind = TypeVar("Kind", OccasionKind, Calendar)
RIGHT = "contact.reveal"
SHOWN = 5
"""Notes shown at once; the older ones are one tap further."""
ROWS_PX, SMALL_PX = 90, 150


def draw(desk: Desk, *, customer_id: int) -> None:
    """Draw the notes on a customer and his family occasions; nothing for whoever has no part."""
    if RIGHT not in desk.ask.scope.rights:
        return
    try:
        told = notes.listing(desk.ask, customer_id=customer_id)
        shown = occasions.listing(desk.ask, customer_id=customer_id)
    except StationError:  # he works elsewhere, and sees the customer by another right
        return
    st.subheader(desk.say("notes.title", notes=len(told)), anchor=False)
    _form(desk, customer_id)
    _notes(desk, told)
    _occasions(desk, customer_id, shown)


def _form(desk: Desk, customer_id: int) -> None:
    key = f"notes_{customer_id}"
    with st.form(acts.fresh(f"{key}_form"), border=False):
        words = st.text_area(
            desk.say("notes.words"),
            max_chars=notes.LONGEST,
            height=ROWS_PX,
            help=desk.say("notes.help"),
            key=acts.fresh(f"{key}_words"),
        )
        sent = st.form_submit_button(desk.say("notes.save"), key=acts.fresh(f"{key}_save"))

    def add() -> str:
        notes.add(desk.ask, customer_id=customer_id, words=words or "")
        return desk.say("notes.saved")

    if sent:
        acts.do(desk, add)


def _notes(desk: Desk, told: list[notes.Note]) -> None:
    for note in told[:SHOWN]:
        _note(desk, note)
    if older := told[SHOWN:]:
        with st.expander(desk.say("notes.older", notes=len(older))):
            for note in older:
                _note(desk, note)


def _note(desk: Desk, note: notes.Note) -> None:
    shut, gone = desk.say("notes.shut"), desk.say("notes.forgotten")
    words = shut if note.words is None else note.words or gone
    st.markdown(blocks.plain(words))
    station = note.station or desk.say("notes.elsewhere")
    when = blocks.moment(desk, note.written_at)
    st.caption(blocks.plain(desk.say("notes.by", when=when, account=note.account, station=station)))


def _occasions(desk: Desk, customer_id: int, shown: Shown) -> None:
    with st.expander(
        desk.say("occasions.title", occasions=len(shown.kept)), icon=":material/cake:"
    ):
        if not shown.is_wanted:
            st.caption(blocks.plain(desk.say("occasions.not_wanted")))
            return
        for kept in shown.kept:
            _kept(desk, customer_id, kept)
        if shown.kept and shown.may_reveal:
            _reveal(desk, customer_id)
        _add(desk, customer_id)


def _kept(desk: Desk, customer_id: int, kept: occasions.Kept) -> None:
    def forget(reason: str) -> str:
        occasions.remove(desk.ask, customer_id=customer_id, occasion_id=kept.id, reason=reason)
        return desk.say("occasions.removed")

    with st.container(horizontal=True, vertical_alignment="center"):
        kind = desk.say(f"word.occasion_kind.{kept.kind}")
        st.markdown(blocks.plain(desk.say("occasions.masked", kind=kind)), width="content")
        acts.with_reason(
            desk,
            key=f"occasions_remove_{kept.id}",
            label="occasions.remove",
            icon=":material/delete:",
            act=forget,
        )


def _reveal(desk: Desk, customer_id: int) -> None:
    """Show the days in this run only: they are kept nowhere in the browser's session."""
    key = f"occasions_reveal_{customer_id}"
    with st.popover(desk.say("occasions.reveal"), icon=":material/visibility:"):
        reason = st.text_input(
            desk.say("contact.reason"), key=f"{key}_reason", max_chars=trail.LONGEST_REASON
        )
        clicked = st.button(
            desk.say("occasions.reveal_now"),
            key=f"{key}_do",
            type="primary",
            disabled=not (reason or "").strip(),
        )
    if not clicked:
        return
    try:
        told = occasions.reveal(desk.ask, customer_id=customer_id, reason=reason or "")
    except StationError as error:
        blocks.refused(desk, error)
        return
    for one in told:
        st.markdown(blocks.plain(in_words(desk, one)))
    st.caption(blocks.plain(desk.say("occasions.once")))


def in_words(desk: Desk, occasion: Occasion) -> str:
    """Return an occasion as a person says it."""
    year = f"{occasion.year}-" if occasion.year else ""
    said = desk.say(
        f"occasions.{'leap' if occasion.in_leap_month else occasion.calendar}",
        kind=desk.say(f"word.occasion_kind.{occasion.kind}"),
        day=f"{year}{occasion.month:02d}-{occasion.day:02d}",
    )
    return f"{said} — {occasion.note}" if occasion.note else said


def _add(desk: Desk, customer_id: int) -> None:
    key = f"occasions_{customer_id}"
    with st.form(acts.fresh(f"{key}_form"), border=False):
        with st.container(horizontal=True):
            kind = _choice(desk, OccasionKind, "occasion_kind", f"{key}_kind")
            month, day, year = (_number(desk, part, key) for part in ("month", "day", "year"))
            calendar = _choice(desk, Calendar, "calendar", f"{key}_calendar")
            is_leap = st.checkbox(
                desk.say("occasions.in_leap_month"), key=acts.fresh(f"{key}_leap"), width=SMALL_PX
            )
        note = st.text_input(
            desk.say("occasions.note"),
            max_chars=occasions.LONGEST_NOTE,
            key=acts.fresh(f"{key}_note"),
        )
        sent = st.form_submit_button(desk.say("occasions.save"), key=acts.fresh(f"{key}_save"))

    def add() -> str:
        words, is_of_moon = (note or "").strip(), calendar is Calendar.LUNAR
        occasion = Occasion(kind, month, day, year, calendar, words, is_leap and is_of_moon)
        occasions.add(desk.ask, customer_id=customer_id, occasion=occasion)
        return desk.say("occasions.saved")

    if sent:
        acts.do(desk, add)


def _choice(desk: Desk, kinds: type[Kind], topic: str, key: str) -> Kind:
    chosen = st.selectbox(
        desk.say(f"occasions.{'kind' if topic == 'occasion_kind' else topic}"),
        list(kinds),
        format_func=lambda kind: desk.say(f"word.{topic}.{kind}"),
        key=acts.fresh(key),
        width=SMALL_PX,
    )
    return chosen or next(iter(kinds))


def _number(desk: Desk, part: str, key: str) -> int:
    typed = st.number_input(
        desk.say(f"occasions.{part}"),
        min_value=0,
        step=1,
        value=None,
        placeholder="",
        key=acts.fresh(f"{key}_{part}"),
        width=SMALL_PX,
    )
    return int(typed or 0)
