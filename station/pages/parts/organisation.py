"""How does this organisation stand with us: its fleet, its volume, what it has to pay?"""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from station import text
from station.errors import StationError
from station.model import Standing, day_date
from station.pages.parts import acts, blocks, charts, look
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk
from station.services.customers import fleets, settling
from station.services.customers.fleets import Fleet

SHOWN_MONTHS = 18
VEHICLES = (
    Column("label", "organisation.vehicle"),
    Column("standing", "organisation.standing", "standing"),
    Column("use", "organisation.use", "use"),
    Column("last_day", "organisation.last_day", "day"),
    Column("usual_gap_days", "organisation.usual_gap_days", "number"),
    Column("monthly_amount", "organisation.monthly_amount", "money"),
    Column("station_name", "organisation.station"),
)
PERIODS = (
    Column("first_day", "organisation.first_day", "day"),
    Column("last_day", "organisation.period_end", "day"),
    Column("due_day", "organisation.due_day", "day"),
    Column("amount", "organisation.amount", "exact"),
    Column("currency", "organisation.currency"),
    Column("status", "organisation.status", "payment"),
)


def draw(desk: Desk, *, customer_id: int) -> None:
    """Draw an organisation's fleet, its months, its vehicles and its payments."""
    try:
        told = fleets.fleet(desk.ask, customer_id=customer_id)
    except StationError as error:
        blocks.refused(desk, error)
        return
    st.subheader(desk.say("organisation.title"), anchor=False)
    if not told.row:
        st.caption(desk.say("organisation.nothing"))
        return
    st.markdown(badges(desk, told.row))
    st.markdown(blocks.plain(text.say_row(desk.lang, told.row, "sentence")))
    _figures(desk, told.row)
    _months(desk, told.months)
    _vehicles(desk, told, customer_id)
    _payments(desk, customer_id)


def badges(desk: Desk, row: Mapping[str, Any]) -> str:
    """Return how many vehicles stand where, as coloured badges that carry a letter each."""
    parts = [
        f":{look.STANDING[standing].badge}-badge["
        f"{blocks.plain(desk.say(f'word.standing_letter.{standing}'))} {int(row[standing]):,}]"
        for standing in Standing
        if row[standing]
    ]
    return " ".join(parts)


def letters(desk: Desk, row: Mapping[str, Any]) -> str:
    """Return the same in a cell of a table, which knows no colours."""
    parts = [
        f"{desk.say(f'word.standing_letter.{standing}')} {int(row[standing])}"
        for standing in Standing
        if row[standing]
    ]
    return " · ".join(parts)


def legend(desk: Desk) -> str:
    """Return what the letters mean."""
    return " ".join(
        f":{look.STANDING[standing].badge}-badge["
        f"{blocks.plain(desk.say(f'word.standing_letter.{standing}'))}] "
        f"{blocks.plain(desk.say(f'word.standing.{standing}'))}"
        for standing in Standing
    )


def monthly(desk: Desk, row: Mapping[str, Any]) -> tuple[str, str]:
    """Return quantity and amount of a mean month, a dash where there is none."""
    quantity, amount = row["monthly_quantity"], row["monthly_amount"]
    unit = desk.say(f"word.unit.{row['unit']}") if row["unit"] else ""
    return (
        "–" if pd.isna(quantity) else f"{quantity:,.0f} {unit}",
        "–" if pd.isna(amount) else text.money(desk.lang, amount, row["currency"]),
    )


def _figures(desk: Desk, row: Mapping[str, Any]) -> None:
    quantity, amount = monthly(desk, row)
    trend = desk.say(f"word.volume_trend.{row['volume_trend']}")
    change = row["volume_change"]
    if not pd.isna(change):
        trend = desk.say("organisation.change", trend=trend, change=change)
    facts = [
        ("vehicles", f"{int(row['vehicles']):,}", None),
        ("seen", _percent(row["seen_share"]), None),
        ("monthly_quantity", quantity, trend),
        ("monthly_amount", amount, None),
    ]
    blocks.figures([(desk.say(f"organisation.{name}"), said, note) for name, said, note in facts])
    if told := " ".join(_told(desk, row)):
        st.caption(blocks.plain(told))


def _percent(share: float) -> str:
    return "–" if pd.isna(share) else f"{share:.0%}"


def _told(desk: Desk, row: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the card says of the organisation, a sentence each."""
    if not pd.isna(row["declared"]):
        facts = {"declared": int(row["declared"]), "share": row["declared_share"]}
        yield desk.say("organisation.declared", **facts)
    for name in ("relationship", "credit_class"):
        if text.has(desk.lang, f"word.{name}.{row[name]}"):
            yield desk.say(f"organisation.{name}", word=desk.say(f"word.{name}.{row[name]}"))


def _months(desk: Desk, months: pd.DataFrame) -> None:
    if months.empty:
        return
    unit = str(months.groupby("unit")["visits"].sum().idxmax())
    mine = months[months["unit"] == unit]
    counts = mine.groupby("month")[["quantity"]].sum().tail(SHOWN_MONTHS)
    title = desk.say(
        f"organisation.months_{unit}", months=len(counts), quantity=float(counts["quantity"].mean())
    )
    figure = charts.months(
        counts,
        names={"quantity": desk.say(f"word.unit.{unit}")},
        colours={"quantity": look.ACCENT},
        title=title,
    )
    blocks.chart(figure, key="organisation_months", alt=title)


def _vehicles(desk: Desk, told: Fleet, customer_id: int) -> None:
    order = told.vehicles["standing"].map({s.value: at for at, s in enumerate(Standing)})
    worst = [Standing.LOST, Standing.OVERDUE, Standing.SLOWING]
    first = told.vehicles["standing"].map({s.value: at for at, s in enumerate(worst)})
    ordered = told.vehicles.assign(first=first.fillna(len(worst)), order=order)
    ordered = ordered.sort_values(
        ["first", "order", "monthly_amount"], ascending=[True, True, False]
    )
    blocks.names(
        desk,
        ordered.reset_index(drop=True),
        VEHICLES,
        key=f"organisation_vehicles_{customer_id}",
        title=desk.say("organisation.list", vehicles=len(ordered)),
    )
    if told.unnamed:
        st.caption(desk.say("organisation.unnamed", vehicles=told.unnamed))


def _payments(desk: Desk, customer_id: int) -> None:
    rows = settling.of_organisation(desk.ask, customer_id=customer_id)
    if rows.empty:
        return
    title = desk.say("organisation.payments")
    st.subheader(title, anchor=False)
    blocks.table(desk, rows, PERIODS, key=f"organisation_payments_{customer_id}", alt=title)
    settle(desk, rows, key=f"organisation_settle_{customer_id}")


def settle(desk: Desk, rows: pd.DataFrame, *, key: str) -> None:
    """Let one period be chosen and be marked as paid, or the mark be taken back."""
    if "customers.edit" not in desk.ask.scope.rights:
        return
    over = rows[rows["status"] != "running"].drop_duplicates(["customer_id", "last_day"])
    known: dict[str, dict[Any, Any]] = {
        f"{row['customer_id']}.{row['last_day']}": row for row in over.to_dict("records")
    }
    chosen = st.selectbox(
        desk.say("organisation.which"),
        list(known),
        index=None,
        format_func=lambda name: _period(desk, known[name]),
        placeholder=desk.say("blocks.pick"),
        key=acts.fresh(key),
    )
    if chosen is None:
        return
    row = known[chosen]
    is_settled = row["status"] == "settled"
    customer_id, period_end = int(row["customer_id"]), day_date(int(row["last_day"]))

    def act() -> str:
        change = settling.unsettle if is_settled else settling.settle
        change(desk.ask, customer_id=customer_id, period_end=period_end)
        return desk.say("organisation.taken_back" if is_settled else "organisation.paid")

    label = desk.say("organisation.take_back" if is_settled else "organisation.pay")
    icon = ":material/undo:" if is_settled else ":material/paid:"
    if st.button(label, key=f"{key}_do", icon=icon, type="primary"):
        acts.do(desk, act)


def _period(desk: Desk, row: Mapping[Any, Any]) -> str:
    words = desk.say(
        "organisation.period",
        first=day_date(int(row["first_day"])),
        last=day_date(int(row["last_day"])),
        status=desk.say(f"word.payment.{row['status']}"),
    )
    return f"{row['organisation_name']} {words}".strip()
