"""What may be redeemed follows the rules of the day: at the counter, and when it is held."""

from dataclasses import replace
from datetime import date

import pytest
from services.points.counter import ANNA, BERT, CARL, Counter, by_card

from station.errors import NotFoundError, PointsError
from station.loyalty.programme import Programme, RedeemRules, Version, Worth
from station.model import DAY_S, Role
from station.services.customers import merging
from station.services.points import correcting, spending
from station.services.points.members import By, Named
from station.services.points.spending import Terms

FULL = Worth(1_000, 1_000)
RULES = RedeemRules(least=100, step=50, most_day=500, most_month=800, worth=FULL)
TO_OCTOBER = 30


def ruled(counter: Counter, rules: RedeemRules, starts: date = date(2026, 1, 1)) -> Counter:
    """Let the counter work by these rules of redeeming from a day on."""
    programme = Programme(versions=(Version("first", starts=starts, redeeming=rules),))
    settings = replace(counter.ask.settings, programme=programme)
    return replace(counter, ask=replace(counter.ask, settings=settings))


def terms(counter: Counter) -> Terms:
    return spending.terms(counter.ask, member=by_card(ANNA), station="S1")


def test_without_rules_all_that_is_there_may_be_redeemed(counter: Counter) -> None:
    counter.earn(ANNA, 70)

    told = terms(counter)

    assert told == Terms(70, 1, 1, 70, is_frozen=False, worth=None, currency="")
    assert told.worth_minor == 0


def test_rules_that_start_tomorrow_bind_nobody_today(counter: Counter) -> None:
    tomorrow = ruled(counter, RULES, starts=date(2026, 9, 2))
    tomorrow.earn(ANNA, 70)

    assert terms(tomorrow).most == 70
    assert tomorrow.redeem(ANNA, 7).balance == 63


def test_terms_say_the_most_in_whole_steps_and_what_it_is_worth(anywhere: Counter) -> None:
    strict = ruled(anywhere, RULES)
    strict.earn(ANNA, 470)

    told = terms(strict)

    assert (told.balance, told.least, told.step, told.most) == (470, 100, 50, 450)
    assert (told.worth_minor, told.minor_of(100), told.currency) == (450, 100, "CNY")


@pytest.mark.parametrize("move", ["redeem", "hold"])
@pytest.mark.parametrize(
    ("points", "key"),
    [(99, "too_few"), (120, "odd_step"), (550, "over_limit"), (2_000, "points.not_enough")],
)
def test_what_the_rules_do_not_allow_moves_nothing(
    counter: Counter, move: str, points: int, key: str
) -> None:
    strict = ruled(counter, RULES)
    strict.earn(ANNA, 1_000)

    with pytest.raises(PointsError, match=key):
        getattr(strict, move)(ANNA, points)

    assert strict.balance(ANNA).balance == 1_000


def test_the_days_and_the_months_limit_count_what_was_redeemed_before(anywhere: Counter) -> None:
    strict = ruled(anywhere, RULES)
    strict.earn(ANNA, 5_000)
    strict.redeem(ANNA, 300)
    assert terms(strict).most == 200
    strict.redeem(ANNA, 200)
    with pytest.raises(PointsError, match="over_limit"):
        strict.redeem(ANNA, 100)

    anywhere.now = strict.now = strict.now + DAY_S

    assert terms(strict).most == 300
    anywhere.now = strict.now = strict.now + TO_OCTOBER * DAY_S
    assert terms(strict).most == 500


def test_an_open_hold_counts_until_it_is_released_or_over(counter: Counter) -> None:
    strict = ruled(counter, RULES)
    strict.earn(ANNA, 5_000)
    held = strict.hold(ANNA, 400)
    strict.hold(ANNA, 100)
    with pytest.raises(PointsError, match="over_limit"):
        strict.redeem(ANNA, 100)

    spending.release(strict.ask, key="release-it", number=held.number)

    assert terms(strict).most == 400
    counter.now = strict.now = strict.now + 3_600
    assert terms(strict).most == 500
    assert strict.redeem(ANNA, 500).points == 500


def test_a_confirmed_hold_counts_what_was_redeemed_of_it(counter: Counter) -> None:
    strict = ruled(counter, RULES)
    strict.earn(ANNA, 5_000)
    held = strict.hold(ANNA, 400)

    spending.confirm(strict.ask, key="confirm-it", number=held.number, points=150)

    assert terms(strict).most == 350


def test_a_hold_of_yesterday_counts_today_while_it_is_open(counter: Counter) -> None:
    strict = ruled(counter, RULES)
    strict.earn(ANNA, 5_000)
    counter.now = strict.now = strict.now + 12 * 3_600 - 60  # a minute to midnight
    held = strict.hold(ANNA, 400)
    counter.now = strict.now = strict.now + 120

    with pytest.raises(PointsError, match="over_limit"):
        strict.redeem(ANNA, 200)
    spending.confirm(strict.ask, key="confirm-it", number=held.number, points=400)

    assert terms(strict).most == 100


@pytest.mark.parametrize(("points", "key"), [(50, "too_few"), (120, "odd_step")])
def test_a_part_of_a_hold_follows_the_rules_too(counter: Counter, points: int, key: str) -> None:
    strict = ruled(counter, RULES)
    strict.earn(ANNA, 1_000)
    held = strict.hold(ANNA, 400)

    with pytest.raises(PointsError, match=key):
        spending.confirm(strict.ask, key="confirm-it", number=held.number, points=points)


def test_what_was_reversed_counts_no_more(anywhere: Counter) -> None:
    strict = ruled(anywhere, RULES)
    strict.earn(ANNA, 5_000)
    spent = strict.redeem(ANNA, 500)

    correcting.reverse(strict.ask, key="reverse-it", number=spent.number, reason="mistake")

    assert terms(strict).most == 500


def test_a_limit_holds_for_all_records_of_a_person(counter: Counter) -> None:
    strict = ruled(counter, RULES)
    for one in (ANNA, BERT):
        strict.earn(one, 1_000)
    strict.redeem(BERT, 300)

    kept, gone = strict.ids[ANNA.code], strict.ids[BERT.code]
    merging.merge(strict.ask, kept_id=kept, gone_id=gone, reason="one person")

    assert (terms(strict).balance, terms(strict).most) == (1_700, 200)


def test_nothing_of_a_lost_card_can_be_redeemed(counter: Counter) -> None:
    counter.earn(ANNA, 100)
    correcting.freeze(
        counter.ask, key="freeze-it", member=by_card(ANNA), station="S1", reason="lost"
    )

    assert (terms(counter).most, terms(counter).is_frozen) == (0, True)


def test_terms_are_told_for_a_station_and_a_member_in_sight_only(counter: Counter) -> None:
    (here,) = counter.staff(clerk=Role.STAFF)

    with pytest.raises(NotFoundError):
        spending.terms(here, member=by_card(ANNA), station="S2")
    with pytest.raises(NotFoundError):
        spending.terms(here, member=Named(By.CUSTOMER, str(counter.ids[CARL.code])), station="S1")
    assert spending.terms(here, member=by_card(CARL), station="S1").most == 0
