"""Whose was a sale on its day? By the card shown, else by the vehicle that was filled."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection, and_, case, func, select

from station.archive.customers import book
from station.archive.customers.book import FOREVER, Tie
from station.archive.customers.stands import stands
from station.archive.keys import ALWAYS, NAME, named
from station.archive.points.awards import Sold
from station.archive.rows import slices
from station.archive.tables import card_links, cards, customers, vehicle_keys


class Buyer(NamedTuple):
    """Who stands for whoever bought, and since when he is known."""

    customer_id: int
    made_at: int | None
    since_day: int | None
    erased_at: int | None


class _Link(NamedTuple):
    """A card's link to a customer, or to a vehicle alone."""

    customer_id: int | None
    vehicle_id: int | None
    from_day: int
    to_day: int


class _Turn(NamedTuple):
    """A vehicle and the days on which it bore a key."""

    vehicle_id: int
    from_day: int
    to_day: int


Dated = TypeVar("Dated", _Link, _Turn, Tie)


def of_lines(conn: Connection, lines: Sequence[Sold]) -> dict[int, Buyer]:
    """Return who bought each of these lines, by its number; those of nobody are left out.

    Of two links that hold at once the newer counts; who was found to be somebody else is him. One
    who was erased is told as such: the sale is nobody's, but not anybody's either.
    """
    links = _links(conn, {line.card_no for line in lines} - {""})
    turns = _turns(conn, {line.key_id for line in lines if line.key_id is not None})
    vehicles = {turn.vehicle_id for some in turns.values() for turn in some}
    vehicles |= {link.vehicle_id for some in links.values() for link in some if link.vehicle_id}
    ties: dict[int, list[Tie]] = defaultdict(list)
    for tie in book.ties_of(conn, sorted(vehicles)):
        ties[tie.vehicle_id].append(tie)
    found: dict[int, int] = {}
    for line in lines:
        customer_id = _by_card(links.get(line.card_no, ()), ties, line.day)
        if customer_id is None and (turn := _on(turns.get(line.key_id or 0, ()), line.day)):
            customer_id = _holder(ties.get(turn.vehicle_id, ()), line.day)
        if customer_id is not None:
            found[line.sale_id] = customer_id
    who = known(conn, set(found.values()))
    return {sale_id: who[customer_id] for sale_id, customer_id in found.items()}


def _by_card(links: Iterable[_Link], ties: Mapping[int, list[Tie]], day: int) -> int | None:
    link = _on(links, day)
    if link is None or link.customer_id is not None:
        return link.customer_id if link else None
    return _holder(ties.get(link.vehicle_id or 0, ()), day)


def _holder(ties: Collection[Tie], day: int) -> int | None:
    """Return whose a vehicle was on a day, as `book.held` tells: its owner's, else by its card."""
    tie = _on([tie for tie in ties if not tie.by_card], day)
    tie = tie or _on([tie for tie in ties if tie.by_card], day)
    return tie.customer_id if tie else None


def _on(dated: Iterable[Dated], day: int) -> Dated | None:
    """Return which of them held on a day; the one that began last, of equals the newest."""
    found: Dated | None = None
    for one in dated:
        if one.from_day <= day < one.to_day and (found is None or one.from_day >= found.from_day):
            found = one
    return found


def _links(conn: Connection, numbers: Collection[str]) -> dict[str, list[_Link]]:
    """Return the links of each of these cards, in the order in which they were made."""
    found: dict[str, list[_Link]] = defaultdict(list)
    query = (
        select(
            cards.c.number,
            stands(),
            card_links.c.vehicle_id,
            card_links.c.from_day,
            func.coalesce(card_links.c.to_day, FOREVER),
        )
        .select_from(cards)
        .join(card_links)
        .outerjoin(customers, customers.c.id == card_links.c.customer_id)
        .order_by(card_links.c.id)
    )
    for some in slices(sorted(numbers)):
        for number, *link in conn.execute(query.where(cards.c.number.in_(some))):
            found[number].append(_Link(*link))
    return found


def _turns(conn: Connection, key_ids: Collection[int]) -> dict[int, list[_Turn]]:
    """Return which vehicle bore each of these keys from which day on."""
    key, found = vehicle_keys.c, defaultdict[int, list[_Turn]](list)
    query = (
        select(
            named.c.id,
            key.vehicle_id,
            case((key.valid_from_day == 0, ALWAYS), else_=key.valid_from_day),
            func.coalesce(key.valid_to_day, FOREVER),
        )
        .join_from(named, vehicle_keys, and_(*(key[name] == named.c[name] for name in NAME)))
        .order_by(key.id)
    )
    for some in slices(sorted(key_ids)):
        for key_id, *turn in conn.execute(query.where(named.c.id.in_(some))):
            found[key_id].append(_Turn(*turn))
    return found


def known(conn: Connection, customer_ids: Collection[int]) -> dict[int, Buyer]:
    """Return these customers as buyers, by their ids."""
    columns = [customers.c[name] for name in ("id", "made_at", "since_day", "erased_at")]
    return {
        row.id: Buyer(*row)
        for some in slices(sorted(customer_ids))
        for row in conn.execute(select(*columns).where(customers.c.id.in_(some)))
    }
