"""The published schemes of the docs give what their chains say they give."""

from datetime import date
from typing import Any

import pytest

from station.loyalty import coupons, earning, expiry, tiers
from station.loyalty.coupons import Wish
from station.loyalty.programme import Event
from station.model import Fuel, Unit, day_date, day_number

from loyalty.receipts import NOBODY, THURSDAY, make_line, make_member, schemes  # isort: skip

SCHEMES = schemes()
G95 = {"product": "G95"}
DIESEL = {"product": "D0", "fuel": Fuel.DIESEL}
GAS = {"product": "CNG", "fuel": Fuel.GAS, "unit": Unit.CUBIC_METRE}
SHOP = {"fuel": Fuel.NONE, "unit": Unit.PIECE, "quantity_milli": 1_000}
SATURDAY_IN_MAY = day_number(date(2026, 5, 16))
SATURDAY = day_number(date(2026, 3, 14))


def yuan(amount: int) -> dict[str, int]:
    return {"amount_minor": amount * 100}


def litres(milli: int) -> dict[str, int]:
    return {"quantity_milli": milli}


def points(scheme: str, line: dict[str, Any], member: dict[str, Any] | None = None) -> int:
    version = SCHEMES[scheme]
    told = make_line(**{"currency": version.currency, **line})
    return earning.earn([told], make_member(**member or {}), version)[0].points


@pytest.mark.parametrize(
    ("scheme", "line", "member", "expected"),
    [
        ("sinopec_card", litres(30_999), {}, 30),
        ("sinopec_card", litres(999), {}, 0),
        ("sinopec_card", DIESEL | litres(500_000), {}, 500),
        ("sinopec_card", SHOP, {}, 0),
        ("sinopec_bearer", {"card": "bearer"} | litres(30_500), {}, 30),
        ("sinopec_bearer", {"card": "bearer"} | G95 | litres(30_500), {}, 60),
        ("sinopec_bearer", {"card": "bearer"} | DIESEL | litres(100_000), {}, 100),
        ("sinopec_bearer", {"card": "named"} | G95, {}, 0),
        ("sinopec_jiangsu", yuan(300), {}, 300),
        ("sinopec_jiangsu", yuan(300), {"level": "gold"}, 450),
        ("sinopec_jiangsu", yuan(301), {"level": "silver"}, 361),
        ("sinopec_liaoning", yuan(200), {}, 1),
        ("sinopec_liaoning", yuan(199), {}, 0),
        ("sinopec_liaoning", yuan(199), {"counted": {"petrol": 100}}, 1),
        ("sinopec_liaoning", DIESEL | yuan(999), {}, 1),
        ("sinopec_liaoning", DIESEL | yuan(1000), {}, 2),
        ("sinopec_liaoning", GAS | yuan(120), {}, 2),
        ("sinopec_liaoning_top_up", SHOP | {"product": "单位卡充值"} | yuan(3500), {}, 6),
        ("shanxi_thursday", {"day": THURSDAY} | yuan(200), {}, 600),
        ("shanxi_thursday", {"day": THURSDAY} | DIESEL | yuan(200), {}, 200),
        ("shanxi_thursday", yuan(200), {}, 200),
        ("jilin", yuan(250), {}, 250),
        ("jilin", DIESEL | yuan(254), {}, 50),
        ("petrochina", yuan(250), {}, 250),
        ("petrochina", DIESEL | yuan(251), {}, 125),
        ("usual", yuan(250), {}, 250),
        ("usual", SHOP | {"product": "香烟 中华"} | yuan(70), {}, 0),
        ("usual", SHOP | {"product": "散装汽油"} | yuan(70), {}, 0),
        ("usual", yuan(250), {"earned_day": 1_900}, 100),
        ("usual", yuan(250), {"earned_month": 10_000}, 0),
        ("bp_litres", litres(20_900), {}, 20),
        ("bp_litres", G95 | litres(20_900), {}, 40),
        ("bp_litres", {"product": "G98"} | litres(20_900), {}, 60),
        ("bp_litres", SHOP | {"product": "Tobacco"} | yuan(70), {}, 0),
        ("bp_litres", SHOP | {"product": "咖啡"} | yuan(15), {}, 15),
        ("bp_litres", G95 | litres(20_900), {"earned_month": 6_990}, 10),
        ("india_hundreds", yuan(999), {}, 18),
        ("india_hundreds", DIESEL | yuan(999), {}, 9),
        ("engine_highest", litres(40_600) | yuan(10), {}, 40),
        ("engine_highest", G95 | litres(40_600) | yuan(10), {}, 61),
        ("engine_highest", {"day": SATURDAY, "hour": 8} | yuan(300), {}, 300),
        ("engine_highest", {"day": SATURDAY, "hour": 9} | yuan(300), {}, 30),
        ("engine_highest", {"day": SATURDAY_IN_MAY, "hour": 8} | yuan(300), {}, 600),
        ("four_levels", yuan(100), {"birthday": 311}, 200),
        ("four_levels", yuan(100), {"birthday": 312}, 100),
        ("four_levels", yuan(100), {"birthday": 311, "level": "diamond"}, 200),
        ("four_levels", yuan(100), {"level": "diamond"}, 150),
    ],
)
def test_a_sale_earns_what_the_scheme_says(
    scheme: str, line: dict[str, Any], member: dict[str, Any], expected: int
) -> None:
    assert points(scheme, line, member) == expected


def test_money_of_another_currency_earns_nothing() -> None:
    assert points("india_hundreds", {"currency": "CNY"}) == 0


@pytest.mark.parametrize(
    ("scheme", "earned_on", "last_on"),
    [
        ("sinopec_card", date(2026, 3, 12), date(2027, 3, 31)),
        ("sinopec_card", date(2028, 2, 29), date(2029, 2, 28)),
        ("sinopec_bearer", date(2026, 8, 31), date(2028, 2, 29)),
        ("petrochina", date(2026, 3, 12), date(2028, 3, 12)),
        ("india_hundreds", date(2026, 3, 12), None),
        ("half_year", date(2026, 6, 29), date(2026, 6, 30)),
        ("half_year", date(2026, 6, 30), date(2026, 12, 31)),
        ("half_year", date(2026, 12, 31), date(2027, 6, 30)),
        ("anniversary", date(2026, 3, 12), date(2028, 1, 15)),
        ("anniversary", date(2027, 1, 15), date(2028, 1, 15)),
        ("anniversary", date(2027, 1, 16), date(2029, 1, 15)),
    ],
)
def test_points_count_as_long_as_the_scheme_says(
    scheme: str, earned_on: date, last_on: date | None
) -> None:
    rules = SCHEMES[scheme].expiry

    last = expiry.expires_day(day_number(earned_on), NOBODY.joined_day, rules)

    assert (None if last is None else day_date(last)) == last_on


def test_every_visit_renews_what_is_still_alive() -> None:
    rules = SCHEMES["renewed_by_visits"].expiry
    first = expiry.expires_day(day_number(date(2026, 3, 12)), 0, rules)

    renewed = expiry.renewed_day(first, day_number(date(2027, 3, 12)), rules)
    late = expiry.renewed_day(first, day_number(date(2027, 3, 13)), rules)

    assert renewed == day_number(date(2028, 3, 12))
    assert late == first


@pytest.mark.parametrize(
    ("scheme", "wish", "refused", "most"),
    [
        ("sinopec_jiangsu", Wish(2_000, 2_500), None, 2_000),
        ("sinopec_jiangsu", Wish(999, 2_500), "coupons.too_few", 2_000),
        ("sinopec_jiangsu", Wish(1_500, 2_500), "coupons.odd_step", 2_000),
        ("sinopec_jiangsu", Wish(3_000, 2_500), "coupons.not_enough", 2_000),
        ("sinopec_jiangsu", Wish(2_000, 9_000, redeemed_month=6_000), "coupons.over_limit", 1_000),
        ("sinopec_liaoning", Wish(34, 100), "coupons.too_few", 100),
        ("sinopec_liaoning", Wish(35, 35), None, 35),
        ("petrochina", Wish(1_000, 1_999), None, 1_000),
    ],
)
def test_points_are_redeemed_as_the_scheme_says(
    scheme: str, wish: Wish, refused: str | None, most: int
) -> None:
    rules = SCHEMES[scheme].redeeming

    refusal = coupons.wish_refusal(wish, rules)

    assert (refusal.key if refusal else None) == refused
    assert coupons.most(wish, rules) == most


@pytest.mark.parametrize(
    ("scheme", "points", "minor"),
    [("petrochina", 1_000, 1_000), ("petrochina", 2_999, 2_999), ("sinopec_liaoning", 35, 3_500)],
)
def test_points_are_worth_what_the_scheme_says(scheme: str, points: int, minor: int) -> None:
    assert coupons.worth_minor(points, SCHEMES[scheme].redeeming) == minor


@pytest.mark.parametrize(
    ("scheme", "amount", "level", "missing"),
    [
        ("shell_fills", 5, "", 1),
        ("shell_fills", 6, "gold", 0),
        ("circle_k_rolling", 149_999, "", 1),
        ("circle_k_rolling", 150_000, "plus", 150),
        ("circle_k_rolling", 300_000, "premium", 0),
        ("four_levels", 0, "ordinary", 5_000),
        ("four_levels", 1_999_999, "silver", 1),
        ("four_levels", 5_000_000, "diamond", 0),
    ],
)
def test_a_level_is_reached_as_the_scheme_says(
    scheme: str, amount: int, level: str, missing: int
) -> None:
    day = day_number(date(2026, 3, 20))

    found = tiers.standing({day - 10: amount}, SCHEMES[scheme].tiers, day)

    assert (found.level.name, found.missing) == (level, missing)


@pytest.mark.parametrize(
    ("event", "given", "expected"),
    [
        (Event.ENROLLED, 0, 200),
        (Event.ENROLLED, 1, 0),
        (Event.REFERRAL, 9, 300),
        (Event.REFERRAL, 10, 0),
        (Event.SURVEY, 0, 0),
    ],
)
def test_an_event_gives_points_as_often_as_the_scheme_says(
    event: Event, given: int, expected: int
) -> None:
    assert earning.gift(event, given, SCHEMES["four_levels"]) == expected
