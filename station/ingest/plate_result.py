"""What can be said of a text typed as a plate?"""

from dataclasses import dataclass
from enum import StrEnum


class PlateStatus(StrEnum):
    """How far the text names a vehicle; only the first four come with a norm."""

    OK = "ok"
    OK_FIXED = "ok_fixed"
    PARTIAL = "partial"
    AMBIGUOUS = "ambiguous"
    PLACEHOLDER = "placeholder"
    INVALID = "invalid"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class PlateResult:
    """A plate as read: `norm` is its one spelling, empty if the text identifies nothing.

    `kind` is the form of the plate, or why there is none; `energy` is bev, non_bev or empty;
    `flags` are remarks joined by semicolons, each `name` or `name:value`.
    """

    status: PlateStatus
    norm: str = ""
    kind: str = ""
    energy: str = ""
    flags: str = ""


@dataclass(frozen=True, slots=True)
class PlateContext:
    """What the station knows beyond the text: its own province and the region of the vehicle."""

    default_province: str = ""
    region: str = ""


UNRECOGNISED = PlateResult(PlateStatus.INVALID, kind="unrecognised")
MASKED = PlateResult(PlateStatus.INVALID, kind="masked", flags="masked")
EMPTY = PlateResult(PlateStatus.EMPTY)
NO_PLATE = PlateResult(PlateStatus.PLACEHOLDER, kind="no_plate")
CONTAINER = PlateResult(PlateStatus.PLACEHOLDER, kind="container")


def join(*flags: str) -> str:
    """Return the flags that are not empty as one text."""
    return ";".join(filter(None, flags))


def remarks(flags: str) -> list[tuple[str, dict[str, str]]]:
    """Return the sentence key and the facts of each flag, for `station.text.say`."""
    return [_remark(*flag.partition(":")[::2]) for flag in flags.split(";") if flag]


def _remark(name: str, value: str) -> tuple[str, dict[str, str]]:
    if name == "colour":
        return f"plates.colour_{value}", {}
    return f"plates.flag_{name}", {"value": value} if value else {}
