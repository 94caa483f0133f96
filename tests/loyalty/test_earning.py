"""A sale earns once and by the best rule; what is taken back takes what it earned, part by part."""

from datetime import date
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.loyalty import earning
from station.loyalty.earning import Award, Line, earn, remaining
from station.loyalty.programme import Count, Over, Rounding, Stacking
from station.model import Fuel, Unit, day_date
from station.text import LANGUAGES, say

from loyalty.receipts import make_line, make_member, make_version  # isort: skip
from makers import make_sale  # isort: skip

A_YUAN = {"name": "yuan", "zh": "每元 1 分", "en": "1 a yuan"}
PARTS = {"name": "parts", "points": 7, "per": 3, "of": "l"}


def version_of(*rules: dict[str, Any], **earning_rules: Any) -> Any:
    return make_version(earning={"rules": list(rules or [A_YUAN]), **earning_rules})


def earned(version: Any, *lines: Line, **member: Any) -> list[int]:
    return [award.points for award in earn(lines, make_member(**member), version)]


# --- one line -------------------------------------------------------------------------------------


def test_the_best_of_several_rules_counts_alone() -> None:
    rules = [A_YUAN, {"name": "litre", "points": 10, "of": "l"}]

    (award,) = earn([make_line()], make_member(), version_of(*rules))

    assert (award.rule, award.points) == ("litre", 300)


def test_of_equal_rules_the_first_counts() -> None:
    (award,) = earn([make_line()], make_member(), version_of(A_YUAN, A_YUAN | {"name": "same"}))

    assert award.rule == "yuan"


@pytest.mark.parametrize(
    ("count", "rounding", "expected"),
    [
        (Count.WHOLE, Rounding.DOWN, 70),
        (Count.WHOLE, Rounding.HALF_UP, 70),
        (Count.WHOLE, Rounding.UP, 77),
        (Count.EXACT, Rounding.DOWN, 72),
        (Count.EXACT, Rounding.HALF_UP, 72),
        (Count.EXACT, Rounding.UP, 73),
    ],
)
def test_a_part_of_a_portion_is_rounded_as_the_rule_says(
    count: Count, rounding: Rounding, expected: int
) -> None:
    rule = PARTS | {"count": count.value, "rounding": rounding.value}  # 30.9 l: 10.3 portions

    assert earned(version_of(rule), make_line()) == [expected]


@pytest.mark.parametrize(
    ("stacking", "percents", "expected"),
    [
        (Stacking.HIGHEST, [150, 300, 200], Fraction(3)),
        (Stacking.MULTIPLY, [150, 300], Fraction(9, 2)),
        (Stacking.ADD, [150, 200], Fraction(5, 2)),
        (Stacking.ADD, [20, 20], Fraction(0)),
        (Stacking.HIGHEST, [50], Fraction(1, 2)),
        *((stacking, [], Fraction(1)) for stacking in Stacking),
    ],
)
def test_multipliers_stack_as_the_version_says(
    stacking: Stacking, percents: list[int], expected: Fraction
) -> None:
    assert earning.stacked(stacking, percents) == expected


def test_a_multiplier_counts_for_points_but_not_for_the_level() -> None:
    version = version_of(multipliers=[{"name": "triple", "percent": 300}])

    (award,) = earn([make_line()], make_member(), version)

    assert (award.points, award.base_points, award.multipliers) == (693, 231, ("triple",))


@pytest.mark.parametrize(
    "changes",
    [
        {"currency": "USD"},
        {"quantity_milli": -30_900, "amount_minor": -23_175},
        {"amount_minor": 0},
        {"points_minor": 23_175},
    ],
    ids=["other money", "a refund", "nothing paid", "paid with points"],
)
def test_what_was_not_paid_in_the_programmes_money_earns_nothing(changes: Any) -> None:
    (award,) = earn([make_line(**changes)], make_member(), version_of())

    assert (award.points, award.reason) == (0, "no_rule")


def test_what_is_paid_for_without_a_quantity_earns_by_money_alone() -> None:
    fee = make_line(quantity_milli=0)

    assert earned(version_of(), fee) == [231]
    assert earned(version_of({"name": "litre", "of": "l"}), fee) == [0]


def test_a_quantity_of_another_unit_earns_nothing() -> None:
    gas = make_line(fuel=Fuel.GAS, unit=Unit.CUBIC_METRE)

    assert earned(version_of({"name": "litre", "of": "l"}), gas) == [0]


@pytest.mark.parametrize(("allowed", "expected"), [(False, [173, 23]), (True, [231, 30])])
def test_what_was_paid_with_points_earns_only_where_the_version_says_so(
    allowed: bool, expected: list[int]
) -> None:
    line = make_line(points_minor=5_800)

    of_money = version_of(earns_on_points=allowed)
    of_litres = version_of({"name": "litre", "of": "l"}, earns_on_points=allowed)

    assert [*earned(of_money, line), *earned(of_litres, line)] == expected


@pytest.mark.parametrize(
    ("caps", "member", "expected"),
    [
        ({"line": 100}, {}, 100),
        ({"day": 300}, {"earned_day": 200}, 100),
        ({"month": 1_000}, {"earned_month": 1_000}, 0),
        ({"day": 300, "month": 1_000}, {"earned_day": 200, "earned_month": 950}, 50),
        ({"day": 100}, {"earned_day": 500}, 0),
    ],
)
def test_a_cap_is_filled_and_never_passed(caps: Any, member: Any, expected: int) -> None:
    (award,) = earn([make_line()], make_member(**member), version_of(caps=caps))

    assert (award.points, award.points + award.lost, award.reason) == (expected, 231, "capped")


def test_the_lines_of_a_receipt_share_the_cap_of_the_day() -> None:
    lines = [make_line(sale_id=n) for n in (3, 1, 2)]

    assert earned(version_of(caps={"day": 500}), *lines) == [231, 231, 38]


def test_an_award_names_its_sale_and_its_last_day() -> None:
    version = version_of()

    (award,) = earn([make_line(sale_id=77)], make_member(), version)

    assert (award.cause, award.expires_day) == ("earn:77", None)


# --- what an award says ---------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    ("changes", "sections", "reason"),
    [
        ({}, {}, "earned"),
        ({}, {"multipliers": [{"name": "two", "percent": 200, "zh": "双倍"}]}, "multiplied"),
        ({}, {"caps": {"day": 7}}, "capped"),
        ({"amount_minor": 99}, {}, "too_small"),
        ({"product": "烟"}, {"exclude": [{"words": ["烟"]}]}, "excluded"),
        ({"currency": "USD"}, {}, "no_rule"),
    ],
)
def test_every_award_says_why(lang: str, changes: Any, sections: Any, reason: str) -> None:
    version = version_of(A_YUAN, **sections)

    (award,) = earn([make_line(**changes)], make_member(), version)

    said = say(lang, f"earning.{award.reason}", **earning.told(award, version, lang))
    assert award.reason == reason
    assert str(award.points) in said or lang == "en"


def test_an_award_is_told_with_its_numbers() -> None:
    twice = {"name": "two", "percent": 200, "zh": "会员日", "en": "member day"}
    version = version_of(A_YUAN, multipliers=[twice])

    (award,) = earn([make_line()], make_member(), version)

    facts = {lang: earning.told(award, version, lang) for lang in LANGUAGES}
    assert say("zh", "earning.multiplied", **facts["zh"]) == (
        "462 分：按“每元 1 分”计 231 分，会员日按 200% 计。"
    )
    assert say("en", "earning.multiplied", **facts["en"]) == (
        "462 points: 231 by “1 a yuan”, counted 200 % (member day)."
    )


# --- parts and wholes -----------------------------------------------------------------------------


def rule_of(count: Count, rounding: Rounding, over: Over) -> dict[str, Any]:
    return PARTS | {"count": count.value, "rounding": rounding.value, "over": over.value}


RULES = st.builds(rule_of, st.sampled_from(Count), st.sampled_from(Rounding), st.sampled_from(Over))
AMOUNTS = st.lists(st.integers(1, 90_000), min_size=1, max_size=6)


def parts_of(amounts: list[int]) -> list[Line]:
    return [make_line(sale_id=n, quantity_milli=part) for n, part in enumerate(amounts)]


@given(RULES, AMOUNTS, st.integers(0, 50_000))
def test_a_receipt_in_parts_earns_what_the_whole_does_where_remainders_are_added_up(
    rule: dict[str, Any], amounts: list[int], counted: int
) -> None:
    version = version_of(rule)
    member = {"counted": {"parts": counted}}

    parts = earned(version, *parts_of(amounts), **member)
    whole = earned(version, *parts_of([sum(amounts)]), **member)

    assert rule["over"] == "line" or sum(parts) == sum(whole)


def split_bound(rule: dict[str, Any], parts: int, percent: int) -> int:
    """Return how many points splitting may gain at most, as docs/en/loyalty.md says."""
    per_part = 0 if rule["rounding"] == "down" else 1
    portion = rule["points"] if rule["count"] == "whole" else 1
    return per_part * portion * parts * -(-percent // 100)


def test_splitting_gains_no_more_than_is_said_in_100_000_receipts() -> None:
    draw = Random(1)  # noqa: S311 - chance, not secrets
    versions = [
        (rule_of(c, r, Over.LINE) | {"points": p, "per": q}, times)
        for c in Count
        for r in Rounding
        for p, q, times in ((1, 1, 100), (1, 200, 300), (7, 3, 150), (2, 1, 100))
    ]
    checked = 0
    for rule, percent in versions:
        version = version_of(rule, multipliers=[{"name": "times", "percent": percent}])
        (only,), currency = version.earning.rules, version.currency
        times = Fraction(percent, 100)
        for _ in range(100_000 // len(versions) + 1):
            amounts = [draw.randrange(1, 80_000) for _ in range(draw.randrange(1, 5))]
            parts = sum(earning.total(only, part, times, currency) for part in amounts)
            whole = earning.total(only, sum(amounts), times, currency)
            assert parts <= whole + split_bound(rule, len(amounts), percent)
            checked += 1
    assert checked >= 100_000


@given(RULES, AMOUNTS, st.randoms(use_true_random=False))
def test_what_is_taken_back_part_by_part_takes_what_the_whole_takes(
    rule: dict[str, Any], amounts: list[int], order: Random
) -> None:
    version = version_of(rule, caps={"day": 150})
    lines = parts_of(amounts)
    awards = earn(lines, make_member(), version)

    for line, award in zip(lines, awards, strict=True):
        steps = sorted(order.randrange(line.quantity_milli) for _ in range(3))
        kept = [remaining(award, left(line, milli), version) for milli in [0, *steps]]
        assert (kept[0].points, kept[0].base_points) == (0, 0)
        for fewer, more in pairwise([*kept, award]):
            assert fewer.points <= more.points
            assert fewer.base_points <= more.base_points


def left(line: Line, milli: int) -> Line:
    """Return what remains of a line of which all but so many millilitres were taken back."""
    return make_line(sale_id=line.sale_id, quantity_milli=milli)


@given(RULES, st.integers(1, 90_000), st.integers(0, 90_000))
def test_buying_and_giving_back_gains_nothing(rule: dict[str, Any], bought: int, kept: int) -> None:
    version = version_of(rule)
    kept = min(kept, bought)
    (award,) = earn(parts_of([bought]), make_member(), version)
    (alone,) = earn(parts_of([kept]), make_member(), version) if kept else (Award(0, ""),)

    after = remaining(award, left(make_line(), kept), version)

    assert after.points <= min(award.points, alone.points)
    assert after.base_points <= min(award.base_points, alone.base_points)


def test_a_rule_that_is_gone_takes_everything_back() -> None:
    (award,) = earn([make_line()], make_member(), version_of())

    assert remaining(award, make_line(), version_of(PARTS)).points == 0


def test_of_thirty_litres_and_nine_tenths_the_tenths_can_go_back_for_nothing() -> None:
    version = version_of({"name": "litre", "of": "l"})
    (award,) = earn([make_line()], make_member(), version)

    kept = [
        remaining(award, left(make_line(), milli), version).points for milli in (30_000, 29_999)
    ]

    assert kept == [30, 29]


@pytest.mark.parametrize(("has_time", "hour"), [(True, 12), (False, -1)])
def test_a_sale_is_a_line_of_its_stations_clock(has_time: bool, hour: int) -> None:
    sale = make_sale(has_time=has_time)

    line = Line.of(5, sale, card="named")

    assert (line.sale_id, line.hour, line.card) == (5, hour, "named")
    assert (day_date(line.day), line.station) == (date(2026, 9, 1), "S1")
    assert earned(version_of(), line) == [225]


@given(st.permutations(range(5)))
def test_the_order_in_which_lines_come_changes_nothing(order: list[int]) -> None:
    lines = parts_of([900, 1_100, 500, 700, 3_000])
    version = version_of(rule_of(Count.WHOLE, Rounding.DOWN, Over.RECEIPT), caps={"day": 9})

    awards = earn([lines[place] for place in order], make_member(), version)

    assert awards == earn(lines, make_member(), version)
