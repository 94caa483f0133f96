"""Customers, their cars and the staff who call them; the clock stands where a test sets it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count

from people import scope_for
from town import Person, ask_of, at, sell, settle, visit

from station.archive import stations
from station.archive.calls import agenda
from station.archive.calls.agenda import Call
from station.archive.customers import book, consents
from station.archive.database import Database
from station.model import (
    DAY_S,
    CallCode,
    CallPurpose,
    Channel,
    Consent,
    ConsentSource,
    Purpose,
    Role,
)
from station.services.ask import Ask
from station.services.calls import recording
from station.services.calls.recording import Report, Saved

TEN = int(datetime(2026, 9, 1, 2, tzinfo=UTC).timestamp())
"""Ten in the morning in Shanghai, a Tuesday."""
TODAY = 20_697
LI, WANG, ABROAD = Person(1), Person(2), Person(8, station="S2")
EVERYBODY = (LI, WANG, ABROAD)
ASKS = ("ask", "clerk", "colleague", "manager", "elsewhere")
keys = (f"form-{number}" for number in count())


@dataclass
class Ward:
    """An archive with three customers, two clerks, a manager, and a clerk of another station."""

    ask: Ask
    ids: dict[str, int]
    clerk: Ask
    colleague: Ask
    manager: Ask
    elsewhere: Ask
    now: int = TEN

    def who(self, person: Person) -> int:
        return self.ids[person.code]

    def station(self, code: str = "S1") -> int:
        with self.ask.db.reading() as conn:
            return stations.ids(conn)[code]

    def agree(self, person: Person, *purposes: Purpose, given: bool = True) -> None:
        words = [
            Consent(
                customer_id=self.who(person),
                purpose=purpose,
                channel=Channel.PHONE,
                given=given,
                source=ConsentSource.COUNTER,
                text_version="join-1",
                on_day=TODAY - 100,
                account="clerk",
                written_at=self.now,
            )
            for purpose in purposes or tuple(Purpose)
        ]
        with self.ask.db.writing() as conn:
            consents.add(conn, words)

    def keep(self, person: Person, ask: Ask | None) -> None:
        """Give somebody into the care of an account, as if he had always been there."""
        with self.ask.db.writing() as conn:
            book.assign(conn, self.who(person), ask.scope.account_id if ask else None)

    def plan(
        self,
        person: Person,
        ask: Ask | None = None,
        purpose: CallPurpose = CallPurpose.WIN_BACK,
        *,
        day: int = TODAY,
        last_day: int = TODAY - 40,
    ) -> int:
        """Return a call planned for an account, or for anybody."""
        call = Call(
            customer_id=self.who(person),
            station_id=self.station(person.station),
            account_id=ask.scope.account_id if ask else None,
            day=day,
            at_min=None,
            minutes=6,
            purpose=purpose,
            channel=Channel.PHONE,
            why="calls.why_date",
            made_by="boss",
            made_at=self.now - DAY_S,
            facts={"last_day": last_day, "due_day": day},
        )
        with self.ask.db.writing() as conn:
            return agenda.add(conn, call)

    def fills(self, person: Person, day: int = TODAY) -> None:
        """Let somebody fill up on a day."""
        local = day * DAY_S + 12 * 3600
        when = {"local_at": local, "sold_at": local - 8 * 3600, "business_day": day}
        number = f"{person.number}-{day}-{next(keys)}"
        sell(self.ask.db, [visit(person, receipt_no=number, natural_key=number, **when)])

    def save(
        self, ask: Ask, person: Person, code: CallCode, key: str = "", **told: object
    ) -> Saved:
        told = {"purpose": CallPurpose.KEEP, "opened_at": self.now - 15} | told
        report = Report(customer_id=self.who(person), code=code, **told)
        return recording.record(ask, key=key or next(keys), report=report)


def opened(db: Database, people: Sequence[Person] = EVERYBODY) -> Ward:
    """Return the ward; everybody came forty days ago and agreed to everything."""
    ids = settle(db, people, since_day=TODAY - 500)
    ask = ask_of(db)
    names = (
        ("clerk", "S1", Role.STAFF),
        ("colleague", "S1", Role.STAFF),
        ("boss", "S1", Role.MANAGER),
    )
    asks = [_signed_in(ask, *one) for one in (*names, ("far", "S2", Role.STAFF))]
    made = Ward(ask, ids, *asks)
    for person in people:
        made.fills(person, TODAY - 40)
        made.agree(person)
    return made


def again(made: Ward, db: Database) -> Ward:
    """Return the same ward in a copy of its archive."""
    asks = {name: replace(getattr(made, name), db=db) for name in ASKS}
    return replace(made, now=TEN, **asks)


def _signed_in(ask: Ask, name: str, code: str, role: Role) -> Ask:
    scope = scope_for(ask.db, name, at(ask.db, code, role))
    return replace(ask, scope=replace(scope, version=None))
