"""Whoever brings a new member is given points for his first fill, and for nothing else."""

from dataclasses import replace
from datetime import date

import pytest
from archive.shop import Shop
from makers import make_key, make_reversal, make_sale
from services.points.counter import ANNA, CARL, NOON, Counter, by_card
from sqlalchemy import select, update
from town import one as value_of
from town import sell

from station.archive.points import referrals
from station.archive.points.referrals import State
from station.archive.tables import sales
from station.archive.verify import verify
from station.config import Settings
from station.errors import BadValueError, NotFoundError
from station.loyalty.programme import (
    Basis,
    EarnRule,
    EarnRules,
    Event,
    Gift,
    Programme,
    Version,
)
from station.model import DAY_S, Fuel
from station.services.customers import enrolling, leads, merging, registering
from station.services.customers.enrolling import NewCard
from station.services.personal import erasure, privacy
from station.services.points import awarding, claiming, referring, returning, rules
from station.services.points.members import By, Named

LITRE = EarnRule("litre", of=Basis.LITRE)
ZHOU = NewCard(station="S1", name="乙示川", phone="100 0000 0777", plate="粤B77001")


def bringing(counter: Counter, most_per_year: int = 2) -> Counter:
    """Let 30 litres be 30 points, and a friend 500."""
    gift = Gift(Event.REFERRAL, 500, most_per_year)
    earning = EarnRules(rules=(LITRE,), gifts=(gift,))
    version = Version("first", date(2020, 1, 1), earning=earning)
    chosen = replace(Settings(), programme=Programme(versions=(version,)))
    counter.ask = replace(counter.ask, settings=chosen)
    return counter


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be the counter's day for whoever writes down a member as well."""
    monkeypatch.setattr(rules, "time", lambda: NOON)
    for module in (referring, enrolling, leads):
        monkeypatch.setattr(module, "today", lambda: date(2026, 9, 1))


@pytest.fixture
def shop(counter: Counter) -> Counter:
    return bringing(counter)


@pytest.fixture
def anyshop(anywhere: Counter) -> Counter:
    return bringing(anywhere)


def bring(counter: Counter, new: NewCard = ZHOU, by: Named | None = None) -> int:
    """Return a new member whom Anna brought, unless another is named."""
    return enrolling.add(counter.ask, new=replace(new, referred_by=by or by_card(ANNA)))


def fill(counter: Counter, plate: str, days: int = 0, **changes: object) -> list[int]:
    """Return the lines of a vehicle that filled up so many days later, and earned."""
    sale = make_sale(vehicle=make_key(plate), sold_at=NOON + days * DAY_S, receipt_no=counter.key())
    sell(counter.ask.db, [replace(sale, **changes)])
    with counter.ask.db.writing() as conn:
        query = select(sales.c.id).where(sales.c.natural_key == sale.natural_key)
        ids = list(conn.execute(query).scalars())
        awarding.award(conn, counter.ask, ids)
    return ids


def anna(counter: Counter) -> int:
    return counter.balance(ANNA).balance


def state(counter: Counter, customer_id: int) -> State:
    with counter.ask.db.reading() as conn:
        (found,) = referrals.of_members(conn, [customer_id])
    return found.state


def test_a_friend_is_rewarded_with_the_first_fill_and_only_once(anyshop: Counter) -> None:
    new = bring(anyshop)
    assert (anna(anyshop), state(anyshop, new)) == (0, State.WAITING)

    for _ in range(3):
        fill(anyshop, ZHOU.plate)

    assert (anna(anyshop), state(anyshop, new)) == (500, State.REWARDED)
    assert verify(anyshop.ask.db).ok


@pytest.mark.parametrize(
    "changes",
    [{"fuel": Fuel.NONE, "product": "SHOP"}, {"quantity_milli": 900}],
    ids=["shop", "too little to earn"],
)
def test_what_is_no_fill_that_earns_rewards_nobody(
    shop: Counter, changes: dict[str, object]
) -> None:
    new = bring(shop)

    fill(shop, ZHOU.plate, **changes)

    assert (anna(shop), state(shop, new)) == (0, State.WAITING)
    fill(shop, ZHOU.plate)
    assert anna(shop) == 500


def test_the_fill_is_taken_back_and_so_is_the_reward(anyshop: Counter) -> None:
    bring(anyshop)
    (sale_id,) = fill(anyshop, ZHOU.plate)

    take_back(anyshop, sale_id)
    take_back(anyshop, sale_id)

    assert anna(anyshop) == 0
    fill(anyshop, ZHOU.plate)
    assert anna(anyshop) == 500
    assert verify(anyshop.ask.db).ok


def take_back(counter: Counter, sale_id: int) -> None:
    with counter.ask.db.writing() as conn:
        (key,) = conn.execute(select(sales.c.receipt_no).where(sales.c.id == sale_id)).scalars()
        back = make_reversal(make_sale(vehicle=make_key(ZHOU.plate), receipt_no=key))
        Shop(conn).take_back([replace(back, natural_key=f"back-{sale_id}")])
        returning.settle(conn, counter.ask, [sale_id])


def test_a_fill_whose_taking_back_is_undone_is_rewarded_again(shop: Counter) -> None:
    new = bring(shop)
    (sale_id,) = fill(shop, ZHOU.plate)
    take_back(shop, sale_id)
    with shop.ask.db.writing() as conn:
        conn.execute(update(sales).where(sales.c.reverses == sale_id).values(voided=1))
        returning.settle(conn, shop.ask, [sale_id], undone=2)

    assert (anna(shop), state(shop, new)) == (500, State.REWARDED)
    assert verify(shop.ask.db).ok


def test_buying_and_giving_back_gains_nothing_however_often(shop: Counter) -> None:
    bring(shop)

    for turn in range(5):
        (sale_id,) = fill(shop, ZHOU.plate)
        shop.redeem(ANNA, 500)
        take_back(shop, sale_id)

        assert (anna(shop), shop.balance(ANNA).debt) == (0, 500)
        shop.earn(ANNA, 500, sale=f"other {turn}")


ODD = {
    "his telephone": (replace(ZHOU, phone=ANNA.phone), None),
    "his vehicle": (replace(ZHOU, plate=ANNA.plate, takes_over=True), None),
    "his card": (replace(ZHOU, card=ANNA.card, takes_over=True), Named(By.CODE, ANNA.code)),
}


@pytest.mark.parametrize(("new", "by"), ODD.values(), ids=ODD)
def test_nobody_brings_whoever_shares_what_is_his(
    shop: Counter, new: NewCard, by: Named | None
) -> None:
    before = value_of(shop.ask, "SELECT count(*) FROM customers")

    with pytest.raises(BadValueError, match="himself"):
        bring(shop, new, by or Named(By.CODE, ANNA.code))

    assert value_of(shop.ask, "SELECT count(*) FROM customers") == before


def test_nobody_brings_himself_though_he_shows_it_later(shop: Counter) -> None:
    new = bring(shop)
    kept = shop.ids[ANNA.code]
    merging.merge(shop.ask, kept_id=kept, gone_id=new, reason="one and the same")

    fill(shop, ZHOU.plate)

    assert state(shop, new) is State.MERGED
    assert anna(shop) == 30  # what he filled himself


TWIN = NewCard(station="S1", name="乙示川", phone="100 0000 0888", plate="粤B77002")


def test_one_person_written_down_twice_is_rewarded_once(anyshop: Counter) -> None:
    first, second = bring(anyshop), bring(anyshop, TWIN)
    merging.merge(anyshop.ask, kept_id=first, gone_id=second, reason="one and the same")

    fill(anyshop, ZHOU.plate)
    fill(anyshop, TWIN.plate, days=1)

    assert anna(anyshop) == 500
    assert (state(anyshop, first), state(anyshop, second)) == (State.REWARDED, State.MERGED)
    assert verify(anyshop.ask.db).ok


def test_a_merge_takes_the_second_reward_back_and_its_undoing_gives_it_again(
    anyshop: Counter,
) -> None:
    first, second = bring(anyshop), bring(anyshop, TWIN)
    fill(anyshop, ZHOU.plate)
    fill(anyshop, TWIN.plate)
    assert anna(anyshop) == 1_000

    merge_id = merging.merge(anyshop.ask, kept_id=second, gone_id=first, reason="one and the same")
    assert anna(anyshop) == 500
    merging.undo(anyshop.ask, merge_id=merge_id)

    assert anna(anyshop) == 1_000
    assert (state(anyshop, first), state(anyshop, second)) == (State.REWARDED, State.REWARDED)
    assert verify(anyshop.ask.db).ok


def test_a_merge_with_whoever_brought_him_takes_the_reward_back(shop: Counter) -> None:
    new = bring(shop)
    fill(shop, ZHOU.plate)
    kept = shop.ids[ANNA.code]

    merge_id = merging.merge(shop.ask, kept_id=kept, gone_id=new, reason="one and the same")
    assert (anna(shop), state(shop, new)) == (30, State.MERGED)  # what he filled himself

    merging.undo(shop.ask, merge_id=merge_id)
    assert (anna(shop), state(shop, new)) == (500, State.REWARDED)


def test_a_fill_of_the_other_record_rewards_that_one_when_they_are_parted(shop: Counter) -> None:
    first, second = bring(shop), bring(shop, TWIN)
    merge_id = merging.merge(shop.ask, kept_id=second, gone_id=first, reason="one and the same")
    fill(shop, TWIN.plate)
    assert state(shop, first) is State.REWARDED

    merging.undo(shop.ask, merge_id=merge_id)

    assert (anna(shop), state(shop, first), state(shop, second)) == (
        500,
        State.WAITING,
        State.REWARDED,
    )


def test_a_few_litres_reward_nobody_and_a_fill_is_all_of_a_day_there(anyshop: Counter) -> None:
    new = bring(anyshop)

    fill(anyshop, ZHOU.plate, quantity_milli=1_000, amount_minor=800)
    assert (anna(anyshop), state(anyshop, new)) == (0, State.WAITING)
    fill(anyshop, ZHOU.plate, amount_minor=9_200)

    assert (anna(anyshop), state(anyshop, new)) == (500, State.REWARDED)


def test_of_a_fill_too_little_is_left_and_the_reward_goes_back(shop: Counter) -> None:
    new = bring(shop)
    (sale_id,) = fill(shop, ZHOU.plate)

    with shop.ask.db.writing() as conn:
        (key,) = conn.execute(select(sales.c.receipt_no).where(sales.c.id == sale_id)).scalars()
        back = make_reversal(make_sale(vehicle=make_key(ZHOU.plate), receipt_no=key))
        most = replace(back, quantity_milli=-28_000, amount_minor=-21_000)
        Shop(conn).take_back([replace(most, natural_key="most of it")])
        returning.settle(conn, shop.ask, [sale_id])

    assert (anna(shop), state(shop, new)) == (0, State.WAITING)


def test_a_claimed_receipt_is_no_fill_of_the_new_member(
    shop: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claiming, "time", lambda: NOON)
    new = bring(shop, NewCard(station="S1", name="乙示川"))
    sell(shop.ask.db, [make_sale(vehicle=make_key("粤B99999"), receipt_no="Z1")])
    slip = claiming.Slip("S1", "Z1", date(2026, 9, 1), 22_500)

    told = claiming.claim(shop.ask, member=Named(By.CUSTOMER, str(new)), slip=slip)

    assert told.points == 30
    assert (anna(shop), state(shop, new)) == (0, State.WAITING)


def test_two_do_not_bring_each_other(shop: Counter) -> None:
    first = bring(shop)
    second = bring(
        shop,
        NewCard(station="S1", name="丙示川", phone="100 0000 0888", plate="粤B77002"),
        Named(By.CUSTOMER, str(first)),
    )
    merging.merge(shop.ask, kept_id=shop.ids[ANNA.code], gone_id=second, reason="one and the same")

    fill(shop, ZHOU.plate)

    assert state(shop, first) is State.CLOSED


def test_who_had_filled_up_before_was_not_new(shop: Counter) -> None:
    made = enrolling.add(shop.ask, new=ZHOU)
    fill(shop, ZHOU.plate, days=1)
    other = bring(shop, NewCard(station="S1", name="乙示", phone="100 0000 0999"))
    merging.merge(shop.ask, kept_id=made, gone_id=other, reason="one telephone")
    with shop.ask.db.writing() as conn:
        referrals.settle(conn, other, State.WAITING)
        conn.execute(update(referrals.referrals).values(made_day=NOON // DAY_S + 5))

    fill(shop, ZHOU.plate, days=6)

    assert (anna(shop), state(shop, other)) == (0, State.CLOSED)


def test_no_more_friends_than_the_year_allows_are_rewarded(shop: Counter) -> None:
    for number in range(3):
        new = replace(ZHOU, name="戊示", phone=f"100 0000 07{number}7", plate=f"粤B7700{number}")
        bring(shop, new)
        fill(shop, new.plate)

    assert anna(shop) == 1_000


def test_a_friend_is_brought_from_another_station(shop: Counter) -> None:
    bring(shop, by=by_card(CARL))

    fill(shop, ZHOU.plate)

    assert shop.balance(CARL).balance == 500


def test_a_friend_may_register_himself(shop: Counter) -> None:
    form = {"name": "丁示川", "phone": "100 1234 5678", "plate": "粤B24680"}
    registering.register(shop.ask.db, shop.ask.settings, station="S1", form=form, address="1.1.1.1")
    (waiting,) = registering.waiting(shop.ask)
    registering.confirm(shop.ask, registration_id=waiting.id, referred_by=by_card(ANNA))

    fill(shop, "粤B24680")

    assert anna(shop) == 500


def test_whoever_is_not_found_brings_nobody(shop: Counter) -> None:
    with pytest.raises(NotFoundError):
        bring(shop, by=Named(By.PLATE, "粤B99999"))


def told(counter: Counter, customer_id: int) -> dict[str, object]:
    document = privacy.person_file(
        counter.ask, customer_id=customer_id, identity="card", reason="asked"
    )
    return dict(document["referrals"])


def test_a_person_is_told_of_it_without_the_other_and_it_is_forgotten_with_either(
    anyshop: Counter,
) -> None:
    new, kept = bring(anyshop), anyshop.ids[ANNA.code]
    fill(anyshop, ZHOU.plate)

    assert told(anyshop, new)["brought_on"] != []
    (brought,) = told(anyshop, kept)["brought_others"]  # type: ignore[misc]
    assert (brought["state"], brought["rewarded_on"]) == ("rewarded", "2026-09-01")

    erasure.erase(anyshop.ask, customer_id=kept, reason="asked")

    assert told(anyshop, new) == {"brought_on": [], "brought_others": []}
    fill(anyshop, ZHOU.plate)
    assert verify(anyshop.ask.db).ok
