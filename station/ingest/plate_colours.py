"""Which colour does a word, a code or the form of a plate stand for?"""

import re

from station.errors import BadValueError
from station.ingest.plate_result import PlateResult
from station.ingest.plate_text import clean, compact
from station.model import PlateColour

WORDS = {
    "渐变绿": PlateColour.GREEN,
    "新能源": PlateColour.GREEN,
    "黄绿双拼": PlateColour.YELLOW_GREEN,
    "黄绿": PlateColour.YELLOW_GREEN,
    "绿黄": PlateColour.YELLOW_GREEN,
    "绿": PlateColour.GREEN,
    "蓝": PlateColour.BLUE,
    "黄": PlateColour.YELLOW,
    "白": PlateColour.WHITE,
    "黑": PlateColour.BLACK,
    "YELLOWGREEN": PlateColour.YELLOW_GREEN,
    "GREEN": PlateColour.GREEN,
    "BLUE": PlateColour.BLUE,
    "YELLOW": PlateColour.YELLOW,
    "WHITE": PlateColour.WHITE,
    "BLACK": PlateColour.BLACK,
}
"""Longer words stand before the words they begin with."""

CODES = {
    "etc": {
        0: PlateColour.BLUE,
        1: PlateColour.YELLOW,
        2: PlateColour.BLACK,
        3: PlateColour.WHITE,
        4: PlateColour.GREEN,
        5: PlateColour.YELLOW_GREEN,
    },
    "jtt697": {
        1: PlateColour.BLUE,
        2: PlateColour.YELLOW,
        3: PlateColour.BLACK,
        4: PlateColour.WHITE,
        5: PlateColour.GREEN,
        93: PlateColour.YELLOW_GREEN,
        94: PlateColour.GREEN,
    },
}
"""Code sets by name. They contradict each other, so a column of codes must name its set."""

SUFFIX = "(?:色|底|车牌|牌照|号牌|牌)"
_WORD = re.compile(
    rf"({'|'.join(WORDS)}){SUFFIX}*(?:[白黑红]字)?(?:PLATE)?|(?:GRADIENT)(?P<gradient>GREEN)"
)
_CODE = re.compile(r"[0-9]{1,3}")
_ORDINARY = frozenset({PlateColour.BLUE, PlateColour.YELLOW, PlateColour.BLACK, PlateColour.WHITE})
_OF_KIND = {
    "standard": _ORDINARY,
    "nev_small": frozenset({PlateColour.GREEN}),
    "nev_large": frozenset({PlateColour.YELLOW_GREEN, PlateColour.YELLOW, PlateColour.GREEN}),
    "motorcycle": frozenset({PlateColour.BLUE, PlateColour.YELLOW}),
}
_IMPLIED = {
    "nev_small": PlateColour.GREEN,
    "nev_large": PlateColour.YELLOW_GREEN,
    "police": PlateColour.WHITE,
    "trainer": PlateColour.YELLOW,
    "trailer": PlateColour.YELLOW,
    "hk_macau": PlateColour.BLACK,
    "embassy": PlateColour.BLACK,
    "consulate": PlateColour.BLACK,
    "military": PlateColour.WHITE,
    "armed_police": PlateColour.WHITE,
    "emergency": PlateColour.WHITE,
    "airport": PlateColour.GREEN,
    "tractor": PlateColour.GREEN,
    "low_speed": PlateColour.YELLOW,
}


def read_colour(raw: object, codes: str = "") -> PlateColour:
    """Return the colour that a cell of a colour column names, unknown if it names none.

    Args:
        raw: a word (蓝, 黄牌, 渐变绿, blue) or a code.
        codes: the set a code belongs to, "etc" or "jtt697"; without it no code is understood.

    Raises:
        BadValueError: there is no code set of that name.
    """
    if codes and codes not in CODES:
        raise BadValueError("plates.unknown_codes", name=codes, known=", ".join(CODES))
    typed = compact(clean(raw))
    if codes and _CODE.fullmatch(typed):
        return CODES[codes].get(int(typed), PlateColour.UNKNOWN)
    word = _WORD.fullmatch(typed)
    return WORDS[word[1] or word["gradient"]] if word else PlateColour.UNKNOWN


def colour_of(result: PlateResult) -> PlateColour:
    """Return the colour typed beside the plate, else the one its form always has, else unknown."""
    for flag in result.flags.split(";"):
        if flag.startswith("colour:"):
            return PlateColour(flag.removeprefix("colour:"))
    return _IMPLIED.get(result.kind, PlateColour.UNKNOWN)


def colour_fits(kind: str, colour: PlateColour) -> bool:
    """Return whether a plate of this kind can have this colour.

    A green plate that lost a character reads as an ordinary one; only its colour tells.
    """
    allowed = _OF_KIND.get(kind)
    return allowed is None or not colour or colour in allowed
