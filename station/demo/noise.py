"""What hands make of a plate when they type it."""

from collections.abc import Callable

import numpy as np

from station.demo.draws import Words, happens, weighted
from station.demo.parameters import Weights
from station.model import PlateColour

NO_PLATE, WALK_IN = "无牌", "散客"
WIDE = {code: code + 0xFEE0 for code in range(ord("!"), ord("~") + 1)}
COLOUR_WORDS = {
    PlateColour.BLUE: "蓝",
    PlateColour.YELLOW: "黄",
    PlateColour.GREEN: "绿",
    PlateColour.WHITE: "白",
    PlateColour.BLACK: "黑",
    PlateColour.YELLOW_GREEN: "黄绿",
}


def mistype(
    plates: Words, colours: Words, shares: object, kinds: Weights, rng: np.random.Generator
) -> Words:
    """Return `plates` as typed: each spoilt with its own probability of `shares`."""
    typed = plates.copy()
    rows = np.flatnonzero(happens(shares, len(plates), rng))
    habits = weighted(kinds, len(rows), rng)
    for row, habit in zip(rows.tolist(), habits.tolist(), strict=True):
        typed[row] = HABITS[habit](plates[row], colours[row])
    return typed


def _letter_o(plate: str, _: str) -> str:
    """Return the plate with its last 0 typed as the letter O."""
    head, zero, tail = plate.rpartition("0")
    return f"{head}O{tail}" if zero else plate


HABITS: dict[str, Callable[[str, str], str]] = {
    "full_width": lambda plate, _: plate.translate(WIDE),
    "dot": lambda plate, _: f"{plate[:2]}·{plate[2:]}",
    "lower": lambda plate, _: plate.lower(),
    "letter_o": _letter_o,
    "colour_suffix": lambda plate, colour: plate + colour,
    "no_province": lambda plate, _: plate[1:],
    "no_plate": lambda _, __: NO_PLATE,
    "walk_in": lambda _, __: WALK_IN,
    "blank": lambda _, __: "",
}
"""Each way to spoil a plate, given the plate and the word for its colour."""
