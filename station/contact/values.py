"""What does somebody mean who fills in a field?"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from station.contact.fields import Field, FieldKind
from station.errors import BadValueError

LONGEST = {FieldKind.NOTE: 1000, FieldKind.NAME: 80}
LONGEST_TEXT = 200
NOTHING = frozenset({"-", "--", "/", "n/a", "none", "null", "nan", "无", "不详", "未知", "空"})
YES_NO: Mapping[str, str] = {
    **dict.fromkeys(("yes", "y", "true", "1", "是", "有", "对"), "yes"),
    **dict.fromkeys(("no", "n", "false", "0", "否", "没有", "不"), "no"),
}
DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?: 00:00(?::00)?)?")
MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
MOST = 10**12
DECIMALS = 2
EARLIEST = date(1900, 1, 1)


def read(field: Field, typed: str, words: Mapping[str, str] | None = None) -> str:
    """Return a value as the archive keeps it, empty for none.

    Args:
        field: what was filled in; telephones are read by whoever knows countries.
        typed: the words as they were typed.
        words: what else stands for a choice, in small letters.

    Raises:
        BadValueError: it cannot be a value of this field.
    """
    plain = _plain(field, typed)
    if not plain or (field.kind is not FieldKind.NOTE and plain.casefold() in NOTHING):
        return ""
    if len(plain) > (most := LONGEST.get(field.kind, LONGEST_TEXT)):
        raise BadValueError("fields.too_long", field=field.name, limit=most)
    if field.kind is FieldKind.CHOICE:
        return _choice(field, plain, words or {})
    if field.kind is FieldKind.NUMBER:
        return _number(field, plain)
    if field.kind is FieldKind.DAY:
        return _day(field, plain)
    if field.kind is FieldKind.YES_NO:
        return _yes_no(field, plain)
    if field.name == "email" and not MAIL.fullmatch(plain):
        raise BadValueError("fields.bad_mail", field=field.name)
    return plain


def _plain(field: Field, typed: str) -> str:
    """Return the words without signs that nobody sees; of a note its lines stay."""
    if field.kind is FieldKind.NOTE:
        return "\n".join(unicodedata.normalize("NFC", _seen(s)) for s in typed.splitlines()).strip()
    return _seen(unicodedata.normalize("NFKC", _seen(typed)))  # a sign may bring a blank of its own


def _seen(line: str) -> str:
    """Return what is seen of a line, with one blank between its words."""
    return " ".join("".join(s for s in line if s.isprintable() or s.isspace()).split())


def _choice(field: Field, plain: str, words: Mapping[str, str]) -> str:
    known = {choice.casefold(): choice for choice in field.choices}
    found = known.get(plain.casefold()) or words.get(plain.casefold())
    if found not in field.choices:
        raise BadValueError("fields.bad_choice", field=field.name)
    return found


def _number(field: Field, plain: str) -> str:
    """Return a number without needless zeros, such as 12 or 12.5."""
    try:
        number = Decimal(plain.replace(",", "").replace(" ", ""))
    except InvalidOperation as error:
        raise BadValueError("fields.bad_number", field=field.name) from error
    most = MOST if field.most is None else field.most
    if not number.is_finite() or not 0 <= number <= most:
        raise BadValueError("fields.number_range", field=field.name, most=most)
    whole = round(number, DECIMALS)
    return f"{whole.normalize():f}" if whole else "0"


def _day(field: Field, plain: str) -> str:
    """Return a day as 2026-03-01."""
    parts = DAY.fullmatch(plain)
    try:
        day = date(*map(int, parts.groups())) if parts else None
    except ValueError:
        day = None
    if day is None or day < EARLIEST:
        raise BadValueError("fields.bad_day", field=field.name)
    return day.isoformat()


def _yes_no(field: Field, plain: str) -> str:
    if plain.casefold() not in YES_NO:
        raise BadValueError("fields.bad_yes_no", field=field.name)
    return YES_NO[plain.casefold()]
