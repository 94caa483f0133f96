"""Who is signed in, and the way in and out, as the pages show it."""

import json
from typing import Any

import streamlit as st

from station import text
from station.errors import SignInError
from station.pages.parts import blocks
from station.pages.parts import desk as desks
from station.services.ask import Ask
from station.services.people import company, sign_in

SIGN_IN, SIGN_OUT, BACK, FAILED = "/sign-in", "/sign-out", "/company/back", "/sign-in?company=1"
SETTING_OUT = "company"
"""Stands in the address of whoever is on his way to the company's own sign-in, not back."""


def person(lang: str, ask: Ask) -> None:
    """Write who is signed in, and the way out."""
    role = text.say(lang, f"word.role.{ask.scope.role}")
    if sign_in.is_demo(ask.db):
        st.badge(text.say(lang, "front.demo"), icon=":material/science:", color="orange")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{blocks.plain(ask.scope.account)}**  \n:gray[:small[{role}]]")
        if st.button(
            "",
            icon=":material/logout:",
            help=text.say(lang, "front.sign_out"),
            key="sign_out",
            type="tertiary",
        ):
            _post(SIGN_OUT)


def draw(lang: str, error: SignInError) -> None:
    """Send whoever is not signed in to where he can."""
    settings, _ = desks.opened()
    way = st.context.cookies.get(company.way_cookie(settings.sign_in), "")
    if settings.sign_in.oidc and company.is_way(way):
        _company(way)
        return
    st.info(blocks.plain(text.say(lang, error.key, **error.facts)), icon=":material/lock:")
    _link(text.say(lang, "door.to_sign_in"), SIGN_IN)
    _go(SIGN_IN)


def _company(way: str) -> None:
    """Let the company's own sign-in say who this is, and have its word exchanged at the door."""
    if SETTING_OUT in st.query_params:
        st.login()
        return
    told: dict[str, Any] = st.user.to_dict()
    try:
        ticket = company.ticket(told, client_id=st.secrets["auth"]["client_id"], way=way)
    except SignInError:
        _go(FAILED)
        return
    _post(BACK, ticket=ticket)


def _link(label: str, path: str) -> None:
    st.markdown(f"[{blocks.plain(label)}]({path})")


def _go(path: str) -> None:
    """Open a path of ours in the place of this page."""
    _script(f"window.location.assign({json.dumps(path)});")


def _post(path: str, **fields: str) -> None:
    """Send a form of ours in the place of this page; none of its fields was typed by anybody."""
    _script(
        "const form = document.createElement('form');"
        f"form.method = 'post'; form.action = {json.dumps(path)};"
        f"for (const [name, value] of Object.entries({json.dumps(fields)})) {{"
        "const field = document.createElement('input');"
        "field.type = 'hidden'; field.name = name; field.value = value; form.append(field); }"
        "document.body.append(form); form.submit();"
    )


def _script(words: str) -> None:
    st.html(f"<script>{words}</script>", unsafe_allow_javascript=True)
