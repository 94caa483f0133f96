"""Points count to the end of their last day in the zone of the programme, whatever the host's."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.loyalty import expiry
from station.loyalty.programme import ExpiryRules, Life
from station.model import DAY_S, day_date, day_number

ZONES = ["Asia/Shanghai", "Asia/Urumqi", "America/New_York", "UTC", "Europe/Berlin"]
YEAR = range(day_number(date(2028, 1, 1)), day_number(date(2029, 1, 1)))
DAYS = st.dates(date(2000, 1, 1), date(2090, 1, 1)).map(day_number)
LIVES = st.one_of(
    st.builds(ExpiryRules, st.just(Life.ROLLING), st.integers(1, 40), st.booleans()),
    st.builds(
        ExpiryRules,
        st.just(Life.DATES),
        st.integers(0, 24),
        st.just(False),
        st.sampled_from([("06-30", "12-31"), ("02-29",), ("01-01", "03-31")]),
    ),
    st.builds(ExpiryRules, st.just(Life.ANNIVERSARY), st.integers(0, 24)),
)


@pytest.mark.parametrize("zone", ZONES)
def test_each_of_366_days_ends_with_its_last_second(zone: str) -> None:
    for day in YEAR:
        end = expiry.ends_at(day, zone)

        assert expiry.day_at(end - 1, zone) == day
        assert expiry.day_at(end, zone) == day + 1


@pytest.mark.parametrize("zone", ZONES)
def test_a_day_is_as_long_as_its_zone_makes_it(zone: str) -> None:
    lengths = {expiry.ends_at(day, zone) - expiry.ends_at(day - 1, zone) for day in YEAR}

    changes = zone in {"America/New_York", "Europe/Berlin"}
    assert lengths == ({DAY_S - 3600, DAY_S, DAY_S + 3600} if changes else {DAY_S})


@pytest.mark.parametrize(
    "day",
    [date(1986, 5, 4), date(1986, 9, 14), date(1991, 4, 14), date(1991, 9, 15)],
    ids=str,
)
def test_days_on_which_china_moved_its_clocks_end_once(day: date) -> None:
    number = day_number(day)

    end = expiry.ends_at(number, "Asia/Shanghai")

    assert expiry.day_at(end - 1, "Asia/Shanghai") == number
    assert expiry.day_at(end, "Asia/Shanghai") == number + 1


@given(st.datetimes(datetime(1980, 1, 1), datetime(2090, 1, 1)), st.sampled_from(ZONES))  # noqa: DTZ001 - the zone is drawn
def test_an_instant_lies_on_the_day_that_its_clock_shows(moment: datetime, zone: str) -> None:
    local = moment.replace(microsecond=0, tzinfo=ZoneInfo(zone))
    back = local.astimezone(ZoneInfo("UTC")).astimezone(ZoneInfo(zone))

    assert day_date(expiry.day_at(int(local.timestamp()), zone)) == back.date()


@given(DAYS, DAYS, LIVES)
def test_nothing_expires_on_the_day_it_was_earned_nor_before_its_months(
    day: int, joined: int, rules: ExpiryRules
) -> None:
    last = expiry.expires_day(day, joined, rules)

    assert last is not None
    assert last > day
    assert day_date(last) >= expiry.months_later(day_date(day), rules.months)


@given(DAYS, DAYS, LIVES)
def test_what_is_earned_later_never_expires_sooner(
    day: int, joined: int, rules: ExpiryRules
) -> None:
    first, next_ = (expiry.expires_day(d, joined, rules) for d in (day, day + 1))

    assert first is not None
    assert next_ is not None
    assert first <= next_


@given(DAYS, LIVES)
def test_set_dates_take_all_that_is_old_enough(day: int, rules: ExpiryRules) -> None:
    last = expiry.expires_day(day, day, rules)

    assert last is not None
    longest = timedelta(days=366 * 2 if rules.life is Life.DATES else 366 + 31)
    assert day_date(last) - expiry.months_later(day_date(day), rules.months) <= longest


@given(DAYS, st.integers(0, 400))
def test_renewal_only_ever_lengthens_and_never_revives(day: int, gap: int) -> None:
    rules = ExpiryRules(Life.ROLLING, months=6, renewed=True)
    last = expiry.expires_day(day, day, rules)
    assert last is not None

    renewed = expiry.renewed_day(last, day + gap, rules)

    assert renewed is not None
    assert renewed == last if day + gap > last else renewed >= last


def test_without_renewal_and_without_end_nothing_changes() -> None:
    assert expiry.renewed_day(None, 5, ExpiryRules(Life.ROLLING, 6, renewed=True)) is None
    assert expiry.renewed_day(9, 5, ExpiryRules(Life.ROLLING, 6)) == 9
    assert expiry.expires_day(0, 0, ExpiryRules()) is None


def test_everything_that_expires_soon_is_told_and_not_the_first_lot_alone() -> None:
    lots = [(None, 5), (9, 7), (10, 100), (10, 20), (39, 1), (40, 1), (12, 0)]

    assert expiry.expiring(lots, day=10, days=30) == {10: 120, 39: 1}
