"""What was booked is put right: once, to the same lots, and by hand only by two people."""

from functools import partial

import pytest
from people import make_account
from services.points.counter import ANNA, BERT, CARL, TODAY, Counter, by_card

from station.archive.verify import verify
from station.errors import (
    BadValueError,
    KeyReusedError,
    LimitReachedError,
    NotAllowedError,
    NotFoundError,
    PointsError,
)
from station.model import DAY_S, Grant, Role, day_date
from station.services.customers import merging
from station.services.people import approvals
from station.services.personal import erasure, privacy
from station.services.points import balances, correcting, crediting, lapsing
from station.services.points.members import By, Named


def test_a_reversal_gives_each_point_back_with_its_last_day(counter: Counter) -> None:
    counter.earn(ANNA, 30, days=10)
    counter.earn(ANNA, 50, days=60)
    before = counter.balance(ANNA).endings
    spent = counter.redeem(ANNA, 40)

    told = correcting.reverse(
        counter.ask, key="reverse-1", number=spent.number, reason="wrong reward"
    )

    assert told.balance == 80
    assert counter.balance(ANNA).endings == before


def test_what_ran_out_meanwhile_does_not_come_back_with_a_reversal(counter: Counter) -> None:
    counter.earn(ANNA, 30, days=1)
    spent = counter.redeem(ANNA, 30)
    counter.now += 2 * DAY_S

    told = correcting.reverse(counter.ask, key="reverse-1", number=spent.number, reason="late")

    assert told.balance == 0
    assert lapsing.expire(counter.ask, now_s=counter.now).points == 30


def test_a_redemption_is_reversed_within_its_days(counter: Counter) -> None:
    counter.earn(ANNA, 30)
    spent = counter.redeem(ANNA, 30)
    counter.now += 91 * DAY_S

    with pytest.raises(PointsError, match="too_late"):
        correcting.reverse(counter.ask, key="reverse-1", number=spent.number, reason="late")


def test_a_refund_of_points_that_were_spent_is_owed_and_paid_by_the_next_sale(
    anywhere: Counter,
) -> None:
    anywhere.earn(ANNA, 100, sale="sale 1")
    anywhere.redeem(ANNA, 80)

    refund(anywhere, "sale 1 back", of="sale 1", points=100)

    owing = anywhere.balance(ANNA)
    assert (owing.balance, owing.debt) == (0, 80)
    anywhere.earn(ANNA, 90, sale="sale 2")
    paid = anywhere.balance(ANNA)
    assert (paid.balance, paid.debt) == (10, 0)
    assert verify(anywhere.ask.db).ok


def refund(counter: Counter, cause: str, *, of: str, points: int) -> None:
    with counter.ask.db.writing(changes_figures=False) as conn:
        crediting.take_back(conn, counter.ask, [crediting.Taking(cause, of, points)])


def test_line_by_line_a_refund_takes_what_the_sale_gave_and_no_more(counter: Counter) -> None:
    counter.earn(ANNA, 100, sale="sale 1")

    for line in range(4):
        for _ in range(2):
            refund(counter, f"line {line}", of="sale 1", points=40)

    assert counter.balance(ANNA).balance == 0
    assert counter.balance(ANNA).debt == 0


def test_buying_and_refunding_for_ever_yields_nothing(counter: Counter) -> None:
    for turn in range(20):
        counter.earn(ANNA, 100, sale=f"sale {turn}")
        refund(counter, f"back {turn}", of=f"sale {turn}", points=100)

    assert counter.balance(ANNA).balance == 0


def test_a_correction_waits_for_a_second_person(counter: Counter) -> None:
    ask = counter.ask
    maker, checker = counter.staff(maker=Role.MANAGER, checker=Role.REGIONAL)

    correcting.adjust(
        maker, key="adjust-01", member=by_card(ANNA), points=50, reason="pump was wrong"
    )

    assert counter.balance(ANNA).balance == 0
    (number,) = approvals.waiting(checker)["id"]
    approvals.decide(checker, request_id=int(number), approve=True)
    assert counter.balance(ANNA).balance == 50
    assert balances.history(ask, member=by_card(ANNA))["move"].to_list() == ["adjust"]


def test_nobody_approves_his_own_correction_under_another_account(counter: Counter) -> None:
    (maker,) = counter.staff(maker=Role.MANAGER)
    correcting.adjust(maker, key="adjust-01", member=by_card(ANNA), points=50, reason="why not")
    make_account(counter.ask.db, "other", Grant(Role.REGIONAL), person="maker")
    checker = counter.as_account("other")

    with pytest.raises(NotAllowedError, match="same_person"):
        approvals.decide(checker, request_id=1, approve=True)
    assert counter.balance(ANNA).balance == 0


def test_a_day_of_corrections_has_an_end(counter: Counter) -> None:
    (maker,) = counter.staff(maker=Role.MANAGER)
    most = maker.settings.ledger.corrected_day
    ask_for = partial(correcting.adjust, maker, member=by_card(ANNA), reason="pump was wrong")
    ask_for(key="adjust-01", points=most - 10)

    with pytest.raises(LimitReachedError, match="corrected_much"):
        ask_for(key="adjust-02", points=11)
    with pytest.raises(KeyReusedError):
        ask_for(key="adjust-01", points=10)
    ask_for(key="adjust-03", points=10)


def test_no_more_is_taken_by_hand_than_there_is(counter: Counter) -> None:
    counter.earn(ANNA, 10)

    with pytest.raises(PointsError, match="not_enough"):
        correcting.adjust(
            counter.ask, key="adjust-01", member=by_card(ANNA), points=-11, reason="too many"
        )


def test_a_reason_that_names_the_member_is_refused(counter: Counter) -> None:
    with pytest.raises(BadValueError):
        correcting.adjust(
            counter.ask, key="adjust-01", member=by_card(ANNA), points=5, reason=ANNA.name
        )


def test_no_reason_of_what_is_put_right_may_name_a_member(counter: Counter) -> None:
    counter.earn(ANNA, 100, sale="sale 1")
    spent, ask = counter.redeem(ANNA, 10), counter.ask
    at_desk = {"member": by_card(ANNA), "station": "S1"}
    passed = {"to": by_card(BERT), "points": 1, **at_desk}
    deeds = (
        partial(correcting.reverse, ask, number=spent.number, reason=f"for {ANNA.name}"),
        partial(correcting.refund, ask, number=spent.number - 1, points=1, reason=ANNA.name),
        partial(correcting.freeze, ask, reason=f"{ANNA.name} lost it", **at_desk),
        partial(correcting.transfer, ask, reason=f"a gift of {ANNA.name}", **passed),
        partial(correcting.transfer, ask, reason=f"a gift to {BERT.name}", **passed),
    )

    for at, deed in enumerate(deeds):
        with pytest.raises(BadValueError, match="reason_names"):
            deed(key=f"deed-{at:04d}")

    correcting.freeze(ask, key="freeze-01", reason="card lost", **at_desk)
    with pytest.raises(BadValueError, match="reason_names"):
        correcting.thaw(ask, key="thaw-0001", reason=f"{ANNA.name} found it", **at_desk)
    assert counter.balance(ANNA).is_frozen


def test_staff_may_freeze_and_only_a_manager_thaws(counter: Counter) -> None:
    counter.earn(ANNA, 10)
    clerk, boss = counter.staff(clerk=Role.STAFF, boss=Role.MANAGER)
    card = by_card(ANNA)

    correcting.freeze(clerk, key="freeze-01", member=card, station="S1", reason="card lost")

    with pytest.raises(PointsError, match="frozen"):
        counter.redeem(ANNA, 1)
    counter.earn(ANNA, 5)
    with pytest.raises(NotAllowedError):
        correcting.thaw(clerk, key="thaw-0001", member=card, station="S1", reason="found")
    correcting.thaw(boss, key="thaw-0001", member=card, station="S1", reason="found")
    assert counter.redeem(ANNA, 15).balance == 0


def test_points_are_passed_on_with_their_last_days(counter: Counter) -> None:
    counter.earn(ANNA, 30, days=10)
    counter.earn(ANNA, 50, days=60)

    correcting.transfer(
        counter.ask,
        key="pass-on-1",
        member=by_card(ANNA),
        to=by_card(BERT),
        points=40,
        station="S1",
        reason="brothers",
    )

    days = [(day_date(one.day or 0), one.points) for one in counter.balance(BERT).endings]
    assert days == [(day_date(TODAY + 10), 30), (day_date(TODAY + 60), 10)]
    assert counter.balance(ANNA).balance == 40


def test_nobody_passes_on_points_of_a_stranger_or_more_than_a_days_corrections(
    counter: Counter,
) -> None:
    counter.earn(CARL, 900_000)
    counter.earn(ANNA, 900_000)
    (boss,) = counter.staff(boss=Role.MANAGER)
    pass_on = partial(correcting.transfer, boss, station="S1", reason="brothers")

    with pytest.raises(NotFoundError):
        pass_on(key="pass-on-1", member=Named(By.PLATE, CARL.plate), to=by_card(ANNA), points=10)
    with pytest.raises(LimitReachedError):
        pass_on(key="pass-on-2", member=by_card(ANNA), to=by_card(BERT), points=5_001)
    assert counter.balance(CARL).balance == 900_000


def test_a_correction_that_was_asked_before_an_erasure_is_not_made_after_it(
    counter: Counter,
) -> None:
    maker, checker = counter.staff(maker=Role.MANAGER, checker=Role.REGIONAL)
    correcting.adjust(maker, key="adjust-01", member=by_card(ANNA), points=50, reason="pump")
    erasure.erase(counter.ask, customer_id=counter.ids[ANNA.code], reason="asked for")

    with pytest.raises(NotAllowedError):
        approvals.decide(checker, request_id=1, approve=True)


def test_a_merge_puts_both_purses_together_and_its_undoing_takes_them_apart(
    anywhere: Counter,
) -> None:
    anywhere.earn(ANNA, 30)
    anywhere.earn(BERT, 50)
    anna, bert = anywhere.ids[ANNA.code], anywhere.ids[BERT.code]
    number = merging.merge(anywhere.ask, kept_id=anna, gone_id=bert, reason="one person")
    assert anywhere.balance(BERT).balance == 80
    spent = anywhere.redeem(ANNA, 60)

    merging.undo(anywhere.ask, merge_id=number)

    assert (anywhere.balance(ANNA).balance, anywhere.balance(BERT).balance) == (0, 20)
    correcting.reverse(anywhere.ask, key="reverse-1", number=spent.number, reason="not one")
    assert (anywhere.balance(ANNA).balance, anywhere.balance(BERT).balance) == (30, 50)


def test_an_erased_person_leaves_a_ledger_that_is_whole(anywhere: Counter) -> None:
    anywhere.earn(ANNA, 30, sale="sale 1")
    anywhere.redeem(ANNA, 10)
    anywhere.hold(ANNA, 5)
    customer_id = anywhere.ids[ANNA.code]
    file = privacy.person_file(anywhere.ask, customer_id=customer_id, identity="seen", reason="ask")
    assert [row["move"] for row in file["points"]] == ["hold", "redeem", "earn"]

    erasure.erase(anywhere.ask, customer_id=customer_id, reason="asked")

    assert verify(anywhere.ask.db).ok
    with pytest.raises(NotFoundError):
        anywhere.balance(ANNA)
