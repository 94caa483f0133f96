"""Whom have we lost or are about to lose, and why?"""

from datetime import timedelta
from pathlib import Path

import pandas as pd
import streamlit as st

from station import text
from station.model import AT_RISK as RISKS
from station.model import COMING, DAY_S, Stability, State, day_number
from station.pages.parts import blocks, charts, look, reasons
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk, current
from station.services import alarms, board
from station.services.customers import lapses, stages

FOLDER = Path(__file__).parent
GONE, EARLY, HELD = VIEWS = ("gone", "early", "held")
"""Who stays away, who still comes and changes a habit, and whose alarm is held."""
STATES = (State.OVERDUE, State.LOST, State.FLEET_LEFT, State.MOVED)
AT_RISK = tuple(state.value for state in RISKS)
CALL = "call"
"""The pill of those that a station has time to call this week."""
HELD_DAYS = 60
RECENT_DAYS = 7
"""The week that the page Today tells of."""
SHOWN_MONTHS = 18
SHOWN_USES = 8

COLUMNS = (
    Column("label", "page_lapsed.vehicle"),
    Column("grade", "page_lapsed.grade", "grade"),
    Column("state", "page_lapsed.state", "state"),
    Column("monthly_amount", "page_lapsed.monthly_amount", "money"),
    Column("value_at_risk", "page_lapsed.value_at_risk", "money"),
    Column("lapse_sentence", "page_lapsed.sentence", "sentence"),
    Column("reason", "page_lapsed.reason", "lapse_reason"),
    Column("moved_to", "page_lapsed.moved_to"),
    Column("use", "page_lapsed.use", "use"),
    Column("last_day", "page_lapsed.last_day", "day"),
    Column("station_name", "page_lapsed.station"),
)
SIGNS = ("slowing", "smaller_fills", "cheaper_grade", "moved_hours")
SIGN_COLUMNS = (
    Column("label", "page_lapsed.vehicle"),
    Column("sign", "page_lapsed.sign", "sign"),
    Column("sign_sentence", "page_lapsed.sentence", "sentence"),
    Column("monthly_amount", "page_lapsed.monthly_amount", "money"),
    Column("use", "page_lapsed.use", "use"),
    Column("last_day", "page_lapsed.last_day", "day"),
    Column("station_name", "page_lapsed.station"),
)
PAUSED_COLUMNS = (
    Column("label", "page_lapsed.vehicle"),
    Column("held_by", "page_lapsed.held_cause", "held"),
    Column("lapse_sentence", "page_lapsed.sentence", "sentence"),
    Column("monthly_amount", "page_lapsed.monthly_amount", "money"),
    Column("last_day", "page_lapsed.last_day", "day"),
    Column("station_name", "page_lapsed.station"),
)
HELD_COLUMNS = (
    Column("station_name", "page_lapsed.station"),
    Column("cause", "page_lapsed.held_cause", "held"),
    Column("from_day", "page_lapsed.held_from", "day"),
    Column("to_day", "page_lapsed.held_to", "day"),
    Column("weight", "page_lapsed.held_weight", "percent"),
)


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_lapsed.title"), anchor=False)
    everyone, told, paused = of_period(desk), early(desk), held(desk)
    sentence = st.container()
    view = _view(desk, {GONE: len(everyone), EARLY: len(told), HELD: len(paused)})
    if view == GONE:
        lapsed = _recent(desk, everyone)
        answer = _answer(desk, lapsed)
        _gone(desk, lapsed, everyone)
    elif view == EARLY:
        answer = desk.say("page_lapsed.answer_early", vehicles=len(told))
        _early(desk, told)
    else:
        answer = desk.say("page_lapsed.answer_held", vehicles=len(paused))
        _held(desk, paused)
    with sentence:
        blocks.answer(answer)


def _view(desk: Desk, counts: dict[str, int]) -> str:
    """Return which of the three lists the reader wants to see."""
    options = {
        name: _counted(desk.say(f"page_lapsed.view_{name}"), count)
        for name, count in counts.items()
    }
    chosen = blocks.choose(
        desk, key="lapsed_view", label="page_lapsed.choose_view", options=options, default=GONE
    )
    return chosen or GONE


def _gone(desk: Desk, lapsed: pd.DataFrame, everyone: pd.DataFrame) -> None:
    """Draw who stays away, since when, what is at stake, and what was heard of it."""
    if everyone.empty:
        return
    use = _pictures(desk, lapsed, by_month=lapsed is everyone)
    _names(desk, _of_state(desk, _of_use(desk, lapsed, use)))
    _summary(desk, everyone)


def _names(desk: Desk, chosen: pd.DataFrame) -> None:
    page = blocks.names(
        desk,
        chosen,
        [column for column in COLUMNS if (chosen[column.name] != "").any()],
        key="lapsed_list",
        title=desk.say("page_lapsed.list", vehicles=len(chosen)),
    )
    st.caption(desk.say("page_lapsed.list_note"))
    st.page_link(
        str(FOLDER / "backtest.py"),
        label=desk.say("page_lapsed.to_backtest"),
        icon=":material/rule:",
    )
    _why(desk, page)


def lapsed_regulars(desk: Desk) -> pd.DataFrame:
    """Return the regulars that no longer come, the most worth a call first, with the reason."""
    vehicles = desk.vehicles()
    is_regular = vehicles["stability"] == Stability.REGULAR.value
    lapsed = vehicles[is_regular & vehicles["state"].isin(list(STATES))]
    heard = lapses.newest(desk.ask)
    lapsed = lapsed.merge(
        heard[["vehicle_id", "station", "reason", "written_at"]],
        on=["vehicle_id", "station"],
        how="left",
    )
    names = board.stations_known(desk.ask).set_index("code")["name"]
    lapsed = lapsed.assign(
        reason=lapsed["reason"].fillna(""),
        moved_to=lapsed["moved_to"].map(names).fillna(lapsed["moved_to"]),
    )
    order = ["value_at_risk", "vehicle_id", "station_id"]
    lapsed = lapsed.sort_values(order, ascending=[False, True, True], ignore_index=True)
    worth, _ = stages.on_board(desk.ask)
    grade = lapsed["customer_id"].map(worth).astype("object").fillna("")
    return lapsed.assign(to_call=_to_call(desk, lapsed), grade=grade)


def _to_call(desk: Desk, lapsed: pd.DataFrame) -> "pd.Series[bool]":
    """Return who is within the calls that the station can make in a week, most worth first.

    Who has told since his last visit why he stays away is not called again.
    """
    is_heard = lapsed["written_at"].astype("float64") // DAY_S >= lapsed["last_day"]
    risky = lapsed["state"].isin(AT_RISK) & ~is_heard
    rank = risky.astype("int64").groupby(lapsed["station"]).cumsum()
    calls = lapsed["station"].map(alarms.calls_per_week(desk.ask)).astype("float64")
    return risky & (rank <= calls)


def early(desk: Desk) -> pd.DataFrame:
    """Return the regulars that still come and change a habit, the largest spender first."""
    vehicles = desk.vehicles()
    is_regular = vehicles["stability"] == Stability.REGULAR.value
    told = vehicles[is_regular & (vehicles["sign"] != "") & vehicles["state"].isin(COMING)]
    return told.sort_values(["monthly_amount", "label"], ascending=[False, True])


def since(desk: Desk, lapsed: pd.DataFrame, days: int) -> pd.DataFrame:
    """Return those whose silence became odd within the last `days`; 0 is everyone."""
    first_day = day_number(desk.ask.as_of - timedelta(days=days)) if days else -1
    return lapsed[lapsed["alarm_day"] > first_day]


def of_period(desk: Desk) -> pd.DataFrame:
    """Return the lapsed regulars of the chosen period."""
    return since(desk, lapsed_regulars(desk), desk.days)


def held(desk: Desk) -> pd.DataFrame:
    """Return the regulars whose alarm is held, the largest spender first."""
    vehicles = desk.vehicles()
    is_regular = vehicles["stability"] == Stability.REGULAR.value
    paused = vehicles[is_regular & (vehicles["state"] == State.PAUSED.value)]
    return paused.sort_values(["monthly_amount", "label"], ascending=[False, True])


def _answer(desk: Desk, lapsed: pd.DataFrame) -> str:
    """Return how many stay away, and what it costs; nothing is said of what there is none of."""
    if lapsed.empty:
        has_regulars = (desk.vehicles()["stability"] == Stability.REGULAR.value).any()
        return desk.say(f"page_lapsed.answer_{'none' if has_regulars else 'young'}")
    at_risk = lapsed[lapsed["state"].isin(AT_RISK)]
    counts = lapsed["state"].value_counts()
    told = {
        state: desk.say(f"page_lapsed.answer_{state}", vehicles=int(counts[state]))
        for state in STATES
        if state.value in counts.index
    }
    moved = told.pop(State.MOVED, "")
    if not told:
        return desk.say("page_lapsed.answer_moved_only", moved=moved)
    words = desk.say("page_lapsed.answer_between").join(told.values())
    amount = blocks.money(desk, at_risk["monthly_amount"], at_risk["currency_code"])
    key = "answer_and_moved" if moved else "answer"
    return desk.say(f"page_lapsed.{key}", told=words, amount=amount, moved=moved)


def _held(desk: Desk, paused: pd.DataFrame) -> None:
    """Say whose alarm rests, and what of our own makes it rest."""
    st.caption(desk.say("page_lapsed.held_why"))
    blocks.names(
        desk,
        paused,
        PAUSED_COLUMNS,
        key="lapsed_paused",
        title=desk.say("page_lapsed.held_vehicles", vehicles=len(paused)),
        empty="page_lapsed.held_none",
    )
    windows = board.held(desk.ask, stations=desk.stations, days=HELD_DAYS)
    title = desk.say("page_lapsed.held_windows", days=HELD_DAYS)
    if len(windows):
        st.subheader(title, anchor=False)
        blocks.table(desk, windows, HELD_COLUMNS, key="lapsed_held", alt=title)


def _early(desk: Desk, told: pd.DataFrame) -> None:
    """List who still comes and changes a habit: a word at the pump costs nothing."""
    counts = told["signs"].explode().value_counts()
    chosen = blocks.choose(
        desk,
        key="lapsed_sign",
        label="page_lapsed.choose_sign",
        options={
            sign: _counted(desk.say(f"word.sign.{sign}"), int(counts.get(sign, 0)))
            for sign in SIGNS
        },
    )
    if chosen:
        told = told[[chosen in signs for signs in told["signs"]]]
    title = desk.say("page_lapsed.early", vehicles=len(told))
    blocks.names(desk, told, SIGN_COLUMNS, key="lapsed_early", title=title)
    st.caption(desk.say("page_lapsed.early_note"))


def _recent(desk: Desk, lapsed: pd.DataFrame) -> pd.DataFrame:
    """Return those of the last week if asked for, else everyone."""
    if lapsed.empty:
        return lapsed
    recent = since(desk, lapsed, RECENT_DAYS)
    chosen = blocks.choose(
        desk,
        key="lapsed_since",
        label="page_lapsed.since",
        options={
            str(RECENT_DAYS): _counted(
                desk.say("page_lapsed.recent", days=RECENT_DAYS), len(recent)
            )
        },
    )
    return recent if chosen else lapsed


def _counted(words: str, count: int) -> str:
    return f"{words} **{count:,}**"


def _pictures(desk: Desk, lapsed: pd.DataFrame, *, by_month: bool) -> str | None:
    """Draw when they fell silent and what they are worth; return the use that was clicked."""
    if lapsed.empty:
        return None
    if not by_month:
        return _by_use(desk, lapsed)
    left, right = st.columns(2, gap="large")
    with left:
        _by_month(desk, lapsed)
    with right:
        return _by_use(desk, lapsed)


def _by_month(desk: Desk, lapsed: pd.DataFrame) -> None:
    month = pd.to_datetime(lapsed["alarm_day"], unit="D", origin="unix").dt.strftime("%Y-%m")
    counts = pd.crosstab(month, lapsed["state"]).tail(SHOWN_MONTHS)
    sums = counts.sum(axis=1)
    title = desk.say("page_lapsed.month_title", month=sums.idxmax(), vehicles=int(sums.max()))
    figure = charts.months(
        counts,
        names={state.value: desk.say(f"word.state.{state}") for state in STATES},
        colours={state.value: look.STATE[state].colour for state in STATES},
        title=title,
    )
    blocks.chart(figure, key="lapsed_months", alt=title)


def _by_use(desk: Desk, lapsed: pd.DataFrame) -> str | None:
    """Draw the amount at risk by use; where currencies meet, the vehicles."""
    at_risk = lapsed[lapsed["state"].isin(AT_RISK)]
    currencies = at_risk["currency_code"].unique()
    is_money = len(currencies) == 1
    weight = at_risk["monthly_amount"] if is_money else pd.Series(1, at_risk.index)
    sums = weight.groupby(at_risk["use"]).sum().sort_values(ascending=False).head(SHOWN_USES)
    if sums.empty:
        return None
    title = desk.say(
        "page_lapsed.use_title" if is_money else "page_lapsed.use_title_vehicles",
        use=desk.say(f"word.use.{sums.index[0]}"),
        share=float(sums.iloc[0] / weight.sum()),
    )
    figure = charts.bars(
        [desk.say(f"word.use.{use}") for use in sums.index],
        sums.tolist(),
        title=title,
        colours=[look.USE[use].colour for use in sums.index],
        texts=[text.money(desk.lang, value, currencies[0]) for value in sums] if is_money else None,
        keys=sums.index.tolist(),
    )
    return blocks.clicked(figure, key="lapsed_uses", alt=title)


def _of_use(desk: Desk, lapsed: pd.DataFrame, use: str | None) -> pd.DataFrame:
    if use is None:
        return lapsed
    st.caption(desk.say("page_lapsed.only_use", use=desk.say(f"word.use.{use}")))
    return lapsed[lapsed["use"] == use]


def _of_state(desk: Desk, lapsed: pd.DataFrame) -> pd.DataFrame:
    counts = lapsed["state"].value_counts()
    chosen = blocks.choose(
        desk,
        key="lapsed_state",
        label="page_lapsed.choose_state",
        options={CALL: _counted(desk.say("page_lapsed.to_call"), int(lapsed["to_call"].sum()))}
        | {
            state.value: _counted(
                f"{look.STATE[state].icon} {desk.say(f'word.state.{state}')}",
                int(counts.get(state.value, 0)),
            )
            for state in STATES
        },
    )
    if chosen == CALL:
        st.caption(desk.say("page_lapsed.call_note", calls=_calls(desk)))
        return lapsed[lapsed["to_call"]]
    return lapsed[lapsed["state"] == chosen] if chosen else lapsed


def _calls(desk: Desk) -> int:
    """Return how many customers the chosen stations can call in a week."""
    calls = alarms.calls_per_week(desk.ask)
    return sum(calls[code] for code in desk.stations or calls)


def _why(desk: Desk, page: pd.DataFrame) -> None:
    """Let one vehicle of the page be chosen and its reason be told."""
    if page.empty:
        return
    st.subheader(desk.say("page_lapsed.why"), anchor=False)
    rows = {f"{row['vehicle_id']}.{row['station']}": row for row in page.to_dict("records")}
    chosen = st.selectbox(
        desk.say("page_lapsed.which"),
        list(rows),
        index=None,
        format_func=lambda key: f"{rows[key]['label']} · {rows[key]['station_name']}",
        placeholder=desk.say("page_lapsed.which_hint"),
        key="lapsed_vehicle",
    )
    if chosen is None:
        return
    row = rows[chosen]
    with st.container(border=True):
        st.markdown(blocks.plain(text.say_row(desk.lang, row, "lapse_sentence")))
        reasons.draw(desk, vehicle_id=int(row["vehicle_id"]), station=row["station"])


def _summary(desk: Desk, lapsed: pd.DataFrame) -> None:
    """Draw the reasons heard so far."""
    known = lapsed.loc[lapsed["reason"] != "", "reason"].value_counts()
    if known.empty:
        return
    st.subheader(desk.say("page_lapsed.reasons"), anchor=False)
    title = desk.say(
        "page_lapsed.reasons_title",
        known=int(known.sum()),
        vehicles=len(lapsed),
        reason=desk.say(f"word.lapse_reason.{known.index[0]}"),
        times=int(known.iloc[0]),
    )
    figure = charts.bars(
        [desk.say(f"word.lapse_reason.{reason}") for reason in known.index],
        known.tolist(),
        title=title,
    )
    blocks.chart(figure, key="lapsed_reasons", alt=title)


if __name__ == "__main__":
    render()
