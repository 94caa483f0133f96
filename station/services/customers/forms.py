"""Forms that are printed for a customer, with what is known of him already written in."""

from collections.abc import Sequence

import pandas as pd

from station.archive import stations
from station.archive.customers import book, person
from station.archive.customers import fleet as store
from station.archive.database import Connection
from station.errors import NotFoundError
from station.model import PaperForm, Purpose
from station.output import forms as paper
from station.services.access import acting, right, today
from station.services.ask import Ask
from station.services.customers import contacts, kept
from station.services.customers.contacts import Seen
from station.services.personal import sealing

CONFIDENTIAL = ("invoice_title", "tax_number", "email", "address")
"""Sealed fields that a form carries, written in with name and phone only."""
MOST_SHOWN = 18
"""Vehicles or cards that a form has room for."""
BETWEEN = " · "


@right("cards.read")
def blank(ask: Ask, *, customer_id: int, kind: PaperForm, lang: str) -> str:
    """Return a form as HTML, with what everybody may see; the rest stays empty to write in.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        NotAllowedError: he was erased.
    """
    with ask.db.reading() as conn:
        seen = contacts.there(conn, ask, customer_id)
        facts = _open_facts(conn, ask, seen)
        station = _station(conn, seen)
    return paper.page(kind, facts, lang=lang, station=station, on=today())


@right(contacts.REVEAL)
def filled(ask: Ask, *, customer_id: int, kind: PaperForm, lang: str, reason: str) -> str:
    """Return a form as HTML with name and telephone in full, by the rules of `contacts.reveal`.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        NotAllowedError: he is in another's care, or was erased.
        BadValueError: no reason is given, or it names him.
        LimitReachedError: the day's are used up.
    """
    with acting(ask) as conn:
        seen = contacts.there(conn, ask, customer_id)
        contacts.refuse_reveal(conn, ask, seen, Purpose.SERVICE)
        why = contacts.impersonal(reason, contacts.of_person(ask.db, seen.customer))
        name = f"customer:{customer_id}:form:{kind}"
        contacts.note_reveal(conn, ask, seen, name, reason=f"{Purpose.SERVICE}: {why}")
        facts = _open_facts(conn, ask, seen) | _sealed_facts(conn, ask, seen)
        station = _station(conn, seen)
    return paper.page(kind, facts, lang=lang, station=station, on=today())


def _open_facts(conn: Connection, ask: Ask, seen: Seen) -> dict[str, str]:
    """Return what whoever sees his card sees too."""
    same = book.same(conn, seen.customer.id)
    vehicles = book.vehicles_of(conn, same) if _is_here(ask, seen) else []
    held = pd.concat([person.cards_of(conn, customer_id) for customer_id in same])
    numbers = held.loc[held["to_day"].isna(), "number"].drop_duplicates().tolist()
    labels = store.labels(conn, vehicles).tolist()
    return {
        "organisation_name": seen.customer.organisation_name,
        "code": seen.customer.code,
        "vehicles": _listed(labels),
        "cards": _listed(numbers) if _is_here(ask, seen) else "",
    }


def _listed(words: Sequence[str]) -> str:
    """Return as many as there is room for, and how many more there are."""
    more = len(words) - MOST_SHOWN
    return BETWEEN.join([*words[:MOST_SHOWN], *([f"+{more}"] if more > 0 else [])])


def _is_here(ask: Ask, seen: Seen) -> bool:
    """Return whether he is registered in sight: then all that is his may be written down."""
    return seen.customer.station_id in ask.scope.station_ids


def _sealed_facts(conn: Connection, ask: Ask, seen: Seen) -> dict[str, str]:
    name, phone = sealing.unseal_contact(ask.db, seen.customer.contact)
    told = {"name": name or "", "phone": phone or ""}
    same = book.same(conn, seen.customer.id)
    known = kept.told_of(conn, ask.db, same, CONFIDENTIAL)
    for (_, field), (words, _) in sorted(known.items(), key=lambda item: same.index(item[0][0])):
        told.setdefault(field, words or "")
    return told


def _station(conn: Connection, seen: Seen) -> str:
    station = stations.everything(conn).get(seen.station_id)
    if station is None:
        raise NotFoundError("error.customer_not_found")
    return station.name or station.code
