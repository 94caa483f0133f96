"""Which dates with customers passed, which come, and who has none?"""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from station.model import day_number
from station.pages.parts import acts, blocks
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk
from station.services import board
from station.services.calls import escalating, reminding
from station.services.calls.escalating import Told
from station.services.calls.reminding import Date, Undated

LATE, SOON, NONE = "late", "soon", "none"
COLUMNS = (
    Column("who", "page_care.who"),
    Column("grade", "page_care.grade"),
    Column("on", "page_care.agreed", "day"),
    Column("late", "page_care.late_days", "count"),
    Column("told", "page_care.told"),
    Column("why", "page_care.why", "call_purpose"),
    Column("account", "page_care.keeper"),
    Column("station", "page_care.station"),
)
AHEAD = tuple(column for column in COLUMNS if column.name not in {"late", "told"})
WITHOUT = tuple(column for column in AHEAD if column.name not in {"on", "why"})


def draw(desk: Desk, late: Mapping[Told, Sequence[Date]]) -> None:
    """Draw the dates that passed, the longest ago first, then those ahead, then who has none."""
    passed = [one for who in reversed(Told) for one in late[who]]
    title = desk.say("page_care.passed", dates=len(passed))
    st.subheader(blocks.plain(title), anchor=False)
    rules = desk.ask.settings.reminding
    st.caption(
        blocks.plain(
            desk.say(
                "page_care.about_passed", staff=rules.staff_days, manager=rules.manager_days,
                reassign=rules.reassign_days,
            )
        )
    )  # fmt: skip
    _list(desk, passed, COLUMNS, LATE, title)
    if late[Told.REASSIGN] and "calls.assign" in desk.ask.scope.rights:
        _reassign(desk, late[Told.REASSIGN])
    ahead = escalating.coming(desk.ask, stations=desk.stations)
    title = desk.say("page_care.ahead", dates=len(ahead))
    st.subheader(blocks.plain(title), anchor=False)
    _list(desk, ahead, AHEAD, SOON, title)
    _undated(desk, reminding.undated(desk.ask, stations=desk.stations))


def _list(
    desk: Desk, found: Sequence[Date], columns: tuple[Column, ...], key: str, title: str
) -> None:
    if not found:
        st.info(desk.say(f"page_care.{key}_none"))
        return
    rows = pd.DataFrame([_row(desk, one) for one in found])
    blocks.table(desk, _placed(desk, rows), columns, key=f"dates_{key}", alt=title)


def _placed(desk: Desk, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the names of their stations in place of the codes."""
    known = board.stations_known(desk.ask)
    names = dict(zip(known["code"], known["name"], strict=True))
    return rows.assign(station=rows["station"].map(names).fillna(rows["station"]))


def _row(desk: Desk, one: Date) -> dict[str, object]:
    level = Told(one.told_level)
    return {
        "customer_id": one.customer_id,
        "who": one.name,
        "grade": one.grade,
        "on": day_number(one.on),
        "late": max(one.late_days, 0),
        "told": desk.say(f"page_care.told_{level.name.lower()}"),
        "why": one.why.value,
        "account": one.account,
        "station": one.station,
    }


def _reassign(desk: Desk, late: Sequence[Date]) -> None:
    """Offer a customer whose date passed long ago to somebody else."""
    names = {str(one.customer_id): f"{one.name} · {one.account}" for one in late}
    with st.container(border=True):
        st.markdown(f"**{blocks.plain(desk.say('page_care.reassign'))}**")
        chosen = blocks.pick(desk, key="dates_who", label="page_care.choose", options=names)
        if not chosen:
            return
        takers = escalating.takers(desk.ask, customer_id=int(chosen))
        to = st.selectbox(desk.say("page_care.taker"), takers, key=acts.fresh("dates_taker"))
        reason = acts.why(desk, key="dates_reason")
        key = acts.fresh("dates_give")
        if st.button(desk.say("page_care.give"), key=key, type="primary", disabled=not to):
            acts.do(desk, lambda: _given(desk, int(chosen), str(to), reason))


def _given(desk: Desk, customer_id: int, to: str, reason: str) -> str:
    escalating.reassign(desk.ask, customer_id=customer_id, to=to, reason=reason)
    return desk.say("page_care.given", to=to)


def _undated(desk: Desk, found: Sequence[Undated]) -> None:
    if not found:
        st.caption(blocks.plain(desk.say("page_care.all_dated")))
        return
    title = desk.say("page_care.undated", customers=len(found))
    st.subheader(blocks.plain(title), anchor=False)
    st.caption(blocks.plain(desk.say("page_care.about_undated")))
    rows = pd.DataFrame(
        [
            {
                "customer_id": one.customer_id,
                "who": one.name,
                "grade": one.grade,
                "account": one.account,
                "station": one.station,
            }
            for one in found
        ]
    )
    blocks.table(desk, _placed(desk, rows), WITHOUT, key=f"dates_{NONE}", alt=title)
