"""Who could become a customer, and what do we do about each?"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pandas as pd
import streamlit as st

from station.model import day_date
from station.pages.parts import acts, attachments, blocks, charts, notes, registrations
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk, current
from station.services import access, board
from station.services.customers import leads, prospects, registering
from station.services.customers.leads import Decision, Lead
from station.services.customers.prospects import Belongs, Standing, View

CANDIDATES, OPPORTUNITIES, WAITING = "candidates", "opportunities", "waiting"
PAUSE_DAYS = 30
"""How long somebody rests unless another day is chosen."""
FIELD_PX, ROWS_PX = 260, 110
CANDIDATE_COLUMNS = (
    Column("label", "page_prospects.vehicle"),
    Column("reliability", "page_prospects.reliability", "reliability"),
    Column("sentence", "page_prospects.why", "sentence"),
    Column("visit_days", "page_prospects.days", "count"),
    Column("last_day", "page_prospects.last", "day"),
    Column("use", "page_prospects.use", "use"),
    Column("station_name", "page_prospects.station"),
)
PROSPECT_COLUMNS = (
    Column("who", "page_prospects.who"),
    Column("plate", "page_prospects.vehicle"),
    Column("standing", "page_prospects.standing", "prospect_standing"),
    Column("belongs", "page_prospects.belongs", "belongs"),
    Column("reliability", "page_prospects.reliability", "reliability"),
    Column("source", "page_prospects.source", "origin"),
    Column("event", "page_prospects.event"),
    Column("keeper", "page_prospects.owner"),
    Column("pause_until_day", "page_prospects.until", "day"),
    Column("won_day", "page_prospects.won_day", "day"),
    Column("station", "page_prospects.station"),
)
OPPORTUNITY_COLUMNS = (
    *PROSPECT_COLUMNS[:3],
    Column("need", "page_prospects.need"),
    Column("scene", "page_prospects.scene"),
    Column("pain_point", "page_prospects.pain_point"),
    Column("keeper", "page_prospects.owner"),
)


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_prospects.title"), anchor=False)
    acts.told()
    found, rows = _chosen(desk, prospects.candidates(desk.ask)), _of_stations(desk)
    waiting, chances = registering.waiting(desk.ask), prospects.opportunities(desk.ask)
    blocks.answer(_answer(desk, found, rows, len(waiting)))
    _picture(desk, found)
    view = _view(desk, found, rows, {OPPORTUNITIES: len(chances), WAITING: len(waiting)})
    if view == WAITING:
        registrations.draw(desk, waiting)
    elif view == OPPORTUNITIES:
        _list(desk, _shown(desk, chances), OPPORTUNITY_COLUMNS, OPPORTUNITIES)
    elif view == CANDIDATES:
        _candidates(desk, found)
    else:
        _list(desk, _shown(desk, rows[rows["view"] == view]), PROSPECT_COLUMNS, view)
    with st.container(horizontal=True):
        _enter_lead(desk)
        registrations.counter_code(desk)


def _chosen(desk: Desk, found: pd.DataFrame) -> pd.DataFrame:
    if not desk.stations:
        return found
    return found[found["station"].isin(desk.stations)].reset_index(drop=True)


def _of_stations(desk: Desk) -> pd.DataFrame:
    return _chosen(desk, prospects.listing(desk.ask))


def _answer(desk: Desk, found: pd.DataFrame, rows: pd.DataFrame, waiting: int) -> str:
    in_work = rows["standing"].isin([Standing.OPEN.value, Standing.PAUSED.value])
    said = desk.say(
        "page_prospects.answer",
        candidates=len(found),
        open=int(in_work.sum()),
        won=int((rows["standing"] == Standing.WON.value).sum()),
    )
    if back := int(rows["is_back"].sum()):
        said += desk.say("page_prospects.answer_back", back=back)
    return said + (desk.say("page_prospects.answer_waiting", waiting=waiting) if waiting else "")


def _picture(desk: Desk, found: pd.DataFrame) -> None:
    if found.empty:
        return
    counts = found["origin"].value_counts()
    title = desk.say(
        "page_prospects.picture", sure=int(found["reliability"].isin(["A", "B"]).sum())
    )
    figure = charts.bars(
        [desk.say(f"word.origin.{origin}") for origin in counts.index], counts.tolist(), title=title
    )
    blocks.chart(figure, key="prospects_origins", alt=title)


def _view(desk: Desk, found: pd.DataFrame, rows: pd.DataFrame, others: dict[str, int]) -> str:
    counts = rows["view"].value_counts()
    sizes = {CANDIDATES: len(found)} | {view.value: int(counts.get(view, 0)) for view in View}
    options = {
        name: f"{desk.say(f'page_prospects.view_{name}')} **{size:,}**"
        for name, size in (sizes | others).items()
    }
    first = CANDIDATES if len(found) or not others[WAITING] else WAITING
    chosen = blocks.choose(
        desk, key="prospects_view", label="page_prospects.view", options=options, default=first
    )
    return chosen or first


# --- candidates -------------------------------------------------------------------------------


def _candidates(desk: Desk, found: pd.DataFrame) -> None:
    st.caption(blocks.plain(desk.say("page_prospects.about_classes")))
    page = blocks.names(
        desk,
        found,
        CANDIDATE_COLUMNS,
        key="prospects_found",
        title=desk.say("page_prospects.found", candidates=len(found)),
        empty="page_prospects.no_candidate",
    )
    if page.empty:
        return
    with st.container(border=True), st.form(acts.fresh("prospects_take_form"), border=False):
        labels = dict(zip(page["vehicle_id"].astype("int64"), page["label"], strict=True))
        with st.container(horizontal=True):
            vehicle = st.selectbox(
                desk.say("page_prospects.take_which"),
                list(labels),
                format_func=labels.__getitem__,
                key=acts.fresh("prospects_take_which"),
                width=FIELD_PX,
            )
            belongs = _belongs(desk, "prospects_take_belongs", Belongs.NOBODYS)
        st.caption(blocks.plain(desk.say("page_prospects.take_told")))
        sent = st.form_submit_button(
            desk.say("page_prospects.take"), type="primary", key=acts.fresh("prospects_take")
        )
    if sent and vehicle is not None:
        acts.do(desk, lambda: _taken(desk, int(vehicle), belongs))


def _taken(desk: Desk, vehicle_id: int, belongs: Belongs) -> str:
    leads.take_up(desk.ask, vehicle_id=vehicle_id, belongs=belongs)
    return desk.say("page_prospects.taken")


def _belongs(desk: Desk, key: str, standing: Belongs) -> Belongs:
    kinds = list(Belongs)
    chosen = st.selectbox(
        desk.say("page_prospects.belongs"),
        kinds,
        index=kinds.index(standing),
        format_func=lambda kind: desk.say(f"word.belongs.{kind}"),
        key=acts.fresh(key),
        width=FIELD_PX,
    )
    return chosen or standing


# --- prospects --------------------------------------------------------------------------------


def _shown(desk: Desk, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the prospects as they are listed: who each is, as far as it may be told."""
    unknown = desk.say("page_prospects.unnamed")
    names = rows["organisation_name"].where(rows["organisation_name"] != "", rows["name"])
    whole = (names + " " + rows["phone"]).str.strip()
    return rows.assign(who=whole.where(whole != "", unknown), plate=rows["label"])


def _list(desk: Desk, rows: pd.DataFrame, columns: tuple[Column, ...], view: str) -> None:
    st.caption(blocks.plain(desk.say(f"page_prospects.about_{view}")))
    if rows.empty:
        st.info(desk.say("page_prospects.none"))
        return
    shown = [c for c in columns if rows[c.name].notna().any() and (rows[c.name] != "").any()]
    title = desk.say("page_prospects.title")
    blocks.table(desk, rows, shown, key=f"prospects_{view}", alt=title)
    titles = {
        str(row["customer_id"]): " · ".join(filter(None, [str(row["plate"]), str(row["who"])]))
        for row in rows.to_dict("records")
    }
    chosen = blocks.pick(desk, key="prospects_who", label="page_prospects.choose", options=titles)
    if chosen:
        _one(desk, rows[rows["customer_id"] == int(chosen)].to_dict("records")[0])


def _one(desk: Desk, row: Mapping[Any, Any]) -> None:
    """Draw what is known of one prospect and what may be done about him."""
    customer_id = int(row["customer_id"])
    st.subheader(blocks.plain(" · ".join(filter(None, [row["plate"], row["who"]]))), anchor=False)
    st.markdown(blocks.plain(_standing(desk, row)))
    with st.container(horizontal=True):
        if row["standing"] != Standing.WON.value:
            with st.popover(desk.say("page_prospects.decide"), icon=":material/rule:"):
                _decide(desk, customer_id)
        with st.popover(desk.say("page_prospects.change_belongs"), icon=":material/sell:"):
            _change_belongs(desk, customer_id, Belongs(row["belongs"]))
        with st.popover(desk.say("page_prospects.hand_over"), icon=":material/person_add:"):
            _hand_over(desk, customer_id)
    _opportunity(desk, customer_id)
    notes.draw(desk, customer_id=customer_id)
    attachments.draw(desk, customer_id=customer_id)


def _standing(desk: Desk, row: Mapping[Any, Any]) -> str:
    key = "back" if row["is_back"] else str(row["standing"])
    facts = {
        name: "" if pd.isna(row[name]) else day_date(int(row[name]))
        for name in ("pause_until_day", "won_day")
    }
    return desk.say(
        f"page_prospects.stands_{key}",
        source=desk.say(f"word.origin.{row['source']}"),
        taken=blocks.moment(desk, int(row["made_at"]), str(row["station"])),
        keeper=row["keeper"] or desk.say("contact.no_keeper"),
        **facts,
    )


def _decide(desk: Desk, customer_id: int) -> None:
    with st.form(acts.fresh("prospects_decide_form"), border=False):
        decision = st.radio(
            desk.say("page_prospects.what_now"),
            list(Decision),
            format_func=lambda one: desk.say(f"word.decision.{one}"),
            key=acts.fresh("prospects_decision"),
        )
        until = st.date_input(
            desk.say("page_prospects.until"),
            value=access.today() + timedelta(days=PAUSE_DAYS),
            min_value=access.today(),
            key=acts.fresh("prospects_until"),
        )
        reason = acts.why(desk, key="prospects_reason")
        sent = st.form_submit_button(
            desk.say("page_prospects.decide_now"),
            type="primary",
            key=acts.fresh("prospects_decide"),
        )

    def decide() -> str:
        chosen = Decision(decision or Decision.CONTINUE)
        day = until if chosen is Decision.PAUSE else None
        leads.decide(desk.ask, customer_id=customer_id, decision=chosen, until=day, reason=reason)
        return desk.say(f"page_prospects.did_{chosen}", day=until)

    if sent:
        acts.do(desk, decide)


def _change_belongs(desk: Desk, customer_id: int, standing: Belongs) -> None:
    belongs = _belongs(desk, "prospects_belongs", standing)

    def change() -> str:
        leads.set_belongs(desk.ask, customer_id=customer_id, belongs=belongs)
        return desk.say("page_prospects.changed")

    if st.button(desk.say("page_prospects.save"), key=acts.fresh("prospects_belongs_save")):
        acts.do(desk, change)


def _hand_over(desk: Desk, customer_id: int) -> None:
    keeper = st.selectbox(
        desk.say("page_prospects.owner"),
        leads.owners(desk.ask, customer_id=customer_id),
        index=None,
        key=acts.fresh("prospects_owner"),
        placeholder=desk.say("blocks.pick"),
    )

    def hand_over() -> str:
        leads.hand_over(desk.ask, customer_id=customer_id, keeper=keeper or "")
        return desk.say("page_prospects.handed_over", keeper=keeper)

    key = acts.fresh("prospects_owner_save")
    if st.button(desk.say("page_prospects.save"), key=key, disabled=keeper is None):
        acts.do(desk, hand_over)


def _opportunity(desk: Desk, customer_id: int) -> None:
    """Let need, scene and pain point be written down; what is kept is told above the field."""
    known = prospects.opportunities(desk.ask)
    mine = known[known["customer_id"] == customer_id].to_dict("records")
    with st.expander(desk.say("page_prospects.opportunity"), icon=":material/lightbulb:"):
        for name in prospects.OPPORTUNITY:
            if mine and mine[0][name]:
                told = f"{desk.say(f'page_prospects.{name}')}: {mine[0][name]}"
                st.markdown(blocks.plain(told))
        with st.form(acts.fresh("prospects_opportunity_form"), border=False):
            field = st.selectbox(
                desk.say("page_prospects.opportunity_which"),
                prospects.OPPORTUNITY,
                format_func=lambda name: desk.say(f"page_prospects.{name}"),
                key=acts.fresh("prospects_opportunity_which"),
                width=FIELD_PX,
            )
            words = st.text_area(
                desk.say("page_prospects.opportunity_words"),
                max_chars=leads.LONGEST_WORDS,
                height=ROWS_PX,
                key=acts.fresh("prospects_opportunity_words"),
            )
            sent = st.form_submit_button(
                desk.say("page_prospects.save"), key=acts.fresh("prospects_opportunity_save")
            )

    def write() -> str:
        leads.write_opportunity(
            desk.ask, customer_id=customer_id, field=field or "", words=words or ""
        )
        return desk.say("page_prospects.written")

    if sent:
        acts.do(desk, write)


# --- leads --------------------------------------------------------------------------------------


def _enter_lead(desk: Desk) -> None:
    with (
        st.popover(desk.say("page_prospects.lead"), icon=":material/person_add:"),
        st.form(acts.fresh("prospects_lead_form"), border=False),
    ):
        known = board.stations_known(desk.ask)
        names: dict[str, str] = dict(zip(known["code"], known["name"], strict=True))
        station = st.selectbox(
            desk.say("page_prospects.station"),
            list(names),
            format_func=names.__getitem__,
            key=acts.fresh("prospects_lead_station"),
        )
        event, name, phone, plate = (
            st.text_input(
                desk.say(f"page_prospects.lead_{part}"),
                max_chars=leads.LONGEST_EVENT,
                key=acts.fresh(f"prospects_lead_{part}"),
            )
            for part in ("event", "name", "phone", "plate")
        )
        belongs = _belongs(desk, "prospects_lead_belongs", Belongs.NOBODYS)
        keeper = st.text_input(
            desk.say("page_prospects.lead_keeper"),
            key=acts.fresh("prospects_lead_keeper"),
            help=desk.say("page_prospects.lead_keeper_help"),
        )
        sent = st.form_submit_button(
            desk.say("page_prospects.lead_save"), type="primary", key=acts.fresh("prospects_lead")
        )

    def add() -> str:
        lead = Lead(station or "", event, name, phone, plate, belongs, keeper)
        leads.add_lead(desk.ask, lead=lead)
        return desk.say("page_prospects.lead_saved")

    if sent:
        acts.do(desk, add)


if __name__ == "__main__":
    render()
