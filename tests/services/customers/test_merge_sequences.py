"""Merges, undone merges and new facts in any order: the archive answers as a plain oracle does."""

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from makers import make_key, make_station
from nights import by_night
from people import make_account
from services.customers.oracle import Oracle
from sqlalchemy import insert, select
from town import Person, ask_of

from station.archive import stations
from station.archive.books import KeyBook
from station.archive.customers import book, sealed
from station.archive.customers.tables import customer_notes
from station.archive.database import Database, create_or_upgrade
from station.archive.tables import customers, metadata, vehicle_keys
from station.guard import mask
from station.model import (
    Channel,
    ConsentSource,
    CustomerRecord,
    Grant,
    OwnerKind,
    Purpose,
    Role,
    VehicleRecord,
)
from station.services.ask import Ask
from station.services.customers import contacts, merging
from station.services.incoming import records
from station.services.personal import privacy, sealing

PEOPLE, PLATES, STEPS = 5, 4, 14
KEEPERS = ("anna", "bert")
MANY = by_night(1_000, by_day=25)
TOGETHER = 25
"""Runs of the long test, and how many of them share an archive."""
WRITTEN = {"at", "written_at", "made_at", "started_at", "ended_at", "merged_at", "undone_at"}
"""When something was done: no two runs do it in the same second."""
KEPT_APART = {"merges", "audit", "meta", "sessions", "alembic_version"}
Rows = dict[str, list[tuple[Any, ...]]]


@dataclass
class Play:
    """One archive and the oracle beside it; `edges` are the merges of the archive by number."""

    ask: Ask
    oracle: Oracle
    first: int
    day: int = 20_000
    with_merges: bool = True
    numbers: list[int] = field(default_factory=list)

    # --- facts, each naming one record ---------------------------------------------------------

    def link(self, chance: random.Random) -> None:
        plate, owner = Person(self.first + chance.randrange(PLATES)).plate, self._one(chance)
        self.day += 1
        changes = self.oracle.owners.setdefault(plate, [])
        if changes and changes[-1][1] == owner:
            return
        changes.append((self.day, owner))
        code = Person(owner).code
        self.put("vehicles", VehicleRecord(make_key(plate), owner_code=code, since_day=self.day))

    def contact(self, chance: random.Random) -> None:
        row, number = self._one(chance), 50_000 + self.first * 10 + chance.randrange(5)
        self.oracle.names[row], self.oracle.phones[row] = Person(number).name, Person(number).phone
        self.put("customers", person_record(row, Person(number).name, Person(number).phone))

    def consent(self, chance: random.Random) -> None:
        row, given = self._one(chance), chance.random() < 0.5
        self.oracle.consents.append((row, given))
        privacy.record_consent(
            self.ask,
            customer_id=row,
            purpose=Purpose.CARE,
            channel=Channel.SMS,
            given=given,
            source=ConsentSource.PAPER,
        )

    def note(self, chance: random.Random) -> None:
        row, words = self._one(chance), f"note {chance.randrange(10**6)}"
        self.oracle.notes.append((row, words))
        place = sealed.place(sealed.Kind.REMARK, customer_id=row, written_at=self.day)
        told = {"customer_id": row, "station_id": 1, "account": "anna", "written_at": self.day}
        with self.ask.db.writing(changes_figures=False) as conn:
            words_sealed = sealing.seal(self.ask.db, words, place=place)
            conn.execute(insert(customer_notes).values(told | {"words_sealed": words_sealed}))

    def keeper(self, chance: random.Random) -> None:
        row, name = self._one(chance), chance.choice(KEEPERS)
        self.oracle.keepers[row] = name
        contacts.assign(self.ask, customer_id=row, keeper=name)

    def put(self, kind: str, *told: records.Record) -> None:
        """Bring records in as a file does."""
        with self.ask.db.writing() as conn:
            arrival = records.Arrival(kind, batch_id=1, at_s=self.day)
            records.put(conn, self.ask, arrival, told, keys=KeyBook(), done=[])

    def _one(self, chance: random.Random) -> int:
        return self.first + chance.randrange(PEOPLE)

    # --- merges --------------------------------------------------------------------------------

    def merge(self, chance: random.Random) -> None:
        kept, gone = chance.sample(list(self.oracle.names), 2)
        gone = self.oracle.stands(gone)
        if not self.with_merges or self.oracle.stands(kept) == gone:
            return
        before = dump(self.ask.db)
        made = merging.merge(self.ask, kept_id=kept, gone_id=gone, reason="seen together")
        self.oracle.edges[made] = (gone, kept)
        self.numbers.append(made)
        assert dump(self.ask.db) == before

    def undo(self, chance: random.Random) -> None:
        if not self.numbers:
            return
        taken = self.numbers.pop(chance.randrange(len(self.numbers)))
        before = dump(self.ask.db)
        merging.undo(self.ask, merge_id=taken)
        del self.oracle.edges[taken]
        assert dump(self.ask.db) == before

    # --- questions -----------------------------------------------------------------------------

    def agree(self) -> None:
        """Ask the archive and the oracle the same."""
        oracle = self.oracle
        with self.ask.db.reading() as conn:
            own = vehicle_keys.c.text.in_(list(oracle.owners))
            named = conn.execute(select(vehicle_keys.c.vehicle_id, vehicle_keys.c.text).where(own))
            plates = {int(vehicle_id): str(plate) for vehicle_id, plate in named}
            for one in oracle.names:
                assert book.same(conn, one) == oracle.group(one)
                assert book.id_of(conn, Person(one).code) == oracle.stands(one)
                spans = book.spans(conn, one)
                assert {(plates[s.vehicle_id], s.from_day) for s in spans} == oracle.held(one)
                assert opened_notes(self.ask.db, conn, one) == oracle.told_of(one)
            for vehicle_id, plate in plates.items():
                assert book.holders(conn, vehicle_id) == oracle.holder(plate)
        for one in oracle.names:
            shown = contacts.of_customer(self.ask, customer_id=one)
            assert shown.customer_id == oracle.stands(one)
            assert shown.name == mask.name(oracle.first(oracle.names, one))
            assert shown.phone == mask.phone(oracle.first(oracle.phones, one))
            assert shown.keeper == oracle.first(oracle.keepers, one)
            asked = {"customer_id": one, "purpose": Purpose.CARE, "channel": Channel.SMS}
            assert privacy.has_consent(self.ask, **asked) == oracle.agrees(one)
        phones = {phone for phone in oracle.phones.values() if phone}
        for phone in phones:
            found = {oracle.stands(row) for row, its in oracle.phones.items() if its == phone}
            assert contacts.find_by_phone(self.ask, phone=phone) == sorted(found)


def person_record(number: int, name: str, phone: str) -> CustomerRecord:
    return CustomerRecord(
        Person(number).code,
        is_organisation=False,
        owner_kind=OwnerKind.PRIVATE,
        station="S1",
        name=name,
        phone=phone,
    )


def opened_notes(db: Database, conn: Any, one: int) -> list[str]:
    his = customer_notes.c.customer_id.in_(book.same(conn, one))
    return [
        str(
            sealing.unseal(
                db,
                row.words_sealed,
                place=sealed.place(
                    sealed.Kind.REMARK, customer_id=row.customer_id, written_at=row.written_at
                ),
            )
        )
        for row in conn.execute(select(customer_notes).where(his).order_by(customer_notes.c.id))
    ]


def dump(db: Database, *, but: frozenset[str] = frozenset()) -> Rows:
    """Return every row of every table but of merges and the log, and but for some columns."""
    left_out = but | {"merged_into"}
    with db.reading() as conn:
        return {
            table.name: [
                tuple(row)
                for row in conn.execute(
                    select(*[c for c in table.c if c.name not in left_out]).order_by(*table.c[:2])
                )
            ]
            for table in metadata.sorted_tables
            if table.name not in KEPT_APART
        }


def plain(db: Database) -> Rows:
    """Return a dump in which what is sealed stands opened and instants are left out."""
    columns = {
        column.name for table in metadata.sorted_tables for column in table.c
        if column.name.endswith("_sealed")
    }  # fmt: skip
    rows = dump(db, but=frozenset(WRITTEN | columns))
    for kind in (sealed.Kind.NAME, sealed.Kind.PHONE, sealed.Kind.REMARK):
        with db.reading() as conn:
            texts = sealed.texts(conn, kind, after_id=0, but_mark=b"none", limit=10_000)
        rows[kind] = [(t.id, sealing.unseal(db, t.sealed, place=t.place)) for t in texts]
    return rows


FACTS: tuple[Callable[[Play, random.Random], None], ...] = (
    Play.link, Play.contact, Play.consent, Play.note, Play.keeper,
)  # fmt: skip
ACTS = (*FACTS, Play.merge, Play.merge, Play.merge, Play.undo, Play.undo)


@dataclass(frozen=True)
class Pair:
    """Two archives that take the same facts; only the first takes merges."""

    merged: Ask
    plain: Ask


@contextmanager
def pair(folder: Path) -> Iterator[Pair]:
    """Yield two empty archives with one station and two who keep customers there."""
    asks = []
    for name in ("merged", "plain"):
        (folder / name).mkdir(parents=True)
        db = create_or_upgrade(f"sqlite:///{folder / name}/station.db", folder / name)
        with db.writing() as conn:
            stations.add(conn, make_station("S1"))
        for keeper in KEEPERS:
            make_account(db, keeper, Grant(Role.STAFF, station_id=1))
        asks.append(ask_of(db))
    sealing.code_index(asks[0].db, "makes the keys")  # one ring: the same hash for the same name
    shutil.copy(folder / "merged" / sealing.KEY_FILE, folder / "plain")
    yield Pair(*asks)
    for ask in asks:
        ask.db.close()


def begin(ask: Ask, at: int, *, with_merges: bool) -> Play:
    """Return a play with people of its own, of whom every second is reached."""
    first = at * PEOPLE + 1
    told = {
        n: (Person(n).name * (n % 2), Person(n).phone * (n % 2))
        for n in range(first, first + PEOPLE)
    }
    play = Play(
        ask,
        Oracle(
            names={n: name for n, (name, _) in told.items()},
            phones={n: phone for n, (_, phone) in told.items()},
        ),
        first,
        with_merges=with_merges,
    )
    play.put("customers", *[person_record(n, *told[n]) for n in told])
    return play


def run(seed: int, both: Pair, at: int) -> None:
    """Play one sequence in both archives, and take every merge back."""
    order = [random.Random(seed).choice(ACTS) for _ in range(STEPS)]  # noqa: S311 - the same moves each time
    for ask in (both.merged, both.plain):
        play = begin(ask, at, with_merges=ask is both.merged)
        for step, act in enumerate(order):
            act(play, random.Random(f"{seed}/{step}"))  # noqa: S311 - the same moves each time
            if play.with_merges and (act in {Play.merge, Play.undo} or step == STEPS - 1):
                play.agree()
        while play.numbers:
            play.undo(random.Random(seed))  # noqa: S311 - the same moves each time
            play.agree()
    with both.merged.db.reading() as conn:
        assert conn.execute(select(customers.c.id).where(customers.c.merged_into > 0)).all() == []


@pytest.mark.parametrize("seed", range(3))
def test_a_short_run_of_merges_and_facts_equals_the_oracle(tmp_path: Path, seed: int) -> None:
    with pair(tmp_path) as both:
        run(seed, both, 0)

        assert plain(both.merged.db) == plain(both.plain.db)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(MANY // TOGETHER))
def test_a_thousand_runs_of_merges_and_facts_equal_the_oracle(tmp_path: Path, block: int) -> None:
    with pair(tmp_path) as both:
        for at in range(TOGETHER):
            run(1_000 + block * TOGETHER + at, both, at)

        assert plain(both.merged.db) == plain(both.plain.db)
