"""How complete are the cards, and whom must we ask again?"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from station.model import day_date
from station.pages.parts import blocks, charts, enrol
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk, current
from station.services import board
from station.services.customers import completeness, fields
from station.services.customers.completeness import Overview

MONTHS = ("this_month", "last_so_far", "last_month")
STATIONS = (
    Column("name", "page_completeness.station"),
    *(
        Column(name, f"page_completeness.{name}", "count")
        for name in ("cards", "score", "unfinished", *MONTHS)
    ),
)
STAFF = (
    Column("account", "page_completeness.account"),
    *(
        Column(name, f"page_completeness.{name}", "count")
        for name in ("kept", "kept_score", "made", "made_score", *MONTHS)
    ),
)
SHOWN_STAFF = 12
MISSING_NAMED = 3
MINE = "mine"


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_completeness.title"), anchor=False)
    told = completeness.overview(desk.ask, stations=desk.stations)
    if not told.cards:
        blocks.answer(desk.say("page_completeness.answer_none"))
        enrol.button(desk, key="completeness_enrol")
        return
    blocks.answer(_answer(desk, told))
    enrol.button(desk, key="completeness_enrol")
    if len(told.stations) > 1:
        _stations(desk, told.stations)
    _unfinished(desk)
    _stale(desk)
    _tables(desk, told)


def _answer(desk: Desk, told: Overview) -> str:
    sums = told.stations[list(MONTHS)].sum()
    return desk.say(
        "page_completeness.answer",
        cards=told.cards,
        score=told.score,
        unfinished=told.unfinished,
        line=desk.ask.settings.completeness.line,
        this_month=int(sums["this_month"]),
        last_so_far=int(sums["last_so_far"]),
    )


def _stations(desk: Desk, stations: pd.DataFrame) -> None:
    rows = _named(desk, stations)
    lowest = rows.iloc[0]
    title = desk.say(
        "page_completeness.by_station", station=lowest["name"], score=int(lowest["score"])
    )
    figure = charts.bars(rows["name"].tolist(), rows["score"].tolist(), title=title)
    blocks.chart(figure, key="completeness_stations", alt=title)


def _named(desk: Desk, stations: pd.DataFrame) -> pd.DataFrame:
    names = board.stations_known(desk.ask).set_index("code")["name"]
    return stations.assign(name=stations["station"].map(names))


def _unfinished(desk: Desk) -> None:
    every = completeness.unfinished(desk.ask, stations=desk.stations)
    mine = every[every["keeper"] == desk.ask.scope.account]
    chosen = None
    if len(mine):
        chosen = blocks.choose(
            desk,
            key="completeness_whose",
            label="page_completeness.whose",
            options={MINE: f"{desk.say('page_completeness.mine')} **{len(mine):,}**"},
        )
    rows = mine if chosen == MINE else every
    title = desk.say("page_completeness.list", count=len(rows))
    st.subheader(blocks.plain(title), anchor=False)
    if rows.empty:
        st.info(desk.say("page_completeness.list_none"))
    for row in blocks.paged(desk, rows, key="completeness_list").to_dict("records"):
        said = desk.say(
            "page_completeness.one",
            who=row["who"],
            score=int(row["score"]),
            day=day_date(int(row["first_day"])),
        )
        _line(row, said, _missing(desk, row["missing"]))


def _line(row: Mapping[Any, Any], said: str, detail: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        enrol.link(int(row["customer_id"]), said)
        st.caption(blocks.plain(detail), width="content")


def _missing(desk: Desk, names: list[str]) -> str:
    known = fields.known_fields(desk.ask.settings)
    labels = [fields.label(desk.lang, known[name]) for name in names[:MISSING_NAMED]]
    return desk.say("page_completeness.missing", names=desk.say("blocks.and").join(labels))


def _stale(desk: Desk) -> None:
    found = completeness.stale(desk.ask, stations=desk.stations)
    sums = found.counts[["wrong", "stale"]].sum() if len(found.counts) else {"wrong": 0, "stale": 0}
    if found.rows.empty:
        st.success(desk.say("page_completeness.stale_none"), icon=":material/check_circle:")
        return
    title = desk.say(
        "page_completeness.stale",
        wrong=int(sums["wrong"]),
        stale=int(sums["stale"]),
        days=desk.ask.settings.completeness.stale_days,
    )
    st.subheader(blocks.plain(title), anchor=False)
    for count in _named(desk, found.counts).to_dict("records"):
        facts = {name: int(count[name]) for name in ("wrong", "stale")}
        said = desk.say("page_completeness.stale_station", station=count["name"], **facts)
        st.caption(blocks.plain(said))
    if len(found.rows) < sum(int(sums[name]) for name in ("wrong", "stale")):
        st.caption(blocks.plain(desk.say("page_completeness.stale_shown", shown=len(found.rows))))
    known = fields.known_fields(desk.ask.settings)
    for row in blocks.paged(desk, found.rows, key="completeness_stale").to_dict("records"):
        field = fields.label(desk.lang, known[row["field"]])
        said = desk.say("page_completeness.stale_one", who=row["who"], field=field)
        _line(row, said, _checked(desk, row))


def _checked(desk: Desk, row: Mapping[Any, Any]) -> str:
    if not row["is_good"]:
        return desk.say("page_completeness.wrong")
    if pd.isna(row["checked_day"]):
        return desk.say("page_completeness.never")
    return desk.say("page_completeness.since", day=day_date(int(row["checked_day"])))


def _tables(desk: Desk, told: Overview) -> None:
    title = desk.say("page_completeness.stations")
    st.subheader(title, anchor=False)
    stations = _named(desk, told.stations)
    blocks.table(desk, stations, STATIONS, key="completeness_by_station", alt=title)
    made = told.staff[told.staff["made"] > 0].head(SHOWN_STAFF)
    if len(made):
        heading = desk.say("page_completeness.by_staff")
        figure = charts.bars(
            made["account"].tolist(), made["made_score"].round().tolist(), title=heading
        )
        blocks.chart(figure, key="completeness_staff", alt=heading)
    if len(told.staff):
        title = desk.say("page_completeness.staff")
        st.subheader(title, anchor=False)
        rounded = told.staff.assign(
            **{name: told.staff[name].round() for name in ("kept_score", "made_score")}
        )
        blocks.table(desk, rounded, STAFF, key="completeness_by_staff", alt=title)


if __name__ == "__main__":
    render()
