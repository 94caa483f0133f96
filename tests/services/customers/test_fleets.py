"""Fleets are told as the stations in view know them, and no other station's vehicles."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from archive.shop import Shop
from makers import NOON, make_key, make_sale
from people import scope_for
from town import ask_of, at, sell, tell

from station.archive import stations
from station.archive.customers import book, records
from station.archive.database import Database
from station.archive.tables import customers
from station.errors import BadValueError, NotFoundError
from station.model import (
    DAY_S,
    CardRecord,
    CustomerRecord,
    OwnerKind,
    Role,
    Sale,
    VehicleRecord,
    day_number,
)
from station.services import reports
from station.services.ask import Ask
from station.services.customers import fleets

TODAY = day_number(date(2026, 9, 1))
ALPHA, BETA, GAMMA = 1, 2, 3
FLEETS = {"ALPHA": range(10, 16), "BETA": range(20, 22)}


def company(code: str, station: str) -> CustomerRecord:
    name = f"甲{code}公司"
    return CustomerRecord(code, True, OwnerKind.COMPANY, name, station)


def fills(number: int, *, last: int = 0, station: str = "S1", **changes: object) -> list[Sale]:
    """Return a fill each fourth day for half a year, the last so many days ago."""
    return [
        replace(
            make_sale(
                station=station,
                vehicle=make_key(f"粤B{number:05d}"),
                sold_at=NOON - days * DAY_S,
                receipt_no=f"{station}-{number}-{days}",
            ),
            **changes,
        )
        for days in range(last, 180, 4)
    ]


@pytest.fixture
def ask(db: Database) -> Ask:
    """Return the local operator's question on Alpha at S1, Beta at S2 and Gamma, which has none.

    Of Alpha's six vehicles four come, one stopped 40 days ago and one never came.
    """
    with db.writing() as conn:
        shop = Shop(conn)
        made = [company("ALPHA", "S1"), company("BETA", "S2"), company("GAMMA", "S1")]
        records.put_customers(conn, made, station_ids=stations.ids(conn))
        owned = [
            VehicleRecord(make_key(f"粤B{number:05d}"), owner_code=code, since_day=TODAY - 300)
            for code, numbers in FLEETS.items()
            for number in numbers
        ]
        records.put_vehicles(conn, owned, keys=shop.keys)
    sell(db, [sale for number in range(10, 14) for sale in fills(number)])
    sell(db, [*fills(14, last=40), *fills(20, station="S2"), *fills(21, station="S2")])
    return ask_of(db)


def manager(ask: Ask) -> Ask:
    return replace(ask, scope=scope_for(ask.db, "boss", at(ask.db, "S1", Role.MANAGER)))


def row(ask: Ask, customer_id: int, codes: Sequence[str] = ()) -> dict[object, object]:
    frame = fleets.fleets(ask, stations=codes)
    (found,) = frame[frame["customer_id"] == customer_id].to_dict("records")
    return found


def test_a_fleet_is_told_by_its_vehicles(ask: Ask) -> None:
    found = row(ask, ALPHA)

    assert (found["organisation_name"], found["vehicles"], found["seen"]) == ("甲ALPHA公司", 6, 5)
    assert (found["active"], found["lost"], found["unseen"]) == (4, 1, 1)
    assert found["seen_share"] == pytest.approx(5 / 6)


def test_volume_is_that_of_a_mean_whole_month(ask: Ask) -> None:
    found = row(ask, ALPHA)

    assert (found["unit"], found["currency"]) == ("l", "CNY")
    assert found["monthly_amount"] == pytest.approx(float(found["monthly_quantity"]) * 7.5)
    assert 800 < float(found["monthly_quantity"]) < 1200


def test_an_organisation_without_vehicles_is_told_too(ask: Ask) -> None:
    found = row(ask, GAMMA)

    assert (found["vehicles"], found["sentence"]) == (0, "fleets.no_vehicles")


def test_another_stations_organisations_are_not_told(ask: Ask) -> None:
    boss = manager(ask)

    assert set(fleets.fleets(boss)["customer_id"]) == {ALPHA, GAMMA}
    assert set(fleets.fleets(ask, stations=["S2"])["customer_id"]) == {BETA}
    for unknown in (BETA, 999):
        with pytest.raises(NotFoundError, match=r"error\.customer_not_found"):
            fleets.fleet(boss, customer_id=unknown)


def test_a_visit_while_it_is_theirs_brings_an_organisation_into_view(ask: Ask) -> None:
    sell(ask.db, [s for s in fills(20, station="S1") if s.receipt_no == "S1-20-0"])

    boss = manager(ask)
    found = row(boss, BETA)

    assert (found["seen"], found["vehicles"]) == (1, 2)
    told = fleets.fleet(boss, customer_id=BETA)
    assert told.vehicles["label"].tolist() == ["粤B00020"]
    assert told.unnamed == 1


def test_a_vehicle_that_was_sold_is_no_longer_theirs(ask: Ask) -> None:
    with ask.db.writing() as conn:
        sold = VehicleRecord(make_key("粤B00010"), owner_code="GAMMA", since_day=TODAY - 20)
        records.put_vehicles(conn, [sold], keys=Shop(conn).keys)

    assert (row(ask, ALPHA)["vehicles"], row(ask, GAMMA)["vehicles"]) == (5, 1)
    before = replace(ask, as_of=date(2026, 8, 1))
    assert (row(before, ALPHA)["vehicles"], row(before, GAMMA)["vehicles"]) == (6, 0)
    told = fleets.fleet(ask, customer_id=GAMMA)
    assert told.months["visits"].sum() == 6


def test_a_fleets_card_names_every_vehicle_where_it_is_registered(ask: Ask) -> None:
    told = fleets.fleet(manager(ask), customer_id=ALPHA)

    assert sorted(told.vehicles["label"]) == [f"粤B{number:05d}" for number in range(10, 16)]
    assert told.unnamed == 0
    assert set(told.months["month"]) >= {"2026-07", "2026-08"}


def test_two_that_slow_or_stay_away_raise_an_alarm(ask: Ask) -> None:
    with ask.db.writing() as conn:
        more = VehicleRecord(make_key("粤B00030"), owner_code="ALPHA", since_day=TODAY - 300)
        records.put_vehicles(conn, [more], keys=Shop(conn).keys)
    assert row(ask, ALPHA)["sentence"] == "fleets.one_only"

    sell(ask.db, fills(30, last=36))

    found = row(ask, ALPHA)
    assert (found["regular"], found["troubled"], found["is_alarmed"]) == (6, 2, True)
    assert fleets.fleets(ask)["customer_id"].iloc[0] == ALPHA


def test_the_declared_fleet_is_told_beside_the_known_one(ask: Ask) -> None:
    with ask.db.writing() as conn:
        tell(conn, ALPHA, fleet_size="20", relationship="1")
        tell(conn, GAMMA, fleet_size="many")

    found = row(ask, ALPHA)
    assert (found["declared"], found["declared_share"]) == (20, 0.25)
    assert found["relationship"] == "1"
    assert row(ask, GAMMA)["declared"] != row(ask, GAMMA)["declared"]


def test_where_currencies_meet_there_is_no_amount(ask: Ask) -> None:
    sell(ask.db, fills(15, station="S2", currency="HKD"))

    found = row(ask, ALPHA)

    assert found["currency"] == ""
    assert found["monthly_amount"] != found["monthly_amount"]
    assert float(found["monthly_quantity"]) > 0
    assert row(ask, ALPHA, ["S1"])["currency"] == "CNY"


def test_merged_organisations_are_one_fleet(ask: Ask) -> None:
    with ask.db.writing() as conn:
        conn.execute(customers.update().where(customers.c.id == BETA).values(merged_into=ALPHA))
        assert book.same(conn, BETA) == [ALPHA, BETA]

    assert row(ask, ALPHA)["vehicles"] == 8
    assert BETA not in set(fleets.fleets(ask)["customer_id"])
    for customer_id in (ALPHA, BETA):
        assert fleets.fleet(ask, customer_id=customer_id).row["vehicles"] == 8


def test_a_person_has_no_fleet(ask: Ask) -> None:
    with ask.db.writing() as conn:
        person = CustomerRecord("P", False, OwnerKind.PRIVATE, station="S1")
        records.put_customers(conn, [person], station_ids=stations.ids(conn))
        person_id = book.id_of(conn, "P")

    with pytest.raises(BadValueError, match=r"fleets\.no_organisation"):
        fleets.fleet(ask, customer_id=person_id or 0)


def test_a_vehicle_known_by_its_card_only_belongs_to_the_holder(ask: Ask) -> None:
    with ask.db.writing() as conn:
        card = CardRecord("90001", customer_code="GAMMA", plate=make_key("粤B00040"))
        records.put_cards(conn, [card], keys=Shop(conn).keys)
    sell(ask.db, fills(40))

    assert (row(ask, GAMMA)["vehicles"], row(ask, GAMMA)["active"]) == (1, 1)


def test_the_report_tells_the_same(ask: Ask) -> None:
    told = reports.report(ask, name="fleets", question=reports.Question(lang="en"))

    assert told.rows["organisation"].tolist() == ["甲ALPHA公司", "甲BETA公司", "甲GAMMA公司"]
    assert "regular vehicles" in told.rows["sentence"][0]
