"""Who has registered himself and waits to be confirmed, and the code by which people come to it."""

from urllib.parse import urlsplit

import streamlit as st

from station.pages.parts import acts, blocks
from station.pages.parts.desk import Desk
from station.services import board
from station.services.customers import registering
from station.services.customers.registering import Waiting

CODE_PX = 260


def draw(desk: Desk, waiting: list[Waiting]) -> None:
    """Draw who waits to be confirmed, whoever waits longest first."""
    st.caption(blocks.plain(desk.say("page_prospects.about_waiting")))
    if not waiting:
        st.info(desk.say("page_prospects.nobody_waits"))
        return
    size = desk.ask.settings.dashboard.page_rows
    if len(waiting) > size:
        st.caption(desk.say("page_prospects.first_waiting", shown=size, waiting=len(waiting)))
    for row in waiting[:size]:
        with st.container(border=True, gap="small"):
            _one_waiting(desk, row)


def _one_waiting(desk: Desk, row: Waiting) -> None:
    parts = [part for part in (row.name, row.phone, row.plate) if part]
    shut = desk.say("page_prospects.shut")
    st.markdown(f"**{blocks.plain(' · '.join(parts) or shut)}**")
    when = desk.say(
        "page_prospects.registered",
        when=blocks.moment(desk, row.made_at),
        station=row.station,
    )
    agreed = desk.say("blocks.and").join(
        f"{desk.say(f'word.purpose.{purpose}')} ({desk.say(f'word.channel.{channel}')})"
        for purpose, channel in row.agreed
    )
    wants = desk.say("page_prospects.agrees", what=agreed) if agreed else ""
    due = desk.say("page_prospects.promised", reward=row.reward) if row.reward else ""
    st.caption(blocks.plain(" ".join(filter(None, [when, wants, due]))))
    with st.container(horizontal=True):
        confirm = st.button(
            desk.say("page_prospects.confirm"),
            type="primary",
            icon=":material/how_to_reg:",
            key=acts.fresh(f"prospects_confirm_{row.id}"),
            disabled=not parts,
        )
        acts.with_reason(
            desk,
            key=f"prospects_decline_{row.id}",
            label="page_prospects.decline",
            icon=":material/person_remove:",
            act=lambda reason: _declined(desk, row.id, reason),
        )
    if confirm:
        acts.do(desk, lambda: _confirmed(desk, row))


def _confirmed(desk: Desk, row: Waiting) -> str:
    told = registering.confirm(desk.ask, registration_id=row.id)
    said = desk.say("page_prospects.completed" if told.was_known else "page_prospects.confirmed")
    if told.reward:
        said += desk.say("page_prospects.give_reward", reward=told.reward)
    elif row.reward:
        said += desk.say("page_prospects.had_reward", reward=row.reward)
    return said


def _declined(desk: Desk, registration_id: int, reason: str) -> str:
    registering.decline(desk.ask, registration_id=registration_id, reason=reason)
    return desk.say("page_prospects.declined")


def counter_code(desk: Desk) -> None:
    """Draw the picture by which people find the page of a station."""
    known = board.stations_known(desk.ask)
    names: dict[str, str] = dict(zip(known["code"], known["name"], strict=True))
    with st.popover(desk.say("page_prospects.code"), icon=":material/qr_code_2:"):
        station = st.selectbox(
            desk.say("page_prospects.station"),
            list(names),
            format_func=names.__getitem__,
            key="prospects_code_station",
        )
        code = registering.counter_code(desk.ask, station=station or "", server=_server(desk))
        if code is None:
            st.caption(blocks.plain(desk.say("page_prospects.code_closed")))
            return
        st.image(code.picture, width=CODE_PX)
        st.code(code.address, language=None, wrap_lines=True)
        st.caption(blocks.plain(desk.say("page_prospects.code_told")))
        st.download_button(
            desk.say("page_prospects.code_save"),
            code.picture,
            file_name=f"join-{station}.png",
            mime="image/png",
            key="prospects_code_save",
            on_click="ignore",
        )


def _server(desk: Desk) -> str:
    """Return the address under which the reader sees the dashboard."""
    parts = urlsplit(st.context.url or "")
    rules = desk.ask.settings.server
    there = f"http://{rules.allowed_hosts[0]}:{rules.port}"
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else there
