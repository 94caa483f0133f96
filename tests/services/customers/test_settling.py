"""What an organisation owes is what it bought on credit in a period, and is paid for once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from archive.shop import Shop
from makers import NOON, make_key, make_reversal, make_sale
from people import scope_for
from town import ask_of, at, one, sell, tell

from station.archive import stations
from station.archive.customers import records
from station.archive.database import Database
from station.archive.tables import customers
from station.errors import BadValueError, NotFoundError
from station.model import (
    DAY_S,
    AgreementKind,
    CardRecord,
    CustomerRecord,
    OwnerKind,
    Role,
    Sale,
    VehicleRecord,
    day_number,
)
from station.services.ask import Ask
from station.services.customers import agreements, settling

FIRST = date(2026, 9, 1)
ALPHA, BETA = 1, 2
AMOUNT = 225.0


def fill(on: str, plate: str = "粤B00010", station: str = "S1", **changes: object) -> Sale:
    """Return a fill of 225 on a day."""
    days = (date.fromisoformat(on) - FIRST).days
    sale = make_sale(station=station, vehicle=make_key(plate), sold_at=NOON + days * DAY_S)
    return replace(sale, natural_key=f"{on}{plate}", receipt_no=f"{on}{plate}", **changes)


@pytest.fixture
def ask(db: Database) -> Ask:
    """Return the question as of 2026-09-01 on Alpha, which settles on the 31st within ten days."""
    with db.writing() as conn:
        shop = Shop(conn)
        made = [
            CustomerRecord(code, True, OwnerKind.COMPANY, f"甲{code}公司", station)
            for code, station in (("ALPHA", "S1"), ("BETA", "S2"))
        ]
        records.put_customers(conn, made, station_ids=stations.ids(conn))
        since = day_number(date(2026, 1, 1))
        owned = [("粤B00010", "ALPHA"), ("粤B00011", "ALPHA"), ("粤B00020", "BETA")]
        vehicles = [VehicleRecord(make_key(p), owner_code=c, since_day=since) for p, c in owned]
        records.put_vehicles(conn, vehicles, keys=shop.keys)
        records.put_cards(
            conn, [CardRecord("90001", customer_code="ALPHA", since_day=since)], keys=shop.keys
        )
        tell(conn, ALPHA, settle_day="31", term_days="10")
    return ask_of(db)


def calendar(ask: Ask, month: date = date(2026, 8, 1)) -> list[tuple[object, ...]]:
    frame = settling.calendar(ask, month=month)
    shown = ["organisation_name", "amount", "currency", "status"]
    return list(frame[shown].itertuples(index=False, name=None))


def amounts(ask: Ask, month: date = date(2026, 8, 1)) -> list[object]:
    return [row[1] for row in calendar(ask, month)]


def july(db: Database, more: Sequence[Sale] = ()) -> None:
    """Sell two fills in July and one in August."""
    sell(db, [fill("2026-07-01"), fill("2026-07-31", "粤B00011"), fill("2026-08-01"), *more])


def test_a_month_tells_what_is_due_in_it(ask: Ask) -> None:
    july(ask.db)

    assert calendar(ask) == [("甲ALPHA公司", 2 * AMOUNT, "CNY", "overdue")]
    assert calendar(ask, FIRST) == [("甲ALPHA公司", AMOUNT, "CNY", "due")]
    assert calendar(ask, date(2026, 7, 1)) == []


def test_what_is_overdue_is_told_with_its_days(ask: Ask) -> None:
    july(ask.db)

    (row,) = settling.overdue(ask).to_dict("records")

    assert (row["amount"], row["days_over"]) == (2 * AMOUNT, 22)


def test_a_period_is_settled_once_and_taken_back(ask: Ask) -> None:
    july(ask.db)
    period = {"customer_id": ALPHA, "period_end": date(2026, 7, 31)}

    for _ in range(2):
        settling.settle(ask, **period)
    assert calendar(ask)[0][-1] == "settled"
    assert settling.overdue(ask).empty
    assert one(ask, "SELECT count(*) FROM settlements") == 1

    for _ in range(2):
        settling.unsettle(ask, **period)
    assert calendar(ask)[0][-1] == "overdue"
    acts = (
        "SELECT count(*) FROM audit WHERE object IN ('customer:1:settled','customer:1:unsettled')"
    )
    assert one(ask, acts) == 2


@pytest.mark.parametrize(
    ("customer_id", "period_end", "key"),
    [
        (ALPHA, date(2026, 7, 30), "settling.no_period"),
        (ALPHA, date(2026, 9, 30), "settling.running"),
        (BETA, date(2026, 7, 31), "settling.no_terms"),
    ],
)
def test_only_a_period_that_is_over_is_settled(
    ask: Ask, customer_id: int, period_end: date, key: str
) -> None:
    with pytest.raises(BadValueError, match=key.replace(".", r"\.")):
        settling.settle(ask, customer_id=customer_id, period_end=period_end)


def test_another_stations_organisation_is_not_there(ask: Ask) -> None:
    boss = replace(ask, scope=scope_for(ask.db, "boss", at(ask.db, "S2", Role.MANAGER)))
    july(ask.db)

    assert calendar(boss) == []
    for service in (settling.settle, settling.unsettle):
        with pytest.raises(NotFoundError, match=r"error\.customer_not_found"):
            service(boss, customer_id=ALPHA, period_end=date(2026, 7, 31))


def test_a_vehicle_counts_while_it_is_theirs(ask: Ask) -> None:
    july(ask.db)
    with ask.db.writing() as conn:
        sold = day_number(date(2026, 7, 15))
        record = VehicleRecord(make_key("粤B00011"), owner_code="BETA", since_day=sold)
        records.put_vehicles(conn, [record], keys=Shop(conn).keys)

    assert amounts(ask) == [AMOUNT]


def test_a_card_pays_for_any_vehicle_and_nothing_counts_twice(ask: Ask) -> None:
    more = [
        fill("2026-07-02", "粤B77777", card_no="90001"),
        fill("2026-07-03", card_no="90001"),
        fill("2026-07-04", "粤B77777"),
        replace(fill("2026-07-05", card_no="90001"), vehicle=None, natural_key="x"),
    ]
    july(ask.db, more)

    assert amounts(ask) == [5 * AMOUNT]


def test_whoevers_card_paid_owes_it(ask: Ask) -> None:
    with ask.db.writing() as conn:
        records.put_cards(conn, [CardRecord("90002", customer_code="BETA")], keys=Shop(conn).keys)
        tell(conn, BETA, settle_day="31", term_days="10")
    july(ask.db, [fill("2026-07-02", card_no="90002")])

    assert calendar(ask) == [
        ("甲ALPHA公司", 2 * AMOUNT, "CNY", "overdue"),
        ("甲BETA公司", AMOUNT, "CNY", "overdue"),
    ]


def test_what_was_taken_back_is_not_owed(ask: Ask) -> None:
    july(ask.db)
    sale = fill("2026-07-01")
    with ask.db.writing() as conn:
        Shop(conn).take_back([make_reversal(sale)])

    assert amounts(ask) == [AMOUNT]


def test_currencies_stand_in_rows_of_their_own(ask: Ask) -> None:
    july(ask.db, [fill("2026-07-09", station="S2", currency="HKD")])

    assert calendar(ask) == [
        ("甲ALPHA公司", 2 * AMOUNT, "CNY", "overdue"),
        ("甲ALPHA公司", AMOUNT, "HKD", "overdue"),
    ]


def test_only_the_stations_in_view_count(ask: Ask) -> None:
    july(ask.db, [fill("2026-07-09", station="S2")])

    assert amounts(ask) == [3 * AMOUNT]
    boss = replace(ask, scope=scope_for(ask.db, "boss", at(ask.db, "S1", Role.MANAGER)))
    assert amounts(boss) == [2 * AMOUNT]


def test_a_credit_that_begins_in_mid_period_counts_from_its_day(ask: Ask) -> None:
    july(ask.db)
    agreements.add(
        ask,
        customer_id=ALPHA,
        kind=AgreementKind.CREDIT,
        terms="monthly",
        since=date(2026, 7, 15),
    )

    assert amounts(ask) == [AMOUNT]


def test_february_is_settled_on_its_last_day(ask: Ask) -> None:
    sell(ask.db, [fill("2026-02-28"), fill("2026-03-01")])
    march = replace(ask, as_of=date(2026, 3, 20))

    assert amounts(march, date(2026, 3, 1)) == [AMOUNT]
    settling.settle(march, customer_id=ALPHA, period_end=date(2026, 2, 28))
    assert calendar(march, date(2026, 3, 1))[0][-1] == "settled"


def test_merged_organisations_owe_together_and_a_payment_of_either_holds(ask: Ask) -> None:
    july(ask.db, [fill("2026-07-20", "粤B00020")])
    with ask.db.writing() as conn:
        conn.execute(customers.update().where(customers.c.id == ALPHA).values(merged_into=BETA))

    assert amounts(ask) == [3 * AMOUNT]
    settling.settle(ask, customer_id=ALPHA, period_end=date(2026, 7, 31))
    assert calendar(ask) == [("甲BETA公司", 3 * AMOUNT, "CNY", "settled")]
    for customer_id in (ALPHA, BETA):
        rows = settling.of_organisation(ask, customer_id=customer_id)
        assert rows["status"].tolist()[-1] == "settled"
    settling.unsettle(ask, customer_id=BETA, period_end=date(2026, 7, 31))
    assert calendar(ask)[0][-1] == "overdue"


def test_an_organisations_own_periods_run_from_the_newest(ask: Ask) -> None:
    july(ask.db, [fill(str(FIRST))])

    rows = settling.of_organisation(ask, customer_id=ALPHA)

    assert rows["status"].tolist() == ["running", "due", "overdue"]
    assert rows["due_day"].iloc[0] == day_number(date(2026, 9, 30) + timedelta(days=10))
