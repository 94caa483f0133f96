"""How the vehicles of the period share out over classes: what several pages show alike."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from station.frames import UNITS
from station.pages.parts import blocks, charts
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk
from station.pages.parts.look import Look

MONTHS_SHOWN = 12
CURRENCY_LETTERS = 3


def period(desk: Desk) -> str:
    """Return the period in words."""
    return desk.say("mix.period_days" if desk.days else "mix.period_all", days=desk.days)


def parts(frame: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return a row a class: vehicles, visits, a column a unit in use and one a currency in use."""
    came: dict[str, Any] = {"vehicles": 1, "visits": frame["period_visits"]}
    used = [unit for unit in UNITS if (frame["unit"] == unit).any()]
    quantities = {unit: frame["period_quantity"].where(frame["unit"] == unit, 0.0) for unit in used}
    amounts = {
        currency: frame["period_amount"].where(frame["currency_code"] == currency, 0.0)
        for currency in sorted(frame["currency_code"].unique())
    }
    return (
        frame.assign(**came, **quantities, **amounts)
        .groupby(by)[[*came, *quantities, *amounts]]
        .sum()
        .sort_values("visits", ascending=False)
    )


def per_visit(frame: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return a row a class and a column a unit: how much a visit takes."""
    sums = frame.groupby([by, "unit"])[["period_visits", "period_quantity"]].sum()
    ratio = (sums["period_quantity"] / sums["period_visits"]).rename("ratio").reset_index()
    table = ratio.pivot_table(index=by, columns="unit", values="ratio")
    return table.reindex(columns=[unit for unit in UNITS if unit in table]).add_prefix("per_visit_")


def headings(desk: Desk, table: pd.DataFrame) -> dict[str, str]:
    """Return the heading of each column of `parts`; units and currencies only where they differ."""
    units = [name for name in table.columns if name in UNITS]
    currencies = [name for name in table.columns[2:] if name not in UNITS]
    fuel = {unit: desk.say(f"mix.quantity_{unit}") for unit in units}
    money = {
        name: desk.say("mix.amount_in" if len(currencies) > 1 else "mix.amount", currency=name)
        for name in currencies
    }
    return {"vehicles": desk.say("mix.vehicles"), "visits": desk.say("mix.visits"), **fuel, **money}


def fuel_share(table: pd.DataFrame, key: str) -> float:
    """Return the share of a class in the unit that most of the fuel is sold in."""
    units = [name for name in table.columns if name in UNITS]
    totals = table[units].sum()
    unit = str(totals.idxmax()) if units else "visits"
    return share(table, key, unit)


def share(table: pd.DataFrame, key: str, column: str) -> float:
    """Return the share of a class in the sum of a column; 0 where there is nothing."""
    whole = float(table[column].sum())
    part = float(table[column].get(key, 0.0))
    return part / whole if whole else 0.0


def picture(
    desk: Desk, table: pd.DataFrame, words: Mapping[str, str], looks: Mapping[Any, Look], title: str
) -> go.Figure:
    """Return the bars of 100 % that show how each measure of `parts` shares out."""
    return charts.shares(
        table,
        names=words,
        colours=colours(looks),
        rows=headings(desk, table),
        title=title,
    )


def words(desk: Desk, form: str, looks: Mapping[Any, Look]) -> dict[str, str]:
    """Return the names of the classes of a table of word.toml, in the order of their looks."""
    return {str(key): desk.say(f"word.{form}.{key}") for key in looks}


def pills(desk: Desk, frame: pd.DataFrame, by: str, names: Mapping[str, str], key: str) -> str:
    """Return the class chosen from pills that say how many there are; "" for all of them."""
    counts = frame[by].value_counts()
    options = {
        name: f"{word} {counts[name]:,}" for name, word in names.items() if counts.get(name, 0)
    }
    return blocks.choose(desk, key=key, label="mix.choose", options=options) or ""


def chosen(frame: pd.DataFrame, by: str, choice: str) -> pd.DataFrame:
    """Return the rows of the chosen class; of all classes where none is chosen."""
    return frame[frame[by] == choice] if choice else frame


def list_title(desk: Desk, word: str, count: int) -> str:
    """Return the heading of a list: the class and how many names it holds."""
    return desk.say("mix.list", word=word or desk.say("mix.all"), count=count)


def place_columns(frame: pd.DataFrame) -> list[Column]:
    """Return the columns that say who and where; the station only where there are several."""
    columns = [Column("label", "mix.vehicle")]
    if len(frame["station"].unique()) > 1:
        columns.append(Column("station_name", "mix.station"))
    return columns


def period_columns(frame: pd.DataFrame) -> list[Column]:
    """Return what the vehicles did in the period; unit and currency only where they differ."""
    units = [str(unit) for unit in frame["unit"].unique()]
    heading = f"mix.quantity_{units[0]}" if len(units) == 1 else "mix.quantity"
    columns = [
        Column("period_visits", "mix.visits", "count"),
        Column("last_day", "mix.last_day", "day"),
        Column("period_quantity", heading, "money"),
    ]
    if len(units) > 1:
        columns.append(Column("unit", "mix.unit", "unit"))
    columns.append(Column("period_amount", "mix.amount", "money"))
    if len(frame["currency_code"].unique()) > 1:
        columns.append(Column("currency_code", "mix.currency"))
    return columns


def sum_columns(table: pd.DataFrame) -> list[Column]:
    """Return the columns of the sums in a table of `parts`; no amount where currencies differ."""
    units = [name for name in UNITS if name in table]
    currencies = [
        name for name in table.columns if len(name) == CURRENCY_LETTERS and name.isupper()
    ]
    return [
        Column("visits", "mix.visits", "count"),
        *(Column(unit, f"mix.quantity_{unit}", "money") for unit in units),
        *(Column(name, "mix.amount", "money") for name in currencies if len(currencies) == 1),
    ]


def counted_note(desk: Desk, frame: pd.DataFrame) -> None:
    """Say that a vehicle counts once at each station, where some came to several."""
    several = int((frame.groupby("vehicle_id").size() > 1).sum())
    if several:
        st.caption(desk.say("mix.counted_note", count=several))


def trend(
    desk: Desk,
    monthly: pd.DataFrame,
    names: Mapping[str, str],
    looks: Mapping[Any, Look],
    *,
    watched: str,
    title: str,
) -> tuple[go.Figure, str]:
    """Return each class's share of visits in the last twelve months, and the title.

    The sentence `title` is told the share of the `watched` class in the first and last of them.
    """
    wide = monthly.pivot_table(
        index="month", columns="class", values="visits", aggfunc="sum", fill_value=0
    ).tail(MONTHS_SHOWN)
    whole = wide.sum(axis=1)
    part = wide[watched] / whole if watched in wide else whole * 0.0
    finding = desk.say(
        title,
        first=part.iloc[0],
        last=part.iloc[-1],
        first_month=wide.index[0],
        last_month=wide.index[-1],
    )
    figure = charts.months(wide, names=names, colours=colours(looks), title=finding, percent=True)
    return figure, finding


def colours(looks: Mapping[Any, Look]) -> dict[str, str]:
    """Return the colour of each class."""
    return {str(key): look.colour for key, look in looks.items()}
