"""Who alone may contact a customer? The pool, private lists, and handing over."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle

import pandas as pd

from station.archive import stations
from station.archive.calls import agenda, claiming, homes
from station.archive.calls.claiming import Claim
from station.archive.customers import book
from station.archive.database import Connection
from station.archive.people import accounts
from station.errors import BadValueError, LimitReachedError, NotAllowedError, NotFoundError
from station.guard import mask
from station.model import DAY_S, Act, ClaimKind, Released
from station.services import trail
from station.services.access import acting, right
from station.services.ask import Ask
from station.services.calls import clock
from station.services.customers import contacts, grades
from station.services.customers.contacts import Seen
from station.services.personal import sealing


@dataclass(frozen=True, slots=True)
class Mine:
    """A customer of a list: what he is called, masked, his grade, and until when he is kept."""

    customer_id: int
    station: str
    name: str
    grade: str
    until_day: int | None
    next_day: int | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A part of a list, and how many the whole of it names."""

    total: int
    shown: tuple[Mine, ...]


@dataclass(frozen=True, slots=True)
class Handed:
    """What went into other hands: customers, planned calls, dates of a next contact."""

    customers: int
    calls: int
    dates: int


def moment_of(conn: Connection, seen: Seen) -> clock.Moment:
    """Return what time it is where a customer is written down."""
    return clock.moment(zone_of(conn, seen))


def zone_of(conn: Connection, seen: Seen) -> str:
    """Return by which clock it is told what was done about a customer."""
    return stations.everything(conn)[seen.station_id].zone


# --- one caller -----------------------------------------------------------------------------------


def holder(conn: Connection, seen: Seen, day: int) -> Claim | None:
    """Return who alone may contact a customer on a day, none if nobody has claimed him."""
    return active_of(conn, seen.customer.ids, day)


def active_of(conn: Connection, customer_ids: Collection[int], day: int) -> Claim | None:
    """Return the claim on these rows of one customer that holds on a day, none if none does."""
    found = claiming.active(conn, customer_ids)
    return next((one for one in found if one.until_day is None or one.until_day > day), None)


def hold(conn: Connection, ask: Ask, seen: Seen, now: clock.Moment) -> Claim:
    """Return the asker's claim on a customer, a new lock if there was none.

    Raises:
        NotAllowedError: somebody else has claimed him.
    """
    found = holder(conn, seen, now.day)
    if found is not None:
        refuse_taken(conn, ask, found)
        return found
    lock = Claim(
        customer_id=seen.customer.id,
        account_id=_own(ask),
        station_id=seen.station_id,
        kind=ClaimKind.LOCK,
        claimed_at=now.at,
        until_day=now.day + ask.settings.calls.lock_days,
    )
    return _add(conn, seen, lock)


def refuse_taken(conn: Connection, ask: Ask, claim: Claim) -> None:
    """Refuse whoever asks for a customer that somebody else has claimed.

    Raises:
        NotAllowedError: it is not the asker's own claim, by any account of his.
    """
    if not is_own(conn, ask, claim):
        raise NotAllowedError("calls.taken", account=name_of(conn, claim.account_id))


def is_own(conn: Connection, ask: Ask, claim: Claim) -> bool:
    """Return whether a claim is the asker's, by any account of his."""
    account = accounts.find(conn, account_id=claim.account_id)
    return account is not None and account.person == ask.scope.person


def _add(conn: Connection, seen: Seen, claim: Claim) -> Claim:
    """Add a claim in the place of those of the customer that are over."""
    over = [one.id for one in claiming.active(conn, seen.customer.ids)]
    claiming.release(conn, over, claim.claimed_at, Released.EXPIRED)
    return replace(claim, id=claiming.add(conn, claim))


def _own(ask: Ask) -> int:
    """Return the asker's account.

    Raises:
        NotAllowedError: he asks as whoever keeps the files, and is nobody whom a customer knows.
    """
    if not ask.scope.account_id:
        raise NotAllowedError("calls.nobody")
    return ask.scope.account_id


def name_of(conn: Connection, account_id: int) -> str:
    """Return the name of an account, empty for none."""
    account = accounts.find(conn, account_id=account_id) if account_id else None
    return account.name if account else ""


# --- the pool -------------------------------------------------------------------------------------


@right("calls.read")
def pool(ask: Ask, *, limit: int, first: int = 0) -> Listed:
    """Return the customers of the stations in sight who are nobody's, the most valuable first."""
    with ask.db.reading() as conn:
        ids = claiming.pool(conn, ask.scope.station_ids)
        known = grades.now(conn, ids)
        best = sorted(ids, key=lambda one: (known[one], one))
        return _listed(conn, ask, best, known, slice(first, first + limit))


@right("calls.record")
def claim(ask: Ask, *, customer_id: int) -> None:
    """Take a customer from the pool into the asker's own care; who has him already, keeps him.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        NotAllowedError: he is another's, registered elsewhere, was erased, or was the asker's own
            not long ago.
        LimitReachedError: the asker took as many today as one may.
    """
    own = _own(ask)
    with acting(ask) as conn:
        seen = contacts.there(conn, ask, customer_id)
        now = moment_of(conn, seen)
        found = holder(conn, seen, now.day)
        if found is not None:
            refuse_taken(conn, ask, found)
            if found.kind is ClaimKind.PRIVATE:
                return
        contacts.refuse_elsewhere(ask, seen)
        if seen.customer.keeper_id not in {None, own}:
            raise NotAllowedError("calls.kept", account=seen.customer.keeper)
        _refuse_taking(conn, ask, seen, now)
        grade = grades.now(conn, [seen.customer.id])[seen.customer.id]
        if found is not None:
            claiming.release(conn, [found.id], now.at, Released.DONE)
        taken = Claim(
            customer_id=seen.customer.id,
            account_id=own,
            station_id=seen.station_id,
            kind=ClaimKind.PRIVATE,
            claimed_at=now.at,
            until_day=now.day + ask.settings.calls.recycle_days(grade),
        )
        _add(conn, seen, taken)
        contacts.give(conn, ask, seen, own, how="claimed", at=now.at)
        contacts.note(conn, ask, seen, "claim")


def _refuse_taking(conn: Connection, ask: Ask, seen: Seen, now: clock.Moment) -> None:
    rules, person = ask.settings.calls, ask.scope.person
    lost_at = claiming.lost_at(conn, person, seen.customer.ids)
    if lost_at is not None and now.at - lost_at < rules.ban_days * DAY_S:
        raise NotAllowedError("calls.banned", days=rules.ban_days)
    if claiming.taken_since(conn, person, now.midnight) >= rules.pool_per_day:
        raise LimitReachedError("calls.limit", most=rules.pool_per_day)


@right("calls.record")
def release(ask: Ask, *, customer_id: int) -> None:
    """Give a customer of the asker's own list back to the pool; a lock just ends.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        NotAllowedError: he is not on the asker's list.
    """
    with acting(ask) as conn:
        seen = contacts.there(conn, ask, customer_id)
        now = moment_of(conn, seen)
        found = holder(conn, seen, now.day)
        if found is None:
            raise NotAllowedError("calls.not_claimed")
        refuse_taken(conn, ask, found)
        claiming.release(conn, [found.id], now.at, Released.GIVEN_BACK)
        if found.kind is ClaimKind.PRIVATE:
            contacts.give(conn, ask, seen, None, how="given_back", at=now.at)
        contacts.note(conn, ask, seen, "release")


@right("calls.read")
def mine(ask: Ask, *, limit: int, first: int = 0) -> Listed:
    """Return the customers in the asker's own care in sight, whose next contact is first first."""
    account_id = ask.scope.account_id
    with ask.db.reading() as conn:
        kept = claiming.kept_by(conn, account_id, ask.scope.station_ids) if account_id else []
        known, dates = grades.now(conn, kept), agenda.next_days(conn, kept)
        last = max(dates.values(), default=0) + 1
        order = sorted(kept, key=lambda one: (dates.get(one, last), known[one], one))
        return _listed(conn, ask, order, known, slice(first, first + limit))


def _listed(
    conn: Connection, ask: Ask, ids: Sequence[int], known: Mapping[int, str], part: slice
) -> Listed:
    codes = {number: code for code, number in stations.ids(conn).items()}
    shown = ids[part]
    dates = agenda.next_days(conn, shown)
    until = {one.customer_id: one.until_day for one in claiming.active(conn, shown)}
    customers = [book.sure(conn, one) for one in shown]
    return Listed(
        len(ids),
        tuple(
            Mine(
                customer_id=customer.id,
                station=codes.get(customer.station_id or 0, ""),
                name=called(ask, customer),
                grade=known[customer.id],
                until_day=until.get(customer.id),
                next_day=dates.get(customer.id),
            )
            for customer in customers
        ),
    )


def called(ask: Ask, customer: book.Customer | homes.Named) -> str:
    """Return what a customer is called in a list: an organisation in full, a person masked."""
    if customer.organisation_name:
        return customer.organisation_name
    name, _ = sealing.unseal_contact(ask.db, customer.contact)
    return mask.name(name or "") or customer.code


def recycle(conn: Connection, ask: Ask, now_s: int) -> int:
    """Return how many customers went back to the pool, nobody having talked to them for long."""
    known, returned = stations.everything(conn), 0
    for found in claiming.over(conn, clock.moment("UTC", now_s).day + 1):
        now = clock.moment(known[found.station_id].zone, now_s)
        if found.until_day is None or found.until_day > now.day:
            continue
        is_private = found.kind is ClaimKind.PRIVATE
        how = Released.RECYCLED if is_private else Released.EXPIRED
        claiming.release(conn, [found.id], now_s, how)
        if not is_private:
            continue
        returned += 1
        for row_id in book.same(conn, found.customer_id):
            contacts.put_keeper(conn, row_id, None, how="recycled", account="", at=now_s)
    if returned:
        trail.note(conn, ask.scope, Act.KEEPING, "claims:recycled", count=returned)
    return returned


# --- handing over ---------------------------------------------------------------------------------


@right("calls.assign")
def keepers(ask: Ask) -> pd.DataFrame:
    """Return account, customers and is_gone of whoever looks after somebody here.

    Gone is whose account is locked, or who may reach nobody at these stations any more.
    """
    with ask.db.reading() as conn:
        told = claiming.keeping(conn, ask.scope.station_ids)
        here = contacts.who_work_there(conn, ask.scope.station_ids)
    gone = [id_ not in here for id_ in told["keeper_id"]]
    told = told.assign(account=told["name"], is_gone=gone)
    return told[["account", "customers", "is_gone"]]


@right("calls.assign")
def who_may_keep(ask: Ask) -> list[str]:
    """Return the accounts into whose hands customers of these stations may be given."""
    with ask.db.reading() as conn:
        return sorted(contacts.who_work_there(conn, ask.scope.station_ids).values())


@right("calls.assign")
def hand_over(ask: Ask, *, leaver: str, to: Sequence[str], reason: str) -> Handed:
    """Give all that somebody looks after here into other hands, shared out evenly.

    His customers at the stations in sight, his planned calls with them and the dates of a next
    contact: each goes with its customer. Doing it twice changes nothing more.

    Raises:
        NotFoundError: there is no such account, or one of the others does not work here.
        BadValueError: nobody is named who takes them, or no reason is given.
    """
    why = trail.needed(reason)
    with acting(ask) as conn:
        gone = accounts.find(conn, name=leaver.strip().casefold())
        if gone is None:
            raise NotFoundError("accounts.unknown", account=leaver)
        takers = _takers(conn, ask, to, gone.id)
        now_s = clock.moment("UTC").at
        ids = claiming.kept_by(conn, gone.id, ask.scope.station_ids)
        whose = dict(zip(ids, cycle(takers), strict=False))
        for customer_id, taker_id in whose.items():
            _hand(conn, ask, customer_id, (gone.id, taker_id), now_s)
        calls = _hand_calls(conn, ask, gone.id, whose, takers)
        dates = _hand_dates(conn, ask, gone.id, whose, takers)
        if whose or calls or dates:
            what, count = f"account:{gone.id}:customers", len(whose)
            place = trail.place_of(ask.scope)
            trail.note(conn, ask.scope, Act.CHANGE, what, station_id=place, count=count, reason=why)
    return Handed(len(whose), calls, dates)


def _takers(conn: Connection, ask: Ask, names: Sequence[str], gone_id: int) -> list[int]:
    here = {name: id_ for id_, name in contacts.who_work_there(conn, ask.scope.station_ids).items()}
    found = []
    for name in dict.fromkeys(one.strip().casefold() for one in names):
        if name not in here:
            raise NotFoundError("accounts.unknown", account=name)
        if here[name] != gone_id:
            found.append(here[name])
    if not found:
        raise BadValueError("calls.no_taker")
    return found


def _hand(conn: Connection, ask: Ask, customer_id: int, hands: tuple[int, int], at: int) -> None:
    """Give one customer and the claim on him into other hands; a colleague's call goes on."""
    gone_id, taker_id = hands
    rows = book.same(conn, customer_id)
    for one in claiming.active(conn, rows):
        if one.kind is ClaimKind.LOCK and one.account_id != gone_id:
            continue
        claiming.release(conn, [one.id], at, Released.HANDED_OVER)
        if one.kind is ClaimKind.PRIVATE:
            claiming.add(conn, replace(one, id=0, account_id=taker_id, claimed_at=at))
    account = ask.scope.account
    for row_id in rows:
        contacts.put_keeper(conn, row_id, taker_id, how="handed_over", account=account, at=at)


def _hand_calls(
    conn: Connection, ask: Ask, gone_id: int, whose: dict[int, int], takers: Sequence[int]
) -> int:
    """Return how many planned calls went to who has the customer now, or else in turn."""
    turn = cycle(takers)
    today = min(clock.moment(one.zone).day for one in stations.everything(conn).values())
    planned = [
        call
        for call in agenda.planned_after(conn, gone_id, today)
        if call.station_id in ask.scope.station_ids
    ]
    for call in planned:
        agenda.give(conn, call.id, _heir(conn, call.customer_id, whose) or next(turn))
    return len(planned)


def _hand_dates(
    conn: Connection, ask: Ask, gone_id: int, whose: dict[int, int], takers: Sequence[int]
) -> int:
    turn = cycle(takers)
    dates = [
        one
        for one in agenda.next_of_account(conn, gone_id)
        if one.station_id in ask.scope.station_ids
    ]
    for one in dates:
        heir = _heir(conn, one.customer_id, whose) or next(turn)
        agenda.give_next(conn, one.customer_id, heir)
    return len(dates)


def _heir(conn: Connection, customer_id: int, whose: dict[int, int]) -> int | None:
    return next((whose[one] for one in book.same(conn, customer_id) if one in whose), None)


@right("calls.read")
def keeper_history(ask: Ask, *, customer_id: int) -> pd.DataFrame:
    """Return at, old, new, how and account of in whose care a customer was, the newest first.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        seen = contacts.in_sight(conn, ask, customer_id)
        return claiming.keepers(conn, seen.customer.ids)


def settle(conn: Connection, customer_ids: Collection[int], at: int) -> None:
    """Leave one claim of a customer whose records were found to be one: the oldest stands."""
    later = claiming.active(conn, customer_ids)[1:]
    claiming.release(conn, [one.id for one in later], at, Released.MERGED)
