"""Which stations differ for real, and which only by chance?"""

from pathlib import Path

import pandas as pd
import streamlit as st

from station.pages.parts import blocks, charts, mix
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk, current
from station.services import board

FOLDER = Path(__file__).parent
SHARES = ("regular", "lapsed")
DRILLS = ("stability", "use", "ownership", "lapsed")


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_stations.title"), anchor=False)
    table = board.compare(desk.ask, days=desk.days)
    if table.empty:
        blocks.answer(desk.say("mix.none", period=mix.period(desk)))
        return
    table = table.sort_values("station", ignore_index=True)
    table = table.assign(verdict=verdicts(table))
    blocks.answer(_answer(desk, table) + _range(desk, table))
    left, right = st.columns(2, gap="large")
    with left:
        _regulars(desk, table)
    with right:
        _lapsed(desk, table)
    st.caption(desk.say("page_stations.note"))
    _table(desk, table)
    _drill(desk, table)


def verdicts(table: pd.DataFrame) -> pd.Series:
    """Return above, below, within or none: only a share outside the funnel differs for real."""
    above = table["lapsed_share"] > table["funnel_high"]
    below = table["lapsed_share"] < table["funnel_low"]
    within = pd.Series("within", index=table.index).where(table["lapsed_share"].notna(), "none")
    return within.mask(above, "above").mask(below, "below")


def _answer(desk: Desk, table: pd.DataFrame) -> str:
    if len(table) == 1:
        return desk.say("page_stations.answer_one", station=table["station_name"].iloc[0])
    if not table["regular"].sum():
        return desk.say("page_stations.answer_young", stations=len(table))
    facts = {"stations": len(table), "chain": table["chain_lapsed_share"].iloc[0]}
    above, below = (_names(desk, table, verdict) for verdict in ("above", "below"))
    found = [
        desk.say(f"page_stations.answer_{verdict}", names=names)
        for verdict, names in (("above", above), ("below", below))
        if names
    ]
    if not found:
        return desk.say("page_stations.answer_none", **facts)
    return desk.say(
        "page_stations.answer", **facts, found=desk.say("page_stations.and").join(found)
    )


def _range(desk: Desk, table: pd.DataFrame) -> str:
    """Return which stations have the fewest and the most regulars; "" where chance may say so."""
    ordered = table.sort_values("regular_share")
    low, high = ordered.iloc[0], ordered.iloc[-1]
    if low["regular_share_high"] >= high["regular_share_low"]:
        return ""
    return desk.say(
        "page_stations.answer_range",
        low=low["station_name"],
        low_share=low["regular_share"],
        high=high["station_name"],
        high_share=high["regular_share"],
    )


def _names(desk: Desk, table: pd.DataFrame, verdict: str) -> str:
    names = table.loc[table["verdict"] == verdict, "station_name"]
    return desk.say("blocks.and").join(names)


def _regulars(desk: Desk, table: pd.DataFrame) -> None:
    chain = table["regular"].sum() / table["vehicles"].sum()
    title = desk.say("page_stations.regular_title", chain=chain)
    _draw(table, "regular", chain, title, [])


def _lapsed(desk: Desk, table: pd.DataFrame) -> None:
    chain = table["chain_lapsed_share"].iloc[0]
    title = desk.say("page_stations.lapsed_title", chain=chain)
    _draw(table, "lapsed", chain, title, table["verdict"].isin(["above", "below"]).tolist())


def _draw(table: pd.DataFrame, name: str, chain: float, title: str, flagged: list[bool]) -> None:
    figure = charts.intervals(
        table["station_name"].tolist(),
        table[f"{name}_share"].tolist(),
        table[f"{name}_share_low"].tolist(),
        table[f"{name}_share_high"].tolist(),
        title=title,
        reference=chain,
        flagged=flagged,
    )
    blocks.chart(figure, key=f"stations_{name}", alt=title)


def _table(desk: Desk, table: pd.DataFrame) -> None:
    """List each station with every indicator and the interval of every share."""
    frame = board.seen(desk.ask, stations=(), days=desk.days)
    sums = mix.parts(frame, "station_id").drop(columns="vehicles")
    rows = table.drop(columns="visits").merge(sums.reset_index(), on="station_id", how="left")
    per_visit = mix.per_visit(frame, "station_id")
    rows = rows.merge(per_visit.reset_index(), on="station_id", how="left")
    rows = rows.assign(
        **{f"{name}_text": _with_interval(desk, rows, name) for name in SHARES},
        verdict_text=[desk.say(f"page_stations.verdict_{name}") for name in rows["verdict"]],
    )
    columns = [
        Column("station_name", "mix.station"),
        Column("vehicles", "mix.vehicles", "count"),
        Column("regular_text", "page_stations.regular"),
        Column("lapsed_text", "page_stations.lapsed"),
        Column("verdict_text", "page_stations.verdict"),
        *mix.sum_columns(sums),
        *(Column(str(name), f"mix.{name}", "number") for name in per_visit),
    ]
    blocks.names(
        desk, rows, columns, key="stations", title=desk.say("page_stations.table", count=len(rows))
    )


def _with_interval(desk: Desk, rows: pd.DataFrame, name: str) -> list[str]:
    shares = rows[[f"{name}_share", f"{name}_share_low", f"{name}_share_high"]]
    return [
        desk.say("page_stations.interval", share=share, low=low * 100, high=high * 100)
        if pd.notna(share)
        else ""
        for share, low, high in shares.itertuples(index=False)
    ]


def _drill(desk: Desk, table: pd.DataFrame) -> None:
    """Offer the other pages on one station."""
    titles = dict(zip(table["station"], table["station_name"], strict=True))
    chosen = blocks.pick(desk, key="stations_one", label="page_stations.choose", options=titles)
    if not chosen:
        return
    with st.container(horizontal=True):
        for name in DRILLS:
            if st.button(
                desk.say(f"page_{name}.title"),
                key=f"stations_to_{name}",
                on_click=_look_at,
                args=(chosen,),
                icon=":material/arrow_forward:",
            ):
                st.switch_page(st.Page(FOLDER / f"{name}.py", url_path=name), query_params={})


def _look_at(station: str) -> None:
    """Set the sidebar to one station before the next page is drawn."""
    st.session_state["station"] = [station]


if __name__ == "__main__":
    render()
