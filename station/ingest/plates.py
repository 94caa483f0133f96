"""Which vehicle does the text in the plate field name?

`normalise` takes anything a person or a till wrote and says how far it identifies a vehicle. Rows
are never dropped for their plate: the caller keeps the raw text beside the norm.
"""

from collections.abc import Callable

from station.errors import BadValueError
from station.ingest import plates_abroad, plates_cn
from station.ingest.plate_colours import colour_fits, colour_of, read_colour
from station.ingest.plate_result import (
    CONTAINER,
    EMPTY,
    MASKED,
    NO_PLATE,
    UNRECOGNISED,
    PlateContext,
    PlateResult,
    PlateStatus,
    join,
    remarks,
)
from station.ingest.plate_text import (
    LONGEST_TEXT,
    clean,
    compact,
    divisions,
    is_masked,
    is_placeholder,
    mentions_container,
    mentions_no_plate,
    resemblance,
)

__all__ = [
    "PROFILES",
    "PlateContext",
    "PlateResult",
    "PlateStatus",
    "Reader",
    "colour_fits",
    "colour_of",
    "normalise",
    "read_colour",
    "register",
    "remarks",
]

Reader = Callable[[str, PlateContext], PlateResult]
"""Reads a cleaned, unmasked text as one plate of its country, or says `UNRECOGNISED`."""

PROFILES: dict[str, Reader] = {
    "CN": plates_cn.read,
    "GB": plates_abroad.read_gb,
    "DE": plates_abroad.read_de,
    "FR": plates_abroad.read_fr,
    "US": plates_abroad.read_us,
    "IN": plates_abroad.read_in,
    "generic": plates_abroad.read_generic,
}


def register(profile: str, reader: Reader) -> None:
    """Make `normalise` read plates of another country; an existing name is replaced."""
    PROFILES[profile] = reader


def normalise(
    raw: object,
    profile: str = "CN",
    default_province: str | None = None,
    region: str | None = None,
) -> PlateResult:
    """Return what `raw` says of a vehicle; no text whatever makes it raise.

    `normalise(result.norm, …).norm == result.norm` for every result that has a norm.

    Args:
        raw: the text or number as typed, or None.
        profile: a name in `PROFILES`.
        default_province: of the station, for Chinese plates typed without one.
        region: where the vehicle is registered, for plates that are unique only there.

    Raises:
        BadValueError: no profile has that name.
    """
    if profile == "CN" and isinstance(raw, str) and (result := plates_cn.quick(raw)):
        return result
    if profile not in PROFILES:
        raise BadValueError("plates.unknown_profile", name=profile, known=", ".join(PROFILES))
    return _read(clean(raw), PROFILES[profile], PlateContext(default_province or "", region or ""))


def _read(text: str, reader: Reader, context: PlateContext) -> PlateResult:
    """Return the reading of a cleaned text that may hold anything."""
    if len(text) > LONGEST_TEXT:
        return UNRECOGNISED
    if is_masked(text):
        return MASKED
    typed = compact(text)
    if not typed:
        return EMPTY
    if is_placeholder(typed):
        return NO_PLATE
    result = reader(text, context)
    return _explain(text, typed, reader, context) if result == UNRECOGNISED else result


def _explain(text: str, typed: str, reader: Reader, context: PlateContext) -> PlateResult:
    """Return what a text is that is not one plate."""
    if flag := resemblance(typed):
        return PlateResult(PlateStatus.INVALID, kind="unrecognised", flags=flag)
    for parts in divisions(text):
        results = [reader(part, context) for part in parts]
        if all(result.norm for result in results):
            return _several(results)
    if mentions_no_plate(typed):
        return NO_PLATE
    return CONTAINER if mentions_container(typed) else UNRECOGNISED


def _several(results: list[PlateResult]) -> PlateResult:
    """Return the one vehicle that drove up, its trailers noted, or a refusal naming them all."""
    plates = {result.norm: result for result in reversed(results)}
    trailers = [norm for norm in plates if norm.endswith("挂")]
    vehicles = [norm for norm in plates if norm not in trailers]
    if len(vehicles) > 1 or not (vehicles or len(trailers) == 1):
        flags = "multiple:" + "+".join(dict.fromkeys(result.norm for result in results))
        return PlateResult(PlateStatus.INVALID, kind="multiple", flags=flags)
    kept = plates[(vehicles or trailers)[0]]
    note = f"trailer:{'+'.join(trailers)}" if vehicles and trailers else ""
    flags = join(kept.flags, note)
    return PlateResult(kept.status, kept.norm, kept.kind, kept.energy, flags)
