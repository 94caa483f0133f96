"""A date with a customer passed and nobody kept it: staff are told, the manager, another has it."""

from collections import Counter
from collections.abc import Sequence

from station.archive import stations as sites
from station.archive.calls import agenda, claiming
from station.archive.customers import book
from station.archive.database import Connection
from station.contact.reminders import Told as Told  # noqa: PLC0414 - pages name it
from station.contact.reminders import told_after
from station.errors import NotFoundError
from station.model import Act, ClaimKind, Released
from station.services import trail
from station.services.access import acting, right
from station.services.ask import Ask
from station.services.calls import clock, reminding
from station.services.calls.reminding import Date
from station.services.customers import contacts

SOON_DAYS = 7


@right("calls.read")
def overdue(ask: Ask, *, stations: Sequence[str] = ()) -> dict[Told, list[Date]]:
    """Return the dates that passed, by who is to be told of them; the longest ago first.

    Staff see their own and anybody's; whoever plans sees all of his stations.
    """
    found: dict[Told, list[Date]] = {who: [] for who in Told}
    for one in reminding.due(ask, stations=stations):
        if one.late_days > 0:
            found[told_after(one.late_days, ask.settings.reminding)].append(one)
    return found


@right("calls.read")
def coming(ask: Ask, *, stations: Sequence[str] = (), days: int = SOON_DAYS) -> list[Date]:
    """Return the dates of today and of so many days ahead, the next first."""
    due = reminding.due(ask, stations=stations, days=days)
    return [one for one in due if one.late_days <= 0]


def escalate(ask: Ask, now_s: int) -> int:
    """Return of how many dates more people are told than before; twice a night changes nothing."""
    with ask.db.writing(changes_figures=False) as conn:
        known = sites.everything(conn)
        raised: Counter[int] = Counter()
        for station_id in sorted(known):
            today = clock.moment(known[station_id].zone, now_s).day
            for one in agenda.next_due(conn, [station_id], to_day=today):
                level = told_after(today - one.day, ask.settings.reminding)
                if level > one.told_level:
                    agenda.tell(conn, one.customer_id, level)
                    raised[station_id] += 1
        for station_id, count in raised.items():
            what = "calls:overdue"
            trail.note(conn, ask.scope, Act.KEEPING, what, station_id=station_id, count=count)
    return raised.total()


@right("calls.assign")
def reassign(ask: Ask, *, customer_id: int, to: str, reason: str) -> None:
    """Give a customer, his date and his planned calls to somebody else who works there.

    Raises:
        NotFoundError: customer, account or date are not there, or not in sight.
        NotAllowedError: he was erased or is registered elsewhere, or the account does not work at
            a station of his.
        BadValueError: no reason is given, or it names him.
    """
    with acting(ask) as conn:
        seen = contacts.there(conn, ask, customer_id)
        contacts.refuse_elsewhere(ask, seen)
        if agenda.next_of(conn, seen.customer.ids) is None:
            raise NotFoundError("calls.no_date")
        why = contacts.impersonal(reason, contacts.of_person(ask.db, seen.customer))
        taker_id = contacts.keeper_of(conn, seen, to.strip().casefold())
        _give(conn, ask, seen.customer.ids, taker_id)
        contacts.note(conn, ask, seen, f"reassigned:{taker_id}", reason=why)


def _give(conn: Connection, ask: Ask, customer_ids: Sequence[int], taker_id: int) -> None:
    """Give all records of a customer to somebody; whose list he was on has him no more."""
    at, account = clock.moment("UTC").at, ask.scope.account
    held = [one for one in claiming.active(conn, customer_ids) if one.account_id != taker_id]
    taken = [one.id for one in held if one.kind is ClaimKind.PRIVATE]
    claiming.release(conn, taken, at, Released.HANDED_OVER)
    for row_id in customer_ids:
        contacts.put_keeper(conn, row_id, taker_id, how="assigned", account=account, at=at)
        agenda.give_next(conn, row_id, taker_id)
        agenda.tell(conn, row_id, Told.NOBODY)
    for call in agenda.planned_with(conn, customer_ids):
        if call.station_id in ask.scope.station_ids:
            agenda.give(conn, call.id, taker_id)


@right("calls.assign")
def takers(ask: Ask, *, customer_id: int) -> list[str]:
    """Return the names of those who could have a customer instead of his keeper.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        seen = contacts.in_sight(conn, ask, customer_id)
        here = contacts.who_work_there(conn, seen.here)
        now = book.sure(conn, customer_id).keeper_id
    return sorted(name for id_, name in here.items() if id_ != now)
