"""What is still to be settled with this customer, how he wants to be addressed, in whose care?"""

import streamlit as st

from station.errors import StationError
from station.pages.parts import acts, blocks, wishes
from station.pages.parts.desk import Desk
from station.services.calls import claims, complaining
from station.services.calls.complaining import Told

RECORD = "calls.record"


def draw(desk: Desk, *, customer_id: int) -> None:
    """Draw a customer's open complaints, how he wants to be addressed, and who kept him."""
    try:
        told = complaining.listing(desk.ask, customer_id=customer_id)
    except StationError:  # he works elsewhere, and sees the customer by another right
        st.caption(blocks.plain(desk.say("revisits.elsewhere")))
        return
    _complaints(desk, told)
    wishes.draw(desk, customer_id=customer_id)
    _keepers(desk, customer_id)


def _complaints(desk: Desk, told: list[Told]) -> None:
    st.subheader(desk.say("revisits.complaints"), anchor=False)
    if not told:
        st.caption(blocks.plain(desk.say("revisits.no_complaint")))
        return
    st.warning(blocks.plain(desk.say("revisits.blocked", complaints=len(told))))
    for one in told:
        with st.container(border=True, gap="small"):
            _complaint(desk, one)


def _complaint(desk: Desk, one: Told) -> None:
    """Draw one complaint, with what closes it where it was made in sight."""
    if not one.station:
        st.markdown(blocks.plain(desk.say("revisits.complaint_elsewhere")))
        return
    shut, unsaid = desk.say("revisits.shut"), desk.say("revisits.unsaid")
    st.markdown(blocks.plain(shut if one.said is None else one.said or unsaid))
    when = blocks.moment(desk, one.opened_at, one.station)
    st.caption(
        blocks.plain(
            desk.say("revisits.opened", when=when, station=one.station, account=one.account)
        )
    )
    if RECORD in desk.ask.scope.rights:
        acts.with_reason(
            desk,
            key=f"complaint_close_{one.id}",
            label="revisits.close",
            icon=":material/task_alt:",
            about="revisits.close_about",
            act=lambda reason: _close(desk, one.id, reason),
        )


def _keepers(desk: Desk, customer_id: int) -> None:
    """Draw, folded, in whose care the customer was, the newest first."""
    told = claims.keeper_history(desk.ask, customer_id=customer_id)
    if told.empty:
        return
    with st.expander(desk.say("revisits.keepers", changes=len(told))):
        for row in told.to_dict("records"):
            when = blocks.moment(desk, int(row["at"]))
            nobody = desk.say("contact.no_keeper")
            new, old = row["new"] or nobody, row["old"] or nobody
            how = desk.say(f"revisits.how_{row['how']}")
            said = desk.say("revisits.kept", when=when, old=old, new=new, how=how)
            st.markdown(blocks.plain(said))


def _close(desk: Desk, complaint_id: int, reason: str) -> str:
    complaining.close(desk.ask, complaint_id=complaint_id, reason=reason)
    return desk.say("revisits.closed", days=desk.ask.settings.calls.aftercare_days)
