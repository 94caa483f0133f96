"""Who looked at, took out, changed and was refused what, and does anything stand out?"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from station import text
from station.model import Act
from station.pages.parts import blocks, charts, look
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk, current
from station.services import access, sites
from station.services.people import accounts, audit

USUAL_DAYS = 7
MONTHS = 12
CHOICE_PX = 320
COLUMNS = (
    Column("at", "page_audit.when", "moment"),
    Column("said", "page_audit.what"),
    Column("why", "page_audit.why"),
    Column("station_name", "page_audit.station"),
    Column("address", "page_audit.address"),
)
ODD_COLUMNS = (
    Column("account", "page_audit.account"),
    Column("why_words", "page_audit.odd_why"),
    Column("looks", "page_audit.looks", "count"),
    Column("reveals", "page_audit.reveals", "count"),
    Column("rows_out", "page_audit.rows_out", "count"),
    Column("by_night", "page_audit.by_night", "count"),
)
LINES = {
    Act.CARD_OPENED: ("looks", look.ACCENT),
    Act.REVEAL: ("reveals", "#C2453D"),
}


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_audit.title"), anchor=False)
    sentence = st.container()
    _limits(desk)
    filters = st.container(horizontal=True)
    with filters:
        first, last = _period(desk)
    sums = audit.sums(desk.ask, from_on=first, to_on=last)
    with sentence:
        blocks.answer(_answer(desk, sums, first, last))
    if not audit.sees_all(desk.ask):
        st.caption(desk.say("page_audit.own_only"))
    _picture(desk, sums)
    with filters:
        account = _account(desk, sums)
    _events(desk, sums, account, (first, last))
    _unusual(desk)


def _limits(desk: Desk) -> None:
    if reached := audit.limits_reached(desk.ask):
        said = desk.say(
            "page_audit.limit",
            most=desk.ask.settings.looks.reveals_per_day,
            accounts=desk.say("blocks.and").join(reached),
        )
        st.warning(blocks.plain(said), icon=":material/front_hand:")


def _period(desk: Desk) -> tuple[date, date]:
    today = access.today()
    chosen = st.date_input(
        desk.say("page_audit.period"),
        value=(today - timedelta(days=USUAL_DAYS - 1), today),
        max_value=today,
        key="audit_period",
        width=CHOICE_PX,
    )
    days = chosen if isinstance(chosen, tuple) else (chosen,)
    return (days[0], days[-1]) if days else (today, today)  # a second click is awaited


def _answer(desk: Desk, sums: pd.DataFrame, first: date, last: date) -> str:
    counts = sums.groupby("act")["count"].sum()
    named = {act.value: int(counts.get(act.value, 0)) for act in (*LINES, Act.EXPORT, Act.REFUSAL)}
    return desk.say(
        "page_audit.answer",
        first=first,
        last=last,
        events=int(sums["events"].sum()),
        accounts=sums.loc[sums["account"] != "", "account"].nunique(),
        **named,
    ) + desk.say("page_audit.answer_odd", odd=len(audit.unusual(desk.ask, month=access.today())))


def _picture(desk: Desk, sums: pd.DataFrame) -> None:
    """Draw cards and contacts opened by day."""
    seen = sums[sums["act"].isin([act.value for act in LINES])]
    if seen.empty:
        return
    seen = seen.assign(day=pd.to_datetime([blocks.moment(desk, int(at))[:10] for at in seen["at"]]))
    table = seen.pivot_table(index="day", columns="act", values="count", aggfunc="sum")
    table = table.reindex(columns=[act.value for act in LINES]).asfreq("D").fillna(0)
    if len(table) == 1:
        return
    most = table.sum(axis=1)
    title = desk.say(
        "page_audit.picture",
        day=pd.Timestamp(str(most.idxmax())).date(),
        opened=int(most.max()),
        days=len(table),
    )
    figure = charts.lines(
        table,
        names={act.value: desk.say(f"page_audit.{name}") for act, (name, _) in LINES.items()},
        colours={act.value: colour for act, (_, colour) in LINES.items()},
        title=title,
    )
    figure.update_xaxes(tickformat="%m-%d", hoverformat="%Y-%m-%d")
    blocks.chart(figure, key="audit_days", alt=title)


def _account(desk: Desk, sums: pd.DataFrame) -> str:
    chosen = st.selectbox(
        desk.say("page_audit.account"),
        sorted(set(sums["account"]) - {""}),
        index=None,
        format_func=lambda name: called(desk, name),
        placeholder=desk.say("page_audit.everybody"),
        key="audit_account",
        width=CHOICE_PX,
    )
    return chosen or ""


def called(desk: Desk, account: str) -> str:
    """Return how an account is called; whoever keeps the files has none."""
    if account == access.LOCAL_ACCOUNT:
        return desk.say("word.role.operator")
    return account or desk.say("page_audit.somebody")


def _events(desk: Desk, sums: pd.DataFrame, account: str, span: tuple[date, date]) -> None:
    mine = sums[sums["account"] == account] if account else sums
    counts = mine.groupby("act")["events"].sum()
    act = blocks.choose(
        desk,
        key="audit_act",
        label="page_audit.act",
        options={
            act.value: f"{desk.say(f'word.act.{act}')} **{counts[act]:,}**"
            for act in Act
            if act.value in counts
        },
    )
    told = audit.events(
        desk.ask, from_on=span[0], to_on=span[1], acts=(act,) if act else (), account=account
    )
    found = int(counts[act] if act else counts.sum())
    blocks.names(
        desk,
        in_words(desk, told),
        COLUMNS,
        key="audit_events",
        title=desk.say("page_audit.list", events=found),
        empty="page_audit.none",
    )
    if len(told) < found:
        st.caption(desk.say("page_audit.newest", shown=len(told)))


def in_words(desk: Desk, told: pd.DataFrame) -> pd.DataFrame:
    """Return the events with a sentence each: who did what to which thing, and why."""
    names = _accounts(desk)
    rows = told.to_dict("records")
    return told.assign(
        said=[_said(desk, row, names) for row in rows], why=[_why(desk, row) for row in rows]
    )


def _said(desk: Desk, row: Mapping[Any, Any], names: Mapping[str, str]) -> str:
    return desk.say(
        f"page_audit.said_{row['act']}",
        account=called(desk, str(row["account"])),
        thing=thing(desk, str(row["object"]), names),
        count=row["count"],
    )


def _accounts(desk: Desk) -> Mapping[str, str]:
    """Return the accounts by their number, as far as the asker may know them."""
    if "users.read" not in desk.ask.scope.rights:
        return {}
    known = accounts.listing(desk.ask)
    return dict(zip(known["id"].astype(str), known["name"], strict=True))


def thing(desk: Desk, named: str, accounts_known: Mapping[str, str]) -> str:
    """Return in words to what something was done; what nobody has words for stays as it is."""
    kind, *parts = named.split(":")
    if named in access.SERVICES:
        right = access.SERVICES[named].replace(".", "_")
        return desk.say(f"word.right.{right}")
    number = next((part for part in parts if part.isdecimal()), "")
    words = "_".join([kind, *(part for part in parts if not part.isdecimal())])
    if kind == "list":
        return _list(desk, parts[0])
    if kind == "station" and text.has(desk.lang, f"word.setting.{parts[-1]}"):
        return desk.say("page_audit.thing_setting", setting=desk.say(f"word.setting.{parts[-1]}"))
    key = f"page_audit.thing_{words}"
    if not text.has(desk.lang, key):
        return named
    account = accounts_known.get(number, desk.say("page_audit.account_number", number=number))
    return desk.say(key, number=number, account=account)


def _list(desk: Desk, name: str) -> str:
    page = f"page_{name.partition('_')[0]}.title"
    title = desk.say(page) if text.has(desk.lang, page) else name
    return desk.say("page_audit.thing_list", name=title)


def _why(desk: Desk, row: Mapping[Any, Any]) -> str:
    """Return the reason; that of a refusal is the key of what was said."""
    reason = str(row["reason"])
    if row["act"] == Act.REFUSAL.value:
        key = f"page_audit.refused_{reason.partition(' ')[0].replace('.', '_')}"
        return desk.say(key) if text.has(desk.lang, key) else reason
    return by_file(desk, reason)


def by_file(desk: Desk, reason: str) -> str:
    """Return a reason in words where it is the file that brought a change."""
    if reason.startswith(sites.BY_FILE):
        return desk.say("page_audit.by_file", number=reason.removeprefix(sites.BY_FILE))
    if reason.startswith(sites.BY_UNDO):
        return desk.say("page_audit.by_undo", number=reason.removeprefix(sites.BY_UNDO))
    return reason


def _unusual(desk: Desk) -> None:
    months = [str(month) for month in pd.period_range(end=access.today(), periods=MONTHS, freq="M")]
    month = st.selectbox(
        desk.say("page_audit.month"), months[::-1], key="audit_month", width=CHOICE_PX
    )
    odd = audit.unusual(desk.ask, month=date.fromisoformat(f"{month}-01"))
    rows = odd.assign(most=desk.ask.settings.looks.reveals_per_day).to_dict("records")
    words = [desk.say(f"page_audit.odd_{row['why']}", **_facts(row)) for row in rows]
    blocks.names(
        desk,
        odd.assign(why_words=words),
        ODD_COLUMNS,
        key="audit_odd",
        title=desk.say("page_audit.odd_count", accounts=len(odd), month=month),
        empty="page_audit.odd_none",
    )


def _facts(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in row.items()}


if __name__ == "__main__":
    render()
