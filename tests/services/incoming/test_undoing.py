"""The wrong file is taken back; whatever anybody did since stays, and is told."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from makers import make_station
from sqlalchemy import select, text, update

from station.archive import batches, stations
from station.archive.customers import book, sealed
from station.archive.customers.tables import batch_steps, field_changes
from station.archive.database import Database
from station.archive.tables import batches as imports
from station.archive.tables import metadata
from station.config import Settings
from station.errors import FileRefusedError, NotAllowedError, NotFoundError
from station.model import DAY_S, RIGHTS, Role
from station.services import access
from station.services.ask import Ask
from station.services.customers import cards, fields, merging
from station.services.incoming import intake, records
from station.services.incoming.files import FileOptions, FileReport
from station.services.incoming.undoing import Undone
from station.services.personal import erasure, keys, privacy, retention, sealing

HEADINGS = {
    "stations": "站点编码,站点名称",
    "customers": "客户编号,客户类型,姓名,手机号,登记站点,邮箱,登记日期",
    "vehicles": "车牌号,客户编号,用途,绑定日期",
    "cards": "卡号,客户编号,限车号,卡类型",
}
LINE = "C1,个人,甲示川,10012345678,S1,a@example.org,2024-01-01"
WROTE = {"batches", "batch_steps", "audit", "field_changes", "meta", "quarantine", "sessions"}
"""Tables that tell what was done, and may tell of an import that was undone."""


@dataclass(frozen=True, slots=True)
class Office:
    """Where files come in and are taken back."""

    db: Database
    folder: Path

    @property
    def ask(self) -> Ask:
        return Ask(self.db, Settings(), access.local_operator(self.db), date.max)

    def take(self, kind: str, *lines: str, ask: Ask | None = None) -> FileReport:
        path = self.folder / f"{kind}.csv"
        path.write_text("\n".join([HEADINGS[kind], *lines, ""]), encoding="utf-8")
        return records.import_records(
            ask or self.ask, kind=kind, path=path, options=FileOptions(lang="en")
        )

    def undo(self, report: FileReport) -> Undone:
        return intake.undo(self.ask, batch_id=report.batch_id)

    def content(self) -> dict[str, list[Any]]:
        """Return every row of the archive but of what was done, sealed texts opened."""
        with self.ask.db.reading() as conn:
            return {
                name: sorted(
                    (
                        self._opened(name, dict(row))
                        for row in conn.execute(select(table)).mappings()
                    ),
                    key=repr,
                )
                for name, table in metadata.tables.items()
                if name not in WROTE
            }

    def _opened(self, table: str, row: dict[str, Any]) -> dict[str, Any]:
        for kind, (column, place, _) in sealed.SEALINGS.items():
            if column.table.name == table and row[column.name] is not None:
                found = place.format(**row)
                row[column.name] = sealing.unseal(self.ask.db, row[column.name], place=found)
                assert row[column.name] is not None, kind
        if table == "customer_fields":
            del row["id"]
        return row

    def customer(self, code: str = "C1") -> int:
        with self.ask.db.reading() as conn:
            found = sealed.contacts(conn, [code])
        return found[code].id if code in found else 0

    def reached(self, code: str = "C1") -> tuple[str | None, str | None]:
        with self.db.reading() as conn:
            return sealing.unseal_contact(self.db, sealed.contacts(conn, [code])[code])

    def told(self, code: str = "C1") -> dict[str, str]:
        known = fields.known(self.ask, customer_id=self.customer(code))
        return {one.name: one.value for one in known if one.value}

    def history(self, code: str = "C1") -> list[str]:
        query = select(field_changes.c.reason).order_by(field_changes.c.id)
        with self.ask.db.reading() as conn:
            mine = field_changes.c.customer_id == self.customer(code)
            return list(conn.execute(query.where(mine)).scalars())


@pytest.fixture
def office(db: Database, tmp_path: Path) -> Office:
    with db.writing() as conn:
        for code in ("S1", "S2"):
            stations.add(conn, make_station(code))
    return Office(db, tmp_path)


def test_customers_of_a_wrong_file_are_gone_and_can_come_again(office: Office) -> None:
    before = office.content()
    report = office.take("customers", LINE, LINE.replace("C1", "C2"))
    brought = office.content()

    undone = office.undo(report)

    assert undone == Undone(out=2)
    assert office.content() == before
    assert office.take("customers", LINE, LINE.replace("C1", "C2")).counts.accepted == 2
    assert len(office.content()["customers"]) == len(brought["customers"])
    with pytest.raises(FileRefusedError, match="undone_before"):
        office.undo(report)


def test_what_a_file_changed_stands_as_before_and_the_history_says_so(office: Office) -> None:
    office.take("customers", LINE)
    before = office.content()
    report = office.take("customers", "C1,单位,乙例,10087654321,S2,b@example.org,2025-01-01")

    assert office.undo(report) == Undone(out=0, back=1)

    assert office.content() == before
    reasons = office.history()
    assert set(reasons) == {f"batch:{report.batch_id}", f"undo:{report.batch_id}"}
    assert reasons.count(f"undo:{report.batch_id}") == reasons.count(f"batch:{report.batch_id}")


def test_a_check_comes_back_with_the_telephone_it_was_of(office: Office) -> None:
    office.take("customers", LINE)
    fields.check(office.ask, customer_id=office.customer(), field="phone", is_good=True)
    before = office.content()
    report = office.take("customers", "C1,个人,,10087654321,S1,,")
    assert office.content()["field_checks"] == []

    office.undo(report)

    assert office.content() == before


def test_what_was_changed_by_hand_since_is_left_and_told(office: Office) -> None:
    office.take("customers", LINE)
    report = office.take("customers", "C1,个人,乙例,10087654321,S1,,")
    fields.change(
        office.ask, customer_id=office.customer(), values={"name": "丙样"}, reason="said so"
    )

    assert office.undo(report) == Undone(out=0, left=1)

    assert office.reached() == ("丙样", "+8610012345678")


def test_a_customer_whom_something_names_is_kept_and_told(office: Office) -> None:
    report = office.take("customers", *(LINE.replace("C1", f"C{n}") for n in range(1, 6)))
    office.take("vehicles", "粤B12345,C1,,2024-01-01")
    merging.merge(
        office.ask, kept_id=office.customer("C2"), gone_id=office.customer("C3"), reason="one"
    )
    fields.change(
        office.ask, customer_id=office.customer("C4"), values={"name": "丙样"}, reason="said"
    )

    assert office.undo(report) == Undone(out=1, kept=4)

    assert [bool(office.customer(f"C{n}")) for n in range(1, 6)] == [True, True, True, True, False]


def test_a_later_file_keeps_what_it_says_too(office: Office) -> None:
    office.take("customers", LINE)
    before = office.content()
    first = office.take("customers", "C1,个人,乙例,10087654321,S1,,", LINE.replace("C1", "C2"))
    second = office.take("customers", "C1,个人,,10087654321,S1,,", "C2,个人,,,S1,,")

    assert office.undo(first) == Undone(out=0, left=1, kept=1)
    assert office.customer("C2")
    office.undo(second)

    assert office.content() == before


def test_owners_and_cards_are_tied_as_before(office: Office) -> None:
    office.take("customers", LINE, LINE.replace("C1", "C2"))
    office.take("vehicles", "粤B12345,C1,,2024-01-01")
    office.take("cards", "1000110000000000007,C1,粤B12345,")
    before = office.content()
    owned = office.take("vehicles", "粤B12345,C2,出租车,2024-06-01", "粤B54321,C2,,2024-01-01")
    held = office.take(
        "cards", "1000110000000000007,C2,粤B54321,", "1000110000000000008,C2,粤B77777,"
    )

    assert office.undo(held) == Undone(out=2, ties=2)
    undone = office.undo(owned)

    assert (undone.out, undone.back, undone.ties) == (1, 1, 2)
    assert office.content() == before


def test_an_owner_told_by_hand_since_is_left_with_the_ties_before_him(office: Office) -> None:
    office.take("customers", *(LINE.replace("C1", f"C{n}") for n in (1, 2, 3)))
    office.take("vehicles", "粤B12345,C1,,2024-01-01")
    wrong = office.take("vehicles", "粤B12345,C2,,2024-06-01")
    later = office.take("vehicles", "粤B12345,C3,,2024-09-01")
    tied = office.content()["vehicle_owners"]

    assert office.undo(wrong) == Undone(out=0, left=1)
    assert office.content()["vehicle_owners"] == tied
    office.undo(later)

    assert [row["to_day"] for row in office.content()["vehicle_owners"]] == [None]


def test_a_confirmed_use_stays(office: Office) -> None:
    report = office.take("vehicles", "粤B12345,,出租车,", "粤B54321,,,")
    vehicle_id = office.content()["vehicle_keys"][0]["vehicle_id"]
    with office.ask.db.writing() as conn:
        conn.execute(text(f"UPDATE vehicles SET use_source = 'confirmed' WHERE id = {vehicle_id}"))  # noqa: S608

    assert office.undo(report) == Undone(out=1, kept=1)


def test_stations_go_back_and_an_empty_one_goes(office: Office) -> None:
    before = office.content()
    report = office.take("stations", "S1,东站", "S9,新站")

    assert office.undo(report) == Undone(out=1, back=1)

    after = office.content()
    assert after.pop("station_changes")
    assert after == {name: rows for name, rows in before.items() if name != "station_changes"}


def test_a_manager_takes_back_his_own_only_and_nothing_of_others(office: Office) -> None:
    with office.ask.db.reading() as conn:
        sight = frozenset({stations.ids(conn)["S1"]})
    rights = dict.fromkeys(RIGHTS[Role.MANAGER], sight)
    scope = replace(office.ask.scope, account="anna", station_ids=sight, rights=rights)
    anna = replace(office.ask, scope=scope)
    report = office.take("customers", LINE, LINE.replace("C1", "C2"), ask=anna)
    others = office.take("customers", LINE.replace("C1", "C7"))
    office.take("customers", "C2,个人,,,S2,,")

    with pytest.raises(NotFoundError):
        intake.undo(anna, batch_id=others.batch_id)
    assert intake.undo(anna, batch_id=report.batch_id) == Undone(out=1, kept=1)


def test_stations_are_taken_back_by_whoever_keeps_them(office: Office) -> None:
    report = office.take("stations", "S9,新站")
    rights = {name: ids for name, ids in office.ask.scope.rights.items() if name != "stations.keep"}
    ask = replace(office.ask, scope=replace(office.ask.scope, rights=rights))

    with pytest.raises(NotAllowedError):
        intake.undo(ask, batch_id=report.batch_id)


def test_an_import_is_undone_in_its_time_only_and_then_forgotten(office: Office) -> None:
    report = office.take("customers", LINE)
    days = office.ask.settings.archive.undo_days
    with office.ask.db.writing() as conn:
        started_s = conn.execute(select(imports.c.started_at)).scalar_one()
        conn.execute(update(imports).values(started_at=started_s - days * DAY_S - 5))

    with pytest.raises(FileRefusedError, match="undo_too_late"):
        office.undo(report)
    retention.forget_old(office.ask.db, office.ask.settings, started_s)
    with office.ask.db.reading() as conn:
        assert conn.execute(select(batch_steps)).all() == []
    assert office.customer()


def test_an_import_of_which_nothing_is_kept_is_not_undone(office: Office) -> None:
    report = office.take("customers", LINE)
    with office.ask.db.writing() as conn:
        conn.execute(batch_steps.delete())

    with pytest.raises(FileRefusedError, match="undo_unknown"):
        office.undo(report)
    with office.ask.db.reading() as conn:
        assert batches.standing(conn, report.batch_id).accepted == 1


def test_new_keys_open_what_an_undo_needs(office: Office) -> None:
    office.take("customers", LINE)
    report = office.take("customers", "C1,个人,乙例,10087654321,S1,,")
    keys.rotate(office.ask)
    keys.forget(office.ask)

    office.undo(report)

    assert office.reached() == ("甲示川", "+8610012345678")


def test_who_was_erased_is_in_no_step_and_stays_erased(office: Office) -> None:
    report = office.take("customers", LINE, LINE.replace("C1", "C2"))
    customer_id = office.customer()
    erasure.erase(office.ask, customer_id=customer_id, reason="asked for it")

    assert office.undo(report) == Undone(out=1)
    with office.ask.db.reading() as conn:
        assert book.sure(conn, customer_id).erased_at is not None


def test_steps_name_no_person_and_his_file_tells_of_them(office: Office) -> None:
    office.take("customers", LINE)
    office.take("customers", "C1,单位,乙例,10087654321,S1,b@example.org,")

    with office.ask.db.reading() as conn:
        told = " ".join(conn.execute(select(batch_steps.c.told)).scalars())
    assert not any(words in told for words in ("乙例", "8765", "example", "甲示川"))
    file = privacy.person_file(
        office.ask, customer_id=office.customer(), identity="seen", reason="asked"
    )
    assert [one["brought"] for one in file["files"]] == [True, False]


def test_a_look_at_a_card_is_no_use_of_a_vehicle(office: Office) -> None:
    report = office.take("vehicles", "粤B12345,,,")
    vehicle_id = office.content()["vehicle_keys"][0]["vehicle_id"]
    with pytest.raises(NotFoundError):  # it never came
        cards.card(office.ask, vehicle_id=vehicle_id)

    assert office.undo(report) == Undone(out=1)


# --- laws -----------------------------------------------------------------------------------------


def lines_of(kind: str, chance: random.Random) -> list[str]:
    """Return the rows of a file as they might come, some twice, some blank."""
    return [line_of(kind, chance) for _ in range(chance.randrange(1, 7))]


def line_of(kind: str, chance: random.Random) -> str:
    def one(*words: str) -> str:
        return chance.choice(words)

    code, plate = f"C{chance.randrange(6)}", f"粤B{chance.randrange(5):05d}"
    day = one("", "2024-01-01", "2024-03-01", "2024-06-01")
    if kind == "stations":
        return f"{one('S1', 'S2', 'S7', 'S8')},{one('', '东站', '西站')}"
    if kind == "customers":
        name, phone = one("", "甲示川", "乙例"), one("", "10012345678", "10087654321")
        kind, station = one("个人", "单位"), one("S1", "S2")
        mail = one("", "a@example.org", "b@example.org")
        return f"{code},{kind},{name},{phone},{station},{mail},{day}"
    if kind == "vehicles":
        return f"{plate},{one('', code)},{one('', '出租车', '网约车')},{day}"
    number, kind = f"100011000000000000{chance.randrange(4)}", one("", "储值卡")
    return f"{number},{one('', code)},{one('', plate)},{kind}"


@pytest.mark.parametrize("seed", range(3))
def test_undoing_backwards_leaves_every_table_as_it_was(office: Office, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    for _ in range(8):
        kinds = chance.choices([*HEADINGS], [1, 3, 3, 3], k=3)
        office.take(kinds[0], *lines_of(kinds[0], chance))
        before = office.content()
        reports = [office.take(kind, *lines_of(kind, chance)) for kind in kinds[1:]]

        for report in reversed(reports):
            undone = office.undo(report)
            assert (undone.left, undone.kept) == (0, 0)

        after = office.content()
        before["station_changes"] = after["station_changes"]
        assert after == before


@pytest.mark.parametrize("seed", range(3))
def test_imports_of_a_kind_are_undone_in_any_order(office: Office, seed: int) -> None:
    chance = random.Random(100 + seed)  # noqa: S311
    for _ in range(8):
        base = chance.choice([*HEADINGS])
        kind = chance.choice(["customers", "vehicles", "cards", "customers"])
        office.take(base, *lines_of(base, chance))
        before = office.content()
        reports = [office.take(kind, *lines_of(kind, chance)) for _ in range(3)]

        for report in chance.sample(reports, k=3):
            office.undo(report)

        after = office.content()
        before["station_changes"] = after["station_changes"]
        assert after == before


@pytest.mark.parametrize("seed", range(3))
def test_undoing_the_first_keeps_what_the_second_says(office: Office, seed: int) -> None:
    chance = random.Random(200 + seed)  # noqa: S311
    for _ in range(8):
        first = office.take("customers", *lines_of("customers", chance))
        lines = lines_of("customers", chance)
        office.take("customers", *lines)
        said = {line.split(",")[0]: line for line in lines}
        then = {code: office.told(code) for code in said}

        office.undo(first)

        for code, known in then.items():
            now, line = office.told(code), said[code].split(",")
            names = dict(zip(("name", "phone", "station", "email", "since"), line[2:], strict=True))
            assert all(now.get(name) == known.get(name) for name, words in names.items() if words)


def test_an_undo_that_was_broken_off_goes_on(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = office.content()
    report = office.take("customers", *(LINE.replace("C1", f"C{n:03d}") for n in range(30)))
    monkeypatch.setattr("station.services.incoming.undoing.CHUNK_STEPS", 7)
    with monkeypatch.context() as broken:
        broken.setattr("station.services.incoming.undoing._account", _breaks)
        with pytest.raises(InterruptedError):
            office.undo(report)

    assert office.undo(report) == Undone(out=30)
    assert office.content() == before


def _breaks(_: Sequence[Any]) -> Undone:
    raise InterruptedError
