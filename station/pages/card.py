"""Who is this? One vehicle, told in sentences, with its rhythm and its visits."""

from collections.abc import Iterator

import pandas as pd
import streamlit as st

from station.errors import StationError
from station.model import Source, State, Use, day_date, minor_per_major
from station.pages import blocks, charts, look, reasons
from station.pages.blocks import Column
from station.pages.desk import Desk, current
from station.services import cards

SEARCH = "card_search"
TOLD = "card_told"
SHOWN_VISITS = 60
DAY_S = 86_400
MILLI = 1000

STATIONS = (
    Column("station_name", "page_card.station"),
    Column("visits", "page_card.visits", "count"),
    Column("share_of_visits", "page_card.share_of_visits", "percent"),
    Column("first_day", "page_card.first_day", "day"),
    Column("last_day", "page_card.last_day", "day"),
    Column("stability", "page_card.stability", "stability"),
    Column("state", "page_card.state", "state"),
    Column("amount", "page_card.amount", "money"),
)
OWNERS = (
    Column("organisation_name", "page_card.organisation_name"),
    Column("owner_kind", "page_card.owner_kind", "owner_kind"),
    Column("from_day", "page_card.from_day", "day"),
    Column("to_day", "page_card.to_day", "day"),
)
CARDS = (
    Column("number", "page_card.number"),
    Column("kind", "page_card.kind"),
    Column("from_day", "page_card.from_day", "day"),
    Column("to_day", "page_card.to_day", "day"),
)
LINES = (
    Column("when", "page_card.when"),
    Column("station", "page_card.station"),
    Column("product", "page_card.product"),
    Column("quantity", "page_card.quantity", "number"),
    Column("unit", "page_card.unit", "unit"),
    Column("amount", "page_card.amount_line", "number"),
    Column("receipt_no", "page_card.receipt_no"),
    Column("nozzle", "page_card.nozzle"),
    Column("remark", "page_card.remark"),
)


def render() -> None:
    """Draw the page."""
    desk = current()
    words = _search(desk)
    vehicle_id = _asked_for()
    if words:
        _found(desk, words)
    elif vehicle_id is None:
        blocks.answer(desk.say("page_card.answer_none"))
    else:
        _card(desk, desk.cached(cards.card, vehicle_id=vehicle_id))


def _search(desk: Desk) -> str:
    st.title(desk.say("page_card.title"), anchor=False)
    words = st.text_input(
        desk.say("page_card.search"),
        key=SEARCH,
        placeholder=desk.say("page_card.search_hint"),
        icon=":material/search:",
        label_visibility="collapsed",
    )
    return (words or "").strip()


def _asked_for() -> int | None:
    asked = st.query_params.get("vehicle", "")
    return int(asked) if asked.isdecimal() else None


def _found(desk: Desk, words: str) -> None:
    """List what the search found; a tap opens the card."""
    found = cards.find(desk.ask, words=words)
    key = "page_card.found" if len(found) else "page_card.found_none"
    blocks.answer(desk.say(key, vehicles=len(found), words=words))
    for row in found.itertuples():
        seen = desk.say("page_card.seen", day=day_date(int(row.last_day)))
        kind = desk.say(f"word.key_kind.{row.key_kind}")
        st.button(
            f"**{blocks.plain(row.label)}** · {kind} · {seen}",
            key=f"card_open_{row.vehicle_id}",
            on_click=_open,
            args=(int(row.vehicle_id),),
        )


def _open(vehicle_id: int) -> None:
    st.query_params["vehicle"] = str(vehicle_id)
    st.session_state[SEARCH] = ""


def _card(desk: Desk, card: cards.Card) -> None:
    row = _station_row(desk, card)
    st.header(blocks.plain(card.label), anchor=False)
    _badges(desk, row)
    blocks.answer(_answer(desk, row))
    if told := st.session_state.pop(TOLD, None):
        st.success(told, icon=":material/check_circle:")
    _figures(desk, row)
    _rhythm(desk, card, row)
    _portrait(desk, row)
    _confirm(desk, row)
    if len(card.rows) > 1:
        _stations(desk, card.rows)
    _links(desk, card)
    _notes(desk, card, row)
    _lines(desk, card)


def _station_row(desk: Desk, card: cards.Card) -> pd.Series:
    """Return the vehicle's row at the chosen station, by default where it comes most."""
    rows = card.rows.set_index("station", drop=False)
    if len(rows) == 1:
        return rows.iloc[0]
    chosen = blocks.choose(
        desk,
        key="card_station",
        label="page_card.at_station",
        options={
            str(row.station): f"{row.station_name} **{row.visits:,}**"
            for row in rows.itertuples()
        },
        default=str(rows.index[0]),
    )
    return rows.loc[chosen or rows.index[0]]


def _badges(desk: Desk, row: pd.Series) -> None:
    state = look.STATE[State(row["state"])]
    stability = look.STABILITY[row["stability"]]
    with st.container(horizontal=True, gap="xsmall"):
        st.badge(desk.say(f"word.stability.{row['stability']}"), icon=stability.icon, color="gray")
        st.badge(desk.say(f"word.use.{row['use']}"), icon=look.USE[row["use"]].icon, color="gray")
        st.badge(
            desk.say(f"word.owner_kind.{row['owner_kind']}"),
            icon=look.OWNER[row["owner_kind"]].icon,
            color="gray",
        )
        st.badge(desk.say(f"word.state.{row['state']}"), icon=state.icon, color="gray")


def _answer(desk: Desk, row: pd.Series) -> str:
    sentence = "stability_sentence" if row["state"] == State.ACTIVE.value else "lapse_sentence"
    return blocks.sentence(desk, row.to_dict(), sentence)


def _figures(desk: Desk, row: pd.Series) -> None:
    currency = pd.Series([row["currency_code"]])
    facts = [
        ("visits", f"{row['visits']:,}"),
        ("amount", blocks.money(desk, pd.Series([row["amount"]]), currency)),
        ("monthly_amount", blocks.money(desk, pd.Series([row["monthly_amount"]]), currency)),
        ("per_visit", f"{row['quantity_per_visit']:,.1f} {desk.say('word.unit.' + row['unit'])}"),
        ("last_day", blocks.day_text(desk, int(row["last_day"]))),
        ("p_alive", f"{row['p_alive']:.0%}"),
    ]
    blocks.figures(
        [
            (desk.say(f"page_card.{name}"), value, None)
            for name, value in facts
            if "nan" not in value.lower()
        ]
    )


def visit_days(card: cards.Card, station: str) -> pd.Series:
    """Return the numbers of the days on which the vehicle bought at a station, the oldest first."""
    lines = card.lines
    bought = lines[(lines["station"] == station) & (lines["quantity_milli"] > 0)]
    return (bought["local_at"] // DAY_S).drop_duplicates().sort_values(ignore_index=True)


def _rhythm(desk: Desk, card: cards.Card, row: pd.Series) -> None:
    days = visit_days(card, row["station"])
    between = days.diff().iloc[1:].tail(SHOWN_VISITS).astype(int)
    if between.empty:
        return
    facts = {"usual": row["usual_gap_days"], "silent": int(row["days_silent"])}
    title = desk.say("page_card.rhythm", **facts)
    figure = charts.gaps(
        [day_date(int(day)) for day in days[between.index]],
        between.tolist(),
        silent=(desk.ask.as_of, facts["silent"]),
        usual_days=facts["usual"],
        window=_window(row),
        colour=look.STATE[State(row["state"])].colour,
        words={
            name: desk.say(f"page_card.rhythm_{name}", **facts)
            for name in ("gap", "silent", "usual", "window")
        },
        title=title,
    )
    blocks.chart(figure, key="card_rhythm", alt=title)


def _window(row: pd.Series) -> tuple[object, object] | None:
    """Return when the next visit is due, while the vehicle is expected at all."""
    if row["state"] != State.ACTIVE.value or pd.isna(row["next_to_day"]):
        return None
    return day_date(int(row["next_from_day"])), day_date(int(row["next_to_day"]))


def _portrait(desk: Desk, row: pd.Series) -> None:
    st.subheader(desk.say("page_card.portrait"), anchor=False)
    facts = row.to_dict()
    with st.container(border=True, gap="small"):
        for name in ("stability", "frequency", "lapse"):
            _fact(desk, name, blocks.sentence(desk, facts, f"{name}_sentence"))
        for name, column in (("use", "use"), ("owner", "owner_kind")):
            said = desk.say(f"word.{column}.{row[column]}")
            sentence = blocks.sentence(desk, facts, f"{name}_sentence")
            _fact(desk, name, f"{said} · {sentence}", list(_evidence(desk, row, name)))
        if row["organisation_name"]:
            _fact(desk, "organisation", str(row["organisation_name"]))


def _evidence(desk: Desk, row: pd.Series, name: str) -> Iterator[str]:
    for key in row[f"{name}_evidence"]:
        yield desk.say(key)


def _fact(desk: Desk, name: str, sentence: str, evidence: list[str] | None = None) -> None:
    heading = blocks.plain(desk.say(f"page_card.about_{name}"))
    because = ""
    if evidence:
        listed = desk.say("page_card.list_comma").join(evidence)
        because = f"  \n:gray[{blocks.plain(desk.say('page_card.because', evidence=listed))}]"
    st.markdown(f"**{heading}** &nbsp;{blocks.plain(sentence)}{because}")


def _confirm(desk: Desk, row: pd.Series) -> None:
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


def _stations(desk: Desk, rows: pd.DataFrame) -> None:
    blocks.names(
        desk,
        rows,
        STATIONS,
        key="card_stations",
        title=desk.say("page_card.stations", stations=len(rows)),
    )


def _links(desk: Desk, card: cards.Card) -> None:
    """Draw the dated owners and cards of the vehicle, where the archive knows any."""
    for name, frame, columns in (
        ("owners", card.owners, OWNERS),
        ("cards", card.cards, CARDS),
    ):
        if not frame.empty:
            blocks.names(
                desk, frame, columns, key=f"card_{name}", title=desk.say(f"page_card.{name}")
            )


def _notes(desk: Desk, card: cards.Card, row: pd.Series) -> None:
    st.subheader(desk.say("page_card.notes"), anchor=False)
    with st.container(border=True):
        reasons.draw(desk, vehicle_id=card.vehicle_id, station=str(row["station"]))


def _lines(desk: Desk, card: cards.Card) -> None:
    lines = card.lines
    shown = lines.assign(
        when=pd.to_datetime(lines["local_at"], unit="s").dt.strftime("%Y-%m-%d %H:%M"),
        quantity=lines["quantity_milli"] / MILLI,
        amount=lines["amount_minor"] / lines["currency"].map(minor_per_major),
        remark=lines["reverses"].notna().map({True: desk.say("page_card.reversal"), False: ""}),
    )
    blocks.names(
        desk, shown, LINES, key="card_lines", title=desk.say("page_card.lines", lines=len(lines))
    )


if __name__ == "__main__":
    render()
