"""What is agreed with a customer: contracts, prices, credit, each with its time and terms."""

from dataclasses import dataclass, replace
from datetime import date
from time import time

import pandas as pd

from station.archive.customers import agreements as store
from station.archive.customers import book, sealed
from station.archive.customers.agreements import Agreement
from station.archive.customers.sealed import Kind
from station.archive.database import Database
from station.errors import BadValueError, NotFoundError
from station.model import AgreementKind, day_number
from station.services.access import right, today
from station.services.ask import Ask
from station.services.customers import contacts, fleets
from station.services.personal import sealing

LONGEST_TERMS = 500


@dataclass(frozen=True, slots=True)
class Agreed:
    """One agreement with its terms, none where they cannot be opened; days are numbers."""

    id: int
    kind: AgreementKind
    terms: str | None
    from_day: int
    to_day: int | None
    account: str
    written_at: int

    def holds_on(self, day: int) -> bool:
        """Return whether it holds on a day."""
        return self.from_day <= day and (self.to_day is None or day < self.to_day)


@right("cards.read")
def of_customer(ask: Ask, *, customer_id: int) -> list[Agreed]:
    """Return what was ever agreed with a customer, the newest first.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        contacts.in_sight(conn, ask, customer_id)
        known = store.of_customers(conn, book.same(conn, customer_id))
    return [
        Agreed(
            id=agreement.id,
            kind=agreement.kind,
            terms=terms_of(ask.db, agreement),
            from_day=agreement.from_day,
            to_day=agreement.to_day,
            account=agreement.account,
            written_at=agreement.written_at,
        )
        for agreement in known
    ]


def terms_of(db: Database, agreement: Agreement) -> str | None:
    """Return the terms, empty where there are none, none where they cannot be opened."""
    return sealing.unseal(db, agreement.terms_sealed, place=_place(agreement))


def _place(agreement: Agreement) -> str:
    return sealed.place(
        Kind.TERMS, customer_id=agreement.customer_id, written_at=agreement.written_at
    )


@right("customers.edit")
def add(
    ask: Ask,
    *,
    customer_id: int,
    kind: AgreementKind,
    terms: str,
    since: date,
    until: date | None = None,
) -> int:
    """Return the id of a new agreement; `until` is its last day, without one it holds on.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        NotAllowedError: the customer was erased.
        BadValueError: the terms are missing or too long, or it ends before it begins.
    """
    words = terms.strip()
    if not words:
        raise BadValueError("agreements.no_terms")
    if len(words) > LONGEST_TERMS:
        raise BadValueError("agreements.terms_long", limit=LONGEST_TERMS)
    if until is not None and until < since:
        raise BadValueError("agreements.ends_before")
    agreement = Agreement(
        customer_id=customer_id,
        kind=kind,
        from_day=day_number(since),
        to_day=None if until is None else day_number(until) + 1,
        account=ask.scope.account,
        written_at=int(time()),
    )
    with ask.db.writing(changes_figures=False) as conn:
        seen = contacts.there(conn, ask, customer_id)
        terms_sealed = sealing.seal(ask.db, words, place=_place(agreement))
        agreement_id = store.add(conn, replace(agreement, terms_sealed=terms_sealed))
        contacts.note(conn, ask, seen, f"agreement:{agreement_id}:made")
    return agreement_id


@right("customers.edit")
def end(ask: Ask, *, agreement_id: int, on: date | None = None) -> None:
    """Let an agreement end with a day, today unless another is named; its history stays.

    Raises:
        NotFoundError: there is no such agreement, or none in sight; both answer alike.
        BadValueError: it would end before it begins.
    """
    to_day = day_number(on or today()) + 1
    with ask.db.writing(changes_figures=False) as conn:
        agreement = store.find(conn, agreement_id)
        try:
            seen = contacts.there(conn, ask, agreement.customer_id if agreement else 0)
        except NotFoundError as error:
            raise NotFoundError("agreements.unknown") from error
        if agreement is None or to_day <= agreement.from_day:
            raise BadValueError("agreements.ends_before")
        store.end(conn, agreement_id, to_day)
        contacts.note(conn, ask, seen, f"agreement:{agreement_id}:ended")


@right("cards.read")
def ending(ask: Ask, *, stations: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return customer_id, organisation_name, kind, last_day and days_left of what ends soon.

    Of organisations in sight, from as-of on for as many days as the settings say; what was agreed
    anew for longer is left out. The first to end comes first.
    """
    day = day_number(ask.as_of)
    known = fleets.in_view(ask, stations)
    with ask.db.reading() as conn:
        found = store.ending(conn, after_day=day, to_day=day + ask.settings.fleets.ending_days + 1)
    found = found[found["customer_id"].isin(known)]
    last_day = found["to_day"].astype("int64") - 1
    told = found.assign(last_day=last_day, days_left=last_day - day)
    shown = ["customer_id", "organisation_name", "kind", "last_day", "days_left"]
    return told[shown].reset_index(drop=True)
