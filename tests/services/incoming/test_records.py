"""Names and telephones come in sealed, once, and nobody who was erased is filled again."""

import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
from makers import make_station
from sqlalchemy import text

from station.archive import stations
from station.archive.customers import sealed
from station.archive.database import Database
from station.config import Settings
from station.contact.fields import Field, FieldKind
from station.errors import ArchiveError, NotAllowedError
from station.model import RIGHTS, ImportCounts, Role
from station.services import access
from station.services.ask import Ask
from station.services.customers import fields
from station.services.incoming import intake, records
from station.services.incoming.files import FileOptions, FileReport
from station.services.personal import erasure, sealing

HEADING = "客户编号,客户类型,姓名,联系人,手机号,登记站点"
LINES = [
    "C1,个人,甲示川,,100 1234 5678,S1",
    "C2,单位,,乙例澜,０１００８７６５４３２１,S1",
    "C3,个人,丙样,,,S1",
]
PHONE_1, PHONE_2 = "+8610012345678", "+8610087654321"


@dataclass(frozen=True, slots=True)
class Office:
    """Where customers are brought in."""

    ask: Ask
    folder: Path

    def take(self, lines: Sequence[str], heading: str = HEADING, **options: bool) -> FileReport:
        path = self.folder / "customers.csv"
        path.write_text("\n".join([heading, *lines, ""]), encoding="utf-8")
        return records.import_records(
            self.ask, kind="customers", path=path, options=FileOptions(**options, lang="en")
        )

    def known(self) -> dict[str, tuple[str | None, str | None]]:
        with self.ask.db.reading() as conn:
            found = sealed.contacts(conn, [f"C{n}" for n in range(1, 10)])
        db = self.ask.db
        return {code: sealing.unseal_contact(db, one) for code, one in sorted(found.items())}

    def owner_of(self, phone: str) -> list[int]:
        with self.ask.db.reading() as conn:
            return sealed.with_phone(conn, sealing.phone_indexes(self.ask.db, phone))

    def change(self, statement: str) -> None:
        with self.ask.db.writing() as conn:
            conn.execute(text(statement))


@pytest.fixture
def office(db: Database, tmp_path: Path) -> Office:
    with db.writing() as conn:
        stations.add(conn, make_station("S1"))
    return Office(Ask(db, Settings(), access.local_operator(db), date.max), tmp_path)


def test_names_and_phones_come_in_and_are_found(office: Office) -> None:
    report = office.take(LINES)

    assert report.counts == ImportCounts(accepted=3)
    assert office.known() == {
        "C1": ("甲示川", PHONE_1),
        "C2": ("乙例澜", PHONE_2),
        "C3": ("丙样", ""),
    }
    assert [len(office.owner_of(phone)) for phone in (PHONE_1, PHONE_2, "+8610000000000")] == [
        1,
        1,
        0,
    ]


def test_the_same_file_again_changes_nothing(office: Office) -> None:
    office.take(LINES)
    with office.ask.db.reading() as conn:
        before = sealed.contacts(conn, ["C1", "C2", "C3"])

    again = office.take([LINES[0], LINES[0], *LINES])

    assert again.counts == ImportCounts(duplicates=5)
    with office.ask.db.reading() as conn:
        assert sealed.contacts(conn, ["C1", "C2", "C3"]) == before


def test_a_row_twice_in_a_new_file_counts_once(office: Office) -> None:
    assert office.take([LINES[0]] * 3).counts == ImportCounts(accepted=1, duplicates=2)
    assert office.known() == {"C1": ("甲示川", PHONE_1)}


def test_a_new_phone_is_accepted_and_found_instead_of_the_old_one(office: Office) -> None:
    office.take(LINES)

    report = office.take(["C1,个人,,,10000000001,S1"])

    assert report.counts == ImportCounts(accepted=1)
    assert office.known()["C1"] == ("甲示川", "+8610000000001")
    assert (office.owner_of(PHONE_1), len(office.owner_of("+8610000000001"))) == ([], 1)


def test_a_blank_name_or_phone_erases_nothing(office: Office) -> None:
    office.take(LINES)

    assert office.take(["C1,个人,,,,S1", "C2,单位,,,无,S1"]).counts == ImportCounts(duplicates=2)
    assert office.known()["C2"] == ("乙例澜", PHONE_2)


def test_a_dry_run_seals_nothing(office: Office) -> None:
    report = office.take(LINES, dry_run=True)

    assert report.counts == ImportCounts(accepted=3)
    assert office.known() == {}


def test_a_name_moved_to_another_customer_stays_shut(office: Office) -> None:
    office.take(LINES)
    office.change(
        "UPDATE customers SET name_sealed = (SELECT name_sealed FROM customers WHERE code = 'C1')"
        " WHERE code = 'C2'"
    )

    assert office.known()["C2"] == (None, PHONE_2)
    assert office.take(LINES).counts == ImportCounts(accepted=1, duplicates=2)
    assert office.known()["C2"] == ("乙例澜", PHONE_2)


def test_a_phone_cannot_stand_for_a_name(office: Office) -> None:
    office.take(LINES)
    office.change("UPDATE customers SET name_sealed = phone_sealed")

    assert [name for name, _ in office.known().values()] == [None, None, ""]


def test_an_erased_customer_is_not_filled_again(office: Office) -> None:
    office.take(LINES)
    erasure.erase(office.ask, customer_id=1, reason="asked for it")

    report = office.take(LINES)

    assert report.counts == ImportCounts(duplicates=2, rejected=1)
    assert report.reasons == {"erased_customer": 1}
    assert sorted(office.known()) == ["C2", "C3"]


def test_a_customer_of_an_unknown_station_leaves_nothing(office: Office) -> None:
    report = office.take(["C7,个人,甲示川,,10012345678,S7"])

    assert report.reasons == {"unknown_station": 1}
    assert office.known() == {}


def test_what_is_rejected_of_customers_is_not_shown_but_comes_back_whole(office: Office) -> None:
    report = office.take([*LINES, "C7,个人,甲示川,,12,S1", "C8,甲示川,10012345678,,,S1"])

    shown = [*report.rejected, *intake.rejected(office.ask, batch_id=report.batch_id)]
    assert [(row.line_no, row.reason, row.raw) for row in shown] == [
        (5, "bad_phone", ""),
        (6, "unknown_word", ""),
    ] * 2
    assert not any("川" in fact for row in shown for fact in row.facts.values())
    assert report.rejects_file is not None
    assert stat.S_IMODE(report.rejects_file.stat().st_mode) == 0o600
    assert "甲示川,,12,S1" in report.rejects_file.read_text("utf-8-sig")


def test_with_its_keys_lost_an_archive_takes_no_names(office: Office) -> None:
    office.take(LINES)
    (office.ask.db.folder / sealing.KEY_FILE).unlink()

    assert office.known()["C1"] == (None, None)
    with pytest.raises(ArchiveError):
        office.take(LINES)
    assert not (office.ask.db.folder / sealing.KEY_FILE).exists()


def test_customers_without_names_need_no_keys(office: Office) -> None:
    office.take(["C1,个人,,,,S1"])

    assert not (office.ask.db.folder / sealing.KEY_FILE).exists()


def manager(office: Office, code: str) -> Ask:
    """Return the question of a manager of one station."""
    with office.ask.db.reading() as conn:
        sight = frozenset({stations.ids(conn)[code]})
    rights = dict.fromkeys(RIGHTS[Role.MANAGER], sight)
    scope = replace(office.ask.scope, station_ids=sight, rights=rights)
    return replace(office.ask, scope=scope)


def bring(ask: Ask, office: Office, kind: str, *lines: str) -> FileReport:
    path = office.folder / f"{kind}.csv"
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return records.import_records(ask, kind=kind, path=path, options=FileOptions())


def test_a_manager_brings_in_no_stations(office: Office) -> None:
    with pytest.raises(NotAllowedError):
        bring(manager(office, "S1"), office, "stations", "站点编码,片区", "S2,mine")


def test_a_manager_changes_nothing_of_another_stations_customers(office: Office) -> None:
    with office.ask.db.writing() as conn:
        stations.add(conn, make_station("S2"))
    office = replace(office, ask=replace(office.ask, scope=access.local_operator(office.ask.db)))
    heading = "客户编号,客户类型,姓名,手机号,登记站点"
    mine, theirs = manager(office, "S1"), manager(office, "S2")
    bring(office.ask, office, "customers", heading, "C1,个人,甲示川,10012345678,S1")
    bring(office.ask, office, "vehicles", "车牌号,客户编号", "粤B12345,C1")
    bring(office.ask, office, "cards", "卡号,客户编号", "\t1000110000000000007,C1")

    for kind, first, line in (
        ("customers", heading, "C1,个人,丙样,10087654321,S2"),
        ("customers", heading, "C9,个人,丙样,10087654321,S1"),
        ("customers", heading, "C9,个人,丙样,10087654321,"),
        ("vehicles", "车牌号,客户编号", "粤B12345,"),
        ("vehicles", "车牌号,客户编号", "粤B54321,C1"),
        ("cards", "卡号,客户编号,限车号", "\t1000110000000000007,,粤B54321"),
        ("cards", "卡号,客户编号,限车号", "\t1000110000000000008,,粤B12345"),
    ):
        report = bring(theirs, office, kind, first, line)
        assert report.reasons == {"not_in_sight": 1}, line

    assert office.known() == {"C1": ("甲示川", PHONE_1)}
    report = bring(mine, office, "customers", heading, "C1,个人,甲示川,10087654321,S1")
    assert report.counts.accepted == 1


def test_a_manager_takes_over_nobody_who_is_registered_nowhere_and_never_came(
    office: Office,
) -> None:
    heading = "客户编号,客户类型,姓名,手机号,登记站点"
    bring(office.ask, office, "customers", heading, "C1,个人,甲示川,10012345678,")
    mine = manager(office, "S1")
    with office.ask.db.writing() as conn:
        stations.add(conn, make_station("S2"))

    for kind, first, line in (
        ("customers", heading, "C1,个人,,,S1"),
        ("vehicles", "车牌号,客户编号", "粤B54321,C1"),
        ("cards", "卡号,客户编号", "\t1000110000000000008,C1"),
    ):
        assert bring(mine, office, kind, first, line).reasons == {"not_in_sight": 1}, line
    assert office.known() == {"C1": ("甲示川", PHONE_1)}


def test_a_manager_takes_no_vehicle_that_another_stations_customer_has_by_card(
    office: Office,
) -> None:
    with office.ask.db.writing() as conn:
        stations.add(conn, make_station("S2"))
    office = replace(office, ask=replace(office.ask, scope=access.local_operator(office.ask.db)))
    heading = "客户编号,客户类型,姓名,手机号,登记站点"
    bring(office.ask, office, "customers", heading, "C1,个人,,,S1", "C2,个人,,,S2")
    card = "\t1000110000000000007,C1,粤B12345"
    bring(office.ask, office, "cards", "卡号,客户编号,限车号", card)

    report = bring(manager(office, "S2"), office, "vehicles", "车牌号,客户编号", "粤B12345,C2")

    assert report.reasons == {"not_in_sight": 1}


def history_of(office: Office, code: str) -> list[tuple[str, str, str, str]]:
    with office.ask.db.reading() as conn:
        customer_id = sealed.contacts(conn, [code])[code].id
    rows = fields.history(office.ask, customer_id=customer_id)
    return [
        (str(row["field"]), row["old"], row["new"], str(row["reason"]))
        for row in rows.iloc[::-1].to_dict("records")
    ]


def known_of(office: Office, code: str) -> dict[str, str]:
    with office.ask.db.reading() as conn:
        customer_id = sealed.contacts(conn, [code])[code].id
    told = fields.known(office.ask, customer_id=customer_id)
    return {one.name: one.value for one in told if one.is_kept}


def test_a_file_that_changes_a_known_customer_writes_his_history(office: Office) -> None:
    office.take(LINES)
    assert history_of(office, "C1") == []

    office.take(["C1,个人,甲示澜,,10000000001,S1"])
    office.take(["C2,单位,,,,S1,鹏澜物流,公司,2025-03-01"], f"{HEADING},单位名称,所有权,建档日期")

    assert history_of(office, "C1") == [
        ("name", "甲**", "甲**", "batch:2"),
        ("phone", "100****5678", "100****0001", "batch:2"),
    ]
    assert history_of(office, "C2") == [
        ("owner_kind", "", "company", "batch:3"),
        ("organisation_name", "", "鹏澜物流", "batch:3"),
        ("since", "", "2025-03-01", "batch:3"),
    ]


FACTS = "客户编号,客户类型,行业,车辆数,Channel,支付方式,微信,茶,登记站点"


@pytest.fixture
def tea(office: Office) -> Office:
    own = Field("tea", "own", FieldKind.CHOICE, choices=("龙井",), labels={"zh": "茶", "en": "tea"})
    return replace(office, ask=replace(office.ask, settings=replace(Settings(), fields=(own,))))


def test_a_file_tells_ordinary_fields_and_the_chains_own_by_any_heading(tea: Office) -> None:
    report = tea.take(["C1,单位,物流,12,老客户介绍,月结,wx-1,龙井,S1", "C2,个人,,-,,,,,S1"], FACTS)

    assert report.counts == ImportCounts(accepted=2)
    known = known_of(tea, "C1")
    told = {"industry": "物流", "fleet_size": "12", "channel": "referral"}
    assert {"station": "S1"} | told | {
        "pay_method": "monthly",
        "wechat": "w***",
        "tea": "龙井",
    } == known
    assert tea.take(["C1,单位,物流,12,referral,monthly,wx-1,龙井,S1"], FACTS).counts.duplicates == 1
    assert history_of(tea, "C1") == []


def test_what_a_file_changes_of_fields_is_history_and_blank_says_nothing(tea: Office) -> None:
    tea.take(["C1,单位,物流,12,,,wx-1,,S1"], FACTS)
    with tea.ask.db.reading() as conn:
        customer_id = sealed.contacts(conn, ["C1"])["C1"].id
    fields.check(tea.ask, customer_id=customer_id, field="wechat", is_good=False)

    report = tea.take(["C1,单位,,20,,,wx-2,,", "C1,单位,,30,,,,,"], FACTS)

    assert report.counts == ImportCounts(accepted=2)
    assert history_of(tea, "C1") == [
        ("wechat", "w***", "w***", "batch:2"),
        ("fleet_size", "12", "20", "batch:2"),
        ("fleet_size", "20", "30", "batch:2"),
    ]
    assert known_of(tea, "C1")["industry"] == "物流"
    told = fields.known(tea.ask, customer_id=customer_id)
    assert next(one for one in told if one.name == "wechat").checked_day is None


def test_a_row_with_a_bad_value_is_put_aside_and_names_its_column_only(tea: Office) -> None:
    report = tea.take(["C1,单位,物流,many,,,,,", "C2,单位,物流,3,,,,红茶,"], FACTS)

    assert report.counts == ImportCounts(rejected=2)
    assert [(row.reason, row.facts) for row in report.rejected] == [
        ("bad_field", {"field": "车辆数"}),
        ("bad_field", {"field": "茶"}),
    ]
