"""Whom have we cared for lately, do newcomers come a third time, and how was the week?"""

import math

import pandas as pd
import streamlit as st

from station.pages.parts import blocks, charts
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk, current
from station.services.calls import newcomers, weeks
from station.services.calls.escalating import Told
from station.services.calls.weeks import Week

GRADES = (
    Column("grade", "page_coverage.grade"),
    Column("customers", "page_coverage.customers", "count"),
    Column("cared", "page_coverage.cared", "count"),
    Column("share", "page_coverage.share", "percent"),
)
STATIONS = (
    Column("station_name", "page_coverage.station"),
    Column("newcomers", "page_coverage.newcomers", "count"),
    Column("third", "page_coverage.third", "count"),
    Column("share", "page_coverage.share", "percent"),
    Column("limits", "page_coverage.limits"),
)
STAFF = (
    Column("account", "page_coverage.account"),
    Column("calls", "page_coverage.calls", "count"),
    Column("late", "page_coverage.late", "count"),
)


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_coverage.title"), anchor=False)
    told = weeks.coverage(desk.ask, stations=desk.stations)
    came = newcomers.third_fills(desk.ask, stations=desk.stations)
    blocks.answer(_answer(desk, told, came))
    _coverage(desk, told)
    _newcomers(desk, came)
    _week(desk, weeks.week(desk.ask, stations=desk.stations))


def _answer(desk: Desk, told: pd.DataFrame, came: pd.DataFrame) -> str:
    best = told[told["grade"].isin(["A", "B"])]
    facts = {
        "days": desk.ask.settings.care.coverage_days,
        "customers": int(best["customers"].sum()),
    }
    if not facts["customers"]:
        said = desk.say("page_coverage.answer_none", **facts)
    else:
        share = float(best["cared"].sum() / best["customers"].sum())
        said = desk.say("page_coverage.answer", share=share, **facts)
    tries, within = int(came["newcomers"].sum()), desk.ask.settings.care.third_fill_days
    if not tries:
        return said + desk.say("page_coverage.answer_no_newcomers", within=within)
    share = float(came["third"].sum() / tries)
    return said + desk.say("page_coverage.answer_third", share=share, within=within, tries=tries)


def _coverage(desk: Desk, told: pd.DataFrame) -> None:
    title = desk.say("page_coverage.by_grade", days=desk.ask.settings.care.coverage_days)
    shares = [0.0 if math.isnan(one) else one for one in told["share"]]
    texts = [
        desk.say("page_coverage.of", cared=int(cared), customers=int(customers))
        for cared, customers in zip(told["cared"], told["customers"], strict=True)
    ]
    if any(shares):
        figure = charts.bars(told["grade"].tolist(), shares, title=title, texts=texts)
        blocks.chart(figure, key="coverage_grades", alt=title)
    else:
        st.subheader(blocks.plain(title), anchor=False)
    blocks.table(desk, told, GRADES, key="coverage_table", alt=title)


def _newcomers(desk: Desk, came: pd.DataFrame) -> None:
    rules = desk.ask.settings.care
    title = desk.say("page_coverage.third_title", within=rules.third_fill_days)
    st.subheader(blocks.plain(title), anchor=False)
    about = desk.say(
        "page_coverage.about_third",
        within=rules.third_fill_days, days=rules.newcomer_days, warm=rules.warm_days,
    )  # fmt: skip
    st.caption(blocks.plain(about))
    if came.empty:
        st.info(desk.say("page_coverage.no_newcomers"))
        return
    limits = [
        desk.say("page_coverage.between", low=low, high=high)
        for low, high in zip(came["low"], came["high"], strict=True)
    ]
    rows = came.assign(limits=limits)
    blocks.table(desk, rows, STATIONS, key="coverage_third", alt=title)


def _week(desk: Desk, told: Week) -> None:
    st.subheader(blocks.plain(desk.say("week.title", until=told.until)), anchor=False)
    say = desk.say
    blocks.figures(
        [
            (say("page_coverage.calls"), f"{told.calls:,}",
             say("page_coverage.reached", reached=told.reached)),
            (say("page_coverage.thoughts"), f"{told.thoughts:,}", None),
            (say("page_coverage.late"), f"{sum(told.late.values()):,}",
             say("page_coverage.to_reassign", dates=told.late[Told.REASSIGN])),
            (say("page_coverage.undated"), f"{told.undated:,}", None),
        ],
        compares=False,
    )  # fmt: skip
    if told.of_staff:
        rows = pd.DataFrame(
            [(name, *numbers) for name, numbers in told.of_staff.items()],
            columns=["account", "calls", "late"],
        )
        title = desk.say("page_coverage.of_staff")
        blocks.table(desk, rows, STAFF, key="coverage_staff", alt=title)
    st.caption(blocks.plain(desk.say("page_coverage.as_text")))
    st.code(weeks.in_words(desk.lang, told), language=None, wrap_lines=True)


if __name__ == "__main__":
    render()
