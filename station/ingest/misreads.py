"""Which plates may have been meant by one that was read, heard or typed wrongly?"""

from station.ingest.plate_text import PROVINCES, clean, compact

ALIKE = ("0ODQ", "1IL", "8B", "2Z", "5S", "6G", "4A", "7T", "17", "UV", "MN", "CG")
"""Signs that are taken for each other."""
OTHERS: dict[str, str] = {
    sign: "".join(other for group in ALIKE if sign in group for other in group if other != sign)
    for sign in sorted(set("".join(ALIKE)))
}
SERIAL_LENGTHS = (6, 7)
"""Signs of a plate behind its province."""


def plain(words: str) -> str:
    """Return what was typed as plates are written: upper case, half width, nothing between."""
    return compact(clean(words))


def one_off(text: str) -> list[str]:
    """Return every text that becomes this one when a single sign of it is misread."""
    return [
        text[:at] + other + text[at + 1 :]
        for at, sign in enumerate(text)
        for other in OTHERS.get(sign, "")
    ]


def with_province(text: str) -> list[str]:
    """Return a plate typed without its province under each of them; nothing if it has one."""
    is_serial = text.isascii() and text.isalnum() and len(text) in SERIAL_LENGTHS
    return [province + text for province in PROVINCES] if is_serial and text[0].isalpha() else []


def without_province(text: str) -> list[str]:
    """Return a plate as it stands where its province was never written down."""
    return [text[1:]] if text[:1] in PROVINCES and len(text) - 1 in SERIAL_LENGTHS else []
