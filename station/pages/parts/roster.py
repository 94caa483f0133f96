"""Who has time for calls at a station, who is away, and which season it has."""

from datetime import time, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from station.pages.parts import acts, blocks
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk
from station.services import access
from station.services.calls import rostering
from station.services.calls.rostering import Member, Roster

HOUR_MIN = 60
MOST_MIN = 480
WORKDAYS, WEEK = (1, 2, 3, 4, 5), (1, 2, 3, 4, 5, 6, 7)
COLUMNS = (
    Column("account", "roster.account"),
    Column("hours", "roster.hours"),
    Column("away", "roster.away"),
)


def draw(desk: Desk, station: str) -> None:
    """Draw who has time, and what changes it."""
    told = rostering.roster(desk.ask, station=station)
    st.subheader(desk.say("roster.title"), anchor=False)
    if not told.members:
        st.info(desk.say("roster.nobody"))
        return
    rows = [(one.account, _hours(desk, one), _away(desk, one)) for one in told.members]
    frame = pd.DataFrame(rows, columns=["account", "hours", "away"])
    blocks.table(desk, frame, COLUMNS, key="roster", alt=desk.say("roster.title"))
    st.caption(blocks.plain(_season(desk, told)))
    with st.container(horizontal=True):
        _put_away(desk, told)
        _put_hours(desk, told)
        _put_season(desk, told)


def _hours(desk: Desk, one: Member) -> str:
    """Return somebody's week in words: days of the same hours together."""
    by_hours: dict[tuple[int, int, int], list[int]] = {}
    for weekday, hours in sorted(one.weekdays.items()):
        by_hours.setdefault(hours, []).append(weekday)
    parts = [
        desk.say(
            "roster.week",
            days=desk.say("roster.day_join").join(desk.say(f"roster.day_{n}") for n in days),
            minutes=minutes,
            first=blocks.clock(first),
            last=blocks.clock(last),
        )
        for (minutes, first, last), days in by_hours.items()
    ]
    said = desk.say("blocks.and").join(parts) or desk.say("roster.none")
    return f"{said} {desk.say('roster.usual')}" if one.is_usual else said


def _away(desk: Desk, one: Member) -> str:
    spans = [desk.say("roster.span", first=first, last=last) for first, last in one.away]
    return desk.say("blocks.and").join(spans)


def _season(desk: Desk, told: Roster) -> str:
    rules = desk.ask.settings.planning
    share = rules.slack_share if told.season == rostering.SLACK else rules.peak_share
    word = desk.say(f"roster.season_{told.season}")
    return desk.say("roster.season_told", season=word, share=share, law=told.law)


def _account(desk: Desk, told: Roster, key: str) -> str:
    names = [one.account for one in told.members]
    return st.selectbox(desk.say("roster.account"), names, key=acts.fresh(f"roster_{key}_account"))


def _put_away(desk: Desk, told: Roster) -> None:
    """Let somebody be away, or back."""
    today = access.today()
    with st.popover(desk.say("roster.put_away"), icon=":material/sick:"):
        account = _account(desk, told, "away")
        days: Any = st.date_input(
            desk.say("roster.days"),
            (today, today),
            min_value=today,
            key=acts.fresh("roster_away_days"),
        )
        st.caption(blocks.plain(desk.say("roster.away_about")))
        with st.container(horizontal=True):
            is_whole = isinstance(days, tuple) and len(days) == len(("from", "to"))
            if st.button(
                desk.say("roster.away_do"), key=acts.fresh("roster_away"), disabled=not is_whole
            ):
                acts.do(desk, lambda: _is_away(desk, told.station, account, days))
            if st.button(desk.say("roster.back_do"), key=acts.fresh("roster_back")):
                acts.do(desk, lambda: _is_back(desk, told.station, account))


def _is_away(desk: Desk, station: str, account: str, days: Any) -> str:
    rostering.set_away(desk.ask, station=station, account=account, from_on=days[0], to_on=days[1])
    return desk.say("roster.is_away", account=account)


def _is_back(desk: Desk, station: str, account: str) -> str:
    rostering.set_back(desk.ask, station=station, account=account)
    return desk.say("roster.is_back", account=account)


def _put_hours(desk: Desk, told: Roster) -> None:
    rules = desk.ask.settings.planning
    with st.popover(desk.say("roster.put_hours"), icon=":material/schedule:"):
        account = _account(desk, told, "hours")
        weekdays = st.pills(
            desk.say("roster.weekdays"),
            WEEK,
            selection_mode="multi",
            default=WORKDAYS,
            format_func=lambda n: desk.say(f"roster.day_{n}"),
            key=acts.fresh("roster_weekdays"),
        )
        minutes = st.number_input(
            desk.say("roster.minutes"),
            0,
            MOST_MIN,
            rules.day_min,
            10,
            key=acts.fresh("roster_minutes"),
        )
        with st.container(horizontal=True):
            span = _time(desk, "from", rules.from_min), _time(desk, "to", rules.to_min)
        if st.button(desk.say("roster.hours_do"), key=acts.fresh("roster_hours")):
            week = tuple(weekdays)
            acts.do(desk, lambda: _is_put(desk, (told.station, account), week, int(minutes), span))


def _time(desk: Desk, key: str, minute: int) -> time:
    return st.time_input(
        desk.say(f"roster.{key}"),
        time(*divmod(minute, HOUR_MIN)),
        step=timedelta(minutes=15),
        key=acts.fresh(f"roster_{key}"),
    )


def _is_put(
    desk: Desk,
    who: tuple[str, str],
    weekdays: tuple[int, ...],
    minutes: int,
    span: tuple[time, time],
) -> str:
    station, account = who
    first, last = (one.hour * HOUR_MIN + one.minute for one in span)
    rostering.set_hours(
        desk.ask,
        station=station,
        account=account,
        weekdays=weekdays,
        minutes=minutes,
        from_min=first,
        to_min=last,
    )
    return desk.say("roster.is_put", account=account)


def _put_season(desk: Desk, told: Roster) -> None:
    with st.popover(desk.say("roster.put_season"), icon=":material/wb_twilight:"):
        season = st.segmented_control(
            desk.say("roster.season"),
            rostering.SEASONS,
            default=told.season,
            format_func=lambda one: desk.say(f"roster.season_{one}"),
            required=True,
            key=acts.fresh("roster_season"),
        )
        st.caption(blocks.plain(desk.say("roster.season_about")))
        if st.button(desk.say("roster.season_do"), key=acts.fresh("roster_season_do")):
            acts.do(desk, lambda: _is_season(desk, told.station, season or told.season))


def _is_season(desk: Desk, station: str, season: str) -> str:
    rostering.set_season(desk.ask, station=station, season=season)
    return desk.say("roster.is_season", season=desk.say(f"roster.season_{season}"))
