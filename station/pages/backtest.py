"""How good is the lapse list, and what is gained over a fixed number of days?"""

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from station.errors import StationError
from station.pages.parts import blocks, charts
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk, current
from station.pages.parts.look import ACCENT, GREY
from station.services import backtests
from station.services.backtests import Replay

FOLDER = Path(__file__).parent
HORIZONS = ("30", "60", "90")
OURS = "model"
FIXED = ("fixed_30", "fixed_60", "fixed_90")
COLUMNS = (
    Column("rule", "page_backtest.rule"),
    Column("flagged", "page_backtest.flagged", "count"),
    Column("came_back", "page_backtest.came_back", "percent"),
    Column("flags_per_week", "page_backtest.per_week", "number"),
    Column("new_came_back", "page_backtest.new_came_back", "percent"),
    Column("silence_at_flag", "page_backtest.silence", "number"),
    Column("auc", "page_backtest.auc", "exact"),
    Column("log_loss", "page_backtest.log_loss", "exact"),
    Column("brier", "page_backtest.brier", "exact"),
)


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_backtest.title"), anchor=False)
    sentence = st.container()
    horizon = blocks.choose(
        desk,
        key="backtest_horizon",
        label="page_backtest.horizon",
        options={days: desk.say("page_backtest.days", days=int(days)) for days in HORIZONS},
        default=HORIZONS[0],
    )
    asked = Replay(horizon=int(horizon or HORIZONS[0]))
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
    _table(desk, rows)
    st.page_link(
        str(FOLDER / "lapsed.py"),
        label=desk.say("page_backtest.to_list"),
        icon=":material/notifications_active:",
    )


def _answer(desk: Desk, found: dict[str, Any]) -> str:
    ours, flat = found["methods"][OURS], found["methods"][FIXED[0]]
    if ours["new_came_back"] is None or flat["new_came_back"] is None:
        return desk.say("page_backtest.answer_none")
    return desk.say(
        "page_backtest.answer",
        ours=ours["new_came_back"],
        flat=flat["new_came_back"],
        days=30,
        horizon=found["horizon"],
        listed=round(ours["flags_per_week"]),
        listed_flat=round(flat["flags_per_week"]),
    )


def _word(desk: Desk, method: str) -> str:
    return desk.say(f"backtest.{method}")


def _pictures(desk: Desk, found: dict[str, Any], rows: pd.DataFrame) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        _came_back(desk, rows)
    with right:
        _calibration(desk, found)


def _came_back(desk: Desk, rows: pd.DataFrame) -> None:
    """Draw how many of those that a rule listed came back uncalled: the calls that were spared."""
    known = rows[rows["new_came_back"].notna()].sort_values("new_came_back")
    if known.empty:
        return
    title = desk.say("page_backtest.back_title")
    figure = charts.bars(
        [_word(desk, method) for method in known["method"]],
        known["new_came_back"].tolist(),
        title=title,
        colours=[ACCENT if method == OURS else GREY for method in known["method"]],
        texts=[f"{share:.0%}" for share in known["new_came_back"]],
    )
    blocks.chart(figure, key="backtest_back", alt=title)


def _calibration(desk: Desk, found: dict[str, Any]) -> None:
    """Draw the forecast beside what happened, from the least likely tenth to the likeliest."""
    tenths = pd.DataFrame(found["methods"][OURS]["calibration"])
    if tenths.empty:
        return
    worst = float((tenths["predicted"] - tenths["observed"]).abs().max())
    title = desk.say("page_backtest.calibration_title", worst=100 * worst)
    percent = (100 * tenths[["predicted", "observed"]]).set_axis(range(1, len(tenths) + 1))
    figure = charts.lines(
        percent,
        names={name: desk.say(f"page_backtest.{name}") for name in ("predicted", "observed")},
        colours={"predicted": GREY, "observed": ACCENT},
        title=title,
    )
    blocks.chart(figure, key="backtest_calibration", alt=title)


def _gains(desk: Desk, found: dict[str, Any]) -> None:
    """Say what is gained over each fixed number of days, and at the calls a station can make."""
    ours = found["methods"][OURS]
    st.subheader(desk.say("page_backtest.gain"), anchor=False)
    for name in FIXED:
        flat = found["methods"][name]
        if None in {ours["new_came_back"], flat["new_came_back"]}:
            continue
        said = desk.say(
            "page_backtest.gain_over",
            rule=_word(desk, name),
            spared=round(flat["flags_per_week"] * flat["new_came_back"]),
            ours=round(ours["flags_per_week"] * ours["new_came_back"]),
            missed=round(flat["flags_per_week"] * (1 - flat["new_came_back"])),
            found=round(ours["flags_per_week"] * (1 - ours["new_came_back"])),
        )
        st.markdown(blocks.plain(said))
    cut = ours.get("at_capacity")
    if cut and cut["came_back"] is not None:
        said = desk.say("page_backtest.capacity", calls=cut["flagged"], back=cut["came_back"])
        st.markdown(blocks.plain(said))


def _table(desk: Desk, rows: pd.DataFrame) -> None:
    title = desk.say("page_backtest.all_rules")
    st.subheader(title, anchor=False)
    words = [_word(desk, method) for method in rows["method"]]
    shown = rows.assign(rule=words, flagged=rows["flagged"].round())
    blocks.table(desk, shown, COLUMNS, key="backtest_rules", alt=title)
    st.caption(desk.say("page_backtest.notes"))


if __name__ == "__main__":
    render()
