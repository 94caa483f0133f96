"""A counter for tests: two stations, a few members with points, and somebody who serves them."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from archive.shop import Shop
from people import enter, make_account
from town import Person, ask_of, at, settle

from station.archive.database import Database
from station.loyalty.expiry import day_at
from station.loyalty.ledger import Earning
from station.loyalty.programme import Programme
from station.model import Role
from station.services import access
from station.services.ask import Ask
from station.services.points import balances, crediting, spending
from station.services.points.balances import Balance
from station.services.points.booking import Receipt
from station.services.points.members import By, Named

NOON = 1_788_235_200  # 2026-09-01 12:00 in Shanghai
TODAY = day_at(NOON, Programme().zone)
ANNA, BERT, CARL = Person(1), Person(2), Person(3, station="S2")


@dataclass
class Counter:
    """Serves one member after the other; every act has a new key."""

    ask: Ask
    ids: dict[str, int]
    now: int = NOON
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def key(self) -> str:
        return f"form-{next(self.numbers):06d}"

    def earn(self, person: Person, points: int, *, days: int | None = None, sale: str = "") -> None:
        expires_day = None if days is None else TODAY + days
        earning = Earning(points, expires_day, sale or str(next(self.numbers)))
        with self.ask.db.writing(changes_figures=False) as conn:
            credit = crediting.Credit(self.ids[person.code], None, earning)
            crediting.credit(conn, self.ask, [credit])

    def redeem(self, person: Person, points: int, *, key: str = "") -> Receipt:
        return spending.redeem(
            self.ask, key=key or self.key(), member=by_card(person), points=points, station="S1"
        )

    def hold(self, person: Person, points: int, *, key: str = "") -> Receipt:
        return spending.hold(
            self.ask, key=key or self.key(), member=by_card(person), points=points, station="S1"
        )

    def balance(self, person: Person) -> Balance:
        return balances.balance(self.ask, member=by_card(person))

    def staff(self, **roles: Role) -> list[Ask]:
        """Return the questions of new people with a role each at the first station."""
        for name, role in roles.items():
            make_account(self.ask.db, name, at(self.ask.db, "S1", role))
        return [self.as_account(name) for name in roles]

    def as_account(self, name: str) -> Ask:
        """Return the question of an account, signed in."""
        token, rules = enter(self.ask.db, name), self.ask.settings.sign_in
        return replace(self.ask, scope=access.scope_of(self.ask.db, token, rules))


def by_card(person: Person) -> Named:
    return Named(By.CARD, person.card)


def opened(db: Database) -> Counter:
    with db.writing() as conn:
        Shop(conn)
    ids = settle(db, [ANNA, BERT, CARL])
    return Counter(ask_of(db), ids)
