"""What are the vehicles that come, and how do we know?"""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from station.errors import StationError
from station.frames import UNITS
from station.model import MILLI, Source, Use
from station.pages.parts import blocks, charts, mix
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk, current
from station.pages.parts.look import USE, Look
from station.services import board
from station.services.customers import cards

UNKNOWN = Use.UNKNOWN.value
REST = "rest"
REST_LOOK = Look("#B4BDC6", "")
DRAWN = 6
TO_CONFIRM = 5
FUELS_HEIGHT_PX = 330
FUELS = ("petrol", "diesel", "gas", "electric")
WEEKDAYS, HOURS = range(7), range(24)


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_use.title"), anchor=False)
    frame = desk.seen()
    if frame.empty:
        blocks.answer(desk.say("mix.none", period=mix.period(desk)))
        return
    names = mix.words(desk, "use", USE)
    table = mix.parts(frame, "use")
    blocks.answer(_answer(desk, table, names))
    st.caption(_sources(desk, frame))
    mix.counted_note(desk, frame)
    left, right = st.columns(2, gap="large")
    with left:
        _mix(desk, table, names)
    with right:
        _fuels(desk, frame, names)
    choice = mix.pills(desk, frame, "use", _by_count(names, table), "use_class")
    _traffic(desk, choice, names)
    shown = mix.chosen(frame, "use", choice)
    _list(desk, shown, names.get(choice, ""))
    _confirm(desk, shown, names)


def _answer(desk: Desk, table: pd.DataFrame, names: dict[str, str]) -> str:
    known = table.drop(index=UNKNOWN, errors="ignore")
    if known.empty:
        return desk.say("page_use.answer_unknown", vehicles=int(table["vehicles"].sum()))
    most = str(known["vehicles"].idxmax())
    lifts = {
        str(key): mix.fuel_share(table, str(key)) - mix.share(table, str(key), "vehicles")
        for key in known.index
    }
    heavy = max(lifts, key=lifts.__getitem__)
    return desk.say(
        "page_use.answer" if lifts[heavy] > 0 else "page_use.answer_most",
        period=mix.period(desk),
        vehicles=int(table["vehicles"].sum()),
        most=names[most],
        most_share=mix.share(table, most, "vehicles"),
        heavy=names[heavy],
        heavy_vehicles=mix.share(table, heavy, "vehicles"),
        heavy_fuel=mix.fuel_share(table, heavy),
    )


def _sources(desk: Desk, frame: pd.DataFrame) -> str:
    """Return how many uses come from the card, from staff, from inference, and from nowhere."""
    known = frame[frame["use"] != UNKNOWN]
    counts = known["use_source"].value_counts()
    return desk.say(
        "page_use.sources",
        card=int(counts.get(Source.CARD.value, 0)),
        confirmed=int(counts.get(Source.CONFIRMED.value, 0)),
        inferred=int(counts.get(Source.INFERRED.value, 0)),
        unknown=len(frame) - len(known),
    )


def _by_count(names: dict[str, str], table: pd.DataFrame) -> dict[str, str]:
    """Return the uses that occur, the commonest first and the unknown last."""
    order = table["vehicles"].sort_values(ascending=False, kind="stable").index
    return {key: names[key] for key in sorted(order, key=lambda key: key == UNKNOWN)}


def _mix(desk: Desk, table: pd.DataFrame, names: dict[str, str]) -> None:
    """Draw the commonest uses; the others are one part, the unknown stays apart."""
    drawn = [key for key in table.index if key != UNKNOWN][:DRAWN]
    group = pd.Series(REST, index=table.index).where(~table.index.isin([*drawn, UNKNOWN]), "")
    keys = group.where(group != "", pd.Series(table.index, index=table.index))
    words = {key: names[key] for key in drawn} | {
        REST: desk.say("page_use.rest"),
        UNKNOWN: names[UNKNOWN],
    }
    looks = {str(key): look for key, look in USE.items()} | {REST: REST_LOOK}
    unknown = mix.share(table, UNKNOWN, "vehicles")
    title = desk.say("page_use.shares_title", unknown=unknown)
    figure = mix.picture(desk, table.groupby(keys).sum(), words, looks, title)
    blocks.chart(figure, key="use_shares", alt=title)


def _fuels(desk: Desk, frame: pd.DataFrame, names: dict[str, str]) -> None:
    """Show which fuel each use takes and how much at a visit, over the whole history."""
    shown = fuels(frame)
    columns = {
        "use": desk.say("page_use.use"),
        **{fuel: desk.say(f"page_use.fuel_{fuel}") for fuel in FUELS},
        **{unit: desk.say(f"mix.per_visit_{unit}") for unit in UNITS},
    }
    title = desk.say("page_use.fuels_title")
    st.markdown(f"**{title}**")
    st.dataframe(
        shown.assign(use=shown["use"].map(names)).rename(columns=columns),
        hide_index=True,
        column_config={
            columns[name]: st.column_config.NumberColumn(
                format="percent" if name in FUELS else "%.1f"
            )
            for name in shown.columns.drop("use")
        },
        height=FUELS_HEIGHT_PX,
        placeholder="",
        alt=title,
        key="use_fuels",
    )


def fuels(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a row a use: the share of each fuel in its visits, and the quantity of a visit."""
    visits = [f"visits_{name}" for name in (*FUELS, *UNITS)]
    quantities = [f"quantity_{unit}" for unit in UNITS]
    sums = frame.groupby("use")[[*visits, *quantities]].sum()
    order = sorted(frame["use"].value_counts().index, key=lambda use: use == UNKNOWN)
    shares = sums[visits[: len(FUELS)]].set_axis(list(FUELS), axis=1)
    shares = shares.div(shares.sum(axis=1), axis=0)
    per_visit = pd.DataFrame(
        {unit: sums[f"quantity_{unit}"] / MILLI / sums[f"visits_{unit}"] for unit in UNITS}
    )
    table = pd.concat([shares.round(2), per_visit], axis=1).reindex(order)
    table = table.replace(0.0, float("nan"))
    return table.dropna(axis=1, how="all").rename_axis("use").reset_index()


def _traffic(desk: Desk, choice: str, names: dict[str, str]) -> None:
    """Draw when the vehicles of the chosen use come."""
    grid = board.traffic(desk.ask, stations=desk.stations, days=desk.days, use=choice or None)
    if not grid.to_numpy().sum():
        st.caption(desk.say("page_use.no_hours"))
        return
    weekday, hour = np.unravel_index(grid.to_numpy().argmax(), grid.shape)
    title = desk.say(
        "page_use.traffic_title",
        word=names.get(choice) or desk.say("mix.all"),
        weekday=desk.say(f"word.weekday.{weekday}"),
        hour=int(hour),
        next=int(hour) + 1,
    )
    figure = charts.heat(
        grid,
        columns=[f"{hour}:00" for hour in HOURS],
        rows=[desk.say(f"word.weekday.{day}") for day in WEEKDAYS],
        title=title,
    )
    blocks.chart(figure, key="use_traffic", alt=title)


def _list(desk: Desk, shown: pd.DataFrame, word: str) -> None:
    columns = [
        *mix.place_columns(shown),
        Column("use", "page_use.use", "use"),
        Column("use_source", "page_use.source", "source"),
        Column("use_probability", "page_use.probability", "percent"),
        *mix.period_columns(shown),
        Column("use_evidence", "page_use.evidence", "usage.clue"),
    ]
    title = mix.list_title(desk, word, len(shown))
    blocks.names(desk, shown, columns, key="use", title=title)


def _confirm(desk: Desk, shown: pd.DataFrame, names: dict[str, str]) -> None:
    """Offer the busiest vehicles whose use nobody has confirmed, a tap each."""
    places = np.flatnonzero(shown["use_source"] == Source.INFERRED.value)
    # A vehicle has a row a station; a few more rows are enough to find as many vehicles.
    open_ones = shown.iloc[places[: 4 * TO_CONFIRM]]
    open_ones = open_ones.drop_duplicates("vehicle_id").head(TO_CONFIRM)
    if open_ones.empty:
        return
    st.subheader(desk.say("page_use.confirm"), anchor=False)
    st.caption(desk.say("page_use.confirm_help"))
    words = [blocks.clues(desk, "usage.clue", keys) for keys in open_ones["use_evidence"]]
    for row, why in zip(open_ones.itertuples(), words, strict=True):
        _confirm_one(desk, row, why, names)


def _confirm_one(desk: Desk, row: Any, why: str, names: dict[str, str]) -> None:
    with st.container(border=True):
        text, buttons = st.columns([3, 2], vertical_alignment="center")
    with text:
        said = desk.say(
            "page_use.unsure" if row.use == UNKNOWN else "page_use.guess",
            use=names[row.use],
            probability=row.use_probability,
            visits=row.period_visits,
        )
        st.markdown(f"**{blocks.plain(row.label)}** {blocks.plain(said)}")
        st.caption(blocks.plain(why))
    with buttons, st.container(horizontal=True, horizontal_alignment="right"):
        chosen = _yes(desk, row, names) or _other(desk, row, names)
    if chosen:
        _save(desk, int(row.vehicle_id), row.label, chosen, names)


def _yes(desk: Desk, row: Any, names: dict[str, str]) -> str | None:
    """Return the inferred use if it was tapped to be right."""
    if row.use == UNKNOWN:
        return None
    is_right = st.button(
        desk.say("page_use.yes", use=names[row.use]),
        icon=":material/check:",
        key=f"use_yes_{row.vehicle_id}",
    )
    return str(row.use) if is_right else None


def _other(desk: Desk, row: Any, names: dict[str, str]) -> str | None:
    """Return the use that was chosen instead."""
    with st.popover(desk.say("page_use.no")):
        return st.pills(
            desk.say("page_use.which"),
            [key for key in names if key not in {row.use, UNKNOWN}],
            format_func=names.__getitem__,
            key=f"use_other_{row.vehicle_id}",
        )


def _save(desk: Desk, vehicle_id: int, label: str, use: str, names: dict[str, str]) -> None:
    try:
        cards.confirm_use(desk.ask, vehicle_id=vehicle_id, use=Use(use))
    except StationError as error:
        blocks.refused(desk, error)
        return
    st.toast(
        blocks.plain(desk.say("page_use.saved", label=label, use=names[use])),
        icon=":material/check:",
    )
    st.rerun()


if __name__ == "__main__":
    render()
