"""What points must do, told coin by coin: slow, plain, and of nothing the ledger is made of."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

FREE, HELD, SPENT, LAPSED, GONE = "free", "held", "spent", "lapsed", "gone"


class Refused(Exception):  # noqa: N818 - not an error, an answer
    """What was asked may not be done; says why."""


@dataclass
class Coin:
    """One single point."""

    lot: int
    state: str = FREE
    by: int = 0


@dataclass
class Bag:
    """One earning."""

    row: int
    size: int
    last_day: int
    taken: int = 0
    owed: int = 0


@dataclass
class PointsOracle:
    """Everybody's coins; `people` tells all records of the person whose a record is."""

    coins: list[Coin] = field(default_factory=list)
    bags: dict[int, Bag] = field(default_factory=dict)
    frozen: dict[int, tuple[int, bool]] = field(default_factory=dict)
    people: Callable[[int], Collection[int]] = lambda row: (row,)
    day: int = 0
    moves: int = 0

    def balance(self, rows: Collection[int]) -> int:
        return max(0, len(self._live(rows)) - self.debt(rows))

    def debt(self, rows: Collection[int]) -> int:
        return sum(bag.owed for bag in self.bags.values() if bag.row in rows)

    def held(self, rows: Collection[int]) -> int:
        return len([coin for coin in self._of(rows) if coin.state == HELD])

    def in_state(self, state: str) -> int:
        return len([coin for coin in self.coins if coin.state == state])

    def earn(self, row: int, number: int, last_day: int) -> int:
        self._positive(number)
        self._open(row, number, last_day)
        return self._next()

    def take(self, rows: Collection[int], number: int) -> int:
        for coin in self._wanted(rows, number):
            coin.state = GONE
        return self._next()

    def spend(self, rows: Collection[int], number: int, state: str = SPENT) -> int:
        self._thawed(rows)
        for coin in self._wanted(rows, number):
            coin.state, coin.by = state, self.moves + 1
        return self._next()

    def confirm(self, hold: int, number: int) -> int:
        coins = self._by(hold, HELD)
        for coin in coins:
            self._thawed(self.people(self.bags[coin.lot].row))
        self._positive(number)
        if number > len(coins):
            raise Refused("points.over_hold")
        for coin in coins[:number]:
            coin.state, coin.by = SPENT, self.moves + 1
        self._back(coins[number:])
        return self._next()

    def put_back(self, move: int, state: str) -> int:
        self._back(self._by(move, state))
        return self._next()

    def refund(self, rows: Collection[int], lot: int, number: int) -> int:
        self._positive(number)
        bag = self.bags[lot]
        if number > bag.size - bag.taken:
            raise Refused("points.over_refund")
        own = [coin for coin in self.coins if coin.lot == lot]
        order = [coin for coin in own if coin.state == FREE]
        order += [coin for coin in own if coin.state == LAPSED]
        order += [coin for coin in self._live(rows) if coin.lot != lot]
        for coin in order[:number]:
            coin.state = GONE
        bag.taken += number
        bag.owed += max(0, number - len(order))
        return self._next()

    def expire(self, rows: Collection[int]) -> int:
        over = [c for c in self._of(rows) if c.state == FREE and not self._is_live(c)]
        if not over:
            raise Refused("nothing")
        for coin in over:
            coin.state = LAPSED
        return self._next()

    def close(self, rows: Collection[int]) -> int:
        left = [coin for coin in self._of(rows) if coin.state == FREE]
        if not left and not self.debt(rows):
            raise Refused("nothing")
        for coin in left:
            coin.state = LAPSED
        for bag in self.bags.values():
            bag.owed = 0 if bag.row in rows else bag.owed
        return self._next()

    def transfer(
        self, rows: Collection[int], others: Collection[int], other: int, number: int
    ) -> int:
        self._thawed(rows)
        if set(rows) & set(others):
            raise Refused("points.same_member")
        days: dict[int, int] = {}
        for coin in self._wanted(rows, number):
            coin.state = GONE
            last_day = self.bags[coin.lot].last_day
            days[last_day] = days.get(last_day, 0) + 1
        for last_day, count in days.items():
            self._open(other, count, last_day)
        return self._next()

    def freeze(self, rows: Collection[int], row: int) -> int:
        self._thawed(rows)
        self.frozen[row] = (self.moves + 1, True)
        return self._next()

    def thaw(self, rows: Collection[int], row: int) -> int:
        if not self.is_frozen(rows):
            raise Refused("points.not_frozen")
        self.frozen[row] = (self.moves + 1, False)
        return self._next()

    def is_frozen(self, rows: Collection[int]) -> bool:
        return max(self.frozen.get(row, (0, False)) for row in rows)[1]

    # --- coins --------------------------------------------------------------------------------

    def _open(self, row: int, number: int, last_day: int) -> None:
        lot = len(self.bags) + 1
        self.bags[lot] = Bag(row, number, last_day)
        new = [Coin(lot, GONE) for _ in range(number)]
        self.coins += new
        self._back(new)

    def _back(self, coins: list[Coin]) -> None:
        """Let coins come back one by one; each that is good pays a point of the oldest debt."""
        for coin in coins:
            rows = self.people(self.bags[coin.lot].row)
            debts = [bag for bag in self.bags.values() if bag.row in rows and bag.owed]
            if debts and self._is_live(coin):
                debts[0].owed -= 1
                coin.state = GONE
            else:
                coin.state = FREE

    def _wanted(self, rows: Collection[int], number: int) -> list[Coin]:
        self._positive(number)
        if number > self.balance(rows):
            raise Refused("points.not_enough")
        return self._live(rows)[:number]

    def _live(self, rows: Collection[int]) -> list[Coin]:
        coins = [c for c in self._of(rows) if c.state == FREE and self._is_live(c)]
        return sorted(coins, key=lambda coin: (self.bags[coin.lot].last_day, coin.lot))

    def _of(self, rows: Collection[int]) -> list[Coin]:
        return [coin for coin in self.coins if self.bags[coin.lot].row in rows]

    def _by(self, move: int, state: str) -> list[Coin]:
        coins = [coin for coin in self.coins if coin.by == move and coin.state == state]
        return sorted(coins, key=lambda coin: (self.bags[coin.lot].last_day, coin.lot))

    def _is_live(self, coin: Coin) -> bool:
        return self.day <= self.bags[coin.lot].last_day

    def _thawed(self, rows: Collection[int]) -> None:
        if self.is_frozen(rows):
            raise Refused("points.frozen")

    def _positive(self, number: int) -> None:
        if number <= 0:
            raise Refused("points.not_positive")

    def _next(self) -> int:
        self.moves += 1
        return self.moves
