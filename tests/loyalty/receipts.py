"""Lines, members and versions for the tests of points."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from station.config import build
from station.loyalty.earning import Line, Member
from station.loyalty.programme import Programme, Version
from station.model import Fuel, Unit, day_number

SCHEMES = Path(__file__).parents[2] / "docs" / "schemes.yaml"
WEDNESDAY, THURSDAY = day_number(date(2026, 3, 11)), day_number(date(2026, 3, 12))


def make_line(**changes: Any) -> Line:
    """Return 30.9 litres of G92 for 231.75 yuan on a Wednesday noon, but for `changes`."""
    line = Line(
        sale_id=1,
        day=WEDNESDAY,
        product="G92",
        fuel=Fuel.PETROL,
        unit=Unit.LITRE,
        quantity_milli=30_900,
        amount_minor=23_175,
        currency="CNY",
        station="S1",
        hour=12,
    )
    return replace(line, **changes)


def make_version(text: str = "", **sections: Any) -> Version:
    """Return a version that holds since 2026, from YAML or from plain sections."""
    told = yaml.safe_load(text) or {}
    version = {"name": "first", "starts": date(2026, 1, 1), **told, **sections}
    return build(Programme, {"versions": [version]}, at="programme").versions[0]


def schemes() -> dict[str, Version]:
    """Return the published schemes of the docs."""
    told = yaml.safe_load(SCHEMES.read_text("utf-8"))
    return {
        name: build(Programme, {"versions": [version]}, at=name).versions[0]
        for name, version in told.items()
    }


NOBODY = Member(joined_day=day_number(date(2026, 1, 15)))


def make_member(**changes: Any) -> Member:
    """Return a member of January 2026 of whom nothing else is known, but for `changes`."""
    return replace(NOBODY, **changes)
