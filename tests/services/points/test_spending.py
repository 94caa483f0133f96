"""Points are spent once, whoever asks how often, and only while they count."""

import os
import random
from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from services.points.counter import ANNA, BERT, CARL, NOON, Counter, by_card
from sqlalchemy import text

from station.archive.points import chain
from station.archive.verify import verify
from station.errors import BadValueError, KeyReusedError, NotFoundError, PointsError
from station.model import DAY_S, PointMove, Role
from station.services import keeping
from station.services.points import balances, correcting, lapsing, members, spending
from station.services.points.members import By, Named

HOUR_S = 3600
REPLAYS = 10_000 if os.environ.get("STATION_TEST_LONG") else 1_000


def test_a_redemption_takes_what_runs_out_first(anywhere: Counter) -> None:
    anywhere.earn(ANNA, 50, days=60)
    anywhere.earn(ANNA, 30, days=10)

    told = anywhere.redeem(ANNA, 40)

    left = anywhere.balance(ANNA)
    assert (told.points, told.balance, left.balance) == (40, 40, 40)
    assert [one.points for one in left.endings] == [40]
    assert verify(anywhere.ask.db).ok


def test_the_same_key_again_is_the_same_redemption(anywhere: Counter) -> None:
    anywhere.earn(ANNA, 100)
    first = anywhere.redeem(ANNA, 60, key="form-once")

    again = [anywhere.redeem(ANNA, 60, key="form-once") for _ in range(20)]

    assert again == [first] * 20
    assert anywhere.balance(ANNA).balance == 40


@pytest.mark.parametrize(
    "other",
    [
        lambda counter: counter.redeem(ANNA, 10, key="form-once"),
        lambda counter: counter.redeem(BERT, 60, key="form-once"),
        lambda counter: counter.hold(ANNA, 60, key="form-once"),
    ],
    ids=["points", "member", "move"],
)
def test_a_key_never_stands_for_something_else(
    counter: Counter, other: Callable[[Counter], object]
) -> None:
    for one in (ANNA, BERT):
        counter.earn(one, 100)
    counter.redeem(ANNA, 60, key="form-once")

    with pytest.raises(KeyReusedError):
        other(counter)
    assert counter.balance(ANNA).balance == 40
    assert counter.balance(BERT).balance == 100


def test_a_callers_key_cannot_stand_in_the_way_of_an_earning(counter: Counter) -> None:
    counter.earn(ANNA, 100)
    counter.redeem(ANNA, 10, key="earn:17-17-17")

    counter.earn(ANNA, 5, sale="17-17-17")

    assert counter.balance(ANNA).balance == 95


def test_a_sale_earns_once(counter: Counter) -> None:
    for _ in range(3):
        counter.earn(ANNA, 12, sale="17")

    assert counter.balance(ANNA).balance == 12


@pytest.mark.parametrize("points", [0, -5, 1_000_001])
def test_an_odd_number_of_points_is_refused(counter: Counter, points: int) -> None:
    counter.earn(ANNA, 100)

    with pytest.raises(BadValueError):
        counter.redeem(ANNA, points)


@pytest.mark.parametrize("key", ["", "short", "with a blank", "名" * 9, "x" * 101])
def test_a_bad_key_is_refused(counter: Counter, key: str) -> None:
    card = by_card(ANNA)

    with pytest.raises(BadValueError):
        spending.redeem(counter.ask, key=key, member=card, points=1, station="S1")


def test_more_than_there_is_is_refused_and_nothing_moves(counter: Counter) -> None:
    counter.earn(ANNA, 10)

    with pytest.raises(PointsError) as refused:
        counter.redeem(ANNA, 11)

    assert refused.value.facts == {"wanted": 11, "balance": 10}
    assert counter.balance(ANNA).balance == 10


def test_a_sixth_hold_of_five_is_refused(counter: Counter) -> None:
    counter.earn(ANNA, 5_000)
    for _ in range(5):
        counter.hold(ANNA, 1_000)

    with pytest.raises(PointsError, match="not_enough"):
        counter.hold(ANNA, 1_000)
    assert (counter.balance(ANNA).balance, counter.balance(ANNA).held) == (0, 5_000)


def test_a_hold_is_confirmed_once_and_the_rest_goes_back(anywhere: Counter) -> None:
    anywhere.earn(ANNA, 100)
    held = anywhere.hold(ANNA, 80)

    told = spending.confirm(anywhere.ask, key="confirm-it", number=held.number, points=50)

    assert told.balance == 50
    again = spending.confirm(anywhere.ask, key="confirm-it", number=held.number, points=50)
    assert again == told
    with pytest.raises(PointsError, match="closed"):
        spending.confirm(anywhere.ask, key="confirm-2", number=held.number, points=50)
    with pytest.raises(PointsError, match="closed"):
        spending.release(anywhere.ask, key="release-2", number=held.number)


def test_what_was_set_apart_elsewhere_is_not_closed_here(counter: Counter) -> None:
    counter.earn(ANNA, 100)
    card = by_card(ANNA)
    held = spending.hold(counter.ask, key="hold-0001", member=card, points=80, station="S2")
    (clerk,) = counter.staff(clerk=Role.STAFF)

    with pytest.raises(NotFoundError):
        spending.confirm(clerk, key="confirm-it", number=held.number, points=80)
    with pytest.raises(NotFoundError):
        spending.release(clerk, key="release-1", number=held.number)
    assert counter.balance(ANNA).held == 80


def test_of_a_stranger_the_balance_is_told_and_no_history(counter: Counter) -> None:
    counter.earn(CARL, 30)
    (clerk,) = counter.staff(clerk=Role.STAFF)
    stranger = Named(By.PLATE, CARL.plate)

    assert balances.balance(clerk, member=stranger).balance == 30
    with pytest.raises(NotFoundError):
        balances.history(clerk, member=stranger)


def test_a_hold_whose_time_is_over_has_gone_back_and_is_not_confirmed(counter: Counter) -> None:
    counter.earn(ANNA, 100)
    held = counter.hold(ANNA, 80)
    counter.now += HOUR_S

    assert counter.balance(ANNA).balance == 100
    with pytest.raises(PointsError, match="hold_over"):
        spending.confirm(counter.ask, key="confirm-it", number=held.number, points=80)
    assert counter.redeem(ANNA, 100).balance == 0
    assert verify(counter.ask.db).ok


def test_points_count_to_the_end_of_their_last_day_where_the_programme_is(counter: Counter) -> None:
    counter.earn(ANNA, 10, days=0)
    counter.now = NOON + 12 * HOUR_S - 1
    assert counter.balance(ANNA).balance == 10

    counter.now += 1

    assert counter.balance(ANNA).balance == 0
    with pytest.raises(PointsError, match="not_enough"):
        counter.redeem(ANNA, 1)


def test_what_is_over_is_booked_out_once(anywhere: Counter) -> None:
    anywhere.earn(ANNA, 10, days=0)
    anywhere.earn(BERT, 7, days=0)
    anywhere.hold(BERT, 4)
    anywhere.now += DAY_S

    first, second = (lapsing.expire(anywhere.ask, now_s=anywhere.now) for _ in range(2))

    assert (first.members, first.points, first.holds) == (2, 17, 1)
    assert second == lapsing.Lapsed()


def test_a_clock_set_back_revives_nothing(counter: Counter) -> None:
    counter.earn(ANNA, 10, days=0)
    counter.now += DAY_S
    counter.earn(BERT, 1)
    counter.now -= DAY_S

    with pytest.raises(PointsError, match="not_enough"):
        counter.redeem(ANNA, 1)
    counter.now -= 3 * DAY_S
    with pytest.raises(PointsError, match="clock_behind"):
        counter.redeem(BERT, 1)


def test_nothing_is_spent_from_a_ledger_that_was_not_proved_sound(counter: Counter) -> None:
    counter.earn(ANNA, 10)
    with counter.ask.db.writing() as conn:
        chain.mark(conn, is_sound=False)

    with pytest.raises(PointsError, match="unsound"):
        counter.redeem(ANNA, 1)
    counter.earn(ANNA, 5)
    assert counter.balance(ANNA).balance == 15


def test_a_proof_that_fails_stops_all_spending_until_one_does_not(counter: Counter) -> None:
    counter.earn(ANNA, 10)
    change = 'UPDATE point_lots SET "left" = "left" '
    with counter.ask.db.writing() as conn:
        conn.exec_driver_sql(change + "- 1")

    assert keeping.verify(counter.ask).first_bad == "points_lots: 1"

    with pytest.raises(PointsError, match="unsound"):
        counter.redeem(ANNA, 1)
    with counter.ask.db.writing() as conn:
        conn.exec_driver_sql(change + "+ 1")
    assert keeping.verify(counter.ask).ok
    assert counter.redeem(ANNA, 1).balance == 9


def test_a_member_of_elsewhere_is_served_by_his_card_and_not_by_his_number(
    counter: Counter,
) -> None:
    counter.earn(CARL, 10)
    (here,) = counter.staff(clerk=Role.STAFF)

    told = spending.redeem(here, key="form-far1", member=by_card(CARL), points=4, station="S1")

    assert told.balance == 6
    assert balances.balance(here, member=Named(By.PLATE, CARL.plate)).balance == 6
    with pytest.raises(NotFoundError):
        balances.balance(here, member=Named(By.CUSTOMER, str(counter.ids[CARL.code])))
    with pytest.raises(NotFoundError):
        spending.redeem(here, key="form-far2", member=by_card(CARL), points=4, station="S2")


@pytest.mark.parametrize("by", [By.PLATE, By.CARD, By.PHONE, By.CODE])
def test_a_member_is_found_by_whatever_names_him_in_full(counter: Counter, by: By) -> None:
    words = {"plate": ANNA.plate, "card": ANNA.card, "phone": ANNA.phone, "code": ANNA.code}

    found = members.find(counter.ask, member=Named(by, words[by]))

    assert (found.customer_id, found.name) == (counter.ids[ANNA.code], "甲**")
    assert ANNA.name not in repr(found)


def test_a_card_that_is_nobodys_counts_as_a_guess(counter: Counter) -> None:
    for _ in range(2):
        with pytest.raises(NotFoundError):
            members.find(counter.ask, member=Named(By.CARD, "900012345678"))

    with counter.ask.db.reading() as conn:
        assert conn.execute(text("SELECT count(*) FROM attempts")).scalar_one() == 2


@pytest.mark.slow
def test_a_till_that_sends_its_queue_again_and_again_doubles_nothing(counter: Counter) -> None:
    counter.earn(ANNA, 10_000)
    first = {f"queue-{n:04d}": counter.redeem(ANNA, 10, key=f"queue-{n:04d}") for n in range(50)}
    chance = random.Random(1)  # noqa: S311 - an order, not a secret

    again = [chance.choice(sorted(first)) for _ in range(REPLAYS)]

    assert all(counter.redeem(ANNA, 10, key=key) == first[key] for key in again)
    assert counter.balance(ANNA).balance == 9_500


@pytest.mark.slow
def test_twenty_clicks_at_once_under_one_key_are_one_redemption(anywhere: Counter) -> None:
    anywhere.earn(ANNA, 1_000)
    told: list[object] = []
    gate = Barrier(20)

    def click() -> None:
        gate.wait()
        told.append(anywhere.redeem(ANNA, 100, key="form-click"))

    threads = [Thread(target=click) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(told)) == 1
    assert len(told) == 20
    assert anywhere.balance(ANNA).balance == 900


@pytest.mark.slow
def test_of_fifty_reversals_at_once_one_gives_back(anywhere: Counter) -> None:
    anywhere.earn(ANNA, 100)
    spent = anywhere.redeem(ANNA, 70)
    told: list[object] = []
    gate = Barrier(50)

    def undo(number: int) -> None:
        gate.wait()
        try:
            key = f"reverse-{number:04d}"
            done = correcting.reverse(anywhere.ask, key=key, number=spent.number, reason="mistake")
            told.append(done.move)
        except PointsError as error:
            told.append(error.key)

    threads = [Thread(target=undo, args=(at,)) for at in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(told) == sorted([PointMove.REVERSE, *["points.closed"] * 49])
    assert anywhere.balance(ANNA).balance == 100
