"""What was done is written down in the same breath as it is done."""

from time import time

from station.archive.database import Connection, Database
from station.archive.people import audit
from station.archive.people.audit import Event
from station.errors import BadValueError, StationError
from station.guard import mask
from station.model import Act, Scope

LONGEST_REASON = 200


def note(
    conn: Connection,
    scope: Scope,
    act: Act,
    object_name: str,
    *,
    station_id: int | None = None,
    count: int = 1,
    reason: str = "",
) -> None:
    """Add an event to the audit log within the caller's own write.

    What looks like a telephone number or an address in a reason is hidden: the log lasts longer
    than any of them.
    """
    event = Event(
        at=int(time()),
        account=scope.account,
        person=scope.person,
        address=scope.address,
        act=act,
        object=object_name,
        station_id=station_id,
        count=count,
        reason=tidy(reason),
    )
    audit.append(conn, event)


def tidy(reason: str) -> str:
    """Return a reason on one line and of bounded length, without signs that nobody sees.

    What looks like a telephone number or an address is hidden in it.
    """
    if not reason:
        return ""
    line = "".join(sign for sign in " ".join(reason.split()) if sign.isprintable())
    return mask.redact(line)[:LONGEST_REASON].strip()


def needed(reason: str) -> str:
    """Return a reason, tidied.

    Raises:
        BadValueError: none is given.
    """
    told = tidy(reason)
    if not told:
        raise BadValueError("error.reason_needed")
    return told


def place_of(scope: Scope) -> int | None:
    """Return the station of whoever sees one station only: there it happened."""
    return next(iter(scope.station_ids)) if len(scope.station_ids) == 1 else None


def noted(
    db: Database,
    scope: Scope,
    act: Act,
    object_name: str,
    *,
    station_id: int | None = None,
    count: int = 1,
    reason: str = "",
) -> None:
    """Add an event for what changed nothing, such as a look or a refusal."""
    with db.writing(changes_figures=False) as conn:
        note(conn, scope, act, object_name, station_id=station_id, count=count, reason=reason)


def looked(
    db: Database, scope: Scope, object_name: str, *, station_id: int | None, again_after_s: int
) -> None:
    """Write down that something was opened; drawing it again a little later is the same look."""
    since, account, act = int(time()) - again_after_s, scope.account, Act.CARD_OPENED
    with db.reading() as conn:
        if audit.has(conn, account=account, act=act, object_name=object_name, from_s=since):
            return
    noted(db, scope, act, object_name, station_id=station_id)


def refused(db: Database, scope: Scope, service: str, error: StationError) -> None:
    """Write down that somebody asked for what he may not have or see.

    Of the facts only rights and numbers: the rest is what somebody typed, and may be a name.
    """
    told = {n: fact for n, fact in error.facts.items() if n == "right" or isinstance(fact, int)}
    rule = " ".join([error.key, *(f"{name}={fact}" for name, fact in told.items())])
    noted(db, scope, Act.REFUSAL, service, station_id=place_of(scope), reason=rule)
