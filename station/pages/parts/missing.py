"""Is anything missing? The sentence, how well each nozzle sees its vehicles, what to ask for."""

import streamlit as st

from station.pages.parts import blocks, charts
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk
from station.services import board
from station.services.incoming import gaps

CHOICES = (7, 31, 92)
"""Days up to as-of that may be looked at."""
MOST_BARS = 24
COLUMNS = (
    Column("business_day", "gaps.business_day", "day"),
    Column("station", "gaps.station"),
    Column("sentence", "gaps.sentence", "sentence"),
)


def draw(desk: Desk) -> None:
    """Draw the block for the stations of the desk."""
    st.subheader(desk.say("gaps.title"), anchor=False)
    days = st.segmented_control(
        desk.say("gaps.days"),
        CHOICES,
        default=CHOICES[0],
        required=True,
        format_func=lambda days: desk.say("gaps.days_shown", days=days),
        key="gaps_days",
    )
    told = gaps.tell(desk.ask, stations=desk.stations, days=days or CHOICES[0])
    blocks.answer(desk.say(told.key, **told.facts))
    if "board.read" in desk.ask.scope.rights:
        _capture(desk, days or CHOICES[0])
    if len(told.findings):
        st.markdown(f"**{desk.say('gaps.list')}**")
        blocks.table(desk, told.findings, COLUMNS, key="gaps", alt=desk.say("gaps.list"))
    if len(told.totals):
        st.markdown(f"**{desk.say('gaps.totals')}**")
        blocks.table(desk, told.totals, COLUMNS, key="totals", alt=desk.say("gaps.totals"))


def _capture(desk: Desk, days: int) -> None:
    """Draw which share of each nozzle's fuel lines names a vehicle, the lowest on top."""
    rows = board.capture(desk.ask, stations=desk.stations, days=days, nozzles=True)
    rows = rows[rows["lines"] > 0].sort_values("share").head(MOST_BARS)
    if rows.empty:
        return
    names = [
        desk.say("gaps.nozzle_name", station=row["station"], nozzle=row["nozzle"])
        for row in rows.to_dict("records")
    ]
    shares = rows["share"].tolist()
    figure = charts.bars(
        names,
        shares,
        title=desk.say("gaps.capture_title"),
        texts=[f"{share:.0%}" for share in shares],
    )
    alt = desk.say("gaps.capture_alt", nozzle=names[0], share=shares[0])
    blocks.chart(figure, key="gaps_capture", alt=alt)
