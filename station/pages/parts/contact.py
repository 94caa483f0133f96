"""How is the owner reached? Masked; and whatever may be done about him, by whoever may do it."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from station.errors import StationError
from station.model import Channel, ConsentSource, Purpose, day_date
from station.pages.parts import blocks, reveal, standing
from station.pages.parts.desk import Desk
from station.services import trail
from station.services.customers import contacts
from station.services.customers.contacts import Contact
from station.services.personal import erasure, privacy

TOLD = "contact_told"
NOBODY = ""
Kind = TypeVar("Kind", Purpose, Channel, ConsentSource)


def draw(desk: Desk, vehicle_id: int) -> None:
    """Draw whose the vehicle is, as far as the reader may know."""
    found = contacts.of_vehicle(desk.ask, vehicle_id=vehicle_id)
    if not found:
        return
    st.subheader(desk.say("contact.title"), anchor=False)
    if told := st.session_state.pop(TOLD, None):
        st.success(told, icon=":material/check_circle:")
    for contact in found:
        _card(desk, contact)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if not contact.is_erased:
                standing.of_customer(desk, contact.customer_id)
            _open_customer(desk, contact)


def of_customer(desk: Desk, contact: Contact) -> None:
    """Draw how a customer is reached, on his own card."""
    st.subheader(desk.say("contact.title"), anchor=False)
    if told := st.session_state.pop(TOLD, None):
        st.success(told, icon=":material/check_circle:")
    _card(desk, contact)


def _card(desk: Desk, contact: Contact) -> None:
    with st.container(border=True, gap="small"):
        _who(desk, contact)
        _agreed(desk, contact)
        with st.container(horizontal=True, gap="small"):
            _doings(desk, contact)


def _open_customer(desk: Desk, contact: Contact) -> None:
    st.button(
        desk.say("contact.open"),
        key=f"contact_open_{contact.customer_id}",
        icon=":material/badge:",
        type="tertiary",
        on_click=_open,
        args=(contact.customer_id,),
    )


def _open(customer_id: int) -> None:
    st.query_params.from_dict({"customer": str(customer_id)})


def _who(desk: Desk, contact: Contact) -> None:
    if contact.is_erased:
        st.markdown(blocks.plain(desk.say("contact.erased")))
        return
    parts = [contact.organisation_name, contact.name, contact.phone]
    told = [blocks.plain(part) for part in parts if part]
    st.markdown(f"**{' · '.join(told) or blocks.plain(desk.say('contact.unknown'))}**")
    keeper = contact.keeper or desk.say("contact.no_keeper")
    st.caption(blocks.plain(desk.say("contact.keeper", keeper=keeper)))


def _agreed(desk: Desk, contact: Contact) -> None:
    """Draw what the customer agreed to, and what he no longer does."""
    words = privacy.consents(desk.ask, customer_id=contact.customer_id)
    standing = words[words["counts"].astype("bool")]
    if standing.empty:
        st.caption(blocks.plain(desk.say("contact.no_consent")))
        return
    with st.container(horizontal=True, gap="xsmall"):
        for word in standing.to_dict("records"):
            key = "contact.agrees" if word["given"] else "contact.withdrew"
            said = desk.say(
                key,
                purpose=_word(desk, word["purpose"], "purpose"),
                channel=_word(desk, word["channel"], "channel"),
                day=day_date(int(word["on_day"])),
            )
            icon = ":material/check:" if word["given"] else ":material/block:"
            st.badge(said, icon=icon, color="green" if word["given"] else "gray")


def _doings(desk: Desk, contact: Contact) -> None:
    rights = desk.ask.scope.rights
    if contact.may_reveal:
        with st.popover(desk.say("contact.reveal"), icon=":material/visibility:"):
            _reveal(desk, contact)
    if "consent.record" in rights and not contact.is_erased:
        with st.popover(desk.say("contact.consent"), icon=":material/how_to_reg:"):
            _consent(desk, contact)
    if "keeper.assign" in rights and not contact.is_erased:
        with st.popover(desk.say("contact.assign"), icon=":material/person_add:"):
            _assign(desk, contact)
    if "privacy.file" in rights:
        with st.popover(desk.say("contact.file"), icon=":material/folder_shared:"):
            _file(desk, contact)
    if "privacy.erase" in rights and not contact.is_erased:
        with st.popover(desk.say("contact.erase"), icon=":material/delete_forever:"):
            _erase(desk, contact)


def _reveal(desk: Desk, contact: Contact) -> None:
    key = f"contact_reveal_{contact.customer_id}"
    purpose = reveal.purpose(desk, key=key)
    reason = _reason(desk, key)
    ready = purpose is not None and bool(reason)
    clicked = st.button(
        desk.say("contact.reveal_now"), key=f"{key}_do", type="primary", disabled=not ready
    )
    if not clicked or purpose is None:
        return

    def opened() -> tuple[str | None, str | None]:
        told = contacts.reveal(
            desk.ask, customer_id=contact.customer_id, purpose=purpose, reason=reason
        )
        return told.name, told.phone

    reveal.show(desk, opened)


def _consent(desk: Desk, contact: Contact) -> None:
    key = f"contact_consent_{contact.customer_id}"
    purpose = _choose(desk, Purpose, "purpose", key)
    channel = _choose(desk, Channel, "channel", key)
    source = _choose(desk, ConsentSource, "consent_source", key)
    version = st.text_input(
        desk.say("contact.version"), key=f"{key}_version", max_chars=privacy.LONGEST_VERSION
    )
    if purpose is None or channel is None or source is None:
        st.caption(blocks.plain(desk.say("contact.choose_all")))
        return

    def say(*, given: bool) -> None:
        privacy.record_consent(
            desk.ask,
            customer_id=contact.customer_id,
            purpose=purpose,
            channel=channel,
            given=given,
            source=source,
            text_version=version or "",
        )

    with st.container(horizontal=True):
        for given, name in ((True, "give"), (False, "withdraw")):
            st.button(
                desk.say(f"contact.{name}"),
                key=f"{key}_{name}",
                on_click=_do,
                args=(desk, lambda given=given: say(given=given), "contact.consent_saved"),
            )


def _assign(desk: Desk, contact: Contact) -> None:
    key = f"contact_keeper_{contact.customer_id}"
    names = [NOBODY, *contacts.keepers(desk.ask, customer_id=contact.customer_id)]
    chosen = st.selectbox(
        desk.say("contact.keeper_choose"),
        names,
        index=names.index(contact.keeper) if contact.keeper in names else 0,
        format_func=lambda name: name or desk.say("contact.no_keeper"),
        key=key,
    )

    def assign() -> None:
        contacts.assign(desk.ask, customer_id=contact.customer_id, keeper=chosen or NOBODY)

    st.button(
        desk.say("contact.assign_now"),
        key=f"{key}_do",
        on_click=_do,
        args=(desk, assign, "contact.assigned"),
    )


def _file(desk: Desk, contact: Contact) -> None:
    key = f"contact_file_{contact.customer_id}"
    identity = st.text_input(
        desk.say("contact.identity"),
        key=f"{key}_identity",
        max_chars=trail.LONGEST_REASON,
        placeholder=desk.say("contact.identity_hint"),
    )
    reason = _reason(desk, key)
    st.download_button(
        desk.say("contact.file_now"),
        lambda: privacy.as_json(
            privacy.person_file(
                desk.ask,
                customer_id=contact.customer_id,
                identity=identity or "",
                reason=reason,
            )
        ),
        file_name=f"customer-{contact.customer_id}.json",
        mime="application/json",
        key=f"{key}_do",
        on_click="ignore",
        icon=":material/download:",
        disabled=not ((identity or "").strip() and reason),
    )


def _erase(desk: Desk, contact: Contact) -> None:
    key = f"contact_erase_{contact.customer_id}"
    st.markdown(blocks.plain(desk.say("contact.erase_what")))
    reason = _reason(desk, key)
    word = desk.say("contact.erase_word")
    typed = st.text_input(desk.say("contact.erase_type", word=word), key=f"{key}_word")

    def erase() -> None:
        erasure.erase(desk.ask, customer_id=contact.customer_id, reason=reason)

    st.button(
        desk.say("contact.erase_now"),
        key=f"{key}_do",
        type="primary",
        on_click=_do,
        args=(desk, erase, "contact.erase_done"),
        disabled=not reason or (typed or "").strip().casefold() != word.casefold(),
    )


def _do(desk: Desk, act: Callable[[], None], told: str) -> None:
    try:
        act()
    except StationError as error:
        blocks.refused(desk, error)
        return
    st.session_state[TOLD] = desk.say(told)


def _choose(desk: Desk, kinds: type[Kind], topic: str, key: str) -> Kind | None:
    return st.pills(
        desk.say(f"contact.{topic}"),
        list(kinds),
        format_func=lambda kind: _word(desk, kind, topic),
        key=f"{key}_{topic}",
    )


def _reason(desk: Desk, key: str) -> str:
    said = st.text_input(
        desk.say("contact.reason"),
        key=f"{key}_reason",
        max_chars=trail.LONGEST_REASON,
        help=desk.say("contact.reason_help"),
    )
    return (said or "").strip()


def _word(desk: Desk, kind: str, topic: str) -> str:
    return desk.say(f"word.{topic}.{kind}")
