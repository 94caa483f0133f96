"""Sales earn, and refunds take back: within the write that brings them in, once for each cause."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from station.archive.customers import book, stands
from station.archive.database import Connection
from station.archive.points import chain, lots
from station.archive.points.chain import Posting
from station.loyalty import ledger
from station.loyalty.ledger import Earning, Purse
from station.model import Lot, PointDraft
from station.services.ask import Ask
from station.services.points import booking

EARN, REFUND = "earn:", "refund:"
"""How the keys of what sales cause begin; the cause follows, such as the number of the sale."""


@dataclass(frozen=True, slots=True)
class Credit:
    """An earning of a customer at a station."""

    customer_id: int
    station_id: int | None
    earning: Earning


def credit(conn: Connection, ask: Ask, given: Sequence[Credit], *, are_new: bool = False) -> int:
    """Return how many of these earnings were booked; what was booked before is left as it is.

    Whoever knows that they `are_new` spares the ledger the search; it refuses them if they are not.
    """
    keys = set() if are_new else chain.known(conn, [EARN + one.earning.cause for one in given])
    new = {one.earning.cause: one for one in given if EARN + one.earning.cause not in keys}
    if not new:
        return 0
    desk = booking.desk_of(conn, ask)
    people = people_of(conn, [one.customer_id for one in new.values()])
    held = _pockets(conn, people, desk.day)
    postings = []
    for one in new.values():
        pocket = held[people[one.customer_id][0]]
        draft = pocket.filled(one)
        key = EARN + one.earning.cause
        postings.append(desk.posting(key, draft, one.customer_id, pocket.balance, one.station_id))
    chain.append(conn, postings)
    return len(postings)


def people_of(conn: Connection, customer_ids: Collection[int]) -> dict[int, list[int]]:
    """Return like `book.same_of_many`; asks who was merged at all, which few are."""
    merged = stands.merged(conn)
    rows: dict[int, list[int]] = defaultdict(list)
    for gone, end in sorted(merged.items()):
        rows[end].append(gone)
    ends = {one: merged.get(one, one) for one in customer_ids}
    return {one: [end, *rows.get(end, ())] for one, end in ends.items()}


@dataclass(slots=True)
class _Pocket:
    """What somebody may spend, by one sum, and apart from it the lots of which he owes.

    An earning asks for no other of his lots, however many he has.
    """

    purse: Purse
    counting: int

    @property
    def balance(self) -> int:
        """What he may spend now."""
        return max(0, self.counting - self.purse.debt)

    def filled(self, one: Credit) -> PointDraft:
        """Return how an earning is booked, now counted."""
        owing, owed = self.purse.of(one.customer_id), self.purse.debt
        draft = ledger.earn(owing, one.earning)
        if owed:
            self.purse = owing.after(draft)
        (lot,) = draft.opened
        if ledger.last_day(lot) >= self.purse.day:
            self.counting += lot.points - (owed - self.purse.debt)
        return draft


def _pockets(conn: Connection, people: dict[int, list[int]], day: int) -> dict[int, _Pocket]:
    """Return what each person may spend and owes, by the record that stands for him."""
    owner = {one: rows[0] for rows in people.values() for one in rows}
    his: dict[int, list[Lot]] = {first: [] for first in owner.values()}
    counting = dict.fromkeys(his, 0)
    owing = set[int]()
    for customer_id, left, owed in lots.sums(conn, sorted(owner), day):
        counting[owner[customer_id]] += left
        owing |= {customer_id} if owed else set()
    for lot in lots.of_customers(conn, sorted(owing)):
        if lot.owed:
            his[owner[lot.customer_id]].append(lot)
    return {
        first: _Pocket(Purse(first, day, tuple(some)), counting[first])
        for first, some in his.items()
    }


@dataclass(frozen=True, slots=True)
class Taking:
    """So many points of an earning (by its cause) that go back for a cause of their own."""

    cause: str
    of: str
    points: int


def take_back(conn: Connection, ask: Ask, taken: Sequence[Taking]) -> int:
    """Return how many points were taken back; a refund that was booked before changes nothing.

    Never more is taken back of an earning than it yielded.
    """
    known = chain.known(conn, [REFUND + one.cause for one in taken])
    new = [one for one in taken if REFUND + one.cause not in known]
    earned = chain.of_keys(conn, [EARN + one.of for one in new])
    new = [one for one in new if EARN + one.of in earned]
    if not new:
        return 0
    desk = booking.desk_of(conn, ask)
    people = book.same_of_many(conn, [one.customer_id for one in earned.values()])
    lot_of = lots.opened_by_many(conn, [one.id for one in earned.values()])
    held = _purses(conn, people, desk.day)
    postings, total = list[Posting](), 0
    for one in new:
        booked = earned[EARN + one.of]
        first, lot_id = people[booked.customer_id][0], lot_of[booked.id]
        purse = held[first].of(booked.customer_id)
        points = min(one.points, purse.lot(lot_id).points - purse.lot(lot_id).taken)
        if points <= 0:
            continue
        draft = ledger.refund(purse, lot_id, points)
        held[first] = purse.after(draft)
        total += points
        postings.append(
            desk.posting(
                REFUND + one.cause,
                draft,
                booked.customer_id,
                held[first].balance,
                booked.station_id,
            )
        )
    chain.append(conn, postings)
    return total


def _purses(conn: Connection, people: dict[int, list[int]], day: int) -> dict[int, Purse]:
    """Return what each person holds, by the record that stands for him."""
    owner = {one: rows[0] for rows in people.values() for one in rows}
    his: dict[int, list[Lot]] = {first: [] for first in owner.values()}
    for lot in lots.of_customers(conn, sorted(owner)):
        his[owner[lot.customer_id]].append(lot)
    return {first: Purse(first, day, tuple(some)) for first, some in his.items()}
