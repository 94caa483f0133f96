"""A member brings a new one, and is given points once that one has filled up."""

from collections.abc import Collection
from time import time

from station.archive.customers import book, person
from station.archive.customers.book import Customer
from station.archive.database import Connection
from station.archive.points import awards, chain, given, referrals
from station.archive.points.awards import Sold
from station.archive.points.given import Fill
from station.archive.points.referrals import Referral, State
from station.errors import BadValueError
from station.model import day_number
from station.services.access import today
from station.services.ask import Ask
from station.services.personal import sealing
from station.services.points import crediting, gifts
from station.services.points.crediting import Taking
from station.services.points.gifts import Due, Event

LIVE = (State.WAITING, State.REWARDED, State.MERGED)
"""The referrals of which something may still become."""


def bring(conn: Connection, ask: Ask, customer_id: int, by: int, station_id: int) -> None:
    """Write down who brought a new customer (0: nobody), within the write that makes him.

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

    To be asked in the write in which they earned. It is given for a first fill of some worth, after
    the day on which somebody was brought; who had filled up before was not new. What was claimed by
    its receipt is no fill: whoever stands at the till could bring a new member of every receipt.
    """
    people = book.same_of_many(conn, sorted(customer_ids))
    rows = {row for same in people.values() for row in same}
    return sum(_rewarded(conn, ask, one) for one in referrals.waiting(conn, rows))


def _rewarded(conn: Connection, ask: Ask, one: Referral) -> int:
    his = book.same(conn, one.customer_id)
    before = given.first_fill(conn, his, 0)
    if before is None:
        return 0
    if State.REWARDED in {other.state for other in referrals.of_members(conn, his)}:
        referrals.settle(conn, one.customer_id, State.MERGED)
        return 0
    if before.day < one.made_day or _is_odd(conn, ask, one.customer_id, one.referred_by):
        referrals.settle(conn, one.customer_id, State.CLOSED)
        return 0
    fill = given.first_fill(conn, his, ask.settings.programme.first_fill_minor)
    return _given_for(conn, ask, one, fill) if fill else 0


def _given_for(conn: Connection, ask: Ask, one: Referral, fill: Fill) -> int:
    due = _dues(conn, one, fill.sale_id)[-1]
    done = gifts.give(conn, ask, Event.REFERRAL, [due])
    if done:
        sale_id, day = fill.sale_id, fill.day
        referrals.settle(conn, one.customer_id, State.REWARDED, sale_id=sale_id, day=day)
    else:
        referrals.settle(conn, one.customer_id, State.CLOSED)
    return done


def take_back(
    conn: Connection, ask: Ask, customer_ids: Collection[int], lines: Collection[Sold]
) -> int:
    """Return for how many of these members, of whose lines less is left, points went back.

    The next fill that earns is then the first one.
    """
    people = book.same_of_many(conn, sorted(customer_ids))
    rows = {row for same in people.values() for row in same}
    found = [one for one in referrals.of_members(conn, rows) if one.state is State.REWARDED]
    changed = {(line.station_id, line.day) for line in lines}
    gone = [one for one in found if _is_gone(conn, ask, one, changed)]
    _undo(conn, ask, gone, State.WAITING)
    return len(gone)


def _is_gone(
    conn: Connection, ask: Ask, one: Referral, changed: Collection[tuple[int, int]]
) -> bool:
    """Return whether a fill is one of the changed ones, by place and day, and too little by now."""
    sale_id, least = one.sale_id or 0, max(1, ask.settings.programme.first_fill_minor)
    fills = {(line.station_id, line.day) for line in awards.as_sold(conn, [sale_id])}
    his = book.same(conn, one.customer_id)
    return bool(fills & {*changed}) and given.still_costs(conn, his, sale_id) < least


def _undo(conn: Connection, ask: Ask, rewarded: Collection[Referral], state: State) -> None:
    """Take back what was given for these referrals, and let them be in another state."""
    taken = []
    for one in rewarded:
        cause = _dues(conn, one, one.sale_id or 0)[-2].cause(Event.REFERRAL)
        taken.append(Taking(cause, cause, ask.settings.ledger.most_points))
        referrals.settle(conn, one.customer_id, state)
    crediting.take_back(conn, ask, taken)


def joined(conn: Connection, ask: Ask, customer_id: int) -> None:
    """Let a member whose records were merged have been brought once, and by somebody else.

    Nothing is given for it. Of two rewards the later one goes back, if need be as a debt: that two
    records are one person is true whatever was paid, so the merge is not refused for it.
    """
    his = book.same(conn, customer_id)
    live = [one for one in referrals.of_members(conn, his) if one.state in LIVE]
    first = min((one for one in live if one.referred_by not in his), key=_order, default=None)
    second = [one for one in live if one is not first]
    _undo(conn, ask, [one for one in second if one.state is State.REWARDED], State.MERGED)
    for one in second:
        referrals.settle(conn, one.customer_id, State.MERGED)


def _order(one: Referral) -> tuple[bool, int, int]:
    """Return which of several referrals of a person counts: a rewarded one, then the oldest."""
    return one.state is not State.REWARDED, one.made_at, one.customer_id


def parted(conn: Connection, ask: Ask, customer_ids: Collection[int]) -> None:
    """Let members whose merge was undone be brought each for himself, as if it had never been."""
    for customer_id in customer_ids:
        his = book.same(conn, customer_id)
        mine = referrals.of_members(conn, his)
        foreign = [one for one in mine if one.state is State.REWARDED and not _owns(conn, his, one)]
        _undo(conn, ask, foreign, State.WAITING)
        for one in mine:
            if one.state is State.MERGED:
                referrals.settle(conn, one.customer_id, State.WAITING)
        joined(conn, ask, customer_id)  # he may be one with others still
    reward(conn, ask, customer_ids)


def _owns(conn: Connection, his: Collection[int], one: Referral) -> bool:
    """Return whether the fill for which a member was rewarded is one of his."""
    return any(
        award.customer_id in his for award in awards.of_sales(conn, [one.sale_id or 0]).values()
    )


def _dues(conn: Connection, one: Referral, sale_id: int) -> list[Due]:
    """Return what was given for a fill of a new member, and last what would be given next.

    A fill that is taken back and comes again is rewarded again, under another key.
    """
    dues = [Due(one.referred_by, f"{one.customer_id}:{sale_id}", one.station_id)]
    while chain.by_key(conn, crediting.EARN + dues[-1].cause(Event.REFERRAL)) is not None:
        about = f"{one.customer_id}:{sale_id}:{len(dues)}"
        dues.append(Due(one.referred_by, about, one.station_id))
    return dues


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
