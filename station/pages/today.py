"""What needs me this morning? Each line opens exactly the names it counts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import streamlit as st

from station import text
from station.model import Stability, State, day_date
from station.pages import blocks, charts, lapsed, look
from station.pages.desk import Desk, current
from station.services import board, intake

FOLDER = Path(__file__).parent
SHOWN_DAYS = 60
WEEK_DAYS = 7
WEEKS_BEFORE = 4
CAPTURE_FALL = 0.05
"""A fall of the share of lines with a plate by this much is no chance."""
MEASURES = ("visits", "quantity", "amount")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to look at: its sentence, and the list it opens."""

    icon: str
    sentence: str
    page: str
    query: Mapping[str, str] = field(default_factory=dict)


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_today.title"), anchor=False)
    if board.is_empty(desk.ask):
        _first_steps(desk)
        return
    alarms = lapsed.since(desk, lapsed.lapsed_regulars(desk), WEEK_DAYS)
    daily = daily_visits(desk)
    blocks.answer(_answer(desk, alarms, daily))
    lines = [*_alarms(desk, alarms), *_slowing(desk), *_capture(desk), *_imports(desk)]
    if lines:
        _draw_lines(desk, lines)
    _figures(desk, daily)
    _picture(desk, daily)


def _first_steps(desk: Desk) -> None:
    blocks.answer(desk.say("page_today.empty"))
    st.markdown(desk.say("page_today.empty_first"))
    st.page_link(
        str(FOLDER / "intake.py"), label=desk.say("page_today.empty_link"), icon=":material/upload:"
    )


def _answer(desk: Desk, alarms: pd.DataFrame, daily: pd.DataFrame) -> str:
    at_risk = alarms[alarms["state"].isin(lapsed.AT_RISK)]
    if at_risk.empty:
        visits = int(daily["visits"].iloc[-1])
        return desk.say("page_today.answer_calm", day=desk.ask.as_of, visits=visits)
    return desk.say(
        "page_today.answer_alarms",
        days=WEEK_DAYS,
        vehicles=len(at_risk),
        amount=_risk(desk, at_risk),
    )


def _risk(desk: Desk, rows: pd.DataFrame) -> str:
    return blocks.money(desk, rows["monthly_amount"], rows["currency_code"])


def _draw_lines(desk: Desk, lines: list[Line]) -> None:
    st.subheader(desk.say("page_today.due"), anchor=False)
    with st.container(border=True, gap="xsmall"):
        for line in lines:
            st.page_link(
                str(FOLDER / f"{line.page}.py"),
                label=blocks.plain(line.sentence),
                icon=line.icon,
                help="",
                query_params=dict(line.query),
            )


def _alarms(desk: Desk, alarms: pd.DataFrame) -> Iterator[Line]:
    for state in (State.OVERDUE, State.LOST, State.MOVED):
        rows = alarms[alarms["state"] == state.value]
        if len(rows):
            yield Line(
                look.STATE[state].icon,
                desk.say(f"page_today.{state}", vehicles=len(rows), amount=_risk(desk, rows)),
                "lapsed",
                {"lapsed_state": state.value, "lapsed_since": str(lapsed.RECENT_DAYS)},
            )


def _slowing(desk: Desk) -> Iterator[Line]:
    vehicles = desk.vehicles()
    slowing = vehicles[
        (vehicles["trend"] == "slowing")
        & (vehicles["stability"] == Stability.REGULAR.value)
        & (vehicles["state"] == State.ACTIVE.value)
    ]
    if len(slowing):
        yield Line(
            ":material/trending_down:",
            desk.say(
                "page_today.slowing", vehicles=len(slowing), amount=_risk(desk, slowing)
            ),
            "frequency",
            {"frequency_trend": "slowing"},
        )


def _capture(desk: Desk) -> Iterator[Line]:
    """Tell of each station whose share of lines with a plate fell in the last week."""
    week_ago = replace(
        desk, ask=replace(desk.ask, as_of=desk.ask.as_of - timedelta(days=WEEK_DAYS))
    )
    now = desk.cached(board.capture, stations=desk.stations, days=WEEK_DAYS)
    before = week_ago.cached(
        board.capture, stations=desk.stations, days=WEEK_DAYS * WEEKS_BEFORE
    )
    both = now.merge(before, on="station", suffixes=("", "_before"))
    names = board.stations_known(desk.ask).set_index("code")["name"]
    for row in both[both["share_before"] - both["share"] >= CAPTURE_FALL].itertuples():
        yield Line(
            ":material/no_photography:",
            desk.say(
                "page_today.capture",
                station=names[row.station],
                now=row.share,
                before=row.share_before,
            ),
            "intake",
        )


def _imports(desk: Desk) -> Iterator[Line]:
    """Tell of rows that the imports of the last week could not take."""
    if "batches.read" not in desk.ask.scope.rights:
        return
    batches = intake.listing(desk.ask)
    recent = batches[batches["started_at"] > batches["started_at"].max() - WEEK_DAYS * 86_400]
    done = recent[recent["status"] == "done"]
    rejected, conflicts = int(done["rejected"].sum()), int(done["conflicts"].sum())
    if rejected or conflicts:
        yield Line(
            ":material/rule:",
            desk.say("page_today.imports", rejected=rejected, conflicts=conflicts),
            "intake",
        )
    broken_off = int((recent["status"] == "open").sum())
    if broken_off:
        yield Line(
            ":material/sync_problem:",
            desk.say("page_today.broken_off", files=broken_off),
            "intake",
        )


def daily_visits(desk: Desk) -> pd.DataFrame:
    """Return visits, quantity and amount of the last days, from the first with a visit on."""
    days = desk.cached(board.daily, stations=desk.stations, days=SHOWN_DAYS).set_index("day")
    return days[days["visits"].cumsum() > 0]


def against_usual(daily: pd.DataFrame, days: int) -> dict[str, float]:
    """Return how the last `days` differ from the mean of the same weekdays in the weeks before.

    Empty when not a whole week before is known.
    """
    now = daily[list(MEASURES)].tail(days).sum()
    weeks = [
        daily[list(MEASURES)].iloc[-days - WEEK_DAYS * back : -WEEK_DAYS * back].sum()
        for back in range(1, WEEKS_BEFORE + 1)
        if days + WEEK_DAYS * back <= len(daily)
    ]
    if not weeks:
        return {}
    usual = sum(weeks) / len(weeks)
    return {name: now[name] / usual[name] - 1 for name in MEASURES if usual[name]}


def _figures(desk: Desk, daily: pd.DataFrame) -> None:
    weekday = desk.say(f"word.weekday.{desk.ask.as_of.weekday()}")
    for days, heading in ((1, "page_today.last_day"), (WEEK_DAYS, "page_today.last_week")):
        st.subheader(desk.say(heading, weekday=weekday, day=desk.ask.as_of), anchor=False)
        change = against_usual(daily, days)
        now = daily[list(MEASURES)].tail(days).sum()
        blocks.figures(
            [
                (
                    desk.say(f"page_today.{name}"),
                    _written(desk, name, now[name]),
                    f"{change[name]:+.0%}" if name in change else None,
                )
                for name in MEASURES
            ]
        )


def _written(desk: Desk, measure: str, value: float) -> str:
    currencies = board.stations_known(desk.ask)["currency"].unique()
    if measure == "amount" and len(currencies) == 1:
        return text.money(desk.lang, value, str(currencies[0]))
    return f"{value:,.0f}"


def _picture(desk: Desk, daily: pd.DataFrame) -> None:
    title = desk.say(
        "page_today.line_title", days=len(daily), visits=float(daily["visits"].mean())
    )
    figure = charts.lines(
        daily.set_axis([day_date(int(day)) for day in daily.index]),
        names={"visits": desk.say("page_today.visits")},
        colours={"visits": look.ACCENT},
        title=title,
    )
    blocks.chart(figure, key="today_days", alt=title)


if __name__ == "__main__":
    render()
