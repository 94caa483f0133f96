"""Somebody becomes a customer: the form by which he is written down."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from station.errors import StationError
from station.model import ConsentSource, Purpose
from station.pages.parts import acts, blocks
from station.pages.parts import fields as form
from station.pages.parts.desk import Desk
from station.services import board
from station.services.customers import duplicates, enrolling, fields
from station.services.customers.enrolling import NewCard

CARD = Path(__file__).parents[1] / "card.py"
ASKED_AGAIN = "enrol_alike"
MADE = "enrol_made"
KINDS = ("person", "organisation")


class Alike(NamedTuple):
    """A customer who may be the one that is written down."""

    customer_id: int
    who: str
    why: str


def button(desk: Desk, *, key: str) -> None:
    """Draw the button that opens the form, for whoever may write customers down."""
    if "customers.edit" not in desk.ask.scope.rights:
        return
    made = st.session_state.pop(MADE, None)
    if made is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.success(desk.say("enrolling.saved"), icon=":material/check_circle:")
            link(made, desk.say("enrolling.open"))
    if st.button(desk.say("enrolling.title"), key=key, icon=":material/person_add:"):
        st.session_state.pop(ASKED_AGAIN, None)
        enrol(desk)


def link(customer_id: int, words: str) -> None:
    """Draw the link that opens a customer's card."""
    st.page_link(
        str(CARD), label=blocks.plain(words), query_params={"customer": str(customer_id)}, help=""
    )


def enrol(desk: Desk) -> None:
    """Open the form in a dialog."""
    st.dialog(desk.say("enrolling.title"))(draw)(desk)


def draw(desk: Desk) -> None:
    """Draw the form, and save what is typed once nobody like him was found, or all the same."""
    new = _typed(desk)
    alike: list[Alike] = st.session_state.get(ASKED_AGAIN, [])
    if alike:
        st.warning(desk.say("enrolling.alike"), icon=":material/group:")
        for one in alike:
            link(one.customer_id, one.who)
            st.caption(blocks.plain(one.why))
    label = "enrolling.save_anyway" if alike else "enrolling.save"
    if not st.button(desk.say(label), key="enrol_save", type="secondary" if alike else "primary"):
        return
    found = [] if alike else similar(desk, new)
    st.session_state[ASKED_AGAIN] = found
    if found:
        st.rerun(scope="fragment")
    try:
        made = form.named(desk, lambda: enrolling.add(desk.ask, new=new))
    except StationError as error:
        blocks.refused(desk, error)
        return
    st.session_state[MADE] = made
    st.session_state[acts.ROUND] = st.session_state.get(acts.ROUND, 0) + 1
    st.rerun()


def similar(desk: Desk, new: NewCard) -> list[Alike]:
    """Return who may be the same customer, masked, with what speaks for it."""
    found = duplicates.similar(
        desk.ask, name=new.organisation_name or new.name, phone=new.phone, plate=new.plate
    )
    return [_alike(desk, one) for one in found]


def _alike(desk: Desk, one: duplicates.Alike) -> Alike:
    record = one.record
    who = " · ".join(filter(None, [record.organisation_name, record.name, record.phone]))
    why = desk.say("blocks.and").join(desk.say(f"enrolling.{code}") for code in one.codes)
    return Alike(record.customer_id, who or record.code, why)


def _typed(desk: Desk) -> NewCard:
    kind = st.segmented_control(
        desk.say("enrolling.who"),
        KINDS,
        default=KINDS[0],
        format_func=lambda one: desk.say(f"enrolling.{one}"),
        key=acts.fresh("enrol_kind"),
        required=True,
    )
    is_organisation = kind == "organisation"
    new = NewCard(station=_station(desk), is_organisation=is_organisation)
    company = _text(desk, "organisation_name") if is_organisation else ""
    new = replace(
        new,
        organisation_name=company,
        name=_text(desk, "contact" if is_organisation else "name"),
        phone=_text(desk, "phone"),
        plate=_text(desk, "plate"),
        card=_text(desk, "card"),
        more=_channel(desk),
    )
    handed = st.checkbox(desk.say("enrolling.takes_over"), key=acts.fresh("enrol_takes_over"))
    return replace(
        new,
        agrees=agrees(desk, key=acts.fresh("enrol_agrees")),
        source=ConsentSource.COUNTER,
        takes_over=bool(handed),
    )


def _text(desk: Desk, name: str) -> str:
    words = st.text_input(desk.say(f"enrolling.{name}"), key=acts.fresh(f"enrol_{name}"))
    return (words or "").strip()


def _station(desk: Desk) -> str:
    codes = enrolling.homes(desk.ask)
    if len(codes) == 1:
        return codes[0]
    names = board.stations_known(desk.ask).set_index("code")["name"]
    chosen = [code for code in desk.stations if code in codes]
    return str(
        st.selectbox(
            desk.say("enrolling.station"),
            codes,
            index=codes.index(chosen[0]) if chosen else 0,
            format_func=lambda code: str(names.get(code, code)),
            key=acts.fresh("enrol_station"),
        )
    )


def _channel(desk: Desk) -> dict[str, str]:
    field = fields.known_fields(desk.ask.settings)["channel"]
    chosen = st.pills(
        desk.say("enrolling.channel"),
        list(field.choices),
        format_func=lambda value: fields.word(desk.lang, field, value),
        key=acts.fresh("enrol_channel"),
    )
    return {"channel": str(chosen)} if chosen else {}


def agrees(desk: Desk, *, key: str) -> tuple[Purpose, ...]:
    """Return for what the customer said that he may be addressed."""
    chosen = st.pills(
        desk.say("enrolling.agrees"),
        [Purpose.MARKETING, Purpose.CARE],
        selection_mode="multi",
        format_func=lambda purpose: desk.say(f"word.purpose.{purpose}"),
        help=desk.say("enrolling.agrees_help"),
        key=key,
    )
    return tuple(Purpose(purpose) for purpose in chosen)
