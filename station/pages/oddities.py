"""What is used otherwise than usual, and has it a good reason?"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from station import text
from station.model import CLOSED, MILLI, OdditySort, OddityState, day_date, minor_per_major
from station.pages.parts import acts, blocks
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk, current
from station.services import oddities
from station.services.oddities import Opened, Shown, Week

FOLDER = Path(__file__).parent
OPEN = "oddities_opened"
COLOURS = {
    OddityState.OPEN: "gray",
    OddityState.EXPLAINED: "green",
    OddityState.COACHED: "blue",
    OddityState.PROPOSED: "orange",
    OddityState.CONFIRMED: "violet",
}
ICONS = {
    OdditySort.CARD: "credit_card",
    OdditySort.VEHICLE: "directions_car",
    OdditySort.MEMBER: "person",
    OdditySort.ACCOUNT: "badge",
}
FILLS = (
    Column("mark", "page_oddities.mark"),
    Column("when", "page_oddities.when"),
    Column("plate", "page_oddities.plate"),
    Column("product", "page_oddities.product"),
    Column("quantity", "page_oddities.quantity", "exact"),
    Column("amount", "page_oddities.amount", "exact"),
    Column("nozzle", "page_oddities.nozzle"),
)
MOVES = (
    Column("at", "page_oddities.when", "moment"),
    Column("move", "page_oddities.move", "point_move"),
    Column("points", "page_oddities.points", "count"),
    Column("account", "page_oddities.account"),
)
MADE = (
    Column("made_at", "page_oddities.when", "moment"),
    Column("code", "page_oddities.member"),
)


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_oddities.title"), anchor=False)
    acts.told()
    told = oddities.week(desk.ask, stations=desk.stations)
    blocks.answer(_answer(desk, told))
    st.caption(blocks.plain(_base_rate(desk, told)))
    if told.monday is None:
        return
    _figures(desk, told)
    new = [one for one in told.cases if not one.is_older]
    older = [one for one in told.cases if one.is_older]
    _list(desk, new, "page_oddities.list")
    _list(desk, older, "page_oddities.older")


def _answer(desk: Desk, told: Week) -> str:
    if told.monday is None:
        return desk.say("page_oddities.answer_never")
    new = [one for one in told.cases if not one.is_older]
    facts = {"monday": told.monday, "cases": len(new), "most": desk.ask.settings.oddities.most_week}
    if not new:
        return desk.say("page_oddities.answer_none", **facts)
    waiting = sum(one.state not in CLOSED for one in new)
    return desk.say("page_oddities.answer", **facts, waiting=waiting)


def _base_rate(desk: Desk, told: Week) -> str:
    """Return how such lists end: as the own ones did, before any as one that was published."""
    if not told.reviewed:
        return desk.say("page_oddities.base_published")
    good = told.outcomes.get(OddityState.EXPLAINED, 0)
    return desk.say("page_oddities.base_own", reviewed=told.reviewed, explained=good)


def _figures(desk: Desk, told: Week) -> None:
    """Draw what is at stake, and how far the list is worked through."""
    if not told.cases:
        return
    waiting = [one for one in told.cases if one.state not in CLOSED]
    points = sum(one.points for one in waiting)
    say = desk.say
    blocks.figures(
        [
            (say("page_oddities.waiting"), f"{len(waiting)}", None),
            (say("page_oddities.looked_into"), f"{len(told.cases) - len(waiting)}", None),
            (say("page_oddities.litres"), f"{sum(one.litres for one in waiting):,.0f}", None),
            (say("page_oddities.points_at_stake"), f"{points:,}", None),
        ]
    )


def _list(desk: Desk, cases: list[Shown], title: str) -> None:
    if not cases:
        return
    st.subheader(desk.say(title, cases=len(cases)), anchor=False)
    for one in cases:
        _case(desk, one)


def _case(desk: Desk, one: Shown) -> None:
    """Draw one case: who, what is unusual in a sentence each, and on demand the evidence."""
    is_open = st.session_state.get(OPEN) == one.id
    with st.container(border=True, gap="xsmall", key=f"oddities_case_{one.id}"):
        badge = f":{COLOURS[one.state]}-badge[{desk.say(f'word.oddity_state.{one.state}')}]"
        name = blocks.plain(_name(desk, one))
        st.markdown(f":material/{ICONS[one.sort]}: **{name}** {badge}")
        for sign in () if is_open else one.signs:
            st.markdown(blocks.plain(sentence(desk, sign)))
        st.caption(blocks.plain(_stake(desk, one)))
        label = "page_oddities.close" if is_open else "page_oddities.open"
        icon = ":material/expand_less:" if is_open else ":material/expand_more:"
        if st.button(desk.say(label), key=f"oddities_open_{one.id}", icon=icon):
            st.session_state[OPEN] = None if is_open else one.id
            st.rerun()
        if is_open:
            _opened(desk, one.id)


def _name(desk: Desk, one: Shown) -> str:
    sort = desk.say(f"word.oddity_sort.{one.sort}")
    of_fills = one.sort in {OdditySort.CARD, OdditySort.VEHICLE}
    use = desk.say(f"word.use.{one.kind}") if of_fills else ""
    return " · ".join(part for part in (f"{sort} {one.label}".strip(), use, one.station) if part)


def sentence(desk: Desk, sign: Any) -> str:
    """Return one sign in words: what, how often, and how often it is usual."""
    return desk.say(f"oddities.{sign['sign']}", **{k: v for k, v in sign.items() if k != "sign"})


def _stake(desk: Desk, one: Shown) -> str:
    parts = []
    if one.litres:
        parts.append(desk.say("page_oddities.stake_litres", litres=one.litres))
    if one.points and not one.worth:
        parts.append(desk.say("page_oddities.stake_points_only", points=one.points))
    elif one.points:
        worth = text.money(desk.lang, one.worth, one.currency)
        parts.append(desk.say("page_oddities.stake_points", points=one.points, worth=worth))
    if one.is_older:
        parts.append(desk.say("page_oddities.listed_on", day=day_date(one.week_day)))
    return " · ".join(parts) or desk.say("page_oddities.stake_none")


# --- one case -------------------------------------------------------------------------------------


def _opened(desk: Desk, oddity_id: int) -> None:
    told = oddities.opened(desk.ask, oddity_id=oddity_id)
    _evidence(desk, told)
    _link(desk, told.shown)
    if told.bound:
        plates = desk.say("blocks.and").join(told.bound)
        st.caption(blocks.plain(desk.say("page_oddities.bound", plates=plates)))
    if told.accounts:
        names = desk.say("blocks.and").join(told.accounts)
        st.caption(blocks.plain(desk.say("page_oddities.doings", accounts=names)))
    _steps(desk, told)
    _review(desk, told)


def _evidence(desk: Desk, told: Opened) -> None:
    """Draw what bears the signs; signs of the very same fills share one table."""
    shared: dict[tuple[int, ...], list[int]] = {}
    for number, (sign, _) in enumerate(told.evidence):
        shared.setdefault((*sign["ids"], *sign["around"]), []).append(number)
    for numbers in shared.values():
        for number in numbers:
            st.markdown(blocks.plain(sentence(desk, told.evidence[number][0])))
        _table(desk, told.evidence[numbers[0]][1], f"oddities_{told.shown.id}_{numbers[0]}")


def _table(desk: Desk, rows: pd.DataFrame, key: str) -> None:
    alt = desk.say("page_oddities.evidence")
    if rows.empty:
        st.caption(blocks.plain(desk.say("page_oddities.gone")))
    elif "made_at" in rows:
        blocks.table(desk, rows, MADE, key=key, alt=alt)
    elif "move" in rows:
        blocks.table(desk, rows, MOVES, key=key, alt=alt)
    else:
        columns = FILLS if not rows["bears"].all() else FILLS[1:]
        blocks.table(desk, _fills(rows), columns, key=key, alt=alt)


def _fills(rows: pd.DataFrame) -> pd.DataFrame:
    """Return fills as they are read: on the station's clock, in units and major money."""
    at = pd.to_datetime(rows["local_at"].astype("int64"), unit="s")
    day, moment = at.dt.strftime("%Y-%m-%d"), at.dt.strftime("%Y-%m-%d %H:%M")
    return rows.assign(
        mark=rows["bears"].map({True: "●", False: ""}),
        when=moment.where(rows["has_time"] == 1, day),
        quantity=rows["quantity_milli"].astype("float64") / MILLI,
        amount=rows["amount_minor"].astype("float64") / rows["currency"].map(minor_per_major),
    )


def _link(desk: Desk, one: Shown) -> None:
    """Lead to the vehicle's or member's own card."""
    if "cards.read" not in desk.ask.scope.rights:
        return
    about = {"vehicle": one.vehicle_id, "customer": one.customer_id}
    for what, number in about.items():
        if number is not None:
            st.page_link(
                str(FOLDER / "card.py"),
                label=desk.say("page_oddities.card"),
                icon=":material/badge:",
                query_params={what: str(number)},
            )


def _steps(desk: Desk, told: Opened) -> None:
    """Draw what was found out so far, the newest first."""
    for step in told.steps:
        state = desk.say(f"word.oddity_state.{step.state}")
        words = desk.say("reasons.shut") if step.words is None else step.words
        st.markdown(f"**{blocks.plain(state)}** — {blocks.plain(words)}")
        at = blocks.moment(desk, step.written_at, told.shown.station)
        said = desk.say("page_oddities.found_by", account=step.account, at=at)
        if step.until_day is not None:
            said += desk.say("page_oddities.holds", day=day_date(step.until_day))
        st.caption(blocks.plain(said))


def _review(desk: Desk, told: Opened) -> None:
    """Draw the form for what was found out."""
    if not told.next:
        return
    key = f"oddities_{told.shown.id}"
    states = [state for state in OddityState if state in told.next]
    st.markdown(f"**{blocks.plain(desk.say('page_oddities.review'))}**")
    chosen = st.pills(
        desk.say("page_oddities.outcome"),
        states,
        format_func=lambda state: desk.say(f"page_oddities.do_{state}"),
        key=acts.fresh(f"{key}_state"),
        label_visibility="collapsed",
    )
    if chosen is None:
        st.caption(blocks.plain(desk.say("oddities.note")))
        return
    state = OddityState(chosen)
    st.caption(blocks.plain(desk.say(f"page_oddities.about_{state}")))
    until = _until(desk, key) if state is OddityState.EXPLAINED else None
    words = st.text_area(
        desk.say("page_oddities.words"),
        key=acts.fresh(f"{key}_words"),
        max_chars=oddities.LONGEST_WORDS,
        placeholder=desk.say("page_oddities.words_hint"),
        help=desk.say("page_oddities.words_help"),
    )
    if st.button(desk.say("page_oddities.save"), key=acts.fresh(f"{key}_save"), type="primary"):
        acts.do(desk, lambda: _save(desk, told.shown.id, state, words or "", until))


def _until(desk: Desk, key: str) -> date:
    today = datetime.now(UTC).astimezone().date()
    usual = today + timedelta(days=desk.ask.settings.oddities.explained_days)
    chosen: date = st.date_input(
        desk.say("page_oddities.until"),
        value=usual,
        min_value=today,
        key=acts.fresh(f"{key}_until"),
        help=desk.say("page_oddities.until_help"),
    )
    return chosen


def _save(desk: Desk, oddity_id: int, state: OddityState, words: str, until: date | None) -> str:
    oddities.review(desk.ask, oddity_id=oddity_id, state=state, words=words, until_on=until)
    return desk.say("page_oddities.saved", state=desk.say(f"word.oddity_state.{state}"))


if __name__ == "__main__":
    render()
