"""Sentence keys and numbers become Chinese or English.

A catalogue is a TOML file a topic under locale/<lang>/; the key of a sentence is
`<file>.<name>`. Sentences are `str.format` templates whose fields carry their own form, as in
`{gap_days:.1f}`; `short` has one decimal only where it says something. Dates follow the language,
integers are grouped unless a form says otherwise.
"""

import math
import string
import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from babel.dates import format_date
from babel.numbers import format_currency

from station.model import day_date

LANGUAGES = ("zh", "en")
LOCALE_DIR = Path(__file__).parent / "locale"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", *"＝＋－＠﹢﹣﹦﹫")
"""How a text begins that a spreadsheet may run as a formula; both ways out of the house ask it."""
SHORT = "short"
BABEL_NAMES = {"zh": "zh_CN", "en": "en_GB"}


class _Formatter(string.Formatter):
    """`str.format` with the language's dates and grouped integers."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec == SHORT:
            return f"{value:,.1f}".removesuffix(".0")
        if isinstance(value, date) and not format_spec:
            return format_date(value, "medium", BABEL_NAMES[self.lang])
        if isinstance(value, int) and not isinstance(value, bool) and not format_spec:
            return f"{value:,}"
        return str(super().format_field(value, format_spec))


@cache
def catalogue(lang: str) -> dict[str, str]:
    """Return every sentence of a language by its key."""
    sentences: dict[str, str] = {}
    for path in sorted((LOCALE_DIR / lang).glob("*.toml")):
        _flatten(path.stem, tomllib.loads(path.read_text(encoding="utf-8")), sentences)
    return sentences


def _flatten(prefix: str, table: Mapping[str, Any], into: dict[str, str]) -> None:
    for name, value in table.items():
        if isinstance(value, dict):
            _flatten(f"{prefix}.{name}", value, into)
        else:
            into[f"{prefix}.{name}"] = value


def say(lang: str, key: str, /, **values: object) -> str:
    """Return the sentence `key` in `lang`, filled with `values`.

    Raises:
        KeyError: the key is in no catalogue; a test compares the catalogues of both languages.
    """
    return _FORMATTERS[lang].vformat(catalogue(lang)[key], (), values)


def money(lang: str, amount: float, currency: str) -> str:
    """Return an amount in major units with its currency's sign, without decimals."""
    return str(
        format_currency(amount, currency, "¤#,##0", BABEL_NAMES[lang], currency_digits=False)
    )


def cash(lang: str, amount: float, currency: str) -> str:
    """Return an amount in major units with its currency's sign, to the smallest coin."""
    return str(format_currency(amount, currency, locale=BABEL_NAMES[lang]))


def say_row(lang: str, row: Mapping[Any, Any], column: str) -> str:
    """Return the sentence whose key stands in `column`, filled with the row's own numbers.

    Day numbers (names that end in `_day`) become dates, a unit its word; an empty key is an empty
    sentence.
    """
    if not row[column]:
        return ""
    facts = {str(name): _as_date(str(name), value) for name, value in row.items()}
    if (unit := f"word.unit.{row.get('unit')}") in catalogue(lang):
        facts["unit"] = say(lang, unit)
    return say(lang, row[column], **facts)


def _as_date(name: str, value: Any) -> Any:
    is_day = name.endswith("_day") and isinstance(value, int | float) and not math.isnan(value)
    return day_date(int(value)) if is_day else value


def has(lang: str, key: str) -> bool:
    """Return whether the catalogue of `lang` knows `key`."""
    return key in catalogue(lang)


_FORMATTERS = {lang: _Formatter(lang) for lang in LANGUAGES}
