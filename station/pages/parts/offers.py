"""Coupons and rewards at the counter: what a member holds is used, what he may have is offered."""

import secrets

import streamlit as st

from station.model import Fuel, day_date, minor_per_major
from station.pages.parts import acts, blocks, slips
from station.pages.parts.desk import Desk
from station.services.points import offering, vouchers
from station.services.points.members import Named
from station.services.points.offering import Choice, Held, Purchase
from station.services.points.vouchers import Slip

FUELS = (Fuel.PETROL, Fuel.DIESEL, Fuel.GAS, Fuel.ELECTRIC)


def draw(desk: Desk, named: Named, station: str) -> Choice | None:
    """Draw what he holds and what he may have; return the offer that was tapped."""
    held = offering.held(desk.ask, member=named)
    choices = offering.offers(desk.ask, member=named, station=station)
    if not held and not choices:
        return None
    st.subheader(desk.say("page_counter.offers"), anchor=False)
    for one in held:
        _held(desk, one, station)
    chosen = None
    with st.container(key="counter_offers", gap="small"):
        for choice in choices:
            if _offered(desk, choice):
                chosen = choice
    return chosen


def word(desk: Desk, one: Choice | Held | Slip) -> str:
    """Return what an offer is called in the reader's language."""
    return blocks.begun(one.zh if desk.lang == "zh" else one.en)


def told(desk: Desk, named: Named, slip: Slip) -> None:
    """Show the code of what was just taken, large enough to be read across the counter.

    What was used or withdrawn since is not shown as if it could be used.
    """
    if slip.code not in {one.code for one in offering.held(desk.ask, member=named)}:
        return
    with st.container(border=True, key="slip"):
        done = desk.say("page_counter.taken", offer=word(desk, slip))
        st.markdown(f":green[:material/check_circle:] **{blocks.plain(done)}**")
        with st.container(key="slip_big"):
            st.markdown(blocks.plain(slip.code))
        st.caption(desk.say("page_counter.until", day=day_date(slip.last_day)))


def _offered(desk: Desk, one: Choice) -> bool:
    """Draw an offer as a button, or why he cannot have it."""
    key = "offer" if one.points else "offer_free"
    said = [desk.say(f"page_counter.{key}", offer=word(desk, one), points=one.points)]
    if one.left is not None:
        said.append(desk.say("page_counter.left_over", left=one.left))
    refused = one.refusal
    tapped = st.button(
        blocks.plain(" · ".join(said)),
        key=f"counter_offer_{one.name}",
        width="stretch",
        disabled=refused is not None,
        icon=":material/redeem:",
    )
    if refused is not None:
        st.caption(blocks.plain(desk.say(refused.key, **refused.facts)))
    return tapped


def _held(desk: Desk, one: Held, station: str) -> None:
    """Draw a coupon or reward that he holds, and what uses it."""
    key = acts.fresh(f"counter_held_{one.number}")
    with st.container(border=True, gap="small"):
        st.markdown(f"**{blocks.plain(word(desk, one))}** &nbsp;`{one.code}`")
        st.caption(desk.say("page_counter.until", day=day_date(one.last_day)))
        label = desk.say("page_counter.use" if one.is_coupon else "page_counter.hand_out")
        with st.popover(label, icon=":material/check:", key=f"{key}_open", width="stretch"):
            with st.form(f"{key}_form", border=False):
                purchase = _purchase(desk, one, key) if one.is_coupon else None
                sent = st.form_submit_button(label, type="primary", key=f"{key}_do")
            if sent:
                acts.do(desk, lambda: _used(desk, one, station, purchase, key))


def _purchase(desk: Desk, one: Held, key: str) -> Purchase:
    """Return the purchase that a coupon is used for, as it is typed."""
    major = minor_per_major(one.currency)
    amount = st.number_input(
        desk.say("page_counter.amount"), min_value=0.0, value=None, step=1.0, key=f"{key}_amount"
    )
    fuel = st.pills(
        desk.say("page_counter.fuel"),
        FUELS,
        format_func=lambda fuel: desk.say(f"word.fuel.{fuel}"),
        key=f"{key}_fuel",
    )
    receipt = st.text_input(
        desk.say("page_counter.receipt"), max_chars=vouchers.LONGEST_RECEIPT, key=f"{key}_receipt"
    )
    return Purchase(
        amount_minor=round((amount or 0) * major),
        receipt=(receipt or "").strip(),
        fuel=fuel or Fuel.NONE,
    )


def _used(desk: Desk, one: Held, station: str, purchase: Purchase | None, key: str) -> str:
    """Return what is told once it is used; pressed again before that, it is the same act."""
    form = st.session_state.setdefault(f"{key}_key", secrets.token_urlsafe(16))
    if purchase is None:
        offering.hand_out(desk.ask, key=form, code=one.code, station=station)
        return desk.say("page_counter.handed", offer=word(desk, one))
    done = offering.use(desk.ask, key=form, code=one.code, station=station, purchase=purchase)
    return desk.say(
        "page_counter.used",
        offer=word(desk, one),
        off=slips.worth(desk, done.off_minor, one.currency),
        due=slips.worth(desk, done.amount_minor - done.off_minor, one.currency),
    )
