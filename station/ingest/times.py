"""Which second does a written date and time mean, by the station's clock and in UTC?"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from station.model import DAY_S, EPOCH, day_number

NOON_H = 12
MOST_OFFSET_S = 14 * 3600
"""No clock on Earth is further from UTC."""
EXCEL_EPOCH_DAY = day_number(date(1899, 12, 30))
EXCEL_SERIALS = range(20_000, 80_000)
"""Excel's day numbers of 1954 to 2119; smaller and larger numbers are no dates."""
TRANSITION_S = 900
"""Clocks change at quarters of an hour only, so one offset serves each quarter."""
CHINESE_DATE = str.maketrans({"年": "-", "月": "-", "日": " ", "号": " ", "/": "-", ".": "-"})
CHINESE_CLOCK = str.maketrans({"时": ":", "点": ":", "分": ":", "秒": " "})
WEEKDAY = re.compile(r"\(?(?:星期|周)[一二三四五六日天]\)?")
DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
COMPACT = re.compile(r"\d{8}(?:\d{4}|\d{6})?", re.ASCII)
SERIAL = re.compile(r"(\d{5})(?:\.(\d{1,15}))?", re.ASCII)
FRACTION_OF_DAY = re.compile(r"0?\.\d{1,15}", re.ASCII)
CLOCK = re.compile(
    r"(AM|PM|上午|下午|晚上|中午|凌晨)?\s*(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,]\d{1,9})?)?:?"
    r"\s*(AM|PM)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
COMPACT_CLOCK = re.compile(r"(\d{2})(\d{2})(\d{2})", re.ASCII)
AFTERNOON = {"PM", "下午", "晚上"}
MORNING = {"AM", "上午", "凌晨"}
CLOCK_DIRECTIVES = ("%H", "%I", "%X", "%T", "%c")


@dataclass(frozen=True, slots=True)
class Written:
    """A date and time as read: `offset_s` is set where the text names its own offset."""

    day: int
    second: int
    has_time: bool
    offset_s: int | None = None


def read(text: str) -> Written:
    """Return the date and time that `text` names, in any of the spellings without a doubt.

    Day and month are told apart only by the year in front; `03/04/2025` needs a mapping.

    Raises:
        ValueError: this is no date, or a doubtful one.
    """
    if len(text) == len("2025-03-03 07:58:12") and text[10] in " T" and text[4] in "-/":
        second, offset = clock_of(text[11:])
        return Written(day_of(text[:10]), second, has_time=True, offset_s=offset)
    return _read_any(" ".join(_plain(text).split()).strip("'"))


def _plain(text: str) -> str:
    """Return the text in half-width characters; a raised digit is no digit of a date."""
    if text.isascii():
        return text.strip()
    if any(unicodedata.category(character) == "No" for character in text):
        raise ValueError(text)
    return unicodedata.normalize("NFKC", text).strip()


def _read_any(text: str) -> Written:
    if COMPACT.fullmatch(text):
        return _compact(text)
    if serial := SERIAL.fullmatch(text):
        return _serial(int(serial[1]), serial[2] or "")
    text = WEEKDAY.sub(" ", text)
    for between in (" ", "T", "日", "号"):
        head, found, tail = text.partition(between)
        if found and tail.strip():
            second, offset = clock_of(tail.strip())
            return Written(day_of(head), second, has_time=True, offset_s=offset)
    return Written(day_of(text), 0, has_time=False)


def _compact(text: str) -> Written:
    clock = text[8:].ljust(6, "0")
    day = day_number(date(int(text[:4]), int(text[4:6]), int(text[6:8])))
    return Written(day, clock_of(clock)[0], has_time=len(text) > len("20250303"))


def _serial(whole: int, fraction: str) -> Written:
    if whole not in EXCEL_SERIALS:
        raise ValueError(whole)
    seconds = (int(fraction.ljust(15, "0")) * DAY_S * 2 + 10**15) // (2 * 10**15) if fraction else 0
    day = EXCEL_EPOCH_DAY + whole + seconds // DAY_S
    return Written(day, seconds % DAY_S, has_time=bool(fraction))


@lru_cache(maxsize=20_000)
def day_of(text: str) -> int:
    """Return the day number of a written date with the year in front.

    Raises:
        ValueError: this is no such date.
    """
    plain = _plain(text)
    if len(plain) == len("20250303") and plain.isdecimal():
        return day_number(date(int(plain[:4]), int(plain[4:6]), int(plain[6:])))
    parts = DATE.fullmatch(plain.translate(CHINESE_DATE).strip())
    if not parts:
        raise ValueError(text)
    return day_number(date(int(parts[1]), int(parts[2]), int(parts[3])))


@lru_cache(maxsize=100_000)
def clock_of(text: str) -> tuple[int, int | None]:
    """Return the second of the day a written clock time names, and its offset if it has one.

    Raises:
        ValueError: this is no time of day.
    """
    plain = _plain(text).upper().translate(CHINESE_CLOCK).strip()
    if FRACTION_OF_DAY.fullmatch(plain):
        return round(float(plain) * DAY_S) % DAY_S, None
    if parts := COMPACT_CLOCK.fullmatch(plain):
        return _second(int(parts[1]), int(parts[2]), int(parts[3])), None
    whole = CLOCK.fullmatch(plain)
    if not whole:
        raise ValueError(text)
    hour = _hour_of_day(int(whole[2]), whole[1] or whole[5] or "")
    return _second(hour, int(whole[3]), int(whole[4] or 0)), _offset(whole[6] or "")


def _hour_of_day(hour: int, half: str) -> int:
    if half in AFTERNOON and hour < NOON_H:
        return hour + NOON_H
    return 0 if half in MORNING and hour == NOON_H else hour


def _second(hour: int, minute: int, second: int) -> int:
    if hour > 23 or minute > 59 or second > 59:  # noqa: PLR2004 - the clock face itself
        raise ValueError(f"{hour}:{minute}:{second}")
    return hour * 3600 + minute * 60 + second


def _offset(text: str) -> int | None:
    if not text:
        return None
    if text in ("Z", "UTC"):
        return 0
    size = _second(int(text[1:3]), int(text[-2:]), 0)
    if size > MOST_OFFSET_S:
        raise ValueError(text)
    return -size if text[0] == "-" else size


def looks_like_clock(text: str) -> bool:
    """Return whether `text` holds a time of day without a date."""
    try:
        clock_of(text)
    except ValueError:
        return False
    return True


def read_as(text: str, formats: tuple[str, ...]) -> Written:
    """Return the date and time by the first of `formats` (as of strptime) that fits.

    Raises:
        ValueError: none of them fits.
    """
    plain = " ".join(unicodedata.normalize("NFKC", text).strip("' \t").split())
    for form in formats:
        try:
            return _by_format(plain, form)
        except ValueError:
            continue
    raise ValueError(text)


def _by_format(text: str, form: str) -> Written:
    """Parse the date and the clock apart where a space parts them: both repeat, so cache well."""
    words, forms = text.split(" "), form.split(" ")
    if len(words) == len(forms) == len(("date", "clock")) and "%z" not in form:
        day = _strptime(words[0], forms[0])
        clock = _strptime(words[1], forms[1])
        if "%Y" in forms[0] or "%y" in forms[0]:
            return Written(day.day, clock.second, has_time=clock.has_time)
    return _strptime(text, form)


@lru_cache(maxsize=100_000)
def _strptime(text: str, form: str) -> Written:
    moment = datetime.strptime(text, form)  # noqa: DTZ007 - the zone is the station's, added later
    offset = moment.utcoffset()
    return Written(
        day=day_number(moment.date()),
        second=moment.hour * 3600 + moment.minute * 60 + moment.second,
        has_time=any(directive in form for directive in CLOCK_DIRECTIVES),
        offset_s=None if offset is None else int(offset.total_seconds()),
    )


@lru_cache(maxsize=200_000)
def _offset_at_local(zone: str, quarter: int) -> int:
    moment = datetime(EPOCH.year, 1, 1) + timedelta(seconds=quarter * TRANSITION_S)  # noqa: DTZ001
    return _seconds(moment.replace(tzinfo=ZoneInfo(zone)).utcoffset())


@lru_cache(maxsize=200_000)
def _offset_at_utc(zone: str, quarter: int) -> int:
    moment = datetime(EPOCH.year, 1, 1, tzinfo=UTC) + timedelta(seconds=quarter * TRANSITION_S)
    return _seconds(moment.astimezone(ZoneInfo(zone)).utcoffset())


def _seconds(offset: timedelta | None) -> int:
    return int(offset.total_seconds()) if offset else 0


def to_utc(local_at: int, zone: str) -> int:
    """Return the instant at which the clocks of `zone` show `local_at`.

    An hour that comes twice is taken the first time; one that is skipped counts on from before.
    """
    return local_at - _offset_at_local(zone, local_at // TRANSITION_S)


def to_local(instant: int, zone: str) -> int:
    """Return what the clocks of `zone` show at `instant`.

    Raises:
        OverflowError: the calendar does not reach so far.
    """
    return instant + _offset_at_utc(zone, instant // TRANSITION_S)
