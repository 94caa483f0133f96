"""Who was erased is nowhere any more, and every figure stands as it stood."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from makers import make_key
from nights import by_night
from sqlalchemy import text
from town import NOW, TODAY, Person, ask_of, one, reject, sell, settle, visit

from station.archive import lapses as lapse_book
from station.archive import notebook, stations
from station.archive.backup import backup
from station.archive.books import KeyBook
from station.archive.customers import records, sealed
from station.archive.database import Database
from station.archive.lapses import LapseNote
from station.config import Settings
from station.errors import ArchiveError, BadValueError, NotAllowedError
from station.model import (
    Channel,
    ConsentSource,
    CustomerRecord,
    LapseReason,
    OwnerKind,
    Purpose,
    VehicleRecord,
)
from station.services import keeping, reports
from station.services.ask import Ask
from station.services.customers import cards, contacts, fields
from station.services.incoming import records as incoming
from station.services.incoming.files import FileOptions
from station.services.personal import erasure, privacy, sealing

A, B = Person(1), Person(2)
CROWD = by_night(10_000, by_day=1_000)
SUMS = """
    SELECT station_id, count(*), sum(quantity_milli), sum(amount_minor), count(DISTINCT key_id)
    FROM sales WHERE voided = 0 GROUP BY station_id ORDER BY station_id
"""


@pytest.fixture
def ask(db: Database) -> Ask:
    """Return the local operator's question on two people who came three times each."""
    settle(db, [A, B], since_day=TODAY - 300)
    sell(db, [visit(p, days) for p in (A, B) for days in (0, 7, 14)])
    return ask_of(db)


def rows(ask: Ask, statement: str) -> list[tuple[Any, ...]]:
    with ask.db.reading() as conn:
        return [tuple(row) for row in conn.execute(text(statement))]


def erase(ask: Ask, customer_id: int = 1) -> bool:
    return erasure.erase(ask, customer_id=customer_id, reason="asked for it")


def note(ask: Ask, vehicle_id: int, words: str) -> None:
    place = sealing.note_place(vehicle_id, NOW)
    sealed_words = sealing.seal(ask.db, words, place=place)
    with ask.db.writing() as conn:
        row = LapseNote(vehicle_id, 1, LapseReason.PRICE, "clerk", NOW, sealed_words)
        lapse_book.add(conn, row)


def bytes_of(folder: Path, *patterns: str) -> bytes:
    return b"".join(p.read_bytes() for name in patterns for p in sorted(folder.glob(name)))


def words_of(person: Person) -> list[bytes]:
    told = (person.code, person.name, person.phone[3:], person.plate, person.card)
    return [word.encode() for word in told]


def test_nothing_of_him_is_left_and_the_other_is_untouched(ask: Ask) -> None:
    (vehicle_id,) = cards.find(ask, words=A.plate)["id"]
    note(ask, int(vehicle_id), "too dear")
    sums = rows(ask, SUMS)

    assert erase(ask)

    assert rows(ask, SUMS) == sums
    assert cards.find(ask, words=A.plate).empty
    assert contacts.find_by_phone(ask, phone=A.phone) == []
    shown = contacts.of_customer(ask, customer_id=1)
    assert (shown.name, shown.phone, shown.is_erased, shown.may_reveal) == ("", "", True, False)
    assert one(ask, "SELECT count(*) FROM sales WHERE card_no = ''") == 3
    assert one(ask, "SELECT count(*) FROM lapse_notes WHERE note_sealed IS NOT NULL") == 0
    assert contacts.find_by_phone(ask, phone=B.phone) == [2]
    assert cards.find(ask, words=B.plate)["label"].tolist() == [B.plate]
    assert keeping.verify(ask).ok


def test_what_he_said_and_what_was_done_about_him_stays(ask: Ask) -> None:
    word = {"customer_id": 1, "channel": Channel.SMS, "source": ConsentSource.PAPER}
    privacy.record_consent(ask, **word, purpose=Purpose.MARKETING, given=True)

    erase(ask)

    assert len(privacy.consents(ask, customer_id=1)) == 1
    assert not privacy.has_consent(
        ask, customer_id=1, purpose=Purpose.MARKETING, channel=Channel.SMS
    )
    assert [act for (act,) in rows(ask, "SELECT act FROM audit ORDER BY id")] == [
        "change",
        "erasure",
    ]
    assert rows(ask, "SELECT customer_id, account, reason FROM erasures") == [
        (1, "local", "asked for it")
    ]


def test_nothing_more_is_done_with_an_erased_customer(ask: Ask) -> None:
    erase(ask)
    word = {"customer_id": 1, "channel": Channel.SMS, "source": ConsentSource.PAPER}

    with pytest.raises(BadValueError, match=r"erasure\.before"):
        erase(ask)
    with pytest.raises(NotAllowedError, match=r"contacts\.erased"):
        contacts.reveal(ask, customer_id=1, purpose=Purpose.SERVICE, reason="why not")
    with pytest.raises(NotAllowedError, match=r"contacts\.erased"):
        contacts.assign(ask, customer_id=1, keeper="clerk")
    with pytest.raises(NotAllowedError, match=r"contacts\.erased"):
        privacy.record_consent(ask, **word, purpose=Purpose.CARE, given=True)


def test_a_car_that_is_anothers_now_keeps_its_plate(ask: Ask) -> None:
    with ask.db.writing() as conn:
        sold = VehicleRecord(make_key(A.plate), owner_code=B.code, since_day=TODAY - 5)
        records.put_vehicles(conn, [sold], keys=KeyBook())

    erase(ask)

    assert cards.find(ask, words=A.plate)["label"].tolist() == [A.plate]
    lines = privacy.person_file(ask, customer_id=2, identity="known", reason="he asks")["lines"]
    assert {line["receipt_no"] for line in lines} == {"R1-0", *(f"R2-{n}" for n in (0, 7, 14))}


def test_of_an_organisation_only_whom_to_ask_for_is_forgotten(ask: Ask) -> None:
    fleet = CustomerRecord(
        "FLEET",
        is_organisation=True,
        owner_kind=OwnerKind.COMPANY,
        organisation_name="Example Haulage",
        station="S1",
    )
    with ask.db.writing() as conn:
        records.put_customers(conn, [fleet], station_ids=stations.ids(conn))
        owned = VehicleRecord(make_key("粤B88888"), owner_code="FLEET")
        records.put_vehicles(conn, [owned], keys=KeyBook())
        known = sealed.contacts(conn, ["FLEET"])["FLEET"]
        sealed.put_contacts(
            conn, [sealing.seal_contact(ask.db, known, name="甲示川", phone="+8610000009999")]
        )

    erase(ask, known.id)

    shown = contacts.of_customer(ask, customer_id=known.id)
    assert (shown.organisation_name, shown.name, shown.phone) == ("Example Haulage", "", "")
    assert one(ask, "SELECT count(*) FROM vehicle_keys WHERE text = '粤B88888'") == 1
    assert not shown.is_erased


def test_rejected_rows_that_name_him_go_and_others_stay(ask: Ask) -> None:
    batch_id = sell(ask.db, [visit(B, 3)])
    mine = [f"x,{A.name},1", f"x,100 {A.phone[6:]},1", f"{A.plate[:2]}·{A.plate[2:]},2", A.card]
    reject(ask.db, batch_id, [*mine, f"x,{B.name},1", "nothing"])
    folder = ask.db.folder / "quarantine"
    folder.mkdir()
    (folder / "one.rejected.csv").write_text(f"a,b\n1,{A.code}\n2,{B.code}\n", "utf-8-sig")
    (folder / "odd.rejected.csv").write_bytes(b"\xff\xfe\x00\xd8")

    erase(ask)

    with ask.db.reading() as conn:
        left = sealing.unseal_rows(ask.db, batch_id, incoming.batches.rejected(conn, batch_id))
    assert [row.raw for row in left] == [f"x,{B.name},1", "nothing"]
    assert [p.name for p in folder.iterdir()] == ["one.rejected.csv"]
    kept = (folder / "one.rejected.csv").read_text("utf-8-sig")
    assert (A.code in kept, B.code in kept) == (False, True)
    assert (folder / "one.rejected.csv").stat().st_mode & 0o777 == 0o600


def test_rejected_rows_that_tell_how_else_he_is_or_was_reached_go_too(ask: Ask) -> None:
    known = {"email": "first@x.example", "wechat": "wx_first"}
    fields.change(ask, customer_id=1, values=known | {"phone": "100 0000 7777"})
    fields.change(ask, customer_id=1, values={"wechat": "wx_second"})
    mine = ["x,first@x.example,1", "x,wx_first,1", "x,wx_second,1", f"x,{A.phone},1"]
    batch_id = sell(ask.db, [visit(B, 3)])
    reject(ask.db, batch_id, [*mine, "x,wx_other,1"])

    erase(ask)

    with ask.db.reading() as conn:
        left = sealing.unseal_rows(ask.db, batch_id, incoming.batches.rejected(conn, batch_id))
    assert [row.raw for row in left] == ["x,wx_other,1"]


def test_a_file_that_bears_his_name_loses_it(ask: Ask) -> None:
    folder = ask.db.folder / "quarantine"
    folder.mkdir()
    for person in (A, B):
        sell(ask.db, [visit(person, 20)])
        (folder / f"{person.name}.rejected.csv").write_text("a\n1\n", "utf-8-sig")
    with ask.db.writing() as conn:
        conn.execute(
            text("UPDATE batches SET file_name = :name WHERE id = 2"), {"name": f"{A.name}.csv"}
        )
        conn.execute(
            text("UPDATE batches SET file_name = :name WHERE id = 3"), {"name": f"{B.name}.csv"}
        )

    erase(ask)

    assert rows(ask, "SELECT file_name FROM batches WHERE id > 1 ORDER BY id") == [
        ("",),
        (f"{B.name}.csv",),
    ]
    assert [path.name for path in folder.iterdir()] == [f"{B.name}.rejected.csv"]


def test_who_registers_again_is_a_new_person_and_an_old_file_brings_nobody_back(
    ask: Ask, tmp_path: Path
) -> None:
    erase(ask)
    path = tmp_path / "customers.csv"
    heading = "客户编号,客户类型,姓名,手机号,登记站点"
    lines = [f"{A.code},个人,{A.name},{A.phone},S1", f"NEW-1,个人,{A.name},{A.phone},S1"]
    path.write_text("\n".join([heading, *lines, ""]), "utf-8")

    report = incoming.import_records(ask, kind="customers", path=path, options=FileOptions())

    assert (report.counts.accepted, report.reasons) == (1, {"erased_customer": 1})
    (again,) = contacts.find_by_phone(ask, phone=A.phone)
    assert again != 1
    told = privacy.person_file(ask, customer_id=again, identity="known", reason="he asks")
    assert (told["lines"], told["vehicles"], told["consents"]) == ([], [], [])


def test_a_reason_may_not_name_him(ask: Ask) -> None:
    for reason in ("", f"{A.name} asked", f"car {A.code}"):
        with pytest.raises(BadValueError):
            erasure.erase(ask, customer_id=1, reason=reason)

    assert one(ask, "SELECT count(*) FROM erasures") == 0
    assert not (ask.db.folder / erasure.FILE).exists()


def test_the_erasure_is_told_beside_the_archive_without_saying_who(ask: Ask) -> None:
    erase(ask)

    path = ask.db.folder / erasure.FILE
    (line,) = notebook.lines(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert (line["customer_id"], line["reason"]) == (1, "asked for it")
    assert line["code_index"] == one(ask, "SELECT code_index FROM erasures")
    assert not any(word in path.read_bytes() for word in words_of(A))


def restored(ask: Ask, url: str, copy: Path) -> Ask:
    ask.db.close()
    settings = replace(Settings(), archive=replace(Settings().archive, folder=str(ask.db.folder)))
    keeping.restore(settings, url, copy)
    return ask_of(keeping.open_archive(settings, url), settings)


def test_an_older_backup_does_not_bring_him_back(ask: Ask, url: str, tmp_path: Path) -> None:
    backup(ask.db, tmp_path / "older.backup")
    erase(ask)

    again = restored(ask, url, tmp_path / "older.backup")

    assert contacts.of_customer(again, customer_id=1).is_erased
    assert contacts.find_by_phone(again, phone=A.phone) == []
    assert contacts.find_by_phone(again, phone=B.phone) == [2]
    told = rows(again, "SELECT act, object FROM audit ORDER BY id")
    assert told == [("erasure", "customer:1"), ("keeping", "archive:restored")]
    assert keeping.verify(again).ok
    assert erasure.replay(again.db) == 0
    again.db.close()


def test_a_number_given_anew_is_not_erased(ask: Ask, url: str, tmp_path: Path) -> None:
    with ask.db.writing() as conn:
        conn.execute(text("UPDATE customers SET code = 'ANEW' WHERE id = 1"))
    backup(ask.db, tmp_path / "older.backup")
    with ask.db.writing() as conn:
        conn.execute(text("UPDATE customers SET code = 'MEMBER-000001' WHERE id = 1"))
    erase(ask)

    again = restored(ask, url, tmp_path / "older.backup")

    assert contacts.find_by_phone(again, phone=A.phone) == [1]
    again.db.close()


def test_without_its_keys_an_older_backup_is_not_put_back(
    ask: Ask, url: str, tmp_path: Path
) -> None:
    backup(ask.db, tmp_path / "older.backup")
    erase(ask)
    (ask.db.folder / sealing.KEY_FILE).unlink()

    with pytest.raises(ArchiveError, match=r"error\.key_missing"):
        restored(ask, url, tmp_path / "older.backup")


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # a server has no file to copy
def test_a_file_copied_over_the_archive_is_caught_by_the_nightly_work(
    ask: Ask, sqlite_url: str, tmp_path: Path
) -> None:
    assert ask.db.path is not None
    backup(ask.db, tmp_path / "older.backup")
    erase(ask)
    ask.db.close()
    shutil.copy(tmp_path / "older.backup", ask.db.path)
    again = ask_of(keeping.open_archive(Settings(), sqlite_url))

    keeping.nightly(again)

    assert contacts.of_customer(again, customer_id=1).is_erased
    again.db.close()


@pytest.fixture(scope="session")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ask, list[Person]]]:
    """Yield thousands of people of two stations in a SQLite archive, with rejected rows of some."""
    folder = tmp_path_factory.mktemp("town")
    db = keeping.create(Settings(), f"sqlite:///{folder}/station.db")
    people = [Person(n, station=("S1", "S2")[n % 2]) for n in range(CROWD)]
    settle(db, people, since_day=TODAY - 300)
    batch_id = sell(db, [visit(p, days) for p in people for days in (0, 9 + p.number % 9)])
    reject(db, batch_id, [f"{p.name},{p.plate},{p.phone}" for p in people[:60]])
    (folder / "quarantine").mkdir()
    kept = "".join(f"{p.code},{p.card}\n" for p in people[:60])
    (folder / "quarantine" / "x.rejected.csv").write_text("code,card\n" + kept, "utf-8-sig")
    yield ask_of(db), people
    db.close()


@pytest.mark.slow
def test_every_tenth_of_thousands_leaves_no_trace_and_no_gap(
    crowd: tuple[Ask, list[Person]],
) -> None:
    ask, people = crowd
    gone, left = people[::10], [p for p in people if p.number % 10]
    asked = {"name": "profiles", "question": reports.Question()}
    sums, profile = rows(ask, SUMS), reports.report(ask, **asked).document()["totals"]
    for p in gone:
        note(ask, p.number + 1, "a sentence")
    ids = dict(rows(ask, "SELECT code, id FROM customers"))

    for p in gone[1:]:
        word = {"customer_id": ids[p.code], "reason": "asked for it"}
        erasure.erase(ask, **word, more_follow=True)
    assert erase(ask, ids[gone[0].code])

    assert rows(ask, SUMS) == sums
    assert reports.report(ask, **asked).document()["totals"] == profile
    assert keeping.verify(ask).ok
    assert one(ask, "SELECT count(*) FROM lapse_notes WHERE note_sealed IS NOT NULL") == 0
    backup(ask.db, ask.db.folder / "later.backup")
    content = bytes_of(ask.db.folder, "station.db", "station.db-wal", "later.backup")
    content += bytes_of(ask.db.folder, "*.jsonl", "quarantine/*", "lake/*")
    assert [word for p in gone for word in words_of(p) if word in content] == []
    assert all(word in content for p in left[:50] for word in words_of(p)[::4])
    with ask.db.reading() as conn:
        every = {p.code: c for p in left for c in [sealed.contacts(conn, [p.code])[p.code]]}
    assert sealing.unseal_contact(ask.db, every[left[7].code]) == (left[7].name, left[7].phone)
