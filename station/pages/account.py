"""Who am I here, and what may I do?"""

from functools import partial

import streamlit as st

from station.errors import BadValueError
from station.pages import audit
from station.pages.parts import acts, blocks, calendar
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk, current
from station.services import board
from station.services.people import accounts

CHANGES = (
    Column("when", "page_account.when"),
    Column("what", "page_account.what"),
    Column("account", "page_account.who"),
)


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_account.title"), anchor=False)
    acts.told()
    scope = desk.ask.scope
    blocks.answer(
        desk.say(
            "page_account.answer",
            account=scope.account,
            role=desk.say(f"word.role.{scope.role}"),
            stations=len(scope.station_ids),
        )
    )
    _stations(desk)
    calendar.draw(desk)
    _password(desk)
    _changes(desk)


def _changes(desk: Desk) -> None:
    """List what was done to the account, so that nobody acts under it unseen."""
    done = accounts.own_changes(desk.ask)
    if done.empty:
        return
    own = {str(desk.ask.scope.account_id): desk.ask.scope.account}
    shown = done.assign(
        when=done["at"].map(partial(blocks.moment, desk)),
        what=done["object"].map(lambda name: audit.thing(desk, name, own)),
    )
    title = desk.say("page_account.changes")
    st.subheader(title, anchor=False)
    blocks.table(desk, shown, CHANGES, key="account_changes", alt=title)


def _stations(desk: Desk) -> None:
    if "board.read" in desk.ask.scope.rights:
        names = board.stations_known(desk.ask)["name"].tolist()
        st.markdown(blocks.plain(desk.say("page_account.stations", names=" · ".join(names))))


def _password(desk: Desk) -> None:
    st.subheader(desk.say("page_account.password"), anchor=False)
    least = desk.ask.settings.sign_in.min_password
    with st.form("account_password", clear_on_submit=True, width=420):
        old = st.text_input(desk.say("page_account.old"), type="password", max_chars=128)
        new = st.text_input(
            desk.say("door.new_password", least=least), type="password", max_chars=128
        )
        again = st.text_input(desk.say("door.again"), type="password", max_chars=128)
        if st.form_submit_button(desk.say("page_account.change"), type="primary"):
            _change(desk, old, new, again)


def _change(desk: Desk, old: str, new: str, again: str) -> None:
    def changed() -> str:
        if new != again:
            raise BadValueError("sign_in.passwords_differ")
        accounts.change_password(desk.ask, old=old, new=new)
        return desk.say("page_account.changed")

    acts.do(desk, changed)


if __name__ == "__main__":
    render()
