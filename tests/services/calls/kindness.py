"""A town whose people agreed to be cared for: birthdays, first visits, services, and a grief."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from people import enter, make_account
from town import Person, ask_of, sell, settle, visit

from station.archive.calls import wishes
from station.archive.calls.wishes import Wish
from station.archive.database import Database
from station.model import Channel, ConsentSource, Grant, Purpose, Role, day_number
from station.services import access
from station.services.ask import Ask
from station.services.customers import contacts, fields, occasions
from station.services.customers.occasions import Occasion, OccasionKind
from station.services.personal import privacy

TODAY = date(2026, 9, 1)
NOON = 1_788_231_600  # 2026-09-01 11:00 in Shanghai
ANNA, BERT, CARL, DORA, ELSE = (Person(n, station="S2" if n == 5 else "S1") for n in range(1, 6))
ALL = (ANNA, BERT, CARL, DORA, ELSE)


@dataclass
class Town:
    """The operator's question, and who is who."""

    ask: Ask
    ids: dict[str, int]
    now: int = NOON

    def id(self, person: Person) -> int:
        return self.ids[person.code]

    def agree(
        self, person: Person, *ways: Channel, given: bool = True, to: Purpose = Purpose.CARE
    ) -> None:
        for way in ways:
            privacy.record_consent(
                self.ask,
                customer_id=self.id(person),
                purpose=to,
                channel=way,
                given=given,
                source=ConsentSource.COUNTER,
                on=TODAY,
            )

    def born(self, person: Person, month: int, day: int, **more: object) -> None:
        self.keep(person, OccasionKind.BIRTHDAY, month, day, **more)

    def keep(
        self, person: Person, kind: OccasionKind, month: int, day: int, **more: object
    ) -> None:
        occasion = replace(Occasion(kind, month, day), **more)
        occasions.add(self.ask, customer_id=self.id(person), occasion=occasion)

    def tell(self, person: Person, **told: str) -> None:
        fields.change(self.ask, customer_id=self.id(person), values=told, reason="asked")

    def bar(self, person: Person, way: Channel) -> None:
        wish = Wish(
            customer_id=self.id(person),
            channel=way,
            weekdays="",
            from_min=None,
            to_min=None,
            most=None,
            is_unwanted=False,
            is_barred=True,
            source=ConsentSource.COUNTER,
            on_day=day_number(TODAY),
            account="local",
            written_at=1,
        )
        with self.ask.db.writing(changes_figures=False) as conn:
            wishes.add(conn, wish)

    def assign(self, person: Person, account: str) -> None:
        contacts.assign(self.ask, customer_id=self.id(person), keeper=account)

    def as_(self, name: str, role: Role, station: int = 1) -> Ask:
        """Return the question of a new account with a role at a station."""
        make_account(self.ask.db, name, Grant(role, station_id=station))
        return self.enter(name)

    def enter(self, name: str) -> Ask:
        """Return the question of an account that signs in now."""
        token, rules = enter(self.ask.db, name), self.ask.settings.sign_in
        return replace(self.ask, scope=access.scope_of(self.ask.db, token, rules))


def town_of(db: Database, days: Iterable[tuple[Person, int]] = ()) -> Town:
    """Return a town in which everybody agrees to be cared for by phone and SMS.

    `days` are visits, so many days ago each; one of long ago begins each station's record.
    """
    ids = settle(db, ALL)
    sell(db, [visit(ANNA, 200), visit(ELSE, 200), *(visit(one, ago) for one, ago in days)])
    town = Town(ask_of(db), ids)
    for one in ALL:
        town.agree(one, Channel.PHONE, Channel.SMS)
    return town
