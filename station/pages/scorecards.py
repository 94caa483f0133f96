"""How well does each of us call, and is it true?"""

import pandas as pd
import streamlit as st

from station.model import day_date
from station.pages.parts import acts, blocks, charts
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk, current
from station.services.calls import scorecards
from station.services.calls.scorecards import Drawn, Outcome

CHECKS = "calls.plan"
PEOPLE = (
    Column("account", "page_scorecards.account"),
    Column("sentence", "page_scorecards.sentence", "sentence"),
    Column("planned", "page_scorecards.planned", "count"),
    Column("on_day", "page_scorecards.on_day", "count"),
    Column("late", "page_scorecards.late", "count"),
    Column("early", "page_scorecards.early", "count"),
    Column("by_others", "page_scorecards.by_others", "count"),
    Column("undone", "page_scorecards.undone", "count"),
    Column("timed", "page_scorecards.timed", "count"),
    Column("on_time", "page_scorecards.on_time", "count"),
    Column("pairs", "page_scorecards.pairs", "count"),
    Column("in_order", "page_scorecards.in_order", "count"),
    Column("results", "page_scorecards.results", "count"),
    Column("fast", "page_scorecards.fast", "count"),
    Column("bursts", "page_scorecards.bursts", "count"),
    Column("checked", "page_scorecards.checked", "count"),
    Column("confirmed", "page_scorecards.confirmed", "count"),
    Column("differs", "page_scorecards.differs", "count"),
)
FAST = (
    Column("who", "page_scorecards.who"),
    Column("account", "page_scorecards.account"),
    Column("at", "page_scorecards.at", "moment"),
    Column("took_s", "page_scorecards.took", "count"),
    Column("since_s", "page_scorecards.since", "count"),
    Column("code", "page_scorecards.code", "call_code"),
)


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_scorecards.title"), anchor=False)
    acts.told()
    rows = scorecards.of_staff(desk.ask, stations=desk.stations)
    fast = scorecards.fast(desk.ask, stations=desk.stations)
    drawn = scorecards.waiting(desk.ask, stations=desk.stations)
    blocks.answer(_answer(desk, rows, len(fast), len(drawn)))
    if rows.empty:
        return
    _picture(desk, rows)
    st.caption(blocks.plain(desk.say("page_scorecards.told")))
    title = desk.say("page_scorecards.people")
    blocks.names(desk, rows, PEOPLE, key="scorecards_people", title=title)
    _checks(desk, drawn)
    seconds = desk.ask.settings.scorecard.fast_s
    title = desk.say("page_scorecards.fast_list", results=len(fast))
    blocks.names(
        desk, fast, FAST, key="scorecards_fast", title=title, empty="page_scorecards.no_fast"
    )
    st.caption(blocks.plain(desk.say("page_scorecards.fast_told", seconds=seconds)))


def _answer(desk: Desk, rows: pd.DataFrame, fast: int, drawn: int) -> str:
    days = desk.ask.settings.scorecard.days
    if rows.empty:
        return desk.say("page_scorecards.answer_none", days=days)
    return desk.say(
        "page_scorecards.answer",
        days=days,
        people=len(rows),
        results=int(rows["results"].sum()),
        fast=fast,
        checks=drawn,
    )


def _picture(desk: Desk, rows: pd.DataFrame) -> None:
    """Draw what became of the planned calls, of all together: nobody is ranked."""
    planned = int(rows["planned"].sum())
    if not planned:
        return
    parts = ("on_day", "late", "early", "by_others", "undone")
    title = desk.say(
        "page_scorecards.picture", planned=planned, share=float(rows["on_day"].sum() / planned)
    )
    figure = charts.bars(
        [desk.say(f"page_scorecards.{part}") for part in parts],
        [int(rows[part].sum()) for part in parts],
        title=title,
    )
    blocks.chart(figure, key="scorecards_planned", alt=title)


def _checks(desk: Desk, drawn: list[Drawn]) -> None:
    """List what was drawn by lot, and let another person write down what the customer says."""
    st.subheader(desk.say("page_scorecards.checks", checks=len(drawn)), anchor=False)
    st.caption(blocks.plain(desk.say("page_scorecards.checks_told")))
    names = {
        one.id: desk.say(
            "page_scorecards.one", who=one.who, account=one.account, day=day_date(one.week_day)
        )
        for one in drawn
        if one.may_check
    }
    if not names or CHECKS not in desk.ask.scope.rights:
        st.info(desk.say("page_scorecards.no_checks"))
        return
    with st.container(border=True), st.form(acts.fresh("scorecards_form"), border=False):
        which = st.selectbox(
            desk.say("page_scorecards.which"),
            list(names),
            format_func=names.__getitem__,
            key=acts.fresh("scorecards_which"),
        )
        outcome = st.radio(
            desk.say("page_scorecards.outcome"),
            list(Outcome),
            format_func=lambda one: desk.say(f"word.check_outcome.{one}"),
            key=acts.fresh("scorecards_outcome"),
            horizontal=True,
        )
        reason = acts.why(desk, key="scorecards_reason")
        sent = st.form_submit_button(
            desk.say("page_scorecards.check"), type="primary", key=acts.fresh("scorecards_check")
        )

    def check() -> str:
        said = outcome or Outcome.CONFIRMED
        scorecards.check(desk.ask, check_id=which or 0, outcome=said, reason=reason)
        return desk.say("page_scorecards.did")

    if sent:
        acts.do(desk, check)


if __name__ == "__main__":
    render()
