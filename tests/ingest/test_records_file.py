"""Files of stations, customers, vehicles and cards become records."""

from pathlib import Path

import pytest

from station.errors import UnreadableFileError
from station.ingest.mapping import mapping_of
from station.ingest.records_file import RecordRow, RecordsFile, fields_of, open_records
from station.ingest.rules import IngestRules
from station.model import (
    CardRecord,
    CustomerRecord,
    KeyKind,
    OwnerKind,
    PlateColour,
    RejectedRow,
    Station,
    StationKind,
    Use,
    VehicleKey,
    VehicleRecord,
)

STATIONS = (
    "站点编码,站点名称,片区,类型,时区,币种,省份\n"
    "A0001,示范一站,南山,城市,Asia/Shanghai,CNY,广东省\n"
)
CUSTOMERS = (
    "客户编号,客户类型,单位名称,所有权,登记站点,建档日期,姓名,联系人,手机号\n"
    "C1,单位,示范物流公司,公司,A0001,2024-01-02,,甲示川,０１００ 1234 5678.0\n"
    "C2,个人,,私人,A0001,2024年1月2日,乙例 澜,,+86 100-8765-4321\n"
    "C3,个人,,私人,A0001,2024年1月2日,,,无\n"
)
VEHICLES = (
    "车牌号,车牌颜色,用途,车辆类型,客户编号,起始日期\n"
    "粤B·12345,黄,重型货车,重型半挂牵引车,C1,2024-01-02\n"
)
CARDS = (
    "卡号,卡类型,客户编号,限车号,发卡日期\n"
    "\t1000110000000000007,单位卡,C1,粤B12345,2024-01-02\n='9000000000000007',,C2,,\n"
)
DAY = 19_724


def open_text(folder: Path, kind: str, text: str) -> RecordsFile:
    path = folder / f"{kind}.csv"
    path.write_text(text, encoding="gb18030", newline="")
    return open_records(path, kind, rules=IngestRules())


def records(file: RecordsFile) -> list[object]:
    return [row.record if isinstance(row, RecordRow) else row.reason for row in file.rows()]


def test_a_station_file(tmp_path: Path) -> None:
    (station,) = records(open_text(tmp_path, "stations", STATIONS))

    assert station == Station(
        "A0001", "示范一站", region="南山", kind=StationKind.CITY, province="粤"
    )


def test_a_station_file_may_give_the_hours_of_its_day(tmp_path: Path) -> None:
    text = "code,name,currency,province,day starts,night ends\nS1,One,rmb,粤,06:30,07:00\n"

    (station,) = records(open_text(tmp_path, "stations", text))

    assert station == Station(
        "S1", "One", province="粤", day_starts_at_min=390, night_ends_at_min=420
    )


def test_a_customer_file_with_its_persons(tmp_path: Path) -> None:
    file = open_text(tmp_path, "customers", CUSTOMERS)

    assert records(file) == [
        CustomerRecord(
            "C1", True, OwnerKind.COMPANY, "示范物流公司", "A0001", DAY, "甲示川", "+8610012345678"
        ),
        CustomerRecord(
            "C2", False, OwnerKind.PRIVATE, "", "A0001", DAY, "乙例 澜", "+8610087654321"
        ),
        CustomerRecord("C3", False, OwnerKind.PRIVATE, "", "A0001", DAY),
    ]
    assert file.ignored_headings == ()


@pytest.mark.parametrize(
    ("heading", "kind", "company", "name"),
    [
        ("客户名称", "个人", "", "甲示川"),
        ("客户名称", "单位", "甲示川", ""),
        ("联系人", "单位", "", "甲示川"),
        ("姓名", "单位", "", "甲示川"),
        ("customer name", "person", "", "甲示川"),
        ("contact person", "company", "", "甲示川"),
    ],
)
def test_a_name_is_that_of_the_person_or_of_the_company(
    tmp_path: Path, heading: str, kind: str, company: str, name: str
) -> None:
    text = f"客户编号,客户类型,{heading}\nC1,{kind},甲示川\n"

    (customer,) = records(open_text(tmp_path, "customers", text))

    assert isinstance(customer, CustomerRecord)
    assert (customer.organisation_name, customer.name) == (company, name)


def test_a_mapping_says_in_which_country_telephones_are(tmp_path: Path) -> None:
    path = tmp_path / "theirs.csv"
    path.write_text("who,call\nC1,(555) 555-0100\n")
    columns = {"columns": {"code": "who", "phone": "call"}, "phones": "US"}
    mapping = mapping_of(columns, name="theirs", fields=fields_of("customers"))

    (customer,) = records(open_records(path, "customers", mapping, rules=IngestRules()))

    assert isinstance(customer, CustomerRecord)
    assert customer.phone == "+15555550100"


def test_a_printed_record_shows_neither_name_nor_phone() -> None:
    told = repr(
        CustomerRecord("C1", False, OwnerKind.PRIVATE, name="甲示川", phone="+8610012345678")
    )

    assert "甲示川" not in told
    assert "1234" not in told


PERSON = "甲示川10012345678"


@pytest.mark.parametrize("place", range(9))
def test_a_rejected_row_of_a_customer_repeats_no_cell(tmp_path: Path, place: int) -> None:
    cells = ["C1", "单位", "示范", "公司", "A0001", "2024-01-02", "", "", "oops"]
    cells[place] = PERSON * 12

    (row,) = open_text(
        tmp_path, "customers", "\n".join([CUSTOMERS.partition("\n")[0], ",".join(cells), ""])
    ).rows()

    assert isinstance(row, RejectedRow)
    assert not any("川" in fact or "100" in fact for fact in row.facts.values())


def test_a_vehicle_file(tmp_path: Path) -> None:
    (vehicle,) = records(open_text(tmp_path, "vehicles", VEHICLES))

    assert vehicle == VehicleRecord(
        VehicleKey(KeyKind.PLATE, "粤B12345", PlateColour.YELLOW, "standard"),
        use=Use.TRUCK_HEAVY,
        owner_code="C1",
        vehicle_type="重型半挂牵引车",
        since_day=DAY,
    )


def test_a_card_file(tmp_path: Path) -> None:
    first, second = records(open_text(tmp_path, "cards", CARDS))

    assert first == CardRecord(
        "1000110000000000007",
        "单位卡",
        "C1",
        VehicleKey(KeyKind.PLATE, "粤B12345", plate_kind="standard"),
        DAY,
    )
    assert second == CardRecord("9000000000000007", customer_code="C2")


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (
            "stations",
            "code,name,zone\nS1,One,Europe/Paris\n",
            Station("S1", "One", zone="Europe/Paris"),
        ),
        (
            "customers",
            "customer code,customer type,owner kind\nC9,company,government\n",
            CustomerRecord("C9", True, OwnerKind.GOVERNMENT),
        ),
        (
            "vehicles",
            "vehicle id,use,ownership\nV7,taxi,rental\n",
            VehicleRecord(VehicleKey(KeyKind.REF, "V7"), Use.TAXI, OwnerKind.RENTAL),
        ),
        ("cards", "card no,card type\n700001,fleet\n", CardRecord("700001", "fleet")),
    ],
)
def test_english_headings_and_words(tmp_path: Path, kind: str, text: str, expected: object) -> None:
    assert records(open_text(tmp_path, kind, text)) == [expected]


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        ("stations", STATIONS.replace("Asia/Shanghai", "Mars"), "unknown_zone"),
        ("stations", STATIONS.replace("A0001", ""), "no_code"),
        ("stations", STATIONS.replace("城市", "月球"), "unknown_word"),
        ("vehicles", VEHICLES.replace("粤B·12345", "无牌"), "no_vehicle"),
        ("vehicles", VEHICLES.replace("2024-01-02", "去年"), "bad_time"),
        ("cards", "卡号,卡类型\n1.00011E+18,单位卡\n", "digits_lost"),
        ("cards", "卡号,卡类型\n9000****0007,单位卡\n", "bad_card"),
        ("stations", "code,name\nS1\n", "truncated_row"),
        ("stations", "code,name\nS1,One,x\nS2,Two\n", "too_many_cells"),
        ("stations", "code,currency\nS1,dollars\n", "bad_currency"),
        ("stations", "code,province\nS1,月球\n", "unknown_word"),
        ("stations", "code,day starts\nS1,dawn\n", "bad_time"),
        ("stations", f"code,name\nS1,{'x' * 81}\n", "too_long"),
        ("customers", "customer code,customer type\nC1,ghost\n", "unknown_word"),
        ("customers", "customer code,phone\nC1,1234\n", "bad_phone"),
        ("customers", f"customer code,full name\nC1,{'x' * 81}\n", "too_long"),
    ],
)
def test_a_bad_record_is_rejected_with_the_reason(
    tmp_path: Path, kind: str, text: str, reason: str
) -> None:
    rows = list(open_text(tmp_path, kind, text).rows())

    assert isinstance(rows[0], RejectedRow)
    assert rows[0].reason == reason


def test_a_file_of_another_kind_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError):
        open_text(tmp_path, "cards", "甲,乙\n1,2\n")
    with pytest.raises(UnreadableFileError, match="unknown_kind"):
        open_text(tmp_path, "houses", CARDS)


def test_a_mapping_names_the_columns_of_a_record_file(tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    path.write_text("unit,duty\nV7,taxi\n")
    mapping = mapping_of(
        {"columns": {"vehicle_ref": "unit", "use": "duty"}},
        name="fleet",
        fields=fields_of("vehicles"),
    )

    file = open_records(path, "vehicles", mapping, rules=IngestRules())

    assert records(file) == [VehicleRecord(VehicleKey(KeyKind.REF, "V7"), Use.TAXI)]
