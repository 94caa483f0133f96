"""What is agreed with this customer, since when and until when, and what was before?"""

from datetime import date, timedelta

import streamlit as st

from station.model import AgreementKind, day_date, day_number
from station.pages.parts import acts, blocks
from station.pages.parts.desk import Desk
from station.services.customers import agreements
from station.services.customers.agreements import Agreed

YEAR_DAYS = 365


def draw(desk: Desk, *, customer_id: int) -> None:
    """Draw a customer's agreements: those that hold, and below them those that are over."""
    known = agreements.of_customer(desk.ask, customer_id=customer_id)
    day = day_number(desk.ask.as_of)
    over = [one for one in known if one.to_day is not None and one.to_day <= day]
    holding = [one for one in known if one not in over]
    st.subheader(desk.say("agreements.title"), anchor=False)
    if not holding:
        st.caption(desk.say("agreements.none"))
    for one in holding:
        with st.container(border=True, gap="small"):
            _one(desk, one)
            if "customers.edit" in desk.ask.scope.rights:
                _end(desk, one)
    if over:
        with st.expander(desk.say("agreements.over", count=len(over))):
            for one in over:
                _one(desk, one)
    if "customers.edit" in desk.ask.scope.rights:
        _new(desk, customer_id)


def _one(desk: Desk, one: Agreed) -> None:
    kind = blocks.plain(desk.say(f"word.agreement_kind.{one.kind}"))
    terms = desk.say("contact.shut") if one.terms is None else one.terms
    st.markdown(f"**{kind}** &nbsp;{blocks.plain(terms)}")
    since = desk.say("agreements.since", day=day_date(one.from_day))
    until = desk.say("agreements.open")
    if one.to_day is not None:
        until = desk.say("agreements.until", day=day_date(one.to_day - 1))
    st.caption(blocks.plain(f"{since}{until}"))


def _end(desk: Desk, one: Agreed) -> None:
    key = acts.fresh(f"agreement_end_{one.id}")
    with st.popover(desk.say("agreements.end"), icon=":material/event_busy:", key=key):
        with st.form(f"{key}_form", border=False):
            last = st.date_input(
                desk.say("agreements.last_day"),
                value=max(desk.ask.as_of, day_date(one.from_day)),
                min_value=day_date(one.from_day),
                key=f"{key}_day",
            )
            sent = st.form_submit_button(desk.say("agreements.end"), key=f"{key}_do")

        def end() -> str:
            agreements.end(desk.ask, agreement_id=one.id, on=last)
            return desk.say("agreements.ended")

        if sent:
            acts.do(desk, end)


def _new(desk: Desk, customer_id: int) -> None:
    key = acts.fresh(f"agreement_new_{customer_id}")
    label = desk.say("agreements.add")
    with st.popover(label, icon=":material/handshake:", key=f"{key}_open"):
        with st.form(key, border=False):
            kind = _kind(desk, key)
            terms = st.text_area(
                desk.say("agreements.terms"),
                key=f"{key}_terms",
                max_chars=agreements.LONGEST_TERMS,
                placeholder=desk.say("agreements.terms_hint"),
            )
            since, until = _time(desk, key)
            sent = st.form_submit_button(label, key=f"{key}_do")

        def add() -> str:
            agreements.add(
                desk.ask,
                customer_id=customer_id,
                kind=kind,
                terms=terms or "",
                since=since,
                until=until,
            )
            return desk.say("agreements.added")

        if sent:
            acts.do(desk, add)


def _kind(desk: Desk, key: str) -> AgreementKind:
    chosen = st.selectbox(
        desk.say("agreements.kind"),
        list(AgreementKind),
        format_func=lambda kind: desk.say(f"word.agreement_kind.{kind}"),
        key=f"{key}_kind",
    )
    return chosen or AgreementKind.CONTRACT


def _time(desk: Desk, key: str) -> tuple[date, date | None]:
    """Return first and last day as they are chosen; no last day where none is agreed."""
    since = st.date_input(
        desk.say("agreements.first_day"), value=desk.ask.as_of, key=f"{key}_since"
    )
    is_open = st.checkbox(desk.say("agreements.no_end"), key=f"{key}_open_end")
    year_later = desk.ask.as_of + timedelta(days=YEAR_DAYS - 1)
    until = st.date_input(desk.say("agreements.last_day"), value=year_later, key=f"{key}_until")
    return since, None if is_open else until
