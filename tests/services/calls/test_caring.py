"""Whom one thinks of these days: in time, once, in whose care he is, and never against his word."""

from datetime import date, timedelta

import pytest
from services.calls.kindness import ANNA, BERT, CARL, DORA, ELSE, TODAY, Town

from station.errors import NotAllowedError, NotFoundError
from station.model import DAY_S, Channel, Role
from station.services.calls import caring
from station.services.calls.caring import Due, Glad, Grief
from station.services.customers import merging
from station.services.customers.occasions import Calendar, OccasionKind
from station.services.personal import erasure, privacy, retention


def kinds(found: list[Due]) -> list[tuple[int, caring.Kind]]:
    return sorted((one.customer_id, one.kind) for one in found)


def test_birthdays_first_visits_and_services_are_listed_a_week_ahead(anytown: Town) -> None:
    town = anytown
    town.born(ANNA, 7, 27, calendar=Calendar.LUNAR)  # 8 September 2026
    town.born(DORA, 9, 9)
    town.tell(DORA, inspection_until="2026-09-05", oil_on="2026-01-01")

    found = caring.due(town.ask)

    assert kinds(found) == [
        (town.id(ANNA), Glad.BIRTHDAY),
        (town.id(BERT), Glad.FIRST_PURCHASE),
        (town.id(CARL), Glad.THIRD_VISIT),
        (town.id(DORA), Glad.INSPECTION),
    ]
    anna = next(one for one in found if one.kind is Glad.BIRTHDAY)
    assert (anna.day, anna.about, anna.name) == (date(2026, 9, 8), "2026", "甲**")


def test_who_was_thought_of_is_not_due_any_more(town: Town) -> None:
    town.born(ANNA, 9, 2)

    caring.record(
        town.ask, customer_id=town.id(ANNA), kind=Glad.BIRTHDAY, about="2026", way=Channel.PHONE
    )

    assert (town.id(ANNA), Glad.BIRTHDAY) not in kinds(caring.due(town.ask))
    with pytest.raises(NotFoundError, match="not_due"):
        caring.record(
            town.ask, customer_id=town.id(ANNA), kind=Glad.BIRTHDAY, about="2026", way=Channel.SMS
        )


def test_two_records_of_one_person_have_one_birthday(anytown: Town) -> None:
    town = anytown
    for one in (ANNA, DORA):
        town.born(one, 9, 2)
    caring.record(
        town.ask, customer_id=town.id(DORA), kind=Glad.BIRTHDAY, about="2026", way=Channel.PHONE
    )

    merging.merge(town.ask, kept_id=town.id(ANNA), gone_id=town.id(DORA), reason="one person")

    assert kinds(caring.due(town.ask))[:1] != [(town.id(ANNA), Glad.BIRTHDAY)]


def test_whoever_says_no_is_not_addressed(town: Town) -> None:
    town.born(ANNA, 9, 2)
    town.bar(ANNA, Channel.PHONE)
    town.agree(ANNA, Channel.EMAIL, Channel.VISIT, given=False)

    (one,) = [one for one in caring.due(town.ask) if one.customer_id == town.id(ANNA)]

    assert one.ways == (Channel.SMS,)
    with pytest.raises(NotAllowedError, match="not_by_this_way"):
        caring.record(
            town.ask, customer_id=town.id(ANNA), kind=Glad.BIRTHDAY, about="2026", way=Channel.PHONE
        )


def test_whoever_was_addressed_days_ago_is_left_alone(town: Town) -> None:
    town.born(BERT, 9, 2)
    caring.record(
        town.ask, customer_id=town.id(BERT), kind=Glad.FIRST_PURCHASE, about="once", way=Channel.SMS
    )

    (one,) = [one for one in caring.due(town.ask) if one.customer_id == town.id(BERT)]

    assert one.ways == ()
    assert {said[0].value for said in one.refused.values()} >= {"cooling"}


def test_family_is_spoken_of_by_mouth_only(town: Town) -> None:
    town.keep(ANNA, OccasionKind.BEREAVEMENT, 8, 30)

    (one,) = [one for one in caring.due(town.ask) if one.kind is Grief.BEREAVEMENT]

    assert one.is_family
    assert one.ways == (Channel.PHONE,)


def test_staff_see_those_in_their_own_care_and_the_manager_all(town: Town) -> None:
    for one in (ANNA, DORA, ELSE):
        town.born(one, 9, 2)
    staff = town.as_("sven", Role.STAFF)
    town.assign(DORA, "sven")

    def seen(ask: caring.Ask) -> set[int]:
        return {one.customer_id for one in caring.due(ask) if one.kind is Glad.BIRTHDAY}

    assert seen(staff) == {town.id(DORA)}
    assert seen(town.as_("mona", Role.MANAGER)) == {town.id(ANNA), town.id(DORA)}
    assert seen(town.as_("max", Role.MANAGER, station=2)) == {town.id(ELSE)}


def test_nobody_records_for_a_customer_of_another_station(town: Town) -> None:
    town.born(ELSE, 9, 2)

    with pytest.raises(NotFoundError):
        caring.record(
            town.as_("mona", Role.MANAGER),
            customer_id=town.id(ELSE),
            kind=Glad.BIRTHDAY,
            about="2026",
            way=Channel.PHONE,
        )


def test_a_withdrawn_consent_takes_the_days_away(town: Town) -> None:
    town.born(ANNA, 9, 2)

    town.agree(ANNA, Channel.PHONE, Channel.SMS, given=False)

    assert (town.id(ANNA), Glad.BIRTHDAY) not in kinds(caring.due(town.ask))


def test_festivals_are_told_a_week_ahead(town: Town) -> None:
    (feast,) = caring.feasts(caring.replace(town.ask, as_of=date(2026, 9, 20)))

    assert (feast.kind, feast.day) == (Glad.MID_AUTUMN, date(2026, 9, 25))
    assert caring.feasts(town.ask) == []


def test_whoever_came_when_the_record_began_is_no_newcomer(town: Town) -> None:
    early = caring.replace(town.ask, as_of=TODAY - timedelta(days=199))

    assert [one for one in caring.due(early) if one.kind is Glad.FIRST_PURCHASE] == []


def test_an_erasure_takes_the_thoughts_along_and_a_file_tells_them(town: Town) -> None:
    town.born(ANNA, 9, 2)
    caring.record(
        town.ask, customer_id=town.id(ANNA), kind=Glad.BIRTHDAY, about="2026", way=Channel.PHONE
    )

    told = privacy.person_file(
        town.ask, customer_id=town.id(ANNA), identity="seen", reason="he asked"
    )
    erasure.erase(town.ask, customer_id=town.id(ANNA), reason="asked")

    assert [one["occasion"] for one in told["care"]] == ["birthday"]
    with town.ask.db.reading() as conn:
        assert caring.store.of_customer(conn, [town.id(ANNA)]) == []


def test_a_thought_is_forgotten_in_time(town: Town) -> None:
    town.born(ANNA, 9, 2)
    caring.record(
        town.ask, customer_id=town.id(ANNA), kind=Glad.BIRTHDAY, about="2026", way=Channel.PHONE
    )
    years = town.ask.settings.privacy.notes_years

    kept = retention.forget_old(town.ask.db, town.ask.settings, town.now + 365 * DAY_S)
    gone = retention.forget_old(
        town.ask.db, town.ask.settings, town.now + (years + 1) * 366 * DAY_S
    )

    assert (kept["care"], gone["care"]) == (0, 1)
