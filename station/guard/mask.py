"""How names and telephones are shown to whoever need not know them, and kept out of logs."""

import logging
import re
import traceback
import unicodedata
from types import TracebackType

import phonenumbers
from phonenumbers import NumberParseException

STARS, HIDDEN = "****", "***"
CHINA = "+86"
MOBILE_DIGITS = 11
LONG_DIGITS, SHORT_DIGITS = 10, 7
"""From so many digits on the last four may be shown, or the last two."""
MASKED_PHONE = re.compile(r"(\d{3}|\+\d{1,3})?\*{4}(\d{4}|\d{2})?", re.ASCII)
MOST_STARS = 2
FIRST_WIDE = "\u2e80"
"""From here on scripts are Chinese and its neighbours; before it a name begins with an initial."""


def phone(text: str) -> str:
    """Return a telephone such as 138****1234; of a number abroad also its country's code."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain or MASKED_PHONE.fullmatch(plain):
        return plain
    code, digits = _parted(plain)
    if len(digits) >= MOBILE_DIGITS and not code:
        return f"{digits[:3]}{STARS}{digits[-4:]}"
    if len(digits) >= LONG_DIGITS:
        return f"{code}{STARS}{digits[-4:]}"
    return f"{code}{STARS}{digits[-2:]}" if len(digits) >= SHORT_DIGITS else f"{code}{STARS}"


def _parted(text: str) -> tuple[str, str]:
    """Return the country's code, empty for China, and the digits behind it."""
    digits = "".join(sign for sign in text if sign in "0123456789")
    if text.startswith(CHINA):
        return "", digits.removeprefix(CHINA[1:])
    if not text.startswith("+"):
        return "", digits
    try:
        number = phonenumbers.parse(f"+{digits}")
    except NumberParseException:
        return "", digits
    code = f"+{number.country_code}"
    return code, digits.removeprefix(code[1:])


def name(text: str) -> str:
    """Return a name such as 王** or, where names have initials, "W. **"."""
    plain = text.strip()
    if not plain:
        return ""
    first = plain[0]
    if first.isalpha() and first < FIRST_WIDE:
        initial = first.upper()
        is_one = len(initial) == 1 and initial < FIRST_WIDE
        return f"{initial if is_one else first}. **"
    return first + "*" * min(max(len(plain) - 1, 1), MOST_STARS)


def way(text: str) -> str:
    """Return how else somebody is reached by its first sign only."""
    plain = text.strip()
    return plain[:1] + HIDDEN if plain else ""


DIGIT = "[\\d〇零一二三四五六七八九]"
BETWEEN = r"[\s\-‐‑‒–—－−.·•()（）\u200b-\u200f\u2060\ufeff]"
DAY = r"(?<!\d)(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?!-?\d)"
ADDRESS = r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"
RUN = rf"[+＋]?{DIGIT}(?:{BETWEEN}{{0,3}}{DIGIT}){{6,}}"
KEPT_OR_RUN = re.compile(rf"({DAY}|{ADDRESS})|{RUN}")
"""Days and network addresses are no telephones; any other seven digits in a row may be one."""
WORD = r"[^\s@＠，。；：、（）()<>\[\]{}\"'\u4e00-\u9fff]"
E_MAIL = re.compile(rf"{WORD}{{1,64}}(?:[@＠]{WORD}{{1,255}})+")


def redact(text: str) -> str:
    """Return free text without what may be a telephone or an e-mail address."""
    text = KEPT_OR_RUN.sub(lambda found: found[1] or HIDDEN, text)
    return E_MAIL.sub(HIDDEN, text) if "@" in text or "＠" in text else text


class LogFilter(logging.Filter):
    """Redacts every record that passes; put it on handlers, for those see every logger's."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return true, the record's message and traces redacted."""
        said = _message(record)
        if (clean := redact(said)) != said:
            record.msg, record.args = clean, ()
        if record.exc_info:
            record.exc_text = _trace(record.exc_info)
        if record.exc_text:
            record.exc_text, record.exc_info = redact(record.exc_text), None
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # the words do not fit their facts
        record.msg, record.args = f"{record.msg} {record.args}", ()
        return str(record.msg)


ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def _trace(exc_info: ExcInfo) -> str:
    return "".join(traceback.format_exception(*exc_info)).rstrip("\n")


def guard_logs(*handlers: logging.Handler) -> None:
    """Put a LogFilter on handlers, on those of every logger when none is named; twice is once."""
    for handler in handlers or _handlers():
        if not any(isinstance(one, LogFilter) for one in handler.filters):
            handler.addFilter(LogFilter())


def _handlers() -> list[logging.Handler]:
    known = [logging.getLogger(), *map(logging.getLogger, logging.root.manager.loggerDict)]
    return [handler for logger in known for handler in logger.handlers]
