"""Who calls whom this month, and when?"""

from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from station import text
from station.errors import NotFoundError, StationError
from station.model import CallStatus, day_number, next_month
from station.pages.parts import acts, blocks, charts, look, roster
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk, current
from station.services import access, board
from station.services.calls import months, planning
from station.services.calls.months import Month

CHOICE_PX = 260
MONTHS, ENDING_DAYS = 3, 7
BACK = 6
"""So many months that are over can be looked at."""
HOUR_MIN = 60
PLANNED = "planned"
APPROVED = "approved"
WHO = (
    Column("who", "page_plan.who"),
    Column("grade", "page_plan.grade"),
    Column("purpose", "page_plan.purpose", "call_purpose"),
)
UNFIT = (*WHO, Column("value", "page_plan.worth", "money"), Column("why", "page_plan.why_not"))
WENT = (
    Column("day", "page_plan.day", "day"),
    Column("account", "page_plan.account"),
    *WHO,
    Column("went", "page_plan.status"),
)
EDITED = ("day", "at", "account")
"""What of a call can be changed in the table."""


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_plan.title"), anchor=False)
    acts.told()
    with st.container(horizontal=True):
        station, first = _station(desk), _month(desk)
    is_over = first < access.today().replace(day=1)
    try:
        told = months.month(desk.ask, station=station, first=first)
    except NotFoundError:
        if is_over:
            blocks.answer(desk.say("page_plan.answer_past", month=_name(desk, first)))
            return
        blocks.answer(desk.say("page_plan.answer_none", month=_name(desk, first)))
        _make(desk, station, first, "page_plan.make", is_first=True)
        roster.draw(desk, station)
        return
    blocks.answer(_answer(desk, told))
    if is_over:
        _looked_back(desk, told)
    else:
        _ahead(desk, told)
        roster.draw(desk, station)


def _looked_back(desk: Desk, told: Month) -> None:
    """Draw a month that is over: who was called, who was not, and why not."""
    _loads(desk, told)
    done = int((told.calls["status"] == "done").sum())
    title = desk.say("page_plan.went", calls=len(told.calls), done=done)
    words = {one.value: desk.say(f"word.call_status.{one}") for one in CallStatus}
    words |= {PLANNED: desk.say("page_plan.not_made")}
    frame = told.calls.assign(
        who=told.calls["name"],
        day=told.calls["day"].map(day_number),
        went=told.calls["status"].map(words),
    )
    blocks.names(desk, frame, WENT, key="plan_went", title=title, empty="page_plan.no_calls")
    _unfit(desk, told)
    _held(desk, told)


def _ahead(desk: Desk, told: Month) -> None:
    """Draw a month that can be changed, approved and mended."""
    if told.lost:
        st.warning(
            blocks.plain(desk.say("page_plan.lost", lost=told.lost)), icon=":material/event_busy:"
        )
    _figures(desk, told)
    _acts(desk, told)
    _loads(desk, told)
    _calls(desk, told)
    _prices(desk, told)
    _unfit(desk, told)
    _held(desk, told)


# --- what is looked at ----------------------------------------------------------------------------


def _station(desk: Desk) -> str:
    """Return the station that is planned, one of those that the asker may plan."""
    known = board.stations_known(desk.ask)
    held = desk.ask.scope.rights["calls.plan"]
    known = known[known["station_id"].isin(held)]
    titles: dict[str, str] = dict(zip(known["code"], known["name"], strict=True))
    chosen = [code for code in desk.stations if code in titles]
    return st.selectbox(
        desk.say("page_plan.station"),
        list(titles),
        index=list(titles).index(chosen[0]) if chosen else 0,
        format_func=titles.__getitem__,
        key="plan_station",
        width=CHOICE_PX,
    )


def _month(desk: Desk) -> date:
    """Return the first day of the month that is planned: next month's once this one is ending."""
    today = access.today()
    firsts = [today.replace(day=1)]
    for _ in range(BACK):
        firsts.insert(0, (firsts[0] - timedelta(days=1)).replace(day=1))
    while len(firsts) < BACK + MONTHS:
        firsts.append(next_month(firsts[-1]))
    return st.selectbox(
        desk.say("page_plan.month"),
        firsts,
        index=BACK + int((firsts[BACK + 1] - today).days <= ENDING_DAYS),
        format_func=lambda one: _name(desk, one),
        key="plan_month",
        width=CHOICE_PX,
    )


def _name(desk: Desk, first: date) -> str:
    return desk.say("page_plan.month_name", year=f"{first.year}", month=f"{first.month:02}")


def _answer(desk: Desk, told: Month) -> str:
    todo = told.calls[told.calls["status"].isin([PLANNED, "done"])]
    facts = {
        "month": _name(desk, told.first),
        "calls": len(todo),
        "people": todo["account"].nunique(),
        "value": text.money(desk.lang, told.value, told.currency),
    }
    said = desk.say("page_plan.answer", **facts)
    if told.status == APPROVED:
        return said + desk.say("page_plan.answer_approved", account=told.approved_by)
    return said + desk.say("page_plan.answer_draft")


def _figures(desk: Desk, told: Month) -> None:
    say, todo = desk.say, told.calls[told.calls["status"] == PLANNED]
    gap = say("page_plan.gap_none") if not told.gap else say("page_plan.gap", gap=told.gap)
    blocks.figures(
        [
            (say("page_plan.to_make"), f"{len(todo):,}", None),
            (say("page_plan.value"), text.money(desk.lang, told.value, told.currency), gap),
            (say("page_plan.unfit"), f"{len(told.unfit):,}", None),
            (say("page_plan.held"), f"{len(told.held):,}", None),
        ],
        compares=False,
    )


# --- what is done ---------------------------------------------------------------------------------


def _acts(desk: Desk, told: Month) -> None:
    with st.container(horizontal=True):
        if told.status != APPROVED:
            if st.button(
                desk.say("page_plan.approve"),
                key=acts.fresh("plan_approve"),
                type="primary",
                icon=":material/check:",
            ):
                acts.do(desk, lambda: _approve(desk, told))
            _make(desk, told.station, told.first, "page_plan.make_again", is_first=False)
        if told.lost and st.button(
            desk.say("page_plan.mend"),
            key=acts.fresh("plan_mend"),
            type="primary" if told.status == APPROVED else "secondary",
            icon=":material/healing:",
        ):
            acts.do(desk, lambda: _mend(desk, told))


def _make(desk: Desk, station: str, first: date, label: str, *, is_first: bool) -> None:
    if st.button(
        desk.say(label),
        key=acts.fresh("plan_make"),
        type="primary" if is_first else "secondary",
        icon=":material/calendar_month:",
    ):
        with st.spinner(desk.say("page_plan.making")):
            acts.do(desk, lambda: _made(desk, station, first))


def _made(desk: Desk, station: str, first: date) -> str:
    made = planning.make(desk.ask, station=station, month=first)
    return desk.say("page_plan.made", calls=made.calls, unfit=made.unfit, held=made.held)


def _approve(desk: Desk, told: Month) -> str:
    calls = planning.approve(desk.ask, station=told.station, month=told.first)
    return desk.say("page_plan.approved", calls=calls)


def _mend(desk: Desk, told: Month) -> str:
    made = planning.mend(desk.ask, station=told.station, month=told.first)
    return desk.say("page_plan.mended", calls=made.calls, unfit=made.unfit)


# --- the picture ----------------------------------------------------------------------------------


def _loads(desk: Desk, told: Month) -> None:
    """Draw how full everybody is: minutes of calls, and those that are left."""
    loads = told.loads
    if loads.empty:
        st.info(desk.say("page_plan.nobody"))
        return
    frame = pd.DataFrame(
        {
            "used": loads["minutes"],
            "free": (loads["available"] - loads["minutes"]).clip(lower=0),
        }
    )
    names = {name: desk.say(f"page_plan.minutes_{name}") for name in frame.columns}
    rows = [
        desk.say("page_plan.load", account=account, calls=calls)
        for account, calls in zip(loads["account"], loads["calls"], strict=True)
    ]
    share = loads["minutes"].sum() / max(loads["available"].sum(), 1)
    title = desk.say("page_plan.loads", share=share)
    colours = {"used": look.ACCENT, "free": "#C9D3DC"}
    figure = charts.stacks(frame, rows=rows, names=names, colours=colours, title=title)
    blocks.chart(figure, key="plan_loads", alt=title)


# --- the table ------------------------------------------------------------------------------------


def _calls(desk: Desk, told: Month) -> None:
    """Draw the calls that are still to be made, a page at a time; day, time and person change."""
    todo = told.calls[told.calls["status"] == PLANNED]
    st.subheader(desk.say("page_plan.calls", calls=len(todo)), anchor=False)
    if todo.empty:
        st.info(desk.say("page_plan.no_calls"))
        return
    names = _counted(todo["account"], lambda one: one)
    account = blocks.choose(desk, key="plan_account", label="page_plan.by", options=names)
    if account is not None:
        todo = todo[todo["account"] == account]
    page = blocks.paged(desk, todo, key="plan_calls")
    st.caption(blocks.plain(desk.say("page_plan.edit_hint")))
    shown = _shown(desk, page)
    edited = st.data_editor(
        shown,
        hide_index=True,
        height="content",
        column_config=_config(desk, told),
        disabled=[name for name in shown.columns if name not in {*EDITED, "drop"}],
        key=acts.fresh(f"plan_edit_{account}_{page.index[0]}"),
    )
    changed = _changed(shown, edited, page)
    if st.button(
        desk.say("page_plan.save", changes=len(changed)),
        key=acts.fresh("plan_save"),
        icon=":material/save:",
        disabled=not changed,
    ):
        acts.do(desk, lambda: _save(desk, changed))


def _shown(desk: Desk, page: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the table in the reader's words."""
    facts = page["facts"].tolist()
    why = [
        text.say_row(desk.lang, {**told, "why": key}, "why")
        for told, key in zip(facts, page["why"], strict=True)
    ]
    where = [
        " · ".join(part for part in (desk.say(f"word.channel.{channel}"), area) if part)
        for channel, area in zip(page["channel"], page["area"], strict=True)
    ]
    return pd.DataFrame(
        {
            "day": page["day"],
            "at": [_clock(minute) for minute in page["at_min"]],
            "account": page["account"],
            "who": page["name"],
            "grade": page["grade"],
            "purpose": [desk.say(f"word.call_purpose.{one}") for one in page["purpose"]],
            "how": where,
            "value": page["value"],
            "why": why,
            "drop": False,
        },
        index=page.index,
    )


def _clock(minute: Any) -> time | None:
    return None if pd.isna(minute) else time(*divmod(int(minute), HOUR_MIN))


def _config(desk: Desk, told: Month) -> dict[str, Any]:
    say = desk.say
    last = next_month(told.first) - timedelta(days=1)
    people = sorted({*told.loads["account"], *told.calls["account"]} - {""})
    column = st.column_config
    return {
        "day": column.DateColumn(say("page_plan.day"), min_value=told.first, max_value=last,
                                 required=True, pinned=True),
        "at": column.TimeColumn(say("page_plan.at"), format="HH:mm", step=60, required=True),
        "account": column.SelectboxColumn(say("page_plan.account"), options=people, required=True),
        "who": column.TextColumn(say("page_plan.who")),
        "grade": column.TextColumn(say("page_plan.grade")),
        "purpose": column.TextColumn(say("page_plan.purpose")),
        "how": column.TextColumn(say("page_plan.how")),
        "value": column.NumberColumn(say("page_plan.worth"), format="%,.0f"),
        "why": column.TextColumn(say("page_plan.why"), width=blocks.SENTENCE_PX),
        "drop": column.CheckboxColumn(say("page_plan.drop")),
    }  # fmt: skip


def _changed(shown: pd.DataFrame, edited: pd.DataFrame, page: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the calls that were changed in the table, as they should be."""
    found = []
    rows = zip(shown.to_dict("records"), edited.to_dict("records"), page["call_id"], strict=True)
    for before, after, call_id in rows:
        if after["drop"] or any(after[name] != before[name] for name in EDITED):
            found.append({**{str(name): it for name, it in after.items()}, "call_id": int(call_id)})
    return found


def _save(desk: Desk, changed: list[dict[str, Any]]) -> str:
    """Return what was changed and what was not, and why not; each stands for itself."""
    refused, done = [], 0
    for one in changed:
        try:
            _change(desk, one)
            done += 1
        except StationError as error:
            said = desk.say(error.key, **error.facts)
            refused.append(desk.say("page_plan.not_moved", who=one["who"], why=said))
    return " ".join([desk.say("page_plan.moved", calls=done), *refused])


def _change(desk: Desk, one: Mapping[str, Any]) -> None:
    if one["drop"]:
        months.drop(desk.ask, call_id=one["call_id"])
        return
    at = one["at"]
    months.move(
        desk.ask,
        call_id=one["call_id"],
        on=one["day"],
        at_min=at.hour * HOUR_MIN + at.minute,
        account=one["account"],
    )


# --- what the rules cost, and what did not fit ----------------------------------------------------


def _prices(desk: Desk, told: Month) -> None:
    """Draw what the month would bring more without each rule, the dearest first."""
    dear = sorted(told.prices.items(), key=lambda one: (-one[1], one[0]))
    st.subheader(desk.say("page_plan.prices"), anchor=False)
    if not dear:
        st.caption(desk.say("page_plan.no_prices"))
        return
    names = [_rule(desk, rule) for rule, _ in dear]
    values = [value for _, value in dear]
    title = desk.say("page_plan.prices_title", rule=names[0])
    words = [text.money(desk.lang, value, told.currency) for value in values]
    if not values[0]:
        st.caption(desk.say("page_plan.prices_nothing"))
        return
    figure = charts.bars(names, values, title=title, texts=words)
    blocks.chart(figure, key="plan_prices", alt=title)
    st.caption(blocks.plain(desk.say("page_plan.prices_about")))


def _rule(desk: Desk, rule: str) -> str:
    key = f"page_plan.price_{rule}"
    if text.has(desk.lang, key):
        return desk.say(key, minutes=desk.ask.settings.planning.more_min)
    return desk.say(f"word.contact_refusal.{rule}")


def _unfit(desk: Desk, told: Month) -> None:
    frame = told.unfit.assign(
        who=told.unfit["name"], why=[_reason(desk, one) for one in told.unfit["reason"]]
    )
    options = _counted(told.unfit["reason"], lambda one: _reason(desk, one))
    title = desk.say("page_plan.unfit_title", count=len(frame))
    if len(options) > 1:
        st.subheader(blocks.plain(title), anchor=False)
        chosen = blocks.choose(desk, key="plan_reason", label="page_plan.why_not", options=options)
        if chosen is not None:
            frame = frame[told.unfit["reason"] == chosen]
        title = desk.say("page_plan.unfit_names", count=len(frame))
    blocks.names(desk, frame, UNFIT, key="plan_unfit", title=title, empty="page_plan.all_fit")
    if told.late:
        said = desk.say("page_plan.late", names=desk.say("blocks.and").join(told.late))
        st.caption(blocks.plain(said))


def _counted(values: "pd.Series[str]", word: Callable[[str], str]) -> dict[str, str]:
    """Return each value in words with how often it is there, the most frequent first."""
    counts = values.value_counts().to_dict()
    return {str(one): f"{word(str(one))} {count:,}" for one, count in counts.items()}


def _reason(desk: Desk, reason: str) -> str:
    key = f"page_plan.missed_{reason}"
    return desk.say(key if text.has(desk.lang, key) else f"word.contact_refusal.{reason}")


def _held(desk: Desk, told: Month) -> None:
    if told.held.empty:
        return
    frame = told.held.assign(who=told.held["name"])
    title = desk.say("page_plan.held_title", count=len(frame))
    with st.expander(blocks.plain(title), icon=":material/science:"):
        st.caption(blocks.plain(desk.say("page_plan.held_about")))
        blocks.table(desk, frame, WHO, key="plan_held", alt=title)


if __name__ == "__main__":
    render()
