"""Points for joining, a birthday, a survey: given once each, as the rules of the day say."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from services.points.counter import ANNA, BERT, TODAY, Counter, by_card
from sqlalchemy import select

from station.archive.points.marked import gift_marks
from station.archive.verify import verify
from station.config import Settings
from station.errors import BadValueError, PointsError
from station.loyalty.programme import EarnRules, Event, ExpiryRules, Gift, Life, Programme, Version
from station.model import DAY_S, Channel, ConsentSource, Purpose
from station.services import keeping
from station.services.customers import enrolling, fields, merging, occasions, registering
from station.services.customers.enrolling import NewCard
from station.services.customers.occasions import Calendar, Occasion, OccasionKind
from station.services.personal import erasure, privacy
from station.services.points import balances, gifts, rules
from station.services.points.booking import Receipt
from station.services.points.members import By, Named

GIFTS = (
    Gift(Event.ENROLLED, 100),
    Gift(Event.BIRTHDAY, 50),
    Gift(Event.SURVEY, 20, most_per_year=2),
    Gift(Event.SIGN_IN, 1, most_per_year=300),
)
YEAR_OF_LIFE = ExpiryRules(life=Life.ROLLING, months=12)
ZHOU = NewCard(station="S1", name="乙示川", phone="100 0000 0777")


@pytest.fixture
def shop(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> Counter:
    """Return a counter where gifts are given."""
    monkeypatch.setattr(rules, "time", lambda: counter.now)
    return by_gifts(counter)


@pytest.fixture
def anyshop(anywhere: Counter, monkeypatch: pytest.MonkeyPatch) -> Counter:
    """Return the same on both engines."""
    monkeypatch.setattr(rules, "time", lambda: anywhere.now)
    return by_gifts(anywhere)


def by_gifts(counter: Counter, *given: Gift, **more: Any) -> Counter:
    """Let rules with these gifts hold since long."""
    first = Version("first", date(2020, 1, 1), earning=EarnRules(gifts=given or GIFTS))
    version = replace(first, **({"expiry": YEAR_OF_LIFE} | more))
    programme = Programme(versions=(version,), surveys=("spring", "summer", "autumn"))
    chosen = replace(Settings(), programme=programme)
    counter.ask = replace(counter.ask, settings=chosen)
    return counter


def noon(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, 12, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp())


def balance(counter: Counter, customer_id: int) -> int:
    member = Named(By.CUSTOMER, str(customer_id))
    return balances.balance(counter.ask, member=member).balance


def born(counter: Counter, customer_id: int, month: int, day: int, **more: Any) -> None:
    """Keep a birthday of somebody who agreed to be cared for."""
    privacy.record_consent(
        counter.ask,
        customer_id=customer_id,
        purpose=Purpose.CARE,
        channel=Channel.PHONE,
        given=True,
        source=next(iter(ConsentSource)),
    )
    occasion = Occasion(OccasionKind.BIRTHDAY, month, day, **more)
    occasions.add(counter.ask, customer_id=customer_id, occasion=occasion)


def survey(counter: Counter, about: str) -> Receipt:
    return gifts.grant(
        counter.ask, member=by_card(ANNA), event=Event.SURVEY, station="S1", about=about
    )


def test_whoever_joins_at_the_counter_is_given_his_points_and_their_last_day(
    anyshop: Counter,
) -> None:
    made = enrolling.add(anyshop.ask, new=ZHOU)

    held = balances.balance(anyshop.ask, member=Named(By.CUSTOMER, str(made)))

    assert held.balance == 100
    assert [one.day for one in held.endings] == [TODAY + 365]
    assert verify(anyshop.ask.db).ok


def test_whoever_has_the_telephone_of_somebody_known_did_not_join_now(shop: Counter) -> None:
    enrolling.add(shop.ask, new=ZHOU)

    again = enrolling.add(shop.ask, new=replace(ZHOU, name="丙示川"))

    assert balance(shop, again) == 0


PLATED = NewCard(station="S1", name="乙示川", plate="粤B77001")
CARDED = NewCard(station="S1", name="乙示川", card="955000000077")


@pytest.mark.parametrize("new", [PLATED, CARDED], ids=["plate", "card"])
def test_what_is_handed_on_had_the_gift_for_joining(shop: Counter, new: NewCard) -> None:
    given = [enrolling.add(shop.ask, new=replace(new, takes_over=n > 0)) for n in range(3)]

    assert [balance(shop, one) for one in given] == [100, 0, 0]
    phone = replace(new, takes_over=True, phone="100 0000 0778")
    assert balance(shop, enrolling.add(shop.ask, new=phone)) == 0


def test_a_name_alone_is_given_nothing_for_joining(shop: Counter) -> None:
    made = enrolling.add(shop.ask, new=NewCard(station="S1", name="乙示川"))

    assert balance(shop, made) == 0


@pytest.mark.parametrize("new", [ZHOU, PLATED, CARDED], ids=["phone", "plate", "card"])
def test_whoever_is_erased_and_comes_again_did_not_join_anew(
    anyshop: Counter, new: NewCard
) -> None:
    erasure.erase(anyshop.ask, customer_id=enrolling.add(anyshop.ask, new=new), reason="asked")

    assert balance(anyshop, enrolling.add(anyshop.ask, new=new)) == 0
    with anyshop.ask.db.reading() as conn:
        kept = conn.execute(select(gift_marks.c.mark)).scalars().all()
    assert len(kept) == 1
    assert verify(anyshop.ask.db).ok


def test_what_was_told_after_joining_is_remembered_as_well(shop: Counter) -> None:
    made = enrolling.add(shop.ask, new=PLATED)
    fields.change(shop.ask, customer_id=made, values={"phone": "100 0000 0777"})
    erasure.erase(shop.ask, customer_id=made, reason="asked")

    assert balance(shop, enrolling.add(shop.ask, new=ZHOU)) == 0


def test_a_persons_file_tells_when_what_is_his_had_the_gift(shop: Counter) -> None:
    made = enrolling.add(shop.ask, new=ZHOU)

    told = privacy.person_file(shop.ask, customer_id=made, identity="card", reason="asked")

    assert told["joined_by"] == ["2026-09-01"]


def test_whoever_registers_himself_joins_when_staff_have_seen_him(shop: Counter) -> None:
    form = {"name": "丁示川", "phone": "100 1234 5678", "plate": "粤B24680"}
    registering.register(shop.ask.db, shop.ask.settings, station="S1", form=form, address="1.1.1.1")
    (waiting,) = registering.waiting(shop.ask)

    made = registering.confirm(shop.ask, registration_id=waiting.id)

    assert balance(shop, made.customer_id) == 100


def test_without_such_a_gift_in_the_rules_of_the_day_nothing_is_given(shop: Counter) -> None:
    by_gifts(shop, Gift(Event.SURVEY, 5))

    assert balance(shop, enrolling.add(shop.ask, new=ZHOU)) == 0


def test_a_birthday_is_remembered_once_a_year(anyshop: Counter) -> None:
    anna = anyshop.ids[ANNA.code]
    born(anyshop, anna, 9, 1)

    given = [gifts.birthdays(anyshop.ask) for _ in range(2)]
    anyshop.now = noon(2027, 9, 1)
    given.append(gifts.birthdays(anyshop.ask))

    assert given == [1, 0, 1]
    assert anyshop.balance(ANNA).balance == 100


@pytest.mark.parametrize(
    ("day", "given"),
    [((2027, 2, 27), 0), ((2027, 2, 28), 1), ((2028, 2, 28), 0), ((2028, 2, 29), 1)],
)
def test_29_february_is_kept_on_the_28th_of_a_common_year(
    shop: Counter, day: tuple[int, int, int], given: int
) -> None:
    born(shop, shop.ids[ANNA.code], 2, 29)
    shop.now = noon(*day)

    assert gifts.birthdays(shop.ask) == given


@pytest.mark.parametrize(("days_late", "given"), [(6, 1), (7, 0)])
def test_a_night_that_was_missed_takes_no_birthday(
    shop: Counter, days_late: int, given: int
) -> None:
    born(shop, shop.ids[ANNA.code], 12, 30)
    shop.now = noon(2026, 12, 30) + days_late * DAY_S

    assert gifts.birthdays(shop.ask) == given
    shop.now = noon(2027, 12, 30)
    assert gifts.birthdays(shop.ask) == 1


def test_two_records_of_one_member_have_one_birthday(shop: Counter) -> None:
    ids = [shop.ids[one.code] for one in (ANNA, BERT)]
    born(shop, ids[0], 9, 1)
    gifts.birthdays(shop.ask)
    born(shop, ids[1], 9, 1)
    merging.merge(shop.ask, kept_id=ids[1], gone_id=ids[0], reason="one telephone")

    assert gifts.birthdays(shop.ask) == 0
    assert shop.balance(ANNA).balance == 50


def test_two_records_found_to_be_one_before_have_one_birthday_as_well(shop: Counter) -> None:
    ids = [shop.ids[one.code] for one in (ANNA, BERT)]
    for one in ids:
        born(shop, one, 9, 1)
    merging.merge(shop.ask, kept_id=ids[0], gone_id=ids[1], reason="one telephone")

    assert gifts.birthdays(shop.ask) == 1


@pytest.mark.parametrize(
    ("month", "day", "in_leap_month", "given"),
    [(7, 20, False, 1), (7, 20, True, 1), (9, 1, False, 0)],
)
def test_a_birthday_by_the_moon_is_where_it_falls(
    shop: Counter, month: int, day: int, in_leap_month: bool, given: int
) -> None:
    by_moon = {"calendar": Calendar.LUNAR, "in_leap_month": in_leap_month}
    born(shop, shop.ids[ANNA.code], month, day, **by_moon)

    assert gifts.birthdays(shop.ask) == given


def test_two_birthdays_by_the_moon_in_one_year_of_the_sun_are_of_two_years(shop: Counter) -> None:
    """The 20th of the eleventh month was on 1 January and on 20 December 2024."""
    born(shop, shop.ids[ANNA.code], 11, 20, calendar=Calendar.LUNAR)

    given = []
    for day in (date(2024, 1, 1), date(2024, 12, 20)):
        shop.now = noon(day.year, day.month, day.day)
        given += [gifts.birthdays(shop.ask), gifts.birthdays(shop.ask)]

    assert given == [1, 0, 1, 0]


def test_the_nightly_work_remembers_birthdays(shop: Counter) -> None:
    born(shop, shop.ids[ANNA.code], 9, 1)

    done = {chore.name: chore.facts for chore in keeping.nightly(shop.ask, now_s=shop.now)}

    assert (done["birthdays"], done["astray"]) == ({"number": 1}, {"number": 0})


def test_a_survey_is_given_for_once_and_not_more_often_than_the_year_allows(
    anyshop: Counter,
) -> None:
    first = survey(anyshop, "spring")

    assert survey(anyshop, "spring") == first
    survey(anyshop, "summer")
    with pytest.raises(PointsError, match=r"gifts\.none"):
        survey(anyshop, "autumn")
    anyshop.now = noon(2027, 1, 1)
    survey(anyshop, "autumn")
    assert anyshop.balance(ANNA).balance == 60


def test_a_survey_that_nobody_named_in_the_settings_gives_nothing(shop: Counter) -> None:
    with pytest.raises(BadValueError, match="no_survey"):
        survey(shop, "invented")
    assert shop.balance(ANNA).balance == 0


def test_coming_by_is_given_for_once_a_day(shop: Counter) -> None:
    def come() -> int:
        member = by_card(ANNA)
        gifts.grant(shop.ask, member=member, event=Event.SIGN_IN, station="S1")
        return shop.balance(ANNA).balance

    assert [come(), come()] == [1, 1]
    shop.now += DAY_S
    assert come() == 2


@pytest.mark.parametrize(
    ("event", "about"), [(Event.SURVEY, ""), (Event.SURVEY, "a:b"), (Event.BIRTHDAY, "x")]
)
def test_staff_give_for_nothing_else(shop: Counter, event: Event, about: str) -> None:
    with pytest.raises(BadValueError, match="no_about"):
        gifts.grant(shop.ask, member=by_card(ANNA), event=event, station="S1", about=about)
