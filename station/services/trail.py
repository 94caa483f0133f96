"""What was done is written down in the same breath as it is done."""

from time import time

from station.archive import audit
from station.archive.audit import Event
from station.archive.database import Connection, Database
from station.errors import StationError
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
        reason=mask.redact(reason)[:LONGEST_REASON],
    )
    audit.append(conn, event)


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


def refused(db: Database, scope: Scope, service: str, error: StationError) -> None:
    """Write down that somebody asked for what he may not have or see."""
    rule = " ".join([error.key, *(f"{name}={fact}" for name, fact in error.facts.items())])
    noted(db, scope, Act.REFUSAL, service, reason=rule)
