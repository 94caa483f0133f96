"""By which text does a row name its vehicle, and which card was shown?"""

import re
import unicodedata
from functools import lru_cache

from station.errors import BadValueError
from station.ingest import plates
from station.ingest.plates import PlateStatus
from station.model import KeyKind, PlateColour, VehicleKey

IDENTIFYING = frozenset(
    {PlateStatus.OK, PlateStatus.OK_FIXED, PlateStatus.PARTIAL, PlateStatus.AMBIGUOUS}
)
LONGEST_REF = 64
LONGEST_CARD = 40
LONGEST_FLAGS = 80
FORMULA_TEXT = re.compile(r"""=\s*(["'])(.*)\1""")
CARD_FILLER = re.compile(r"[\s\-]+")
NO_CARD = frozenset({"", "0", "无", "无卡", "空", "NULL", "NONE", "NAN", "/", "N/A"})
EXPONENT = re.compile(r"[0-9]+(?:\.[0-9]+)?E[+]?[0-9]+")
FLOAT_OF_CARD = re.compile(r"[0-9]{15,}\.0*")
SURELY_CUT = re.compile(r"[0-9]{15}0{3,}")
"""18 digits and more that end as a spreadsheet's 15 kept digits do."""
CONTAINER = re.compile("油桶|散装|铁桶|塑料桶|桶装")


@lru_cache(maxsize=200_000)
def plate_key(text: str, colour_text: str, profile: str, province: str) -> VehicleKey | None:
    """Return the vehicle that a plate names, None if the text identifies nothing."""
    result = _normalised(text, profile, province)
    if result.status not in IDENTIFYING:
        return None
    colour = _colour(colour_text) or plates.colour_of(result)
    flags = [flag for flag in result.flags.split(";") if not flag.startswith("colour:")]
    if result.status not in (PlateStatus.OK, PlateStatus.OK_FIXED):
        flags.append(str(result.status))
    joined = ";".join(flag for flag in flags if flag)[:LONGEST_FLAGS]
    return VehicleKey(KeyKind.PLATE, result.norm, colour, result.kind, result.energy, joined)


@lru_cache(maxsize=200_000)
def _normalised(text: str, profile: str, province: str) -> plates.PlateResult:
    return plates.normalise(text, profile, default_province=province or None)


@lru_cache(maxsize=1_000)
def _colour(text: str) -> PlateColour:
    return plates.read_colour(text) if text else PlateColour.UNKNOWN


@lru_cache(maxsize=200_000)
def ref_key(text: str) -> VehicleKey | None:
    """Return the vehicle that a chain's own number names."""
    plain = unicodedata.normalize("NFKC", text).strip()[:LONGEST_REF]
    return VehicleKey(KeyKind.REF, plain) if plain else None


@lru_cache(maxsize=200_000)
def card_key(card_no: str) -> VehicleKey | None:
    """Return the vehicle known by its card only; a masked number names no card."""
    return VehicleKey(KeyKind.CARD, card_no) if card_no and "*" not in card_no else None


@lru_cache(maxsize=200_000)
def card_number(text: str) -> str:
    """Return a card's number as text, empty if there is none.

    Raises:
        BadValueError: a spreadsheet has cut the number's last digits, or it is too long.
    """
    marked = text.startswith(("\t", "'", "="))
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    if quoted := FORMULA_TEXT.fullmatch(plain):
        plain = quoted[2].strip()
    plain = plain.strip("'")
    if EXPONENT.fullmatch(plain) or FLOAT_OF_CARD.fullmatch(plain):
        raise BadValueError("digits_lost")
    number = CARD_FILLER.sub("", plain)
    if SURELY_CUT.fullmatch(number) and not marked:
        raise BadValueError("digits_lost")
    if len(number) > LONGEST_CARD:
        raise BadValueError("bad_card")
    return "" if number in NO_CARD else number


def is_container(*texts: str) -> bool:
    """Return whether fuel went into a container: then there is no vehicle, whatever the card."""
    return any(CONTAINER.search(text) for text in texts if text)
