"""What was redeemed, to be shown to the customer; and what was redeemed here today."""

import secrets

import streamlit as st

from station import text
from station.model import minor_per_major
from station.pages.parts import acts, blocks, drafts, screen
from station.pages.parts.desk import Desk
from station.services import board
from station.services.points import correcting, counter
from station.services.points.counter import Slip


def draw(desk: Desk, slip: Slip) -> None:
    """Draw a redemption as it is shown to the customer, and what may be done after it."""
    acts.told()
    with st.container(border=True, key="slip"):
        if slip.is_undone:
            st.warning(desk.say("page_counter.undone"), icon=":material/undo:")
        done = desk.say("page_counter.done")
        st.markdown(f":green[:material/check_circle:] **{blocks.plain(done)}**")
        with st.container(key="slip_big"):
            st.markdown(amount(desk, slip.points))
        _lines(desk, slip)
    with st.container(key="slip_acts", gap="small"):
        label = desk.say("page_counter.next")
        if st.button(
            label,
            key="counter_next",
            type="primary",
            width="stretch",
            icon=":material/arrow_forward:",
        ):
            acts.renew()
            drafts.go()
        with st.container(horizontal=True, gap="small"):
            _print(desk)
            if "points.reverse" in desk.ask.scope.rights and not slip.is_undone:
                _reversal(desk, slip)


def amount(desk: Desk, points: int) -> str:
    """Return a number of points as it stands large."""
    return f"{points:,} :small[{blocks.plain(desk.say('page_counter.unit'))}]"


def worth(desk: Desk, minor: int, currency: str) -> str:
    """Return what points are worth, in the reader's form."""
    return text.cash(desk.lang, minor / minor_per_major(currency), currency)


def _lines(desk: Desk, slip: Slip) -> None:
    names = dict(zip(*(board.stations_known(desk.ask)[n] for n in ("code", "name")), strict=True))
    told = {
        "worth": worth(desk, slip.worth_minor, slip.currency) if slip.worth_minor else "",
        "left": f"{slip.balance:,}",
        "who": slip.name or desk.say("page_counter.unnamed"),
        "number": str(slip.number),
        "when": blocks.moment(desk, slip.at, slip.station),
        "where": str(names.get(slip.station, slip.station)),
    }
    with st.container(key="slip_lines", gap=None):
        for name, value in told.items():
            if value:
                _told(desk.say(f"page_counter.slip_{name}"), value)


def _told(what: str, value: str) -> None:
    """Write a line of a slip: what it is on the left, what it says on the right."""
    with st.container(horizontal=True, horizontal_alignment="distribute", gap="small"):
        st.markdown(f":gray[{blocks.plain(what)}]", width="content")
        st.markdown(f"**{blocks.plain(value)}**", width="content")


def _print(desk: Desk) -> None:
    if st.button(desk.say("page_counter.print"), key="slip_print", icon=":material/print:"):
        screen.print_slip()


def _reversal(desk: Desk, slip: Slip) -> None:
    """Draw what undoes it, with a reason; the key is this slip's as long as it is open."""
    form = st.session_state.setdefault(f"slip_key_{slip.number}", secrets.token_urlsafe(16))

    def undo(reason: str) -> str:
        told = correcting.reverse(desk.ask, key=form, number=slip.number, reason=reason)
        return desk.say("page_counter.given_back", points=told.points, balance=told.balance)

    acts.with_reason(
        desk,
        key=f"slip_undo_{slip.number}",
        label="page_counter.undo",
        icon=":material/undo:",
        act=undo,
        about="page_counter.undo_about",
    )


def today(desk: Desk, station: str) -> None:
    """List the last redemptions of the station today; each opens as it was shown."""
    rows = counter.of_today(desk.ask, station=station, limit=desk.ask.settings.dashboard.slips)
    with st.container(key="counter_today", gap="small"):
        st.subheader(desk.say("page_counter.today"), anchor=False)
        if not rows:
            st.caption(desk.say("page_counter.today_none"))
        for slip in rows:
            if st.button(_line(desk, slip), key=f"counter_slip_{slip.number}", type="tertiary"):
                drafts.go(slip=slip.number)


def _line(desk: Desk, slip: Slip) -> str:
    key = "page_counter.today_undone" if slip.is_undone else "page_counter.today_one"
    who = slip.name or desk.say("page_counter.unnamed")
    when = blocks.moment(desk, slip.at, slip.station)[-5:]
    said = desk.say(key, when=when, who=who, points=slip.points, number=str(slip.number))
    return blocks.plain(said)
