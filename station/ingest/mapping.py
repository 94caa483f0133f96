"""How is one chain's own file to be read, where the dictionary of headings is not enough?"""

import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from station.errors import MappingError
from station.ingest import phones, plates
from station.model import Unit

SALE_FIELDS = frozenset(
    {
        *("sold_at", "sold_date", "business_date", "shift", "station", "terminal", "nozzle"),
        *("product", "litres", "amount", "paid", "due", "card_no", "plate", "plate_colour"),
        *("vehicle_ref", "receipt_no", "line_no", "serial_no"),
        *("totaliser_start", "totaliser_end"),
        *("txn_type", "note", "original_no", "currency"),
    }
)
IDENTITIES = ("plate", "card_no", "vehicle_ref")
VOLUMES = {
    "litre": Unit.LITRE,
    "us_gallon": Unit.LITRE,
    "kwh": Unit.KWH,
    "m3": Unit.CUBIC_METRE,
    "kg": Unit.KILOGRAM,
}
"""The unit in which a quantity is kept, by the unit in which the file gives it."""
ANSWERS = {"create": True, "reject": False}
KEYS = {
    "": frozenset(
        {
            *("columns", "identity", "plates", "time", "units", "fuel", "defaults"),
            "unknown_stations",
            "phones",
        }
    ),
    "time": frozenset({"zone", "formats", "utc"}),
    "units": frozenset({"volume"}),
    "fuel": frozenset({"column", "true_values"}),
    "defaults": frozenset({"currency"}),
}


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping file, checked. `columns` gives the headings of each of our fields."""

    name: str
    columns: dict[str, tuple[str, ...]]
    identity: str = "plate"
    plates: str = "CN"
    phones: str = ""
    zone: str = ""
    formats: tuple[str, ...] = ()
    utc: bool = False
    volume: str = ""
    fuel_column: str = ""
    fuel_true: frozenset[str] = field(default_factory=frozenset)
    currency: str = ""
    creates_stations: bool = False


def mapping_of(document: object, *, name: str, fields: Iterable[str] = SALE_FIELDS) -> Mapping:
    """Return the mapping that a YAML document, already parsed, describes.

    Raises:
        MappingError: names the key that is unknown or the value that is impossible.
    """
    whole = _section({"": document}, "")
    time, units = _section(whole, "time"), _section(whole, "units")
    fuel, defaults = _section(whole, "fuel"), _section(whole, "defaults")
    columns = _columns(whole.get("columns"), frozenset(fields))
    return Mapping(
        name=name,
        columns=columns,
        identity=_one_of("identity", whole.get("identity", "plate"), IDENTITIES),
        plates=_one_of("plates", whole.get("plates", "CN"), plates.PROFILES),
        phones=_one_of("phones", whole.get("phones", ""), ("", *phones.REGIONS)),
        zone=_zone(time.get("zone", "")),
        formats=tuple(_texts("time.formats", time.get("formats", []))),
        utc=bool(_one_of("time.utc", time.get("utc", False), (True, False))),
        volume=_one_of("units.volume", units.get("volume", ""), ("", *VOLUMES)),
        fuel_column=_text("fuel.column", fuel.get("column", "")),
        fuel_true=frozenset(_texts("fuel.true_values", fuel.get("true_values", ["1"]))),
        currency=_currency(defaults.get("currency", "")),
        creates_stations=ANSWERS[
            _one_of("unknown_stations", whole.get("unknown_stations", "reject"), ANSWERS)
        ],
    )


def _section(whole: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a part of the document whose keys are all known."""
    part = whole.get(name, {})
    if not isinstance(part, dict):
        raise _impossible(name, part)
    for key in part:
        if key not in KEYS[name]:
            full = f"{name}.{key}" if name else _short(key)
            raise MappingError("error_ingest.mapping_key", entry=full)
    return part


def _columns(part: object, fields: frozenset[str]) -> dict[str, tuple[str, ...]]:
    if not isinstance(part, dict) or not part:
        raise _impossible("columns", part)
    columns: dict[str, tuple[str, ...]] = {}
    for key, headings in part.items():
        if key not in fields:
            raise MappingError("error_ingest.mapping_key", entry=f"columns.{key}")
        columns[key] = _headings(f"columns.{key}", headings)
    if len(columns.get("sold_at", ())) == len(("date", "clock")):
        date, clock = columns["sold_at"]
        columns |= {"sold_date": (date,), "sold_at": (clock,)}
    return columns


def _headings(key: str, value: object) -> tuple[str, ...]:
    texts = _texts(key, value if isinstance(value, list) else [value])
    if not texts or not all(text.strip() for text in texts):
        raise _impossible(key, value)
    return tuple(texts)


def _texts(key: str, value: object) -> list[str]:
    if not isinstance(value, list):
        raise _impossible(key, value)
    return [_text(key, item) for item in value]


def _text(key: str, value: object) -> str:
    """Return a scalar as text: YAML reads a heading such as 92 as a number."""
    if not isinstance(value, str | int | float):
        raise _impossible(key, value)
    return str(value)


def _one_of(key: str, value: object, choices: Iterable[Any]) -> Any:
    if isinstance(value, str | bool) and value in tuple(choices):
        return value
    raise _impossible(key, value)


def _zone(value: object) -> str:
    if value != "" and not (isinstance(value, str) and value in zoneinfo.available_timezones()):
        raise _impossible("time.zone", value)
    return str(value)


def _currency(value: object) -> str:
    if value == "" or (isinstance(value, str) and len(value) == len("CNY") and value.isupper()):
        return str(value)
    raise _impossible("defaults.currency", value)


def _impossible(entry: str, value: object) -> MappingError:
    return MappingError("error_ingest.mapping_value", entry=entry, value=_short(value))


def _short(value: object) -> str:
    return str(value)[:80]
