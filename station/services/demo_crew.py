"""Who calls at each station of a demo: accounts, their customers, and their hours."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import time

from station.archive import stations
from station.archive.calls import rosters
from station.archive.calls.rosters import Hours
from station.archive.customers import book
from station.archive.database import Connection
from station.archive.people import accounts
from station.model import Act, Grant, Role
from station.services import access, trail
from station.services.ask import Ask
from station.services.calls.rostering import WEEK, WORKDAYS

SHARES = 3
"""Two members of staff look after a third of the customers each; a third is nobody's."""
CREW = 3
"""The people of a station: its manager and two members of staff."""
MINUTES = 32
"""Minutes a day that each member of staff has for calls."""
FROM_MIN, TO_MIN = 540, 1140
PEOPLE = ("lin", "chen", "huang", "zheng", "wu", "xu", "he", "gao", "luo", "ye")


@dataclass(frozen=True, slots=True)
class Crew:
    """The name of a station's manager, and those who call there by account number."""

    manager: str
    staff: Mapping[int, str]


def hire(conn: Connection, ask: Ask, from_day: int) -> dict[int, Crew]:
    """Return the crew of each station; customers and hours are theirs from a day on.

    At the first station the demo's own manager and member of staff are of it.
    """
    crews = {}
    for number, station_id in enumerate(stations.everything(conn)):
        is_first = number == 0
        boss = f"demo.{Role.MANAGER}" if is_first else _name(number, 0)
        first = f"demo.{Role.STAFF}" if is_first else _name(number, 1)
        manager_id = _account(conn, ask, boss, Role.MANAGER, station_id)
        names = (first, _name(number, 2))
        staff = {_account(conn, ask, name, Role.STAFF, station_id): name for name in names}
        for rest, account_id in enumerate(staff):
            book.share(conn, station_id, account_id, every=SHARES, rest=rest)
        _roster(conn, station_id, from_day, manager_id, staff)
        crews[station_id] = Crew(boss, staff)
    return crews


def _name(station: int, place: int) -> str:
    """Return the name of an account: people have one each, and a number where they run out."""
    again, which = divmod(station * CREW + place, len(PEOPLE))
    return PEOPLE[which] + (str(again + 1) if again else "")


def _account(conn: Connection, ask: Ask, name: str, role: Role, station_id: int) -> int:
    """Return the id of an account, made with its role unless the demo has it already."""
    known = accounts.find(conn, name=name)
    if known is not None:
        return known.id
    account_id = accounts.add(conn, name=name, person=name, now_s=int(time()))
    made = {"made_by": access.LOCAL_ACCOUNT, "approved_by": access.LOCAL_ACCOUNT}
    grant_id = accounts.grant(conn, account_id, Grant(role, station_id=station_id), **made)
    for what in ("made", f"grant:{grant_id}"):
        trail.note(conn, ask.scope, Act.CHANGE, f"account:{account_id}:{what}")
    return account_id


def _roster(
    conn: Connection, station_id: int, from_day: int, manager_id: int, staff: Mapping[int, str]
) -> None:
    """Write the hours down: staff call on workdays, one of them on Saturdays, too."""
    hours = Hours(
        account_id=manager_id,
        station_id=station_id,
        weekday=0,
        from_day=from_day,
        minutes=0,
        from_min=FROM_MIN,
        to_min=TO_MIN,
        made_by=access.LOCAL_ACCOUNT,
        made_at=int(time()),
    )
    for weekday in WEEK:
        rosters.put_hours(conn, replace(hours, weekday=weekday))
    for rest, account_id in enumerate(staff):
        for weekday in (*WORKDAYS, 6) if rest else WORKDAYS:
            own = replace(hours, account_id=account_id, weekday=weekday, minutes=MINUTES)
            rosters.put_hours(conn, own)
