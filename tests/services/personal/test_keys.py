"""Keys are changed while everything stays readable, whatever happens on the way."""

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
from killing import Nursery, nursery
from makers import make_station
from sqlalchemy import insert

from station.archive import batches, lapses, stations
from station.archive.customers import sealed
from station.archive.database import Database, create_or_upgrade
from station.archive.lapses import LapseNote
from station.archive.tables import vehicles
from station.config import Settings
from station.errors import ArchiveError, NotAllowedError
from station.guard import ring as rings
from station.guard import seal
from station.guard.ring import Ring
from station.model import RIGHTS, LapseReason, RejectedRow, Role
from station.services import access, keeping
from station.services.ask import Ask
from station.services.incoming import records
from station.services.incoming.files import FileOptions
from station.services.personal import keys, sealing

CUSTOMERS, NOTES, ROWS = 240, 60, 30
CODES = [f"C{n:04}" for n in range(CUSTOMERS)]


@dataclass(frozen=True, slots=True)
class Safe:
    """An archive with some hundreds of sealed texts."""

    ask: Ask

    @property
    def db(self) -> Database:
        return self.ask.db

    @property
    def ring(self) -> Ring:
        return rings.load(self.db.folder / sealing.KEY_FILE, may_make=False)

    def opened(self) -> list[object]:
        """Return everything that is sealed, opened."""
        with self.db.reading() as conn:
            known = sealed.contacts(conn, CODES)
            notes = lapses.of_vehicle(conn, 1, [1])
            rows = batches.rejected(conn, 1)
        people = [sealing.unseal_contact(self.db, known[code]) for code in CODES]
        words = [
            sealing.unseal(self.db, n.note_sealed, place=sealing.note_place(1, n.written_at))
            for _, n in notes
        ]
        return [people, words, sealing.unseal_rows(self.db, 1, rows)]

    def found(self) -> list[int]:
        """Return by phone the customer's number, in their order."""
        with self.db.reading() as conn:
            return [
                one
                for n in range(0, CUSTOMERS, 7)
                for one in sealed.with_phone(conn, sealing.phone_indexes(self.db, phone(n)))
            ]

    def left_under_old_keys(self) -> int:
        mark = seal.mark(self.ring.current)
        with self.db.reading() as conn:
            return sum(
                len(sealed.texts(conn, kind, after_id=0, but_mark=mark, limit=10_000))
                for kind in sealed.Kind
            )


def phone(number: int) -> str:
    return f"+86100{number:08}"


def filled(db: Database, folder: Path) -> Safe:
    lines = ["客户编号,姓名,手机号", *(f"{c},甲示{n},100{n:08}" for n, c in enumerate(CODES)), ""]
    (folder / "c.csv").write_text("\n".join(lines), encoding="utf-8")
    ask = Ask(db, Settings(), access.local_operator(db), date.max)
    records.import_records(ask, kind="customers", path=folder / "c.csv", options=FileOptions())
    with db.writing() as conn:
        stations.add(conn, make_station("S1"))
        row = {"id": 1, "use": "", "use_source": "", "owner_kind": "", "owner_source": ""}
        conn.execute(insert(vehicles).values(row | {"vehicle_type": ""}))
        for at in range(NOTES):
            words = sealing.seal(db, f"note {at}", place=sealing.note_place(1, at))
            lapses.add(conn, LapseNote(1, 1, LapseReason.PRICE, "clerk", at, words))
        rejected = [RejectedRow(n, "bad_phone", f"row {n}", {}) for n in range(ROWS)]
        batches.add_rejected(conn, 1, sealing.seal_rows(db, 1, rejected))
    return Safe(ask)


@pytest.fixture
def safe(db: Database, tmp_path: Path) -> Safe:
    return filled(db, tmp_path)


def test_after_a_rotation_everything_opens_under_new_keys(safe: Safe) -> None:
    before, ring = safe.opened(), safe.ring

    done = keys.rotate(safe.ask)

    assert done == keys.Rotation(2 * CUSTOMERS + NOTES + ROWS, shut=0, resumed=False)
    assert safe.opened() == before
    assert len(safe.found()) == len(range(0, CUSTOMERS, 7))
    assert safe.left_under_old_keys() == 0
    assert (safe.ring.current, safe.ring.retired, safe.ring.unfinished) == (2, 1, False)
    assert safe.ring.keys[1] == ring.keys[1]


def test_forgotten_keys_leave_the_archive_readable_and_older_backups_shut(safe: Safe) -> None:
    before = safe.opened()
    with safe.db.reading() as conn:
        old = sealed.contacts(conn, CODES[:1])[CODES[0]]
    keys.rotate(safe.ask)
    assert sealing.unseal_contact(safe.db, old) == ("甲示0", phone(0))

    assert (keys.forget(safe.ask), keys.forget(safe.ask)) == (1, 0)

    assert safe.opened() == before
    assert sealing.unseal_contact(safe.db, old) == (None, None)
    assert (safe.ring.current, safe.ring.retired) == (2, 0)


def test_an_archive_with_the_bare_key_of_old_is_rotated(safe: Safe) -> None:
    bare = bytes(range(32))
    key_file = safe.db.folder / sealing.KEY_FILE
    rings.save(key_file, rings._read(bare, ""))
    with safe.db.writing() as conn:
        known = sealed.contacts(conn, CODES[:3])
        for n, code in enumerate(CODES[:3]):
            contact = sealing.seal_contact(safe.db, known[code], name=f"甲示{n}", phone=phone(n))
            unmarked = {
                f: getattr(contact, f)[seal.MARK_BYTES :] for f in ("name_sealed", "phone_sealed")
            }
            sealed.put_contacts(conn, [replace(contact, **unmarked)])
    key_file.write_bytes(bare)

    done = keys.rotate(safe.ask)

    people = safe.opened()[0]
    assert isinstance(people, list)
    assert people[:4] == [*((f"甲示{n}", phone(n)) for n in range(3)), (None, None)]
    assert (done.resealed, done.shut) == (6, 2 * CUSTOMERS + NOTES + ROWS - 6)
    assert safe.found()[0] > 0


@pytest.mark.parametrize("after", range(0, 21, 5))
def test_a_rotation_that_breaks_off_goes_on(
    safe: Safe, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    monkeypatch.setattr(keys, "CHUNK_TEXTS", 37)
    before, found, steps = safe.opened(), safe.found(), 0

    def interrupt(_done: int, _total: int) -> None:
        nonlocal steps
        steps += 1
        if steps > after:
            raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        keys.rotate(safe.ask, progress=interrupt)
    between = (safe.opened(), safe.found())
    resumed = keys.rotate(safe.ask)

    assert resumed.resumed
    assert between == (before, found)
    assert (safe.opened(), safe.found()) == (before, found)
    assert safe.left_under_old_keys() == 0


PREPARE = """
from datetime import date
from station.config import Settings
from station.services import access, keeping
from station.services.personal import keys
from station.services.ask import Ask
keys.CHUNK_TEXTS = 9
"""
WORK = """
url, what = words
settings = Settings()
db = keeping.open_archive(settings, url)
ask = Ask(db, settings, access.local_operator(db), date.max)
getattr(keys, what)(ask)
"""


@pytest.fixture(scope="module")
def children() -> Iterator[Nursery]:
    """What changes the keys of an archive, to be killed meanwhile."""
    with nursery(PREPARE, WORK) as started:
        yield started


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_rotation_killed_at_any_moment_goes_on(
    tmp_path: Path, children: Nursery, seed: int
) -> None:
    url = f"sqlite:///{tmp_path}/station.db"
    safe = filled(create_or_upgrade(url), tmp_path)
    before, found = safe.opened(), safe.found()
    chance = random.Random(seed)  # noqa: S311 - moments, not secrets

    for _ in range(5):
        what = chance.choice(("rotate", "rotate", "forget"))
        children.killed(url, what, after_s=chance.uniform(0, 0.3))
        assert (safe.opened(), safe.found()) == (before, found)
    keys.rotate(safe.ask)
    keys.rotate(safe.ask)
    keys.forget(safe.ask)

    assert (safe.opened(), safe.found()) == (before, found)
    assert safe.left_under_old_keys() == 0
    assert keeping.verify(safe.ask).ok
    assert sorted(path.name for path in tmp_path.glob("station.key*")) == ["station.key"]


def test_what_cannot_be_opened_is_left_as_it_is_and_told(safe: Safe) -> None:
    with safe.db.writing() as conn:
        known = sealed.contacts(conn, CODES[:2])
        moved = replace(known[CODES[0]], name_sealed=known[CODES[1]].name_sealed)
        sealed.put_contacts(conn, [moved])

    done = keys.rotate(safe.ask)

    assert done.shut == 1
    assert keys.rotate(safe.ask).resumed is False


def test_lost_keys_are_not_made_anew_by_a_rotation(safe: Safe) -> None:
    (safe.db.folder / sealing.KEY_FILE).unlink()

    with pytest.raises(ArchiveError):
        keys.rotate(safe.ask)


def test_a_new_archive_may_be_rotated(db: Database) -> None:
    ask = Ask(db, Settings(), access.local_operator(db), date.max)

    assert keys.rotate(ask) == keys.Rotation(0, 0, resumed=False)


def test_a_managers_keys_stay_where_they_are(safe: Safe) -> None:
    rights = dict.fromkeys(RIGHTS[Role.MANAGER], safe.ask.scope.station_ids)
    manager = replace(safe.ask, scope=replace(safe.ask.scope, rights=rights))

    with pytest.raises(NotAllowedError):
        keys.rotate(manager)


def test_the_mark_of_who_was_erased_survives(safe: Safe) -> None:
    before = sealing.code_index(safe.db, "C0001")

    keys.rotate(safe.ask)
    keys.forget(safe.ask)

    assert sealing.code_index(safe.db, "C0001") == before
