"""What points are given for is what the offer says, within stock and budget, and once."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.errors import BadValueError
from station.loyalty import coupons
from station.loyalty.conditions import When
from station.loyalty.coupons import Case, CouponAct, CouponState, Wish
from station.loyalty.earning import facts_of
from station.loyalty.programme import Offer, RedeemRules, Worth
from station.model import Fuel
from station.text import LANGUAGES, say

from loyalty.receipts import make_line, make_member  # isort: skip

WATER = Offer("water", points=500, stock=10, stock_station=3, most_member=2)
TEN_OFF = Offer(
    "ten", points=800, off_minor=1_000, least_minor=20_000, budget_station_minor=5_000,
    when=When(fuels=(Fuel.PETROL,), levels=("gold",)),
)  # fmt: skip
WASH = Offer("wash", most_member=1, when=When(grades=("A",), ends=date(2026, 12, 31)))


def make_case(line: dict[str, Any] | None = None, **changes: Any) -> Case:
    member = make_member(level=changes.pop("level", ""), grade=changes.pop("grade", ""))
    facts = facts_of(make_line(**line or {}), member)
    return Case(facts=facts, **({"balance": 1_000, "amount_minor": 23_175} | changes))


@pytest.mark.parametrize(
    ("offer", "changes", "refused"),
    [
        (WATER, {}, None),
        (WATER, {"balance": 499}, "not_enough"),
        (WATER, {"taken_member": 2}, "had_it"),
        (WATER, {"taken": 10}, "none_left"),
        (WATER, {"taken": 9, "taken_here": 3}, "none_left_here"),
        (WATER, {"taken": 9, "taken_here": 2, "taken_member": 1}, None),
        (TEN_OFF, {"level": "gold"}, None),
        (TEN_OFF, {"level": "silver"}, "not_for_you"),
        (TEN_OFF, {"level": "gold", "spent_here_minor": 5_000}, "budget_spent"),
        (TEN_OFF, {"level": "gold", "line": {"fuel": Fuel.DIESEL}}, None),
        (WASH, {"grade": "A", "balance": 0}, None),
        (WASH, {"grade": "B"}, "not_for_you"),
        (WASH, {"grade": "A", "line": {"day": 20_820}}, "not_for_you"),
    ],
)
def test_an_offer_is_had_by_whom_it_concerns_while_there_is_some(
    offer: Offer, changes: dict[str, Any], refused: str | None
) -> None:
    refusal = coupons.grant_refusal(make_case(**changes), offer)

    assert (refusal.key if refusal else None) == (refused and f"coupons.{refused}")


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({}, None),
        ({"line": {"fuel": Fuel.DIESEL}}, "not_for_this"),
        ({"amount_minor": 19_999}, "too_small"),
        ({"amount_minor": 20_000}, None),
        ({"spent_here_minor": 4_000}, None),
        ({"spent_here_minor": 4_001}, "budget_spent"),
    ],
)
def test_a_coupon_is_used_for_what_it_is_meant_and_within_the_budget(
    changes: dict[str, Any], refused: str | None
) -> None:
    refusal = coupons.use_refusal(make_case(level="gold", **changes), TEN_OFF)

    assert (refusal.key if refusal else None) == (refused and f"coupons.{refused}")


@pytest.mark.parametrize(
    ("offer", "amount", "off"),
    [
        (TEN_OFF, 23_175, 1_000),
        (TEN_OFF, 700, 700),
        (Offer("share", off_percent=15), 999, 149),
        (Offer("share", off_percent=15, most_off_minor=100), 999, 100),
        (Offer("share", off_percent=100), 1, 1),
        (WATER, 23_175, 0),
        (TEN_OFF, -5, 0),
    ],
)
def test_a_coupon_takes_off_no_more_than_there_is(offer: Offer, amount: int, off: int) -> None:
    assert coupons.off_minor(offer, amount) == off


def test_the_day_of_issue_is_the_first_on_which_a_coupon_counts() -> None:
    assert coupons.last_day(Offer("week", off_minor=1, valid_days=7), 100) == 106


# --- the life of a coupon -------------------------------------------------------------------------


def test_a_coupon_is_used_once_and_again_only_after_a_refund() -> None:
    used = coupons.after(CouponState.ISSUED, CouponAct.USE)
    with pytest.raises(BadValueError, match=r"coupons\.is_used"):
        coupons.after(used, CouponAct.USE)

    assert coupons.after(used, CouponAct.REFUND) is CouponState.ISSUED


@pytest.mark.parametrize("state", list(CouponState))
@pytest.mark.parametrize("act", list(CouponAct))
def test_nothing_happens_to_a_coupon_that_is_not_in_the_table(
    state: CouponState, act: CouponAct
) -> None:
    if (state, act) in coupons.LIFE:
        assert coupons.after(state, act) is not state
        return
    with pytest.raises(BadValueError) as caught:
        coupons.after(state, act)
    assert all(say(lang, caught.value.key) for lang in LANGUAGES)


# --- points for money -----------------------------------------------------------------------------

RULES = st.builds(
    lambda steps, step, worth, most: RedeemRules(
        least=steps * step, step=step, most_day=most, worth=Worth(*worth)
    ),
    st.integers(1, 9),
    st.sampled_from([1, 7, 100, 1_000]),
    st.tuples(st.integers(1, 1_000), st.integers(1, 1_000)),
    st.one_of(st.none(), st.integers(1, 5_000)),
)


@given(RULES, st.integers(0, 20_000), st.integers(0, 6_000))
def test_what_is_offered_can_be_redeemed_and_no_step_more(
    rules: RedeemRules, balance: int, redeemed: int
) -> None:
    most = coupons.most(Wish(0, balance, redeemed), rules)

    for points in (most, most + rules.step):
        refusal = coupons.wish_refusal(Wish(points, balance, redeemed), rules)
        assert (refusal is None) == (points == most and most > 0)


@given(RULES, st.integers(0, 100_000))
def test_points_asked_for_an_amount_are_worth_it_and_a_step_less_is_not(
    rules: RedeemRules, minor: int
) -> None:
    points = coupons.points_for(minor, rules)

    assert coupons.worth_minor(points, rules) >= minor
    fewer = points - rules.step
    assert fewer < rules.least or coupons.worth_minor(fewer, rules) < minor


@given(RULES, st.integers(0, 9_999), st.integers(0, 9_999))
def test_redeeming_in_parts_is_never_worth_more(rules: RedeemRules, one: int, other: int) -> None:
    parts = coupons.worth_minor(one, rules) + coupons.worth_minor(other, rules)

    assert parts <= coupons.worth_minor(one + other, rules)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("key", sorted({*coupons.WISHES, *coupons.GRANTS, *coupons.USES}))
def test_every_refusal_is_said(lang: str, key: str) -> None:
    facts = {"points": 1, "balance": 2, "least": 3, "step": 4, "most": 5, "least_minor": 6}

    assert say(lang, f"coupons.{key}", **facts)
