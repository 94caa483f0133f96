"""Each natural key comes in once, and the first to come stands."""

from dataclasses import replace

import pytest
from archive.shop import Shop
from makers import NOON, make_key, make_reversal, make_sale

from station.archive.sales import Outcome
from station.model import Fuel

ACCEPTED, DUPLICATE, CONFLICT, UNMATCHED = Outcome


def test_new_sales_are_accepted(shop: Shop) -> None:
    assert shop.add([make_sale(receipt_no=f"R{n}") for n in range(3)]) == [ACCEPTED] * 3


def test_an_empty_chunk_adds_nothing(shop: Shop) -> None:
    assert shop.add([]) == []


def test_the_same_line_again_is_a_duplicate_in_any_chunk(shop: Shop) -> None:
    sale, other = make_sale(), make_sale(receipt_no="R2")

    assert shop.add([sale, other, sale]) == [ACCEPTED, ACCEPTED, DUPLICATE]
    assert shop.add([other, make_sale(receipt_no="R3"), sale]) == [DUPLICATE, ACCEPTED, DUPLICATE]


@pytest.mark.parametrize(
    "change",
    [{"quantity_milli": 1}, {"amount_minor": 1}, {"product": "D0", "fuel": Fuel.DIESEL}],
)
def test_another_content_under_one_key_is_a_conflict(shop: Shop, change: dict[str, int]) -> None:
    sale = make_sale()

    assert shop.add([sale, replace(sale, **change)]) == [ACCEPTED, CONFLICT]
    assert shop.add([replace(sale, **change), sale]) == [CONFLICT, DUPLICATE]


def test_one_receipt_number_at_two_stations_is_two_sales(shop: Shop) -> None:
    sale = make_sale()

    assert shop.add([sale, replace(sale, station="S2")]) == [ACCEPTED, ACCEPTED]


def test_a_sale_may_name_no_vehicle(shop: Shop) -> None:
    assert shop.add([make_sale(vehicle=None)]) == [ACCEPTED]


def test_a_reversal_handed_in_as_a_sale_is_a_fault_of_the_caller(shop: Shop) -> None:
    with pytest.raises(ValueError, match="reversal"):
        shop.add([make_reversal(make_sale())])


def test_a_reversal_is_tied_to_the_receipt_it_names(shop: Shop) -> None:
    sale = make_sale()
    shop.add([sale])

    assert shop.take_back([make_reversal(sale)]) == [ACCEPTED]
    assert shop.take_back([make_reversal(sale)]) == [DUPLICATE]


def test_a_reversal_timed_to_the_minute_finds_the_sale_of_that_minute(shop: Shop) -> None:
    sale = make_sale(sold_at=NOON + 3)
    shop.add([sale])

    assert shop.take_back([make_reversal(sale, sold_at=NOON, local_at=0)]) == [ACCEPTED]


def test_a_reversal_without_a_sale_stays_unmatched(shop: Shop) -> None:
    assert shop.take_back([make_reversal(make_sale())]) == [UNMATCHED]


def test_parts_are_taken_back_until_nothing_is_left(shop: Shop) -> None:
    sale = make_sale(quantity_milli=30_000, amount_minor=300)
    shop.add([sale])
    part = make_reversal(sale, quantity_milli=-20_000, amount_minor=-200)
    rest = replace(part, natural_key="rest", quantity_milli=-10_000, amount_minor=-100)

    assert shop.take_back([part, replace(part, natural_key="too much"), rest]) == [
        ACCEPTED,
        UNMATCHED,
        ACCEPTED,
    ]


def test_an_unnamed_reversal_finds_its_exact_opposite_once(shop: Shop) -> None:
    sale = make_sale()
    shop.add([sale])
    first = make_reversal(sale, reverses_hint="", nozzle="")
    second = replace(first, natural_key="again")

    assert shop.take_back([second, first]) == [UNMATCHED, ACCEPTED]


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"vehicle": make_key("粤B99999")}, ACCEPTED),  # the nozzle tells
        ({"nozzle": "9"}, ACCEPTED),  # the vehicle tells
        ({"nozzle": "9", "vehicle": make_key("粤B99999")}, UNMATCHED),
        ({"nozzle": "", "vehicle": None}, UNMATCHED),
        ({"amount_minor": -1}, UNMATCHED),
        ({"product": "G95"}, UNMATCHED),
        ({"sold_at": make_sale().sold_at + 8 * 86_400}, UNMATCHED),
        ({"sold_at": make_sale().sold_at - 1}, UNMATCHED),
        ({"quantity_milli": 30_000}, UNMATCHED),
    ],
)
def test_an_unnamed_reversal_needs_vehicle_or_nozzle_and_content(
    shop: Shop, change: dict[str, object], outcome: Outcome
) -> None:
    sale = make_sale()
    shop.add([sale])

    assert shop.take_back([make_reversal(sale, reverses_hint="", **change)]) == [outcome]


def test_a_receipt_number_used_twice_means_the_nearest_earlier_sale(shop: Shop) -> None:
    old = make_sale(natural_key="old", sold_at=make_sale().sold_at - 10 * 86_400)
    new = make_sale(natural_key="new")
    shop.add([new, old])
    shop.take_back([make_reversal(new)])

    row = shop.conn.exec_driver_sql(
        "SELECT o.natural_key FROM sales r JOIN sales o ON o.id = r.reverses"
    )
    assert row.scalars().all() == ["new"]


def test_a_reversal_belongs_to_the_key_of_its_sale(shop: Shop) -> None:
    sale = make_sale()
    shop.add([sale])
    shop.take_back([make_reversal(sale, vehicle=None)])

    keys = shop.conn.exec_driver_sql("SELECT DISTINCT key_id FROM sales").scalars().all()
    assert len(keys) == 1
    assert keys[0] is not None
