"""A frame becomes a Plotly figure; knows no Streamlit, so it can be tested and printed alone.

Every figure is drawn for 390 px as well as 1440 px: few marks, direct labels, zero-based bars, no
legend where a label will do. Hover texts hold only what the frame was given.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from station.model import State
from station.pages.parts.look import ACCENT, GREY, STATE

FONT = "'Source Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
FLAG = STATE[State.LOST].colour
GRID = "rgba(128,140,152,0.25)"
SHADE = "rgba(47,127,193,0.15)"
EARLY_PART = 4
"""The first so many-th part of a course does not say how far its axis reaches."""
LABELLED_SHARE = 0.06
"""A smaller part of a bar has no room for its percentage."""


AXIS = {"automargin": True, "gridcolor": GRID, "zerolinecolor": GRID, "fixedrange": True}
NAMES = {"autorange": "reversed", "type": "category"}
"""An axis of names from the top down; a name of digits is no number."""
DASHED = {"color": GREY, "dash": "dash", "width": 1.5}
LEGEND = {
    "orientation": "h",
    "yanchor": "top",
    "y": -0.02,
    "x": 0,
    "traceorder": "normal",
    "font": {"size": 12},
}


def _figure(
    title: str,
    height_px: int,
    traces: Sequence[dict[str, Any]],
    *,
    x: dict[str, Any],
    y: dict[str, Any],
    **layout: Any,
) -> go.Figure:
    """Return a figure made at once: Plotly checks each later change anew, ten times as slow."""
    look = {
        "title": {"text": title, "x": 0, "xanchor": "left", "font": {"size": 15}},
        "font": {"family": FONT, "size": 13},
        "height": height_px,
        "margin": {"l": 8, "r": 8, "t": 44 if title else 8, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "showlegend": False,
        "hoverlabel": {"font": {"family": FONT}},
        "separators": ".,",
        "dragmode": False,
    }
    axes = {"xaxis": AXIS | x, "yaxis": AXIS | y}
    return go.Figure({"data": list(traces), "layout": look | axes | layout})


def literal(words: str) -> str:
    """Return `words` as Plotly shows them: it would take a tag or a link for one."""
    return words.replace("&", "&amp;").replace("<", "&lt;")


def bars(
    labels: Sequence[str],
    values: Sequence[float],
    *,
    title: str,
    colours: Sequence[str] | str = ACCENT,
    texts: Sequence[str] | None = None,
    keys: Sequence[str] | None = None,
) -> go.Figure:
    """Return horizontal bars, the first label on top, each with its value written beside it."""
    texts = list(texts) if texts is not None else [f"{value:,.0f}" for value in values]
    # Room for the longest text at the bars' ends, on a phone too.
    room = 1.1 + 0.03 * max(map(len, texts), default=0)
    trace = {
        "type": "bar",
        "x": list(values),
        "y": list(map(literal, labels)),
        "orientation": "h",
        "marker": {"color": colours, "cornerradius": 3},
        "text": texts,
        "textposition": "outside",
        "cliponaxis": False,
        "customdata": list(keys if keys is not None else labels),
        "hovertemplate": "%{y}: %{text}<extra></extra>",
    }
    return _figure(
        title,
        64 + 34 * max(len(labels), 1),
        [trace],
        x={
            "range": [0, max([*values, 0]) * room or 1],
            "showticklabels": False,
            "showgrid": False,
        },
        y=NAMES | {"showgrid": False},
    )


def stacks(
    frame: pd.DataFrame,
    *,
    rows: Sequence[str],
    names: Mapping[str, str],
    colours: Mapping[str, str],
    title: str,
) -> go.Figure:
    """Return one horizontal bar a row of `frame`, cut into its columns, each with its number."""
    longest = float(frame[list(names)].sum(axis=1).max())
    traces = [
        {
            "type": "bar",
            "x": frame[key].tolist(),
            "y": list(map(literal, rows)),
            "name": name,
            "orientation": "h",
            "marker": {"color": colours[key]},
            "text": [
                f"{value:,.0f}" if value >= LABELLED_SHARE * longest else "" for value in frame[key]
            ],
            "textposition": "inside",
            "insidetextanchor": "middle",
            "textangle": 0,
            "hovertemplate": f"{name}: %{{x:,.0f}}<extra>%{{y}}</extra>",
        }
        for key, name in names.items()
    ]
    return _figure(
        title,
        90 + 34 * len(frame),
        traces,
        x={"rangemode": "tozero", "showticklabels": False, "showgrid": False},
        y=NAMES | {"showgrid": False},
        barmode="stack",
        showlegend=True,
        legend=LEGEND,
    )


def shares(
    parts: pd.DataFrame,
    *,
    names: Mapping[str, str],
    colours: Mapping[str, str],
    rows: Mapping[str, str],
    title: str,
) -> go.Figure:
    """Return one bar of 100 % for each column of `rows`, cut by the classes in the index.

    `parts` holds a row a class (index) and a column a measure; `names` labels classes and `rows`
    labels measures, in the order they are drawn.
    """
    totals = parts[list(rows)].sum()
    cuts = {
        key: [_ratio(parts[column].get(key, 0), totals[column]) for column in rows] for key in names
    }
    return _figure(
        title,
        90 + 44 * len(rows),
        [_cut(cuts[key], list(rows.values()), names[key], colours[key]) for key in names],
        x={"range": [0, 1], "showticklabels": False, "showgrid": False},
        y=NAMES | {"showgrid": False},
        barmode="stack",
        showlegend=True,
        legend=LEGEND,
        uniformtext={"minsize": 10, "mode": "hide"},  # a label that does not fit is left out
    )


def _cut(share: Sequence[float], rows: Sequence[str], name: str, colour: str) -> dict[str, Any]:
    return {
        "type": "bar",
        "x": list(share),
        "y": list(map(literal, rows)),
        "name": name,
        "orientation": "h",
        "marker": {"color": colour},
        "text": [f"{value:.0%}" if value >= LABELLED_SHARE else "" for value in share],
        "textposition": "inside",
        "insidetextanchor": "middle",
        "textangle": 0,
        "hovertemplate": f"{name}: %{{x:.1%}}<extra>%{{y}}</extra>",
    }


def _ratio(part: float, whole: float) -> float:
    return float(part) / float(whole) if whole else 0.0


def months(
    frame: pd.DataFrame,
    *,
    names: Mapping[str, str],
    colours: Mapping[str, str],
    title: str,
    percent: bool = False,
) -> go.Figure:
    """Return stacked columns over time; `frame` has a row a month (index) and a column a class."""
    shown = frame.div(frame.sum(axis=1), axis=0) if percent else frame
    form = ".0%" if percent else ",.0f"
    traces = [
        {
            "type": "bar",
            "x": shown.index.tolist(),
            "y": shown[key].tolist(),
            "name": name,
            "marker": {"color": colours[key]},
            "hovertemplate": f"{name}: %{{y:{form}}}<extra>%{{x}}</extra>",
        }
        for key, name in names.items()
        if key in shown
    ]
    return _figure(
        title,
        330,
        traces,
        x={"showgrid": False, "type": "category", "nticks": 8},
        y={"tickformat": form, "rangemode": "tozero"},
        barmode="stack",
        showlegend=True,
        legend=LEGEND | {"y": -0.14},
    )


def flows(
    frame: pd.DataFrame, *, names: Mapping[str, str], colours: Mapping[str, str], title: str
) -> go.Figure:
    """Return columns over time that go up and, where a value is below 0, down from one line."""
    traces = [
        {
            "type": "bar",
            "x": frame.index.tolist(),
            "y": frame[key].tolist(),
            "name": name,
            "marker": {"color": colours[key]},
            "customdata": frame[key].abs().tolist(),
            "hovertemplate": f"{name}: %{{customdata:,.0f}}<extra>%{{x}}</extra>",
        }
        for key, name in names.items()
    ]
    return _figure(
        title,
        330,
        traces,
        x={"showgrid": False, "type": "category", "nticks": 8},
        y={"tickformat": ",.0f", "zeroline": True, "zerolinecolor": GREY},
        barmode="relative",
        showlegend=True,
        legend=LEGEND | {"y": -0.14},
    )


def ahead(
    labels: Sequence[str],
    values: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
    *,
    title: str,
) -> go.Figure:
    """Return columns of what is expected, each with the range in which it lies as a thin line."""
    whiskers = _whiskers(values, lows, highs) | {"color": GREY, "width": 4}
    trace = {
        "type": "bar",
        "x": list(labels),
        "y": list(values),
        "marker": {"color": ACCENT, "cornerradius": 3},
        "error_y": whiskers,
        "customdata": list(zip(lows, highs, strict=True)),
        "hovertemplate": "%{x}: %{y:,.0f} (%{customdata[0]:,.0f}–%{customdata[1]:,.0f})"
        "<extra></extra>",
    }
    return _figure(
        title,
        330,
        [trace],
        x={"showgrid": False, "type": "category", "nticks": 8},
        y={"tickformat": ",.0f", "rangemode": "tozero"},
    )


def lines(
    frame: pd.DataFrame, *, names: Mapping[str, str], colours: Mapping[str, str], title: str
) -> go.Figure:
    """Return one line a column of `frame`, labelled at its end."""
    traces = [
        {
            "type": "scatter",
            "x": frame.index.tolist(),
            "y": frame[key].tolist(),
            "name": name,
            "mode": "lines",
            "line": {"color": colours[key], "width": 2},
            "hovertemplate": f"{name}: %{{y:,.0f}}<extra>%{{x}}</extra>",
        }
        for key, name in names.items()
    ]
    return _figure(
        title,
        300,
        traces,
        x={"showgrid": False},
        y={"rangemode": "tozero", "tickformat": ",.0f"},
        showlegend=len(names) > 1,
        legend=LEGEND | {"y": -0.14},
    )


def against(
    frame: pd.DataFrame, *, across: tuple[str, str], up: tuple[str, str], title: str
) -> go.Figure:
    """Return points of one share against another, beside the line on which both are the same.

    `across` and `up` each name a column of `frame` and its axis.
    """
    trace = {
        "type": "scatter",
        "x": frame[across[0]].tolist(),
        "y": frame[up[0]].tolist(),
        "mode": "markers",
        "marker": {"color": ACCENT, "size": 10},
        "hovertemplate": f"{across[1]} %{{x:.0%}}, {up[1]} %{{y:.0%}}<extra></extra>",
    }
    share = {"range": [-0.03, 1.03], "tickformat": ".0%", "tickvals": [0, 0.25, 0.5, 0.75, 1]}
    same = {"type": "line", "x0": 0, "y0": 0, "x1": 1, "y1": 1, "line": DASHED, "layer": "below"}
    return _figure(
        title,
        330,
        [trace],
        x=share | {"title": {"text": across[1]}},
        y=share | {"title": {"text": up[1]}},
        shapes=[same],
    )


def heat(
    grid: pd.DataFrame, *, columns: Sequence[str], rows: Sequence[str], title: str
) -> go.Figure:
    """Return a heat map of `grid` (weekday by hour), darker where there is more."""
    trace = {
        "type": "heatmap",
        "z": grid.to_numpy(),
        "x": list(columns),
        "y": list(rows),
        "colorscale": [[0, "rgba(47,127,193,0.05)"], [1, "rgba(15,98,168,1)"]],
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
        "hovertemplate": "%{y} %{x}: %{z:,.0f}<extra></extra>",
    }
    return _figure(
        title,
        290,
        [trace],
        x={"showgrid": False, "nticks": 9},
        y=NAMES | {"showgrid": False},
    )


def intervals(
    labels: Sequence[str],
    values: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
    *,
    title: str,
    reference: float | None = None,
    flagged: Sequence[bool] = (),
) -> go.Figure:
    """Return points with their intervals, in percent, and the common value as a dashed line.

    A flagged point is a red diamond.
    """
    marks = list(flagged) or [False] * len(labels)
    trace = {
        "type": "scatter",
        "x": list(values),
        "y": list(map(literal, labels)),
        "mode": "markers",
        "marker": {
            "color": [FLAG if mark else ACCENT for mark in marks],
            "symbol": ["diamond" if mark else "circle" for mark in marks],
            "size": [13 if mark else 10 for mark in marks],
        },
        "error_x": _whiskers(values, lows, highs),
        "customdata": list(zip(lows, highs, strict=True)),
        "hovertemplate": "%{y}: %{x:.1%} (%{customdata[0]:.1%}–%{customdata[1]:.1%})"
        "<extra></extra>",
    }
    return _figure(
        title,
        80 + 36 * max(len(labels), 1),
        [trace],
        x={"tickformat": ".0%", "rangemode": "tozero"},
        y=NAMES,
        shapes=[] if reference is None else [_upright(reference)],
    )


def _whiskers(
    values: Sequence[float], lows: Sequence[float], highs: Sequence[float]
) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [high - value for value, high in zip(values, highs, strict=True)],
        "arrayminus": [value - low for value, low in zip(values, lows, strict=True)],
        "color": ACCENT,
        "thickness": 1.5,
    }


def _upright(x: float) -> dict[str, Any]:
    """Return a dashed line from bottom to top."""
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "line": DASHED}


def course(
    days: Sequence[date],
    values: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
    *,
    title: str,
    name: str,
) -> go.Figure:
    """Return how an estimate and its limits went over time, in points of a hundred, around 0.

    What lies far outside at the beginning, when next to nothing was known, is cut off.
    """
    settled = list(zip(lows, highs, strict=True))[len(days) // EARLY_PART :]
    reach = min(max((max(-low, high) for low, high in settled), default=1.0), 1.0) * 1.15
    edge = {"type": "scatter", "x": list(days), "mode": "lines", "hoverinfo": "skip"}
    thin = {"color": ACCENT, "width": 1}
    traces = [
        edge | {"y": list(highs), "line": thin},
        edge | {"y": list(lows), "line": thin, "fill": "tonexty", "fillcolor": SHADE},
        {
            "type": "scatter",
            "x": list(days),
            "y": list(values),
            "mode": "lines",
            "line": {"color": ACCENT, "width": 3},
            "customdata": list(zip(lows, highs, strict=True)),
            "hovertemplate": f"{name} %{{y:+.1%}} (%{{customdata[0]:+.1%}} … "
            "%{customdata[1]:+.1%})<extra>%{x|%Y-%m-%d}</extra>",
        },
    ]
    across = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0}
    return _figure(
        title,
        330,
        traces,
        x={"showgrid": False, "nticks": 5, "tickformat": "%Y-%m", "tickangle": 0},
        y={"tickformat": "+.0%", "range": [-reach, reach]},
        shapes=[across | {"line": DASHED}],
    )


def gaps(
    frame: pd.DataFrame,
    *,
    usual: float,
    window: tuple[date, date, str] | None,
    title: str,
) -> go.Figure:
    """Return a vehicle's rhythm: at each visit the days since the one before, and the usual gap.

    `frame` has the columns day, gap_days, colour and name; its last row is today and the silence
    so far. `usual` is the gap that a dashed line shows, `window` when the next visit is due, with
    its label.
    """
    trace = {
        "type": "scatter",
        "x": frame["day"].tolist(),
        "y": frame["gap_days"].tolist(),
        "mode": "markers",
        "marker": {"color": frame["colour"].tolist(), "size": 8},
        "error_y": _stems(frame["gap_days"]),
        "customdata": frame["name"].tolist(),
        "hovertemplate": "%{customdata}: %{y}<extra>%{x|%Y-%m-%d}</extra>",
    }
    across = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": usual, "y1": usual}
    shapes: list[dict[str, Any]] = [across | {"line": DASHED}]
    labels = []
    if window is not None:
        first, last, words = window
        shapes.append(_band(first, last))
        labels.append(_label(words, {"x": last, "yref": "paper", "y": 1, "yanchor": "top"}))
    return _figure(
        title,
        300,
        [trace],
        x={"showgrid": False, "nticks": 5, "tickformat": "%Y-%m", "tickangle": 0},
        y={"rangemode": "tozero", "tickformat": ",.0f"},
        shapes=shapes,
        annotations=labels,
    )


def _stems(heights: pd.Series) -> dict[str, Any]:
    """Return the error bars that reach from each point down to zero."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [0] * len(heights),
        "arrayminus": heights.tolist(),
        "color": GREY,
        "thickness": 2,
        "width": 0,
    }


def _band(first: date, last: date) -> dict[str, Any]:
    """Return a shaded stretch of days from bottom to top."""
    return {
        "type": "rect",
        "x0": first,
        "x1": last,
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "fillcolor": ACCENT,
        "opacity": 0.15,
        "line": {"width": 0},
    }


def _label(words: str, place: dict[str, Any]) -> dict[str, Any]:
    return {"text": words, "font": {"size": 12}, "showarrow": False, "xanchor": "right"} | place
