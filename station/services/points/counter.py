"""Who stands at the counter, what may he spend, and what was spent there today?"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pandas as pd

from station.archive import stations
from station.archive.customers import book
from station.archive.customers.book import Customer
from station.archive.database import Connection
from station.archive.points import chain, spent
from station.archive.points.chain import Booked
from station.errors import BadValueError, NotFoundError
from station.ingest import phones, plates
from station.ingest.plate_result import PlateStatus
from station.loyalty import coupons, programme
from station.model import PointMove
from station.services.access import right
from station.services.ask import Ask
from station.services.customers import contacts, finding, naming
from station.services.points import balances, booking, members, rules
from station.services.points.balances import Balance
from station.services.points.members import By, Named

MOST_MET = 12
"""So many are offered; whoever finds more types more of it."""
FEWEST_DIGITS = 7
"""Fewer digits are the end of a plate, no telephone and no card."""
SPENT = (PointMove.REDEEM, PointMove.CONFIRM)


@dataclass(frozen=True, slots=True)
class Met:
    """Somebody who may be meant: how he is named in full, what he is called, why he was found.

    A vehicle that is nobody's yet has no `member`.
    """

    member: Named | None
    name: str
    label: str
    why: str
    last_day: int | None = None

    @property
    def is_sure(self) -> bool:
        """Whether this is what was typed."""
        return self.why not in finding.UNSURE


@dataclass(frozen=True, slots=True)
class Slip:
    """What a customer is shown of a redemption; `is_undone` if it was reversed."""

    number: int
    name: str
    points: int
    balance: int
    at: int
    station: str
    account: str
    is_undone: bool
    worth_minor: int = 0
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Present:
    """A member at the counter: what he is called, masked, and all that he `has`.

    `since` is the last spending and `newest` the last transaction that he is seen with;
    `complaints` are those that are open.
    """

    name: str
    in_sight: bool
    has: Balance
    since: int
    newest: int
    today: tuple[Booked, ...]
    complaints: int = 0


@right("points.read")
def meet(ask: Ask, *, words: str) -> list[Met]:
    """Return who may be meant, the surest first.

    A whole plate, card or telephone is looked for in the whole chain; the end of a plate, one that
    was misread, a name only among those in sight. What is nobody's is counted.

    Raises:
        NotFoundError: nobody is.
        PointsError: several are known by that card or telephone.
        LimitReachedError: too many were nobody's today.
    """
    named = _in_full(ask, words.strip())
    if named:
        with suppress(NotFoundError):
            return [_known(ask, named)]
    found = [] if any(one.by is not By.PLATE for one in named) else _near(ask, words)
    if not found:
        raise NotFoundError("points.no_member")
    return found


def _known(ask: Ask, named: Sequence[Named]) -> Met:
    """Return who in the chain is known by one of these."""
    with ask.db.reading() as conn:
        by, customer_id = members.first(conn, ask, named)
        near = contacts.is_in_sight(conn, ask, customer_id)
        name = _called(conn, ask, customer_id, is_near=near)
    label = plates.normalise(by.text).norm if by.by is By.PLATE else ""
    return Met(by, name, label, by.by.value)


def _in_full(ask: Ask, words: str) -> list[Named]:
    """Return what was typed in full: a plate, or else a telephone, a card, or either."""
    read = plates.normalise(words)
    if read.status in {PlateStatus.OK, PlateStatus.OK_FIXED}:
        return [Named(By.PLATE, words)]
    if sum(sign.isdecimal() for sign in words) < FEWEST_DIGITS or any(map(str.isalpha, words)):
        return []
    found = [Named(By.CARD, "".join(sign for sign in words if sign.isdecimal()))]
    try:
        is_phone = bool(phones.read(words, ask.settings.ingest.phone_region))
    except BadValueError:
        is_phone = False
    return [Named(By.PHONE, words), *found] if is_phone else found


@right("points.read")
def read_as(ask: Ask, *, words: str) -> dict[str, str]:
    """Return what of a new customer was typed: his plate, telephone or card, nothing if unclear."""
    read = plates.normalise(words.strip())
    if read.norm:
        return {By.PLATE: read.norm}
    return {one.by: one.text for one in _in_full(ask, words.strip())[:1]}


def _near(ask: Ask, words: str) -> list[Met]:
    """Return who of those in sight may be meant; each once, for the surest reason."""
    rows = finding.find(ask, words, MOST_MET).to_dict("records")
    met: dict[tuple[str, object], Met] = {}
    with ask.db.reading() as conn:
        for row in rows:
            who = _who(conn, row)
            mark = ("nobody", row["id"]) if who is None else ("member", who.id)
            met.setdefault(mark, _met(conn, ask, row, who))
    return list(met.values())


def _who(conn: Connection, row: Mapping[Any, Any]) -> Customer | None:
    """Return who is meant by a row of what was found: of a vehicle whose it is now."""
    if row["kind"] == finding.CUSTOMER:
        customer_id = int(row["id"])
    else:
        holders = book.holders(conn, int(row["id"]))
        if not holders:
            return None
        customer_id = holders[0]
    customer = book.find(conn, customer_id)
    return customer if customer and customer.erased_at is None else None


def _met(conn: Connection, ask: Ask, row: Mapping[Any, Any], who: Customer | None) -> Met:
    is_vehicle = row["kind"] == finding.VEHICLE
    label = str(row["label"]) if is_vehicle else ""
    last_day = None if pd.isna(row["last_day"]) else int(row["last_day"])
    if who is None:
        return Met(None, "", label, str(row["why"]), last_day)
    near = contacts.is_in_sight(conn, ask, who.id)
    member = Named(By.CUSTOMER, str(who.id)) if near else Named(By.PLATE, label)
    name = _called(conn, ask, who.id, is_near=near)
    return Met(member, name, label, str(row["why"]), last_day)


def _called(conn: Connection, ask: Ask, customer_id: int, *, is_near: bool) -> str:
    far = () if is_near else (customer_id,)
    return naming.at_counter(conn, ask, [customer_id], far=far)[customer_id]


@right("points.read")
def present(ask: Ask, *, member: Named) -> Present:
    """Return a member of the chain with all that he holds, and what he spent today.

    Raises:
        NotFoundError: nobody is known by that, or not in sight; both answer alike.
        PointsError: several are.
    """
    with ask.db.reading() as conn:
        customer_id = members.found(conn, ask, member)
        purse = booking.seen_now(conn, ask, customer_id)
        rows = book.same(conn, customer_id)
        near = contacts.is_in_sight(conn, ask, customer_id)
        taken, newest = spent.newest(conn, rows), spent.last(conn, rows)
        today = spent.of_customers(conn, rows, purse.day)
        undone = spent.undone(conn, [one.id for one in today])
        return Present(
            name=_called(conn, ask, customer_id, is_near=near),
            in_sight=near,
            has=balances.of_purse(purse),
            since=taken.id if taken else 0,
            newest=newest.id if newest else 0,
            today=tuple(
                one
                for one in today
                if one.id not in undone and (near or one.station_id in ask.scope.station_ids)
            ),
            complaints=contacts.complaints(conn, ask, book.sure(conn, customer_id)),
        )


@right("points.read")
def slip(ask: Ask, *, number: int) -> Slip:
    """Return what is shown of a redemption that was made here, or of a customer in sight.

    Raises:
        NotFoundError: there is no such redemption, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        booked = booking.desk_of(conn, ask).transaction(number, *SPENT)
        (told,) = _slips(conn, ask, [booked])
    return told


@right("points.read")
def slip_of_form(ask: Ask, *, key: str) -> Slip | None:
    """Return the redemption that the asker made by a form, none if nothing was made by it yet."""
    with ask.db.reading() as conn:
        booked = chain.by_key(conn, chain.BY_CALLER + key)
        if booked is None or booked.account != ask.scope.account or booked.move not in SPENT:
            return None
        (told,) = _slips(conn, ask, [booked])
    return told


@right("points.read")
def of_today(ask: Ask, *, station: str, limit: int) -> list[Slip]:
    """Return the last redemptions of a station today, the newest first.

    Raises:
        NotFoundError: the station is not there, or not in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        desk = booking.desk_of(conn, ask)
        booked = spent.at_station(conn, desk.station(station), desk.day, limit)
        return _slips(conn, ask, booked)


def _slips(conn: Connection, ask: Ask, booked: Sequence[Booked]) -> list[Slip]:
    codes = {number: code for code, number in stations.ids(conn).items()}
    undone = spent.undone(conn, [one.id for one in booked])
    told, found = rules.told(conn, ask), []
    for one in booked:
        version = programme.at(told, one.day)
        customer = book.sure(conn, one.customer_id)
        near = contacts.is_in_sight(conn, ask, customer.id)
        name = "" if customer.erased_at else _called(conn, ask, customer.id, is_near=near)
        found.append(
            Slip(
                number=one.id,
                name=name,
                points=one.points,
                balance=one.balance,
                at=one.at,
                station=codes.get(one.station_id or 0, ""),
                account=one.account,
                is_undone=one.id in undone,
                worth_minor=coupons.worth_minor(one.points, version.redeeming) if version else 0,
                currency=version.currency if version else "",
            )
        )
    return found
