"""Which plate of another country was typed?

Countries differ in what may be thrown away: a German separator and an American state are part of
the number.
"""

import re
from dataclasses import replace

from station.ingest.plate_result import UNRECOGNISED, PlateContext, PlateResult, PlateStatus, join
from station.ingest.plate_text import compact

_DIGIT_LIKE = str.maketrans("OI", "01")
_ZERO_LIKE = str.maketrans("0", "O")

_GB_CURRENT = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z]{3}")
_GB_OLDER = re.compile(r"[A-Z][1-9][0-9]{0,2}[A-Z]{3}|[A-Z]{3}[1-9][0-9]{0,2}[A-Z]")
_DE_WRITTEN = re.compile(
    r"\s*([A-ZÄÖÜ]{1,3})[\W_]+([A-Z]{1,2})[\W_]*([1-9][0-9]{0,3})[\W_]*([EH]?)\s*"
)
_DE_JOINED = re.compile(r"[A-ZÄÖÜ]{1,3}[A-Z]{1,2}[1-9][0-9]{0,3}[EH]?")
_DE_ONE_CUT = re.compile(  # two or five letters can be cut in one way only
    r"([A-ZÄÖÜ]{3}(?=..[0-9])|[A-ZÄÖÜ](?=.[0-9]))([A-Z]{1,2})([1-9][0-9]{0,3})([EH]?)"
)
_FR_SIV = re.compile(r"([A-HJ-NP-TV-Z]{2})([0-9OI]{3})([A-HJ-NP-TV-Z]{2})")
_FR_DEPARTMENTAL = re.compile(r"[1-9][0-9]{0,3}[A-Z]{2,3}(?:[0-9]{2}|2[AB]|97[1-6])")
_IN_SERIES = re.compile(r"([A-Z]{2})([0-9]{1,2})([A-Z]{1,3})([0-9]{1,4})")
_US_NUMBER = re.compile(r"[A-Z0-9]{1,8}")
_SHORTEST, _LONGEST = 2, 10


def read_generic(text: str, _context: PlateContext) -> PlateResult:
    """Return two to ten letters and digits with at least one digit as a plate."""
    typed = compact(text)
    fits = _SHORTEST <= len(typed) <= _LONGEST and any(map(str.isdecimal, typed))
    return PlateResult(PlateStatus.OK, typed, "generic") if fits else UNRECOGNISED


def read_gb(text: str, context: PlateContext) -> PlateResult:
    """Return a British plate; O, 0, I and 1 follow from their place in the current form."""
    typed = compact(text)
    if _GB_CURRENT.fullmatch(typed):
        return PlateResult(PlateStatus.OK, typed, "current")
    fixed = (
        typed[:2].translate(_ZERO_LIKE)
        + typed[2:4].translate(_DIGIT_LIKE)
        + typed[4:].translate(_ZERO_LIKE)
    )
    if _GB_CURRENT.fullmatch(fixed) and not _GB_OLDER.fullmatch(typed):
        return PlateResult(PlateStatus.OK_FIXED, fixed, "current", flags="io_fixed")
    return read_generic(text, context)


def read_de(text: str, context: PlateContext) -> PlateResult:
    """Return a German plate; B-MA 1234 and BM-A 1234 are two vehicles."""
    written = _DE_WRITTEN.fullmatch(text)
    if written:
        return _german(written)
    typed = compact(text)
    only_cut = _DE_ONE_CUT.fullmatch(typed)
    if only_cut:
        plate = _german(only_cut)
        flags = join("separator_restored", plate.flags)
        return replace(plate, status=PlateStatus.OK_FIXED, flags=flags)
    if _DE_JOINED.fullmatch(typed):
        kind, flag = "separator_missing", "ambiguous_district"
        return PlateResult(PlateStatus.PARTIAL, typed, kind, flags=flag)
    return _of_other_form(text, context)


def read_fr(text: str, context: PlateContext) -> PlateResult:
    """Return a French plate of the system of 2009, or one of a department."""
    typed = compact(text)
    siv = _FR_SIV.fullmatch(typed)
    if siv:
        norm = siv[1] + siv[2].translate(_DIGIT_LIKE) + siv[3]
        return _perhaps_fixed(typed, norm, "siv", "io_fixed")
    if _FR_DEPARTMENTAL.fullmatch(typed):
        return PlateResult(PlateStatus.OK, typed, "departmental")
    return _of_other_form(text, context)


def read_us(text: str, context: PlateContext) -> PlateResult:
    """Return an American plate; without its state it is only half a key."""
    typed = compact(text)
    if _US_NUMBER.fullmatch(typed) is None:
        return UNRECOGNISED
    if context.region.strip():
        return PlateResult(PlateStatus.OK, typed, "generic")
    missing = "region_missing"
    return PlateResult(PlateStatus.PARTIAL, typed, missing, flags=missing)


def read_in(text: str, context: PlateContext) -> PlateResult:
    """Return an Indian plate with two digits for the office and four for the number."""
    typed = compact(text)
    series = _IN_SERIES.fullmatch(typed)
    if series is None:
        return read_generic(text, context)
    state, office, letters, number = series.groups()
    norm = f"{state}{office:0>2}{letters}{number:0>4}"
    return _perhaps_fixed(typed, norm, "generic", "zeros_restored")


def _german(written: re.Match[str]) -> PlateResult:
    """Return the plate whose four parts are known: district, letters, number, E or H."""
    district, letters, number, ending = written.groups()
    norm = f"{district}-{letters} {number}{ending}"
    energy = "bev" if ending == "E" else ""
    flags = "historic" if ending == "H" else ""
    return PlateResult(PlateStatus.OK, norm, "standard", energy, flags)


def _perhaps_fixed(typed: str, norm: str, kind: str, repair: str) -> PlateResult:
    if typed == norm:
        return PlateResult(PlateStatus.OK, norm, kind)
    return PlateResult(PlateStatus.OK_FIXED, norm, kind, flags=repair)


def _of_other_form(text: str, context: PlateContext) -> PlateResult:
    """Return a plate that is not of this country's forms: a foreign or an official car."""
    result = read_generic(text, context)
    return replace(result, flags="other_form") if result.norm else result
