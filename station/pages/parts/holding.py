"""Whose is the vehicle, and since when? Its owners, cards and plates, and what changes hands."""

from collections.abc import Callable, Iterable
from datetime import date

import streamlit as st

from station.errors import BadValueError, NotFoundError
from station.model import LapseReason, day_date
from station.pages.parts import acts, blocks
from station.pages.parts.desk import Desk
from station.services import access
from station.services.customers import cards, contacts, finding, holding
from station.services.customers.holding import Holder, Holding

SHOWN = 5
LEAVING = (
    *(LapseReason.PRICE, LapseReason.COMPETITOR_PROMO, LapseReason.CARD_DEAL),
    *(LapseReason.CONTRACT, LapseReason.SERVICE, LapseReason.PAYMENT, LapseReason.PROJECT_END),
    *(LapseReason.REFUSED_TO_SAY, LapseReason.UNKNOWN),
)


def draw(desk: Desk, *, vehicle_id: int) -> None:
    """Draw what a vehicle is and was tied to, and let staff say that it changed hands."""
    told = holding.of_vehicle(desk.ask, vehicle_id=vehicle_id)
    st.subheader(desk.say("holding.title"), anchor=False)
    acts.told()
    with st.container(border=True, gap="small"):
        _holders(desk, "owners", told.owners)
        _holders(desk, "cards", told.cards)
        # One plate seen with a colour and without is one line.
        bore = dict.fromkeys((plate.text, plate.from_day, plate.to_day) for plate in told.plates)
        if len(bore) > 1 or any(to_day for _, _, to_day in bore):
            _lines(desk, "plates", bore)
        if "customers.edit" in desk.ask.scope.rights:
            with st.container(horizontal=True, gap="small"):
                _sale(desk, told)
                _plate(desk, told)
                _card(desk, told)


def _holders(desk: Desk, kind: str, holders: Iterable[Holder]) -> None:
    _lines(desk, kind, ((_called(desk, one), one.from_day, one.to_day) for one in holders))


def _called(desk: Desk, holder: Holder) -> str:
    name = holder.name or desk.say("holding.elsewhere")
    return f"{holder.what} · {name}" if holder.what else name


def _lines(desk: Desk, kind: str, rows: Iterable[tuple[str, int, int | None]]) -> None:
    said = [f"{words}: {_days(desk, from_day, to_day)}" for words, from_day, to_day in rows]
    st.markdown(f"**{blocks.plain(desk.say(f'holding.{kind}'))}**")
    shown = [f"- {blocks.plain(line)}" for line in said[:SHOWN]]
    st.markdown("\n".join(shown) or blocks.plain(desk.say("holding.none")))


def _days(desk: Desk, from_day: int, to_day: int | None) -> str:
    start = day_date(from_day) if from_day > 0 else None
    end = None if to_day is None else day_date(to_day)
    if end is None:
        return desk.say("holding.since" if start else "holding.always", start=start)
    return desk.say("holding.span" if start else "holding.until", start=start, end=end)


def _sale(desk: Desk, told: Holding) -> None:
    def act(on: date, words: str) -> str:
        buyer = customer_of(desk, words) if words else None
        holding.sell(desk.ask, vehicle_id=told.vehicle_id, on=on, to_customer_id=buyer)
        return desk.say("holding.sold")

    _form(desk, f"holding_sale_{told.vehicle_id}", "sell", act)


def _plate(desk: Desk, told: Holding) -> None:
    now = next((plate.text for plate in told.plates if plate.to_day is None), "")
    if not now:
        return

    def act(on: date, words: str) -> str:
        target = vehicle_of(desk, words) if words else None
        holding.move_plate(
            desk.ask, vehicle_id=told.vehicle_id, plate=now, on=on, to_vehicle_id=target
        )
        return desk.say("holding.moved")

    _form(desk, f"holding_plate_{told.vehicle_id}", "move", act)


def _card(desk: Desk, told: Holding) -> None:
    def act(on: date, words: str) -> str:
        number = words.strip()
        held = {card.what for card in told.cards if card.to_day is None}
        is_bound = number not in held
        holding.bind_card(
            desk.ask, vehicle_id=told.vehicle_id, number=number, on=on, bound=is_bound
        )
        return desk.say("holding.bound" if is_bound else "holding.unbound")

    _form(desk, f"holding_card_{told.vehicle_id}", "bind", act)


def draw_leave(desk: Desk, *, customer_id: int) -> None:
    """Draw the form by which a customer leaves with all his vehicles."""
    if "customers.edit" not in desk.ask.scope.rights:
        return
    key = f"holding_leave_{customer_id}"
    with (
        st.popover(
            desk.say("holding.leave"), icon=":material/logout:", key=acts.fresh(f"{key}_in")
        ),
        st.form(acts.fresh(f"{key}_form"), border=False),
    ):
        st.caption(blocks.plain(desk.say("holding.leave_what")))
        on = _day(desk, key)
        reason = st.selectbox(
            desk.say("holding.why"),
            list(LEAVING),
            index=None,
            placeholder=desk.say("blocks.pick"),
            format_func=lambda one: desk.say(f"word.lapse_reason.{one}"),
            key=acts.fresh(f"{key}_why"),
        )
        sent = st.form_submit_button(desk.say("holding.leave_now"), key=acts.fresh(f"{key}_do"))
    if sent:
        acts.do(desk, lambda: _leave(desk, customer_id, on, reason))


def _leave(desk: Desk, customer_id: int, on: date, reason: LapseReason | None) -> str:
    if reason is None:
        raise BadValueError("holding.why_needed")
    gone = holding.leave(desk.ask, customer_id=customer_id, on=on, reason=reason)
    return desk.say("holding.left", vehicles=gone)


def _form(desk: Desk, key: str, name: str, act: Callable[[date, str], str]) -> None:
    """Draw a form that asks for a day and for the other side, and then does it."""
    with (
        st.popover(desk.say(f"holding.{name}"), key=acts.fresh(f"{key}_in")),
        st.form(acts.fresh(f"{key}_form"), border=False),
    ):
        st.caption(blocks.plain(desk.say(f"holding.{name}_what")))
        on = _day(desk, key)
        words = st.text_input(desk.say(f"holding.{name}_to"), key=acts.fresh(f"{key}_to"))
        sent = st.form_submit_button(desk.say(f"holding.{name}_now"), key=acts.fresh(f"{key}_do"))
    if sent:
        acts.do(desk, lambda: act(on, (words or "").strip()))


def _day(desk: Desk, key: str) -> date:
    return st.date_input(
        desk.say("holding.on"),
        value=min(desk.ask.as_of, access.today()),
        max_value=access.today(),
        key=acts.fresh(f"{key}_on"),
    )


def customer_of(desk: Desk, words: str) -> int:
    """Return the one customer in sight with a code or a whole telephone.

    Raises:
        NotFoundError: there is none, or there are several.
    """
    try:
        return contacts.by_code(desk.ask, code=words)
    except NotFoundError:
        found = _with_phone(desk, words)
    if len(found) != 1:
        raise NotFoundError("error.customer_not_found")
    return found[0]


def _with_phone(desk: Desk, words: str) -> list[int]:
    try:
        return contacts.find_by_phone(desk.ask, phone=words)
    except BadValueError:
        return []


def vehicle_of(desk: Desk, words: str) -> int:
    """Return the one vehicle in sight that a plate finds.

    Raises:
        NotFoundError: there is none, or there are several.
    """
    found = cards.find(desk.ask, words=words)
    sure = found[(found["kind"] == finding.VEHICLE) & ~found["why"].isin(finding.UNSURE)]
    if len(sure) != 1:
        raise NotFoundError("error.vehicle_not_found")
    return int(sure["id"].iloc[0])
