"""The tills that may ask, on the page Users: listed, asked for, given a key, taken away."""

from typing import Any

import pandas as pd
import streamlit as st

from station.pages.parts import acts, blocks
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk
from station.services import board
from station.services.people import terminals
from station.services.people.terminals import Keyed

KEY = "tills_key"
WIDTH_PX = 320
ICONS = {"active": ":material/check_circle:", "revoked": ":material/block:"}
COLUMNS = (
    Column("name", "page_users.till"),
    Column("station_name", "page_users.till_station"),
    Column("number", "page_users.till_number"),
    Column("state", "page_users.state", "till_state"),
    Column("seen_at", "page_users.till_seen", "moment"),
    Column("keyed_at", "page_users.till_keyed", "moment"),
)


def section(desk: Desk) -> None:
    """Draw the section."""
    known = _known(desk)
    active = int((known["state"] == "active").sum())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(desk.say("page_users.tills", tills=active), anchor=False, width="content")
        if "users.keep" in desk.ask.scope.rights:
            _add(desk)
    _show_key(desk)
    _waiting(desk, known)
    if known.empty:
        st.caption(desk.say("page_users.no_tills"))
        return
    blocks.table(desk, known, COLUMNS, key="users_tills", alt=desk.say("page_users.till"))
    if "users.keep" in desk.ask.scope.rights:
        _one(desk, known[known["state"] == "active"])


def _known(desk: Desk) -> pd.DataFrame:
    """Return the terminals with their state and their station's name."""
    known = terminals.listing(desk.ask)
    names = board.stations_known(desk.ask).set_index("code")["name"]
    state = known["revoked_at"].isna().map({True: "active", False: "revoked"})
    return known.assign(
        state=state, station_name=known["station"].map(names).fillna(known["station"])
    )


def _add(desk: Desk) -> None:
    label = desk.say("page_users.till_add")
    with st.popover(label, icon=":material/point_of_sale:", key=acts.fresh("tills_add_open")):
        st.caption(desk.say("page_users.till_told"))
        known = board.stations_known(desk.ask)
        sites = {
            str(code): str(name) for code, name in zip(known["code"], known["name"], strict=True)
        }
        with st.form(acts.fresh("tills_add"), border=False):
            name = st.text_input(
                desk.say("page_users.till"), max_chars=40, key=acts.fresh("tills_add_name")
            )
            number = st.text_input(
                desk.say("page_users.till_number"),
                max_chars=40,
                key=acts.fresh("tills_add_number"),
                help=desk.say("page_users.till_number_told"),
            )
            station = st.selectbox(
                desk.say("page_users.till_station"),
                list(sites),
                format_func=lambda code: str(sites[code]),
                key=acts.fresh("tills_add_station"),
            )
            reason = acts.why(desk, key="tills_add_reason")
            sent = st.form_submit_button(label, type="primary", key=acts.fresh("tills_add_do"))
        if sent and station:
            plan = {"name": name, "station": station, "number": number}
            acts.do(desk, lambda: _keyed(desk, terminals.add(desk.ask, **plan, reason=reason)))


def _keyed(desk: Desk, made: Keyed) -> str:
    """Keep a key for the one moment in which it is shown, and return what was done or waits."""
    if made.request:
        return desk.say("page_users.till_asked", request=made.request)
    st.session_state[KEY] = made
    return desk.say("page_users.till_done", till=made.name)


def _show_key(desk: Desk) -> None:
    """Show a key once; it is kept nowhere."""
    made: Any = st.session_state.pop(KEY, None)
    if made is None:
        return
    with st.container(border=True):
        st.markdown(blocks.plain(desk.say("page_users.till_key", till=made.name)))
        st.code(made.key, language=None, wrap_lines=True)
        st.caption(desk.say("page_users.link_once"))


def _waiting(desk: Desk, known: pd.DataFrame) -> None:
    """Let the asker be shown the keys that he asked for and another agreed to."""
    for name in known.loc[known["waits"], "name"]:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(blocks.plain(desk.say("page_users.till_waits", till=name)))
            label = desk.say("page_users.till_collect")
            if st.button(label, type="primary", icon=":material/key:", key=f"tills_key_{name}"):
                _collect(desk, str(name))


def _collect(desk: Desk, name: str) -> None:
    acts.do(desk, lambda: _keyed(desk, terminals.collect(desk.ask, name=name)))


def _one(desk: Desk, active: pd.DataFrame) -> None:
    """Let one terminal be chosen, and be given a new key or none."""
    titles = {
        str(r["name"]): f"{r['name']} · {r['station_name']}" for r in active.to_dict("records")
    }
    chosen = blocks.pick(desk, key="tills_one", label="page_users.till_choose", options=titles)
    if not chosen:
        return

    def rotated(reason: str) -> str:
        return _keyed(desk, terminals.rotate(desk.ask, name=chosen, reason=reason))

    def revoked(reason: str) -> str:
        terminals.revoke(desk.ask, name=chosen, reason=reason)
        return desk.say("page_users.till_revoked", till=chosen)

    with st.container(horizontal=True):
        for act, icon, done in (
            ("rotate", ":material/key:", rotated),
            ("revoke", ":material/block:", revoked),
        ):
            acts.with_reason(
                desk,
                key=f"tills_{act}",
                label=f"page_users.till_{act}",
                icon=icon,
                act=done,
                about=f"page_users.till_{act}_told",
            )
