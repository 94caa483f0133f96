"""Birthdays and family occasions: only while he wants it, masked, opened for a reason."""

import json
from dataclasses import dataclass
from time import time

from station.archive.customers import book, erasing, sealed
from station.archive.customers import occasions as store
from station.archive.customers.occasions import OccasionRow
from station.archive.customers.sealed import Kind
from station.archive.database import Connection, Database
from station.contact.occasions import LONGEST_NOTE as LONGEST_NOTE  # noqa: PLC0414 - pages name them
from station.contact.occasions import Calendar as Calendar  # noqa: PLC0414
from station.contact.occasions import Occasion as Occasion  # noqa: PLC0414
from station.contact.occasions import OccasionKind as OccasionKind  # noqa: PLC0414
from station.errors import NotAllowedError, NotFoundError
from station.guard import consent
from station.model import Purpose, day_number
from station.services.access import acting, right, today
from station.services.ask import Ask
from station.services.customers import contacts
from station.services.personal import sealing


@dataclass(frozen=True, slots=True)
class Kept:
    """One occasion as everybody there may see it: that it is kept, and not when it is."""

    id: int
    kind: OccasionKind
    written_at: int


@dataclass(frozen=True, slots=True)
class Shown:
    """What may be seen of a customer's occasions, and whether he wants any to be kept."""

    kept: tuple[Kept, ...]
    is_wanted: bool
    may_reveal: bool


@right("contact.reveal")
def listing(ask: Ask, *, customer_id: int) -> Shown:
    """Return which occasions are kept of a customer, masked.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        seen = contacts.in_sight(conn, ask, customer_id)
        rows = store.of_customer(conn, book.same(conn, customer_id))
        wanted = is_wanted(conn, customer_id)
    kept = tuple(Kept(row.id, OccasionKind(row.kind), row.written_at) for row in rows)
    return Shown(kept, wanted, contacts.may_reveal(ask, seen))


def is_wanted(conn: Connection, customer_id: int) -> bool:
    """Return whether a customer agrees to be cared for, by whichever way."""
    words = store.said(conn, book.same(conn, customer_id))
    standing = consent.standing(words, day_number(today()))
    return any(word.given for (purpose, _), word in standing.items() if purpose is Purpose.CARE)


@right("contact.reveal")
def add(ask: Ask, *, customer_id: int, occasion: Occasion) -> None:
    """Keep an occasion of a customer who agreed to it.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        NotAllowedError: he was erased, or did not agree to be cared for.
    """
    with acting(ask) as conn:
        seen = contacts.there(conn, ask, customer_id)
        if not is_wanted(conn, customer_id):
            raise NotAllowedError("occasions.no_consent")
        keep(conn, ask, customer_id, occasion, int(time()))
        contacts.note(conn, ask, seen, "occasion")


def keep(conn: Connection, ask: Ask, customer_id: int, occasion: Occasion, now_s: int) -> None:
    """Keep an occasion of a customer, sealed."""
    place = sealed.place(Kind.OCCASION, customer_id=customer_id, written_at=now_s)
    hidden = sealing.seal(ask.db, _words(occasion), place=place)
    account, kind = ask.scope.account, occasion.kind.value
    store.add(conn, OccasionRow(customer_id, kind, hidden, account, now_s))


def _words(occasion: Occasion) -> str:
    names = ("month", "day", "year", "calendar", "note", "in_leap_month")
    return json.dumps({name: getattr(occasion, name) for name in names}, ensure_ascii=False)


def opened(db: Database, row: OccasionRow) -> Occasion | None:
    """Return an occasion, none where it cannot be opened."""
    facts = {"customer_id": row.customer_id, "written_at": row.written_at}
    words = sealing.unseal(db, row.words_sealed, place=sealed.place(Kind.OCCASION, **facts))
    if not words:
        return None
    told = json.loads(words)
    told["calendar"] = Calendar(told["calendar"])
    return Occasion(OccasionKind(row.kind), **told)


@right("contact.reveal")
def reveal(ask: Ask, *, customer_id: int, reason: str) -> list[Occasion]:
    """Return a customer's occasions in full; that it was done, and why, is written down.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        NotAllowedError: he is in another's care, was erased, or no longer agrees.
        BadValueError: no reason is given, or it names him.
        LimitReachedError: the day's are used up; it counts as a name and a telephone do.
    """
    with acting(ask) as conn:
        seen = contacts.there(conn, ask, customer_id)
        if not contacts.may_reveal(ask, seen):
            raise NotAllowedError("contacts.not_yours")
        if not is_wanted(conn, customer_id):
            raise NotAllowedError("occasions.no_consent")
        why = contacts.impersonal(reason, contacts.of_person(ask.db, seen.customer))
        contacts.note_reveal(conn, ask, seen, f"customer:{customer_id}:occasions", reason=why)
        rows = store.of_customer(conn, book.same(conn, customer_id))
    return [found for row in rows if (found := opened(ask.db, row)) is not None]


@right("contact.reveal")
def remove(ask: Ask, *, customer_id: int, occasion_id: int, reason: str) -> None:
    """Forget one occasion of a customer.

    Raises:
        NotFoundError: there is no such customer or occasion, or none in sight.
        BadValueError: no reason is given, or it names him.
    """
    with acting(ask) as conn:
        seen = contacts.there(conn, ask, customer_id)
        why = contacts.impersonal(reason, contacts.of_person(ask.db, seen.customer))
        if not store.remove(conn, book.same(conn, customer_id), occasion_id):
            raise NotFoundError("occasions.none")
        erasing.mark_unsettled(conn)
        contacts.note(conn, ask, seen, "occasion_removed", reason=why)


def forget_unwanted(conn: Connection, customer_id: int) -> int:
    """Return how many occasions were forgotten of a customer who no longer agrees to any."""
    if is_wanted(conn, customer_id):
        return 0
    gone = store.forget(conn, book.same(conn, customer_id))
    if gone:
        erasing.mark_unsettled(conn)
    return gone


def forget_all_unwanted(conn: Connection) -> int:
    """Return how many occasions were forgotten of everybody who no longer agrees to any."""
    return sum(forget_unwanted(conn, customer_id) for customer_id in store.holders(conn))
