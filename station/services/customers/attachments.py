"""Scans of contracts and applications: checked by content, sealed, opened for a reason."""

import base64
from dataclasses import dataclass
from time import time

from station.archive.customers import attachments as store
from station.archive.customers import book, erasing, sealed
from station.archive.customers.attachments import Attachment
from station.archive.customers.sealed import Kind
from station.archive.database import Connection, Database
from station.contact import scans
from station.contact.scans import ScanKind as ScanKind  # noqa: PLC0414 - pages name them
from station.errors import NotAllowedError, NotFoundError
from station.services.access import acting, right
from station.services.ask import Ask
from station.services.customers import contacts
from station.services.personal import sealing


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan as it is listed; its name is empty for whoever may not open it."""

    id: int
    kind: ScanKind
    media_type: str
    size_bytes: int
    name: str
    account: str
    written_at: int


@dataclass(frozen=True, slots=True)
class Shown:
    """The scans kept with a customer, and whether the reader may open them."""

    scans: tuple[Scan, ...]
    may_open: bool


@right("contact.reveal")
def listing(ask: Ask, *, customer_id: int) -> Shown:
    """Return which scans are kept with a customer, the newest first.

    A file's name tells as much as its content, so only whoever may open it reads it.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        seen = contacts.in_sight(conn, ask, customer_id)
        rows = store.of_customer(conn, book.same(conn, customer_id))
    may_open = contacts.may_reveal(ask, seen)
    found = tuple(
        Scan(
            id=row.id,
            kind=ScanKind(row.kind),
            media_type=row.media_type,
            size_bytes=row.size_bytes,
            name=(name_of(ask.db, row) or "") if may_open else "",
            account=row.account,
            written_at=row.written_at,
        )
        for row in rows
    )
    return Shown(found, may_open)


def name_of(db: Database, row: Attachment) -> str | None:
    """Return the name of a scan, none where it cannot be opened."""
    return sealing.unseal(db, row.name_sealed, place=_place(Kind.FILE_NAME, row))


def _place(kind: Kind, row: Attachment) -> str:
    return sealed.place(kind, customer_id=row.customer_id, written_at=row.written_at)


@right("customers.edit")
def add(ask: Ask, *, customer_id: int, kind: ScanKind, name: str, content: bytes) -> None:
    """Keep a scan with a customer.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        NotAllowedError: he was erased.
        BadValueError: it is no whole PDF, PNG or JPEG, or too large.
        LimitReachedError: there is no room left for this customer.
    """
    limits = ask.settings.attachments
    media, size = scans.media_type(content, limits), len(content)
    with acting(ask) as conn:
        seen = contacts.there(conn, ask, customer_id)
        files, total = store.taken(conn, book.same(conn, customer_id))
        scans.check_room(files=files, total_bytes=total, size_bytes=size, rules=limits)
        bare = Attachment(customer_id, kind.value, media, size, b"", ask.scope.account, int(time()))
        name, words = scans.tidy(name, media), base64.b64encode(content).decode()
        hidden = [
            sealing.seal(ask.db, text, place=_place(part, bare))
            for part, text in ((Kind.FILE_NAME, name), (Kind.FILE, words))
        ]
        named = (bare.customer_id, bare.kind, media, size, hidden[0], bare.account, bare.written_at)
        store.add(conn, Attachment(*named), hidden[1])
        contacts.note(conn, ask, seen, "attachment")


def _found(conn: Connection, customer_id: int, attachment_id: int) -> Attachment:
    rows = store.of_customer(conn, book.same(conn, customer_id))
    row = next((row for row in rows if row.id == attachment_id), None)
    if row is None:
        raise NotFoundError("attachments.none")
    return row


@right("contact.reveal")
def opened(ask: Ask, *, customer_id: int, attachment_id: int, reason: str) -> bytes:
    """Return the content of a scan; that it was opened, and why, is written down.

    Whoever may open a customer's name and telephone may open what shows them, as often in a day.

    Raises:
        NotFoundError: there is no such customer or scan, or none in sight.
        NotAllowedError: he is in another's care, was erased, or the key is lost.
        BadValueError: no reason is given, or it names him.
        LimitReachedError: the day's are used up.
    """
    with acting(ask) as conn:
        seen = contacts.there(conn, ask, customer_id)
        row = _found(conn, customer_id, attachment_id)
        if not contacts.may_reveal(ask, seen):
            raise NotAllowedError("contacts.not_yours")
        why = contacts.impersonal(reason, contacts.of_person(ask.db, seen.customer))
        what = f"customer:{seen.customer.id}:attachment"
        contacts.note_reveal(conn, ask, seen, what, reason=why)
        words = sealing.unseal(ask.db, store.content(conn, row.id), place=_place(Kind.FILE, row))
        if words is None:
            raise NotAllowedError("attachments.shut")
    return base64.b64decode(words)


@right("customers.edit")
def remove(ask: Ask, *, customer_id: int, attachment_id: int, reason: str) -> None:
    """Forget a scan.

    Raises:
        NotFoundError: there is no such customer or scan, or none in sight.
        NotAllowedError: he was erased.
        BadValueError: no reason is given, or it names him.
    """
    with acting(ask) as conn:
        seen = contacts.there(conn, ask, customer_id)
        row = _found(conn, customer_id, attachment_id)
        why = contacts.impersonal(reason, contacts.of_person(ask.db, seen.customer))
        store.remove(conn, row.id)
        erasing.mark_unsettled(conn)
        contacts.note(conn, ask, seen, "attachment_removed", reason=why)
