"""The building blocks of every page: the answer, the picture, the names behind it."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from unicodedata import east_asian_width
from zoneinfo import ZoneInfo

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from station import text
from station.errors import StationError
from station.model import day_date
from station.pages.parts import address, look
from station.pages.parts.desk import Desk
from station.services import sheets, trail

CHART_CONFIG = {"displayModeBar": False, "responsive": True}
MARGIN_PX = 8
HOUR_MIN = 60
WIDEST_ROW = 5
"""Key figures in one row; more of them make rows of three."""
NARROWEST_FIGURE_PX = 150
SENTENCE_PX = 640
AGO = range(2)
"""Days ago that have a word of their own."""
MOMENT_PX = 140
WIDE_PX, NARROW_PX, BUTTON_EDGE_PX = 14, 8, 24
LEAST_BUTTON_PX, MOST_BUTTON_PX = 64, 180
OPENS: Mapping[str, str] = {"label": "vehicle", "who": "customer"}
"""Columns of lists that are buttons, and whose card each opens: the row's vehicle or customer."""
ADDRESS = re.compile(r"(?<=://)|(?<=@)|(?<=www)(?=\.)", re.IGNORECASE)
WORD_JOINER = "\u2060"
"""Takes no room, and keeps Markdown from making a link of an address even where it is escaped."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list: the frame's column, its heading, and how its values are written.

    `form` is text, count, number (one decimal), exact (two), money, percent, day (a day number),
    moment (an instant), sentence (a key whose facts are the row's columns), or a table of
    word.toml, such as "stability".
    """

    name: str
    heading: str
    form: str = "text"


def plain(words: str) -> str:
    """Return `words` on one line with every Markdown sign escaped: shown, never interpreted."""
    line = ADDRESS.sub(WORD_JOINER, " ".join(words.split()))
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]<>()#+-=.!|~:$&" else sign for sign in line)


def answer(sentence: str) -> None:
    """Write the sentence that answers the page's question."""
    st.markdown(f"##### {plain(sentence)}")


def chart(figure: go.Figure, *, key: str, alt: str) -> None:
    """Draw a figure; `alt` says in words what it shows."""
    _title_above(figure)
    st.plotly_chart(figure, key=key, config=CHART_CONFIG, alt=alt)


def clicked(figure: go.Figure, *, key: str, alt: str) -> str | None:
    """Draw a figure whose bars can be clicked; return the key of the bar that was."""
    _title_above(figure)
    event = st.plotly_chart(
        figure,
        key=key,
        config=CHART_CONFIG,
        alt=alt,
        on_select="rerun",
        selection_mode="points",
    )
    points = event["selection"]["points"] if event else []
    return str(points[0]["customdata"]) if points else None


def _title_above(figure: go.Figure) -> None:
    """Write the figure's title as text above it: Plotly would cut it on a phone, text wraps."""
    title = figure.layout.title.text
    if title:
        st.markdown(f"**{plain(title)}**")
        height = figure.layout.height - figure.layout.margin.t + MARGIN_PX
        figure.update_layout(title={"text": ""}, margin={"t": MARGIN_PX}, height=height)


def choose(
    desk: Desk,
    *,
    key: str,
    label: str,
    options: Mapping[str, str],
    default: str | None = None,
    is_labelled: bool = True,
) -> str | None:
    """Return the class chosen from pills that carry their counts; none chosen means all.

    The choice stands in the address under `key`, so that a link opens the same list. A label that
    goes without saying is left to those who are read the page aloud.
    """
    address.take(key, options, default)
    chosen = st.pills(
        desk.say(label),
        list(options),
        format_func=options.__getitem__,
        key=key,
        label_visibility="visible" if is_labelled else "collapsed",
    )
    address.put(key, chosen, named=[chosen] if chosen not in {None, default} else [])
    return chosen


def pick(desk: Desk, *, key: str, label: str, options: Mapping[str, str]) -> str | None:
    """Return the one chosen from a long list by typing; its key stands in the address."""
    address.take(key, options, None)
    chosen = st.selectbox(
        desk.say(label),
        list(options),
        index=None,
        format_func=options.__getitem__,
        placeholder=desk.say("blocks.pick"),
        key=key,
    )
    address.put(key, chosen, named=[] if chosen is None else [chosen])
    return chosen


def names(
    desk: Desk,
    frame: pd.DataFrame,
    columns: Sequence[Column],
    *,
    key: str,
    title: str,
    empty: str = "blocks.empty",
) -> pd.DataFrame:
    """List the vehicles of `frame`, a page at a time, each plate opening its card, with downloads.

    `frame` is shown in its own order; a column `label` becomes the button that opens the card of
    the row's `vehicle_id`, a column `who` that of its `customer_id`.
    Returns the rows of the page that is shown.
    """
    st.subheader(plain(title), anchor=False)
    if frame.empty:
        st.info(desk.say(empty))
        return frame
    shown = table(desk, frame, columns, key=key, alt=title)
    _downloads(desk, frame, columns, key)
    return shown


def table(
    desk: Desk, frame: pd.DataFrame, columns: Sequence[Column], *, key: str, alt: str
) -> pd.DataFrame:
    """Draw `frame` a page at a time and return the rows of the page that is shown."""
    page = _page_of(desk, len(frame), key)
    shown = frame.iloc[page]
    st.dataframe(
        _chips(written(desk, shown, columns), columns),
        hide_index=True,
        height="content",
        column_config=_config(desk, columns, shown, key),
        placeholder="",
        alt=alt,
        key=f"{key}_table_{page.start}",
    )
    return shown


def _chips(words: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Return the words with those that have a colour of their own ready to be drawn in it."""
    told = words.copy()
    for column in columns:
        if column.form in look.CHIPS:
            chips = [[word] if word else [] for word in words[column.name]]
            told[column.name] = pd.Series(chips, index=words.index, dtype="object")
    return told


def paged(desk: Desk, frame: pd.DataFrame, *, key: str) -> pd.DataFrame:
    """Return the rows of the page that is shown, below what turns the pages."""
    return frame.iloc[_page_of(desk, len(frame), key)]


def _page_of(desk: Desk, rows: int, key: str) -> slice:
    size = desk.ask.settings.dashboard.page_rows
    pages = math.ceil(rows / size)
    number = st.pagination(pages, key=f"{key}_page") if pages > 1 else 1
    return slice((number - 1) * size, number * size)


def written(desk: Desk, frame: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Return the listed columns in the reader's words and forms, one text column each or number."""
    return pd.DataFrame({c.name: _written(desk, frame, c) for c in columns}, index=frame.index)


def _written(desk: Desk, frame: pd.DataFrame, column: Column) -> pd.Series:
    values = frame[column.name]
    if column.form in {"text", "count", "number", "exact", "money"}:
        return values
    if column.form == "percent":
        return values.astype("float64").round(2)
    if column.form == "sentence":
        return sentences(desk, frame, column.name)
    if column.form == "day":
        return values.map(lambda day: None if pd.isna(day) else day_date(int(day)))
    return values.map(lambda value: _word(desk, column.form, value))


def _word(desk: Desk, form: str, value: Any) -> str:
    if form == "moment":
        return "" if pd.isna(value) else moment(desk, int(value))
    if form.endswith(".clue"):
        return clues(desk, form, value)
    return desk.say(f"word.{form}.{value}") if value else ""


def begun(words: str) -> str:
    """Return words as a line begins with them."""
    return words[:1].upper() + words[1:]


def clock(minute: int) -> str:
    """Return a minute of the day as a clock shows it, such as 9:05."""
    hour, rest = divmod(minute, HOUR_MIN)
    return f"{hour}:{rest:02}"


def moment(desk: Desk, second: int, station: str = "") -> str:
    """Return an instant to the minute by the clock of a station, else by the programme's."""
    zone = ZoneInfo(desk.zone(station))
    return f"{datetime.fromtimestamp(second, UTC).astimezone(zone):%Y-%m-%d %H:%M}"


def clues(desk: Desk, form: str, keys: Sequence[str]) -> str:
    """Return what spoke for a class, in words, the strongest first; `form` is its catalogue."""
    return desk.say("blocks.and").join(desk.say(f"{form}.{key}") for key in keys)


def sentences(desk: Desk, frame: pd.DataFrame, column: str) -> pd.Series:
    """Return the sentence of each row, filled with the row's own numbers."""
    rows = frame.to_dict("records")
    said = [text.say_row(desk.lang, row, column) for row in rows]
    return pd.Series(said, index=frame.index, dtype=str)


FORMATS: Mapping[str, str] = {
    "count": "localized",
    "number": "%.1f",
    "exact": "%,.2f",
    "money": "%,.0f",
    "percent": "percent",
}


def _config(desk: Desk, columns: Sequence[Column], shown: pd.DataFrame, key: str) -> dict[str, Any]:
    config: dict[str, Any] = {}
    for column in columns:
        heading = desk.say(column.heading)
        if column.name in OPENS:
            config[column.name] = _open_buttons(column.name, heading, shown, key)
        elif column.form in FORMATS:
            config[column.name] = st.column_config.NumberColumn(
                heading, format=FORMATS[column.form]
            )
        elif column.form in look.CHIPS:
            config[column.name] = _coloured(desk, heading, column.form)
        elif column.form == "day":
            config[column.name] = st.column_config.DateColumn(heading)
        elif column.form == "moment":
            config[column.name] = st.column_config.TextColumn(heading, width=MOMENT_PX)
        elif column.form == "sentence":
            config[column.name] = st.column_config.TextColumn(heading, width=SENTENCE_PX)
        else:
            config[column.name] = st.column_config.TextColumn(heading)
    return config


def _coloured(desk: Desk, heading: str, form: str) -> Any:
    """Return the column of words each of which has its own colour, on every page the same."""
    looks = look.CHIPS[form]
    return st.column_config.MultiselectColumn(
        heading,
        options=[desk.say(f"word.{form}.{kind}") for kind in looks],
        color=[one.colour for one in looks.values()],
    )


def _open_buttons(name: str, heading: str, shown: pd.DataFrame, key: str) -> Any:
    what = OPENS[name]
    ids = shown[f"{what}_id"].tolist()
    widget = f"{key}_open_{what}"

    def open_card() -> None:
        click = st.session_state[widget]
        st.session_state["open_card"] = (what, int(ids[click["row"]]))

    wide = max((_wide_px(str(label)) for label in shown[name]), default=0)
    return st.column_config.ButtonColumn(
        heading,
        type="tertiary",
        on_click=open_card,
        key=widget,
        pinned=True,
        width=min(max(wide + BUTTON_EDGE_PX, LEAST_BUTTON_PX), MOST_BUTTON_PX),
    )


def _wide_px(words: str) -> int:
    """Return about how wide words are; a column of buttons does not measure its own."""
    return sum(WIDE_PX if east_asian_width(sign) in {"W", "F"} else NARROW_PX for sign in words)


def _downloads(desk: Desk, frame: pd.DataFrame, columns: Sequence[Column], key: str) -> None:
    """Let whoever may take the list out of the house, once he has said why."""
    if "rows.export" not in desk.ask.scope.rights:
        return
    headings = {c.name: desk.say(c.heading) for c in columns}
    with st.popover(desk.say("blocks.export"), icon=":material/download:"):
        reason = st.text_input(
            desk.say("blocks.export_reason"),
            key=f"{key}_reason",
            max_chars=trail.LONGEST_REASON,
            help=desk.say("blocks.export_told"),
        )

        def made(kind: str) -> Callable[[], bytes]:
            return lambda: sheets.export(
                desk.ask,
                frame=written(desk, frame, columns),
                headings=headings,
                kind=kind,
                name=key,
                reason=reason,
                lang=desk.lang,
            )

        with st.container(horizontal=True):
            for kind in ("csv", "xlsx"):
                st.download_button(
                    desk.say(f"blocks.download_{kind}"),
                    made(kind),
                    file_name=f"{key}-{desk.ask.as_of:%Y%m%d}.{kind}",
                    key=f"{key}_{kind}",
                    on_click="ignore",
                    icon=":material/download:",
                    disabled=not reason.strip(),
                )


def ago(desk: Desk, days: int) -> str:
    """Return how long ago a day was, as one says it: today, yesterday, so many days ago."""
    return desk.say(f"blocks.ago_{days}" if days in AGO else "blocks.ago", days=days)


def figures(values: Sequence[tuple[str, str, str | None]], *, compares: bool = True) -> None:
    """Write key figures side by side: heading, value, and what it is compared with.

    A note that compares with nothing has no arrow.
    """
    columns = len(values) if len(values) <= WIDEST_ROW else 3
    with st.grid(columns, min_column_width=NARROWEST_FIGURE_PX):
        for heading, value, note in values:
            st.metric(
                heading,
                value,
                delta=note,
                delta_color="off",
                delta_arrow="auto" if compares else "off",
                border=True,
                height="stretch",
            )


def money(desk: Desk, amounts: pd.Series, currencies: pd.Series) -> str:
    """Return the sum of amounts in the reader's form, each currency by itself."""
    sums = amounts.groupby(currencies).sum()
    return " + ".join(text.money(desk.lang, value, str(code)) for code, value in sums.items())


def refused(desk: Desk, error: StationError) -> None:
    """Tell what was refused, why, and what to do next; the page stays as it is."""
    st.error(plain(desk.say(error.key, **error.facts)), icon=":material/error:")
