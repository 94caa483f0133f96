"""Which telephone does a cell name, however it was typed?"""

import re
import unicodedata
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from station.errors import BadValueError

REGIONS = frozenset(phonenumbers.SUPPORTED_REGIONS)
"""Countries by the two letters of ISO 3166."""
LONGEST = 40
SHORT_FORM = re.compile(r"\d+(?:\.\d*)?E[+-]?\d+", re.IGNORECASE | re.ASCII)
"""How a spreadsheet writes a long number that is not formatted as text: its digits are lost."""
FLOAT_TAIL = re.compile(r"(?<=\d)\.0+$")
"""What a spreadsheet leaves behind a number."""
QUOTED = re.compile(r"""=\s*(["'])(.*)\1""")
MASKED = re.compile("[*#•xX]{2}")
EXTENSION = re.compile("转|轉|分机")
NO_PHONE = frozenset(
    {*("", "0", "无", "没有", "未留", "不详", "空", "-", "--", "/", "NULL", "NONE", "NAN", "N/A")}
)


@lru_cache(maxsize=20_000)
def read(text: str, region: str) -> str:
    """Return a telephone as E.164 such as +8610012345678, empty if the cell names none.

    Args:
        text: the cell.
        region: the country of numbers without a code of their own.

    Raises:
        BadValueError: this cannot be one telephone; says nothing of what was written.
    """
    plain = _plain(text)
    if plain.upper() in NO_PHONE:
        return ""
    if SHORT_FORM.fullmatch(plain):
        raise BadValueError("phone_digits_lost")
    if len(plain) > LONGEST or MASKED.search(plain):
        raise BadValueError("bad_phone")
    try:
        number = phonenumbers.parse(EXTENSION.sub("x", plain), region)
    except NumberParseException as error:
        raise BadValueError("bad_phone") from error
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        raise BadValueError("bad_phone")
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).strip().strip("'").strip()
    if quoted := QUOTED.fullmatch(plain):
        plain = quoted[2].strip()
    return FLOAT_TAIL.sub("", plain)
