"""A mapping file says everything it can, and nothing it cannot."""

import pytest

from station.errors import MappingError, UnreadableFileError
from station.ingest.mapping import mapping_of
from station.text import say
from tests.ingest.conftest import Opener

WHOLE = {
    "columns": {
        "sold_at": ["day", "clock"],
        "vehicle_ref": "vehicle",
        "station": "station",
        "product": ["product", "grade"],
        "litres": "litres",
        "amount": "amount",
        "receipt_no": "source_txn",
        "line_no": "item",
    },
    "identity": "vehicle_ref",
    "plates": "generic",
    "time": {"zone": "America/Chicago", "formats": ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d"]},
    "units": {"volume": "us_gallon"},
    "fuel": {"column": "is_fuel", "true_values": ["1", ""]},
    "defaults": {"currency": "USD"},
    "unknown_stations": "create",
}


def test_every_key_of_a_mapping_is_understood() -> None:
    mapping = mapping_of(WHOLE, name="till")

    assert mapping.columns["sold_date"] == ("day",)
    assert mapping.columns["sold_at"] == ("clock",)
    assert mapping.columns["product"] == ("product", "grade")
    assert (mapping.identity, mapping.plates, mapping.zone) == (
        "vehicle_ref",
        "generic",
        "America/Chicago",
    )
    assert (mapping.volume, mapping.currency, mapping.creates_stations) == (
        "us_gallon",
        "USD",
        True,
    )
    assert mapping.fuel_true == {"1", ""}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"colums": {}}, "colums"),
        ({"columns": {"litre": "x"}}, "columns.litre"),
        ({"columns": {}}, "columns"),
        ({"columns": {"litres": []}}, "columns.litres"),
        ({"columns": ["litres"]}, "columns"),
        ({"identity": "name"}, "identity"),
        ({"plates": "XX"}, "plates"),
        ({"time": {"timezone": "UTC"}}, "time.timezone"),
        ({"time": {"zone": "Mars"}}, "time.zone"),
        ({"time": {"zone": ["Mars"]}}, "time.zone"),
        ({"time": "UTC"}, "time"),
        ({"time": {"formats": "%Y"}}, "time.formats"),
        ({"units": {"volume": "pint"}}, "units.volume"),
        ({"fuel": {"true_values": [None]}}, "fuel.true_values"),
        ({"defaults": {"currency": "dollars"}}, "defaults.currency"),
        ({"unknown_stations": "ignore"}, "unknown_stations"),
    ],
)
def test_what_is_wrong_in_a_mapping_is_named(change: dict[str, object], named: str) -> None:
    with pytest.raises(MappingError) as refusal:
        mapping_of(WHOLE | change, name="till")

    assert refusal.value.facts["entry"] == named
    assert named in say("en", refusal.value.key, **refusal.value.facts)


@pytest.mark.parametrize("document", [None, [], "columns", 3])
def test_a_document_that_is_no_mapping_is_refused(document: object) -> None:
    with pytest.raises(MappingError):
        mapping_of(document, name="till")


def test_a_column_that_the_file_lacks_is_named(opened: Opener) -> None:
    mapping = mapping_of({"columns": {"sold_at": "when", "litres": "qty"}}, name="till")

    with pytest.raises(UnreadableFileError, match="missing_column") as refusal:
        opened("when,volume\n2025-03-03,1\n", mapping)

    assert refusal.value.facts == {"wanted": "qty", "seen": "when, volume"}
