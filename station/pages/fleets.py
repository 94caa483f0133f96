"""Which organisations come to us, which are about to leave, and which have to pay?"""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import streamlit as st

from station import text
from station.model import Standing
from station.pages.parts import acts, blocks, charts, look, organisation
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk, current
from station.services.customers import agreements, fleets, settling

FOLDER = Path(__file__).parent
SHOWN_FLEETS = 12
SHOWN_ALARMS = 10
MONTHS_AROUND = 3
OVERDUE, SETTLED, DUE, RUNNING = "overdue", "settled", "due", "running"
COLUMNS = (
    Column("who", "page_fleets.organisation"),
    Column("alarm_word", "page_fleets.alarm"),
    Column("letters", "page_fleets.standings"),
    Column("vehicles", "page_fleets.vehicles", "count"),
    Column("seen_share", "page_fleets.seen_share", "percent"),
    Column("declared_share", "page_fleets.declared_share", "percent"),
    Column("monthly_quantity", "page_fleets.monthly_quantity", "money"),
    Column("monthly_amount", "page_fleets.monthly_amount", "money"),
    Column("volume_trend", "page_fleets.volume_trend", "volume_trend"),
    Column("relationship", "page_fleets.relationship", "relationship"),
    Column("credit_class", "page_fleets.credit_class", "credit_class"),
    Column("sentence", "page_fleets.sentence", "sentence"),
)
CALENDAR = (
    Column("due_day", "organisation.due_day", "day"),
    Column("who", "page_fleets.organisation"),
    Column("amount", "organisation.amount", "exact"),
    Column("currency", "organisation.currency"),
    Column("status", "organisation.status", "payment"),
    Column("first_day", "organisation.first_day", "day"),
    Column("last_day", "organisation.period_end", "day"),
)
ENDING = (
    Column("last_day", "page_fleets.ends_on", "day"),
    Column("days_left", "page_fleets.days_left", "count"),
    Column("who", "page_fleets.organisation"),
    Column("kind", "page_fleets.kind", "agreement_kind"),
)


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_fleets.title"), anchor=False)
    acts.told()
    rows = fleets.fleets(desk.ask, stations=desk.stations)
    if rows.empty:
        blocks.answer(desk.say("page_fleets.answer_none"))
        return
    unpaid = settling.overdue(desk.ask, stations=desk.stations)
    blocks.answer(_answer(desk, rows, unpaid))
    _alarms(desk, alarmed(rows))
    _picture(desk, rows)
    _list(desk, rows)
    _calendar(desk, unpaid)
    _ending(desk)


def alarmed(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the fleets that raise an alarm."""
    return rows[rows["is_alarmed"].astype("bool")]


def _answer(desk: Desk, rows: pd.DataFrame, unpaid: pd.DataFrame) -> str:
    alarms = len(alarmed(rows))
    key = "page_fleets.answer_alarms" if alarms else "page_fleets.answer_calm"
    sums = {name: int(rows[name].sum()) for name in ("vehicles", "seen")}
    said = desk.say(key, organisations=len(rows), alarms=alarms, **sums)
    if unpaid.empty:
        return said
    amount = blocks.money(desk, unpaid["amount"], unpaid["currency"])
    periods = unpaid[["customer_id", "last_day"]].drop_duplicates()
    return said + desk.say("page_fleets.answer_unpaid", periods=len(periods), amount=amount)


def _alarms(desk: Desk, rows: pd.DataFrame) -> None:
    """Draw the fleets that are about to leave, the largest first."""
    if rows.empty:
        return
    st.subheader(desk.say("page_fleets.alarms", fleets=len(rows)), anchor=False)
    for row in rows.head(SHOWN_ALARMS).to_dict("records"):
        facts = {str(name): value for name, value in row.items()}
        with st.container(border=True, gap="xsmall"):
            st.page_link(
                str(FOLDER / "card.py"),
                label=blocks.plain(facts["organisation_name"]),
                icon=":material/notification_important:",
                query_params={"customer": str(facts["customer_id"])},
            )
            st.markdown(organisation.badges(desk, facts))
            st.caption(blocks.plain(text.say_row(desk.lang, facts, "sentence")))


def _picture(desk: Desk, rows: pd.DataFrame) -> None:
    largest = rows[rows["seen"] > 0].sort_values(["regular", "seen"], ascending=False)
    largest = largest.head(SHOWN_FLEETS)
    if largest.empty:
        return
    names = dict(zip(largest["customer_id"].astype(str), largest["organisation_name"], strict=True))
    kinds = [standing.value for standing in Standing]
    parts = largest.set_index(largest["customer_id"].astype(str))[kinds].T
    title = desk.say("page_fleets.picture", fleets=len(largest))
    figure = charts.shares(
        parts,
        names={kind: desk.say(f"word.standing.{kind}") for kind in kinds},
        colours={standing.value: look.STANDING[standing].colour for standing in Standing},
        rows=names,
        title=title,
    )
    blocks.chart(figure, key="fleets_shares", alt=title)


def _list(desk: Desk, rows: pd.DataFrame) -> None:
    records = rows.to_dict("records")
    shown = rows.assign(
        who=rows["organisation_name"],
        letters=[organisation.letters(desk, {str(n): v for n, v in r.items()}) for r in records],
        alarm_word=rows["is_alarmed"].map({True: desk.say("page_fleets.alarm_yes"), False: ""}),
    )
    columns = [c for c in COLUMNS if not _is_empty(shown[c.name])]
    title = desk.say("page_fleets.list", organisations=len(rows))
    blocks.names(desk, shown, columns, key="fleets_list", title=title)
    st.markdown(organisation.legend(desk))
    ids = rows["customer_id"].astype(str)
    options = dict(zip(ids, rows["organisation_name"].astype(str), strict=True))
    chosen = blocks.pick(desk, key="fleets_open", label="page_fleets.drill", options=options)
    if chosen:
        st.page_link(
            str(FOLDER / "card.py"),
            label=desk.say("page_fleets.open_card"),
            icon=":material/badge:",
            query_params={"customer": chosen},
        )
        with st.container(border=True):
            organisation.draw(desk, customer_id=int(chosen))


def _is_empty(values: pd.Series) -> bool:
    return bool((values.isna() | (values == "")).all())


def _calendar(desk: Desk, unpaid: pd.DataFrame) -> None:
    """Draw what is to be paid in a month, and before it what is overdue from earlier."""
    st.subheader(desk.say("page_fleets.calendar"), anchor=False)
    months = pd.period_range(
        end=pd.Period(desk.ask.as_of, "M") + 1, periods=MONTHS_AROUND, freq="M"
    )
    names = [str(month) for month in months]
    month = st.segmented_control(
        desk.say("page_fleets.month"), names, default=names[1], key="fleets_month", required=True
    )
    first = pd.Period(month or names[1], "M").start_time.date()
    rows = settling.calendar(desk.ask, month=first, stations=desk.stations)
    earlier = unpaid[unpaid["due_day"] < (rows["due_day"].min() if len(rows) else 0)]
    st.markdown(blocks.plain(_due_sentence(desk, rows, month or names[1])))
    if rows.empty and earlier.empty:
        return
    every = pd.concat([earlier, rows], ignore_index=True) if len(earlier) else rows
    every = every.drop_duplicates(["customer_id", "last_day", "currency"], ignore_index=True)
    title = desk.say("page_fleets.payments", periods=len(every))
    every = every.assign(who=every["organisation_name"])
    blocks.names(desk, every, CALENDAR, key="fleets_calendar", title=title)
    organisation.settle(desk, every, key="fleets_settle")


def _due_sentence(desk: Desk, rows: pd.DataFrame, month: str) -> str:
    if rows.empty:
        return desk.say("page_fleets.due_none", month=month)
    parts = list(_sums(desk, rows))
    total = blocks.money(desk, rows["amount"], rows["currency"])
    told = desk.say("page_fleets.between").join(parts)
    return desk.say("page_fleets.due", month=month, amount=total, told=told)


def _sums(desk: Desk, rows: pd.DataFrame) -> Iterator[str]:
    for status in (SETTLED, OVERDUE, DUE, RUNNING):
        some = rows[rows["status"] == status]
        if len(some):
            word = desk.say(f"word.payment.{status}")
            yield f"{word} {blocks.money(desk, some['amount'], some['currency'])}"


def _ending(desk: Desk) -> None:
    rows = agreements.ending(desk.ask, stations=desk.stations)
    rows = rows.assign(who=rows["organisation_name"])
    days = desk.ask.settings.fleets.ending_days
    title = desk.say("page_fleets.ending", agreements=len(rows), days=days)
    blocks.names(
        desk, rows, ENDING, key="fleets_ending", title=title, empty="page_fleets.ending_none"
    )


if __name__ == "__main__":
    render()
