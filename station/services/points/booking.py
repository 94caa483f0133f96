"""One way to book points: in the turn to write, once for each key, drawn from what is there now."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import time

from station.archive import stations
from station.archive.customers import book as customers
from station.archive.database import Connection
from station.archive.points import chain, lots
from station.archive.points.chain import Booked, Posting
from station.errors import BadValueError, KeyReusedError, NotFoundError, PointsError
from station.loyalty import ledger
from station.loyalty.expiry import day_at
from station.loyalty.ledger import LedgerRules, Purse
from station.loyalty.programme import Version
from station.model import (
    DAY_S,
    Act,
    LotPart,
    PointAccount,
    PointDraft,
    PointMove,
)
from station.services import trail
from station.services.access import acting
from station.services.ask import Ask
from station.services.customers import contacts
from station.services.points import rules

KEY = re.compile(r"[\x21-\x7e]{8,100}")
"""How a caller's key must look: no blank, long enough that nobody hits it by chance."""
SPENDING = frozenset({PointMove.REDEEM, PointMove.HOLD, PointMove.CONFIRM, PointMove.TRANSFER})
"""What is refused while the ledger was not proved sound."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a member is told: the transaction's number, of how many points, and what is left."""

    number: int
    move: PointMove
    points: int
    balance: int
    at: int
    until_at: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What a caller asks for under a key; `facts` are what must be the same if it comes again."""

    key: str
    move: PointMove
    facts: Mapping[str, object] = field(default_factory=dict)
    reason: str = ""

    @property
    def hash(self) -> str:
        """What the ledger keeps of it beside the key."""
        words = json.dumps([self.move, self.facts], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(words.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Order:
    """A draft of what a customer holds, and what is noted beside it."""

    purse: Purse
    draft: PointDraft
    station_id: int | None = None
    closes: int | None = None
    until_at: int | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """One booking under way: who has the turn to write, at which instant of which day."""

    conn: Connection
    ask: Ask
    at: int
    day: int

    def station(self, code: str) -> int:
        """Return the id of the station at which points are moved; not there or in sight: refuse."""
        return station_of(self.conn, self.ask, code)

    def purse(self, customer_id: int) -> Purse:
        """Return what a customer holds; holds whose time is over have gone back before."""
        rows = customers.same(self.conn, customer_id)
        for number in lots.holds_over(self.conn, rows, self.at):
            release(self, number)
        return self.seen(customer_id, rows)

    def seen(self, customer_id: int, rows: Sequence[int]) -> Purse:
        """Return what the records of a customer hold."""
        return purse_of(self.conn, customer_id, rows, self.day)

    def purses(self, parts: Sequence[LotPart]) -> list[Purse]:
        """Return the purses of all whose lots the parts are of."""
        found: dict[tuple[int, ...], int] = {}
        for customer_id in lots.owners(self.conn, [part.lot_id for part in parts]):
            found.setdefault(tuple(customers.same(self.conn, customer_id)), customer_id)
        return [self.seen(one, rows) for rows, one in found.items()]

    def transaction(self, number: int, *moves: PointMove) -> Booked:
        """Return a transaction of one of these kinds, made here or for a customer in sight.

        A till is told of those of its own station only; what was set apart is closed where it was.

        Raises:
            NotFoundError: there is no such, or none in sight; both answer alike.
        """
        booked = chain.find(self.conn, number)
        if booked is None or booked.move not in moves:
            raise NotFoundError("points.no_transaction", number=number)
        if booked.station_id not in self.ask.scope.station_ids:
            if self.ask.scope.terminal_id or booked.move is PointMove.HOLD:
                raise NotFoundError("points.no_transaction", number=number)
            try:
                contacts.in_sight(self.conn, self.ask, booked.customer_id)
            except NotFoundError as error:
                raise NotFoundError("points.no_transaction", number=number) from error
        return booked

    def next_number(self) -> int:
        """Return the number that the next transaction will have."""
        return chain.head(self.conn).id + 1

    def refuse_closed(self, number: int) -> None:
        """Refuse to close a transaction a second time.

        Raises:
            PointsError: it was confirmed, released or reversed before.
        """
        if chain.closing(self.conn, number) is not None:
            raise PointsError("points.closed", number=number)

    def post(self, order: Order, key: str, request_hash: str = "") -> Receipt:
        """Return the receipt of an order, now booked; what is left is told of its customer."""
        purse = order.purse
        plain = self.posting(
            key, order.draft, purse.customer_id, purse.after(order.draft).balance, order.station_id
        )
        posting = replace(
            plain, request_hash=request_hash, closes=order.closes, until_at=order.until_at
        )
        (booked,) = chain.append(self.conn, [posting])
        return receipt(booked)

    def posting(
        self, key: str, draft: PointDraft, customer_id: int, balance: int, station_id: int | None
    ) -> Posting:
        """Return a draft as it is booked now, by whoever asks."""
        return Posting(
            key=key,
            request_hash="",
            draft=draft,
            customer_id=customer_id,
            at=self.at,
            day=self.day,
            account=self.ask.scope.account,
            balance=balance,
            station_id=station_id,
        )


Draw = Callable[[Desk], Order]


def book(ask: Ask, request: Request, draw: Draw) -> Receipt:
    """Return the receipt of what is asked for; the same again under its key changes nothing.

    Raises:
        BadValueError: the key is none.
        KeyReusedError: the key stood for something else, or was another's.
        PointsError: the points cannot move so.
    """
    if not KEY.fullmatch(request.key):
        raise BadValueError("points.bad_key")
    with acting(ask) as conn:
        return book_within(conn, ask, request, draw)


def book_within(conn: Connection, ask: Ask, request: Request, draw: Draw) -> Receipt:
    """Return the receipt of what is asked for, booked in the caller's own write."""
    key = key_of(ask, request.move, request.key)
    before = chain.by_key(conn, key)
    if before is not None:
        if before.request_hash != request.hash:
            raise KeyReusedError("points.key_reused")
        if before.account != ask.scope.account:
            raise KeyReusedError("points.key_of_another")
        return receipt(before)
    desk = desk_of(conn, ask, spends=request.move in SPENDING)
    order = draw(desk)
    told = desk.post(order, key, request.hash)
    what = f"points:{told.number}:{told.move}"
    trail.note(
        conn,
        ask.scope,
        Act.CHANGE,
        what,
        station_id=order.station_id or trail.place_of(ask.scope),
        count=told.points,
        reason=request.reason,
    )
    return told


def key_of(ask: Ask, move: PointMove, key: str) -> str:
    """Return how a caller's key stands in the ledger.

    Terminals choose alike, and one may use a key again for another kind of deed: theirs stand apart
    from each other, and by a blank from whatever key a person may send.
    """
    terminal_id = ask.scope.terminal_id
    return chain.BY_CALLER + (f"t{terminal_id} {move} " if terminal_id else "") + key


def desk_of(conn: Connection, ask: Ask, *, spends: bool = False, now_s: int | None = None) -> Desk:
    """Return a booking under way; its time never lies before the newest transaction's.

    Raises:
        PointsError: the clock is far behind, or points are to be spent of an unsound ledger.
    """
    end, slack_days = chain.head(conn), ask.settings.ledger.clock_slack_days
    now_s = int(time()) if now_s is None else now_s
    if now_s < end.at - slack_days * DAY_S:
        raise PointsError("points.clock_behind")
    if spends and not end.is_sound:
        raise PointsError("points.unsound")
    at = max(now_s, end.at)
    return Desk(conn, ask, at, max(day_at(at, ask.settings.programme.zone), end.day))


def station_of(conn: Connection, ask: Ask, code: str) -> int:
    """Return the id of a station in sight.

    Raises:
        NotFoundError: it is not there, or not in sight; both answer alike.
    """
    station_id = stations.ids(conn).get(code)
    if station_id is None or station_id not in ask.scope.station_ids:
        raise NotFoundError("error.station_not_found", station=code)
    return station_id


def now() -> int:
    """Return this instant."""
    return int(time())


def rules_on(conn: Connection, ask: Ask, day: int) -> Version | None:
    """Return the rules that hold on a day of the programme, none before the first start.

    Raises:
        PointsError: what the rules said while they held was changed.
    """
    return rules.read(conn, ask).on(day)


def today(zone: str) -> int:
    """Return which day of the programme it is now."""
    return day_at(int(time()), zone)


def purse_of(conn: Connection, customer_id: int, rows: Sequence[int], day: int) -> Purse:
    """Return what the records of a customer hold on a day."""
    frozen = lots.is_frozen(conn, rows)
    return Purse(customer_id, day, lots.of_customers(conn, rows), is_frozen=frozen)


def seen_now(conn: Connection, ask: Ask, customer_id: int) -> Purse:
    """Return what a customer holds now; holds whose time is over count as gone back."""
    now_s = int(time())
    day = day_at(now_s, ask.settings.programme.zone)
    rows = customers.same(conn, customer_id)
    purse = purse_of(conn, customer_id, rows, day)
    for number in lots.holds_over(conn, rows, now_s):
        parts = lots.parts(conn, number, PointAccount.HELD)
        purse = purse.after(ledger.release([purse], parts))
    return purse


def release(desk: Desk, number: int) -> Receipt:
    """Return the receipt of a hold that goes back by itself."""
    hold = chain.sure(desk.conn, number)
    parts = lots.parts(desk.conn, number, PointAccount.HELD)
    draft = ledger.release(desk.purses(parts), parts)
    purse = desk.seen(hold.customer_id, customers.same(desk.conn, hold.customer_id))
    order = Order(purse, draft, hold.station_id, closes=number)
    return desk.post(order, f"release:{number}")


def receipt(booked: Booked) -> Receipt:
    """Return what is told of a transaction."""
    return Receipt(
        booked.id, booked.move, booked.points, booked.balance, booked.at, booked.until_at
    )


def possible(points: int, rules: LedgerRules) -> int:
    """Return a number of points.

    Raises:
        BadValueError: it is none, or so large that it was mistyped.
    """
    if not 0 < points <= rules.most_points:
        raise BadValueError("points.bad_number", most=rules.most_points)
    return points
