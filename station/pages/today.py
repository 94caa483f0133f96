"""What needs me this morning? Each line opens exactly the names it counts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import streamlit as st

from station import text
from station.model import DAY_S, State, day_date
from station.pages import fleets as fleets_page
from station.pages import frequency, front, lapsed, lifecycle
from station.pages.parts import blocks, charts, look
from station.pages.parts.desk import Desk, current
from station.services import board
from station.services.calls import caring, escalating
from station.services.calls.caring import Glad
from station.services.calls.escalating import Told
from station.services.customers import (
    completeness,
    fleets,
    grades,
    prospects,
    registering,
    settling,
    stages,
)
from station.services.incoming import intake
from station.services.people import approvals, audit

FOLDER = Path(__file__).parent
SHOWN_DAYS = 60
WEEK_DAYS = lapsed.RECENT_DAYS
WEEKS_BEFORE = 4
NAMED = 3
STATION_FALL = 0.05
NOZZLE_FALL = 0.3
FEWEST_LINES = 30
"""Falls of the share of lines with a plate that are no chance, from so many lines on."""
MEASURES = ("visits", "quantity", "amount")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to look at: its sentence, what more there is to say, and the list it opens."""

    icon: str
    sentence: str
    detail: str
    page: str
    query: Mapping[str, str] = field(default_factory=dict)


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_today.title"), anchor=False)
    if board.is_empty(desk.ask):
        _first_steps(desk)
        return
    gone = lapsed.lapsed_regulars(desk)
    alarms = lapsed.since(desk, gone, WEEK_DAYS)
    daily = daily_visits(desk)
    blocks.answer(_answer(desk, alarms, daily))
    lines = [
        *_duties(desk),
        *_care(desk),
        *_calls(desk, gone),
        *_alarms(desk, alarms),
        *_held(desk),
    ]
    lines += [
        *_slowing(desk),
        *_signs(desk),
        *_lives(desk),
        *_unfinished(desk),
        *_fleets(desk),
        *_capture(desk),
        *_imports(desk),
    ]
    if lines:
        _draw_lines(desk, lines)
    _figures(desk, daily)
    _picture(desk, daily)


def _first_steps(desk: Desk) -> None:
    blocks.answer(desk.say("page_today.empty"))
    st.markdown(desk.say("page_today.empty_first"))
    if front.may_open(desk.ask.scope, "intake"):
        label = desk.say("page_today.empty_link")
        st.page_link(str(FOLDER / "intake.py"), label=label, icon=":material/upload:")


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
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                _draw_line(desk, line)
                if line.detail:
                    st.caption(blocks.plain(line.detail), width="content")


def _draw_line(desk: Desk, line: Line) -> None:
    """Draw a line as a link, or plainly for whom its page is closed."""
    sentence = blocks.plain(line.sentence)
    if not front.may_open(desk.ask.scope, line.page):
        st.markdown(f"{line.icon} {sentence}", width="content")
        return
    st.page_link(
        str(FOLDER / f"{line.page}.py"),
        label=sentence,
        icon=line.icon,
        help="",
        query_params=dict(line.query),
    )


def _duties(desk: Desk) -> Iterator[Line]:
    """Tell whoever watches over others what waits for him."""
    if "requests.decide" in desk.ask.scope.rights and len(waiting := approvals.waiting(desk.ask)):
        sentence = desk.say("page_today.requests", requests=len(waiting))
        yield Line(":material/how_to_reg:", sentence, "", "users")
    if "audit.read" in desk.ask.scope.rights and (reached := audit.limits_reached(desk.ask)):
        sentence = desk.say("page_today.limits", accounts=len(reached))
        why = desk.say("page_today.limits_why", names=desk.say("blocks.and").join(reached))
        yield Line(":material/front_hand:", sentence, why, "audit")
    if "prospects.work" in desk.ask.scope.rights:
        yield from _prospects(desk)


def _prospects(desk: Desk) -> Iterator[Line]:
    """Tell of prospects whose pause is over, and of people who registered themselves."""
    if len(back := prospects.due(desk.ask)):
        sentence = desk.say("page_today.prospects_back", prospects=len(back))
        most = str(back["view"].mode()[0])
        yield Line(":material/event_repeat:", sentence, "", "prospects", {"prospects_view": most})
    if waiting := registering.waiting(desk.ask):
        sentence = desk.say("page_today.registered", people=len(waiting))
        query = {"prospects_view": "waiting"}
        yield Line(":material/how_to_reg:", sentence, "", "prospects", query)


def _care(desk: Desk) -> Iterator[Line]:
    """Tell which dates with customers passed, and whom to think of by today."""
    if "calls.read" not in desk.ask.scope.rights:
        return
    late = escalating.overdue(desk.ask, stations=desk.stations)
    if passed := sum(map(len, late.values())):
        sentence = desk.say("page_today.dates_passed", dates=passed)
        again = len(late[Told.REASSIGN])
        detail = desk.say("page_today.dates_reassign", dates=again) if again else ""
        yield Line(":material/event_busy:", sentence, detail, "care", {"care_view": "dates"})
    due = [
        one
        for one in caring.due(desk.ask, stations=desk.stations)
        if one.day <= desk.ask.as_of and one.ways
    ]
    if due:
        born = sum(one.kind is Glad.BIRTHDAY for one in due)
        detail = desk.say("page_today.birthdays", customers=born) if born else ""
        sentence = desk.say("page_today.care", customers=len(due))
        yield Line(":material/volunteer_activism:", sentence, detail, "care")


def _alarms(desk: Desk, alarms: pd.DataFrame) -> Iterator[Line]:
    for state in lapsed.STATES:
        rows = alarms[alarms["state"] == state.value]
        if len(rows):
            yield Line(
                look.STATE[state].icon,
                desk.say(f"page_today.{state}", vehicles=len(rows)),
                desk.say("page_today.a_month", amount=_risk(desk, rows)),
                "lapsed",
                {"lapsed_state": state.value, "lapsed_since": str(WEEK_DAYS)},
            )


def _calls(desk: Desk, gone: pd.DataFrame) -> Iterator[Line]:
    """Tell whom to call this week: as many as the stations can, the most to win back first."""
    rows = lapsed.since(desk, gone, desk.days)
    rows = rows[rows["to_call"]]
    if len(rows):
        amount = blocks.money(desk, rows["value_at_risk"], rows["currency_code"])
        yield Line(
            ":material/call:",
            desk.say("page_today.to_call", vehicles=len(rows)),
            desk.say("page_today.to_call_why", amount=amount),
            "lapsed",
            {"lapsed_state": lapsed.CALL},
        )


def _held(desk: Desk) -> Iterator[Line]:
    """Tell whose alarm is held, and what holds it: these are not to be called yet."""
    rows = lapsed.held(desk)
    if len(rows):
        causes = [desk.say(f"word.held.{cause}") for cause in rows["held_by"].unique()]
        yield Line(
            look.STATE[State.PAUSED].icon,
            desk.say("page_today.held", vehicles=len(rows)),
            desk.say("page_today.held_why", causes=desk.say("blocks.and").join(causes)),
            "lapsed",
            {"lapsed_view": lapsed.HELD},
        )


def _slowing(desk: Desk) -> Iterator[Line]:
    slowing = frequency.changed(frequency.regulars_of(desk.vehicles()), frequency.SLOWING)
    if len(slowing):
        sentence = desk.say("page_today.slowing", vehicles=len(slowing))
        detail = desk.say("page_today.a_month", amount=_risk(desk, slowing))
        query = {"frequency_list": frequency.SLOWING}
        yield Line(":material/trending_down:", sentence, detail, "frequency", query)


def _lives(desk: Desk) -> Iterator[Line]:
    """Tell who stands still in his stage, and whose grade fell this week."""
    if "cards.read" not in desk.ask.scope.rights:
        return
    if still := stages.still(desk.ask, stations=desk.stations):
        sentence = desk.say("page_today.stalled", customers=still)
        query = {lifecycle.PART_KEY: lifecycle.STALLS}
        yield Line(":material/hourglass_empty:", sentence, "", "lifecycle", query)
    if fell := grades.falls(desk.ask, stations=desk.stations, days=int(lifecycle.WEEK)):
        sentence = desk.say("page_today.fell", customers=fell)
        chosen = {lifecycle.GRADE_KEY: lifecycle.FELL, lifecycle.MOVES_KEY: lifecycle.WEEK}
        query = {lifecycle.PART_KEY: lifecycle.WORTH} | chosen
        yield Line(":material/south_east:", sentence, "", "lifecycle", query)


def _unfinished(desk: Desk) -> Iterator[Line]:
    """Tell of new customers of whom too little is known."""
    rows = completeness.unfinished(desk.ask, stations=desk.stations)
    if len(rows):
        mine = int((rows["keeper"] == desk.ask.scope.account).sum())
        detail = desk.say("page_today.unfinished_mine", count=mine) if mine else ""
        sentence = desk.say("page_today.unfinished", count=len(rows))
        yield Line(":material/fact_check:", sentence, detail, "completeness")


def _fleets(desk: Desk) -> Iterator[Line]:
    """Tell of organisations that are about to leave, and of those that have not paid."""
    if "cards.read" not in desk.ask.scope.rights:
        return
    alarmed = fleets_page.alarmed(fleets.fleets(desk.ask, stations=desk.stations))
    if len(alarmed):
        sentence = desk.say("page_today.fleets", fleets=len(alarmed))
        names = alarmed["organisation_name"].head(NAMED).tolist()
        why = desk.say("page_today.fleets_why", names=desk.say("blocks.and").join(names))
        yield Line(":material/corporate_fare:", sentence, why, "fleets")
    unpaid = settling.overdue(desk.ask, stations=desk.stations)
    if len(unpaid):
        periods = unpaid[["customer_id", "last_day"]].drop_duplicates()
        sentence = desk.say("page_today.unpaid", periods=len(periods))
        why = blocks.money(desk, unpaid["amount"], unpaid["currency"])
        yield Line(":material/payments:", sentence, why, "fleets")


def _signs(desk: Desk) -> Iterator[Line]:
    """Tell of each early sign beside slowing."""
    told = lapsed.early(desk)
    for sign in lapsed.SIGNS:
        rows = told[[sign in signs for signs in told["signs"]]]
        if len(rows) and sign != frequency.SLOWING:
            yield Line(
                ":material/visibility:",
                desk.say(f"page_today.{sign}", vehicles=len(rows)),
                desk.say("page_today.a_month", amount=_risk(desk, rows)),
                "lapsed",
                {"lapsed_view": lapsed.EARLY, "lapsed_sign": sign},
            )


def _capture(desk: Desk) -> Iterator[Line]:
    """Tell of stations whose share of lines with a plate fell, and of single nozzles."""
    falls = (
        *capture_falls(desk, nozzles=False).to_dict("records"),
        *capture_falls(desk, nozzles=True).to_dict("records"),
    )
    for row in falls:
        key = "page_today.capture_nozzle" if "nozzle" in row else "page_today.capture"
        facts = {str(name): fact for name, fact in row.items()}
        why = desk.say(f"{key}_why", **facts)
        yield Line(":material/no_photography:", desk.say(key, **facts), why, "intake")


def capture_falls(desk: Desk, *, nozzles: bool) -> pd.DataFrame:
    """Return where the capture of the last week is far below the weeks before: now and before."""
    week_ago = replace(desk.ask, as_of=desk.ask.as_of - timedelta(days=WEEK_DAYS))
    now = board.capture(desk.ask, stations=desk.stations, days=WEEK_DAYS, nozzles=nozzles)
    before = board.capture(
        week_ago, stations=desk.stations, days=WEEK_DAYS * WEEKS_BEFORE, nozzles=nozzles
    )
    place = ["station", "nozzle"] if nozzles else ["station"]
    both = now.merge(before[[*place, "share"]], on=place, suffixes=("", "_before"))
    fall = both["share_before"] - both["share"]
    is_far = fall >= (NOZZLE_FALL if nozzles else STATION_FALL)
    return both[is_far & (both["lines"] >= FEWEST_LINES)]


def _imports(desk: Desk) -> Iterator[Line]:
    """Tell of what the imports of the last week could not take."""
    if "batches.read" not in desk.ask.scope.rights:
        return
    batches = intake.listing(desk.ask)
    recent = batches[batches["started_at"] > batches["started_at"].max() - WEEK_DAYS * DAY_S]
    done = recent[recent["status"] == "done"]
    for name, icon, count in (
        ("rejected", "rule", done["rejected"].sum()),
        ("conflicts", "difference", done["conflicts"].sum()),
        ("broken_off", "sync_problem", (recent["status"] == "open").sum()),
    ):
        if count:
            sentence = desk.say(f"page_today.{name}", count=int(count))
            yield Line(f":material/{icon}:", sentence, "", "intake")


def daily_visits(desk: Desk) -> pd.DataFrame:
    """Return visits, quantity and amount of the last days, from the first with a visit on."""
    days = board.daily(desk.ask, stations=desk.stations, days=SHOWN_DAYS).set_index("day")
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
    usual = pd.DataFrame(weeks).mean()
    return {name: now[name] / usual[name] - 1 for name in MEASURES if usual[name]}


def _figures(desk: Desk, daily: pd.DataFrame) -> None:
    weekday = desk.say(f"word.weekday.{desk.ask.as_of.weekday()}")
    for days, heading in ((1, "page_today.last_day"), (WEEK_DAYS, "page_today.last_week")):
        change = against_usual(daily, days)
        now = daily.tail(days).sum()
        st.subheader(desk.say(heading, weekday=weekday, day=desk.ask.as_of), anchor=False)
        blocks.figures(
            [
                (
                    desk.say(_heading(desk, name)),
                    value,
                    f"{change[name]:+.0%}" if name in change else None,
                )
                for name, value in _written(desk, now).items()
            ]
        )
        if change:
            st.caption(desk.say(f"{heading}_against", weekday=weekday))


def _heading(desk: Desk, measure: str) -> str:
    if measure != "quantity":
        return f"page_today.{measure}"
    return f"page_today.quantity_{board.main_unit(desk.ask, stations=desk.stations)}"


def _written(desk: Desk, now: pd.Series) -> dict[str, str]:
    """Return the measures in the reader's form; no amount where currencies meet."""
    known = board.stations_known(desk.ask)
    if desk.stations:
        known = known[known["code"].isin(desk.stations)]
    written = {name: f"{now[name]:,.0f}" for name in ("visits", "quantity")}
    if len(known["currency"].unique()) == 1:
        written["amount"] = text.money(desk.lang, now["amount"], str(known["currency"].iloc[0]))
    return written


def _picture(desk: Desk, daily: pd.DataFrame) -> None:
    title = desk.say("page_today.line_title", days=len(daily), visits=float(daily["visits"].mean()))
    figure = charts.lines(
        daily.set_axis([day_date(int(day)) for day in daily.index]),
        names={"visits": desk.say("page_today.visits")},
        colours={"visits": look.ACCENT},
        title=title,
    )
    figure.update_xaxes(tickformat="%m-%d", hoverformat="%Y-%m-%d")
    blocks.chart(figure, key="today_days", alt=title)


if __name__ == "__main__":
    render()
