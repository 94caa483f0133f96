"""Private, company or government: whose are the vehicles that come?"""

import pandas as pd
import streamlit as st

from station.model import OwnerKind, Source, State
from station.pages.parts import blocks, mix
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk, current
from station.pages.parts.look import OWNER
from station.services import board

UNKNOWN, COMPANY = OwnerKind.UNKNOWN.value, OwnerKind.COMPANY.value
STATES = tuple(state.value for state in State)


def render() -> None:
    """Draw the page."""
    desk = current()
    st.title(desk.say("page_ownership.title"), anchor=False)
    everything, frame = desk.vehicles(), desk.seen()
    if frame.empty:
        blocks.answer(desk.say("mix.none", period=mix.period(desk)))
        return
    names = mix.words(desk, "owner_kind", OWNER)
    table = mix.parts(frame, "owner_kind")
    blocks.answer(_answer(desk, frame, table))
    st.caption(_sources(desk, frame))
    mix.counted_note(desk, frame)
    _pictures(desk, table, names)
    _fleets(desk, everything)
    _list(desk, frame, names)


def _answer(desk: Desk, frame: pd.DataFrame, table: pd.DataFrame) -> str:
    return desk.say(
        "page_ownership.answer",
        period=mix.period(desk),
        vehicles=len(frame),
        private=mix.share(table, OwnerKind.PRIVATE.value, "vehicles"),
        company=mix.share(table, COMPANY, "vehicles"),
        company_fuel=mix.fuel_share(table, COMPANY),
        government=int(table["vehicles"].get(OwnerKind.GOVERNMENT.value, 0)),
        unknown=mix.share(table, UNKNOWN, "vehicles"),
    )


def _sources(desk: Desk, frame: pd.DataFrame) -> str:
    known = frame[frame["owner_kind"] != UNKNOWN]
    counts = known["owner_source"].value_counts()
    return desk.say(
        "page_ownership.sources",
        said=int(counts.get(Source.CARD.value, 0) + counts.get(Source.CONFIRMED.value, 0)),
        inferred=int(counts.get(Source.INFERRED.value, 0)),
        unknown=len(frame) - len(known),
    )


def _pictures(desk: Desk, table: pd.DataFrame, names: dict[str, str]) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        title = desk.say("page_ownership.shares_title", share=mix.fuel_share(table, COMPANY))
        figure = mix.picture(desk, table, names, OWNER, title)
        blocks.chart(figure, key="ownership_shares", alt=title)
    monthly = board.months(desk.ask, stations=desk.stations, by="owner_kind")
    if not monthly.empty:
        with right:
            figure, title = mix.trend(
                desk, monthly, names, OWNER, watched=COMPANY, title="page_ownership.months_title"
            )
            blocks.chart(figure, key="ownership_months", alt=title)


def _fleets(desk: Desk, everything: pd.DataFrame) -> None:
    """List the organisations, and the vehicles of the one that is chosen."""
    vehicles = fleet_vehicles(everything)
    if vehicles.empty:
        return
    rolled = fleets(vehicles)
    columns = [
        Column("organisation_name", "page_ownership.organisation"),
        Column("owner_kind", "page_ownership.kind", "owner_kind"),
        Column("vehicles", "mix.vehicles", "count"),
        *(Column(s, f"word.state.{s}", "count") for s in STATES if rolled[s].any()),
        *mix.sum_columns(rolled),
    ]
    title = desk.say("page_ownership.fleets", count=len(rolled))
    blocks.names(desk, rolled, columns, key="ownership_fleets", title=title)
    ids = [f"{number:.0f}" for number in rolled["customer_id"]]
    titles = dict(zip(ids, rolled["organisation_name"].astype(str), strict=True))
    chosen = blocks.pick(desk, key="ownership_fleet", label="page_ownership.drill", options=titles)
    if chosen:
        _fleet(desk, vehicles[vehicles["customer_id"] == float(chosen)], titles[chosen])


def _fleet(desk: Desk, vehicles: pd.DataFrame, name: str) -> None:
    columns = [
        *mix.place_columns(vehicles),
        Column("state", "page_ownership.state", "state"),
        Column("use", "page_ownership.use", "use"),
        *mix.period_columns(vehicles),
    ]
    blocks.names(
        desk,
        vehicles.sort_values(["period_visits", "label"], ascending=[False, True]),
        columns,
        key="ownership_fleet_vehicles",
        title=mix.list_title(desk, name, len(vehicles)),
    )


def fleet_vehicles(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row a vehicle of an organisation, as it stands where it comes most.

    The visits, quantity and amount of the period are those of all stations in view.
    """
    owned = frame[frame["customer_id"].notna() & (frame["organisation_name"].fillna("") != "")]
    summed = ["period_visits", "period_quantity", "period_amount"]
    sums = owned.groupby("vehicle_id")[summed].sum()
    home = owned.sort_values(["period_visits", "visits"], ascending=False)
    home = home.drop_duplicates("vehicle_id").set_index("vehicle_id")
    return home.assign(**{name: sums[name] for name in summed}).reset_index()


def fleets(vehicles: pd.DataFrame) -> pd.DataFrame:
    """Return a row an organisation: vehicles by state, and the sums of the period."""
    marks = vehicles.assign(
        **{state: (vehicles["state"] == state).astype("int64") for state in STATES}
    )
    grouped = marks.groupby("customer_id")
    who = grouped[["organisation_name", "owner_kind"]].first()
    rolled = who.join([grouped[list(STATES)].sum(), mix.parts(vehicles, "customer_id")])
    return rolled.sort_values(["visits", "vehicles"], ascending=False).reset_index()


def _list(desk: Desk, frame: pd.DataFrame, names: dict[str, str]) -> None:
    choice = mix.pills(desk, frame, "owner_kind", names, "ownership_class")
    shown = mix.chosen(frame, "owner_kind", choice)
    columns = [
        *mix.place_columns(frame),
        Column("owner_kind", "page_ownership.kind", "owner_kind"),
        Column("owner_source", "page_ownership.source", "source"),
        Column("owner_probability", "page_ownership.probability", "percent"),
        Column("organisation_name", "page_ownership.organisation"),
        *mix.period_columns(frame),
        Column("owner_sentence", "page_ownership.why", "sentence"),
    ]
    title = mix.list_title(desk, names.get(choice, ""), len(shown))
    blocks.names(desk, shown, columns, key="ownership", title=title)


if __name__ == "__main__":
    render()
