"""Which scans are kept with a customer, for whoever works there."""

import streamlit as st

from station.errors import StationError
from station.pages.parts import acts, blocks
from station.pages.parts.desk import Desk
from station.services import trail
from station.services.customers import attachments
from station.services.customers.attachments import Scan, ScanKind

RIGHT, EDIT = "contact.reveal", "customers.edit"
KILO = 1024
ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}


def draw(desk: Desk, *, customer_id: int) -> None:
    """Draw the scans kept with a customer; nothing for whoever has no part in him."""
    if RIGHT not in desk.ask.scope.rights:
        return
    try:
        shown = attachments.listing(desk.ask, customer_id=customer_id)
    except StationError:  # he works elsewhere, and sees the customer by another right
        return
    st.subheader(desk.say("attachments.title", scans=len(shown.scans)), anchor=False)
    for scan in shown.scans:
        with st.container(border=True, gap="xsmall"):
            _scan(desk, customer_id, scan, may_open=shown.may_open)
    if not shown.may_open and shown.scans:
        st.caption(blocks.plain(desk.say("attachments.not_yours")))
    if EDIT in desk.ask.scope.rights:
        _add(desk, customer_id)


def _scan(desk: Desk, customer_id: int, scan: Scan, *, may_open: bool) -> None:
    kind = desk.say(f"word.scan_kind.{scan.kind}")
    st.markdown(f"**{blocks.plain(scan.name or kind)}**")
    told = desk.say(
        "attachments.about",
        kind=kind,
        size=max(1, scan.size_bytes // KILO),
        account=scan.account,
        when=blocks.moment(desk, scan.written_at),
    )
    st.caption(blocks.plain(told))
    with st.container(horizontal=True):
        if may_open:
            _open(desk, customer_id, scan)
        if EDIT in desk.ask.scope.rights:
            acts.with_reason(
                desk,
                key=f"attachments_remove_{scan.id}",
                label="attachments.remove",
                icon=":material/delete:",
                act=lambda reason: _removed(desk, customer_id, scan.id, reason),
            )


def _open(desk: Desk, customer_id: int, scan: Scan) -> None:
    key = f"attachments_open_{scan.id}"
    with st.popover(desk.say("attachments.open"), icon=":material/visibility:"):
        reason = st.text_input(
            desk.say("contact.reason"), key=f"{key}_reason", max_chars=trail.LONGEST_REASON
        )
        st.download_button(
            desk.say("attachments.open_now"),
            lambda: attachments.opened(
                desk.ask, customer_id=customer_id, attachment_id=scan.id, reason=reason or ""
            ),
            file_name=f"scan-{scan.id}.{ENDINGS[scan.media_type]}",
            mime=scan.media_type,
            key=f"{key}_do",
            on_click="ignore",
            icon=":material/download:",
            disabled=not (reason or "").strip(),
        )


def _removed(desk: Desk, customer_id: int, attachment_id: int, reason: str) -> str:
    attachments.remove(
        desk.ask, customer_id=customer_id, attachment_id=attachment_id, reason=reason
    )
    return desk.say("attachments.removed")


def _add(desk: Desk, customer_id: int) -> None:
    key = f"attachments_{customer_id}"
    limit = desk.ask.settings.attachments.max_kilobytes
    with (
        st.expander(desk.say("attachments.add"), icon=":material/attach_file:"),
        st.form(acts.fresh(f"{key}_form"), border=False),
    ):
        file = st.file_uploader(
            desk.say("attachments.file", limit=limit),
            type=list(ENDINGS.values()),
            key=acts.fresh(f"{key}_file"),
        )
        kind = st.selectbox(
            desk.say("attachments.kind"),
            list(ScanKind),
            format_func=lambda kind: desk.say(f"word.scan_kind.{kind}"),
            key=acts.fresh(f"{key}_kind"),
        )
        sent = st.form_submit_button(desk.say("attachments.save"), key=acts.fresh(f"{key}_save"))

    def add() -> str:
        attachments.add(
            desk.ask,
            customer_id=customer_id,
            kind=kind or ScanKind.OTHER,
            name=file.name if file else "",
            content=file.getvalue() if file else b"",
        )
        return desk.say("attachments.saved")

    if sent:
        acts.do(desk, add)
