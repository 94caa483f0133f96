"""What pages see of sales: the vehicle's lines in scope, the span of days."""

from archive.shop import Shop
from makers import NOON, SHANGHAI_S, make_key, make_sale

from station.archive import views

DAY = (NOON + SHANGHAI_S) // 86_400


def test_a_vehicles_lines_come_newest_first_within_scope_and_day(shop: Shop) -> None:
    days = [
        make_sale(receipt_no=f"R{n}", sold_at=NOON + n * 86_400, station=station)
        for n, station in enumerate(["S1", "S2", "S1", "S1"])
    ]
    shop.add([*days, make_sale(receipt_no="R9", vehicle=make_key("粤B99999"))])
    vehicle_id = shop.conn.exec_driver_sql(
        "SELECT vehicle_id FROM vehicle_keys WHERE text = '粤B12345'"
    ).scalar_one()

    lines = views.lines_of_vehicle(
        shop.conn, vehicle_id, [shop.station_ids["S1"]], DAY + 2, limit=10
    )

    assert lines["receipt_no"].tolist() == ["R2", "R0"]
    assert lines["product"].tolist() == ["G92", "G92"]


def test_days_span_the_stations_in_sight(shop: Shop) -> None:
    shop.add([make_sale(), make_sale(station="S2", sold_at=NOON + 5 * 86_400)])

    assert views.days(shop.conn, shop.station_ids.values()) == (DAY, DAY + 5)
    assert views.days(shop.conn, [shop.station_ids["S1"]]) == (DAY, DAY)
    assert views.days(shop.conn, []) is None


def test_counts_hold_what_stands(shop: Shop) -> None:
    shop.add([make_sale(), make_sale(receipt_no="R2")])

    assert views.counts(shop.conn) == {"stations": 2, "vehicles": 1, "sales": 2}
