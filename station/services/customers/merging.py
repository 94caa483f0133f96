"""Two records are one customer: found to be so, and taken back if that was wrong."""

from dataclasses import dataclass
from time import time

from station.archive.customers import book
from station.archive.customers import merging as store
from station.archive.customers.merging import Merge
from station.archive.database import Connection
from station.errors import BadValueError, NotAllowedError, NotFoundError
from station.guard import mask
from station.model import DAY_S, Act
from station.services import trail
from station.services.access import acting, right
from station.services.ask import Ask
from station.services.calls import claims
from station.services.customers import contacts
from station.services.customers.contacts import Seen
from station.services.personal import sealing
from station.services.points import referring


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a customer as everybody may see it: name and phone masked."""

    customer_id: int
    code: str
    organisation_name: str
    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One merge: who stands, who went into him, and for how many days it can be taken back.

    `days_left` is none where it cannot be taken back any more, or was.
    """

    id: int
    kept: Record
    gone: Record
    account: str
    merged_at: int
    reason: str
    is_undone: bool
    days_left: int | None


@right("customers.merge")
def merge(ask: Ask, *, kept_id: int, gone_id: int, reason: str) -> int:
    """Return the number of the merge by which two customers are one from now on.

    Nothing is moved: what names either side names it as before, and every question is answered
    for both. What the one that stands does not tell, the other tells.

    Raises:
        NotFoundError: one of them is not there, or not in sight; both answer alike.
        NotAllowedError: one of them was erased, or is registered out of sight.
        BadValueError: they are one already, a person and an organisation, or no reason is given.
    """
    with acting(ask, changes_figures=True) as conn:
        kept, gone = (contacts.there(conn, ask, one) for one in (kept_id, gone_id))
        _refuse(ask, kept, gone, gone_id)
        for side in (kept, gone):
            reason = contacts.impersonal(reason, contacts.of_person(ask.db, side.customer))
        merge_id = store.add(
            conn,
            kept_id=kept_id,
            gone_id=gone_id,
            account=ask.scope.account,
            at=int(time()),
            reason=reason,
        )
        for side, row_id in ((kept, kept_id), (gone, gone_id)):
            what = f"customer:{row_id}:merge"
            trail.note(conn, ask.scope, Act.CHANGE, what, station_id=side.station_id, reason=reason)
        referring.joined(conn, ask, kept_id)
        claims.settle(conn, book.same(conn, kept_id), int(time()))
    return merge_id


def _refuse(ask: Ask, kept: Seen, gone: Seen, gone_id: int) -> None:
    for side in (kept, gone):
        homes = side.customer.registered
        if homes and homes.isdisjoint(ask.scope.station_ids):  # or he would be of here from now on
            raise NotAllowedError("merging.elsewhere")
    if kept.customer.id == gone.customer.id:
        raise BadValueError("merging.same")
    if kept.customer.is_organisation != gone.customer.is_organisation:
        raise BadValueError("merging.kinds")
    if gone.customer.id != gone_id:
        raise BadValueError("merging.gone_before")


@right("customers.merge")
def undo(ask: Ask, *, merge_id: int) -> None:
    """Take a merge back; everything is as if it had never been, what came since included.

    Raises:
        NotFoundError: there is no such merge, or not in sight; both answer alike.
        BadValueError: it was taken back before, or its time is over.
    """
    now_s = int(time())
    with acting(ask, changes_figures=True) as conn:
        found = store.find(conn, merge_id)
        try:
            seen = contacts.there(conn, ask, found.kept_id if found else 0)
        except NotFoundError as error:
            raise NotFoundError("merging.unknown") from error
        if found is None:
            raise NotFoundError("merging.unknown")
        if found.undone_at is not None:
            raise BadValueError("merging.undone_before")
        if _days_left(ask, found, now_s) is None:
            raise BadValueError("merging.too_late", days=ask.settings.merging.undo_days)
        store.take_back(conn, found, account=ask.scope.account, at=now_s)
        for row_id in (found.kept_id, found.gone_id):
            what = f"customer:{row_id}:unmerge"
            trail.note(conn, ask.scope, Act.CHANGE, what, station_id=seen.station_id)
        referring.parted(conn, ask, (found.kept_id, found.gone_id))


def _days_left(ask: Ask, found: Merge, now_s: int) -> int | None:
    left_s = found.merged_at + ask.settings.merging.undo_days * DAY_S - now_s
    return None if found.undone_at is not None or left_s <= 0 else -(-left_s // DAY_S)


@right("cards.read")
def history(ask: Ask, *, customer_id: int) -> list[Entry]:
    """Return the merges of all that is this customer, the newest first, undone ones too.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        ids = contacts.in_sight(conn, ask, customer_id).customer.ids
        return _entries(conn, ask, store.naming(conn, ids))


@right("customers.merge")
def recent(ask: Ask) -> list[Entry]:
    """Return the merges in sight that can still be taken back, the newest first."""
    since = int(time()) - ask.settings.merging.undo_days * DAY_S
    with ask.db.reading() as conn:
        found = [merge for merge in store.since(conn, since) if merge.undone_at is None]
        return [entry for entry in _entries(conn, ask, found) if entry.days_left is not None]


def _entries(conn: Connection, ask: Ask, found: list[Merge]) -> list[Entry]:
    """Return what may be seen of these merges: those of which both sides are in sight."""
    now_s, told = int(time()), []
    for merge in found:
        try:
            kept, gone = (record(conn, ask, one) for one in (merge.kept_id, merge.gone_id))
        except NotFoundError:
            continue
        told.append(
            Entry(
                id=merge.id,
                kept=kept,
                gone=gone,
                account=merge.account,
                merged_at=merge.merged_at,
                reason=merge.reason,
                is_undone=merge.undone_at is not None,
                days_left=_days_left(ask, merge, now_s),
            )
        )
    return told


def record(conn: Connection, ask: Ask, customer_id: int) -> Record:
    """Return one record by itself, masked, whatever it was found to be.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    return record_of(conn, ask, contacts.in_sight(conn, ask, customer_id), customer_id)


def record_of(conn: Connection, ask: Ask, seen: Seen, customer_id: int) -> Record:
    """Return one of the records of a customer in sight, masked."""
    customer = seen.customer
    at = customer.ids.index(customer_id)
    name, phone = sealing.unseal_contact(ask.db, customer.contacts[at])
    return Record(
        customer_id=customer_id,
        code=customer.codes[at],
        organisation_name=book.name_of(conn, customer_id),
        name=mask.name(name or ""),
        phone=mask.phone(phone or ""),
    )
