"""What makes a line of a station's file unique, whatever order its rows come in?"""

import re
import unicodedata
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from station.errors import BadValueError
from station.ingest import numbers
from station.model import SaleKeyKind, day_date

HASH_BYTES = 16
LONGEST = {"receipt_no": 60, "terminal": 40, "nozzle": 20, "line_no": 20}
NOZZLE = re.compile(r"0*([0-9]+)(?:号?(?:加油)?枪|号)?")


class KeyParts(NamedTuple):
    """All that a key may be made of; `is_negative` marks reversals and refunds."""

    nozzle: str
    terminal: str
    receipt_no: str
    line_no: str
    totaliser_start: str
    totaliser_end: str
    business_day: int
    local_at: int
    vehicle: str
    product: str
    quantity_milli: int
    amount_minor: int
    is_negative: bool


def natural_key(kind: SaleKeyKind, parts: KeyParts) -> tuple[SaleKeyKind, str]:
    """Return the key of a line, and its kind: by content where the row lacks what the kind needs.

    * receipt: `r|terminal|receipt|line|YYYYMMDD` of the business day. Leading zeros of terminal and
      receipt do not count, for spreadsheets drop them. Without a line column the line is the
      product's code, and a negative line has `-` behind it: fuel and shop lines of one receipt, and
      a reversal under the number of its sale, have keys of their own. Two lines of the same product
      on one receipt share a key, so the second is a duplicate or, with other content, a conflict
      that somebody sees.
    * totaliser: `t|nozzle|start|end` in thousandths, `|-` behind it for a reversal.
    * content: `c|` and a hash of nozzle, second, vehicle, product, quantity and amount.
    """
    key = ""
    if kind is SaleKeyKind.RECEIPT:
        key = _receipt_key(parts)
    elif kind is SaleKeyKind.TOTALISER:
        key = _totaliser_key(parts)
    return (kind, key) if key else (SaleKeyKind.CONTENT, _content_key(parts))


def _receipt_key(parts: KeyParts) -> str:
    receipt = parts.receipt_no.lstrip("0")
    if not receipt:
        return ""
    line = (parts.line_no.lstrip("0") or parts.product) + "-" * parts.is_negative
    return f"r|{parts.terminal.lstrip('0')}|{receipt}|{line}|{_compact_day(parts.business_day)}"


@lru_cache(maxsize=10_000)
def _compact_day(day: int) -> str:
    return day_date(day).strftime("%Y%m%d")


def _totaliser_key(parts: KeyParts) -> str:
    if not (parts.nozzle and parts.totaliser_start and parts.totaliser_end):
        return ""
    try:
        start = numbers.fixed(parts.totaliser_start, numbers.MILLI_PLACES)
        end = numbers.fixed(parts.totaliser_end, numbers.MILLI_PLACES)
    except ValueError as error:
        raise BadValueError("bad_totaliser", value=parts.totaliser_end) from error
    return f"t|{parts.nozzle}|{start}|{end}" + "|-" * parts.is_negative


def _content_key(parts: KeyParts) -> str:
    content = (
        *(parts.nozzle, str(parts.local_at), parts.vehicle, parts.product),
        *(str(parts.quantity_milli), str(parts.amount_minor)),
    )
    return "c|" + blake2b("|".join(content).encode(), digest_size=HASH_BYTES).hexdigest()


@lru_cache(maxsize=10_000)
def nozzle_name(text: str) -> str:
    """Return a nozzle's number as 3, whether it is written 3, 03, 3号枪 or 3.0."""
    plain = short_text("nozzle", text).removesuffix(".0").replace(" ", "")
    number = NOZZLE.fullmatch(plain)
    return number[1] if number else plain


def terminal_name(text: str) -> str:
    """Return a terminal's number as keys have it: 07 is 7, for spreadsheets drop zeros."""
    return short_text("terminal", text).lstrip("0")


def short_text(name: str, text: str) -> str:
    """Return a cell as plain text.

    Raises:
        BadValueError: it is longer than such a thing can be.
    """
    plain = text.strip() if text.isascii() else unicodedata.normalize("NFKC", text).strip()
    plain = plain.removeprefix("'")
    if plain.startswith("="):
        plain = plain.strip("=\"' ")
    if len(plain) > LONGEST[name]:
        raise BadValueError("too_long", column=name, limit=LONGEST[name])
    return plain
