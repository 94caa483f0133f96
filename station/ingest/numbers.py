"""Which exact whole number of small units does a written number mean?"""

import re
import unicodedata
from functools import lru_cache

PLAIN = re.compile(r"\d+(?:\.\d*)?|\.\d+", re.ASCII)
GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d*)?", re.ASCII)
SIGNS = str.maketrans({"−": "-", "–": "-", "—": "-", "﹣": "-"})
DECORATION = re.compile(
    r"^(?:RMB|CNY|USD|EUR|GBP|US\$|[¥$€£])|(?:元|圆|升|立方米?|公斤|千瓦时|度|CNY|RMB|USD|GAL|KWH|KG|M3|L)$"
)
LONGEST = 40
MILLI_PLACES = 3
US_GALLON_NANOLITRES = 3_785_411_784
"""A US gallon is 3.785411784 L exactly."""


@lru_cache(maxsize=100_000)
def fixed(text: str, places: int) -> int:
    """Return the number in units of 10 to the power of -places, rounded half away from zero.

    Raises:
        ValueError: this is no number.
    """
    whole, _, fraction = text.partition(".")
    if text.isascii() and whole.isdigit() and len(text) <= LONGEST:
        if not fraction and not text.endswith("."):
            return int(whole + "0" * places)
        if fraction.isdigit() and len(fraction) <= places:
            return int(whole + fraction.ljust(places, "0"))
    sign, digits = _sign_and_digits(text)
    return sign * _rounded(digits, places)


def _sign_and_digits(text: str) -> tuple[int, str]:
    if len(text) > LONGEST or any(unicodedata.category(char) == "No" for char in text):
        raise ValueError(text)
    plain = unicodedata.normalize("NFKC", text).translate(SIGNS).replace(" ", "").upper().strip()
    plain = plain.removeprefix("'")
    sign = 1
    if plain.startswith("(") and plain.endswith(")"):
        sign, plain = -1, plain[1:-1]
    plain = DECORATION.sub("", plain)
    if plain[:1] in ("-", "+"):
        sign, plain = (-sign if plain[0] == "-" else sign), plain[1:]
    plain = DECORATION.sub("", plain)
    if GROUPED.fullmatch(plain):
        return sign, plain.replace(",", "")
    if PLAIN.fullmatch(plain):
        return sign, plain
    raise ValueError(text)


def _rounded(digits: str, places: int) -> int:
    whole, _, fraction = digits.partition(".")
    kept = int((whole or "0") + fraction[:places].ljust(places, "0"))
    return kept + (fraction[places : places + 1] >= "5")


@lru_cache(maxsize=100_000)
def gallons_as_millilitres(text: str) -> int:
    """Return US gallons as thousandths of a litre, rounded half away from zero."""
    nano = fixed(text, 9)
    size, rest = divmod(abs(nano) * US_GALLON_NANOLITRES, 10**15)
    size += 2 * rest >= 10**15
    return size if nano >= 0 else -size
