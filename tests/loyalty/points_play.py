"""Random moves, made on the ledger and on the oracle beside it; both must answer alike."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from loyalty.points_oracle import FREE, HELD, LAPSED, SPENT, PointsOracle, Refused

from station.errors import PointsError
from station.loyalty import ledger
from station.loyalty.ledger import NEVER, Earning, Purse
from station.model import Lot, LotPart, PointAccount, PointDraft, PointMove

PEOPLE, MOST, DAYS = range(1, 5), 9, 25
LOTS_EVERY = 7
ODDLY = 0.06
"""How often something is asked that must be refused."""


class Store(Protocol):
    """Where drafts are booked: a dictionary here, the archive in another test."""

    def purse(self, row: int, rows: list[int], day: int) -> Purse: ...
    def book(self, row: int, draft: PointDraft, closes: int | None) -> int: ...
    def parts(self, move: int, account: PointAccount) -> list[LotPart]: ...


@dataclass
class Memory:
    """The shortest possible store of drafts."""

    lots: dict[int, Lot] = field(default_factory=dict)
    drafts: list[tuple[int, PointDraft]] = field(default_factory=list)

    def purse(self, row: int, rows: list[int], day: int) -> Purse:
        mine = tuple(lot for lot in self.lots.values() if lot.customer_id in rows)
        words = [d.move for who, d in self.drafts if who in rows and d.move in FROST]
        return Purse(row, day, mine, is_frozen=words[-1:] == [PointMove.FREEZE])

    def book(self, row: int, draft: PointDraft, closes: int | None) -> int:  # noqa: ARG002
        everybody = Purse(row, 0, tuple(self.lots.values()))
        after = everybody.after(draft, first_id=len(self.lots) + 1)
        self.lots = {lot.id: lot for lot in after.lots}
        self.drafts.append((row, draft))
        return len(self.drafts)

    def parts(self, move: int, account: PointAccount) -> list[LotPart]:
        entries = self.drafts[move - 1][1].entries
        return [LotPart(e.lot_id, e.points) for e in entries if e.account is account]


FROST = (PointMove.FREEZE, PointMove.THAW)


@dataclass
class Play:
    """One world of a few people; `marks` count what has been seen."""

    chance: random.Random
    store: Store
    oracle: PointsOracle = field(default_factory=PointsOracle)
    marks: Counter[str] = field(default_factory=Counter)
    merged: dict[int, int] = field(default_factory=dict)
    open_holds: list[tuple[int, int]] = field(default_factory=list)
    spendings: list[tuple[int, int]] = field(default_factory=list)
    earnings: list[tuple[int, int]] = field(default_factory=list)
    last_on: dict[int, PointMove] = field(default_factory=dict)
    row: int = 1
    closes: int | None = None
    kinds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.oracle.people = self.rows
        self.kinds = self.chance.choice((KINDS, LEAN))

    def step(self) -> None:
        """Do one thing in both worlds and compare what they say."""
        self.row = self.chance.choice(PEOPLE)
        kind = self.chance.choice(self.kinds)
        if kind in ASIDE:
            ASIDE[kind](self)
        else:
            self._move(kind)
        self.compare()
        if self.oracle.moves % LOTS_EVERY == 0:
            self.compare_lots()

    def _move(self, kind: str) -> None:
        self.closes = None
        plan = PLANS[kind](self)
        if plan is None:
            return
        draw, told, done = plan
        try:
            wanted: int | str = told()
        except Refused as refused:
            wanted = str(refused)
        try:
            draft = draw()
            said: int | str = "nothing" if draft is None else self._book(draft)
        except PointsError as error:
            said = error.key
        assert said == wanted, (kind, said, wanted)
        if isinstance(said, int):
            done(said)
        self.marks[f"{kind}: {'done' if isinstance(said, int) else said}"] += 1

    def _book(self, draft: PointDraft) -> int:
        assert sum(entry.points for entry in draft.entries) == 0
        move = self.store.book(self.row, draft, self.closes)
        for lot in {entry.lot_id for entry in draft.entries if entry.lot_id > 0}:
            if lot in self.last_on:
                self.marks[f"{self.last_on[lot]} then {draft.move}"] += 1
            self.last_on[lot] = draft.move
        return move

    def compare(self) -> None:
        """Let balance, debt and holds of everybody be what the oracle says."""
        for row in PEOPLE:
            rows = self.rows(row)
            purse, oracle = self.store.purse(row, rows, self.oracle.day), self.oracle
            said = (purse.balance, purse.debt, purse.held, purse.is_frozen)
            wanted = (oracle.balance(rows), oracle.debt(rows), oracle.held(rows))
            assert said == (*wanted, oracle.is_frozen(rows))

    def compare_lots(self) -> None:
        """Let every lot hold what the oracle says, point by point."""
        coins = Counter((coin.lot, coin.state) for coin in self.oracle.coins)
        for row in PEOPLE:
            for lot in self.store.purse(row, [row], self.oracle.day).lots:
                bag = self.oracle.bags[lot.id]
                said = (lot.left, lot.held, lot.lapsed, lot.owed, lot.taken)
                there = (coins[lot.id, state] for state in (FREE, HELD, LAPSED))
                assert said == (*there, bag.owed, bag.taken)

    def rows(self, row: int) -> list[int]:
        """Return all records of the person of a record."""
        end = self.merged.get(row, row)
        return [end, *(gone for gone, kept in self.merged.items() if kept == end)]

    @property
    def mine(self) -> list[int]:
        return self.rows(self.row)

    @property
    def purse(self) -> Purse:
        return self.store.purse(self.row, self.mine, self.oracle.day)

    def purses(self, parts: list[LotPart]) -> list[Purse]:
        """Return the purses of everybody whose lots the parts are of."""
        rows = {self.oracle.bags[part.lot_id].row for part in parts}
        everybody = {tuple(self.rows(row)): row for row in sorted(rows)}
        return [self.store.purse(row, list(his), self.oracle.day) for his, row in everybody.items()]

    def number(self) -> int:
        """Return how many points; now and then far too many or none."""
        if self.chance.random() < ODDLY:
            return self.chance.choice((0, -3, 10_000))
        return self.chance.randint(1, MOST)

    def last_day(self) -> int | None:
        if self.chance.random() < 0.1:
            return None
        return self.oracle.day + self.chance.randint(-2, DAYS)

    # --- what is not a move -------------------------------------------------------------------

    def tomorrow(self) -> None:
        self.oracle.day += self.chance.choice((1, 1, 1, 2, 7, -1))
        self.marks["tomorrow"] += 1

    def merge(self) -> None:
        kept = self.chance.choice(PEOPLE)
        tied = {*self.merged, *self.merged.values()}
        if kept != self.row and kept not in self.merged and self.row not in tied:
            self.merged[self.row] = kept
            self.marks["merge"] += 1

    def part(self) -> None:
        self.marks["part"] += self.merged.pop(self.row, None) is not None


Plan = tuple[Callable[[], PointDraft | None], Callable[[], int], Callable[[int], None]]


def _nothing(_move: int) -> None:
    """Remember nothing of a move."""


def earn(play: Play) -> Plan:
    number, day = min(play.number(), MOST), play.last_day()
    last_day, row = NEVER if day is None else day, play.row
    return (
        lambda: ledger.earn(play.purse, Earning(number, day, "test")),
        lambda: play.oracle.earn(row, number, last_day),
        lambda _: play.earnings.append((len(play.oracle.bags), row)),
    )


def give(play: Play) -> Plan:
    number, day = play.chance.randint(1, MOST), play.last_day()
    last_day, row = NEVER if day is None else day, play.row
    return (
        lambda: ledger.adjust(play.purse, number, day),
        lambda: play.oracle.earn(row, number, last_day),
        _nothing,
    )


def take(play: Play) -> Plan:
    number = abs(play.number())
    return (
        lambda: ledger.adjust(play.purse, -number),
        lambda: play.oracle.take(play.mine, number),
        _nothing,
    )


def redeem(play: Play) -> Plan:
    number, row = play.number(), play.row
    return (
        lambda: ledger.redeem(play.purse, number),
        lambda: play.oracle.spend(play.mine, number),
        lambda move: play.spendings.append((move, row)),
    )


def hold(play: Play) -> Plan:
    number, row = play.number(), play.row
    return (
        lambda: ledger.hold(play.purse, number),
        lambda: play.oracle.spend(play.mine, number, HELD),
        lambda move: play.open_holds.append((move, row)),
    )


def confirm(play: Play) -> Plan | None:
    if not play.open_holds:
        return None
    it = play.chance.choice(play.open_holds)
    move, play.row = it
    play.closes = move
    row, parts = play.row, play.store.parts(move, PointAccount.HELD)
    number = play.number() if play.chance.random() < 0.5 else sum(p.points for p in parts)

    def done(new: int) -> None:
        play.open_holds.remove(it)
        play.spendings.append((new, row))

    return (
        lambda: ledger.confirm(play.purses(parts), parts, number),
        lambda: play.oracle.confirm(move, number),
        done,
    )


def release(play: Play) -> Plan | None:
    if not play.open_holds:
        return None
    it = play.chance.choice(play.open_holds)
    move, play.row = it
    play.closes = move
    parts = play.store.parts(move, PointAccount.HELD)
    return (
        lambda: ledger.release(play.purses(parts), parts),
        lambda: play.oracle.put_back(move, HELD),
        lambda _: play.open_holds.remove(it),
    )


def reverse(play: Play) -> Plan | None:
    if not play.spendings:
        return None
    it = play.chance.choice(play.spendings)
    move, play.row = it
    play.closes = move
    parts = play.store.parts(move, PointAccount.REDEEMED)
    return (
        lambda: ledger.reverse(play.purses(parts), parts),
        lambda: play.oracle.put_back(move, SPENT),
        lambda _: play.spendings.remove(it),
    )


def refund(play: Play) -> Plan | None:
    if not play.earnings:
        return None
    lot, play.row = play.chance.choice(play.earnings[-30:])
    bag = play.oracle.bags[lot]
    number = play.number() if play.chance.random() < 0.5 else bag.size - bag.taken
    return (
        lambda: ledger.refund(play.purse, lot, number),
        lambda: play.oracle.refund(play.mine, lot, number),
        _nothing,
    )


def expire(play: Play) -> Plan:
    return lambda: ledger.expire(play.purse), lambda: play.oracle.expire(play.mine), _nothing


def close(play: Play) -> Plan | None:
    if play.chance.random() < 0.5:
        return None
    return lambda: ledger.close(play.purse), lambda: play.oracle.close(play.mine), _nothing


def transfer(play: Play) -> Plan:
    other, number = play.chance.choice(PEOPLE), play.number()
    rows, others, row = play.mine, play.rows(other), play.row
    taker = play.store.purse(other, others, play.oracle.day)
    if set(rows) & set(others):
        taker = play.store.purse(row, rows, play.oracle.day)
    return (
        lambda: ledger.transfer(play.purse, taker, number),
        lambda: play.oracle.transfer(rows, others, other, number),
        _nothing,
    )


def freeze(play: Play) -> Plan:
    rows, row = play.mine, play.row
    return lambda: ledger.freeze(play.purse), lambda: play.oracle.freeze(rows, row), _nothing


def thaw(play: Play) -> Plan:
    rows, row = play.mine, play.row
    return lambda: ledger.thaw(play.purse), lambda: play.oracle.thaw(rows, row), _nothing


PLANS: dict[str, Callable[[Play], Plan | None]] = {
    plan.__name__: plan
    for plan in (
        *(earn, give, take, redeem, hold, confirm, release, reverse),
        *(refund, expire, close, transfer, freeze, thaw),
    )
}
ASIDE: dict[str, Callable[[Play], None]] = {
    "tomorrow": Play.tomorrow,
    "merge": Play.merge,
    "part": Play.part,
}
KINDS = (
    *("earn",) * 6,
    *("hold", "expire", "tomorrow", "thaw", "redeem") * 4,
    *("reverse", "refund") * 3,
    *("confirm", "release", "transfer") * 2,
    *("give", "take", "freeze", "close", "merge", "part"),
)
LEAN = (*KINDS, *("refund", "redeem", "tomorrow") * 6)
"""Kinds of moves by which more is owed."""
