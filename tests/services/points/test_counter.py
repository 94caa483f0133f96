"""At the counter: who is meant, what he holds, and that two open forms spend once."""

import pytest
from services.points.counter import ANNA, BERT, CARL, TODAY, Counter, by_card
from town import sell, visit

from station.errors import LimitReachedError, NotFoundError, PointsError
from station.model import Role
from station.services.ask import Ask
from station.services.points import correcting, spending
from station.services.points import counter as desk
from station.services.points.members import By, Named


@pytest.fixture
def met(counter: Counter) -> Counter:
    """Return the counter after everybody's vehicle came once."""
    sell(counter.ask.db, [visit(one) for one in (ANNA, BERT, CARL)])
    return counter


@pytest.mark.parametrize("words", [ANNA.plate, ANNA.card, ANNA.phone, "100 0000 0001"])
def test_whoever_is_named_in_full_is_met_alone(counter: Counter, words: str) -> None:
    (found,) = counter_of(counter, words)

    assert found.name == "甲**"
    assert found.member is not None
    assert counter.ids[ANNA.code] == present(counter, found.member).has.customer_id


def counter_of(shop: Counter, words: str) -> list[desk.Met]:
    return desk.meet(shop.ask, words=words)


def present(shop: Counter, member: Named) -> desk.Present:
    return desk.present(shop.ask, member=member)


def test_an_ending_or_a_misread_sign_means_those_in_sight(met: Counter) -> None:
    by_ending, misread = counter_of(met, "0001"), counter_of(met, "粤B00007")

    assert [one.label for one in by_ending if one.is_sure] == [ANNA.plate]
    assert ANNA.plate in {one.label for one in misread if not one.is_sure}


def test_staff_of_another_station_meet_nobody_by_an_ending(met: Counter) -> None:
    (staff,) = met.staff(sven=Role.STAFF)

    with pytest.raises(NotFoundError):
        desk.meet(staff, words=CARL.plate[-4:])
    (in_full,) = desk.meet(staff, words=CARL.plate)

    assert in_full.name == "甲**"
    assert not desk.present(staff, member=Named(By.PLATE, CARL.plate)).in_sight


def test_a_vehicle_in_sight_that_is_nobodys_is_met_without_a_member(counter: Counter) -> None:
    stranger = type(ANNA)(9)
    sell(counter.ask.db, [visit(stranger, card_no="")])

    (found,) = counter_of(counter, stranger.plate)

    assert (found.member, found.label) == (None, stranger.plate)


def test_each_card_of_nobody_is_counted_once_and_too_many_are_refused(met: Counter) -> None:
    (staff,) = met.staff(sven=Role.STAFF)
    most = staff.settings.looks.phone_misses_per_day

    for number in range(most):
        with pytest.raises(NotFoundError):
            desk.meet(staff, words=f"13900{number:06d}")

    with pytest.raises(LimitReachedError):
        desk.meet(staff, words=ANNA.card)
    assert desk.meet(staff, words="0001")


def test_what_he_holds_is_told_with_every_day_on_which_some_ends(counter: Counter) -> None:
    counter.earn(ANNA, 300, days=5)
    counter.earn(ANNA, 200, days=40)
    counter.earn(ANNA, 50)
    counter.hold(ANNA, 20)

    seen = present(counter, by_card(ANNA)).has

    assert (seen.balance, seen.held, seen.debt) == (530, 20, 0)
    assert [(one.day, one.points) for one in seen.endings] == [
        (TODAY + 5, 280),
        (TODAY + 40, 200),
        (None, 50),
    ]


def test_two_forms_drawn_from_the_same_balance_spend_once(anywhere: Counter) -> None:
    anywhere.earn(ANNA, 500)
    since = present(anywhere, by_card(ANNA)).since

    def press(key: str) -> int:
        return spending.redeem(
            anywhere.ask, key=key, member=by_card(ANNA), points=100, station="S1", since=since
        ).number

    first = press("form-in-tab-one")
    with pytest.raises(PointsError, match="spent_meanwhile"):
        press("form-in-tab-two")

    assert press("form-in-tab-one") == first
    assert anywhere.balance(ANNA).balance == 400


def test_points_earned_meanwhile_do_not_stand_in_the_way(counter: Counter) -> None:
    counter.earn(ANNA, 500)
    since = present(counter, by_card(ANNA)).since
    counter.earn(ANNA, 70)

    told = spending.redeem(
        counter.ask, key="form-0815", member=by_card(ANNA), points=100, station="S1", since=since
    )

    assert told.balance == 470


def test_the_day_of_a_station_is_told_with_what_was_undone(anywhere: Counter) -> None:
    anywhere.earn(ANNA, 500)
    first, second = anywhere.redeem(ANNA, 100), anywhere.redeem(ANNA, 50)
    correcting.reverse(
        anywhere.ask, key="form-undo", number=first.number, reason="typed 100 for 10"
    )

    slips = counter_today(anywhere)

    assert [(one.number, one.points, one.is_undone) for one in slips] == [
        (second.number, 50, False),
        (first.number, 100, True),
    ]
    assert [one.id for one in present(anywhere, by_card(ANNA)).today] == [second.number]


def counter_today(shop: Counter) -> list[desk.Slip]:
    return desk.of_today(shop.ask, station="S1", limit=20)


def test_a_form_finds_what_it_booked_and_only_for_who_booked_it(counter: Counter) -> None:
    counter.earn(ANNA, 500)
    booked = counter.redeem(ANNA, 100, key="form-0815")
    (sven,) = counter.staff(sven=Role.STAFF)

    mine = counter_form(counter)

    assert mine is not None
    assert (mine.number, mine.points, mine.balance, mine.name) == (booked.number, 100, 400, "甲**")
    assert counter_form(counter, "form-4711") is None
    assert slip_of(sven) is None


def counter_form(shop: Counter, key: str = "form-0815") -> desk.Slip | None:
    return slip_of(shop.ask, key)


def slip_of(ask: Ask, key: str = "form-0815") -> desk.Slip | None:
    return desk.slip_of_form(ask, key=key)
