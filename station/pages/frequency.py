"""How often do regulars come, and is it changing?"""

import itertools
import math

import pandas as pd
import streamlit as st

from station.model import COMING, Stability, day_number
from station.pages.parts import blocks, charts, mix
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk, current
from station.pages.parts.look import ACCENT, GREY

EDGES_DAYS = (1, 2, 4, 7, 10, 14, 21, 30, 60, math.inf)
FORTNIGHT_DAYS = 14
REGULARITIES = ("clockwork", "random", "bursty", "unknown")
WEEKDAYS, SLOTS = range(7), range(8)
SLOWING, SPEEDING, EXPECTED = "slowing", "speeding", "expected"
CHANGED = [
    Column("recent_gap_days", "page_frequency.recent", "number"),
    Column("earlier_gap_median_days", "page_frequency.earlier", "number"),
    Column("change", "page_frequency.change", "number"),
    Column("monthly_amount", "page_frequency.monthly", "money"),
    Column("last_day", "mix.last_day", "day"),
    Column("next_from_day", "page_frequency.next_from", "day"),
    Column("next_to_day", "page_frequency.next_to", "day"),
]
NEXT = [
    Column("next_from_day", "page_frequency.next_from", "day"),
    Column("next_to_day", "page_frequency.next_to", "day"),
    Column("last_day", "mix.last_day", "day"),
    Column("usual_gap_days", "page_frequency.gap", "number"),
    Column("weekday", "page_frequency.weekday", "weekday"),
    Column("slot", "page_frequency.slot", "slot"),
]
EVERYBODY = [
    Column("usual_gap_days", "page_frequency.gap", "number"),
    Column("regularity", "page_frequency.regularity", "regularity"),
    Column("trend", "page_frequency.trend", "trend"),
    Column("weekday", "page_frequency.weekday", "weekday"),
    Column("slot", "page_frequency.slot", "slot"),
    Column("last_day", "mix.last_day", "day"),
    Column("frequency_sentence", "page_frequency.why", "sentence"),
]


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_frequency.title"), anchor=False)
    regulars = regulars_of(desk.vehicles())
    if regulars.empty:
        has_regulars = (desk.vehicles()["stability"] == Stability.REGULAR.value).any()
        key = "none" if has_regulars else "none_yet"
        blocks.answer(desk.say(f"page_frequency.{key}", period=mix.period(desk)))
        return
    blocks.answer(_answer(desk, regulars))
    mix.counted_note(desk, regulars)
    left, right = st.columns(2, gap="large")
    with left:
        bin_no = _gaps(desk, regulars)
        _regularity(desk, regulars)
    with right:
        _when(desk, regulars, "weekday", WEEKDAYS)
        _when(desk, regulars, "slot", SLOTS)
    _list(desk, regulars, bin_no)


def regulars_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the regulars that came in the period, with the bin of their gap and its change."""
    came = frame["period_visits"] > 0
    kept = frame[came & (frame["stability"] == Stability.REGULAR.value)]
    return kept.assign(
        gap_bin=pd.cut(kept["usual_gap_days"], EDGES_DAYS, right=False, labels=False),
        change=kept["recent_gap_days"] / kept["earlier_gap_median_days"],
        weekday=_known(kept["usual_weekday"]),
        slot=_known(kept["usual_slot"]),
    )


def _known(numbers: pd.Series) -> pd.Series:
    """Return weekdays or slots as words name them; "" where none stands out."""
    return numbers.astype(str).where(numbers >= 0, "")


def expected(regulars: pd.DataFrame, as_of_day: int) -> pd.DataFrame:
    """Return the active regulars whose window of the next visit is still open, soonest first."""
    is_open = regulars["state"].isin(COMING) & (regulars["next_to_day"] >= as_of_day)
    return regulars[is_open].sort_values(["next_to_day", "next_from_day", "label"])


def changed(regulars: pd.DataFrame, trend: str) -> pd.DataFrame:
    """Return the active regulars whose pace changed that way, the largest spender first.

    Who stays away altogether is no longer slowing but lapsed.
    """
    kept = regulars[(regulars["trend"] == trend) & regulars["state"].isin(COMING)]
    return kept.sort_values(["monthly_amount", "label"], ascending=[False, True])


def _answer(desk: Desk, regulars: pd.DataFrame) -> str:
    return desk.say(
        "page_frequency.answer",
        regulars=len(regulars),
        gap=regulars["usual_gap_days"].median(),
        slowing=len(changed(regulars, SLOWING)),
        speeding=len(changed(regulars, SPEEDING)),
    )


def _bin_names(desk: Desk) -> list[str]:
    spans = list(itertools.pairwise(EDGES_DAYS))
    return [
        desk.say("page_frequency.bin", low=low, high=high)
        if math.isfinite(high)
        else desk.say("page_frequency.bin_last", low=low)
        for low, high in spans
    ]


def _gaps(desk: Desk, regulars: pd.DataFrame) -> int | None:
    """Draw how many regulars come how often; return the number of the bar that was clicked."""
    counts = regulars["gap_bin"].value_counts().reindex(range(len(EDGES_DAYS) - 1), fill_value=0)
    within = float((regulars["usual_gap_days"] < FORTNIGHT_DAYS).mean())
    title = desk.say("page_frequency.gaps_title", share=within)
    figure = charts.bars(
        _bin_names(desk), counts.tolist(), title=title, keys=[str(n) for n in counts.index]
    )
    clicked = blocks.clicked(figure, key="frequency_gaps", alt=title)
    return int(clicked) if clicked else None


def _regularity(desk: Desk, regulars: pd.DataFrame) -> None:
    counts = regulars["regularity"].value_counts().reindex(REGULARITIES, fill_value=0)
    title = desk.say("page_frequency.regularity_title", share=counts["clockwork"] / counts.sum())
    figure = charts.bars(
        [desk.say(f"word.regularity.{name}") for name in counts.index],
        counts.tolist(),
        title=title,
        colours=[GREY if name == "unknown" else ACCENT for name in counts.index],
    )
    blocks.chart(figure, key="frequency_regularity", alt=title)


def _when(desk: Desk, regulars: pd.DataFrame, form: str, places: range) -> None:
    """Draw which share of the regulars' visits falls on each weekday, or in each three hours."""
    visits = regulars[[f"{form}_{place}" for place in places]].sum()
    if not visits.sum():
        return
    share = visits / visits.sum()
    words = [desk.say(f"word.{form}.{place}") for place in places]
    top = int(share.to_numpy().argmax())
    title = desk.say(f"page_frequency.{form}_title", most=words[top], share=share.iloc[top])
    figure = charts.bars(
        words, share.tolist(), title=title, texts=[f"{value:.0%}" for value in share]
    )
    blocks.chart(figure, key=f"frequency_{form}", alt=title)


def _list(desk: Desk, regulars: pd.DataFrame, bin_no: int | None) -> None:
    lists = {
        SLOWING: changed(regulars, SLOWING),
        SPEEDING: changed(regulars, SPEEDING),
        EXPECTED: expected(regulars, day_number(desk.ask.as_of)),
    }
    options = {
        name: desk.say(f"page_frequency.pill_{name}", count=len(frame))
        for name, frame in lists.items()
    }
    choice = blocks.choose(
        desk, key="frequency_list", label="page_frequency.choose", options=options, default=SLOWING
    )
    shown = lists[choice] if choice else regulars.sort_values(["usual_gap_days", "label"])
    word = desk.say(f"page_frequency.list_{choice or 'all'}")
    if bin_no is not None:
        shown = shown[shown["gap_bin"] == bin_no]
        word = desk.say("page_frequency.with_bin", word=word, bin=_bin_names(desk)[bin_no])
    columns = {SLOWING: CHANGED, SPEEDING: CHANGED, EXPECTED: NEXT}.get(choice or "", EVERYBODY)
    blocks.names(
        desk,
        shown,
        [*mix.place_columns(regulars), *columns],
        key=f"frequency_{choice or 'all'}",
        title=mix.list_title(desk, word, len(shown)),
    )
    if choice:
        st.caption(desk.say("page_frequency.window_note"))


if __name__ == "__main__":
    render()
