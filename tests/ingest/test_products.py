"""One grade has many names."""

import pytest

from station.ingest.products import product_of, product_of_unit
from station.model import Fuel, Product, Unit

NAMES = {
    "G92": (
        "92#",
        "92号",
        "92＃",
        "92",
        "92号车用汽油(VIB)",
        "92#汽油",
        "E92",
        "92 #",
        "92号乙醇汽油",
    ),
    "G95": ("95#", "95号车用汽油(VIB)", "95# 汽油(VIA)", "RON95", "汽油95号", "95号国VI车用汽油"),
    "G98": ("98#", "98号汽油"),
    "D0": ("0#", "0#柴油", "0号车用柴油(VI)", "柴油0号", "0#车用柴油"),
    "Dm10": ("-10#", "-10#柴油", "－10号车用柴油(VI)", "负10号柴油"),
    "Dm35": ("-35#柴油",),
    "CNG": ("CNG", "压缩天然气", "车用CNG"),
    "LNG": ("LNG", "液化天然气"),
    "UREA": ("车用尿素", "尿素", "AdBlue", "DEF"),
    "M100": ("M100", "甲醇", "甲醇汽油M100"),
    "ELECTRIC": ("充电", "EV charging"),
}
OTHER = {
    "Diesel": Fuel.DIESEL,
    "Unleaded 87": Fuel.PETROL,
    "Regular": Fuel.PETROL,
    "柴油": Fuel.DIESEL,
    "矿泉水": Fuel.NONE,
    "柴油添加剂": Fuel.NONE,
    "充电宝": Fuel.NONE,
    "机油 5W-30": Fuel.NONE,
    "Coffee regular": Fuel.NONE,
}


@pytest.mark.parametrize(("name", "code"), [(n, code) for code in NAMES for n in NAMES[code]])
def test_a_grade_is_known_by_any_of_its_names(name: str, code: str) -> None:
    assert product_of(name).code == code


@pytest.mark.parametrize(("name", "fuel"), OTHER.items())
def test_other_names_keep_their_words(name: str, fuel: Fuel) -> None:
    product = product_of(name)

    assert (product.code, product.fuel) == (name, fuel)
    assert product.unit is (Unit.PIECE if fuel is Fuel.NONE else Unit.LITRE)


@pytest.mark.parametrize(
    ("name", "fuel", "unit"),
    [
        *(("92#", Fuel.PETROL, Unit.LITRE), ("0#", Fuel.DIESEL, Unit.LITRE)),
        *(("CNG", Fuel.GAS, Unit.CUBIC_METRE), ("LNG", Fuel.GAS, Unit.KILOGRAM)),
        *(("尿素", Fuel.NONE, Unit.LITRE), ("M100", Fuel.OTHER, Unit.LITRE)),
        ("充电", Fuel.ELECTRIC, Unit.KWH),
    ],
)
def test_each_product_has_its_family_and_unit(name: str, fuel: Fuel, unit: Unit) -> None:
    assert (product_of(name).fuel, product_of(name).unit) == (fuel, unit)


def test_the_unit_of_the_file_does_not_make_gas_a_liquid() -> None:
    assert product_of("CNG", "litre").unit is Unit.CUBIC_METRE
    assert product_of("CNG", "kg").unit is Unit.KILOGRAM
    assert product_of("92#", "us_gallon").unit is Unit.LITRE


def test_without_a_product_column_the_unit_tells() -> None:
    assert product_of_unit("kwh") == Product("ELECTRIC", Fuel.ELECTRIC, Unit.KWH)
    assert product_of_unit("") == Product("FUEL", Fuel.OTHER, Unit.LITRE)
