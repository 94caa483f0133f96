"""How good is the lapse list, and what is gained over a fixed number of days?"""

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from station.errors import StationError
from station.pages import front
from station.pages.parts import blocks, charts
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk, current
from station.pages.parts.look import ACCENT, GREY
from station.services import backtests
from station.services.backtests import Replay
from station.services.calls import answers

FOLDER = Path(__file__).parent
HORIZONS = ("30", "60", "90")
OURS = "model"
MISTAKEN_DAYS = 365
FIXED = ("fixed_30", "fixed_60", "fixed_90")
SHOWN = (OURS, *FIXED, "rhythm_2", "rhythm_3", "bg_nbd")
"""The rules that list vehicles, in the order of the picture."""
COLUMNS = (
    Column("rule", "backtest.rule"),
    Column("flags_per_week", "backtest.per_week", "number"),
    Column("new_came_back", "backtest.new_came_back", "percent"),
    Column("silence_at_flag", "backtest.silence", "count"),
    Column("flagged", "backtest.flagged", "count"),
    Column("came_back", "backtest.came_back", "percent"),
    Column("auc", "backtest.auc", "exact"),
    Column("log_loss", "backtest.log_loss", "exact"),
    Column("brier", "backtest.brier", "exact"),
)


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_backtest.title"), anchor=False)
    sentence = st.container()
    asked = _asked(desk)
    try:
        with st.spinner(desk.say("page_backtest.replaying")):
            found = backtests.replay(desk.ask, stations=desk.stations, asked=asked)
    except StationError as error:
        with sentence:
            blocks.answer(desk.say(error.key, **error.facts))
        return
    rows = backtests.table(found)
    with sentence:
        blocks.answer(_answer(desk, found))
    st.caption(desk.say("page_backtest.how", cutoffs=len(found["cutoffs"]), rows=found["rows"]))
    _pictures(desk, found, rows)
    _gains(desk, found)
    _calls(desk, found)
    _mistakes(desk)
    _table(desk, rows)
    st.page_link(
        str(FOLDER / "lapsed.py"),
        label=desk.say("page_backtest.to_list"),
        icon=":material/notifications_active:",
    )


def _asked(desk: Desk) -> Replay:
    """Let the reader say how far ahead is looked, and how many calls a station can make."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        horizon = blocks.choose(
            desk,
            key="backtest_horizon",
            label="page_backtest.horizon",
            options={days: desk.say("page_backtest.days", days=int(days)) for days in HORIZONS},
            default=HORIZONS[0],
        )
        calls = st.number_input(
            desk.say("page_backtest.calls"),
            min_value=0,
            max_value=backtests.MOST_CALLS,
            value=backtests.usual_calls(desk.ask, stations=desk.stations),
            key="_".join(("backtest_calls", *desk.stations)),
            help=desk.say("page_backtest.calls_help"),
            width=220,
        )
    return Replay(horizon=int(horizon or HORIZONS[0]), calls=int(calls))


def _answer(desk: Desk, found: dict[str, Any]) -> str:
    ours, flat = found["methods"][OURS], found["methods"][FIXED[0]]
    if ours["new_came_back"] is None or flat["new_came_back"] is None:
        return desk.say("page_backtest.answer_none")
    return desk.say(
        "page_backtest.answer",
        ours=ours["new_came_back"],
        flat=flat["new_came_back"],
        rule=_word(desk, FIXED[0]),
        horizon=found["horizon"],
        listed=round(ours["flags_per_week"]),
        listed_flat=round(flat["flags_per_week"]),
    )


def _word(desk: Desk, method: str) -> str:
    return desk.say(f"backtest.{method}")


def _pictures(desk: Desk, found: dict[str, Any], rows: pd.DataFrame) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        _lists(desk, found, rows)
    with right:
        _calibration(desk, found)


def _lists(desk: Desk, found: dict[str, Any], rows: pd.DataFrame) -> None:
    """Draw how many each rule newly lists in a week, and how many of them come by themselves."""
    known = rows.set_index("method").reindex(SHOWN).dropna(subset=["new_came_back"])
    if known.empty:
        return
    came = known["flags_per_week"] * known["new_came_back"]
    parts = pd.DataFrame({"stayed": known["flags_per_week"] - came, "came": came})
    title = desk.say("page_backtest.lists_title", horizon=found["horizon"])
    figure = charts.stacks(
        parts,
        rows=[_word(desk, str(method)) for method in known.index],
        names={name: desk.say(f"page_backtest.{name}") for name in ("stayed", "came")},
        colours={"stayed": ACCENT, "came": GREY},
        title=title,
    )
    blocks.chart(figure, key="backtest_lists", alt=title)


def _calibration(desk: Desk, found: dict[str, Any]) -> None:
    """Draw the forecast against what happened, a point for each tenth of the vehicles."""
    tenths = pd.DataFrame(found["methods"][OURS]["calibration"])
    if tenths.empty:
        return
    worst = float((tenths["predicted"] - tenths["observed"]).abs().max())
    title = desk.say("page_backtest.calibration_title", worst=100 * worst)
    figure = charts.against(
        tenths,
        across=("predicted", desk.say("page_backtest.predicted")),
        up=("observed", desk.say("page_backtest.observed")),
        title=title,
    )
    blocks.chart(figure, key="backtest_calibration", alt=title)
    st.caption(desk.say("page_backtest.calibration_note"))


def _gains(desk: Desk, found: dict[str, Any]) -> None:
    """Say what each fixed number of days would have cost or spared."""
    ours = found["methods"][OURS]
    if ours["new_came_back"] is None:
        return
    st.subheader(desk.say("page_backtest.gain"), anchor=False)
    told = [_gain(desk, name, ours, found["methods"][name]) for name in FIXED]
    st.markdown("\n".join(f"- {blocks.plain(said)}" for said in told if said))
    if str(found["horizon"]) != HORIZONS[-1]:
        st.caption(desk.say("page_backtest.gain_note", horizon=found["horizon"]))


def _gain(desk: Desk, name: str, ours: dict[str, Any], flat: dict[str, Any]) -> str:
    """Return what is gained over a fixed number of days, or that nothing is; "" without names."""
    if flat["new_came_back"] is None:
        return ""
    wasted, wasted_ours = (
        round(rule["flags_per_week"] * rule["new_came_back"]) for rule in (flat, ours)
    )
    is_sooner = ours["silence_at_flag"] < flat["silence_at_flag"]
    key = "gain_fewer" if wasted > wasted_ours else "gain_sooner" if is_sooner else "gain_none"
    return desk.say(
        f"page_backtest.{key}",
        rule=_word(desk, name),
        listed=round(flat["flags_per_week"]),
        ours_listed=round(ours["flags_per_week"]),
        wasted=wasted,
        ours=wasted_ours,
        fewer=wasted - wasted_ours,
        silence=round(flat["silence_at_flag"]),
        ours_silence=round(ours["silence_at_flag"]),
    )


def _calls(desk: Desk, found: dict[str, Any]) -> None:
    """Say of each rule how many of the calls that can be made would have been needless."""
    cuts = {name: found["methods"][name]["at_capacity"] for name in (OURS, *FIXED)}
    told = [
        desk.say(
            "page_backtest.cut",
            rule=_word(desk, name),
            calls=round(cut["flagged"]),
            wasted=round(cut["flagged"] * cut["came_back"]),
        )
        for name, cut in cuts.items()
        if cut and cut["came_back"] is not None
    ]
    if told:
        words = desk.say("page_backtest.between").join(told)
        calls = found["calls_per_week"]
        st.markdown(blocks.plain(desk.say("page_backtest.capacity", calls=calls, told=words)))
    if front.may_open(desk.ask.scope, "sites"):
        st.page_link(
            str(FOLDER / "sites.py"), label=desk.say("page_sites.title"), icon=":material/tune:"
        )


def _mistakes(desk: Desk) -> None:
    """Say how often whoever was on the list told that he had never left, or only passed by."""
    told = answers.mistakes(desk.ask, stations=desk.stations, days=MISTAKEN_DAYS)
    st.subheader(desk.say("page_backtest.mistakes"), anchor=False)
    if not told.answers:
        st.markdown(blocks.plain(desk.say("page_backtest.mistakes_none")))
        return
    said = desk.say(
        "page_backtest.mistaken",
        answers=told.answers,
        days=MISTAKEN_DAYS,
        not_lapsed=told.not_lapsed,
        share=told.not_lapsed / told.answers,
        low=told.low * 100,
        high=told.high * 100,
        passing=told.only_passing,
    )
    st.markdown(blocks.plain(said))


def _table(desk: Desk, rows: pd.DataFrame) -> None:
    title = desk.say("page_backtest.all_rules")
    words = [_word(desk, method) for method in rows["method"]]
    lists = rows["came_back"].notna()  # a rule that only ranks lists nobody
    shown = rows.assign(
        rule=words,
        flagged=rows["flagged"].round().where(lists),
        flags_per_week=rows["flags_per_week"].where(lists),
    )
    with st.expander(title):
        blocks.table(desk, shown, COLUMNS, key="backtest_rules", alt=title)
        st.caption(desk.say("page_backtest.notes"))


if __name__ == "__main__":
    render()
