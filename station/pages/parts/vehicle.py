"""One vehicle: told in sentences, with its rhythm, its owner and its visits."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from station import text
from station.errors import StationError
from station.model import (
    COMING,
    DAY_S,
    MILLI,
    Fuel,
    Source,
    Stability,
    State,
    Use,
    day_date,
    minor_per_major,
)
from station.pages.parts import blocks, charts, contact, holding, look, reasons, tags
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk
from station.services import board
from station.services.customers import cards

Row = Mapping[Any, Any]
"""A row of the board: the vehicle at one station."""
TOLD = "card_told"
SHOWN_VISITS = 60

STATIONS = (
    Column("station_name", "page_card.station"),
    Column("visits", "page_card.visits", "count"),
    Column("share_of_visits", "page_card.share_of_visits", "percent"),
    Column("first_day", "page_card.first_day", "day"),
    Column("last_day", "page_card.last_seen", "day"),
    Column("stability", "page_card.stability", "stability"),
    Column("state", "page_card.state", "state"),
    Column("amount", "page_card.amount", "money"),
)
LINES = (
    Column("when", "page_card.when"),
    Column("station_name", "page_card.station"),
    Column("product", "page_card.product"),
    Column("quantity", "page_card.quantity", "exact"),
    Column("unit", "page_card.unit", "unit"),
    Column("amount", "page_card.amount_line", "exact"),
    Column("receipt_no", "page_card.receipt_no"),
    Column("nozzle", "page_card.nozzle"),
    Column("remark", "page_card.remark"),
)


def draw(desk: Desk, vehicle_id: int) -> None:
    """Draw the card of a vehicle in sight; that it was opened is written down."""
    card = cards.card(desk.ask, vehicle_id=vehicle_id)
    st.header(blocks.plain(card.label), anchor=False)
    row = _station_row(desk, card)
    _badges(desk, row)
    blocks.answer(_answer(desk, row))
    if told := st.session_state.pop(TOLD, None):
        st.success(told, icon=":material/check_circle:")
    _figures(desk, row)
    _rhythm(desk, card, row)
    _portrait(desk, card, row)
    _confirm(desk, row)
    tags.draw(desk, vehicle_id=card.vehicle_id)
    contact.draw(desk, card.vehicle_id)
    holding.draw(desk, vehicle_id=card.vehicle_id)
    _reasons(desk, row)
    if len(card.rows) > 1:
        _stations(desk, card.rows)
    _lines(desk, card)


def _station_row(desk: Desk, card: cards.Card) -> Row:
    """Return the vehicle's row at the chosen station, by default where it comes most."""
    rows: dict[str, Row] = {row["station"]: row for row in card.rows.to_dict("records")}
    most = next(iter(rows))
    if len(rows) == 1:
        return rows[most]
    chosen = blocks.choose(
        desk,
        key="card_station",
        label="page_card.at_station",
        options={
            code: f"{blocks.plain(row['station_name'])} **{row['visits']:,}**"
            for code, row in rows.items()
        },
        default=most,
    )
    return rows[chosen or most]


def is_regular(row: Row) -> bool:
    """Return whether a rhythm is known that the vehicle can keep or break."""
    return bool(row["stability"] == Stability.REGULAR.value)


def _badges(desk: Desk, row: Row) -> None:
    with st.container(horizontal=True, gap="xsmall"):
        for topic, looks in (
            ("stability", look.STABILITY),
            ("use", look.USE),
            ("owner_kind", look.OWNER),
        ):
            said = desk.say(f"word.{topic}.{row[topic]}")
            st.badge(said, icon=looks[row[topic]].icon, color="gray")
        if is_regular(row):
            state = State(row["state"])
            said = desk.say(f"word.state.{state}")
            st.badge(said, icon=look.STATE[state].icon, color=look.STATE[state].badge)


def _answer(desk: Desk, row: Row) -> str:
    """Return who it is and how often it comes; of a regular that does not come as usual, that."""
    gap = row["usual_gap_days"]
    is_told = is_regular(row) and row["state"] != State.ACTIVE
    key = "page_card.answer_state" if is_told and not pd.isna(gap) else "page_card.answer"
    return desk.say(
        "page_card.answer_once" if pd.isna(gap) else key,
        state=desk.say(f"word.state.{row['state']}"),
        stability=desk.say(f"word.stability.{row['stability']}"),
        use=desk.say(f"word.use.{row['use']}"),
        station=row["station_name"],
        gap=gap,
        ago=blocks.ago(desk, int(row["days_silent"])),
    )


def _figures(desk: Desk, row: Row) -> None:
    unit = desk.say(f"word.unit.{row['unit']}")
    facts = {
        "visits": f"{row['visits']:,}",
        "last_day": blocks.ago(desk, int(row["days_silent"])),
        "per_visit": f"{row['quantity_per_visit']:,.1f} {unit}",
        "amount": text.money(desk.lang, row["amount"], row["currency_code"]),
    }
    if is_regular(row):
        monthly = text.money(desk.lang, row["monthly_amount"], row["currency_code"])
        facts |= {"monthly_amount": monthly, "p_alive": f"{row['p_alive']:.0%}"}
    blocks.figures([(desk.say(f"page_card.{name}"), value, None) for name, value in facts.items()])


def visit_days(lines: pd.DataFrame, station: str) -> pd.Series:
    """Return the numbers of the days with fuel at a station that was not taken back, in order."""
    taken_back = lines.groupby("reverses")["quantity_milli"].sum()
    left = lines["quantity_milli"] + lines["id"].map(taken_back).fillna(0)
    is_fuel = (lines["quantity_milli"] > 0) & (lines["fuel"] != Fuel.NONE.value)
    bought = lines[(lines["station"] == station) & is_fuel & (left > 0)]
    return (bought["local_at"] // DAY_S).drop_duplicates().sort_values(ignore_index=True)


def _rhythm(desk: Desk, card: cards.Card, row: Row) -> None:
    """Draw the gaps between its visits, and the silence since the last."""
    days = visit_days(card.lines, row["station"])
    between = days.diff().iloc[1:].tail(SHOWN_VISITS)
    if between.empty:
        return
    facts = {"usual": row["usual_gap_days"], "silent": int(row["days_silent"])}
    silence = {
        "day": desk.ask.as_of,
        "gap_days": facts["silent"],
        "colour": look.STATE[State(row["state"])].colour if is_regular(row) else look.GREY,
        "name": desk.say("page_card.rhythm_silent"),
    }
    visits = pd.DataFrame({"day": days[between.index].map(day_date), "gap_days": between})
    visits = visits.assign(colour=look.ACCENT, name=desk.say("page_card.rhythm_gap"))
    title = desk.say("page_card.rhythm", **facts)
    figure = charts.gaps(
        pd.concat([visits, pd.DataFrame([silence])], ignore_index=True),
        usual=facts["usual"],
        window=_window(desk, row),
        title=title,
    )
    blocks.chart(figure, key="card_rhythm", alt=title)


def _window(desk: Desk, row: Row) -> tuple[date, date, str] | None:
    """Return when the next visit is due, while the vehicle is expected at all."""
    if row["state"] not in COMING or pd.isna(row["next_to_day"]):
        return None
    ends = day_date(int(row["next_from_day"])), day_date(int(row["next_to_day"]))
    return *ends, desk.say("page_card.rhythm_window")


def _portrait(desk: Desk, card: cards.Card, row: Row) -> None:
    st.subheader(desk.say("page_card.portrait"), anchor=False)
    with st.container(border=True, gap="small"):
        for name in ("stability", "frequency", "lapse"):
            if name != "lapse" or is_regular(row):
                more = _alarm(desk, row) if name == "lapse" else ()
                _fact(desk, name, text.say_row(desk.lang, row, f"{name}_sentence"), *more)
        for name in ("sign", "share"):
            if row[f"{name}_sentence"]:
                _fact(desk, name, text.say_row(desk.lang, row, f"{name}_sentence"))
        for name, column, topic in (
            ("use", "use", "usage"),
            ("owner", "owner_kind", "ownership"),
        ):
            said = desk.say(f"word.{column}.{row[column]}")
            sentence = text.say_row(desk.lang, row, f"{name}_sentence")
            _fact(desk, name, said, sentence, *_because(desk, topic, row[f"{name}_evidence"]))
        for owner in card.owners.to_dict("records"):
            kind = desk.say(f"word.owner_kind.{owner['owner_kind']}")
            _fact(desk, "owned", owner["organisation_name"] or kind, *_since(desk, owner))
        for held in card.cards.to_dict("records"):
            _fact(desk, "card", held["number"], held["kind"], *_since(desk, held))


def _alarm(desk: Desk, row: Row) -> Iterator[str]:
    """Yield on which day its silence becomes odd, or became so."""
    if not pd.isna(row["alarm_day"]):
        is_past = row["alarm_day"] <= row["last_day"] + row["days_silent"]
        key = "page_card.alarm_past" if is_past else "page_card.alarm_ahead"
        yield desk.say(key, day=day_date(int(row["alarm_day"])))


def _because(desk: Desk, topic: str, evidence: list[str]) -> Iterator[str]:
    if evidence:
        yield desk.say("page_card.because", evidence=blocks.clues(desk, f"{topic}.clue", evidence))


def _since(desk: Desk, link: Row) -> Iterator[str]:
    """Yield from when to when an owner or card was tied to the vehicle, where it is known."""
    for name in ("from_day", "to_day"):
        if not pd.isna(link[name]):
            yield desk.say(f"page_card.{name}", day=day_date(int(link[name])))


def _fact(desk: Desk, name: str, said: str, *more: str) -> None:
    """Write one line of the portrait: its name, what is said, and in grey how it is known."""
    heading = blocks.plain(desk.say(f"page_card.about_{name}"))
    rest = " ".join(blocks.plain(part) for part in more if part)
    st.markdown(
        f"**{heading}** &nbsp;{blocks.plain(said)}" + (f" &nbsp;:gray[{rest}]" if rest else "")
    )


def _confirm(desk: Desk, row: Row) -> None:
    """Let staff say what the vehicle is used for; the guess is one tap away."""
    if "use.confirm" not in desk.ask.scope.rights:
        return
    vehicle_id, use = int(row["vehicle_id"]), Use(row["use"])
    is_guess = row["use_source"] == Source.INFERRED.value
    with st.container(horizontal=True):
        if is_guess and use is not Use.UNKNOWN:
            st.button(
                desk.say("page_card.use_right", use=desk.say(f"word.use.{use}")),
                key=f"card_use_right_{vehicle_id}",
                icon=":material/check:",
                on_click=_say_use,
                args=(desk, vehicle_id, use),
            )
        with st.popover(desk.say("page_card.use_other"), icon=":material/edit:"):
            _other_use(desk, vehicle_id, use)


def _other_use(desk: Desk, vehicle_id: int, use: Use) -> None:
    key = f"card_use_{vehicle_id}_{use}"
    st.pills(
        desk.say("page_card.use_choose"),
        [other for other in Use if other not in {use, Use.UNKNOWN}],
        format_func=lambda other: f"{look.USE[other].icon} {desk.say(f'word.use.{other}')}",
        key=key,
        on_change=lambda: _say_use(desk, vehicle_id, st.session_state[key]),
    )


def _say_use(desk: Desk, vehicle_id: int, use: Use | None) -> None:
    if use is None:
        return
    try:
        cards.confirm_use(desk.ask, vehicle_id=vehicle_id, use=use)
    except StationError as error:
        blocks.refused(desk, error)
        return
    st.session_state[TOLD] = desk.say("page_card.use_saved", use=desk.say(f"word.use.{use}"))


def _reasons(desk: Desk, row: Row) -> None:
    """Draw what was heard when the vehicle stayed away, and ask when it does."""
    if is_regular(row) and row["state"] not in COMING:
        st.subheader(desk.say("page_card.reasons"), anchor=False)
        with st.container(border=True):
            reasons.draw(desk, vehicle_id=int(row["vehicle_id"]), station=row["station"])


def _stations(desk: Desk, rows: pd.DataFrame) -> None:
    title = desk.say("page_card.stations", stations=len(rows))
    st.subheader(title, anchor=False)
    # Who is no regular has no rhythm to break: no state.
    state = rows["state"].where(rows["stability"] == Stability.REGULAR.value, "")
    blocks.table(desk, rows.assign(state=state), STATIONS, key="card_stations", alt=title)


def _lines(desk: Desk, card: cards.Card) -> None:
    lines = card.lines
    names = board.stations_known(desk.ask).set_index("code")["name"]
    is_reversal = lines["reverses"].notna()
    shown = lines.assign(
        when=pd.to_datetime(lines["local_at"], unit="s").dt.strftime("%Y-%m-%d %H:%M"),
        station_name=lines["station"].map(names),
        quantity=lines["quantity_milli"] / MILLI,
        amount=lines["amount_minor"] / lines["currency"].map(minor_per_major),
        remark=is_reversal.map({True: desk.say("page_card.reversal"), False: ""}),
    )
    columns = [column for column in LINES if column.name != "remark" or is_reversal.any()]
    title = desk.say("page_card.lines", lines=len(lines))
    blocks.names(desk, shown, columns, key="card_lines", title=title)
