"""Which Chinese plate (GA 36 and its relatives) was typed?"""

import re
from dataclasses import dataclass, replace

from station.ingest.plate_colours import SUFFIX, WORDS, colour_fits
from station.ingest.plate_result import (
    NO_PLATE,
    UNRECOGNISED,
    PlateContext,
    PlateResult,
    PlateStatus,
    join,
)
from station.ingest.plate_text import NICKNAMES, PROVINCES, clean, compact, is_placeholder
from station.model import PlateColour

_P = f"[{PROVINCES}]"
_OFFICE = "[A-HJ-Z]"  # O is historic, I never was one
_S = "[A-HJ-NP-Z0-9]"  # O and I never stand in a serial
_ENERGY = "[A-HJK]"
_STANDARD = rf"{_P}{_OFFICE}(?!XXXXX){_S}{{5}}"
_NEV_SMALL = rf"{_P}{_OFFICE}{_ENERGY}{_S}[0-9]{{4}}"
_SUFFIXED = {
    "police": "警",
    "trainer": "学",
    "trailer": "挂",
    "test": "试",
    "oversize": "超",
}
_FORMS = re.compile(
    "|".join(
        f"(?P<{kind}>{form})"
        for kind, form in {
            "standard": _STANDARD,
            "nev_small": _NEV_SMALL,
            "nev_large": rf"{_P}{_OFFICE}[0-9]{{5}}{_ENERGY}",
            **{kind: rf"{_P}{_OFFICE}{_S}{{4}}{word}" for kind, word in _SUFFIXED.items()},
            "hk_macau": rf"粤Z{_S}{{4}}[港澳]",
            "embassy": "[0-9]{6}使|使[0-9]{6}",
            "consulate": rf"{_P}(?:[0-9]{{5}}|{_OFFICE}{_S}{{4}})领",
            "tractor": rf"{_P}[0-9]{{7}}",
            "armed_police": rf"WJ{_P}?[0-9]{{4}}{_S}",
            "emergency": rf"{_P}[XS][0-9]{{4}}应急",
            "airport": rf"民航{_S}{{5}}",
            "military": "[北南东西中军空海][A-Z][0-9]{5}",
        }.items()
    )
)
_CLEAN_PLATE = re.compile(rf"({_STANDARD})|({_NEV_SMALL})")
_MILITARY = re.compile("[BCGHJKLNQSV][A-Z][0-9]{5}")  # arms of service since 2013, war zones
_MAYBE_NEV = re.compile(rf"{_OFFICE}{_ENERGY}.*")
_TOO_SHORT = re.compile(rf"{_P}(?:{_OFFICE}{_S}{{0,4}})?")
_WITHOUT_PROVINCE = re.compile(r"(?=(?:.*[0-9]){2})[A-HJ-NP-Z].{5,8}")
_CERTAIN_HEAD = re.compile(rf"WJ{_P}?|{_P}?[A-Z]|")
_DIGIT_LIKE = str.maketrans("OI", "01")
_FILLING = re.compile(r"([0-9A-Z])\1+|[0-9X]")
_COUNTING = "1234567890"

_COLOUR = "|".join(WORDS)
_TRANSIENT = "(?P<temporary>临时?(?:车牌|牌照|号牌|牌)?)"
_CLASS = "(?P<motorcycle>摩托车?|摩)|(?P<low_speed>低速(?:货?车)?|农用车)"
_BEFORE = re.compile(
    rf"(?P<colour>{_COLOUR})(?:{SUFFIX}+|(?=[{PROVINCES}{''.join(NICKNAMES)}临W使民]))"
    rf"|{_TRANSIENT}|{_CLASS}"
)
_AFTER = re.compile(rf"(?:(?P<colour>{_COLOUR}){SUFFIX}*|{_TRANSIENT}|{_CLASS})$")
_NUMBERED = frozenset({"standard", "nev_small", "nev_large"})
_SOME_PROVINCE = "粤"  # stands in where only the rest of the form is examined; it has every form


@dataclass(frozen=True, slots=True)
class _Remarks:
    """What was written around the number."""

    colour: PlateColour = PlateColour.UNKNOWN
    kind: str = ""


def quick(raw: str) -> PlateResult | None:
    """Return the result for an ordinary plate typed cleanly, None for everything else."""
    match = _CLEAN_PLATE.fullmatch(raw)
    if match is None:
        return None
    if match.lastindex == 1:
        return PlateResult(PlateStatus.OK, raw, "standard")
    return PlateResult(PlateStatus.OK, raw, "nev_small", _energy(raw[2]))


def read(text: str, context: PlateContext) -> PlateResult:
    """Return what a cleaned text says as a Chinese plate."""
    typed = compact(text)
    if _says_nothing(typed):
        return NO_PLATE
    result = _read_number(typed, context)
    if result.norm:
        return result
    number, remarks = _unwrap(typed)
    if number == typed:
        return result
    if not number:
        return NO_PLATE
    return _remarked(_read_number(number, context), remarks)


def _says_nothing(typed: str) -> bool:
    counted = len(typed) > 2 and _COUNTING.startswith(typed)  # noqa: PLR2004 - 12 is a car's number
    return counted or _FILLING.fullmatch(typed) is not None or is_placeholder(typed)


def _read_number(typed: str, context: PlateContext) -> PlateResult:
    """Return the reading of a number without remarks."""
    number = NICKNAMES.get(typed[0], typed[0]) + typed[1:]
    alias = "province_alias" if number != typed else ""
    result = (
        _complete(number, alias) or _military(number) or _without_province(number, context, alias)
    )
    if result:
        return result
    short = _TOO_SHORT.fullmatch(number) is not None
    return replace(UNRECOGNISED, kind="too_short") if short else UNRECOGNISED


def _complete(number: str, *fixes: str) -> PlateResult | None:
    """Return the result if the number has one of the forms, after O and I became digits."""
    match = _FORMS.fullmatch(number)
    if match is None:
        fixed = _digits_for_letters(number)
        match = _FORMS.fullmatch(fixed) if fixed != number else None
        fixes = (*fixes, "io_fixed")
    if match is None:
        return None
    kind = match.lastgroup or ""
    flags = join(*fixes)
    status = PlateStatus.OK_FIXED if flags else PlateStatus.OK
    return PlateResult(status, match[0], kind, _energy_of(match[0], kind), flags)


def _digits_for_letters(number: str) -> str:
    """Return the number with O and I behind the office letter as digits: they never occur there."""
    head = _CERTAIN_HEAD.match(number)
    start = head.end() if head else 0
    return number[:start] + number[start:].translate(_DIGIT_LIKE)


def _energy_of(number: str, kind: str) -> str:
    if kind == "nev_small":
        return _energy(number[2])
    return _energy(number[-1]) if kind == "nev_large" else ""


def _energy(letter: str) -> str:
    """Return what the energy letter of a green plate means; A to E are battery-electric."""
    return "bev" if letter in "ABCDE" else "non_bev"


def _military(number: str) -> PlateResult | None:
    """Return the result for two letters and five digits; some may be a car without province."""
    fixed = number[:2] + number[2:].translate(_DIGIT_LIKE)
    if _MILITARY.fullmatch(fixed) is None:
        return None
    repair = "io_fixed" if fixed != number else ""
    if _MAYBE_NEV.fullmatch(fixed):
        flags = join(repair, "military_or_nev_without_province")
        return PlateResult(PlateStatus.AMBIGUOUS, fixed, "military", flags=flags)
    status = PlateStatus.OK_FIXED if repair else PlateStatus.OK
    return PlateResult(status, fixed, "military", flags=repair)


def _without_province(number: str, context: PlateContext, alias: str) -> PlateResult | None:
    """Return the number under the station's province, or as partial if that is not known."""
    if alias or _WITHOUT_PROVINCE.fullmatch(number) is None:
        return None
    province = _province(context.default_province)
    result = _complete((province or _SOME_PROVINCE) + number)
    if result is None:
        return None
    flags = join(result.flags, "province_defaulted" if province else "province_missing")
    if province:
        return replace(result, status=PlateStatus.OK_FIXED, flags=flags)
    return PlateResult(PlateStatus.PARTIAL, result.norm[1:], "no_province", flags=flags)


def _province(name: str) -> str:
    """Return the character of a province given by character or nickname, empty if none."""
    character = compact(clean(name))
    character = NICKNAMES.get(character, character)
    return character if len(character) == 1 and character in PROVINCES else ""


def _unwrap(typed: str) -> tuple[str, _Remarks]:
    """Return the text without the words before and behind the number, and what they say."""
    remarks = _Remarks()
    number = typed
    while number and (match := _BEFORE.match(number) or _AFTER.search(number)):
        number = number[match.end() :] if match.start() == 0 else number[: match.start()]
        colour = match["colour"]
        if colour:
            remarks = replace(remarks, colour=WORDS[colour])
        else:
            remarks = replace(remarks, kind=match.lastgroup or "")
    return number, remarks


def _remarked(result: PlateResult, remarks: _Remarks) -> PlateResult:
    """Return the result with what was written around its number."""
    if not result.norm:
        return result
    if remarks.kind and result.kind not in _NUMBERED | {"no_province"}:
        return UNRECOGNISED
    kind = remarks.kind if remarks.kind and result.kind in _NUMBERED else result.kind
    fits = colour_fits(kind, remarks.colour)
    flags = join(
        f"colour:{remarks.colour}" if remarks.colour else "",
        "transient" if remarks.kind == "temporary" else "",
        result.flags,
        "" if fits else "colour_mismatch",
    )
    status = result.status if fits else PlateStatus.AMBIGUOUS
    return replace(result, status=status, kind=kind, flags=flags)
