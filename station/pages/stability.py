"""Who are our regulars, and who only passes?"""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from station.model import Stability
from station.pages.parts import blocks, charts, mix
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk, current
from station.pages.parts.look import STABILITY
from station.services import board

REGULAR = Stability.REGULAR.value
MOVED_DAYS = 90
FIFTHS = 5


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_stability.title"), anchor=False)
    frame = desk.seen()
    if frame.empty:
        blocks.answer(desk.say("mix.none", period=mix.period(desk)))
        return
    names = mix.words(desk, "stability", STABILITY)
    table = mix.parts(frame, "stability")
    blocks.answer(_answer(desk, table))
    mix.counted_note(desk, frame)
    _pictures(desk, frame, table, names)
    _list(desk, frame, names)


def _answer(desk: Desk, table: pd.DataFrame) -> str:
    vehicles, period = int(table["vehicles"].sum()), mix.period(desk)
    if REGULAR not in table.index:
        return desk.say("page_stability.answer_young", period=period, vehicles=vehicles)
    return desk.say(
        "page_stability.answer",
        period=period,
        vehicles=vehicles,
        regulars=int(table["vehicles"].get(REGULAR, 0)),
        share=mix.share(table, REGULAR, "vehicles"),
        visits=mix.share(table, REGULAR, "visits"),
        fuel=mix.fuel_share(table, REGULAR),
    )


def _pictures(desk: Desk, frame: pd.DataFrame, table: pd.DataFrame, names: dict[str, str]) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        passing = mix.share(table, Stability.PASSING.value, "vehicles")
        title = desk.say("page_stability.shares_title", passing=passing)
        figure = mix.picture(desk, table, names, STABILITY, title)
        blocks.chart(figure, key="stability_shares", alt=title)
    with right:
        _concentration(desk, frame)
    with left:
        _movement(desk, names)
    with right:
        _months(desk, names)


def _months(desk: Desk, names: dict[str, str]) -> None:
    monthly = board.months(desk.ask, stations=desk.stations, by="stability")
    if monthly.empty:
        return
    figure, title = mix.trend(
        desk, monthly, names, STABILITY, watched=REGULAR, title="page_stability.months_title"
    )
    blocks.chart(figure, key="stability_months", alt=title)


def _movement(desk: Desk, names: dict[str, str]) -> None:
    """Draw where the vehicles of each class of 90 days ago stand now."""
    moved = board.movement(desk.ask, stations=desk.stations, days_ago=MOVED_DAYS)
    if moved.empty:
        return
    table = moved.pivot_table(
        index="to_class", columns="from_class", values="vehicles", aggfunc="sum", fill_value=0
    )
    title = _movement_title(desk, moved)
    blocks.chart(_movement_bars(desk, table, names, title), key="stability_movement", alt=title)


def _movement_title(desk: Desk, moved: pd.DataFrame) -> str:
    was, now = moved["from_class"] == REGULAR, moved["to_class"] == REGULAR
    gained = int(moved.loc[~was & now, "vehicles"].sum())
    lost = int(moved.loc[was & ~now, "vehicles"].sum())
    key = "movement_title" if lost else "movement_gained"
    return desk.say(f"page_stability.{key}", days=MOVED_DAYS, gained=gained, lost=lost)


def _movement_bars(desk: Desk, table: pd.DataFrame, names: dict[str, str], title: str) -> go.Figure:
    before = names | {"absent": desk.say("word.stability.absent")}
    rows = {
        key: desk.say("page_stability.movement_row", word=word, count=int(table[key].sum()))
        for key, word in before.items()
        if key in table
    }
    return charts.shares(table, names=names, colours=mix.colours(STABILITY), rows=rows, title=title)


def _concentration(desk: Desk, frame: pd.DataFrame) -> None:
    """Draw what each fifth of the vehicles, the best first, gives of the fuel."""
    fifths = concentration(frame)
    if fifths.empty:
        return
    title = desk.say("page_stability.concentration_title", share=fifths.iloc[0])
    figure = charts.bars(
        [desk.say(f"page_stability.fifth_{place}") for place in fifths.index],
        fifths.tolist(),
        title=title,
        texts=[f"{value:.1%}" for value in fifths],
    )
    blocks.chart(figure, key="stability_concentration", alt=title)


def concentration(frame: pd.DataFrame) -> pd.Series:
    """Return what each fifth of the vehicles, the largest first, gives of the fuel they share.

    Units are not summed together: only the vehicles of the commonest unit count.
    """
    unit = frame["unit"].mode().iloc[0]
    fuel = frame.loc[frame["unit"] == unit].groupby("vehicle_id")["period_quantity"].sum()
    ordered = np.sort(fuel.to_numpy())[::-1]
    if len(ordered) < FIFTHS or not ordered.sum() > 0:
        return pd.Series(dtype="float64")
    fifth = np.arange(len(ordered)) * FIFTHS // len(ordered)
    return pd.Series(ordered / ordered.sum()).groupby(fifth).sum()


def _list(desk: Desk, frame: pd.DataFrame, names: dict[str, str]) -> None:
    choice = mix.pills(desk, frame, "stability", names, "stability_class")
    shown = mix.chosen(frame, "stability", choice)
    columns = [
        *mix.place_columns(frame),
        Column("stability", "page_stability.class", "stability"),
        *mix.period_columns(frame),
        Column("stability_sentence", "page_stability.why", "sentence"),
    ]
    title = mix.list_title(desk, names.get(choice, ""), len(shown))
    blocks.names(desk, shown, columns, key="stability", title=title)


if __name__ == "__main__":
    render()
