"""Whose is a vehicle on a day, where is a customer known, and who looks after him."""

import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)

from station.archive.customers.sealed import Contact, contact_of
from station.archive.customers.stands import stands
from station.archive.keys import borne, named
from station.archive.rows import slices
from station.archive.tables import (
    accounts,
    card_links,
    cards,
    customers,
    sales,
    vehicle_keys,
    vehicle_owners,
)
from station.archive.views import visible
from station.model import DAY_S, KeyKind, OwnerKind

FOREVER = 10_000_000
"""A day after every other: the end of what has not ended."""
CODE_SIGNS, CODE_LENGTH = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ", 8


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer, of however many rows; name and phone came sealed and leave sealed.

    What the row that stands does not tell, one that was found to be the same tells. `ids`, `codes`
    and `contacts` are those of all his rows, the one that stands first.
    """

    id: int
    code: str
    is_organisation: bool
    owner_kind: str
    organisation_name: str
    station_id: int | None
    since_day: int | None
    keeper_id: int | None
    keeper: str
    erased_at: int | None
    contact: Contact
    ids: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    contacts: tuple[Contact, ...] = ()
    registered: frozenset[int] = frozenset()

    @property
    def has_contact(self) -> bool:
        """Whether a name or a phone is kept of him."""
        return bool(self.contact.name_sealed or self.contact.phone_sealed)


class NewCustomer(NamedTuple):
    """A customer as he is made by hand; how he is reached is put by `sealed.put_contacts`."""

    is_organisation: bool
    owner_kind: str
    organisation_name: str
    station_id: int | None
    since_day: int | None
    keeper_id: int | None
    made_by: str
    made_at: int


class Called(NamedTuple):
    """By what a customer is called, whichever of his rows tells it; `name_of` is sealed as its."""

    code: str
    organisation_name: str
    name_sealed: bytes | None
    name_of: int


class Span(NamedTuple):
    """A vehicle, from the first day on which it was a customer's to the first on which not."""

    vehicle_id: int
    from_day: int
    to_day: int


class Tie(NamedTuple):
    """A dated link of a vehicle to a customer, by its papers or by a card."""

    vehicle_id: int
    customer_id: int
    from_day: int
    to_day: int
    by_card: bool


_one = customers.alias("one")
_first = select(stands(_one)).where(_one.c.id == bindparam("customer_id")).scalar_subquery()
_OF_PERSON = or_(customers.c.id == _first, customers.c.merged_into == _first)
_IN_ORDER = (customers.c.merged_into.is_not(None), customers.c.id)
_FOUND = (
    select(customers, accounts.c.name.label("keeper"))
    .outerjoin(accounts, accounts.c.id == customers.c.keeper_id)
    .where(_OF_PERSON)
    .order_by(*_IN_ORDER)
)
_SAME = select(customers.c.id).where(_OF_PERSON).order_by(*_IN_ORDER)


def find(conn: Connection, customer_id: int) -> Customer | None:
    """Return a customer with all that was found to be him, none if there is none."""
    rows = conn.execute(_FOUND, {"customer_id": customer_id}).all()
    return _customer(rows) if rows else None


def sure(conn: Connection, customer_id: int) -> Customer:
    """Return a customer of whom it is known that there is one.

    Raises:
        LookupError: there is none after all.
    """
    customer = find(conn, customer_id)
    if customer is None:
        raise LookupError(customer_id)
    return customer


def _customer(rows: Sequence[Any]) -> Customer:
    """Return the one customer of these rows: what stands first counts, then the others."""

    def told(name: str, *silent: object) -> Any:
        values = [getattr(row, name) for row in rows]
        return next((value for value in values if value not in {None, *silent}), values[0])

    first = rows[0]
    return Customer(
        id=first.id,
        code=first.code,
        is_organisation=bool(first.is_organisation),
        owner_kind=told("owner_kind", OwnerKind.UNKNOWN.value),
        organisation_name=told("organisation_name", ""),
        station_id=told("station_id"),
        since_day=told("since_day"),
        keeper_id=told("keeper_id"),
        keeper=told("keeper") or "",
        erased_at=first.erased_at,
        contact=contact_of(*rows),
        ids=tuple(row.id for row in rows),
        codes=tuple(row.code for row in rows),
        contacts=tuple(contact_of(row) for row in rows),
        registered=frozenset(row.station_id for row in rows if row.station_id is not None),
    )


def same(conn: Connection, customer_id: int) -> list[int]:
    """Return the ids of all customers that were found to be this one, the one that stands first."""
    return list(conn.execute(_SAME, {"customer_id": customer_id}).scalars())


def same_of_many(conn: Connection, customer_ids: Sequence[int]) -> dict[int, list[int]]:
    """Return of each of these customers the ids of all that were found to be him, like `same`."""
    ends: dict[int, int] = {}
    for some in slices(sorted(set(customer_ids))):
        query = select(customers.c.id, stands()).where(customers.c.id.in_(some))
        ends |= {int(one): int(end) for one, end in conn.execute(query)}
    rows: dict[int, list[int]] = {end: [end] for end in ends.values()}
    for some in slices(sorted(rows)):
        gone = select(customers.c.merged_into, customers.c.id).where(
            customers.c.merged_into.in_(some)
        )
        for end, one in conn.execute(gone.order_by(customers.c.id)):
            rows[end].append(int(one))
    return {one: rows[end] for one, end in ends.items()}


def erased(conn: Connection, customer_ids: Collection[int]) -> set[int]:
    """Return who of these was erased."""
    found: set[int] = set()
    for some in slices(sorted(set(customer_ids))):
        gone = customers.c.id.in_(some) & _one.c.erased_at.is_not(None)
        query = select(customers.c.id).join(_one, _one.c.id == stands()).where(gone)
        found |= set(conn.execute(query).scalars())
    return found


def called(conn: Connection, customer_ids: Collection[int]) -> dict[int, Called]:
    """Return by what each of these customers is called: what stands first counts, then the rest."""
    own = _names(conn, customers.c.id, customer_ids)
    ends = {row.id: row.merged_into or row.id for row in own}
    first = {
        row.id: row for row in [*own, *_names(conn, customers.c.id, {*ends.values()} - {*ends})]
    }
    gone: dict[int, list[Any]] = defaultdict(list)
    for row in _names(conn, customers.c.merged_into, {*ends.values()}):
        gone[row.merged_into].append(row)
    return {one: _called(first[end], *gone.get(end, ())) for one, end in ends.items()}


def _names(conn: Connection, column: Column[int], values: Collection[int]) -> list[Any]:
    """Return what rows of customers with these values tell of names, in the order of their ids."""
    names = ("id", "merged_into", "code", "organisation_name", "name_sealed")
    query = select(*[customers.c[name] for name in names]).order_by(customers.c.id)
    return [
        row
        for some in slices(sorted(values))
        for row in conn.execute(query.where(column.in_(some)))
    ]


def _called(first: Any, *others: Any) -> Called:
    rows = [first, *others]
    named = next((row for row in rows if row.name_sealed is not None), first)
    company = next((row.organisation_name for row in rows if row.organisation_name), "")
    return Called(first.code, company, named.name_sealed, named.id)


def id_of(conn: Connection, code: str) -> int | None:
    """Return the id of the customer who has this code or had it, none if there is none."""
    return conn.execute(select(stands()).where(customers.c.code == code)).scalar()


def name_of(conn: Connection, customer_id: int) -> str:
    """Return how an organisation's own record calls it, nothing of a person."""
    query = select(customers.c.organisation_name).where(customers.c.id == customer_id)
    return str(conn.execute(query).scalar() or "")


def add(conn: Connection, new: NewCustomer) -> int:
    """Return the id of a customer made by hand; his code is random and short enough to be read."""
    values = new._asdict() | {"code": _code(), "is_organisation": int(new.is_organisation)}
    return int(
        conn.execute(insert(customers).values(values).returning(customers.c.id)).scalar_one()
    )


def _code() -> str:
    return "S-" + "".join(secrets.choice(CODE_SIGNS) for _ in range(CODE_LENGTH))


def share(conn: Connection, station_id: int, keeper_id: int, *, every: int, rest: int = 0) -> None:
    """Give a keeper each so many-th customer registered at a station, by his id's remainder."""
    mine = (customers.c.station_id == station_id) & (customers.c.id % every == rest)
    conn.execute(update(customers).where(mine).values(keeper_id=keeper_id))


def keeper_of(conn: Connection, customer_id: int) -> int | None:
    """Return in whose care a row of a customer is, none for nobody's."""
    query = select(customers.c.keeper_id).where(customers.c.id == customer_id)
    return conn.execute(query).scalar()


def assign(conn: Connection, customer_id: int, keeper_id: int | None) -> None:
    """Give a customer into somebody's care, or into nobody's."""
    change = update(customers).where(customers.c.id == customer_id)
    conn.execute(change.values(keeper_id=keeper_id))


def holders(conn: Connection, vehicle_id: int) -> list[int]:
    """Return the customers whose the vehicle is now, its owner before the holders of its cards."""
    ties = [tie for tie in ties_of(conn, [vehicle_id]) if tie.to_day == FOREVER]
    return list(dict.fromkeys(tie.customer_id for tie in sorted(ties, key=lambda t: t.by_card)))


def vehicles_of(conn: Connection, customer_ids: Collection[int]) -> list[int]:
    """Return the vehicles that are these customers' now."""
    found = {span for customer_id in customer_ids for span in spans(conn, customer_id)}
    return sorted({span.vehicle_id for span in found if span.to_day == FOREVER})


def spans(conn: Connection, customer_id: int) -> list[Span]:
    """Return when which vehicle was a customer's; no two of a vehicle overlap.

    On each day a vehicle is its owner's; where none is known, the holder's of its card. Of two
    that hold at once the newer counts.
    """
    known: dict[int, list[Tie]] = defaultdict(list)
    ids = same(conn, customer_id)
    for tie in ties_of(conn, touched(conn, ids)):
        known[tie.vehicle_id].append(tie)
    return [span for ties in known.values() for span in held(ties, ids[0])]


def held(ties: Sequence[Tie], customer_id: int) -> list[Span]:
    """Return when a vehicle of these ties was the customer's; they come in order of their ids."""
    owned = [tie for tie in ties if not tie.by_card]
    carried = [tie for tie in ties if tie.by_card]
    return [
        *_parts(owned, customer_id, taken=[]),
        *_parts(carried, customer_id, taken=[_span(tie) for tie in owned]),
    ]


def _parts(ties: Iterable[Tie], customer_id: int, *, taken: Sequence[Span]) -> Iterator[Span]:
    """Yield the parts of the customer's ties that no newer tie and nothing taken covers."""
    order = sorted(ties, key=lambda tie: tie.from_day)
    for at, tie in enumerate(order, start=1):
        if tie.customer_id == customer_id:
            yield from _left(_span(tie), [*taken, *map(_span, order[at:])])


def _span(tie: Tie) -> Span:
    return Span(tie.vehicle_id, tie.from_day, tie.to_day)


def _left(span: Span, taken: Iterable[Span]) -> list[Span]:
    """Return what is left of a span outside those taken."""
    left = [span]
    for other in taken:
        left = [
            part._replace(from_day=start, to_day=end)
            for part in left
            for start, end in (
                (part.from_day, min(part.to_day, other.from_day)),
                (max(part.from_day, other.to_day), part.to_day),
            )
            if start < end
        ]
    return left


def touched(conn: Connection, ids: Collection[int]) -> list[int]:
    """Return the vehicles that were ever tied to one of these rows of a customer."""
    owned = select(vehicle_owners.c.vehicle_id).where(vehicle_owners.c.customer_id.in_(ids))
    carried = select(by_card()).select_from(card_links).join(cards)
    carried = carried.where(card_links.c.customer_id.in_(ids))
    found = {*conn.execute(owned).scalars(), *conn.execute(carried).scalars()}
    return sorted(int(vehicle_id) for vehicle_id in found - {None})


def by_card() -> ColumnElement[Any]:
    """Return the vehicle of a card's link: the one it is bound to, or the one known by it."""
    known_by = select(vehicle_keys.c.vehicle_id).where(
        vehicle_keys.c.kind == KeyKind.CARD.value, vehicle_keys.c.text == cards.c.number
    )
    return func.coalesce(card_links.c.vehicle_id, known_by.limit(1).scalar_subquery())


def ties_of(conn: Connection, vehicle_ids: Sequence[int]) -> list[Tie]:
    """Return every tie of these vehicles, to the customer that stands."""
    found = []
    for some in slices(vehicle_ids):
        owned = (
            select(
                vehicle_owners.c.vehicle_id,
                stands().label("customer_id"),
                vehicle_owners.c.from_day,
                vehicle_owners.c.to_day,
            )
            .join(customers)
            .where(vehicle_owners.c.vehicle_id.in_(some))
            .order_by(vehicle_owners.c.id)
        )
        found += [_tie(row, by_card=False) for row in conn.execute(owned)]
        found += [_tie(row, by_card=True) for row in conn.execute(_carried(some))]
    return found


def _carried(vehicle_ids: Sequence[int]) -> Select[Any]:
    """Find the ties by card; a card without a vehicle is looked up by its number."""
    numbers = select(vehicle_keys.c.text).where(
        vehicle_keys.c.kind == KeyKind.CARD.value, vehicle_keys.c.vehicle_id.in_(vehicle_ids)
    )
    vehicle_id = by_card()
    return (
        select(
            vehicle_id.label("vehicle_id"),
            stands().label("customer_id"),
            card_links.c.from_day,
            card_links.c.to_day,
        )
        .select_from(card_links)
        .join(cards)
        .join(customers)
        .where(
            or_(
                card_links.c.vehicle_id.in_(vehicle_ids),
                and_(card_links.c.vehicle_id.is_(None), cards.c.number.in_(numbers)),
            ),
        )
        .order_by(card_links.c.id)
    )


def _tie(row: Any, *, by_card: bool) -> Tie:
    to_day = FOREVER if row.to_day is None else row.to_day
    return Tie(row.vehicle_id, row.customer_id, row.from_day, to_day, by_card)


def stations_of(conn: Connection, customer: Customer) -> frozenset[int]:
    """Return where a customer is registered, and where a vehicle of his came while it was his."""
    found = set(customer.registered)
    for his in within(spans(conn, customer.id)):
        lines = select(sales.c.station_id).join(named, named.c.id == sales.c.key_id)
        came = lines.join(vehicle_keys, borne(sales.c.local_at)).where(his, visible()).distinct()
        found |= set(conn.execute(came).scalars())
    return frozenset(found)


def within(his: Sequence[Span]) -> Iterator[ColumnElement[bool]]:
    """Yield conditions on lines joined with `keys.borne`; together they tell those of spans."""
    by_days: dict[tuple[int, int], list[int]] = defaultdict(list)
    for vehicle_id, from_day, to_day in his:
        by_days[from_day, to_day].append(vehicle_id)
    for (from_day, to_day), vehicle_ids in by_days.items():
        for some in slices(vehicle_ids):
            at = during(sales.c.local_at, from_day, to_day)
            yield and_(vehicle_keys.c.vehicle_id.in_(some), at)


def during(instant: Column[int], from_day: int, to_day: int) -> ColumnElement[bool]:
    """Return the condition that an instant lies between the beginnings of two days."""
    return and_(instant >= from_day * DAY_S, instant < to_day * DAY_S)
