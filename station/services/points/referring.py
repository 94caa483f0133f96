"""A member brings a new one, and is given points once that one has filled up."""

from collections.abc import Collection
from time import time

from station.archive.customers import book, person
from station.archive.customers.book import Customer
from station.archive.database import Connection
from station.archive.points import given, referrals
from station.archive.points.referrals import Referral, State
from station.errors import BadValueError
from station.model import day_number
from station.services.access import today
from station.services.ask import Ask
from station.services.personal import sealing
from station.services.points import crediting, gifts, members
from station.services.points.crediting import Taking
from station.services.points.gifts import Due, Event
from station.services.points.members import Named


def known(ask: Ask, by: Named | None) -> int:
    """Return who it is that brought somebody, 0 where nobody did.

    To be asked before the write that makes a new customer: whoever tries telephones is counted.

    Raises:
        NotFoundError: nobody is known by that, or not in sight; both answer alike.
        PointsError: several are.
        LimitReachedError: too many telephones and cards were nobody's today.
    """
    return members.find(ask, member=by).customer_id if by else 0


def bring(conn: Connection, ask: Ask, customer_id: int, by: int, station_id: int) -> None:
    """Write down who brought a new customer, within the write that makes him.

    Raises:
        BadValueError: it is himself, or somebody who has a telephone, plate or card of his.
    """
    if not by:
        return
    if _is_odd(conn, ask, customer_id, by):
        raise BadValueError("referring.himself")
    new = Referral(
        customer_id=customer_id,
        referred_by=by,
        station_id=station_id,
        state=State.WAITING,
        sale_id=None,
        rewarded_day=None,
        made_day=day_number(today()),
        account=ask.scope.account,
        made_at=int(time()),
    )
    referrals.add(conn, new)


def reward(conn: Connection, ask: Ask, customer_ids: Collection[int]) -> int:
    """Return for how many of these members, who earned something, others were given points.

    To be asked in the write in which they earned. It is given for a first fill after the day on
    which somebody was brought; who had filled up before was not new.
    """
    people = book.same_of_many(conn, sorted(customer_ids))
    rows = {row for same in people.values() for row in same}
    return sum(_rewarded(conn, ask, one) for one in referrals.waiting(conn, rows))


def _rewarded(conn: Connection, ask: Ask, one: Referral) -> int:
    fill = given.first_fill(conn, book.same(conn, one.customer_id))
    if fill is None:
        return 0
    sale_id, day = fill
    is_closed = day < one.made_day or _is_odd(conn, ask, one.customer_id, one.referred_by)
    due = Due(one.referred_by, f"{one.customer_id}:{sale_id}", one.station_id)
    done = 0 if is_closed else gifts.give(conn, ask, Event.REFERRAL, [due])
    if done:
        referrals.settle(conn, one.customer_id, State.REWARDED, sale_id=sale_id, day=day)
    else:
        referrals.settle(conn, one.customer_id, State.CLOSED)
    return done


def take_back(conn: Connection, ask: Ask, sale_ids: Collection[int]) -> int:
    """Return for how many of these fills, which count no more, points were taken back.

    The next fill that earns is then the first one.
    """
    found = referrals.of_sales(conn, sale_ids)
    for one in found:
        cause = Due(one.referred_by, f"{one.customer_id}:{one.sale_id}").cause(Event.REFERRAL)
        most = ask.settings.ledger.most_points
        crediting.take_back(conn, ask, [Taking(cause, of=cause, points=most)])
        referrals.settle(conn, one.customer_id, State.WAITING)
    return len(found)


def _is_odd(conn: Connection, ask: Ask, new_id: int, by_id: int) -> bool:
    """Return whether two are one person or tied as one, or brought each other in a circle."""
    new, by = book.sure(conn, new_id), book.sure(conn, by_id)
    if by.erased_at is not None or {*new.ids} & {*by.ids}:
        return True
    shares_phone = bool(_phones(ask, new) & _phones(ask, by))
    shares_thing = bool(_things(conn, new) & _things(conn, by))
    return shares_phone or shares_thing or _comes_round(conn, new, by)


def _phones(ask: Ask, customer: Customer) -> set[str]:
    told = (sealing.unseal_contact(ask.db, contact)[1] for contact in customer.contacts)
    return {phone for phone in told if phone}


def _things(conn: Connection, customer: Customer) -> set[object]:
    """Return the vehicles and the cards that ever were a customer's."""
    vehicles = {span.vehicle_id for span in book.spans(conn, customer.id)}
    return vehicles | {*person.cards_of(conn, customer.id)["number"]}


def _comes_round(conn: Connection, new: Customer, by: Customer) -> bool:
    """Return whether a new member brought whoever brings him, himself or through others."""
    seen, asked = set(by.ids), set(by.ids)
    while asked:
        brought_by = {one.referred_by for one in referrals.of_members(conn, asked)}
        people = book.same_of_many(conn, sorted(brought_by))
        asked = {row for same in people.values() for row in same} - seen
        seen |= asked
    return bool(seen & {*new.ids})
