"""One customer: a person or an organisation, what he drives, and all that is known of him."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from station.model import COMING, OwnerKind, Stability
from station.pages.parts import (
    acts,
    agreements,
    attachments,
    blocks,
    contact,
    fields,
    forms,
    holding,
    look,
    notes,
    organisation,
    persons,
    revisits,
    standing,
    tags,
    timeline,
)
from station.pages.parts.blocks import Column
from station.pages.parts.desk import Desk
from station.services.customers import portrait
from station.services.customers.portrait import Portrait

VEHICLES = (
    Column("label", "page_card.vehicle"),
    Column("use", "page_card.about_use", "use"),
    Column("station_name", "page_card.station"),
    Column("stability", "page_card.stability", "stability"),
    Column("state", "page_card.state", "state"),
    Column("last_day", "page_card.last_seen", "day"),
    Column("visits", "page_card.visits", "count"),
    Column("amount", "page_card.amount", "money"),
)
CARDS = (
    Column("number", "customer.card_number"),
    Column("kind", "customer.card_kind"),
    Column("from_day", "customer.from", "day"),
    Column("to_day", "customer.to", "day"),
)
CARD = Path(__file__).parent.parent / "card.py"
NAMED = 8
"""Vehicles that never came are named up to so many."""
Draw = Callable[[Desk, Portrait], None]


def draw(desk: Desk, customer_id: int) -> None:
    """Draw the card of a customer in sight; that it was opened is written down."""
    seen = portrait.portrait(desk.ask, customer_id=customer_id)
    acts.told()
    st.header(blocks.plain(_title(desk, seen)), anchor=False)
    _badges(desk, seen)
    blocks.answer(_answer(desk, seen))
    part = blocks.choose(
        desk,
        key="card_part",
        label="customer.parts",
        options={name: desk.say(f"customer.part_{name}") for name in _parts(desk, seen)},
        default="overview",
        is_labelled=False,
    )
    PARTS[part or "overview"].draw(desk, seen)


def _title(desk: Desk, seen: Portrait) -> str:
    told = seen.contact.organisation_name or seen.contact.name
    return told or desk.say("contact.erased" if seen.contact.is_erased else "contact.unknown")


def _badges(desk: Desk, seen: Portrait) -> None:
    kind = "organisation" if seen.is_organisation else "person"
    icon = ":material/apartment:" if seen.is_organisation else ":material/person:"
    with st.container(horizontal=True, gap="xsmall"):
        st.badge(desk.say(f"customer.{kind}"), icon=icon, color="gray")
        icon = look.OWNER[OwnerKind(seen.owner_kind)].icon
        st.badge(desk.say(f"word.owner_kind.{seen.owner_kind}"), icon=icon, color="gray")
        if not seen.contact.is_erased:
            standing.of_customer(desk, seen.customer_id)
        st.badge(blocks.plain(seen.code), icon=":material/tag:", color="gray")


def _answer(desk: Desk, seen: Portrait) -> str:
    rows = seen.vehicles
    keeper = seen.contact.keeper or desk.say("contact.no_keeper")
    if rows.empty:
        return desk.say("customer.answer_none", keeper=keeper)
    last = rows.sort_values("last_day").to_dict("records")[-1]
    away = int(_is_away(rows).sum())
    return desk.say(
        "customer.answer_away" if away else "customer.answer",
        vehicles=len(rows),
        keeper=keeper,
        ago=blocks.ago(desk, int(last["days_silent"])),
        station=last["station_name"],
        away=away,
    )


def _is_away(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Tell the regulars that are overdue or gone."""
    is_regular = rows["stability"] == Stability.REGULAR.value
    return is_regular & ~rows["state"].isin(COMING)


def _overview(desk: Desk, seen: Portrait) -> None:
    if seen.complaints:
        said = blocks.plain(desk.say("customer.complains", count=seen.complaints))
        st.page_link(
            str(CARD),
            label=f":red[**{said}**]",
            icon=":material/report:",
            query_params={"customer": str(seen.customer_id), "card_part": "calls"},
        )
    if not seen.vehicles.empty and not seen.is_organisation:
        _figures(desk, seen.vehicles)
    tags.draw(desk, customer_id=seen.customer_id)
    contact.of_customer(desk, seen.contact)
    if seen.is_organisation:
        organisation.draw(desk, customer_id=seen.customer_id)
    elif not seen.vehicles.empty:
        _vehicles(desk, seen.vehicles)
    _unseen(desk, seen.unseen)
    _cards(desk, seen.cards)
    if not seen.contact.is_erased:
        standing.draw(desk, customer_id=seen.customer_id)


def _figures(desk: Desk, rows: pd.DataFrame) -> None:
    regular = rows["stability"] == Stability.REGULAR.value
    facts = {
        "vehicles": f"{len(rows):,}",
        "visits": f"{int(rows['visits'].sum()):,}",
        "amount": blocks.money(desk, rows["amount"], rows["currency_code"]),
        "monthly": blocks.money(
            desk, rows["monthly_amount"].where(regular, 0), rows["currency_code"]
        ),
    }
    blocks.figures([(desk.say(f"customer.{name}"), value, None) for name, value in facts.items()])


def _vehicles(desk: Desk, rows: pd.DataFrame) -> None:
    """List his vehicles; who is no regular has no rhythm to break and so no state."""
    state = rows["state"].where(rows["stability"] == Stability.REGULAR.value, "")
    title = desk.say("customer.drives", vehicles=len(rows))
    blocks.names(desk, rows.assign(state=state), VEHICLES, key="customer_vehicles", title=title)


def _unseen(desk: Desk, plates: Sequence[str]) -> None:
    """Name the vehicles that were registered and have not come yet."""
    if not plates:
        return
    named = desk.say("blocks.and").join(plates[:NAMED])
    more = len(plates) - NAMED
    key = "customer.unseen_more" if more > 0 else "customer.unseen"
    st.caption(blocks.plain(desk.say(key, plates=named, more=more)))


def _cards(desk: Desk, cards: pd.DataFrame) -> None:
    if cards.empty:
        return
    title = desk.say("customer.cards", cards=len(cards))
    st.subheader(title, anchor=False)
    blocks.table(desk, cards, CARDS, key="customer_cards", alt=title)


def _details(desk: Desk, seen: Portrait) -> None:
    fields.draw(desk, customer_id=seen.customer_id)


def _organisation(desk: Desk, seen: Portrait) -> None:
    persons.draw(desk, customer_id=seen.customer_id)
    agreements.draw(desk, customer_id=seen.customer_id)
    holding.draw_leave(desk, customer_id=seen.customer_id)


def _calls(desk: Desk, seen: Portrait) -> None:
    revisits.draw(desk, customer_id=seen.customer_id)


def _notes(desk: Desk, seen: Portrait) -> None:
    notes.draw(desk, customer_id=seen.customer_id)


def _papers(desk: Desk, seen: Portrait) -> None:
    attachments.draw(desk, customer_id=seen.customer_id)
    forms.draw(desk, customer_id=seen.customer_id)


def _happened(desk: Desk, seen: Portrait) -> None:
    timeline.draw(desk, customer_id=seen.customer_id)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a card: what draws it, the right it asks for, and of whom it is one."""

    draw: Draw
    right: str = "cards.read"
    of_organisations: bool = False


PARTS: Mapping[str, Part] = {
    "overview": Part(_overview),
    "fields": Part(_details),
    "organisation": Part(_organisation, of_organisations=True),
    "calls": Part(_calls, right="calls.read"),
    "notes": Part(_notes, right="contact.reveal"),
    "papers": Part(_papers, right="contact.reveal"),
    "timeline": Part(_happened),
}
"""The parts of a card, in the order of its tabs."""


def _parts(desk: Desk, seen: Portrait) -> list[str]:
    """Return the parts of a customer that the reader may see."""
    return [
        name
        for name, part in PARTS.items()
        if part.right in desk.ask.scope.rights
        and (seen.is_organisation or not part.of_organisations)
    ]
