"""Records of stations, customers, vehicles and cards: twice is once, blanks erase nothing."""

from dataclasses import replace

import pytest
from archive.shop import Shop
from makers import make_key, make_station

from station.archive import stations, vehicles
from station.archive.customers import records
from station.archive.sales import Outcome
from station.errors import NotFoundError
from station.model import (
    CardRecord,
    CustomerRecord,
    KeyKind,
    OwnerKind,
    PlateColour,
    StationKind,
    Use,
    VehicleKey,
    VehicleRecord,
)

ACCEPTED, DUPLICATE, CONFLICT, UNMATCHED = Outcome
FIRM = CustomerRecord("C1", True, OwnerKind.COMPANY, "顺达运输有限公司", "S1", 20_000)
OTHER_FIRM = CustomerRecord("C2", True, OwnerKind.RENTAL)
TRUCK = VehicleRecord(make_key(), Use.TRUCK_HEAVY, owner_code="C1", since_day=20_000)


def put_firms(shop: Shop, *firms: CustomerRecord) -> list[Outcome]:
    return records.put_customers(
        shop.conn, firms or [FIRM, OTHER_FIRM], station_ids=shop.station_ids
    )


def put_vehicles(shop: Shop, *given: VehicleRecord) -> list[Outcome]:
    return records.put_vehicles(shop.conn, given, keys=shop.keys)


def only_vehicle(shop: Shop) -> dict[str, object]:
    (row,) = vehicles.vehicles_frame(shop.conn).to_dict("records")
    return row


def test_a_station_is_added_changed_and_known(shop: Shop) -> None:
    station = make_station("S3", kind=StationKind.MOTORWAY)
    renamed = replace(station, name="North")

    assert records.put_stations(shop.conn, [station, station, renamed, renamed]) == [
        ACCEPTED,
        DUPLICATE,
        ACCEPTED,
        DUPLICATE,
    ]
    assert records.put_stations(shop.conn, [replace(renamed, region="east")]) == [ACCEPTED]
    assert stations.find(shop.conn, "S3")[1] == replace(renamed, region="east")
    assert list(stations.everything(shop.conn).values())[-1].kind is StationKind.MOTORWAY


def test_a_station_that_is_not_there_is_not_found(shop: Shop) -> None:
    with pytest.raises(NotFoundError):
        stations.find(shop.conn, "S9")


def test_a_customer_is_added_and_known(shop: Shop) -> None:
    assert put_firms(shop) == [ACCEPTED, ACCEPTED]
    assert put_firms(shop) == [DUPLICATE, DUPLICATE]


def test_a_blank_field_erases_nothing(shop: Shop) -> None:
    put_firms(shop)

    blank = replace(FIRM, organisation_name="", station="", owner_kind=OwnerKind.UNKNOWN)
    assert put_firms(shop, blank) == [DUPLICATE]
    assert put_firms(shop, replace(FIRM, organisation_name="新名")) == [ACCEPTED]


def test_a_customer_of_an_unknown_station_is_unmatched(shop: Shop) -> None:
    assert put_firms(shop, replace(FIRM, station="S9"), OTHER_FIRM) == [UNMATCHED, ACCEPTED]


def test_a_vehicle_takes_use_and_owner_from_its_card(shop: Shop) -> None:
    put_firms(shop)

    assert put_vehicles(shop, TRUCK, TRUCK) == [ACCEPTED, DUPLICATE]
    assert put_vehicles(shop, TRUCK) == [DUPLICATE]
    row = only_vehicle(shop)
    assert (row["use"], row["use_source"]) == ("truck_heavy", "card")
    assert (row["owner_kind"], row["owner_source"]) == ("company", "card")
    assert (row["customer_code"], row["organisation_name"]) == ("C1", "顺达运输有限公司")


def test_a_vehicle_of_an_unknown_owner_is_unmatched(shop: Shop) -> None:
    other = VehicleRecord(make_key("粤B2"))

    assert put_vehicles(shop, TRUCK, other) == [UNMATCHED, ACCEPTED]


def test_a_confirmed_use_stands_against_a_file(shop: Shop) -> None:
    put_firms(shop)
    put_vehicles(shop, TRUCK)
    vehicles.confirm_use(shop.conn, int(str(only_vehicle(shop)["vehicle_id"])), Use.ENGINEERING)

    assert put_vehicles(shop, TRUCK) == [DUPLICATE]
    assert only_vehicle(shop)["use"] == "engineering"


def test_a_use_of_no_vehicle_cannot_be_confirmed(shop: Shop) -> None:
    with pytest.raises(NotFoundError):
        vehicles.confirm_use(shop.conn, 999, Use.TAXI)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_new_owner_follows_the_one_before(shop: Shop, order: tuple[int, int]) -> None:
    put_firms(shop)
    both = [TRUCK, replace(TRUCK, owner_code="C2", since_day=20_500)]

    for place in order:
        assert put_vehicles(shop, both[place]) == [ACCEPTED]
    assert put_vehicles(shop, *both) == [DUPLICATE, DUPLICATE]
    links = shop.conn.exec_driver_sql(
        "SELECT code, from_day, to_day FROM vehicle_owners o "
        "JOIN customers c ON c.id = o.customer_id ORDER BY from_day"
    ).all()
    assert [tuple(link) for link in links] == [("C1", 20_000, 20_500), ("C2", 20_500, None)]


def test_a_later_known_first_day_is_stored(shop: Shop) -> None:
    put_firms(shop)
    put_vehicles(shop, replace(TRUCK, since_day=None))

    assert put_vehicles(shop, TRUCK) == [ACCEPTED]
    assert put_vehicles(shop, replace(TRUCK, since_day=None)) == [DUPLICATE]


def test_a_card_ties_a_vehicle_to_its_customer(shop: Shop) -> None:
    put_firms(shop)
    put_vehicles(shop, VehicleRecord(make_key()))
    card = CardRecord("100011000", "单位卡", "C1", make_key(), 20_100)

    assert records.put_cards(shop.conn, [card, card], keys=shop.keys) == [ACCEPTED, DUPLICATE]
    row = only_vehicle(shop)
    assert (row["card_kind"], row["customer_code"]) == ("单位卡", "C1")


def test_a_vehicle_known_by_its_card_shows_the_cards_customer(shop: Shop) -> None:
    put_firms(shop)
    shop.keys.ids(shop.conn, [VehicleKey(KeyKind.CARD, "100011000")])
    card = CardRecord("100011000", "单位卡", "C1")
    records.put_cards(shop.conn, [card], keys=shop.keys)

    assert only_vehicle(shop)["customer_code"] == "C1"


def test_a_card_of_an_unknown_customer_is_unmatched(shop: Shop) -> None:
    card = CardRecord("100011000", customer_code="C9")

    assert records.put_cards(shop.conn, [card], keys=shop.keys) == [UNMATCHED]


def test_a_plate_shows_its_colour_only_where_two_share_it(shop: Shop) -> None:
    blue, yellow = PlateColour.BLUE, PlateColour.YELLOW
    shop.keys.ids(shop.conn, [make_key("粤B1", colour=c) for c in (blue, yellow)])
    shop.keys.ids(shop.conn, [make_key("粤B2", colour=blue)])

    labels = vehicles.vehicles_frame(shop.conn)["label"]
    assert sorted(labels) == ["粤B1/blue", "粤B1/yellow", "粤B2"]


def test_an_archive_without_vehicles_gives_an_empty_frame(shop: Shop) -> None:
    assert vehicles.vehicles_frame(shop.conn).empty
