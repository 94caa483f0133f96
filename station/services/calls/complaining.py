"""What did a customer complain of, and what came of it? While one is open nothing is sold."""

from dataclasses import dataclass

from station.archive import stations
from station.archive.calls import wishes
from station.archive.calls.wishes import Complaint
from station.archive.customers import sealed
from station.archive.customers.sealed import Kind
from station.archive.database import Connection
from station.errors import BadValueError, NotFoundError
from station.model import CallPurpose
from station.services.access import acting, right
from station.services.ask import Ask
from station.services.calls import claims, reminding
from station.services.customers import contacts
from station.services.customers.contacts import Seen
from station.services.personal import sealing


@dataclass(frozen=True, slots=True)
class Told:
    """An open complaint; `said` is empty where nothing was written, none where it stays shut.

    Of a station out of sight nothing is told but that there is one: its `station` is empty.
    """

    id: int
    station: str
    said: str | None
    account: str
    opened_at: int


@right("calls.read")
def listing(ask: Ask, *, customer_id: int) -> list[Told]:
    """Return a customer's open complaints, the newest first.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        seen = contacts.in_sight(conn, ask, customer_id)
        codes = {number: code for code, number in stations.ids(conn).items()}
        return [
            _told(ask, one, codes[one.station_id])
            for one in wishes.complaints_of(conn, seen.customer.ids)
            if one.closed_at is None
        ]


def _told(ask: Ask, one: Complaint, code: str) -> Told:
    if one.station_id not in ask.scope.station_ids:
        return Told(0, "", None, "", one.opened_at)
    place = sealed.place(Kind.COMPLAINT, customer_id=one.customer_id, opened_at=one.opened_at)
    said = sealing.unseal(ask.db, one.said_sealed, place=place)
    return Told(one.id, code, said, one.account, one.opened_at)


@right("calls.record")
def close(ask: Ask, *, complaint_id: int, reason: str) -> None:
    """Close a complaint that was settled; some days later he is asked whether he is content.

    Raises:
        NotFoundError: there is no such complaint, or none in sight; both answer alike.
        NotAllowedError: the customer was erased.
        BadValueError: it was closed before, or no reason is given, or it names him.
    """
    with acting(ask) as conn:
        seen = _of(conn, ask, complaint_id)
        why = contacts.impersonal(reason, contacts.of_person(ask.db, seen.customer))
        now = claims.moment_of(conn, seen)
        account = ask.scope.account
        if not wishes.close(conn, complaint_id, at=now.at, account=account):
            raise BadValueError("complaining.closed_before")
        reminding.put(
            conn,
            seen,
            day=now.day + ask.settings.calls.aftercare_days,
            why=CallPurpose.AFTERCARE,
            account_id=seen.customer.keeper_id or ask.scope.account_id or None,
            by=account,
            now=now,
        )
        contacts.note(conn, ask, seen, f"complaint:{complaint_id}:closed", reason=why)


def _of(conn: Connection, ask: Ask, complaint_id: int) -> Seen:
    """Return whose complaint it is, made at a station in sight."""
    found = wishes.complaint(conn, complaint_id)
    try:
        seen = contacts.there(conn, ask, found.customer_id if found else 0)
    except NotFoundError as error:
        raise NotFoundError("complaining.unknown") from error
    if found is None or found.station_id not in ask.scope.station_ids:
        raise NotFoundError("complaining.unknown")
    return seen
