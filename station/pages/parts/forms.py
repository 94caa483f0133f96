"""Forms to print for this customer: blank of personal words, or filled for a reason."""

import streamlit as st

from station.model import PaperForm
from station.pages.parts import acts, blocks
from station.pages.parts.desk import Desk
from station.services.customers import contacts, forms

MEDIA = "text/html"


def draw(desk: Desk, *, customer_id: int) -> None:
    """Draw which form may be printed, and the downloads."""
    st.subheader(desk.say("forms.title"), anchor=False)
    key = f"forms_{customer_id}"
    kind = st.segmented_control(
        desk.say("forms.which"),
        list(PaperForm),
        default=PaperForm.CARD_APPLICATION,
        format_func=lambda kind: desk.say(f"forms.title_{kind}"),
        key=f"{key}_kind",
        required=True,
    )
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            desk.say("forms.blank"),
            lambda: forms.blank(desk.ask, customer_id=customer_id, kind=kind, lang=desk.lang),
            file_name=f"{kind}-{customer_id}.html",
            mime=MEDIA,
            key=f"{key}_blank",
            on_click="ignore",
            icon=":material/print:",
        )
        if contacts.of_customer(desk.ask, customer_id=customer_id).may_reveal:
            with st.popover(desk.say("forms.filled"), icon=":material/visibility:"):
                _filled(desk, customer_id, kind)
    st.caption(blocks.plain(desk.say("forms.how")))


def _filled(desk: Desk, customer_id: int, kind: PaperForm) -> None:
    key = f"forms_{customer_id}_filled"
    reason = acts.why(desk, key=f"{key}_reason")
    st.download_button(
        desk.say("forms.filled_now"),
        lambda: forms.filled(
            desk.ask, customer_id=customer_id, kind=kind, lang=desk.lang, reason=reason
        ),
        file_name=f"{kind}-{customer_id}.html",
        mime=MEDIA,
        key=f"{key}_do",
        on_click="ignore",
        icon=":material/print:",
        disabled=not reason.strip(),
    )
    st.caption(blocks.plain(desk.say("forms.counted")))
