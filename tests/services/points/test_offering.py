"""Coupons and rewards: taken for points, used once, and back whole when their cause is."""

from collections import Counter as Tally
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from people import make_account
from services.points.counter import ANNA, BERT, CARL, TODAY, Counter, by_card
from services.points.shelf import (
    BUY,
    at_once,
    choices,
    hand_out,
    held,
    refund,
    shelf,
    take,
    use,
    withdraw,
)
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, IntegrityError
from town import at, one

from station.archive.points import offers as store
from station.archive.verify import verify
from station.errors import (
    BadValueError,
    KeyReusedError,
    LimitReachedError,
    NotFoundError,
    PointsError,
    StationError,
)
from station.guard.looks import LookRules
from station.loyalty import coupons
from station.loyalty.conditions import When
from station.loyalty.programme import Offer, Programme, Version
from station.model import DAY_S, CouponAct, CouponState, Fuel, Role
from station.services.customers import merging
from station.services.incoming import intake
from station.services.incoming.intake import ImportOptions
from station.services.personal import erasure, privacy
from station.services.points import correcting, offering
from station.services.points.offering import Purchase
from station.services.points.vouchers import CODE_LENGTH

THREADS = 50
HALF_DAY_S = 43_200


@pytest.fixture
def shop(anywhere: Counter) -> Counter:
    """Return a counter with offers and a member who can pay, on both engines."""
    anywhere.earn(ANNA, 1_000)
    return shelf(anywhere)


@pytest.fixture
def stall(counter: Counter) -> Counter:
    """Return the same on SQLite."""
    counter.earn(ANNA, 1_000)
    return shelf(counter)


# --- taking ---------------------------------------------------------------------------------------


def test_a_coupon_costs_its_points_in_the_same_breath(shop: Counter) -> None:
    told = take(shop, "ten")

    assert (told.points, told.balance, told.last_day) == (100, 900, TODAY + 6)
    assert (told.zh, told.is_coupon, len(told.code)) == ("ten", True, CODE_LENGTH)
    assert shop.balance(ANNA).balance == 900
    assert [coupon.code for coupon in held(shop)] == [told.code]
    assert verify(shop.ask.db).ok


def test_what_stands_in_the_way_is_said_before_and_when_it_is_asked_for(stall: Counter) -> None:
    for _ in range(3):
        take(stall, "umbrella")
    take(stall, "wash")

    told = choices(stall)

    why = {name: choice.refusal.key for name, choice in told.items() if choice.refusal}
    assert why == {"umbrella": "coupons.not_enough", "wash": "coupons.had_it"}
    assert (told["umbrella"].left, told["ten"].left) == (0, None)
    stall.earn(BERT, 1_000)
    refusal = choices(stall, BERT)["umbrella"].refusal
    assert refusal is not None
    assert refusal.key == "coupons.none_left"
    with pytest.raises(PointsError, match="none_left"):
        take(stall, "umbrella", BERT)
    assert stall.balance(BERT).balance == 1_000


def test_too_few_points_take_nothing(stall: Counter) -> None:
    stall.redeem(ANNA, 950)

    with pytest.raises(PointsError, match="not_enough"):
        take(stall, "ten")

    assert stall.balance(ANNA).balance == 50
    assert one(stall.ask, "SELECT count(*) FROM coupons") == 0


def test_what_is_for_good_customers_only_is_not_for_one_who_never_bought(stall: Counter) -> None:
    shelf(stall, Offer("wash", when=When(grades=("A",))), Offer("tea", when=When(grades=("D",))))

    refused = {name: choice.refusal for name, choice in choices(stall).items()}

    assert refused["tea"] is None
    assert refused["wash"] is not None
    with pytest.raises(PointsError, match="not_for_you"):
        take(stall, "wash")


def test_without_rules_nothing_is_offered(counter: Counter) -> None:
    counter.earn(ANNA, 1_000)

    assert choices(counter) == {}
    with pytest.raises(PointsError, match="no_offer"):
        take(counter, "ten")


def test_what_is_paid_for_offers_is_no_redemption_for_money(stall: Counter) -> None:
    take(stall, "umbrella")

    with stall.ask.db.reading() as conn:
        done = store.had(conn, "first", [stall.ids[ANNA.code]])
    assert done == {"umbrella": 1}


def test_a_member_of_two_records_has_what_is_given_once_once(stall: Counter) -> None:
    take(stall, "wash", BERT)
    kept, gone = stall.ids[ANNA.code], stall.ids[BERT.code]
    merging.merge(stall.ask, kept_id=kept, gone_id=gone, reason="one person")

    with pytest.raises(PointsError, match="had_it"):
        take(stall, "wash")
    assert len(held(stall)) == 1


def test_nothing_is_given_or_used_on_a_lost_card(stall: Counter) -> None:
    code = take(stall, "ten").code
    correcting.freeze(stall.ask, key="freeze-it", member=by_card(ANNA), station="S1", reason="lost")

    for deed in (lambda: take(stall, "wash"), lambda: use(stall, code)):
        with pytest.raises(PointsError, match="frozen"):
            deed()


# --- using ----------------------------------------------------------------------------------------


def test_a_coupon_is_used_once(shop: Counter) -> None:
    code = take(shop, "ten").code

    told = use(shop, code.lower())

    assert (told.off_minor, told.due_minor) == (1_000, 19_000)
    with pytest.raises(BadValueError, match="is_used"):
        use(shop, code)
    assert held(shop) == []
    assert verify(shop.ask.db).ok


def test_a_code_is_found_all_over_the_chain_without_showing_whose_it_is(stall: Counter) -> None:
    stall.earn(CARL, 1_000)
    code = take(stall, "ten", CARL).code
    (here,) = stall.staff(clerk=Role.STAFF)

    found = offering.find(here, code=f"{code[:5]}-{code[5:]}")

    assert (found.off_minor, found.state) == (1_000, CouponState.ISSUED)
    assert CARL.name not in repr(found)
    told = offering.use(here, key="form-here1", code=code, station="S1", purchase=BUY)
    assert told.off_minor == 1_000
    with pytest.raises(NotFoundError):
        offering.use(here, key="form-far-1", code=code, station="S2", purchase=BUY)


def test_no_reason_of_a_coupon_may_name_whose_it_is(stall: Counter) -> None:
    used, kept = take(stall, "ten").code, take(stall, "ten").code
    use(stall, used)

    with pytest.raises(BadValueError, match="reason_names"):
        offering.refund(
            stall.ask, key="back-0001", code=used, back_minor=20_000, reason=f"for {ANNA.name}"
        )
    with pytest.raises(BadValueError, match="reason_names"):
        offering.withdraw(stall.ask, key="gone-0001", code=kept, reason=f"{ANNA.name} says so")


def test_whoever_guesses_codes_is_stopped(stall: Counter) -> None:
    (here,) = stall.staff(clerk=Role.STAFF)
    code = take(stall, "ten").code
    here = replace(here, settings=replace(here.settings, looks=LookRules(phone_misses_per_day=2)))
    with pytest.raises(NotFoundError):
        offering.find(here, code="2222222222")
    with pytest.raises(NotFoundError):
        offering.hand_out(here, key="guess-two", code="3333333333", station="S1")

    with pytest.raises(LimitReachedError):
        offering.use(here, key="right-one", code=code, station="S1", purchase=BUY)


@pytest.mark.parametrize(
    ("offer", "bought", "key"),
    [
        ("ten", Purchase(4_999), "too_small"),
        ("ten", Purchase(0), "bad_amount"),
        ("ten", Purchase(-1), "bad_amount"),
        ("ten", Purchase(10**13), "bad_amount"),
        ("ten", Purchase(5_000, currency="HKD"), "not_for_this"),
        ("ten", Purchase(5_000, receipt="9" * 61), "long_receipt"),
        ("diesel", Purchase(5_000, fuel=Fuel.PETROL), "not_for_this"),
        ("diesel", Purchase(9, fuel=Fuel.DIESEL), "too_small"),
        ("umbrella", BUY, "is_reward"),
        ("ten", Purchase(5_000, receipt=" "), "receipt_needed"),
    ],
)
def test_what_a_coupon_is_not_for_is_refused_and_leaves_it_whole(
    stall: Counter, offer: str, bought: Purchase, key: str
) -> None:
    code = take(stall, offer).code

    with pytest.raises(StationError, match=key):
        use(stall, code, bought)

    assert held(stall)[0].code == code


def test_a_percentage_is_taken_off_up_to_its_most(stall: Counter) -> None:
    first, second = take(stall, "diesel").code, take(stall, "diesel").code

    small = use(stall, first, Purchase(9_999, fuel=Fuel.DIESEL))
    large = use(stall, second, Purchase(50_000, fuel=Fuel.DIESEL))

    assert (small.off_minor, large.off_minor) == (999, 2_000)


def test_the_last_day_is_a_whole_day_and_the_night_after_it_runs_out(shop: Counter) -> None:
    first, second = take(shop, "ten").code, take(shop, "ten").code
    shop.now += 7 * DAY_S - HALF_DAY_S - 1  # the last second of the seventh day
    assert use(shop, first).off_minor == 1_000

    shop.now += 1

    with pytest.raises(BadValueError, match="is_lapsed"):
        use(shop, second)
    assert offering.find(shop.ask, code=second).state is CouponState.LAPSED
    assert [offering.lapse(shop.ask, now_s=shop.now) for _ in range(2)] == [1, 0]
    assert verify(shop.ask.db).ok


def test_a_reward_is_handed_out_once(stall: Counter) -> None:
    code = take(stall, "umbrella").code

    assert hand_out(stall, code).off_minor == 0

    with pytest.raises(BadValueError, match="is_used"):
        hand_out(stall, code)
    with pytest.raises(PointsError, match="is_coupon"):
        hand_out(stall, take(stall, "ten").code)


def test_a_coupon_keeps_the_rules_by_which_it_was_given(stall: Counter) -> None:
    code = take(stall, "ten").code
    first = stall.ask.settings.programme.versions[0]
    second = Version("second", date(2026, 9, 2), offers=(Offer("ten", points=1, off_minor=1),))
    settings = replace(stall.ask.settings, programme=Programme(versions=(first, second)))
    stall.ask = replace(stall.ask, settings=settings)
    stall.now += DAY_S

    assert choices(stall)["ten"].points == 1
    assert use(stall, code).off_minor == 1_000


# --- coming back ----------------------------------------------------------------------------------


def test_a_purchase_taken_back_whole_gives_its_coupon_back_and_a_part_does_not(
    shop: Counter,
) -> None:
    slip = take(shop, "ten")
    use(shop, slip.code)

    with pytest.raises(PointsError, match="partly"):
        refund(shop, slip.code, 19_999)
    told = refund(shop, slip.code)

    assert told.last_day == slip.last_day
    assert use(shop, slip.code).off_minor == 1_000
    assert verify(shop.ask.db).ok


def test_a_coupon_that_comes_back_after_its_last_day_is_over(stall: Counter) -> None:
    code = take(stall, "ten").code
    use(stall, code)
    stall.now += 30 * DAY_S

    refund(stall, code)

    with pytest.raises(BadValueError, match="is_lapsed"):
        use(stall, code)


def test_what_is_withdrawn_gives_back_its_points_and_its_place(shop: Counter) -> None:
    codes = [take(shop, "umbrella").code for _ in range(3)]
    assert shop.balance(ANNA).balance == 100

    told = withdraw(shop, codes[0])

    assert (told.balance, shop.balance(ANNA).balance) == (400, 400)
    assert choices(shop)["umbrella"].left == 1
    take(shop, "umbrella")
    with pytest.raises(BadValueError, match="is_withdrawn"):
        hand_out(shop, codes[0])
    assert verify(shop.ask.db).ok


def test_whoever_reverses_the_payment_withdraws_what_it_paid_for(shop: Counter) -> None:
    code = take(shop, "umbrella").code
    number = one(shop.ask, "SELECT redemption_id FROM coupons")

    correcting.reverse(shop.ask, key="reverse-it", number=number, reason="mistake")

    assert shop.balance(ANNA).balance == 1_000
    assert choices(shop)["umbrella"].left == 3
    assert offering.find(shop.ask, code=code).state is CouponState.WITHDRAWN
    assert verify(shop.ask.db).ok


def test_the_payment_of_what_was_used_is_not_reversed(stall: Counter) -> None:
    hand_out(stall, take(stall, "umbrella").code)
    number = one(stall.ask, "SELECT redemption_id FROM coupons")

    with pytest.raises(PointsError, match="is_used"):
        correcting.reverse(stall.ask, key="reverse-it", number=number, reason="mistake")

    assert stall.balance(ANNA).balance == 700


def test_a_reward_brought_back_can_be_withdrawn(stall: Counter) -> None:
    code = take(stall, "umbrella").code
    hand_out(stall, code)
    with pytest.raises(BadValueError, match="is_used"):
        withdraw(stall, code)

    refund(stall, code, 0)

    assert withdraw(stall, code).balance == 1_000


def test_a_clerk_of_elsewhere_takes_nothing_back(stall: Counter) -> None:
    code = take(stall, "ten").code
    make_account(stall.ask.db, "far", at(stall.ask.db, "S2", Role.MANAGER))
    (here,) = stall.staff(chief=Role.MANAGER)
    there = stall.as_account("far")

    with pytest.raises(NotFoundError):
        offering.withdraw(there, key="form-there", code=code, reason="mistake")
    assert offering.withdraw(here, key="form-here1", code=code, reason="mistake").points == 100


# --- keys and races -------------------------------------------------------------------------------


def _take_ten(shop: Counter, _code: str, *, key: str) -> object:
    return take(shop, "ten", key=key)


@pytest.mark.parametrize("deed", [_take_ten, use, withdraw])
def test_the_same_key_again_is_the_same_act(shop: Counter, deed: Callable[..., object]) -> None:
    code = take(shop, "ten").code
    first = deed(shop, code, key="form-once")
    balance, rows = shop.balance(ANNA).balance, one(shop.ask, "SELECT count(*) FROM coupon_acts")

    assert [deed(shop, code, key="form-once") for _ in range(5)] == [first] * 5

    assert shop.balance(ANNA).balance == balance
    assert one(shop.ask, "SELECT count(*) FROM coupon_acts") == rows


def test_an_act_is_told_as_it_was_even_when_more_was_done_since(stall: Counter) -> None:
    first = take(stall, "ten", key="form-once")
    use(stall, first.code)
    refund(stall, first.code)
    withdraw(stall, first.code)

    assert take(stall, "ten", key="form-once") == first


@pytest.mark.parametrize(
    "other",
    [
        lambda shop, _: take(shop, "umbrella", key="form-once"),
        lambda shop, _: take(shop, "ten", BERT, key="form-once"),
        lambda shop, code: use(shop, code, key="form-once"),
        lambda shop, code: hand_out(shop, code, key="form-once"),
    ],
    ids=["offer", "member", "use", "hand_out"],
)
def test_a_key_never_stands_for_something_else(
    stall: Counter, other: Callable[[Counter, str], object]
) -> None:
    code = take(stall, "ten", key="form-once").code

    with pytest.raises(KeyReusedError):
        other(stall, code)
    assert stall.balance(ANNA).balance == 900


@pytest.mark.slow
@pytest.mark.parametrize("offer", ["umbrella", "here"])
def test_of_fifty_at_once_three_have_the_last_three(shop: Counter, offer: str) -> None:
    shop.earn(ANNA, 100_000)
    unlimited = [
        Offer("umbrella", points=300, stock=3, most_member=99),
        Offer("here", points=1, stock_station=3),
    ]
    rush = shelf(shop, *unlimited)

    told = at_once(THREADS, lambda at: take(rush, offer, key=f"rush-{at:04d}"))

    gone = {"umbrella": "coupons.none_left", "here": "coupons.none_left_here"}[offer]
    assert Tally(told) == {"": 3, gone: THREADS - 3}
    assert verify(rush.ask.db).ok


@pytest.mark.slow
def test_a_budget_is_never_exceeded_by_fifty_at_once(shop: Counter) -> None:
    codes = [take(shop, "tight").code for _ in range(THREADS)]

    told = at_once(THREADS, lambda at: use(shop, codes[at], key=f"rush-{at:04d}"))

    assert Tally(told) == {"": 3, "coupons.budget_spent": THREADS - 3}
    assert one(shop.ask, "SELECT spent_minor FROM offer_station_counts") == 3_000
    assert verify(shop.ask.db).ok


@pytest.mark.slow
def test_one_coupon_used_by_fifty_at_once_is_used_once(shop: Counter) -> None:
    code = take(shop, "ten").code

    told = at_once(THREADS, lambda at: use(shop, code, key=f"rush-{at:04d}"))

    assert Tally(told) == {"": 1, "coupons.is_used": THREADS - 1}


@pytest.mark.parametrize("offer", ["umbrella", "here"])
def test_with_the_service_blind_the_archive_still_gives_no_more_than_there_are(
    shop: Counter, monkeypatch: pytest.MonkeyPatch, offer: str
) -> None:
    shop.earn(ANNA, 10_000)
    monkeypatch.setattr(coupons, "grant_refusal", lambda _case, _offer: None)
    for _ in range(3):
        take(shop, offer)
    before = shop.balance(ANNA).balance

    with pytest.raises(IntegrityError):
        take(shop, offer)

    assert shop.balance(ANNA).balance == before
    assert verify(shop.ask.db).ok


def test_with_the_service_blind_the_archive_still_keeps_to_the_budget(
    shop: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = [take(shop, "tight").code for _ in range(4)]
    monkeypatch.setattr(coupons, "use_refusal", lambda _case, _offer: None)
    for code in codes[:3]:
        use(shop, code)

    with pytest.raises(IntegrityError):
        use(shop, codes[3])


def test_with_the_service_blind_the_archive_still_lets_a_coupon_be_used_once(
    shop: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = take(shop, "ten").code
    use(shop, code)
    monkeypatch.setattr(coupons, "after", lambda _state, _act: CouponState.USED)

    with pytest.raises(DatabaseError):
        use(shop, code)


# --- people ---------------------------------------------------------------------------------------


def test_an_erasure_lets_coupons_run_out_and_leaves_no_receipt(shop: Counter) -> None:
    used, left = take(shop, "ten").code, take(shop, "ten").code
    use(shop, used)

    erasure.erase(shop.ask, customer_id=shop.ids[ANNA.code], reason="asked")

    with pytest.raises(BadValueError, match="is_lapsed"):
        use(shop, left)
    assert one(shop.ask, "SELECT count(*) FROM coupons WHERE receipt <> ''") == 0
    assert one(shop.ask, "SELECT count(*) FROM coupon_receipts") == 0
    assert verify(shop.ask.db).ok


def test_a_persons_file_tells_of_his_coupons(stall: Counter) -> None:
    slip = take(stall, "ten")
    use(stall, slip.code, BUY)

    told = privacy.person_file(
        stall.ask, customer_id=stall.ids[ANNA.code], identity="card", reason="asked"
    )

    (coupon,) = told["coupons"]
    assert (coupon["code"], coupon["state"], coupon["receipt"]) == (slip.code, "used", "R-1")


def test_the_log_names_a_coupon_by_its_number_and_never_by_its_code(stall: Counter) -> None:
    slip = take(stall, "ten")
    use(stall, slip.code)

    with stall.ask.db.reading() as conn:
        named = conn.execute(text("SELECT object FROM audit")).scalars().all()
    assert {f"coupon:{slip.number}:{act}" for act in (CouponAct.ISSUE, CouponAct.USE)} <= set(named)
    assert not [name for name in named if slip.code in name]


def test_what_was_changed_by_hand_is_found(stall: Counter) -> None:
    take(stall, "ten")
    for table in ("offer_counts", "offer_station_counts"):
        with stall.ask.db.writing() as conn:
            conn.exec_driver_sql(f"UPDATE {table} SET taken = taken + 1")  # noqa: S608
        assert "offers_" in verify(stall.ask.db).first_bad
        with stall.ask.db.writing() as conn:
            conn.exec_driver_sql(f"UPDATE {table} SET taken = taken - 1")  # noqa: S608
    assert verify(stall.ask.db).ok


# --- sales that come back -------------------------------------------------------------------------

TILL = "流水号,交易时间,枪号,油品,数量,金额,车牌号,交易类型,备注"
SOLD = (
    "R-1,2026-09-01 11:58:00,1,92#,20,100,粤B00001,正常,",
    "R-1,2026-09-01 11:58:00,1,95#,20,100,粤B00001,正常,",
)
BACK = tuple(
    line.replace("R-1", f"R-{at}").replace("20,100", "-20,-100").replace("正常,", "冲销,撤单R-1")
    for at, line in enumerate(SOLD, start=2)
)


def _import(counter: Counter, folder: Path, *lines: str) -> int:
    path = folder / f"{len(lines)}-{lines[-1][:3]}.csv"
    path.write_text("\n".join([TILL, *lines, ""]), encoding="utf-8")
    options = ImportOptions(station="S1", lang="en")
    return intake.import_sales(counter.ask, path=path, options=options).counts.accepted


def test_a_receipt_whose_lines_all_come_back_in_files_gives_its_coupon_back(
    shop: Counter, tmp_path: Path
) -> None:
    code = take(shop, "ten").code
    use(shop, code, BUY)
    assert _import(shop, tmp_path, *SOLD) == 2

    assert _import(shop, tmp_path, BACK[0]) == 1
    assert offering.find(shop.ask, code=code).state is CouponState.USED

    assert _import(shop, tmp_path, BACK[1]) == 1
    assert offering.find(shop.ask, code=code).state is CouponState.ISSUED
    assert verify(shop.ask.db).ok


def test_a_receipt_of_another_price_gives_no_coupon_back(shop: Counter, tmp_path: Path) -> None:
    code = take(shop, "ten").code
    use(shop, code, replace(BUY, amount_minor=BUY.amount_minor + 10_000))
    _import(shop, tmp_path, *SOLD)

    _import(shop, tmp_path, *BACK)

    assert offering.find(shop.ask, code=code).state is CouponState.USED
