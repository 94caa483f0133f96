"""No library is older than its known faults allow: neither the pinned nor the installed one."""

import tomllib
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

HERE = Path(__file__).parent
TABLE = tomllib.loads((HERE / "floors.toml").read_text("utf-8"))
FLOORS = TABLE["floor"]
BASES = {"measured", "read", "recalled"}


def pins() -> Mapping[str, Version]:
    lines = (HERE.parents[1] / "constraints.txt").read_text("utf-8").split()
    pairs = (line.partition("==") for line in lines)
    return {canonicalize_name(name): Version(pinned) for name, _, pinned in pairs}


def installed(package: str) -> Version | None:
    try:
        return Version(version(package))
    except PackageNotFoundError:
        return None


def too_old(used: Version | None, floor: Mapping[str, Any]) -> bool:
    """Return whether a version is below the floor; no version is, unless it is optional."""
    if used is None:
        return not floor.get("optional", False)
    return used < Version(floor["version"])


@pytest.mark.parametrize(
    "floor", FLOORS, ids=lambda floor: f"{floor['package']} {floor['version']}"
)
def test_no_library_is_below_its_floor(floor: Mapping[str, Any]) -> None:
    assert not too_old(pins().get(floor["package"]), floor), floor["what"]
    assert not too_old(installed(floor["package"]), floor), floor["what"]


@pytest.mark.parametrize("package", [entry["package"] for entry in TABLE["absent"]])
def test_what_must_not_be_there_is_not(package: str) -> None:
    assert package not in pins()
    assert installed(package) is None


def test_a_version_below_the_floor_is_noticed() -> None:
    floor = {"version": "1.10.0"}

    assert too_old(Version("1.9.9"), floor)
    assert too_old(None, floor)
    assert not too_old(Version("1.10.0"), floor)
    assert not too_old(None, floor | {"optional": True})


def test_every_floor_says_what_it_is_for_and_how_we_know() -> None:
    for floor in FLOORS:
        assert floor["package"] == canonicalize_name(floor["package"])
        assert floor["advisory"]
        assert floor["what"]
        assert floor["basis"] in BASES


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_docs_say_within_which_time_a_fault_is_mended(lang: str) -> None:
    text = (HERE.parents[1] / "docs" / lang / "deploy.md").read_text("utf-8")

    assert "tests/security/floors.toml" in text
    days = {"en": "| {} days |", "zh": "| {} 天 |"}[lang]
    assert [days.format(limit) for limit in (7, 30, 90) if days.format(limit) not in text] == []
