"""Whom do we speak to at this organisation? Masked, opened one at a time, kept up to date."""

import streamlit as st

from station.model import ContactRole, day_date
from station.pages.parts import acts, blocks, reveal
from station.pages.parts.desk import Desk
from station.services.customers import persons
from station.services.customers.persons import Person


def draw(desk: Desk, *, customer_id: int) -> None:
    """Draw the contact persons of an organisation and what may be done about each."""
    known = persons.of_organisation(desk.ask, customer_id=customer_id)
    st.subheader(desk.say("persons.title"), anchor=False)
    if not known:
        st.caption(desk.say("persons.none"))
    for person in known:
        with st.container(border=True, gap="small"):
            _who(desk, person)
            if person.is_there:
                _doings(desk, person)
    if "customers.edit" in desk.ask.scope.rights:
        _new(desk, customer_id)


def _who(desk: Desk, person: Person) -> None:
    told = " · ".join(blocks.plain(part) for part in (person.name, person.phone) if part)
    role = blocks.plain(desk.say(f"word.contact_role.{person.role}"))
    st.markdown(
        f"**{told or blocks.plain(desk.say('persons.unnamed'))}** &nbsp;:gray-badge[{role}]"
    )
    st.caption(blocks.plain(_since(desk, person)))


def _since(desk: Desk, person: Person) -> str:
    since = desk.say("persons.since", day=day_date(person.from_day))
    if person.to_day is not None:
        return since + desk.say("persons.left_on", day=day_date(person.to_day))
    if person.checked_day is None:
        return since + desk.say("persons.never_checked")
    return since + desk.say("persons.checked_on", day=day_date(person.checked_day))


def _doings(desk: Desk, person: Person) -> None:
    with st.container(horizontal=True, gap="small"):
        if person.may_reveal:
            with st.popover(desk.say("contact.reveal"), icon=":material/visibility:"):
                _reveal(desk, person)
        if "customers.edit" in desk.ask.scope.rights:
            _verify(desk, person)
            key = acts.fresh(f"person_edit_{person.id}")
            with st.popover(desk.say("persons.edit"), icon=":material/edit:", key=key):
                _change(desk, person)
            _leave(desk, person)


def _reveal(desk: Desk, person: Person) -> None:
    key = f"person_reveal_{person.id}"
    purpose = reveal.purpose(desk, key=key)
    reason = acts.why(desk, key=f"{key}_reason")
    ready = purpose is not None and bool(reason.strip())
    clicked = st.button(
        desk.say("contact.reveal_now"), key=f"{key}_do", type="primary", disabled=not ready
    )
    if not clicked or purpose is None:
        return

    def opened() -> tuple[str | None, str | None]:
        told = persons.reveal(desk.ask, person_id=person.id, purpose=purpose, reason=reason)
        return told.name, told.phone

    reveal.show(desk, opened)


def _verify(desk: Desk, person: Person) -> None:
    def verify() -> str:
        persons.verify(desk.ask, person_id=person.id)
        return desk.say("persons.verified")

    label = desk.say("persons.verify")
    if st.button(label, key=f"person_verify_{person.id}", icon=":material/task_alt:"):
        acts.do(desk, verify)


def _leave(desk: Desk, person: Person) -> None:
    def leave() -> str:
        persons.end(desk.ask, person_id=person.id)
        return desk.say("persons.ended")

    key = acts.fresh(f"person_leave_{person.id}")
    with st.popover(desk.say("persons.leave"), icon=":material/logout:", key=key):
        st.caption(blocks.plain(desk.say("persons.leave_what")))
        if st.button(desk.say("persons.leave_now"), key=f"{key}_do", type="primary"):
            acts.do(desk, leave)


def _change(desk: Desk, person: Person) -> None:
    key = acts.fresh(f"person_change_{person.id}")
    with st.form(key, border=False):
        role = _role(desk, key, person.role)
        name = st.text_input(
            desk.say("persons.name"), key=f"{key}_name", max_chars=persons.LONGEST_NAME
        )
        phone = st.text_input(desk.say("persons.phone"), key=f"{key}_phone")
        st.caption(blocks.plain(desk.say("persons.empty_stays")))
        sent = st.form_submit_button(desk.say("persons.save"), key=f"{key}_do")

    def change() -> str:
        persons.change(desk.ask, person_id=person.id, role=role, name=name, phone=phone)
        return desk.say("persons.saved")

    if sent:
        acts.do(desk, change)


def _new(desk: Desk, customer_id: int) -> None:
    key = acts.fresh(f"person_new_{customer_id}")
    label = desk.say("persons.add")
    with st.popover(label, icon=":material/person_add:", key=f"{key}_open"):
        with st.form(key, border=False):
            role = _role(desk, key, ContactRole.MANAGER)
            name = st.text_input(
                desk.say("persons.name"), key=f"{key}_name", max_chars=persons.LONGEST_NAME
            )
            phone = st.text_input(desk.say("persons.phone"), key=f"{key}_phone")
            sent = st.form_submit_button(label, key=f"{key}_do")

        def add() -> str:
            persons.add(desk.ask, customer_id=customer_id, role=role, name=name, phone=phone)
            return desk.say("persons.added")

        if sent:
            acts.do(desk, add)


def _role(desk: Desk, key: str, role: ContactRole) -> ContactRole:
    roles = list(ContactRole)
    chosen = st.selectbox(
        desk.say("persons.role"),
        roles,
        index=roles.index(role),
        format_func=lambda role: desk.say(f"word.contact_role.{role}"),
        key=f"{key}_role",
    )
    return chosen or role
