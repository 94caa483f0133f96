"""A frame becomes a Plotly figure; knows no Streamlit, so it can be tested and printed alone.

Every figure is drawn for 390 px as well as 1440 px: few marks, direct labels, zero-based bars, no
legend where a label will do. Hover texts hold only what the frame was given.
"""

import itertools
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from station.model import State
from station.pages.look import ACCENT, GREY, STATE

FONT = "'Source Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
FLAG = STATE[State.LOST].colour
GRID = "rgba(128,140,152,0.25)"


def _figure(title: str, height_px: int) -> go.Figure:
    figure = go.Figure()
    figure.update_layout(
        title={"text": title, "x": 0, "xanchor": "left", "font": {"size": 15}},
        font={"family": FONT, "size": 13},
        height=height_px,
        margin={"l": 8, "r": 8, "t": 44 if title else 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
        hoverlabel={"font": {"family": FONT}},
        separators=".,",
        dragmode=False,
    )
    figure.update_xaxes(automargin=True, gridcolor=GRID, zerolinecolor=GRID, fixedrange=True)
    figure.update_yaxes(automargin=True, gridcolor=GRID, zerolinecolor=GRID, fixedrange=True)
    return figure


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
    figure = _figure(title, height_px=64 + 34 * max(len(labels), 1))
    texts = list(texts) if texts is not None else [f"{value:,.0f}" for value in values]
    figure.add_bar(
        x=list(values),
        y=list(map(literal, labels)),
        orientation="h",
        marker={"color": colours, "cornerradius": 3},
        text=texts,
        textposition="outside",
        cliponaxis=False,
        customdata=list(keys if keys is not None else labels),
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    # Room for the longest text at the bars' ends, on a phone too.
    room = 1.1 + 0.03 * max(map(len, texts), default=0)
    figure.update_xaxes(
        range=[0, max([*values, 0]) * room or 1], showticklabels=False, showgrid=False
    )
    return figure


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
    figure = _figure(title, height_px=90 + 44 * len(rows))
    totals = parts[list(rows)].sum()
    for key, name in names.items():
        share = [_ratio(parts[column].get(key, 0), totals[column]) for column in rows]
        figure.add_bar(
            x=share,
            y=list(rows.values()),
            name=name,
            orientation="h",
            marker={"color": colours[key]},
            text=[f"{value:.0%}" if value >= 0.06 else "" for value in share],  # noqa: PLR2004 - room for three characters
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            hovertemplate=f"{name}: %{{x:.1%}}<extra>%{{y}}</extra>",
        )
    figure.update_layout(
        barmode="stack",
        showlegend=True,
        legend=_LEGEND_BELOW,
        uniformtext={"minsize": 10, "mode": "hide"},  # a label that does not fit is left out
    )
    figure.update_xaxes(range=[0, 1], showticklabels=False, showgrid=False)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return figure


def _ratio(part: float, whole: float) -> float:
    return float(part) / float(whole) if whole else 0.0


_LEGEND_BELOW = {
    "orientation": "h",
    "yanchor": "top",
    "y": -0.02,
    "x": 0,
    "traceorder": "normal",
    "font": {"size": 12},
}


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
    figure = _figure(title, height_px=330)
    form = ":.0%" if percent else ":,.0f"
    for key, name in names.items():
        if key in shown:
            figure.add_bar(
                x=shown.index,
                y=shown[key],
                name=name,
                marker={"color": colours[key]},
                hovertemplate=f"{name}: %{{y{form}}}<extra>%{{x}}</extra>",
            )
    figure.update_layout(barmode="stack", showlegend=True, legend=_LEGEND_BELOW | {"y": -0.14})
    figure.update_yaxes(tickformat=".0%" if percent else ",.0f", rangemode="tozero")
    figure.update_xaxes(showgrid=False, type="category", nticks=8)
    return figure


def lines(
    frame: pd.DataFrame, *, names: Mapping[str, str], colours: Mapping[str, str], title: str
) -> go.Figure:
    """Return one line a column of `frame`, labelled at its end."""
    figure = _figure(title, height_px=300)
    for key, name in names.items():
        figure.add_scatter(
            x=frame.index,
            y=frame[key],
            name=name,
            mode="lines",
            line={"color": colours[key], "width": 2},
            hovertemplate=f"{name}: %{{y:,.0f}}<extra>%{{x}}</extra>",
        )
    figure.update_layout(showlegend=len(names) > 1, legend=_LEGEND_BELOW | {"y": -0.14})
    figure.update_yaxes(rangemode="tozero", tickformat=",.0f")
    figure.update_xaxes(showgrid=False)
    return figure


def heat(
    grid: pd.DataFrame, *, columns: Sequence[str], rows: Sequence[str], title: str
) -> go.Figure:
    """Return a heat map of `grid` (weekday by hour), darker where there is more."""
    figure = _figure(title, height_px=290)
    figure.add_heatmap(
        z=grid.to_numpy(),
        x=list(columns),
        y=list(rows),
        colorscale=[[0, "rgba(47,127,193,0.05)"], [1, "rgba(15,98,168,1)"]],
        showscale=False,
        xgap=1,
        ygap=1,
        hovertemplate="%{y} %{x}: %{z:,.0f}<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(showgrid=False, nticks=9)
    return figure


def histogram(
    edges: Sequence[float], counts: Sequence[int], *, title: str, axis: str, mark: float | None
) -> go.Figure:
    """Return columns between `edges`; `mark` draws a dashed line, such as a median."""
    figure = _figure(title, height_px=300)
    centres = [(low + high) / 2 for low, high in itertools.pairwise(edges)]
    widths = [high - low for low, high in itertools.pairwise(edges)]
    figure.add_bar(
        x=centres,
        y=list(counts),
        width=[width * 0.94 for width in widths],
        marker={"color": ACCENT},
        customdata=list(itertools.pairwise(edges)),
        hovertemplate="%{customdata[0]:g}–%{customdata[1]:g}: %{y:,}<extra></extra>",
    )
    if mark is not None:
        figure.add_vline(x=mark, line={"color": GREY, "dash": "dash", "width": 1.5})
    figure.update_xaxes(title={"text": axis, "font": {"size": 12}}, showgrid=False)
    figure.update_yaxes(tickformat=",.0f", rangemode="tozero")
    return figure


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
    figure = _figure(title, height_px=80 + 36 * max(len(labels), 1))
    figure.add_scatter(
        x=list(values),
        y=list(map(literal, labels)),
        mode="markers",
        marker={
            "color": [FLAG if mark else ACCENT for mark in marks],
            "symbol": ["diamond" if mark else "circle" for mark in marks],
            "size": [13 if mark else 10 for mark in marks],
        },
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [high - value for value, high in zip(values, highs, strict=True)],
            "arrayminus": [value - low for value, low in zip(values, lows, strict=True)],
            "color": ACCENT,
            "thickness": 1.5,
        },
        customdata=list(zip(lows, highs, strict=True)),
        hovertemplate="%{y}: %{x:.1%} (%{customdata[0]:.1%}–%{customdata[1]:.1%})<extra></extra>",
    )
    if reference is not None:
        figure.add_vline(x=reference, line={"color": GREY, "dash": "dash", "width": 1.5})
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    return figure


def gaps(
    frame: pd.DataFrame,
    *,
    usual: tuple[float, str],
    window: tuple[date, date, str] | None,
    title: str,
) -> go.Figure:
    """Return a vehicle's rhythm: at each visit the days since the one before, and the usual gap.

    `frame` has the columns day, gap_days, colour and name; its last row is today and the silence
    so far. `usual` is the gap with its label, `window` when the next visit is due, with its label.
    """
    figure = _figure(title, height_px=300)
    figure.add_scatter(
        x=frame["day"],
        y=frame["gap_days"],
        mode="markers",
        marker={"color": frame["colour"], "size": 8},
        error_y=_stems(frame["gap_days"]),
        customdata=frame["name"],
        hovertemplate="%{customdata}: %{y}<extra>%{x|%Y-%m-%d}</extra>",
    )
    figure.add_hline(
        y=usual[0], line={"color": GREY, "dash": "dash", "width": 1.5}, **_label(usual[1])
    )
    if window is not None:
        figure.add_vrect(
            x0=window[0],
            x1=window[1],
            fillcolor=ACCENT,
            opacity=0.15,
            line_width=0,
            **_label(window[2]),
        )
    figure.update_yaxes(rangemode="tozero", tickformat=",.0f")
    figure.update_xaxes(showgrid=False, nticks=5, tickformat="%Y-%m", tickangle=0)
    return figure


def _stems(heights: pd.Series) -> dict[str, Any]:
    """Return the error bars that reach from each point down to zero."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [0] * len(heights),
        "arrayminus": heights,
        "color": GREY,
        "thickness": 2,
        "width": 0,
    }


def _label(words: str) -> dict[str, Any]:
    return {
        "annotation": {"text": words, "font": {"size": 12}},
        "annotation_position": "top right",
    }
