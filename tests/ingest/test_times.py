"""Dates and times are read in every spelling without a doubt, and in no other."""

import random
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.ingest import times
from station.model import day_number

SPELLINGS = [
    *("2025-03-03 07:58:12", "2025/03/03 07:58:12", "2025/3/3 7:58:12", "2025.3.3 7:58:12"),
    *("2025-3-3 07:58:12", "2025-03-03T07:58:12", "2025-03-03 07:58:12.000", "20250303075812"),
    *(
        "2025-03-03  07:58:12",
        " 2025-03-03 07:58:12 ",
        "'2025-03-03 07:58:12",
        "2025-03-03\t07:58:12",
    ),
    *("2025年3月3日 7时58分12秒", "2025年03月03日07时58分12秒", "2025年3月3日 07:58:12"),
    *("２０２５-０３-０３ ０７：５８：１２", "2025-03-03 07：58：12", "2025年3月3日7点58分12秒"),
    *("2025-03-03 星期一 07:58:12", "2025/3/3 周一 7:58:12", "2025-03-03 上午7:58:12"),
    *("2025-03-03 7:58:12 AM", "2025-03-03 AM 7:58:12", "2025/3/3 7:58:12 am", "20250303 075812"),
    *("20250303 07:58:12", "45719.3320833333", "2025-03-03 07:58:12,5", "2025-03-03T07:58:12.123"),
    "2025年3月3号 7:58:12",
]
MINUTES = [
    *("2025/3/3 8:05", "2025-03-03 08:05", "202503030805", "2025年3月3日 8时05分", "2025-3-3 8:5"),
    *("2025/03/03 08:05:00", "20250303080500", "2025-03-03T08:05", "2025年3月3日8点5分"),
]
DAYS = [
    "2025-03-03",
    "2025/3/3",
    "20250303",
    "2025年3月3日",
    "2025.03.03",
    "45719",
    "２０２５/３/３",
]
REFUSED = [
    *(
        "",
        "0",
        "3/4/2025",
        "03/04/25",
        "25-03-03",
        "2025-02-29",
        "2025-13-01",
        "2025-03-03 24:00:00",
    ),
    *("2025-03-03 07:60:00", "2025-03-03 07:58:60", "1E5", "昨天", "2025-03", "20250332", "12:30"),
    *(
        "99999",
        "2025-03-03 07",
        "20250303075",
        "2025-03-03 0x:00:00",
        "²025-03-03",
        "20251303000000",
    ),
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_time_to_the_second(text: str) -> None:
    assert times.read(text) == times.Written(20_150, 28_692, has_time=True)


@pytest.mark.parametrize("text", MINUTES)
def test_a_time_to_the_minute(text: str) -> None:
    assert times.read(text) == times.Written(20_150, 29_100, has_time=True)


@pytest.mark.parametrize("text", DAYS)
def test_a_day_without_a_time(text: str) -> None:
    assert times.read(text) == times.Written(20_150, 0, has_time=False)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_date_or_a_doubtful_one_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\A"):
        times.read(text)


@pytest.mark.parametrize(
    ("text", "offset_s"),
    [
        *(("2025-03-03T07:58:12Z", 0), ("2025-03-03T07:58:12+08:00", 28_800)),
        *(("2025-03-03 07:58:12-0500", -18_000), ("2025-03-03 07:58:12 UTC", 0)),
    ],
)
def test_an_offset_is_kept(text: str, offset_s: int) -> None:
    assert times.read(text) == times.Written(20_150, 28_692, has_time=True, offset_s=offset_s)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        *(
            ("03/03/2025 07:58:12", "%d/%m/%Y %H:%M:%S"),
            ("3 Mar 2025 07:58:12", "%d %b %Y %H:%M:%S"),
        ),
        *(("03/03/25 7:58:12 AM", "%m/%d/%y %I:%M:%S %p"), ("2025-062 07:58:12", "%Y-%j %H:%M:%S")),
    ],
)
def test_other_forms_are_read_as_the_mapping_says(text: str, form: str) -> None:
    assert times.read_as(text, ("%Y", form)) == times.Written(20_150, 28_692, has_time=True)


def test_the_first_form_that_fits_counts() -> None:
    forms = ("%d/%m/%Y", "%m/%d/%Y")

    assert times.read_as("03/04/2025", forms).day == day_number(date(2025, 4, 3))
    assert times.read_as("03/14/2025", forms).day == day_number(date(2025, 3, 14))


@given(st.dates(date(1954, 10, 5), date(2119, 1, 11)), st.integers(0, 86_399))
def test_what_is_printed_is_read_back(day: date, second: int) -> None:
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"

    for text in (
        f"{day} {clock}",
        f"{day:%Y/%m/%d} {clock}",
        f"{day:%Y%m%d}{clock}".replace(":", ""),
    ):
        assert times.read(text) == times.Written(day_number(day), second, has_time=True)


def test_every_minute_of_an_excel_day_is_read_to_the_second() -> None:
    for minute in range(1, 1440):
        written = times.read(str(45_719 + minute / 1440))

        assert (written.day, written.second) == (20_150, minute * 60)


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        ("Asia/Shanghai", 1_740_988_692, 1_740_959_892),
        ("America/New_York", 1_730_597_400, 1_730_611_800),  # 01:30, which comes twice
        ("America/New_York", 1_710_037_800, 1_710_055_800),  # 02:30, which never comes
        ("Asia/Kathmandu", 1_740_988_692, 1_740_967_992),
    ],
)
def test_the_clock_of_a_zone_tells_the_instant(zone: str, local: int, utc: int) -> None:
    assert times.to_utc(local, zone) == utc


def test_local_and_utc_agree_at_every_hour_outside_the_changes() -> None:
    draw = random.Random(3)  # noqa: S311 - the same instants each time
    for _ in range(2_000):
        instant = draw.randrange(600_000_000, 2_000_000_000)
        local = times.to_local(instant, "Asia/Shanghai")
        assert abs(times.to_utc(local, "Asia/Shanghai") - instant) in (0, 3_600)


def test_a_clock_is_told_from_a_date() -> None:
    assert times.looks_like_clock("7:58")
    assert not times.looks_like_clock(str(date(2025, 3, 3) + timedelta(days=1)))
