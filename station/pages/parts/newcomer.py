"""Somebody becomes a member at the counter, in under a minute; then he is the one who is served."""

from dataclasses import replace
from time import monotonic

import streamlit as st

from station.errors import StationError
from station.pages.parts import acts, blocks, drafts, enrol, member
from station.pages.parts import fields as form
from station.pages.parts.desk import Desk
from station.pages.parts.member import Visit
from station.services.customers import enrolling
from station.services.customers.enrolling import NewCard
from station.services.points import counter
from station.services.points.members import By, Named

STEP = "enrol"
ASKED = ("name", "phone", "plate", "card")


def draw(desk: Desk, key: str, visit: Visit, station: str) -> None:
    """Draw the form; what was typed to find him stands in it already."""
    blocks.answer(desk.say("page_counter.enrol"))
    for one in visit.alike:
        _alike(desk, one)
    with st.form(f"counter_enrol_{key}", border=False):
        new = _typed(desk, key, counter.read_as(desk.ask, words=visit.words), station)
        label = "enrolling.save_anyway" if visit.alike else "page_counter.save"
        sent = st.form_submit_button(
            desk.say(label), type="primary", width="stretch", key="counter_save"
        )
    if sent and monotonic() - visit.asked_s >= member.READ_S:
        _save(desk, key, new)
    member.leave(desk)


def _typed(desk: Desk, key: str, known: dict[str, str], station: str) -> NewCard:
    typed = {
        name: str(
            st.text_input(
                desk.say(f"enrolling.{name}"),
                value=known.get(name, ""),
                key=f"counter_{name}_{key}",
            )
            or ""
        ).strip()
        for name in ASKED
    }
    brought = st.text_input(
        desk.say("page_counter.brought"),
        help=desk.say("page_counter.brought_help"),
        key=f"counter_brought_{key}",
    )
    agrees = enrol.agrees(desk, key=f"counter_agrees_{key}")
    handed = st.checkbox(desk.say("enrolling.takes_over"), key=f"counter_takes_over_{key}")
    return NewCard(
        station=station,
        name=typed["name"],
        phone=typed["phone"],
        plate=typed["plate"],
        card=typed["card"],
        agrees=agrees,
        takes_over=bool(handed),
        referred_by=_named(desk, brought),
    )


def _named(desk: Desk, words: str | None) -> Named | None:
    """Return by what whoever brought him is named, none if nobody did."""
    typed = (words or "").strip()
    read = counter.read_as(desk.ask, words=typed)
    found = [Named(By(kind), text) for kind, text in read.items()]
    return next(iter(found), Named(By.CODE, typed) if typed else None)


def _alike(desk: Desk, one: enrol.Alike) -> None:
    """Offer somebody who is known already: he is served instead."""
    st.warning(blocks.plain(f"{one.who} — {one.why}"), icon=":material/group:")
    label = desk.say("page_counter.is_he")
    if st.button(label, key=f"counter_alike_{one.customer_id}", width="stretch"):
        drafts.begin(desk, Visit(member=Named(By.CUSTOMER, str(one.customer_id))))


def _save(desk: Desk, key: str, new: NewCard) -> None:
    """Write him down once, however often it is pressed, and serve him."""
    with drafts.alone(desk, key):
        visit: Visit = drafts.find(desk, key) or Visit()
        if visit.member is None:
            try:
                alike = [] if visit.alike else enrol.similar(desk, new)
                if alike:
                    asked = replace(visit, alike=tuple(alike), asked_s=monotonic())
                    drafts.put(desk, key, asked)
                    drafts.go(key, step=STEP)
                made = form.named(desk, lambda: enrolling.add(desk.ask, new=new))
            except StationError as error:
                blocks.refused(desk, error)
                return
            him = Named(By.CUSTOMER, str(made))
            drafts.put(desk, key, Visit(member=him, label=new.plate.upper(), is_new=True))
    acts.renew()
    drafts.go(key)
