"""A plate without a colour joins the only coloured one, unless the fuels contradict."""

import pytest
from archive.shop import Shop
from makers import make_key, make_sale

from station.archive import lapses, relink, search, vehicles
from station.archive.customers import records
from station.archive.lapses import LapseNote
from station.model import Fuel, LapseReason, PlateColour, Use, VehicleRecord

PLATE = "粤B12345"
PLAIN = make_key(PLATE)
BLUE = make_key(PLATE, colour=PlateColour.BLUE)
YELLOW = make_key(PLATE, colour=PlateColour.YELLOW)


def sell(shop: Shop, *vehicles: object, fuel: Fuel = Fuel.PETROL) -> None:
    for vehicle in vehicles:
        shop.files += 1
        shop.add([make_sale(vehicle=vehicle, receipt_no=f"R{shop.files}", fuel=fuel)])


def groups(shop: Shop) -> list[list[str]]:
    """Return the colours of each vehicle."""
    rows = shop.conn.exec_driver_sql(
        "SELECT vehicle_id, colour FROM vehicle_keys ORDER BY colour"
    ).all()
    of_vehicle: dict[int, list[str]] = {}
    for vehicle_id, colour in rows:
        of_vehicle.setdefault(vehicle_id, []).append(colour)
    return sorted(of_vehicle.values())


def test_two_colours_of_one_number_are_two_vehicles(shop: Shop) -> None:
    sell(shop, BLUE, YELLOW)

    assert relink.relink(shop.conn, [PLATE]) == 0
    assert groups(shop) == [["blue"], ["yellow"]]


@pytest.mark.parametrize("order", [(PLAIN, BLUE), (BLUE, PLAIN)])
def test_an_unknown_colour_joins_the_only_coloured_vehicle(
    shop: Shop, order: tuple[object, object]
) -> None:
    sell(shop, *order)

    assert relink.relink(shop.conn, [PLATE]) == 1
    assert groups(shop) == [["", "blue"]]
    assert relink.relink(shop.conn, [PLATE]) == 0


def test_an_unknown_colour_leaves_when_a_second_colour_appears(shop: Shop) -> None:
    sell(shop, PLAIN, BLUE)
    relink.relink(shop.conn, [PLATE])
    sell(shop, YELLOW)

    assert relink.relink(shop.conn, [PLATE]) == 1
    assert groups(shop) == [[""], ["blue"], ["yellow"]]


@pytest.mark.parametrize("early", [True, False])
def test_petrol_and_diesel_keep_plates_apart_for_review(shop: Shop, early: bool) -> None:
    sell(shop, PLAIN, fuel=Fuel.PETROL)
    sell(shop, BLUE, fuel=Fuel.NONE)
    if early:
        relink.relink(shop.conn, [PLATE])
    sell(shop, BLUE, fuel=Fuel.DIESEL)
    relink.relink(shop.conn, [PLATE])

    assert groups(shop) == [[""], ["blue"]]
    assert relink.to_review(shop.conn)[["text", "colour"]].values.tolist() == [[PLATE, "blue"]]


def test_joined_plates_need_no_review(shop: Shop) -> None:
    sell(shop, PLAIN, BLUE)
    relink.relink(shop.conn, [PLATE])

    assert relink.to_review(shop.conn).empty


def test_what_is_known_of_a_vehicle_goes_along(shop: Shop) -> None:
    record = VehicleRecord(PLAIN, use=Use.TAXI)
    records.put_vehicles(shop.conn, [record], keys=shop.keys)
    sell(shop, BLUE)
    relink.relink(shop.conn, [PLATE])

    row = vehicles.vehicles_frame(shop.conn).iloc[0]
    assert (row["colour"], row["use"], row["use_source"]) == ("blue", "taxi", "card")


def test_notes_keep_their_vehicle(shop: Shop) -> None:
    sell(shop, PLAIN)
    noted = next(iter(search.by_text(shop.conn, [PLATE])))
    lapses.add(shop.conn, LapseNote(noted, 1, LapseReason.PRICE, "clerk", 1))
    sell(shop, BLUE)
    relink.relink(shop.conn, [PLATE])

    assert vehicles.vehicles_frame(shop.conn)["vehicle_id"].tolist() == [noted]
