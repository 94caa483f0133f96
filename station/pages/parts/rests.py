"""Who has been silent for so long that calling is no use, and who was put to rest for that?"""

import pandas as pd
import streamlit as st

from station.pages.parts import acts, blocks
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk
from station.services.calls import resting

SILENT = (
    Column("who", "page_lifecycle.who"),
    Column("grade", "page_lifecycle.grade", "grade"),
    Column("last_day", "rests.last_day", "day"),
    Column("talked_day", "rests.talked_day", "day"),
    Column("said", "rests.said", "call_code"),
    Column("p_return", "rests.chance", "percent"),
    Column("keeper", "page_lifecycle.keeper"),
    Column("station", "page_lifecycle.station"),
)
RESTING = (
    Column("who", "page_lifecycle.who"),
    Column("grade", "page_lifecycle.grade", "grade"),
    Column("last_day", "rests.last_day", "day"),
    Column("made_at", "rests.since", "moment"),
    Column("reason", "blocks.reason"),
    Column("account", "rests.by"),
)


def draw(desk: Desk) -> None:
    """List who is silent, let some be put to rest, and undo it with one press."""
    days = desk.ask.settings.calls.silent_days
    st.caption(blocks.plain(desk.say("rests.told", days=days)))
    rows = resting.silent(desk.ask, stations=desk.stations)
    title = desk.say("rests.silent", customers=len(rows), days=days)
    page = blocks.names(desk, rows, SILENT, key="rests_silent", title=title, empty="rests.nobody")
    if len(page):
        _put(desk, page)
    rows = resting.resting(desk.ask, stations=desk.stations)
    if len(rows):
        title = desk.say("rests.resting", customers=len(rows))
        page = blocks.names(desk, rows, RESTING, key="rests_resting", title=title)
        _undo(desk, rows)
        _wake(desk, page)


def _put(desk: Desk, page: pd.DataFrame) -> None:
    """Let some of the page be put to rest; none are chosen beforehand."""
    with st.form(acts.fresh("rests_form")):
        chosen = _choice(desk, page, "rests_which")
        reason = acts.why(desk, key="rests_why")
        sent = st.form_submit_button(desk.say("rests.put"), key=acts.fresh("rests_put"))

    def put() -> str:
        count = resting.put(desk.ask, customer_ids=chosen, reason=reason)
        return desk.say("rests.done", customers=count)

    if sent and chosen:
        acts.do(desk, put)


def _choice(desk: Desk, page: pd.DataFrame, key: str) -> list[int]:
    names = dict(zip(page["customer_id"].astype("int64").tolist(), page["who"], strict=True))
    return st.multiselect(
        desk.say("rests.which"), list(names), format_func=names.__getitem__, key=acts.fresh(key)
    )


def _undo(desk: Desk, rows: pd.DataFrame) -> None:
    """Draw the one press that takes back the last time that some were put to rest."""
    last = rows[(rows["made_at"] == rows["made_at"].max())]
    when = blocks.moment(desk, int(last["made_at"].iloc[0]))
    label = desk.say("rests.undo", customers=len(last), when=when)
    if st.button(label, key=acts.fresh("rests_undo"), icon=":material/undo:"):
        _back(desk, last["customer_id"].astype("int64").tolist())


def _wake(desk: Desk, page: pd.DataFrame) -> None:
    with st.form(acts.fresh("rests_wake_form")):
        chosen = _choice(desk, page, "rests_wake_which")
        sent = st.form_submit_button(desk.say("rests.wake"), key=acts.fresh("rests_wake"))
    if sent and chosen:
        _back(desk, chosen)


def _back(desk: Desk, customer_ids: list[int]) -> None:
    def back() -> str:
        return desk.say("rests.back", customers=resting.wake(desk.ask, customer_ids=customer_ids))

    acts.do(desk, back)
