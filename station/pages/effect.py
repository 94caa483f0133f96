"""Does calling bring customers back who would have stayed away? And what do they say?"""

import math

import pandas as pd
import streamlit as st

from station import text
from station.model import day_date
from station.pages.parts import blocks, charts
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk, current
from station.services.calls import answers, judging
from station.services.calls.answers import Heard
from station.services.calls.judging import Told

LONG_WEEKS, YEAR_WEEKS = 104, 52
BY = ("grade", "station", "competitor")
STATIONS = (
    Column("name", "page_effect.station"),
    Column("verdict", "page_effect.verdict"),
    Column("limits", "page_effect.effect_points"),
    Column("called", "page_effect.called", "count"),
    Column("held", "page_effect.held", "count"),
    Column("rate_called", "page_effect.rate_called", "percent"),
    Column("rate_held", "page_effect.rate_held", "percent"),
    Column("litres_text", "page_effect.litres"),
    Column("naive", "page_effect.naive", "percent"),
)


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_effect.title"), anchor=False)
    told = judging.effect(desk.ask, stations=desk.stations)
    key, facts = judging.sentence(told, desk.ask.settings)
    blocks.answer(desk.say(key, **facts))
    if told.whole.due:
        st.caption(blocks.plain(_naive(desk, told)))
        _figures(desk, told)
        _course(desk, told)
        _notes(desk, told)
        _stations(desk, told)
    _reasons(desk)


def _naive(desk: Desk, told: Told) -> str:
    """Return what a list of successes would have said."""
    if math.isnan(told.whole.naive) or math.isnan(told.whole.rate_held):
        return desk.say("page_effect.no_naive")
    return desk.say("page_effect.naive_told", naive=told.whole.naive, rate=told.whole.rate_held)


def _figures(desk: Desk, told: Told) -> None:
    whole, say = told.whole, desk.say
    gained = "margin" if told.is_margin else "money"
    blocks.figures(
        [
            (say("page_effect.called"), f"{whole.called:,}", _share(desk, whole.rate_called)),
            (say("page_effect.held"), f"{whole.held:,}", _share(desk, whole.rate_held)),
            (say("page_effect.litres"), *_limits(desk, told, "litres")),
            (say(f"page_effect.{gained}"), *_limits(desk, told, "gain")),
        ],
        compares=False,
    )


def _share(desk: Desk, share: float) -> str | None:
    return None if math.isnan(share) else desk.say("page_effect.came_back", share=share)


def _limits(desk: Desk, told: Told, what: str) -> tuple[str, str]:
    """Return what a call brings and its limits, or that this cannot be told yet."""
    found = getattr(told.whole, what)
    if math.isnan(found.at):
        least = desk.ask.settings.effect.least_held
        return "–", desk.say("page_effect.too_few", least=least)
    shown = [_amount(desk, one, told.currency if what == "gain" else "")
             for one in (found.at, found.low, found.high)]  # fmt: skip
    is_told = found.low > 0 or found.high < 0
    value = shown[0] if is_told else desk.say("page_effect.cannot_tell")
    return value, desk.say("page_effect.between", low=shown[1], high=shown[2])


def _amount(desk: Desk, value: float, currency: str) -> str:
    return text.money(desk.lang, value, currency) if currency else f"{value:,.1f}"


def _course(desk: Desk, told: Told) -> None:
    path = told.path
    title = desk.say(f"page_effect.course_{told.whole.sentence.rpartition('.')[2]}")
    figure = charts.course(
        [day_date(int(day)) for day in path["day"]],
        path["at"].tolist(),
        path["low"].tolist(),
        path["high"].tolist(),
        title=title,
        name=desk.say("page_effect.effect"),
    )
    blocks.chart(figure, key="effect_course", alt=title)


def _notes(desk: Desk, told: Told) -> None:
    """Say how the limits are to be read, what is still needed, and what spoils the comparison."""
    whole, rules = told.whole, desk.ask.settings.effect
    said = [desk.say("page_effect.how", days=rules.outcome_days)]
    if not math.isnan(whole.once.at):
        low, high = whole.once.low * judging.POINTS, whole.once.high * judging.POINTS
        said.append(desk.say("page_effect.once", low=low, high=high))
    if whole.sentence == "effect.cannot_tell":
        said.append(_needed(desk, told))
    if told.waiting:
        said.append(desk.say("page_effect.waiting", waiting=told.waiting))
    if not told.is_margin:
        said.append(desk.say("page_effect.no_margin"))
    said.append(_ranking(desk, told))
    st.caption(blocks.plain(" ".join(said)))
    if whole.is_odd:
        st.warning(blocks.plain(desk.say("page_effect.odd")), icon=":material/warning:")
    if whole.leaked:
        leaked = desk.say("page_effect.leaked", leaked=whole.leaked, held=whole.held)
        st.warning(blocks.plain(leaked), icon=":material/warning:")


def _needed(desk: Desk, told: Told) -> str:
    facts = {"needed": told.needed, "aim": desk.ask.settings.effect.aim * judging.POINTS}
    left = told.needed - told.whole.due
    if left <= 0 or told.per_week <= 0:
        return desk.say("page_effect.needed_reached", **facts)
    weeks = math.ceil(left / told.per_week)
    if weeks > LONG_WEEKS:
        years = weeks / YEAR_WEEKS
        return desk.say("page_effect.needed_years", **facts, per_week=told.per_week, years=years)
    return desk.say("page_effect.needed", **facts, per_week=told.per_week, weeks=weeks)


def _ranking(desk: Desk, told: Told) -> str:
    if not told.ranking.is_proven:
        least = desk.ask.settings.effect.least_ranked
        return desk.say("page_effect.ranked_not", least=least)
    third = desk.say(f"page_effect.third_{told.ranking.best[0]}")
    return desk.say("page_effect.ranked", third=third)


def _stations(desk: Desk, told: Told) -> None:
    rows = told.stations
    rows = rows.assign(
        limits=_texts(desk, rows, "always", judging.POINTS),
        litres_text=_texts(desk, rows, "litres", 1),
        verdict=[desk.say(f"page_effect.{key.rpartition('.')[2]}") for key in rows["sentence"]],
    )
    title = desk.say("page_effect.stations")
    blocks.names(desk, rows, STATIONS, key="effect_stations", title=title)


def _texts(desk: Desk, rows: pd.DataFrame, what: str, times: float) -> list[str]:
    """Return an estimate and its limits in words, empty where nothing is known."""
    numbers = rows[[what, f"{what}_low", f"{what}_high"]].astype("float64") * times
    return [
        "" if pd.isna(at) else desk.say("page_effect.limits", at=at, low=low, high=high)
        for at, low, high in numbers.itertuples(index=False)
    ]


# --- reasons --------------------------------------------------------------------------------------


def _reasons(desk: Desk) -> None:
    """Draw why regulars stay away: by reason, value, station, and who they go to."""
    told = answers.heard(desk.ask, stations=desk.stations, days=desk.days)
    st.subheader(desk.say("page_effect.reasons"), anchor=False)
    st.markdown(blocks.plain(_reasons_told(desk, told)))
    if told.rows.empty:
        return
    _picture(desk, told.rows)
    by = blocks.choose(
        desk,
        key="effect_by",
        label="page_effect.by",
        options={name: desk.say(f"page_effect.by_{name}") for name in BY},
        default=BY[0],
    )
    _crossed(desk, told.rows, by or BY[0])


def _reasons_told(desk: Desk, told: Heard) -> str:
    if not told.lost:
        return desk.say("page_effect.reasons_none_lost", heard=len(told.rows))
    facts = {"lost": told.lost, "known": told.known, "share": told.known / told.lost}
    return desk.say("page_effect.reasons_told", **facts)


def _picture(desk: Desk, rows: pd.DataFrame) -> None:
    counts = rows["reason"].value_counts()
    top = str(counts.index[0])
    facts = {"reason": _word(desk, top), "share": counts.iloc[0] / counts.sum()}
    title = desk.say("page_effect.reasons_title", **facts)
    labels = [_word(desk, str(reason)) for reason in counts.index]
    figure = charts.bars(labels, counts.astype("float64").tolist(), title=title)
    blocks.chart(figure, key="effect_reasons", alt=title)


def _word(desk: Desk, reason: str) -> str:
    return desk.say(f"word.lapse_reason.{reason}")


def _crossed(desk: Desk, rows: pd.DataFrame, by: str) -> None:
    """List each reason by grade, station or other station, with what was sold in a month."""
    keys = ["reason", by, "currency"]
    rows = rows[rows[by] != ""] if by == "competitor" else rows
    table = rows.groupby(keys, as_index=False).agg(
        customers=("who", "size"), worth=("worth", "sum")
    )
    table = table.sort_values(
        ["customers", "worth", *keys], ascending=[False, False, True, True, True]
    )
    worth = [
        text.money(desk.lang, amount, str(currency))
        for amount, currency in zip(table["worth"], table["currency"], strict=True)
    ]
    columns = (
        Column("reason", "page_effect.reason", "lapse_reason"),
        Column(by, f"page_effect.by_{by}"),
        Column("customers", "page_effect.customers", "count"),
        Column("worth_text", "page_effect.worth"),
    )
    blocks.names(
        desk,
        table.assign(worth_text=worth),
        columns,
        key=f"effect_by_{by}",
        title=desk.say(f"page_effect.crossed_{by}"),
        empty="page_effect.nobody_named",
    )


if __name__ == "__main__":
    render()
