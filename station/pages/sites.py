"""What is set at each station, since when, and who keeps its customer archive?"""

from collections.abc import Mapping
from datetime import date, time
from typing import Any

import pandas as pd
import streamlit as st

from station.model import StationKind, day_date
from station.pages import audit
from station.pages.parts import acts, blocks
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk, current
from station.services import access, sites

TIMES = frozenset({"day_starts_at_min", "night_ends_at_min"})
HOUR_MIN = 60
HALF_HOUR_S = 1800
NAMED = 5
"""More stations without somebody who keeps their archive are counted, not named."""
FIELD_PX, DAY_PX, REASON_PX = 240, 180, 420
COLUMNS = (
    Column("name", "word.setting.name"),
    Column("code", "word.setting.code"),
    Column("region", "word.setting.region"),
    Column("kind", "word.setting.kind", "station_kind"),
    Column("province", "word.setting.province"),
    Column("day_starts", "word.setting.day_starts_at_min"),
    Column("night_ends", "word.setting.night_ends_at_min"),
    Column("archivist", "word.setting.archivist"),
    Column("waiting", "page_sites.waiting", "count"),
)
HISTORY_COLUMNS = (
    Column("from_day", "page_sites.from", "day"),
    Column("station_name", "page_sites.station"),
    Column("field", "page_sites.field", "setting"),
    Column("old", "page_sites.old"),
    Column("new", "page_sites.new"),
    Column("reason", "page_sites.reason"),
    Column("account", "page_sites.account"),
    Column("written_at", "page_sites.written", "moment"),
)


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_sites.title"), anchor=False)
    acts.told()
    known, history = sites.listing(desk.ask), _history(desk)
    blocks.answer(_answer(desk, known))
    if known.empty:
        st.info(desk.say("page_sites.empty"))
        return
    _pending(desk, history)
    st.subheader(desk.say("page_sites.stations", stations=len(known)), anchor=False)
    blocks.table(desk, _shown(known), COLUMNS, key="sites_list", alt=desk.say("page_sites.title"))
    chosen = _choose(desk, known)
    if chosen is not None:
        _change(desk, chosen)
        history = history[history["station"] == chosen["code"]]
    _past(desk, history)


def _answer(desk: Desk, known: pd.DataFrame) -> str:
    without = known[known["archivist"].isna()]
    key = "page_sites.answer_without" if len(without) else "page_sites.answer_kept"
    names = desk.say("blocks.and").join(without["name"].head(NAMED))
    if len(without) > NAMED:
        names += "…"
    said = desk.say("page_sites.answer", stations=len(known), changes=int(known["waiting"].sum()))
    return said + desk.say(key, count=len(without), names=names)


def _shown(known: pd.DataFrame) -> pd.DataFrame:
    return known.assign(
        day_starts=known["day_starts_at_min"].map(clock),
        night_ends=known["night_ends_at_min"].map(clock),
        archivist=known["archivist"].fillna(""),
    )


def clock(minute: Any) -> str:
    """Return minutes after midnight as a time of the day."""
    hours, minutes = divmod(int(minute), HOUR_MIN)
    return f"{hours:02d}:{minutes:02d}"


def _history(desk: Desk) -> pd.DataFrame:
    """Return every change in words, the latest day first."""
    history = sites.history(desk.ask)
    names = sites.listing(desk.ask).set_index("code")["name"]
    rows = history.to_dict("records")
    return history.assign(
        station_name=history["station"].map(names),
        old=[_value(desk, str(row["field"]), str(row["old"])) for row in rows],
        new=[_value(desk, str(row["field"]), str(row["new"])) for row in rows],
        reason=[audit.by_file(desk, str(row["reason"])) for row in rows],
    )


def _value(desk: Desk, field: str, value: str) -> str:
    """Return a setting's value in words."""
    if not value:
        return desk.say("page_sites.nothing")
    if field in TIMES:
        return clock(value)
    return desk.say(f"word.station_kind.{value}") if field == "kind" else value


def _pending(desk: Desk, history: pd.DataFrame) -> None:
    waiting = history[history["applied_at"].isna()]
    if waiting.empty:
        return
    st.subheader(desk.say("page_sites.pending", changes=len(waiting)), anchor=False)
    with st.container(border=True, gap="xsmall"):
        for row in waiting.iloc[::-1].to_dict("records"):
            said = desk.say(
                "page_sites.will_be",
                day=day_date(int(row["from_day"])),
                station=row["station_name"],
                field=desk.say(f"word.setting.{row['field']}"),
                old=row["old"],
                new=row["new"],
            )
            st.markdown(f":material/schedule: {blocks.plain(said)}")
        st.caption(desk.say("page_sites.pending_told"))


def _choose(desk: Desk, known: pd.DataFrame) -> Mapping[Any, Any] | None:
    titles = {
        str(row["code"]): f"{row['name']} · {row['code']}" for row in known.to_dict("records")
    }
    code = blocks.pick(desk, key="sites_station", label="page_sites.choose", options=titles)
    return known[known["code"] == code].to_dict("records")[0] if code else None


def _change(desk: Desk, station: Mapping[Any, Any]) -> None:
    """Let one setting of a station be changed from a day on."""
    with st.container(border=True):
        st.markdown(f"**{blocks.plain(desk.say('page_sites.change', station=station['name']))}**")
        field = st.selectbox(
            desk.say("page_sites.field"),
            sites.FIELDS,
            format_func=lambda field: desk.say(f"word.setting.{field}"),
            key=acts.fresh("sites_field"),
            width=FIELD_PX,
        )
        with st.form(acts.fresh("sites_change"), border=False):
            with st.container(horizontal=True):
                new = _widget(desk, field, station)
                day = st.date_input(
                    desk.say("page_sites.from"),
                    value=access.today(),
                    key=acts.fresh("sites_from"),
                    width=DAY_PX,
                )
                reason = acts.why(desk, key="sites_reason", width=REASON_PX)
            st.caption(desk.say(f"page_sites.about_{field}"))
            sent = st.form_submit_button(
                desk.say("page_sites.save"), type="primary", key=acts.fresh("sites_save")
            )
        if sent:
            asked = {"station": str(station["code"]), "field": field, "new": new, "reason": reason}
            acts.do(desk, lambda: _changed(desk, asked, day))


def _changed(desk: Desk, asked: Mapping[str, str], day: date) -> str:
    came = sites.change(desk.ask, from_on=day, **asked)
    return desk.say(f"page_sites.{came}", day=day)


def _widget(desk: Desk, field: str, station: Mapping[Any, Any]) -> str:
    """Return the new value as the service takes it, from the widget that suits the field."""
    label, key = desk.say("page_sites.new"), acts.fresh(f"sites_{field}_{station['code']}")
    standing = station[field]
    if field in TIMES:
        hours, minutes = divmod(int(standing), HOUR_MIN)
        at = st.time_input(
            label, value=time(hours, minutes), step=HALF_HOUR_S, key=key, width=FIELD_PX
        )
        return str(at.hour * HOUR_MIN + at.minute) if at else ""
    options = _options(desk, field, str(station["code"]))
    if not options:
        return st.text_input(
            label, value=str(standing), max_chars=sites.LONGEST, key=key, width=FIELD_PX
        )
    kept = "" if pd.isna(standing) else str(standing)
    place = list(options).index(kept) if kept in options else 0
    chosen = st.selectbox(
        label, list(options), index=place, format_func=options.__getitem__, key=key, width=FIELD_PX
    )
    return str(chosen or "")


def _options(desk: Desk, field: str, station: str) -> dict[str, str]:
    """Return what may be chosen for a field, none where it is typed."""
    nobody = {"": desk.say("page_sites.nothing")}
    if field == "kind":
        return {kind.value: desk.say(f"word.station_kind.{kind}") for kind in StationKind}
    if field == "province":
        return nobody | {province: province for province in sites.PLATE_PROVINCES}
    if field == sites.KEEPER:
        return nobody | {name: name for name in sites.candidates(desk.ask, station=station)}
    return {}


def _past(desk: Desk, history: pd.DataFrame) -> None:
    held = history[history["applied_at"].notna()]
    blocks.names(
        desk,
        held,
        HISTORY_COLUMNS,
        key="sites_history",
        title=desk.say("page_sites.history", changes=len(held)),
        empty="page_sites.no_history",
    )


if __name__ == "__main__":
    render()
