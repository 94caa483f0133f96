"""Which product do the words of a till mean?"""

import re
import unicodedata
from functools import lru_cache

from station.ingest.mapping import VOLUMES
from station.model import Fuel, Product, Unit

LONGEST_CODE = 60
NOT_FUEL = re.compile(
    "添加剂|清净剂|清洁剂|燃油宝|机油|润滑油|滤清器|防冻液|玻璃水|充电宝|充电器|充电线|ADDITIVE|ENGINEOIL"
)
UREA = re.compile("尿素|ADBLUE|ARLA32|^DEF$|^AUS32$")
GASES = (
    (re.compile("LNG|液化天然气"), Product("LNG", Fuel.GAS, Unit.KILOGRAM)),
    (re.compile("CNG|天然气"), Product("CNG", Fuel.GAS, Unit.CUBIC_METRE)),
    (re.compile("LPG|液化石油气|液化气|AUTOGAS"), Product("LPG", Fuel.GAS, Unit.LITRE)),
    (re.compile("氢气|^氢$|HYDROGEN|^H2$"), Product("H2", Fuel.OTHER, Unit.KILOGRAM)),
)
ELECTRIC = re.compile("充电|电量|电能|^电$|KWH|ELECTRIC|EVCHARG|CHARGING")
METHANOL = re.compile("甲醇(?:汽油)?|METHANOL")
METHANOL_SHARE = re.compile(r"M(15|85|100)(?!\d)")
PETROL = re.compile(
    "汽油|GASOLINE|PETROL|UNLEAD|(?:REG|MID|PREM?|PLUS|SUP)UNL$|^UNL(?:REG|MID|PRE|PLUS|SUP)|RON9|^(?:REGULAR|MIDGRADE|PLUS|PREMIUM|SUPER)[0-9]{0,3}$|^E(?:5|10|85)$"
)
OCTANE = re.compile(r"(?<![\d.])(89|90|92|93|95|97|98)(?![\d.])")
OCTANE_ALONE = re.compile(
    r"E?(89|90|92|93|95|97|98)(?:[#号號](?:$|[(]|VI|国|京|车用|乙醇|无铅|E10).*)?"
)
DIESEL = re.compile("柴油|DIESEL|GASOIL|ULSD|^B7$|^B20$")
COLD_GRADE = re.compile(r"(-|负)?(50|35|20|10|5|0)[#号號]")
COLD_GRADE_ALONE = re.compile(r"(-|负)?(50|35|20|10|5|0)[#号號](?:$|[(]|VI|国).*")


@lru_cache(maxsize=20_000)
def product_of(text: str, volume: str = "", is_fuel: bool | None = None) -> Product:
    """Return the product that a till's words name, in the unit of the file.

    Args:
        text: the words, such as 92号车用汽油(VIB), E92 or Diesel.
        volume: the unit of the mapping file, empty where each product has its own.
        is_fuel: what the file's own fuel column says, None without one.
    """
    name = " ".join(unicodedata.normalize("NFKC", text).split())[:LONGEST_CODE]
    product = _named(name)
    if is_fuel is False:
        return Product(product.code, Fuel.NONE, product.unit if product.code == "UREA" else PIECE)
    if product.fuel is Fuel.NONE and is_fuel:
        product = Product(product.code, Fuel.OTHER, Unit.LITRE)
    return _in_unit(product, volume) if product.unit is not PIECE else product


def of_grade(product: Product, grade: str) -> Product:
    """Return a product under the number that a till gives its grade, as its own totals do."""
    return Product(f"{grade} {product.code}"[:LONGEST_CODE], product.fuel, product.unit)


PIECE = Unit.PIECE
ENERGY_OF_UNIT = {Unit.KWH: ("ELECTRIC", Fuel.ELECTRIC), Unit.CUBIC_METRE: ("GAS", Fuel.GAS)}


def product_of_unit(volume: str) -> Product:
    """Return what a file without a product column sells: it follows from the unit."""
    unit = VOLUMES.get(volume, Unit.LITRE)
    code, fuel = ENERGY_OF_UNIT.get(unit, ("FUEL", Fuel.OTHER))
    return Product(code, fuel, unit)


def _in_unit(product: Product, volume: str) -> Product:
    """Return the product in the file's unit; what is never sold in litres keeps its own."""
    unit = VOLUMES.get(volume, product.unit)
    if unit is Unit.LITRE and product.unit is not Unit.LITRE:
        return product
    fuel = Fuel.ELECTRIC if unit is Unit.KWH and product.fuel is Fuel.OTHER else product.fuel
    return Product(product.code, fuel, unit)


def _named(name: str) -> Product:
    words = name.upper().replace(" ", "").replace("－", "-").replace("—", "-")
    if NOT_FUEL.search(words):
        return Product(name, Fuel.NONE, PIECE)
    if UREA.search(words):
        return Product("UREA", Fuel.NONE, Unit.LITRE)
    return _liquid(words, name) or _other_energy(words) or Product(name, Fuel.NONE, PIECE)


def _liquid(words: str, name: str) -> Product | None:
    if METHANOL.search(words) or METHANOL_SHARE.fullmatch(words):
        share = METHANOL_SHARE.search(words)
        return Product(f"M{share[1] if share else 100}", Fuel.OTHER, Unit.LITRE)
    if DIESEL.search(words) or COLD_GRADE_ALONE.fullmatch(words):
        grade = COLD_GRADE.search(words)
        code = f"D{'m' if grade[1] else ''}{grade[2]}" if grade else name
        return Product(code, Fuel.DIESEL, Unit.LITRE)
    if alone := OCTANE_ALONE.fullmatch(words):
        return Product(f"G{alone[1]}", Fuel.PETROL, Unit.LITRE)
    if PETROL.search(words):
        octane = OCTANE.search(words)
        return Product(f"G{octane[1]}" if octane else name, Fuel.PETROL, Unit.LITRE)
    return None


def _other_energy(words: str) -> Product | None:
    if ELECTRIC.search(words):
        return Product("ELECTRIC", Fuel.ELECTRIC, Unit.KWH)
    return next((product for pattern, product in GASES if pattern.search(words)), None)
