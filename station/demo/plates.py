"""Invented number plates of valid form."""

from collections.abc import Callable

import numpy as np

from station.demo.parameters import Weights
from station.model import PlateColour

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
FUEL_LETTERS = "FGHJK"
BATTERY_LETTERS = "DABCE"
LETTER_SHARE = 0.45
"""Serials with one letter; the rest are five digits."""

COLOURS = {
    "blue": PlateColour.BLUE,
    "yellow": PlateColour.YELLOW,
    "plug_in": PlateColour.GREEN,
    "battery": PlateColour.GREEN,
    "nev_large": PlateColour.YELLOW_GREEN,
    "police": PlateColour.WHITE,
    "trainer": PlateColour.YELLOW,
}
"""The colour of each form of plate."""

Serials = Callable[[int, np.random.Generator], list[str]]


def invent(forms: list[str], regions: Weights, rng: np.random.Generator) -> list[str]:
    """Return one plate for each of `forms`; no two are equal."""
    plates = [""] * len(forms)
    taken: set[str] = set()
    open_places = list(range(len(forms)))
    while open_places:
        for place, plate in zip(
            open_places, _draw([forms[n] for n in open_places], regions, rng), strict=True
        ):
            if plate not in taken:
                taken.add(plate)
                plates[place] = plate
        open_places = [n for n in open_places if not plates[n]]
    return plates


def _draw(forms: list[str], regions: Weights, rng: np.random.Generator) -> list[str]:
    chances = np.asarray([*regions.values()])
    prefixes = rng.choice(np.asarray([*regions]), len(forms), p=chances / chances.sum()).tolist()
    serials = {form: iter(_SERIALS[form](forms.count(form), rng)) for form in COLOURS}
    return [prefix + next(serials[form]) for prefix, form in zip(prefixes, forms, strict=True)]


def _standard(count: int, rng: np.random.Generator) -> list[str]:
    numbers = rng.integers(0, 100_000, count).tolist()
    letters = _letters(LETTERS, count, rng)
    places = np.where(rng.random(count) < LETTER_SHARE, rng.integers(0, 5, count), 5).tolist()
    return [
        (digits := f"{number:05d}")[:place] + (letter + digits[place + 1 :] if place < 5 else "")  # noqa: PLR2004 - a serial has five places
        for number, letter, place in zip(numbers, letters, places, strict=True)
    ]


def _energy(letters: str, count: int, rng: np.random.Generator) -> list[str]:
    pairs = zip(_letters(letters, count, rng), _digits(5, count, rng), strict=True)
    return [letter + digits for letter, digits in pairs]


def _large(count: int, rng: np.random.Generator) -> list[str]:
    pairs = zip(_digits(5, count, rng), _letters(FUEL_LETTERS, count, rng), strict=True)
    return [digits + letter for digits, letter in pairs]


def _ending(word: str, count: int, rng: np.random.Generator) -> list[str]:
    return [digits + word for digits in _digits(4, count, rng)]


def _letters(alphabet: str, count: int, rng: np.random.Generator) -> list[str]:
    return [alphabet[n] for n in rng.integers(0, len(alphabet), count).tolist()]


def _digits(width: int, count: int, rng: np.random.Generator) -> list[str]:
    return [f"{n:0{width}d}" for n in rng.integers(0, 10**width, count).tolist()]


_SERIALS: dict[str, Serials] = {
    "blue": _standard,
    "yellow": _standard,
    "plug_in": lambda count, rng: _energy(FUEL_LETTERS, count, rng),
    "battery": lambda count, rng: _energy(BATTERY_LETTERS, count, rng),
    "nev_large": _large,
    "police": lambda count, rng: _ending("警", count, rng),
    "trainer": lambda count, rng: _ending("学", count, rng),
}
